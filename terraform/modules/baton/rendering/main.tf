# Which jobs there are, and what each is told. No provider is needed for it, so that all of it can be
# tried on any machine.

locals {
  folder = "${path.module}/../../../../nomad"

  everywhere = {
    region           = var.region
    namespace        = var.namespace
    datacenters      = jsonencode(var.datacenters)
    service_provider = var.service_provider
  }

  gateway = {
    file = "${local.folder}/gateway.nomad.hcl"
    vars = merge(local.everywhere, {
      name                 = "${var.prefix}-gateway"
      image                = var.images.gateway
      count                = tostring(var.gateway_count)
      fleet                = var.fleet
      app                  = var.app.name
      intents              = jsonencode(var.app.intents)
      shards               = tostring(var.app.shards)
      lanes                = tostring(var.app.lanes)
      store_url            = var.store_url
      kill_timeout_seconds = tostring(var.kill_timeout_seconds)
      memory               = tostring(var.gateway_memory)
      secrets_version      = tostring(var.secrets_version)
    })
  }

  valkey = {
    file = "${local.folder}/valkey.nomad.hcl"
    vars = merge(local.everywhere, {
      name            = "${var.prefix}-valkey"
      image           = var.images.valkey
      first_primary   = var.first_primary
      service         = reverse(split("/", var.store_url))[0]
      volume          = "${var.prefix}-valkey"
      secrets_version = tostring(var.valkey_secrets_version)
    })
  }

  archiver = {
    file = "${local.folder}/archiver.nomad.hcl"
    vars = var.archive == null ? {} : merge(local.everywhere, {
      name            = "${var.prefix}-archiver"
      image           = var.images.archiver
      count           = tostring(var.archive.count)
      fleet           = var.fleet
      app             = var.app.name
      store_url       = var.store_url
      bucket          = var.archive.bucket
      bucket_region   = var.archive.region
      bucket_endpoint = var.archive.endpoint
      secrets_version = tostring(var.secrets_version)
    })
  }

  jobs = merge(
    { gateway = local.gateway },
    var.first_primary == "" ? {} : { valkey = local.valkey },
    var.archive == null ? {} : { archiver = local.archiver },
  )

  # A job reads nomad/jobs/<its name> without any policy, and nothing else. Operators and Prometheus
  # need one each.
  policies = {
    operator = {
      description = "Sees and steers Baton's jobs; reads no secrets."
      rules       = <<-HCL
        namespace "${var.namespace}" {
          capabilities = ["list-jobs", "read-job", "submit-job", "read-logs", "alloc-lifecycle", "host-volume-read"]
        }

        node {
          policy = "write"
        }
      HCL
    }
    metrics = {
      description = "Prometheus finds Baton's instances."
      rules       = <<-HCL
        namespace "${var.namespace}" {
          capabilities = ["read-job"]
        }
      HCL
    }
  }
}
