# Put yours in.
image     = "registry.example.org/baton-archiver:0.1.0"
app       = "mybot"
store_url = "valkey-sentinel://192.0.2.11:26379,192.0.2.12:26379,192.0.2.13:26379/baton"
bucket    = "mybot-events"
