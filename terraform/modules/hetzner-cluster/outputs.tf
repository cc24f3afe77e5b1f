output "servers" {
  description = "The servers: name, private and public address of each."
  value = [
    for number, server in hcloud_server.this : {
      name    = server.name
      private = module.rendering.servers[number].address
      public  = server.ipv4_address
    }
  ]
}

output "sentinel_url" {
  description = "Where the Sentinels of nomad/valkey.nomad.hcl are, as a store url for Baton."
  value       = "valkey-sentinel://${join(",", [for server in module.rendering.servers : "${server.address}:26379"])}/baton"
}

output "first_primary" {
  description = "The node whose Valkey is the primary at the very first start."
  value       = module.rendering.servers[0].address
}
