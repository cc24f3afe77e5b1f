images = {
  gateway  = "registry.example.org/baton-gateway:0.1.0"
  valkey   = "valkey/valkey:8.1"
  archiver = "registry.example.org/baton-archiver:0.1.0"
}

app = {
  name    = "mybot"
  intents = ["guilds", "guild_messages"]
}

gateway_count  = 2
gateway_memory = 512

# What stage one says: terraform -chdir=terraform/cluster output
store_url     = "valkey-sentinel://10.88.0.11:26379,10.88.0.12:26379,10.88.0.13:26379/baton"
first_primary = "10.88.0.11"
