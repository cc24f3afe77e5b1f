# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# A Valkey that may die: compose/ha.env.

at_sentinel() {
    docker exec "$(container_of "$1")" valkey-cli -p 26379 sentinel "${@:2}" | tr -d '\r'
}

# The service whose container has an address.
service_at() {
    case $1 in
        198.18.53.11) echo valkey ;;
        198.18.53.12) echo valkey-2 ;;
        198.18.53.13) echo valkey-3 ;;
        *) fail "nobody is at \"$1\"" ;;
    esac
}

primary() {
    service_at "$(at_sentinel sentinel-2 get-primary-addr-by-name baton | sed -n 1p)"
}

# shellcheck disable=SC2317,SC2329  # called by name
is_complete() {
    at_sentinel sentinel-1 ckquorum baton | grep -q '^OK 3' &&
        at_sentinel sentinel-1 primary baton | grep -A 1 num-slaves | grep -q '^2$'
}

# shellcheck disable=SC2317,SC2329  # called by name
is_another_primary() { [ "$(primary)" != "$1" ]; }

# shellcheck disable=SC2317,SC2329  # called by name
is_replica() {
    docker exec "$(container_of "$1")" valkey-cli --no-auth-warning --user health --pass any role |
        grep -q '^slave'
}

play_ha() {
    local old started
    use compose/ha.env
    compose/secrets

    scene "ha: from nothing"
    build_images
    docker compose up --detach --wait 2>"$place/.said" || fail "$(tail -n 5 "$place/.said")"
    wait_for "two replicas and three Sentinels" 60 is_complete
    all_live
    load
    expect_events
    judge

    scene "ha: the primary is killed"
    old=$(primary)
    started=$SECONDS
    docker kill "$(container_of "$old")" >/dev/null
    wait_for "another primary" 60 is_another_primary "$old"
    echo "$(primary) is the primary after $((SECONDS - started)) s"
    expect_events
    judge "$(primary)"

    scene "ha: the old primary comes back as a replica"
    docker start "$(container_of "$old")" >/dev/null
    wait_for "$old is a replica" 60 is_replica "$old"
    wait_for "two replicas and three Sentinels" 60 is_complete
    judge "$(primary)"
    play_secrets

    scene "ha: everything is down at once, and comes back with the same primary"
    old=$(primary)
    stop_all_but_discord
    docker compose start valkey valkey-2 valkey-3 2>/dev/null
    docker compose up --detach --wait 2>"$place/.said" || fail "$(tail -n 5 "$place/.said")"
    wait_for "two replicas and three Sentinels" 60 is_complete
    [ "$(primary)" = "$old" ] || fail "$(primary) is the primary, and it was $old"
    all_live
    judge "$old"
    docker compose down --volumes 2>/dev/null
}
