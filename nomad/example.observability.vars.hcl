# Put yours in.
prometheus_image = "prom/prometheus:v3.5.0"
grafana_image    = "grafana/grafana:12.2.0"
nomad_address    = "https://192.0.2.11:4646"
