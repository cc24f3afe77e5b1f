resource "hcloud_network" "this" {
  name              = var.name
  ip_range          = var.network_cidr
  labels            = local.labels
  delete_protection = var.protect
}

resource "hcloud_network_subnet" "this" {
  network_id   = hcloud_network.this.id
  type         = "cloud"
  network_zone = module.rendering.network_zone
  ip_range     = var.network_cidr
}

# For the public side: Hetzner does not filter the private network. Nomad, Valkey and the instances
# listen on private addresses only.
resource "hcloud_firewall" "this" {
  name   = var.name
  labels = local.labels

  rule {
    description = "SSH for operators"
    direction   = "in"
    protocol    = "tcp"
    port        = "22"
    source_ips  = var.admin_cidrs
  }

  rule {
    description = "ping for operators"
    direction   = "in"
    protocol    = "icmp"
    source_ips  = var.admin_cidrs
  }
}
