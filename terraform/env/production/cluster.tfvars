name        = "baton-production"
location    = "fsn1"
server_type = "cx33"
volume_gb   = 50

# Put yours in: who may log in, and from where.
ssh_public_keys = {
  operator = "ssh-ed25519 AAAA operator@example.org"
}
admin_cidrs = ["198.51.100.0/24"]
