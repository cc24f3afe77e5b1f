# Prometheus and Grafana for a fleet, with the files of observability/.
#
#   nomad job plan -var-file=nomad/example.observability.vars.hcl nomad/observability.nomad.hcl
#
# For a cluster that has neither. Prometheus finds instances, archivers and consumers by their tag.

variable "name" {
  description = "The job's name. Its secrets are read from the Nomad variable nomad/jobs/<name>."
  type        = string
  default     = "baton-observability"
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

variable "service_provider" {
  description = "Who keeps the list of services: nomad itself, or consul."
  type        = string
  default     = "nomad"

  validation {
    condition     = contains(["nomad", "consul"], var.service_provider)
    error_message = "The service_provider is nomad or consul."
  }
}

variable "prometheus_image" {
  description = "Prometheus' image, with a version."
  type        = string

  validation {
    condition     = var.prometheus_image != "" && trimsuffix(var.prometheus_image, ":latest") == var.prometheus_image
    error_message = "The image must be named with a version or a digest, not with :latest."
  }
}

variable "grafana_image" {
  description = "Grafana's image, with a version."
  type        = string

  validation {
    condition     = var.grafana_image != "" && trimsuffix(var.grafana_image, ":latest") == var.grafana_image
    error_message = "The image must be named with a version or a digest, not with :latest."
  }
}

variable "nomad_address" {
  description = "Where Prometheus asks Nomad for services: https://host:4646."
  type        = string

  validation {
    condition     = trimprefix(var.nomad_address, "http") != var.nomad_address
    error_message = "The nomad_address must be http://host:port or https://host:port."
  }
}

variable "folder" {
  description = "Where the rules and dashboards are, as seen from this file."
  type        = string
  default     = "../observability"
}

job "baton-observability" {
  id          = var.name
  name        = var.name
  region      = var.region
  namespace   = var.namespace
  datacenters = var.datacenters
  type        = "service"

  # Two Prometheus on one set of data would spoil it.
  update {
    max_parallel      = 1
    canary            = 0
    auto_revert       = true
    health_check      = "checks"
    min_healthy_time  = "10s"
    healthy_deadline  = "5m"
    progress_deadline = "15m"
  }

  group "observability" {
    count = 1

    restart {
      attempts = 3
      interval = "10m"
      delay    = "15s"
      mode     = "delay"
    }

    disconnect {
      lost_after = "10m"
      replace    = true
      reconcile  = "keep_original"
    }

    # What was measured goes along, as far as that can be done; it is not worth a volume.
    ephemeral_disk {
      size    = 5000
      sticky  = true
      migrate = true
    }

    network {
      mode = "host"
      port "prometheus" {}
      port "grafana" {}
    }

    service {
      provider = var.service_provider
      name     = "${var.name}-prometheus"
      port     = "prometheus"

      check {
        name     = "ready"
        type     = "http"
        path     = "/-/ready"
        interval = "10s"
        timeout  = "2s"
      }
    }

    service {
      provider = var.service_provider
      name     = "${var.name}-grafana"
      port     = "grafana"

      check {
        name     = "ready"
        type     = "http"
        path     = "/api/health"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "prometheus" {
      driver      = "docker"
      kill_signal = "SIGTERM"
      # It writes down what it has in memory.
      kill_timeout = "60s"
      user         = "root"

      config {
        image        = var.prometheus_image
        network_mode = "host"
        args = [
          "--config.file=${NOMAD_TASK_DIR}/prometheus.yml",
          "--storage.tsdb.path=${NOMAD_ALLOC_DIR}/data/prometheus",
          "--storage.tsdb.retention.size=4GB",
          "--web.listen-address=${NOMAD_ADDR_prometheus}",
        ]
      }

      env {
        TZ = "UTC"
      }

      # An instance that drains has left the list of services before it ends: what is asked for every
      # 15 s would miss that, so the list is kept for two rounds more.
      template {
        destination = "local/prometheus.yml"
        once        = true
        change_mode = "noop"
        data        = <<-YAML
          global:
            scrape_interval: 5s
            evaluation_interval: 15s
          rule_files: ["{{ env "NOMAD_TASK_DIR" }}/rules/*.yml"]
          scrape_configs:
            - job_name: baton
              nomad_sd_configs:
                - server: "${var.nomad_address}"
                  refresh_interval: 15s
                  region: "${var.region}"
                  namespace: "${var.namespace}"
                  authorization:
                    credentials_file: "{{ env "NOMAD_SECRETS_DIR" }}/nomad-token"
              relabel_configs:
                - source_labels: [__meta_nomad_tags]
                  regex: ".*,metrics,.*"
                  action: keep
                - source_labels: [__meta_nomad_service]
                  target_label: service
        YAML
      }

      template {
        destination          = "secrets/nomad-token"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .nomad_token }}{{ end }}"
      }

      # The rules have braces of their own.
      dynamic "template" {
        for_each = fileset(var.folder, "prometheus/*.yml")

        content {
          destination     = "local/rules/${trimprefix(template.value, "prometheus/")}"
          once            = true
          change_mode     = "noop"
          left_delimiter  = "[[[["
          right_delimiter = "]]]]"
          data            = file("${var.folder}/${template.value}")
        }
      }

      resources {
        cpu    = 500
        memory = 1024
      }
    }

    task "grafana" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "15s"
      user         = "root"

      config {
        image        = var.grafana_image
        network_mode = "host"
        args         = []
      }

      env {
        GF_SERVER_HTTP_ADDR                 = "${NOMAD_IP_grafana}"
        GF_SERVER_HTTP_PORT                 = "${NOMAD_PORT_grafana}"
        GF_PATHS_DATA                       = "${NOMAD_ALLOC_DIR}/data/grafana"
        GF_PATHS_PROVISIONING               = "${NOMAD_TASK_DIR}/provisioning"
        GF_SECURITY_ADMIN_PASSWORD__FILE    = "${NOMAD_SECRETS_DIR}/admin-password"
        GF_USERS_ALLOW_SIGN_UP              = "false"
        GF_ANALYTICS_REPORTING_ENABLED      = "false"
        GF_ANALYTICS_CHECK_FOR_UPDATES      = "false"
        BATON_PROMETHEUS                    = "http://${NOMAD_ADDR_prometheus}"
      }

      template {
        destination          = "secrets/admin-password"
        once                 = true
        change_mode          = "noop"
        error_on_missing_key = true
        data                 = "{{ with nomadVar \"nomad/jobs/${var.name}\" }}{{ .grafana_password }}{{ end }}"
      }

      template {
        destination = "local/provisioning/datasources/prometheus.yml"
        once        = true
        change_mode = "noop"
        data        = <<-YAML
          apiVersion: 1
          datasources:
            - name: Prometheus
              uid: prometheus
              type: prometheus
              access: proxy
              url: "$BATON_PROMETHEUS"
              isDefault: true
        YAML
      }

      template {
        destination = "local/provisioning/dashboards/baton.yml"
        once        = true
        change_mode = "noop"
        data        = <<-YAML
          apiVersion: 1
          providers:
            - name: baton
              folder: Baton
              options:
                path: "{{ env "NOMAD_TASK_DIR" }}/dashboards"
        YAML
      }

      dynamic "template" {
        for_each = fileset(var.folder, "grafana/dashboards/*.json")

        content {
          destination     = "local/dashboards/${trimprefix(template.value, "grafana/dashboards/")}"
          once            = true
          change_mode     = "noop"
          left_delimiter  = "[[[["
          right_delimiter = "]]]]"
          data            = file("${var.folder}/${template.value}")
        }
      }

      resources {
        cpu    = 300
        memory = 256
      }
    }
  }
}
