# Stage two: Baton on those machines. It asks Nomad at plan time, so it is a state of its own. The
# state has no secrets in it.

terraform {
  required_version = ">= 1.11"

  # Which one is said at init: -backend-config=FILE.
  backend "local" {}

  required_providers {
    nomad = {
      source  = "hashicorp/nomad"
      version = "~> 2.6"
    }
  }
}

# NOMAD_ADDR, NOMAD_TOKEN, NOMAD_CACERT, NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY are read.
provider "nomad" {}

module "baton" {
  source = "../modules/baton"

  images                 = var.images
  app                    = var.app
  gateway_count          = var.gateway_count
  gateway_memory         = var.gateway_memory
  store_url              = var.store_url
  first_primary          = var.first_primary
  valkey_nodes           = var.valkey_nodes
  archive                = var.archive
  secrets_version        = var.secrets_version
  valkey_secrets_version = var.valkey_secrets_version
  discord_token          = var.discord_token
  valkey_passwords       = var.valkey_passwords
  archive_keys           = var.archive_keys
}
