variable "region" {
  description = "The Nomad region."
  type        = string
  default     = "global"
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
}

variable "prefix" {
  description = "What the names of all jobs begin with. Two fleets in one namespace need two."
  type        = string
  default     = "baton"
}

variable "service_provider" {
  description = "Who keeps the list of services: nomad itself, or consul."
  type        = string
  default     = "nomad"
}

variable "images" {
  description = "The images: gateway, valkey, archiver; each with a version."
  type = object({
    gateway  = string
    valkey   = string
    archiver = optional(string, "")
  })
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
}

variable "gateway_count" {
  description = "How many gateway instances."
  type        = number
  default     = 3
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
}

variable "store_url" {
  description = "Where Valkey is, without a login: hetzner-cluster's sentinel_url."
  type        = string
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
}

variable "secrets_version" {
  description = "Count this up when a secret changes: it is written then, and the instances are replaced one by one."
  type        = number
  default     = 1
}

variable "discord_token" {
  description = "The bot's token. It goes into a Nomad variable, and stays in no plan and no state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{20,}$", var.discord_token))
    error_message = "The discord_token is missing or is no token. Set TF_VAR_discord_token, without \"Bot \" and quotes."
  }
}

variable "valkey_passwords" {
  description = "The passwords at Valkey, of letters and digits: gateway and consumer; where it is made here also operator, replica, sentinel."
  type        = map(string)
  sensitive   = true
  ephemeral   = true

  validation {
    condition = alltrue([
      for user in concat(["gateway", "consumer"], var.first_primary == "" ? [] : ["operator", "replica", "sentinel"]) :
      can(regex("^[A-Za-z0-9]{24,}$", var.valkey_passwords[user]))
    ])
    error_message = "Each user of Valkey needs a password of 24 letters and digits at least: gateway and consumer, and where Valkey is made here operator, replica and sentinel. Set TF_VAR_valkey_passwords."
  }
}

variable "archive_keys" {
  description = "The archive's access key at its bucket: id and secret."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.archive == null || try(var.archive_keys["id"] != "" && var.archive_keys["secret"] != "", false)
    error_message = "The archive needs an access key: TF_VAR_archive_keys with id and secret."
  }
}

variable "valkey_nodes" {
  description = "The ids of the three nodes that have Valkey's data: nomad node status -verbose. Empty: no volumes are made."
  type        = list(string)
  default     = []

  validation {
    condition     = contains([0, 3], length(var.valkey_nodes))
    error_message = "Valkey's data are on three nodes: name three, or none if the volumes are there."
  }
}

variable "with_acls" {
  description = "Whether policies are made. Nomad refuses them where ACLs are off."
  type        = bool
  default     = true
}

variable "valkey_secrets_version" {
  description = "Count this up after a password of Valkey has reached gateways and consumers (secrets_version): Valkey's servers are replaced one by one, and know only the new one."
  type        = number
  default     = 1
}
