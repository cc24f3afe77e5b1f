# Valkey for Baton: three servers on three nodes, and three Sentinels that watch over them.
#
#   nomad job plan -var-file=nomad/example.valkey.vars.hcl nomad/valkey.nomad.hcl
#
# Each group is bound to the node that has its volume: a node that is away is not replaced, the two
# others go on. docs/deploy-nomad.md says how to make the volumes.

variable "name" {
  description = "The job's name. Its secrets are read from the Nomad variable nomad/jobs/<name>."
  type        = string
  default     = "baton-valkey"
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
  description = "Valkey's image, with a version."
  type        = string

  validation {
    condition     = var.image != "" && trimsuffix(var.image, ":latest") == var.image
    error_message = "The image must be named with a version or a digest, not with :latest."
  }
}

variable "first_primary" {
  description = "The address of the node whose server is the primary at the very first start. Later Sentinel decides."
  type        = string

  validation {
    condition     = var.first_primary != ""
    error_message = "The first_primary is missing: without it all three servers would begin as primaries."
  }
}

variable "service" {
  description = "By what name the Sentinels know the primary: the last part of the store's url."
  type        = string
  default     = "baton"
}

variable "volume" {
  description = "The host volume. Each of the three nodes has one of this name."
  type        = string
  default     = "baton-valkey"
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

variable "secrets_version" {
  description = "Count this up after a password was changed: the servers are replaced one by one, and read it."
  type        = number
  default     = 1
}

variable "port" {
  description = "The servers' port."
  type        = number
  default     = 6379
}

variable "sentinel_port" {
  description = "The Sentinels' port."
  type        = number
  default     = 26379
}

variable "memory" {
  description = "MB for one server. Three quarters of it are for data."
  type        = number
  default     = 2048

  validation {
    condition     = var.memory >= 256
    error_message = "A server needs 256 MB at least."
  }
}

variable "cpu" {
  description = "MHz for one server."
  type        = number
  default     = 1000
}

job "baton-valkey" {
  id          = var.name
  name        = var.name
  region      = var.region
  namespace   = var.namespace
  datacenters = var.datacenters
  type        = "service"

  # One after the other, so that Sentinel always has two to choose from. No canary: its volume is in use.
  update {
    max_parallel      = 1
    canary            = 0
    health_check      = "checks"
    min_healthy_time  = "30s"
    healthy_deadline  = "5m"
    progress_deadline = "15m"
  }

  group "valkey" {
    # One is a majority of nothing; of three, one may be away.
    count = 3

    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    volume "data" {
      type            = "host"
      source          = var.volume
      sticky          = true
      access_mode     = "single-node-single-writer"
      attachment_mode = "file-system"
    }

    restart {
      attempts = 10
      interval = "10m"
      delay    = "2s"
      mode     = "delay"
    }

    # A server that the Nomad servers do not hear of goes on; the Sentinels know better.
    disconnect {
      lost_after = "24h"
      replace    = false
      reconcile  = "keep_original"
    }

    network {
      mode = "host"

      # Fixed: whoever looks for the primary has to find a Sentinel without asking Nomad.
      port "valkey" {
        static = var.port
      }

      port "sentinel" {
        static = var.sentinel_port
      }
    }

    service {
      provider = var.service_provider
      name     = var.name
      port     = "valkey"

      check {
        name     = "answers"
        type     = "tcp"
        interval = "5s"
        timeout  = "2s"
      }
    }

    service {
      provider = var.service_provider
      name     = "${var.name}-sentinel"
      port     = "sentinel"

      check {
        name     = "answers"
        type     = "tcp"
        interval = "5s"
        timeout  = "2s"
      }
    }

    task "valkey" {
      driver      = "docker"
      kill_signal = "SIGTERM"
      # It waits 10 s for replicas that are behind, then syncs the append-only file.
      kill_timeout = "60s"

      config {
        image        = var.image
        network_mode = "host"
        entrypoint   = ["/bin/sh"]
        args         = ["${NOMAD_TASK_DIR}/start"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      meta {
        secrets_version = "${var.secrets_version}"
      }

      env {
        DATA          = "/data"
        ADDRESS       = "${NOMAD_IP_valkey}"
        FIRST_PRIMARY = var.first_primary
      }

      template {
        destination = "local/start"
        once        = true
        change_mode = "noop"
        data        = <<-SH
          #!/bin/sh
          # The settings are the job's; whom the server follows is what Sentinel wrote down last.
          set -eu
          umask 077
          file=$DATA/valkey.conf
          if [ -e "$file" ]; then
            follows=$(grep '^replicaof ' "$file" || true)
          elif [ "$ADDRESS" = "$FIRST_PRIMARY" ]; then
            follows=
          else
            follows="replicaof $FIRST_PRIMARY ${var.port}"
          fi
          cat "$NOMAD_TASK_DIR/valkey.conf" "$NOMAD_SECRETS_DIR/replication.conf" >"$file.new"
          printf '%s\n' "bind $ADDRESS" "dir $DATA" "aclfile $NOMAD_SECRETS_DIR/users.acl" \
            "replica-announce-ip $ADDRESS" "$follows" >>"$file.new"
          mv "$file.new" "$file"
          exec valkey-server "$file"
        SH
      }

      template {
        destination = "local/valkey.conf"
        once        = true
        change_mode = "noop"
        data        = <<-CONF
          port ${var.port}
          # Whoever can reach it has to say who he is: users.acl.
          protected-mode no
          appendonly yes
          # What one second holds may be lost with a whole machine; the replicas have it.
          appendfsync everysec
          save ""
          # Nothing is ever evicted: a lease that goes is a lease that two may hold.
          maxmemory ${floor(var.memory * 3 / 4)}mb
          maxmemory-policy noeviction
          # A primary that was cut off and replaced takes no writes, rather than lose them.
          min-replicas-to-write 1
          min-replicas-max-lag 10
          # A replica that was away for a minute under load catches up without a full copy.
          repl-backlog-size 256mb
          repl-diskless-sync yes
          # Nobody else is waited for: until a replica is there, the primary takes no writes.
          repl-diskless-sync-delay 0
          tcp-keepalive 60
        CONF
      }

      template {
        destination          = "secrets/replication.conf"
        once                 = true
        change_mode          = "noop"
        perms                = "600"
        error_on_missing_key = true
        data                 = <<-CONF
          masteruser replica
          masterauth {{ with nomadVar "nomad/jobs/${var.name}" }}{{ .replica_password }}{{ end }}
        CONF
      }

      # The rights are those of docs/valkey.md and docs/consumers.md; a test compares them.
      template {
        destination          = "secrets/users.acl"
        once                 = true
        change_mode          = "noop"
        perms                = "600"
        error_on_missing_key = true
        data                 = <<-ACL
          {{ with nomadVar "nomad/jobs/${var.name}" -}}
          user default off resetpass ~* &* +@all
          user operator on >{{ .operator_password }} ~* &* +@all
          user gateway on >{{ .gateway_password }} resetkeys resetchannels -@all ~baton:* &baton:* +@connection -@dangerous +@hash +@stream +fcall +function|load +info +time +exists +del +pexpire +memory|usage +pubsub|shardnumsub +ssubscribe +sunsubscribe +spublish +cluster|slots +cluster|shards +cluster|nodes +cluster|info +role
          user consumer on >{{ .consumer_password }} resetkeys resetchannels -@all %RW~baton:{*}:events %RW~baton:{*}:dead:* %RW~baton:{*}:readers:* %RW~baton:{*}:reader:* %RW~baton:{*}:handlers %R~baton:{*}:apps %R~baton:{*}:results:* +@connection -@dangerous +client|unblock +hget +hmget +hset +hdel +hgetall +hexists +xreadgroup +xread +xack +xclaim +xpending +xinfo +xgroup|create +xgroup|delconsumer +eval +evalsha +script|load +exists +info +time +cluster|slots (%W~baton:{*}:commands %W~baton:{*}:dead:* +xadd)
          user replica on >{{ .replica_password }} -@all +psync +replconf +ping
          user sentinel on >{{ .sentinel_password }} -@all allchannels +multi +slaveof +replicaof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill
          {{ end -}}
        ACL
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

    task "sentinel" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "10s"

      config {
        image        = var.image
        network_mode = "host"
        entrypoint   = ["/bin/sh"]
        args         = ["${NOMAD_TASK_DIR}/start"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      meta {
        secrets_version = "${var.secrets_version}"
      }

      env {
        DATA          = "/data"
        ADDRESS       = "${NOMAD_IP_sentinel}"
        FIRST_PRIMARY = var.first_primary
      }

      template {
        destination = "local/start"
        once        = true
        change_mode = "noop"
        data        = <<-SH
          #!/bin/sh
          # A Sentinel keeps what it knows in its own file; only its first words, and what is secret,
          # are the job's.
          set -eu
          umask 077
          file=$DATA/sentinel.conf
          [ -e "$file" ] || cat >"$file" <<FIRST
          port ${var.sentinel_port}
          bind $ADDRESS
          dir $DATA
          protected-mode no
          sentinel announce-ip $ADDRESS
          sentinel monitor ${var.service} $FIRST_PRIMARY ${var.port} 2
          # A Valkey that says nothing for 2 s is down if two Sentinels of three find so: the fleet's
          # beats (one a second) stop being acknowledged for little longer than that.
          sentinel down-after-milliseconds ${var.service} 2000
          sentinel failover-timeout ${var.service} 10000
          sentinel parallel-syncs ${var.service} 1
          FIRST
          grep -v -e '^sentinel auth-' -e '^user ' "$file" >"$file.new"
          cat "$NOMAD_SECRETS_DIR/sentinel.conf" >>"$file.new"
          mv "$file.new" "$file"
          exec valkey-server "$file" --sentinel
        SH
      }

      # Whoever can reach a Sentinel may ask where the primary is. Only the operator may change it.
      template {
        destination          = "secrets/sentinel.conf"
        once                 = true
        change_mode          = "noop"
        perms                = "600"
        error_on_missing_key = true
        data                 = <<-CONF
          {{ with nomadVar "nomad/jobs/${var.name}" -}}
          sentinel auth-user ${var.service} sentinel
          sentinel auth-pass ${var.service} {{ .sentinel_password }}
          user operator on >{{ .operator_password }} ~* &* +@all
          user default on nopass ~* &* +@all -@dangerous +info +role +client|list +client|kill +sentinel -sentinel|set -sentinel|remove -sentinel|reset -sentinel|failover -sentinel|monitor -sentinel|config -sentinel|simulate-failure
          {{ end -}}
        CONF
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }

      # A Sentinel that waits for the processor takes servers for dead.
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
