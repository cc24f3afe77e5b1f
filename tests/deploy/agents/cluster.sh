# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# A Nomad of one server and some clients, each at an address of its own.

SERVER=198.18.54.1
NODES=(n1 n2 n3)

address_of() { echo "198.18.54.1${1#n}"; }

export NOMAD_ADDR=http://$SERVER:4646
export PATH=$place/bin:$PATH

prepare() {
    local node
    ip link set lo up
    ip address add "$SERVER/32" dev lo
    # Nomad 1.6 would lay out control groups beside those of this machine.
    mount -t tmpfs tmpfs /sys/fs/cgroup
    mkdir "$place/bin"
    ln -s "$BATON_TEST_NOMAD" "$place/bin/nomad"
    ln -s "$BATON_TEST_VALKEY" "$place/bin/valkey-server"
    ln -s "$BATON_PROGRAMS/baton" "$place/bin/baton"
    # An upgrade is another program, as it is another image.
    cp "$BATON_PROGRAMS/baton-gateway" "$place/bin/gateway-1"
    cp "$BATON_PROGRAMS/baton-gateway" "$place/bin/gateway-2"
    for node in "${NODES[@]}" n4; do
        ip link add "$node" type veth peer name "$node-other"
        ip address add "$(address_of "$node")/32" dev "$node"
        ip link set "$node" up && ip link set "$node-other" up
        mkdir -p "$place/$node/valkey"
    done
}

# Processes inherit what their client's environment has: nothing of ours.
agent() {
    env -i PATH="$PATH" setsid nomad agent -config "$place/$1.hcl" >>"$place/$1.log" 2>&1 &
}

start_server() {
    cat >"$place/server.hcl" <<CONFIG
name       = "server"
data_dir   = "$place/server"
bind_addr  = "$SERVER"
disable_update_check = true

server {
  enabled           = true
  bootstrap_expect  = 1
  # A client that is silent is lost after seconds, not after half a minute.
  heartbeat_grace   = "3s"
  min_heartbeat_ttl = "3s"
}
CONFIG
    agent server
    # shellcheck disable=SC2034  # losses.sh ends it
    server=$!
    wait_for "a leader" 60 curl --silent --fail "$NOMAD_ADDR/v1/status/leader"
}

# max_kill_timeout is what terraform/ tells a client. `once` of the templates is not known to 1.6,
# so they look at the servers for good; a client gives that up after three tries, within seconds.
start_client() {
    local node=$1 datacenter=${2:-dc1}
    cat >"$place/$node.hcl" <<CONFIG
name       = "$node"
datacenter = "$datacenter"
data_dir   = "$place/$node"
bind_addr  = "$(address_of "$node")"
disable_update_check = true

client {
  enabled           = true
  servers           = ["$SERVER:4647"]
  network_interface = "$node"
  max_kill_timeout  = "75s"
  cpu_total_compute = 16000
  memory_total_mb   = 16384

  meta {
    data = "$place/$node/valkey"
  }

  template {
    nomad_retry {
      attempts    = 3
      backoff     = "250ms"
      max_backoff = "1s"
    }
  }
}

plugin "raw_exec" {
  config {
    enabled    = true
    no_cgroups = true
  }
}
CONFIG
    agent "$node"
    clients[$node]=$!
}
declare -A clients

# shellcheck disable=SC2317,SC2329  # called by name
are_ready() {
    [ "$(nomad node status -t '{{range .}}{{.Status}}{{"\n"}}{{end}}' |
        grep -c '^ready$')" = "$1" ]
}

id_of_node() {
    nomad node status -t '{{range .}}{{.Name}} {{.ID}}{{"\n"}}{{end}}' | sed -n "s/^$1 //p"
}

# As if its power were cut: the agent, and whatever it has started.
kill_node() {
    local node=$1 process
    kill -KILL "${clients[$node]}"
    for process in /proc/[0-9]*; do
        if [[ "$(readlink "$process/cwd")" == "$place/$node/"* ]] ||
            tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -F "$place/$node/"; then
            kill -KILL "${process#/proc/}" 2>/dev/null || true
        fi
    done
}

# id, state, node, version, whether healthy, whether a canary: a line for each allocation that is
# wanted.
allocations() {
    local line='{{.ID}} {{.ClientStatus}} {{.NodeName}} {{.JobVersion}} '
    line+='{{with .DeploymentStatus}}{{if .Healthy}}{{.Healthy}}{{else}}-{{end}} {{.Canary}}'
    line+='{{else}}- false{{end}}{{"\n"}}'
    nomad job allocs -t "{{range .}}{{if eq .DesiredStatus \"run\"}}$line{{end}}{{end}}" "$1"
}

tell_all() {
    nomad job status baton-gateway || true
    nomad job status baton-valkey || true
    tail -n 15 "$place/server.log" "$place"/n?.log || true
    tail -n 15 "$place"/n?/alloc/*/alloc/logs/* || true
}
