module "rendering" {
  source = "./rendering"

  name                      = var.name
  location                  = var.location
  servers                   = var.servers
  network_cidr              = var.network_cidr
  nomad_version             = var.nomad_version
  nomad_region              = var.nomad_region
  max_kill_timeout_seconds  = var.max_kill_timeout_seconds
  drain_on_shutdown_seconds = var.drain_on_shutdown_seconds
  gossip_key                = var.gossip_key
  ca_certificate            = var.ca_certificate
  server_certificate        = var.server_certificate
  server_key                = var.server_key
  volume_ids                = hcloud_volume.valkey[*].id
}

locals {
  labels = { cluster = var.name }
}

resource "hcloud_ssh_key" "operator" {
  for_each = var.ssh_public_keys

  name       = "${var.name}-${each.key}"
  public_key = each.value
  labels     = local.labels
}

# No two servers on one physical host.
resource "hcloud_placement_group" "this" {
  name   = var.name
  type   = "spread"
  labels = local.labels
}

resource "hcloud_server" "this" {
  count = var.servers

  name               = module.rendering.servers[count.index].name
  location           = var.location
  server_type        = var.server_type
  image              = var.image
  placement_group_id = hcloud_placement_group.this.id
  firewall_ids       = [hcloud_firewall.this.id]
  ssh_keys           = [for key in hcloud_ssh_key.operator : key.id]
  user_data          = module.rendering.cloud_inits[count.index]
  labels             = local.labels
  delete_protection  = var.protect
  rebuild_protection = var.protect

  public_net {
    ipv4_enabled = true
    ipv6_enabled = true
  }

  network {
    network_id = hcloud_network.this.id
    ip         = module.rendering.servers[count.index].address
    alias_ips  = []
  }

  # A change of any of these would replace all servers at once, and end the fleet with them. They
  # are replaced one at a time: docs/runbook/add-a-node.md.
  lifecycle {
    ignore_changes = [image, ssh_keys, user_data]
  }

  depends_on = [hcloud_network_subnet.this]
}
