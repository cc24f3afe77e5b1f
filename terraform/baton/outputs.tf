output "jobs" {
  description = "The names of the jobs."
  value       = module.baton.jobs
}
