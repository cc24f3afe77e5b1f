# The archive: every entry once, in compressed objects of a bucket (docs/archive.md).
#
#   nomad job plan -var-file=nomad/example.archiver.vars.hcl nomad/archiver.nomad.hcl

variable "name" {
  description = "The job's name. Its secrets are read from the Nomad variable nomad/jobs/<name>."
  type        = string
  default     = "baton-archiver"
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
  description = "How many archivers share the lanes. One that dies is replaced by the others within seconds."
  type        = number
  default     = 2

  validation {
    condition     = var.count >= 1 && var.count <= 100
    error_message = "The count must be from 1 to 100. To stop archiving, stop the job."
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

variable "otlp_logs_url" {
  description = "Where a collector takes the log by OTLP over HTTP, as in http://host:4318. Empty: it stays with Nomad."
  type        = string
  default     = ""

  validation {
    condition     = var.otlp_logs_url == "" || trimprefix(var.otlp_logs_url, "http") != var.otlp_logs_url && length(split("@", var.otlp_logs_url)) == 1
    error_message = "The otlp_logs_url must be http://host:port or https://host:port, without a login, or empty."
  }
}

variable "secrets_version" {
  description = "Count this up after a secret was changed: the instances are replaced one by one, and read it."
  type        = number
  default     = 1
}

variable "bucket" {
  description = "The bucket. It must be there, and refuse to make an object twice."
  type        = string

  validation {
    condition     = var.bucket != ""
    error_message = "The bucket is missing."
  }
}

variable "bucket_region" {
  description = "The bucket's region."
  type        = string
  default     = "us-east-1"
}

variable "bucket_endpoint" {
  description = "Where the bucket is, if not at AWS: https://host."
  type        = string
  default     = ""
}

job "baton-archiver" {
  id          = var.name
  name        = var.name
  region      = var.region
  namespace   = var.namespace
  datacenters = var.datacenters
  type        = "service"

  # No canary: a third archiver beside two would only have the lanes shared out twice.
  update {
    max_parallel      = 1
    canary            = 0
    auto_revert       = true
    health_check      = "checks"
    min_healthy_time  = "10s"
    healthy_deadline  = "5m"
    progress_deadline = "15m"
  }

  group "archiver" {
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

    # Two that read the same lanes archive nothing twice: each entry is in one object.
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

      # Not ready while the bucket is away: nothing is lost then, and a restart would not help.
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

    task "archiver" {
      driver      = "docker"
      kill_signal = "SIGTERM"
      # stop.limit (30 s) to put what it holds, and 5 s of air. What is not put by then comes again.
      kill_timeout = "35s"

      config {
        image           = var.image
        network_mode    = "host"
        args            = ["--config", "${NOMAD_TASK_DIR}/archiver.toml"]
        readonly_rootfs = true
        cap_drop        = ["all"]
      }

      meta {
        secrets_version = "${var.secrets_version}"
      }

      env {
        BATON_ARCHIVER_HTTP__LISTEN = "${NOMAD_ADDR_http}"
      }

      # Once: a template that is looked at again would have Nomad end a running instance when its
      # servers stay away.
      template {
        destination = "local/archiver.toml"
        once        = true
        change_mode = "noop"
        data        = <<-TOML
          fleet = "${var.fleet}"
          app = "${var.app}"

          [store]
          url = "${var.store_url}"
          user = "${var.store_user}"
          password = "file:{{ env "NOMAD_SECRETS_DIR" }}/store-password"

          [stop]
          limit = "30s"

          [log]
          format = "json"
          %{~if var.otlp_logs_url != ""}

          [telemetry]
          otlp_logs_url = "${var.otlp_logs_url}"
          %{~endif}

          [s3]
          bucket = "${var.bucket}"
          region = "${var.bucket_region}"
          key_id = "file:{{ env "NOMAD_SECRETS_DIR" }}/key-id"
          secret = "file:{{ env "NOMAD_SECRETS_DIR" }}/key-secret"
          %{~if var.bucket_endpoint != ""}
          endpoint = "${var.bucket_endpoint}"
          %{~endif}
        TOML
      }

      template {
        destination          = "secrets/store-password"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .store_password }}{{ end }}"
      }

      template {
        destination          = "secrets/key-id"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .key_id }}{{ end }}"
      }

      template {
        destination          = "secrets/key-secret"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .key_secret }}{{ end }}"
      }

      logs {
        max_files     = 5
        max_file_size = 20
      }

      # 256 MB of batches (memory.bytes_max), and what compressing takes.
      resources {
        cpu    = 500
        memory = 512
      }
    }
  }
}
