# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# What scenes do to a fleet, and how they look at it.

SHARDS=8

# Where a container is on the network of the project.
address_of() {
    docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

container_of() { docker compose ps --all --quiet "$1" | sed -n 1p; }

books() { curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:4003$1" "${@:2}"; }

load() { books /load -d '{"mix": "messages", "every_ms": 100, "events": 1}' >/dev/null; }

baton() { docker compose run --rm -T baton "$@"; }

all_live() { baton wait --for all-live --timeout 3m >/dev/null; }

# Ends the load, compares the streams with the ledger, and goes on.
judge() {
    local primary=${1:-valkey}
    judged --books "$(address_of "$(container_of discord)"):4003" --shards "$SHARDS" \
        --store "valkey://$(address_of "$(container_of "$primary")")" \
        --user admin --password-file secrets/valkey-admin "${@:2}"
    load
}

# How many sessions were begun: one for each IDENTIFY that was granted.
identifies() { books '/ledger/sessions?from=1' | grep -o '"session":' | wc -l; }

# compose's own logs put marks of a terminal before each line.
handled() { docker logs "$(container_of consumer)" 2>/dev/null | grep -c '^handled '; }

# Events still come to the consumer.
expect_events() {
    local before
    before=$(handled || true)
    # shellcheck disable=SC2317,SC2329  # called by name
    more() { [ "$(handled)" -gt "$((before + 20))" ]; }
    wait_for "20 more events handled" 60 more
}

# Every docker compose from here on; whoever follows the page says it with --env-file.
use() {
    unset DISCORD_TOKEN_FILE COMPOSE_PROFILES STORE_URL
    unset VALKEY_SENTINELS VALKEY_MIN_REPLICAS VALKEY_CLUSTER
    set -a
    eval "$(sed -n 's/^\([A-Z_]*\)=\(.*\)$/\1="\2"/p' "$1")"
    set +a
}

# With those of profiles that are not always on.
build_images() {
    docker compose --profile admin --profile archiver build >"$place/.built" 2>&1 ||
        fail "$(tail -n 20 "$place/.built")"
}

# Discord stays, with its books and the fleet's sessions. Gateways have time to let go of theirs.
stop_all_but_discord() {
    local started=$SECONDS container code
    docker compose ps --services | grep -v '^discord$' |
        xargs docker compose stop 2>"$place/.said" ||
        fail "$(tail -n 5 "$place/.said")"
    echo "all but Discord has ended after $((SECONDS - started)) s"
    for container in $(docker compose ps --all --quiet gateway); do
        code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
        [ "$code" = 0 ] || fail "a gateway ended with $code"
    done
}

# What went wrong can be read in here.
tell_all() {
    docker ps --all
    docker compose logs --tail 30 gateway valkey discord consumer || true
}

# The commands of a section of a page, one block after the other, in one shell.
follow() {
    local page=$1 section=$2 commands line
    commands=$(awk -v section="## $section" '
        /^## / { is_here = ($0 == section) }
        /^```/ { is_code = is_here && $0 == "```sh"; next }
        is_code { print }' "$page")
    [ "$commands" ] || fail "$page has no commands under \"$section\""
    while read -r line; do echo "    \$ $line"; done <<<"$commands"
    bash -euo pipefail -c "$commands" >"$place/.followed" 2>&1 ||
        fail "$page, $section: $(tail -n 15 "$place/.followed")"
}
