#!/bin/sh
# In place of what grafana/otel-lgtm starts: its Prometheus and its collector, started as there.
set -eu

cd /otel-lgtm
./otelcol-contrib/otelcol --config file:./otelcol-config.yaml &
exec ./prometheus/prometheus --web.enable-remote-write-receiver --enable-feature=exemplar-storage \
    --storage.tsdb.path=/data/prometheus --config.file=./prometheus.yaml
