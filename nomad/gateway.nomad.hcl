# A fleet of gateway instances.
#
#   nomad job plan -var-file=nomad/example.gateway.vars.hcl nomad/gateway.nomad.hcl
#
# Numbers that belong to Baton's own are compared with crates/model/src/limits.rs by tests/deploy.
# docs/deploy-nomad.md says what to do with this file.

variable "name" {
  description = "The job's name. Its secrets are read from the Nomad variable nomad/jobs/<name>."
  type        = string
  default     = "baton-gateway"
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
  description = "Datacenters to run in. Each is a zone of its own to Baton."
  type        = list(string)
  default     = ["*"]

  validation {
    condition     = length(var.datacenters) > 0
    error_message = "The list datacenters is empty. Name one at least, or write [\"*\"] for all."
  }
}

variable "image" {
  description = "The gateway's image, with a version that never means anything else later."
  type        = string

  validation {
    condition     = var.image != "" && trimsuffix(var.image, ":latest") == var.image
    error_message = "The image must be named with a version or a digest, not with :latest. Which of two builds runs would depend on when a node pulled it, and there would be nothing to roll back to."
  }
}

variable "count" {
  description = "How many instances. With one less all shards must still fit, at every deploy."
  type        = number
  default     = 3

  validation {
    condition     = var.count >= 2 && var.count <= 100
    error_message = "The count must be from 2 to 100. With one instance there is nobody to hand shards to while it is replaced. To stop the fleet, stop the job."
  }
}

variable "fleet" {
  description = "The fleet's name: all instances with one store and one fleet share the shards."
  type        = string
  default     = "main"
}

variable "app" {
  description = "The app's name. It stands in every key of the app, so it never changes."
  type        = string

  validation {
    condition     = var.app != "" && var.app == lower(var.app)
    error_message = "The app needs a name of a-z 0-9 . _ - (1 to 64 of them)."
  }
}

variable "intents" {
  description = "What the bot wants to hear of, by name."
  type        = list(string)

  validation {
    condition     = length(var.intents) > 0
    error_message = "The list intents is empty: the bot would hear of nothing. docs/configuration.md lists them."
  }
}

variable "shards" {
  description = "Into how many shards the bot is cut. 0 is what Discord recommends when it first runs."
  type        = number
  default     = 0

  validation {
    condition     = var.shards >= 0 && var.shards <= 65536
    error_message = "The number of shards must be from 1 to 65536, or 0 for what Discord recommends."
  }
}

variable "lanes" {
  description = "To how many streams the bot's shards write. Fixed for the life of the app."
  type        = number
  default     = 16

  validation {
    condition     = var.lanes >= 1 && var.lanes <= 1024
    error_message = "The number of lanes must be from 1 to 1024."
  }
}

variable "store_url" {
  description = "Where Valkey is: valkey-sentinel://host:port,host:port/service, without a login."
  type        = string

  validation {
    condition     = trimprefix(var.store_url, "valkey") != var.store_url && length(split("@", var.store_url)) == 1
    error_message = "The store_url must be valkey://…, valkey-sentinel://… or valkey-cluster://… (valkeys…: TLS), and have no login in it: a job file is no place for a password."
  }
}

variable "store_user" {
  description = "The ACL user at Valkey."
  type        = string
  default     = "gateway"
}

variable "otlp_url" {
  description = "Where a collector takes traces by OTLP over HTTP, as in http://host:4318. Empty: none are sent."
  type        = string
  default     = ""

  validation {
    condition     = var.otlp_url == "" || trimprefix(var.otlp_url, "http") != var.otlp_url && length(split("@", var.otlp_url)) == 1
    error_message = "The otlp_url must be http://host:port or https://host:port, without a login, or empty."
  }
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

variable "trace_one_in" {
  description = "One event in so many is traced, where otlp_url says where to. 0 is none."
  type        = number
  default     = 1000

  validation {
    condition     = var.trace_one_in >= 0 && var.trace_one_in <= 1000000000
    error_message = "The number trace_one_in must be from 0 to 1000000000."
  }
}

variable "discord_gateway_url" {
  description = "Another gateway than Discord's, for tests. The token is sent there."
  type        = string
  default     = ""
}

variable "discord_api_url" {
  description = "Another REST API than Discord's, for tests and proxies. The token is sent there."
  type        = string
  default     = ""
}

variable "secrets_from" {
  description = "Where the token and the store's password are: in a Nomad variable, or in Vault (KV version 2)."
  type        = string
  default     = "nomad"

  validation {
    condition     = contains(["nomad", "vault"], var.secrets_from)
    error_message = "The secrets come from nomad or from vault."
  }
}

variable "vault_path" {
  description = "With Vault: the secret's path, as in kv/data/baton/gateway. It has token and store_password."
  type        = string
  default     = "kv/data/baton/gateway"
}

variable "vault_role" {
  description = "With Vault: the role that the job's identity takes."
  type        = string
  default     = "baton-gateway"
}

variable "secrets_version" {
  description = "Count this up after a secret was changed: the instances are replaced one by one, and read it."
  type        = number
  default     = 1
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

variable "network_mode" {
  description = "host: no NAT for thousands of outgoing sockets. bridge: a network of its own, with CNI plugins."
  type        = string
  default     = "host"

  validation {
    condition     = contains(["host", "bridge"], var.network_mode)
    error_message = "The network_mode is host or bridge."
  }
}

variable "drain_limit_seconds" {
  description = "How long an instance that ends tries to hand its shards over."
  type        = number
  default     = 60

  # The gateway takes no more (DRAIN_LIMIT).
  validation {
    condition     = var.drain_limit_seconds >= 1 && var.drain_limit_seconds <= 60
    error_message = "The drain limit must be from 1 to 60 seconds: the gateway takes no more."
  }
}

variable "kill_timeout_seconds" {
  description = "What Nomad grants between SIGTERM and SIGKILL. The clients' max_kill_timeout must allow it."
  type        = number
  # KILL_TIMEOUT: the longest drain (60 s), 10 s to release what could not be given away, and 5 s of
  # air. Nomad's own default of 5 s would kill every instance in the middle of its drain.
  default = 75

  validation {
    condition     = var.kill_timeout_seconds >= 75 && var.kill_timeout_seconds <= 300
    error_message = "The kill timeout must be at least 75 seconds, or an instance may be killed while it drains (60 s and 10 s to release the rest), and at most 300."
  }
}

variable "cpu" {
  description = "MHz for one instance."
  type        = number
  default     = 1000
}

variable "memory" {
  description = "MB for one instance. It drains itself at 85 % of what it may have."
  type        = number
  default     = 1024
}

variable "log_level" {
  description = "What is logged: this and worse."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["error", "warn", "info", "debug", "trace"], var.log_level)
    error_message = "The log_level is one of error, warn, info, debug and trace."
  }
}

locals {
  # What a template says to get one of the secrets, by where they are.
  secret_of = {
    nomad = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .%s }}{{ end }}"
    vault = "{{ with secret \"${var.vault_path}\" }}{{ .Data.data.%s }}{{ end }}"
  }
}

job "baton-gateway" {
  id          = var.name
  name        = var.name
  region      = var.region
  namespace   = var.namespace
  datacenters = var.datacenters
  # Not a system job: the number of instances follows from the shards, not from the nodes, and what
  # is drained from a node must come up elsewhere.
  type = "service"

  # One instance more than wanted comes first, so that there is room for what the next one gives
  # away. When it is promoted, the instance that it stands in for goes together with the first of the
  # others: one less than wanted, and never fewer, since each replacement starts only after the one
  # before is dead. A canary for each of them would end all the old ones at once.
  update {
    max_parallel = 1
    canary       = 1
    auto_promote = true
    auto_revert  = true
    health_check = "checks"
    # A newcomer counts as a target after 2 s (JOIN_DEBOUNCE); but a shard that has just moved stays
    # for a minute (MOVE_COOL_DOWN), and the next instance to go would spend its drain waiting for it.
    min_healthy_time = "60s"
    # A start takes seconds; pulling an image over a slow line takes minutes.
    healthy_deadline = "5m"
    # Longer than healthy_deadline and a whole stop together: the clock runs while the one before drains.
    progress_deadline = "15m"
  }

  group "gateway" {
    count = var.count

    # From leaving the list of services to SIGTERM: one look of whoever reads that list, so that
    # nobody is sent to an instance that ends.
    shutdown_delay = "5s"

    # Soft, where distinct_hosts is hard: on as many nodes as instances the canary would find no place.
    spread {
      attribute = "${node.unique.id}"
    }

    spread {
      attribute = "${node.datacenter}"
    }

    # `nomad node drain`: one instance at a time, as in a deploy, for the others take its shards.
    migrate {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = "60s"
      healthy_deadline = "5m"
    }

    # A new process is up within seconds, and the sessions it needs are in the store. It goes on
    # being tried where it is: one that cannot start says why, and moving it helps nobody.
    restart {
      attempts = 3
      interval = "10m"
      delay    = "5s"
      mode     = "delay"
    }

    # A node that the servers do not hear of is replaced, and keeps its instance: whoever holds a
    # lease in the store is right, so two of them are safe. There is no stop_on_client_after, which
    # would end every instance when the servers are away.
    disconnect {
      lost_after = "10m"
      replace    = true
      reconcile  = "keep_original"
    }

    network {
      mode = var.network_mode
      # Any port, so that a canary finds room beside an old instance.
      port "http" {}
    }

    service {
      provider    = var.service_provider
      name        = "${var.name}-http"
      port        = "http"
      tags        = ["metrics"]
      canary_tags = ["metrics", "canary"]

      # An instance is ready when it can be given shards, also while it has none: so is a canary.
      # It is not while the store is away, and must not be restarted for that.
      check {
        name     = "ready"
        type     = "http"
        path     = "/readyz"
        interval = "5s"
        timeout  = "2s"
      }

      # Fails only if the process hangs or has ended: then, and only then, a new one helps.
      check {
        name     = "live"
        type     = "http"
        path     = "/livez"
        interval = "10s"
        timeout  = "2s"

        check_restart {
          limit = 3
          # A cold start with an image, and the first look at the store.
          grace = "60s"
        }
      }
    }

    task "gateway" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "${var.kill_timeout_seconds}s"

      config {
        image        = var.image
        network_mode = var.network_mode == "host" ? "host" : ""
        ports        = ["http"]
        args         = ["--config", "${NOMAD_TASK_DIR}/baton.toml"]
        # No file of the image needs to be written.
        readonly_rootfs = true
        cap_drop        = ["all"]

        # One socket a shard, one more for each that moves, and the store's.
        ulimit {
          nofile = "65536:65536"
        }
      }

      # Changing any of these replaces the instances one by one.
      meta {
        secrets_version = "${var.secrets_version}"
      }

      env {
        BATON_INSTANCE__NAME = "${node.unique.name}-${NOMAD_SHORT_ALLOC_ID}"
        BATON_INSTANCE__ZONE = "${node.datacenter}"
        BATON_HTTP__LISTEN   = var.network_mode == "host" ? "$${NOMAD_ADDR_http}" : "0.0.0.0:$${NOMAD_PORT_http}"
      }

      # None of these templates is looked at again after the start (once): one that was would have
      # Nomad end a running instance when its servers stay away. A new secret comes with new
      # instances: secrets_version.
      template {
        destination = "local/baton.toml"
        once        = true
        change_mode = "noop"
        data        = <<-TOML
          fleet = "${var.fleet}"

          [store]
          url = "${var.store_url}"
          user = "${var.store_user}"
          password = "file:{{ env "NOMAD_SECRETS_DIR" }}/store-password"

          [log]
          format = "json"
          level = "${var.log_level}"

          [telemetry]
          trace_one_in = ${var.trace_one_in}
          %{~if var.otlp_url != ""}
          otlp_url = "${var.otlp_url}"
          %{~endif}
          %{~if var.otlp_logs_url != ""}
          otlp_logs_url = "${var.otlp_logs_url}"
          %{~endif}

          [drain]
          limit = "${var.drain_limit_seconds}s"

          [apps."${var.app}"]
          token = "file:{{ env "NOMAD_SECRETS_DIR" }}/token"
          intents = ${jsonencode(var.intents)}
          shards = ${var.shards == 0 ? "\"auto\"" : var.shards}
          lanes = ${var.lanes}
          %{~if var.discord_gateway_url != ""}
          gateway_url = "${var.discord_gateway_url}"
          %{~endif}
          %{~if var.discord_api_url != ""}
          api_url = "${var.discord_api_url}"
          %{~endif}
        TOML
      }

      # Files, not variables of the environment: those are shown by `nomad alloc exec env`, and are
      # inherited. A key that is missing is an error at the start, not an empty token.
      template {
        destination          = "secrets/token"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = format(local.secret_of[var.secrets_from], "token")
      }

      template {
        destination          = "secrets/store-password"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = format(local.secret_of[var.secrets_from], "store_password")
      }

      dynamic "vault" {
        for_each = var.secrets_from == "vault" ? [var.vault_role] : []

        content {
          role = vault.value
          # As above: a token that cannot be renewed ends nothing that runs.
          change_mode            = "noop"
          allow_token_expiration = true
        }
      }

      logs {
        max_files     = 5
        max_file_size = 20
      }

      resources {
        cpu    = var.cpu
        memory = var.memory
      }
    }
  }
}
