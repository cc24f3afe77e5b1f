# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
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
    watch_gateways
    follow "$RUNBOOK" "Upgrade"
    were_created 2
    runs_tag next
    expect_events
    judge

    scene "roll back"
    watch_gateways
    follow "$RUNBOOK" "Roll back"
    were_created 2
    runs_tag local
    judge

    scene "up after a change: all gateways are recreated at once"
    DRAIN_LIMIT=50s docker compose up --detach --wait 2>/dev/null
    all_live
    judge
    play_secrets

    scene "an archive, and its archiver is stopped"
    ARCHIVE_AGE_MAX=5s docker compose --profile archiver up --detach --wait 2>/dev/null
    expect_events
    books /load --request DELETE >/dev/null
    # What is on its way arrives, and is read.
    sleep 5
    docker compose --profile archiver stop archiver 2>/dev/null
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$(container_of archiver)")" = 0 ] ||
        fail "the archiver did not end well"
    judge
    is_archived

    scene "something goes wrong at Discord every few seconds, for a minute"
    CHAOS_EVERY=4 CHAOS_MEND=3 docker compose --profile chaos up --detach chaos 2>/dev/null
    sleep 60
    docker compose --profile chaos rm --stop --force chaos >/dev/null 2>&1
    books /faults --request DELETE >/dev/null
    all_live
    expect_events
    # Where nothing passes through a connection any more, that takes two heartbeats to be noticed.
    judge valkey --sessions-may-end --late 120
    begin_anew

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

# Each entry of the streams is in the archive, once.
is_archived() {
    local folder streamed lines
    command -v zstd >/dev/null || fail "there is no zstd to read the archive with"
    folder=$(docker volume inspect --format '{{.Mountpoint}}' baton_archive)
    streamed=$(sed -n 's/.* \([0-9]*\) entries, .*/\1/p' "$place/.judged")
    find "$folder" -name '*.ndjson.zst' -size +0 -exec zstd --decompress --stdout {} + \
        >"$place/.archived"
    lines=$(wc -l <"$place/.archived")
    [ "$(sort -u "$place/.archived" | wc -l)" = "$lines" ] || fail "something is archived twice"
    [ "$lines" = "$streamed" ] || fail "$lines lines are archived of $streamed entries"
    echo "archived: $lines lines of $streamed entries"
}

# Chaos has ended sessions: those that follow begin to count again.
begin_anew() {
    docker compose down --volumes 2>/dev/null
    docker compose up --detach --wait 2>/dev/null
    all_live
    load
    expect_events
    judge
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

# Notes each container of a gateway that is created from here on.
watch_gateways() {
    docker events --filter type=container --filter event=create \
        --filter label=com.docker.compose.service=gateway --format '{{.Actor.Attributes.name}}' \
        >"$place/.created" &
    watcher=$!
}

# So many were, and no more: what `compose/roll` has replaced, `up` leaves alone.
were_created() {
    local created
    kill "$watcher" && { wait "$watcher" || true; } 2>/dev/null
    created=$(wc -l <"$place/.created")
    [ "$created" = "$1" ] || fail "$created gateways were created, and not $1"
}

runs_tag() {
    local images
    images=$(docker compose ps --quiet gateway |
        xargs docker inspect --format '{{.Config.Image}}' | sort -u)
    [ "$images" = "baton-gateway:$1" ] || fail "gateways run $images"
}
