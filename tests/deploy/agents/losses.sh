# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# What happens to the fleet without anybody's wish.

# Longer than clients try to reach the servers for a template.
AWAY=90

play_losses() {
    local node old

    scene "a node is lost, with the primary of Valkey"
    node=$(primary_node)
    kill_node "$node"
    wait_for "another primary" 60 is_another_primary "$node"
    all_live
    wait_for "three instances at other nodes" 240 are_three_but_at "$node"
    all_live
    judge

    scene "the node comes back"
    start_client "$node"
    wait_for "three clients" 120 are_ready 3
    wait_for "three Valkeys" 180 is_complete
    all_live
    judge

    scene "the servers are away for $AWAY s, longer than templates are tried for"
    # The control: a job that is as ours, but for a template that would restart it.
    start_client n4 control
    wait_for "four clients" 60 are_ready 4
    run_control
    old=$(processes)
    kill -KILL "$server"
    sleep "$AWAY"
    [ "$(processes)" = "$old" ] || fail "instances were $old, and are $(processes)"
    grep -q 'nomad/jobs/baton-gateway.*exceeded maximum retries' "$place"/n[123].log ||
        fail "no client has given up on a template"
    ! pgrep -f '/bin/sleep 86399' >/dev/null || fail "the control runs: giving up ends nobody"
    echo "clients have given up on templates; all instances run, and the control was ended"
    start_server
    wait_for "four clients" 120 are_ready 4
    [ "$(processes)" = "$old" ] || fail "instances were $old, and are $(processes)"
    wait_for "three healthy instances" 120 are_three
    all_live
    judge
}

# shellcheck disable=SC2317,SC2329  # called by name
is_another_primary() { [ "$(primary_node)" != "$1" ]; }

# shellcheck disable=SC2317,SC2329  # called by name
are_three() { [ "$(allocations baton-gateway | grep -c ' running ')" = 3 ]; }

# shellcheck disable=SC2317,SC2329  # called by name
are_three_but_at() {
    [ "$(allocations baton-gateway | grep -v " $1 " | grep -c ' running ')" = 3 ]
}

processes() {
    pgrep -f "^($place/bin/gateway-|valkey-server |.*/valkey-server )" | sort | tr '\n' ' '
}

run_control() {
    nomad var put nomad/jobs/control word=one >/dev/null
    cat >"$place/control.nomad.hcl" <<'JOB'
job "control" {
  datacenters = ["control"]

  group "control" {
    task "control" {
      driver = "raw_exec"

      config {
        command = "/bin/sleep"
        args    = ["86399"]
      }

      template {
        destination = "local/word"
        change_mode = "restart"
        data        = "{{ with nomadVar \"nomad/jobs/control\" }}{{ .word }}{{ end }}"
      }
    }
  }
}
JOB
    nomad job run "$place/control.nomad.hcl" >/dev/null
    pgrep -f '/bin/sleep 86399' >/dev/null || fail "the control does not run"
}
