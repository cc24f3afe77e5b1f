# What the servers are called, where they are, and what they are told at their first start. No
# provider is needed for any of it, so that all of it can be tried on any machine.

locals {
  zone_of = {
    fsn1 = "eu-central"
    nbg1 = "eu-central"
    hel1 = "eu-central"
    ash  = "us-east"
    hil  = "us-west"
    sin  = "ap-southeast"
  }

  # Fixed addresses: servers find each other without anybody being asked.
  servers = [
    for number in range(var.servers) : {
      name    = "${var.name}-${number + 1}"
      address = cidrhost(var.network_cidr, 11 + number)
    }
  ]

  nomad_configs = [
    for server in local.servers : templatefile("${path.module}/nomad.hcl.tftpl", {
      name                      = server.name
      address                   = server.address
      datacenter                = var.location
      region                    = var.nomad_region
      servers                   = var.servers
      join                      = [for one in local.servers : one.address]
      network_cidr              = var.network_cidr
      max_kill_timeout_seconds  = var.max_kill_timeout_seconds
      drain_on_shutdown_seconds = var.drain_on_shutdown_seconds
    })
  ]

  cloud_inits = [
    for number, server in local.servers : templatefile("${path.module}/cloud-init.yaml.tftpl", {
      nomad_version = var.nomad_version
      volume_id     = try(var.volume_ids[number], "")
      # Longer than the drain, or systemd would end Nomad in the middle of it.
      stop_seconds = var.drain_on_shutdown_seconds + 60
      files = {
        "/etc/nomad.d/nomad.hcl"           = local.nomad_configs[number]
        "/etc/nomad.d/gossip.hcl"          = "server {\n  encrypt = \"${var.gossip_key}\"\n}\n"
        "/etc/nomad.d/tls/ca.pem"          = var.ca_certificate
        "/etc/nomad.d/tls/certificate.pem" = var.server_certificate
        "/etc/nomad.d/tls/key.pem"         = var.server_key
      }
    })
  ]
}
