# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# The fleet that the jobs make, the Discord that it is at, and how both are looked at.

SHARDS=12
STORE=valkey-sentinel://198.18.54.11:26379,198.18.54.12:26379,198.18.54.13:26379/baton

start_discord() {
    "$BATON_PROGRAMS/baton-mock-discord" --listen "$SERVER" --shards-max "$SHARDS" \
        --max-concurrency 4 >"$place/discord.log" 2>&1 &
    wait_for "a simulated Discord" 30 books /verdicts
}

books() { curl --silent --show-error --fail --max-time 10 "http://$SERVER:4003$1" "${@:2}"; }

load() { books /load -d '{"mix": "messages", "every_ms": 100, "events": 1}' >/dev/null; }

draw_secrets() {
    local user
    mkdir -m 700 "$place/secret"
    for user in gateway consumer operator replica sentinel; do
        od -An -tx1 -N 24 /dev/urandom | tr -d ' \n' >"$place/secret/$user"
    done
    # The simulated Discord's.
    printf token >"$place/secret/token"
    nomad var put nomad/jobs/baton-valkey gateway_password=@"$place/secret/gateway" \
        consumer_password=@"$place/secret/consumer" operator_password=@"$place/secret/operator" \
        replica_password=@"$place/secret/replica" \
        sentinel_password=@"$place/secret/sentinel" >/dev/null
    nomad var put nomad/jobs/baton-gateway token=@"$place/secret/token" \
        store_password=@"$place/secret/gateway" >/dev/null
}

# The job file of a name, as this Nomad takes it.
reduced() {
    "$BATON_TEST_JOBCHECK" -reduce "nomad/$1.nomad.hcl" >"$place/$1.nomad.hcl" \
        2>"$place/.reduced" ||
        fail "$(cat "$place/.reduced")"
    sed "s/^reduced: /    $1: /" "$place/.reduced"
}

# shellcheck disable=SC2034  # scenes use both
VALKEY=(-var image=valkey-server -var "first_primary=198.18.54.11" -var memory=512)
# shellcheck disable=SC2034
GATEWAY=(-var app=bot -var 'intents=["guilds","guild_messages"]' -var "store_url=$STORE"
    -var lanes=4
    -var 'datacenters=["dc1"]' -var "discord_gateway_url=ws://$SERVER:4000"
    -var "discord_api_url=http://$SERVER:4002/api/v10" -var memory=512)

# Validates, plans and runs a job, and waits for its deployment.
deploy() {
    local job=$1 code=0 started=$SECONDS
    shift
    nomad job validate "$@" "$place/$job.nomad.hcl" >"$place/.said" 2>&1 ||
        fail "$(cat "$place/.said")"
    nomad job plan "$@" "$place/$job.nomad.hcl" >"$place/.said" 2>&1 || code=$?
    # 1 is that something would change.
    [ "$code" = 1 ] || fail "plan ended with $code: $(cat "$place/.said")"
    nomad job run "$@" "$place/$job.nomad.hcl" >"$place/.run" 2>&1 ||
        fail "$(tail -n 20 "$place/.run")"
    echo "$job: validated, planned, deployed in $((SECONDS - started)) s"
}

baton_() {
    BATON_STORE__URL=$STORE BATON_STORE__USER=operator \
        BATON_STORE__PASSWORD=file:$place/secret/operator baton "$@"
}

all_live() { baton_ wait --for all-live --timeout 3m >/dev/null; }

judge() {
    judged --books "$SERVER:4003" --shards "$SHARDS" --store "$STORE" --user operator \
        --password-file "$place/secret/operator"
    load
}

# How many shards the instance of an allocation holds; nothing if there is no such instance.
shards_of() {
    baton_ instance ls -o json | python3 -c '
import json, sys
for found in json.load(sys.stdin)["items"]:
    if found["name"].endswith(sys.argv[1]):
        print(found["shards"])' "$(cut -c 1-8 <<<"$1")"
}

# How the process of an allocation's task ended last.
exit_code_of() {
    nomad alloc status -json "$1" | python3 -c '
import json, sys
events = json.load(sys.stdin)["TaskStates"]["gateway"]["Events"]
print([event["ExitCode"] for event in events if event["Type"] == "Terminated"][-1])'
}
