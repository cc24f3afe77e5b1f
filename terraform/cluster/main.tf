# Stage one: the machines. Its state has secrets in it (certificates and the gossip key are part of
# what the servers are told): keep it encrypted, and where only operators get at it.

terraform {
  required_version = ">= 1.11"

  # Which one is said at init: -backend-config=FILE.
  backend "local" {}

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "~> 1.68"
    }
  }
}

# The token is read from HCLOUD_TOKEN.
provider "hcloud" {}

module "cluster" {
  source = "../modules/hetzner-cluster"

  name               = var.name
  location           = var.location
  server_type        = var.server_type
  ssh_public_keys    = var.ssh_public_keys
  admin_cidrs        = var.admin_cidrs
  volume_gb          = var.volume_gb
  gossip_key         = var.gossip_key
  ca_certificate     = var.ca_certificate
  server_certificate = var.server_certificate
  server_key         = var.server_key
}
