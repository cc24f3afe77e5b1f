# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# What cannot work is refused, with the reason.

# A command fails, and says these words.
expect_refusal() {
    local words=$1
    shift
    if "$@" >"$place/.said" 2>&1; then
        fail "not refused: $*"
    fi
    grep -q -- "$words" "$place/.said" || fail "no \"$words\" in: $(tail -n 5 "$place/.said")"
    echo "refused: $(grep -m 1 -- "$words" "$place/.said")"
}

logs_say() { docker compose logs "$1" 2>&1 | grep -- "$2" | sed -n 1p; }

play_refusals() {
    scene "without passwords nothing starts"
    expect_refusal "bind source path does not exist: .*/secrets/valkey-" \
        docker compose up --detach valkey
    docker compose down --volumes 2>/dev/null

    scene "a password that is too short"
    compose/secrets
    chmod 644 secrets/valkey-consumer && echo short >secrets/valkey-consumer
    docker compose up --detach valkey 2>/dev/null
    wait_for "the reason" 30 logs_say valkey "valkey-consumer has a password of 5 characters"
    logs_say valkey "valkey-consumer has"
    docker compose down --volumes 2>/dev/null
    rm -f secrets/valkey-consumer && compose/secrets

    scene "no gateway at all"
    GATEWAYS=0 docker compose up --detach valkey 2>/dev/null
    wait_for "the reason" 30 logs_say valkey "GATEWAYS = 0; expected 1 or more"
    logs_say valkey "GATEWAYS"
    docker compose down --volumes 2>/dev/null

    scene "a grace that a drain is longer than"
    expect_refusal "drain.kill_timeout = .*expected more than drain.limit" \
        env STOP_GRACE=30s docker compose run --rm -T --no-deps gateway

    scene "Discord itself without a token"
    expect_refusal "bind source path does not exist: .*/secrets/discord-token" \
        docker compose --env-file compose/live.env run --rm -T --no-deps gateway
    docker compose down --volumes 2>/dev/null
}
