variable "region" {
  description = "The Nomad region."
  type        = string
  default     = "global"

  validation {
    condition     = contains(var.regions, var.region)
    error_message = "There is no Nomad region of this name; expected one of ${jsonencode(var.regions)}."
  }
}

variable "regions" {
  description = "The regions that there are."
  type        = list(string)
  default     = ["global"]
}

variable "namespace" {
  description = "The Nomad namespace."
  type        = string
  default     = "default"
}

variable "datacenters" {
  description = "Datacenters to run in."
  type        = list(string)
  default     = ["*"]

  validation {
    condition     = length(var.datacenters) > 0
    error_message = "The list datacenters is empty. Name one at least, or write [\"*\"] for all."
  }
}

variable "prefix" {
  description = "What the names of all jobs begin with. Two fleets in one namespace need two."
  type        = string
  default     = "baton"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,40}$", var.prefix))
    error_message = "The prefix must be 1 to 41 of a-z 0-9 -, and begin with a letter."
  }
}

variable "service_provider" {
  description = "Who keeps the list of services: nomad itself, or consul."
  type        = string
  default     = "nomad"

  validation {
    condition     = contains(["nomad", "consul"], var.service_provider)
    error_message = "The service_provider is nomad or consul."
  }
}

variable "images" {
  description = "The images: gateway, valkey, archiver; each with a version."
  type = object({
    gateway  = string
    valkey   = string
    archiver = optional(string, "")
  })

  validation {
    condition     = alltrue([for image in values(var.images) : !endswith(image, ":latest")]) && var.images.gateway != "" && var.images.valkey != ""
    error_message = "Each image must be named with a version or a digest, not with :latest: there would be nothing to roll back to."
  }
}

variable "fleet" {
  description = "The fleet's name."
  type        = string
  default     = "main"
}

variable "app" {
  description = "The app: its name, what it wants to hear of, and into how many shards it is cut (0: as Discord recommends)."
  type = object({
    name    = string
    intents = list(string)
    shards  = optional(number, 0)
    lanes   = optional(number, 16)
  })

  validation {
    condition     = can(regex("^[a-z0-9._-]{1,64}$", var.app.name)) && length(var.app.intents) > 0
    error_message = "The app needs a name (1 to 64 of a-z 0-9 . _ -) and one intent at least."
  }
}

variable "gateway_count" {
  description = "How many gateway instances."
  type        = number
  default     = 3

  validation {
    condition     = var.gateway_count >= 2 && var.gateway_count <= 100
    error_message = "There must be 2 to 100 gateway instances: with one there is nobody to hand shards to while it is replaced."
  }
}

variable "gateway_memory" {
  description = "MB for one gateway instance."
  type        = number
  default     = 1024
}

variable "kill_timeout_seconds" {
  description = "What Nomad grants a gateway between SIGTERM and SIGKILL."
  type        = number
  default     = 75

  validation {
    condition     = var.kill_timeout_seconds >= 75 && var.kill_timeout_seconds <= 300
    error_message = "The kill timeout must be at least 75 seconds, or an instance may be killed while it drains (60 s, 10 s to release the rest, 5 s of air), and at most 300, which is what the clients of hetzner-cluster allow."
  }
}

variable "store_url" {
  description = "Where Valkey is, without a login: hetzner-cluster's sentinel_url."
  type        = string

  validation {
    condition     = can(regex("^valkeys?(-sentinel|-cluster)?://[^@]+$", var.store_url))
    error_message = "The store_url must be valkey://…, valkey-sentinel://… or valkey-cluster://… (valkeys…: TLS), and have no login in it."
  }
}

variable "first_primary" {
  description = "The address of the node whose Valkey is the primary at the very first start; hetzner-cluster's first_primary. Empty: Valkey is somebody else's, and no job of it is made."
  type        = string
  default     = ""
}

variable "archive" {
  description = "The archive's bucket, or null for no archive."
  type = object({
    bucket   = string
    region   = optional(string, "us-east-1")
    endpoint = optional(string, "")
    count    = optional(number, 2)
  })
  default = null

  validation {
    condition     = var.archive == null || try(var.archive.bucket != "" && var.archive.count >= 1, false)
    error_message = "The archive needs a bucket, and one archiver at least."
  }
}

variable "secrets_version" {
  description = "Count this up when a secret changes: it is written then, and the instances are replaced one by one."
  type        = number
  default     = 1

  validation {
    condition     = var.secrets_version >= 1
    error_message = "The version of the secrets begins at 1."
  }
}

variable "valkey_secrets_version" {
  description = "Count this up after a password of Valkey has reached gateways and consumers (secrets_version): Valkey's servers are replaced one by one, and know only the new one."
  type        = number
  default     = 1

  validation {
    condition     = var.valkey_secrets_version >= 1
    error_message = "The version of the secrets begins at 1."
  }
}
