variable "name" {
  description = "The cluster's name. Everything at Hetzner is called after it."
  type        = string
}

variable "location" {
  description = "Where at Hetzner the servers are."
  type        = string
}

variable "servers" {
  description = "How many servers. Each is a Nomad server and a client."
  type        = number
  default     = 3
}

variable "network_cidr" {
  description = "The private network. The servers have its addresses from the eleventh on."
  type        = string
  default     = "10.88.0.0/24"
}

variable "nomad_version" {
  description = "Which Nomad is installed: a version of HashiCorp's package."
  type        = string
  default     = "1.11.3-1"
}

variable "nomad_region" {
  description = "The Nomad region. The certificate's names have it in them."
  type        = string
  default     = "global"
}

variable "max_kill_timeout_seconds" {
  description = "The most that a job may ask for between SIGTERM and SIGKILL."
  type        = number
  # Nomad's own default is 30 s, and it shortens a job's kill_timeout without a word.
  default = 300
}

variable "drain_on_shutdown_seconds" {
  description = "How long a node that shuts down gives its jobs to move."
  type        = number
  default     = 600
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

variable "server_type" {
  description = "The servers' type."
  type        = string
  default     = "cx33"
}

variable "image" {
  description = "The servers' system. Others than Debian 12 were not tried."
  type        = string
  default     = "debian-12"
}

variable "ssh_public_keys" {
  description = "The operators' keys, by name."
  type        = map(string)

  validation {
    condition     = length(var.ssh_public_keys) > 0
    error_message = "Without a key Hetzner would send root's password by mail. Name one key at least."
  }
}

variable "admin_cidrs" {
  description = "From where SSH is let in. Nomad itself is reached through it."
  type        = list(string)

  validation {
    condition     = length(var.admin_cidrs) > 0 && !contains(var.admin_cidrs, "0.0.0.0/0") && !contains(var.admin_cidrs, "::/0")
    error_message = "Name the ranges that operators come from; the whole internet is none."
  }
}

variable "volume_gb" {
  description = "The size of each server's volume for Valkey, or 0 for none."
  type        = number
  default     = 20

  validation {
    condition     = var.volume_gb == 0 || var.volume_gb >= 10
    error_message = "Hetzner's volumes have 10 GB at least."
  }
}

variable "protect" {
  description = "Whether Hetzner refuses to delete servers and volumes until this is taken back."
  type        = bool
  default     = true
}
