variable "name" {
  description = "The cluster's name. Everything at Hetzner is called after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "The name must be 2 to 32 of a-z 0-9 -, begin with a letter, and not end with a dash: it becomes host names."
  }
}

variable "location" {
  description = "Where at Hetzner the servers are."
  type        = string

  validation {
    condition     = contains(["fsn1", "nbg1", "hel1", "ash", "hil", "sin"], var.location)
    error_message = "Hetzner has no location of this name; expected fsn1, nbg1, hel1, ash, hil or sin."
  }
}

variable "servers" {
  description = "How many servers. Each is a Nomad server and a client."
  type        = number
  default     = 3

  validation {
    condition     = contains([3, 5], var.servers)
    error_message = "There must be 3 or 5 servers: of fewer none may fail, and an even number bears no more than the odd one below it."
  }
}

variable "network_cidr" {
  description = "The private network. The servers have its addresses from the eleventh on."
  type        = string
  default     = "10.88.0.0/24"

  validation {
    condition     = can(cidrhost(var.network_cidr, 15)) && can(regex("^(10|192\\.168|172\\.(1[6-9]|2[0-9]|3[01]))\\.", var.network_cidr))
    error_message = "The network must be a private IPv4 range with room for 16 addresses, as 10.88.0.0/24 is."
  }
}

variable "nomad_version" {
  description = "Which Nomad is installed: a version of HashiCorp's package."
  type        = string
  default     = "1.11.3-1"

  validation {
    condition     = can(regex("^1\\.(1[0-9])\\.[0-9]+-[0-9]+$", var.nomad_version))
    error_message = "The version must be that of a package of Nomad 1.10 or later, as in 1.11.3-1: older ones have no dynamic host volumes."
  }
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

  validation {
    condition     = var.max_kill_timeout_seconds >= 75
    error_message = "The clients must allow 75 seconds at least, which is what a gateway needs to drain (60 s, 10 s to release the rest, 5 s of air). Below it Nomad would shorten the job's kill_timeout without a word."
  }
}

variable "drain_on_shutdown_seconds" {
  description = "How long a node that shuts down gives its jobs to move."
  type        = number
  default     = 600

  validation {
    condition     = var.drain_on_shutdown_seconds >= 120
    error_message = "A node that shuts down needs 120 seconds at least to move its jobs: a kill timeout of 75 s, and the start of a replacement."
  }
}

variable "gossip_key" {
  description = "Encrypts what the Nomad servers tell each other: nomad operator gossip keyring generate."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.gossip_key))
    error_message = "The gossip key must be 32 bytes in base64: nomad operator gossip keyring generate."
  }
}

variable "ca_certificate" {
  description = "The authority that signed the servers' certificate, as PEM: nomad tls ca create."
  type        = string

  validation {
    condition     = startswith(var.ca_certificate, "-----BEGIN CERTIFICATE-----")
    error_message = "The authority's certificate must be PEM: nomad tls ca create."
  }
}

variable "server_certificate" {
  description = "For server.<region>.nomad, client.<region>.nomad, localhost and 127.0.0.1, as PEM."
  type        = string

  validation {
    condition     = startswith(var.server_certificate, "-----BEGIN CERTIFICATE-----")
    error_message = "The servers' certificate must be PEM: nomad tls cert create -server."
  }
}

variable "server_key" {
  description = "The key of that certificate, as PEM."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^-----BEGIN [A-Z ]*PRIVATE KEY-----", var.server_key))
    error_message = "The certificate's key must be PEM."
  }
}

variable "volume_ids" {
  description = "The ids of the volumes for Valkey's data, in the servers' order; empty where there are none."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.volume_ids) == 0 || length(var.volume_ids) == var.servers
    error_message = "There must be one volume for each server, or none."
  }
}
