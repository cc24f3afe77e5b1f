variable "name" {
  description = "The cluster's name. Everything at Hetzner is called after it."
  type        = string
}

variable "location" {
  description = "Where at Hetzner the servers are."
  type        = string
}

variable "server_type" {
  description = "The servers' type."
  type        = string
  default     = "cx33"
}

variable "ssh_public_keys" {
  description = "The operators' keys, by name."
  type        = map(string)
}

variable "admin_cidrs" {
  description = "From where SSH is let in. Nomad itself is reached through it."
  type        = list(string)
}

variable "volume_gb" {
  description = "The size of each server's volume for Valkey, or 0 for none."
  type        = number
  default     = 20
}

variable "gossip_key" {
  description = "Encrypts what the Nomad servers tell each other: nomad operator gossip keyring generate."
  type        = string
  sensitive   = true
}

variable "ca_certificate" {
  description = "The authority that signed the servers' certificate, as PEM: nomad tls ca create."
  type        = string
}

variable "server_certificate" {
  description = "For server.<region>.nomad, client.<region>.nomad, localhost and 127.0.0.1, as PEM."
  type        = string
}

variable "server_key" {
  description = "The key of that certificate, as PEM."
  type        = string
  sensitive   = true
}
