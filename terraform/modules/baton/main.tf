module "rendering" {
  source = "./rendering"

  region                 = var.region
  regions                = var.regions
  namespace              = var.namespace
  datacenters            = var.datacenters
  prefix                 = var.prefix
  service_provider       = var.service_provider
  images                 = var.images
  fleet                  = var.fleet
  app                    = var.app
  gateway_count          = var.gateway_count
  gateway_memory         = var.gateway_memory
  kill_timeout_seconds   = var.kill_timeout_seconds
  store_url              = var.store_url
  first_primary          = var.first_primary
  archive                = var.archive
  secrets_version        = var.secrets_version
  valkey_secrets_version = var.valkey_secrets_version
}

# Secrets first: an instance without its token would wait for it.
resource "nomad_variable" "gateway" {
  namespace = var.namespace
  path      = "nomad/jobs/${module.rendering.jobs.gateway.vars.name}"
  # Write-only: Terraform keeps neither in its plan nor in its state what is in here.
  items_wo = jsonencode({
    token          = var.discord_token
    store_password = var.valkey_passwords["gateway"]
  })
  items_wo_version = var.secrets_version
}

resource "nomad_variable" "valkey" {
  count = var.first_primary == "" ? 0 : 1

  namespace = var.namespace
  path      = "nomad/jobs/${module.rendering.jobs.valkey.vars.name}"
  items_wo = jsonencode({
    for user in ["gateway", "consumer", "operator", "replica", "sentinel"] : "${user}_password" => var.valkey_passwords[user]
  })
  items_wo_version = var.valkey_secrets_version
}

resource "nomad_variable" "archiver" {
  count = var.archive == null ? 0 : 1

  namespace = var.namespace
  path      = "nomad/jobs/${module.rendering.jobs.archiver.vars.name}"
  items_wo = jsonencode({
    store_password = var.valkey_passwords["consumer"]
    key_id         = var.archive_keys["id"]
    key_secret     = var.archive_keys["secret"]
  })
  items_wo_version = var.secrets_version
}

resource "nomad_acl_policy" "this" {
  for_each = { for name, policy in module.rendering.policies : name => policy if var.with_acls }

  name        = each.key
  description = each.value.description
  rules_hcl   = each.value.rules
}

# One on each of the three nodes, all of one name: each group of the job is bound to the one it got.
resource "nomad_dynamic_host_volume" "valkey" {
  count = length(var.valkey_nodes)

  name      = module.rendering.volume
  namespace = var.namespace
  plugin_id = "mkdir"
  node_id   = var.valkey_nodes[count.index]

  capability {
    access_mode     = "single-node-single-writer"
    attachment_mode = "file-system"
  }

  # With the volume its data would go.
  lifecycle {
    prevent_destroy = true
  }
}

resource "nomad_job" "valkey" {
  count = var.first_primary == "" ? 0 : 1

  jobspec = file(module.rendering.jobs.valkey.file)
  # Waits for the deployment, and fails if it does.
  detach = false

  hcl2 {
    vars = module.rendering.jobs.valkey.vars
  }

  # Three servers one after the other, each healthy for half a minute.
  timeouts {
    create = "20m"
    update = "20m"
  }

  depends_on = [nomad_variable.valkey, nomad_dynamic_host_volume.valkey]
}

resource "nomad_job" "gateway" {
  jobspec = file(module.rendering.jobs.gateway.file)
  detach  = false

  hcl2 {
    vars = module.rendering.jobs.gateway.vars
  }

  # Each instance drains for a minute at most, and its replacement has to be healthy for one: three
  # minutes an instance are enough.
  timeouts {
    create = "${10 + 3 * var.gateway_count}m"
    update = "${10 + 3 * var.gateway_count}m"
  }

  depends_on = [nomad_variable.gateway, nomad_job.valkey]
}

resource "nomad_job" "archiver" {
  count = var.archive == null ? 0 : 1

  jobspec = file(module.rendering.jobs.archiver.file)
  detach  = false

  hcl2 {
    vars = module.rendering.jobs.archiver.vars
  }

  timeouts {
    create = "20m"
    update = "20m"
  }

  depends_on = [nomad_variable.archiver, nomad_job.gateway]
}
