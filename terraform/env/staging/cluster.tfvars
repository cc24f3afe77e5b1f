name        = "baton-staging"
location    = "fsn1"
server_type = "cx23"
volume_gb   = 10

# Put yours in: who may log in, and from where.
ssh_public_keys = {
  operator = "ssh-ed25519 AAAA operator@example.org"
}
admin_cidrs = ["198.51.100.0/24"]
