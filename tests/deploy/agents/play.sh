# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# All scenes, in their order.

play() {
    scene "a server and three clients"
    prepare
    nomad version
    start_server
    for node in "${NODES[@]}"; do start_client "$node"; done
    wait_for "three clients" 60 are_ready 3
    draw_secrets
    start_discord
    reduced valkey
    reduced gateway

    scene "what cannot work is refused"
    play_refusals

    scene "jobs validated, planned, run"
    deploy valkey "${VALKEY[@]}"
    deploy gateway "${GATEWAY[@]}" -var "image=$place/bin/gateway-1"
    all_live
    load
    sleep 5
    judge
    play_deploys
    play_losses
    play_secrets
    show_table
}

# Each with its reason, before anything is changed.
play_refusals() {
    local given=("${GATEWAY[@]}" -var "image=$place/bin/gateway-1")
    refused "count must be from 2" "${given[@]}" -var count=0
    refused "kill timeout must be at least 75" "${given[@]}" -var kill_timeout_seconds=30
    refused "not with :latest" "${GATEWAY[@]}" -var image=gateway:latest
    refused "[Nn]o path to region" "${given[@]}" -var region=nowhere
    # In the order of the file the token comes first.
    refused "[Mm]issing\|[Uu]nset variable" -var "image=$place/bin/gateway-1"
}

refused() {
    local words=$1 code=0
    shift
    nomad job plan "$@" "$place/gateway.nomad.hcl" >"$place/.said" 2>&1 || code=$?
    [ "$code" -ge 2 ] || fail "planned: $*"
    grep -q -- "$words" "$place/.said" || fail "no \"$words\" in: $(cat "$place/.said")"
    echo "refused: $(grep -m 1 -- "$words" "$place/.said")"
}
