output "servers" {
  description = "The servers: name and private address of each."
  value       = local.servers
}

output "network_zone" {
  description = "Hetzner's network zone for this location."
  value       = local.zone_of[var.location]
}

output "nomad_configs" {
  description = "Nomad's configuration for each server, without secrets."
  value       = local.nomad_configs
}

output "cloud_inits" {
  description = "What each server is told at its first start. There are secrets in it."
  value       = local.cloud_inits
  sensitive   = true
}
