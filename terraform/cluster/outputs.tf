output "servers" {
  description = "The servers: name, private and public address of each."
  value       = module.cluster.servers
}

output "sentinel_url" {
  description = "The store_url of stage two."
  value       = module.cluster.sentinel_url
}

output "first_primary" {
  description = "The first_primary of stage two."
  value       = module.cluster.first_primary
}
