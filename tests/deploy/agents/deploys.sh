# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# What an operator does to the fleet.

play_deploys() {
    local deployed before id node

    scene "rolling update to another program"
    before=$(allocations baton-gateway | cut -d ' ' -f 1)
    deploy gateway "${GATEWAY[@]}" -var "image=$place/bin/gateway-2" >"$place/.deployed" 2>&1 &
    deployed=$!
    see_canary
    wait "$deployed" || fail "$(cat "$place/.deployed")"
    cat "$place/.deployed"
    runs_program gateway-2
    all_live
    for id in $before; do ended_well "$id"; done
    judge

    scene "nomad alloc stop"
    id=$(allocations baton-gateway | cut -d ' ' -f 1 | sed -n 1p)
    nomad alloc stop "$id" >/dev/null
    wait_for "three healthy instances without $id" 180 are_three_without "$id"
    all_live
    ended_well "$id"
    judge

    scene "nomad node drain"
    node=$(allocations baton-gateway | cut -d ' ' -f 3 | grep -v "$(primary_node)" | sed -n 1p)
    id=$(allocations baton-gateway | grep " $node " | cut -d ' ' -f 1 | sed -n 1p)
    nomad node drain -enable -yes -deadline 15m "$(id_of_node "$node")" >"$place/.drained" 2>&1 ||
        fail "$(tail -n 5 "$place/.drained")"
    wait_for "three healthy instances without $id" 240 are_three_without "$id"
    all_live
    ended_well "$id"
    judge
    nomad node eligibility -enable "$(id_of_node "$node")" >/dev/null
    wait_for "three Valkeys" 120 is_complete
}

# The first newcomer passes its checks while it holds nothing, and goes on passing them until Nomad
# calls it healthy and begins to stop others.
see_canary() {
    local canary held
    # shellcheck disable=SC2317,SC2329  # called by name
    is_there() { allocations baton-gateway | grep -q ' - true$'; }
    wait_for "a canary" 60 is_there
    canary=$(allocations baton-gateway | sed -n 's/ .* - true$//p')
    # shellcheck disable=SC2317,SC2329  # called by name
    passes() {
        [ "$(nomad alloc checks -t '{{range .}}{{.Status}}{{"\n"}}{{end}}' "$canary" |
            grep -c '^success$')" = 2 ]
    }
    wait_for "a canary that passes its checks" 60 passes
    held=$(shards_of "$canary")
    [ "$held" = 0 ] || fail "the canary passed its checks with \"$held\" shards"
    # shellcheck disable=SC2317,SC2329  # called by name
    is_healthy() { allocations baton-gateway | grep -q "^$canary running .* true "; }
    wait_for "a healthy canary" 180 is_healthy
    held=$(shards_of "$canary")
    echo "the canary passed its checks with 0 shards, and had $held when it was healthy"
}

runs_program() {
    local count
    count=$(pgrep -c -f "^$place/bin/$1 " || true)
    [ "$count" = 3 ] || fail "$count run $1"
}

ended_well() {
    local code
    code=$(exit_code_of "$1")
    [ "$code" = 0 ] || fail "$1 ended with $code"
}

# shellcheck disable=SC2317,SC2329  # called by name
are_three_without() {
    [ "$(allocations baton-gateway | grep -v "^$1 " | grep -c ' running .* true ')" = 3 ] &&
        ! allocations baton-gateway | grep -q "^$1 "
}

at_sentinel() {
    BATON_ADDRESS=$1 python3 - "${@:2}" <<'PYTHON'
import os, socket, sys

words = ["SENTINEL", *sys.argv[1:]]
text = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
with socket.create_connection((os.environ["BATON_ADDRESS"], 26379), timeout=2) as peer:
    peer.sendall(text.encode())
    print(peer.recv(65536).decode().replace("\r\n", " "))
PYTHON
}

# The node whose Valkey is the primary, as a Sentinel that answers says.
primary_node() {
    local node said
    for node in "${NODES[@]}"; do
        said=$(at_sentinel "$(address_of "$node")" get-master-addr-by-name baton \
            2>/dev/null) || continue
        grep -o '198\.18\.54\.1[0-9]' <<<"$said" | sed 's/.*\.1/n/'
        return
    done
    fail "no Sentinel answers"
}

# shellcheck disable=SC2317,SC2329  # called by name
is_complete() {
    local node
    for node in "${NODES[@]}"; do
        at_sentinel "$(address_of "$node")" ckquorum baton | grep -q '^+OK 3' || return 1
    done
    [ "$(allocations baton-valkey | grep -c ' running ')" = 3 ]
}
