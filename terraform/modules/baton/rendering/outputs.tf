output "jobs" {
  description = "The jobs: the file of each, and the values of its variables."
  value       = local.jobs

  precondition {
    condition     = var.archive == null || var.images.archiver != ""
    error_message = "There is an archive, but no image for it: images.archiver."
  }

  precondition {
    condition     = var.first_primary == "" || startswith(var.store_url, "valkey-sentinel://")
    error_message = "The Valkey that is made here is reached through its Sentinels: store_url = valkey-sentinel://…"
  }
}

output "policies" {
  description = "ACL policies: description and rules of each, by name."
  value       = { for name, policy in local.policies : "${var.prefix}-${name}" => policy }
}

output "volume" {
  description = "The name of Valkey's volumes."
  value       = "${var.prefix}-valkey"
}
