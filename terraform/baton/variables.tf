variable "images" {
  description = "The images: gateway, valkey, archiver; each with a version."
  type = object({
    gateway  = string
    valkey   = string
    archiver = optional(string, "")
  })
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

variable "store_url" {
  description = "Where Valkey is, without a login: hetzner-cluster's sentinel_url."
  type        = string
}

variable "first_primary" {
  description = "The address of the node whose Valkey is the primary at the very first start; hetzner-cluster's first_primary. Empty: Valkey is somebody else's, and no job of it is made."
  type        = string
  default     = ""
}

variable "valkey_nodes" {
  description = "The ids of the three nodes that have Valkey's data: nomad node status -verbose. Empty: no volumes are made."
  type        = list(string)
  default     = []
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
}

variable "valkey_passwords" {
  description = "The passwords at Valkey, of letters and digits: gateway and consumer; where it is made here also operator, replica, sentinel."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

variable "archive_keys" {
  description = "The archive's access key at its bucket: id and secret."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "valkey_secrets_version" {
  description = "Count this up after a password of Valkey has reached gateways and consumers (secrets_version): Valkey's servers are replaced one by one, and know only the new one."
  type        = number
  default     = 1
}
