# shellcheck shell=bash
# A fleet's life on the default profile.

RUNBOOK=docs/runbook/compose.md

play_life() {
    scene "from nothing, as the runbook says"
    mkdir -p secrets && install -m 644 compose/simulated-token secrets/discord-token
    export DISCORD_TOKEN_FILE=./secrets/discord-token
    follow "$RUNBOOK" "Deploy"
    docker compose ps --format '{{.Name}} {{.Status}}'
    load
    expect_events
    judge

    scene "a gateway is stopped"
    stop_one
    expect_events
    judge
    docker compose up --detach --wait 2>/dev/null
    all_live

    scene "--scale gateway=3"
    docker compose up --detach --wait --scale gateway=3 2>/dev/null
    [ "$(docker compose ps --quiet gateway | wc -l)" = 3 ] || fail "not three"
    wait_for "three instances" 60 baton wait --for instances=3 --timeout 5s
    judge
    docker compose up --detach --wait 2>/dev/null
    all_live
    judge

    scene "upgrade: one after the other, by compose/roll"
    follow "$RUNBOOK" "Upgrade"
    runs_tag next
    expect_events
    judge

    scene "roll back"
    follow "$RUNBOOK" "Roll back"
    runs_tag local
    judge

    scene "up after a change: all gateways are recreated at once"
    DRAIN_LIMIT=50s docker compose up --detach --wait 2>/dev/null
    all_live
    judge
    play_secrets

    scene "restore from a backup, into an empty Valkey"
    follow "$RUNBOOK" "Restore from backup"
    expect_events
    [ "$(identifies)" = "$SHARDS" ] || fail "$(identifies) IDENTIFYs for $SHARDS shards"
    echo "$(identifies) IDENTIFYs for $SHARDS shards"

    scene "rotate the token"
    books /faults -d '{"fault": "reset_token"}' >/dev/null
    books /tokens | tr -d '[]"' >new-token
    follow "$RUNBOOK" "Rotate a token"
    expect_events
    docker compose down --volumes 2>/dev/null
}

# Its shards go to the others, and it ends with 0.
stop_one() {
    local container
    container=$(container_of gateway)
    # compose stops a service as a whole; one of it the engine stops, with the service's grace.
    docker stop "$container" >/dev/null
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" = 0 ] ||
        fail "it did not drain"
}

runs_tag() {
    local images
    images=$(docker compose ps --quiet gateway |
        xargs docker inspect --format '{{.Config.Image}}' | sort -u)
    [ "$images" = "baton-gateway:$1" ] || fail "gateways run $images"
}
