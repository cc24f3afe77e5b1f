# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# The profile `observability`, by itself and with the overlay of docs/observability.md. There is no
# Grafana, Loki or Tempo in the stand-in: what they would be given is looked at, not what they make
# of it.

at_prometheus() {
    curl --silent --show-error --fail --max-time 10 --get \
        "http://$(address_of "$(container_of observability)"):9090/api/v1/$1" "${@:2}"
}

# The number that a query comes to.
number_of() {
    at_prometheus query --data-urlencode "query=$1" |
        sed -n 's/.*"value":\[[^,]*,"\([^"]*\)"\].*/\1/p'
}

# shellcheck disable=SC2317,SC2329  # called by name
comes_to() {
    local number
    number=$(number_of "$1")
    [ "$number" = "$2" ] || { echo "it is \"$number\"" && false; }
}

# shellcheck disable=SC2317,SC2329  # called by name
is_more_than() { [ "$(number_of "$1")" -gt "$2" ]; }

# How many spans the collector has taken.
spans_taken() {
    curl --silent --show-error --fail --max-time 10 \
        "http://$(address_of "$(container_of observability)"):8888/metrics" |
        sed -n 's/^otelcol_receiver_accepted_spans{.*} \([0-9]*\)$/\1/p'
}

# shellcheck disable=SC2317,SC2329  # called by name
has_spans() { [ "$(spans_taken)" -gt 20 ]; }

# Each rule of the files has been read, and could be asked.
# shellcheck disable=SC2317,SC2329  # called by name
rules_are_well() {
    local said wanted
    wanted=$(cat observability/prometheus/*.yml | grep -c '^ *- \(alert\|record\): ')
    said=$(at_prometheus rules) || return
    [ "$(grep -o '"health":"ok"' <<<"$said" | wc -l)" = "$wanted" ] ||
        { grep -o '"health":"[a-z]*","lastError":"[^"]*"' <<<"$said" && false; }
}

# What the overlay mounts is there for Grafana, under the paths that its image reads.
has_dashboards() {
    local conf=/otel-lgtm/grafana/conf/provisioning watcher board
    watcher=$(container_of observability)
    for board in observability/grafana/dashboards/*.json; do
        docker exec "$watcher" cat "/etc/baton/dashboards/$(basename "$board")" |
            cmp --quiet - "$board" ||
            fail "$board is not in the container"
    done
    docker exec "$watcher" \
        cat "$conf/dashboards/baton.yml" "$conf/datasources/grafana-datasources.yaml" |
        cmp --quiet - <(cat observability/grafana/provisioning/*/baton.yml) ||
        fail "no provisioning"
}

play_observability() {
    use /dev/null
    compose/secrets

    scene "observability: the profile by itself"
    build_images
    docker compose --profile observability up --detach --wait 2>"$place/.said" ||
        fail "$(tail -n 5 "$place/.said")"
    all_live
    load
    wait_for "both gateways are scraped" 60 comes_to 'sum(up{job="baton-gateway"})' 2
    wait_for "the consumer is scraped" 60 comes_to 'sum(up{job="baton-consumer"})' 1
    wait_for "events are counted" 60 is_more_than 'sum(baton_dispatches_total)' 100
    judge

    scene "observability: with dashboards, rules, traces and an exporter"
    export COMPOSE_FILE=docker-compose.yml:observability/compose/overlay.yml
    export COMPOSE_PROFILES=observability,archiver TRACE_ONE_IN=1
    docker compose up --detach --wait 2>"$place/.said" || fail "$(tail -n 5 "$place/.said")"
    all_live
    load
    wait_for "both gateways are scraped" 90 comes_to 'sum(up{job="baton"})' 2
    wait_for "the consumer is scraped" 60 comes_to 'sum(up{job="baton-consumers"})' 1
    wait_for "the archiver is scraped" 60 comes_to 'sum(up{job="baton-archiver"})' 1
    wait_for "Valkey is scraped" 60 comes_to 'sum(redis_up{job="valkey"})' 1
    wait_for "rules are asked" 60 rules_are_well
    wait_for "spans at the collector" 60 has_spans
    echo "$(spans_taken) spans were taken"
    has_dashboards
    judge
    play_secrets
    docker compose down --volumes 2>/dev/null
    unset COMPOSE_FILE COMPOSE_PROFILES TRACE_ONE_IN
}
