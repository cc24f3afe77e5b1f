# shellcheck shell=bash disable=SC2154  # scripts/deploy/agents sets `place`
# No secret is where people and programs look.

play_secrets() {
    local file secret kept
    scene "passwords are in no log, no job, no process list, no file of the server"
    for file in /proc/[0-9]*; do
        tr '\0' ' ' <"$file/cmdline" || true
        tr '\0' ' ' <"$file/environ" || true
    done >"$place/.processes" 2>/dev/null
    nomad job inspect baton-gateway >"$place/.jobs"
    nomad job inspect baton-valkey >>"$place/.jobs"
    cat "$place"/*.log "$place"/n?/alloc/*/alloc/logs/* >"$place/.logs"
    for file in gateway consumer operator replica sentinel; do
        secret=$(cat "$place/secret/$file")
        [ "${#secret}" = 48 ] || fail "$file is no password"
        for kept in "$place/.processes" "$place/.jobs" "$place/.logs"; do
            [ -s "$kept" ] || fail "$kept is empty: nothing was looked at"
            ! grep -q -F -- "$secret" "$kept" || fail "$file is in $kept"
        done
        ! grep -r -q -F -- "$secret" "$place/server" || fail "$file is in a file of the server"
    done
    echo "looked for 5 passwords"
}
