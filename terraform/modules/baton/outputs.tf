output "jobs" {
  description = "The names of the jobs."
  value       = { for name, job in module.rendering.jobs : name => job.vars.name }
}
