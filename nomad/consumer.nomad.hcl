# A consumer: what your bot does with its events. Begin with this file, and put your image in.
#
#   nomad job plan -var-file=nomad/example.consumer.vars.hcl nomad/consumer.nomad.hcl

variable "name" {
  description = "The job's name, and that of its consumer group. Its secrets are read from nomad/jobs/<name>."
  type        = string
  default     = "baton-consumer"
}

variable "region" {
  description = "The Nomad region."
  type        = string
  default     = "global"
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

variable "image" {
  description = "The image, with a version that never means anything else later."
  type        = string

  validation {
    condition     = var.image != "" && trimsuffix(var.image, ":latest") == var.image
    error_message = "The image must be named with a version or a digest, not with :latest."
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

variable "count" {
  description = "How many of them share the work. Any number, at any time."
  type        = number
  default     = 2

  validation {
    condition     = var.count >= 1 && var.count <= 1000
    error_message = "The count must be from 1 to 1000. To stop the consumer, stop the job."
  }
}

variable "fleet" {
  description = "The fleet that runs the app."
  type        = string
  default     = "main"
}

variable "app" {
  description = "The app whose events are read."
  type        = string

  validation {
    condition     = var.app != "" && var.app == lower(var.app)
    error_message = "The app needs a name of a-z 0-9 . _ - (1 to 64 of them)."
  }
}

variable "store_url" {
  description = "Where Valkey is: that of the gateways, without a login."
  type        = string

  validation {
    condition     = trimprefix(var.store_url, "valkey") != var.store_url && length(split("@", var.store_url)) == 1
    error_message = "The store_url must be valkey://…, valkey-sentinel://… or valkey-cluster://… (valkeys…: TLS), and have no login in it: a job file is no place for a password."
  }
}

variable "store_user" {
  description = "The ACL user at Valkey."
  type        = string
  default     = "consumer"
}

variable "secrets_version" {
  description = "Count this up after a secret was changed: the instances are replaced one by one, and read it."
  type        = number
  default     = 1
}

locals {
  store = split("://", var.store_url)
}

job "baton-consumer" {
  id          = var.name
  name        = var.name
  region      = var.region
  namespace   = var.namespace
  datacenters = var.datacenters
  type        = "service"

  # A consumer holds nothing that would have to be given away: half of them at a time is fine, with
  # a new one first to see that it comes up.
  update {
    max_parallel      = 1
    canary            = 1
    auto_promote      = true
    auto_revert       = true
    health_check      = "checks"
    min_healthy_time  = "10s"
    healthy_deadline  = "5m"
    progress_deadline = "15m"
  }

  group "consumer" {
    count = var.count

    spread {
      attribute = "${node.unique.id}"
    }

    migrate {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = "10s"
      healthy_deadline = "5m"
    }

    restart {
      attempts = 3
      interval = "10m"
      delay    = "5s"
      mode     = "delay"
    }

    # What the one that is cut off has not acknowledged, the others take over.
    disconnect {
      lost_after = "10m"
      replace    = true
      reconcile  = "keep_original"
    }

    network {
      mode = "host"
      port "http" {}
    }

    service {
      provider = var.service_provider
      name     = "${var.name}-http"
      port     = "http"
      tags     = ["metrics"]

      check {
        name     = "ready"
        type     = "http"
        path     = "/readyz"
        interval = "10s"
        timeout  = "2s"
      }

      check {
        name     = "live"
        type     = "http"
        path     = "/livez"
        interval = "10s"
        timeout  = "2s"

        check_restart {
          limit = 3
          grace = "60s"
        }
      }
    }

    task "consumer" {
      driver      = "docker"
      kill_signal = "SIGTERM"
      # The SDK lets handlers end that have begun. What is not acknowledged is handled again.
      kill_timeout = "30s"

      config {
        image           = var.image
        network_mode    = "host"
        readonly_rootfs = true
        cap_drop        = ["all"]
      }

      meta {
        secrets_version = "${var.secrets_version}"
      }

      env {
        BATON_FLEET = var.fleet
        BATON_APP   = var.app
        BATON_GROUP = var.name
        BATON_HTTP  = "${NOMAD_ADDR_http}"
      }

      # Once: a template that is looked at again would have Nomad end a running instance when its
      # servers stay away. The examples take the login in the url; a consumer of yours may read a file.
      template {
        destination          = "secrets/store.env"
        env                  = true
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "BATON_STORE=${local.store[0]}://${var.store_user}:{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .store_password }}{{ end }}@${local.store[1]}\n"
      }

      logs {
        max_files     = 5
        max_file_size = 20
      }

      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
