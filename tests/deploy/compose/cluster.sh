# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# A Valkey Cluster: compose/cluster.env.

CLUSTER=(valkey valkey-2 valkey-3 valkey-4 valkey-5 valkey-6)

role_of() {
    docker exec "$(container_of "$1")" valkey-cli --no-auth-warning --user health --pass any role |
        sed -n 1p
}

# How many of the six are primaries.
# shellcheck disable=SC2317,SC2329  # called by name
are_primaries() {
    local node count=0
    for node in "${CLUSTER[@]}"; do
        [ "$(role_of "$node" 2>/dev/null)" != master ] || count=$((count + 1))
    done
    [ "$count" = "$1" ]
}

# shellcheck disable=SC2317,SC2329  # called by name
is_primary() { [ "$(role_of "$1")" = master ]; }

# shellcheck disable=SC2317,SC2329  # called by name
is_follower() { [ "$(role_of "$1")" = slave ]; }

judge_cluster() {
    judged --books "$(address_of "$(container_of discord)"):4003" --shards "$SHARDS" \
        --store valkey-cluster://198.18.53.11,198.18.53.12,198.18.53.13 \
        --user admin --password-file secrets/valkey-admin
    load
}

play_cluster() {
    local started
    use compose/cluster.env
    compose/secrets

    scene "cluster: from nothing"
    build_images
    docker compose up --detach --wait 2>"$place/.said" || fail "$(tail -n 5 "$place/.said")"
    wait_for "three primaries" 60 are_primaries 3
    all_live
    load
    expect_events
    judge_cluster

    scene "cluster: a primary is killed"
    started=$SECONDS
    docker kill "$(container_of valkey-2)" >/dev/null
    wait_for "its replica is a primary" 60 is_primary valkey-5
    echo "valkey-5 is a primary after $((SECONDS - started)) s"
    expect_events
    judge_cluster

    scene "cluster: it comes back as a replica"
    docker start "$(container_of valkey-2)" >/dev/null
    wait_for "valkey-2 is a replica" 60 is_follower valkey-2
    judge_cluster
    play_secrets

    scene "cluster: everything ends and starts"
    stop_all_but_discord
    docker compose up --detach --wait 2>"$place/.said" || fail "$(tail -n 5 "$place/.said")"
    all_live
    judge_cluster
    docker compose down --volumes 2>/dev/null
}
