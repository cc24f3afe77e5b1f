# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# No password is where people and programs look.

play_secrets() {
    local file secret
    scene "passwords are in no log, no description, no process list, no file of a container"
    docker compose logs >"$place/.logs" 2>&1
    docker ps --all --quiet | xargs docker inspect >"$place/.inspected"
    for file in /proc/[0-9]*; do
        tr '\0' ' ' <"$file/cmdline" || true
        # The judge's and this script's own know nothing of them.
        tr '\0' ' ' <"$file/environ" || true
    done >"$place/.processes" 2>/dev/null
    for file in secrets/valkey-*; do
        secret=$(cat "$file")
        [ "${#secret}" -ge 16 ] || fail "$file is no password"
        for kept in "$place/.logs" "$place/.inspected" "$place/.processes"; do
            ! grep -q -F -- "$secret" "$kept" || fail "$file is in $kept"
        done
        ! grep -r -q -F -- "$secret" "$BATON_IN_ENGINE/data/containers" ||
            fail "$file is in a file of the engine"
        ! grep -r -q -F -- "$secret" "$BATON_IN_ENGINE/data/volumes" || fail "$file is in a volume"
    done
    [ -s "$place/.logs" ] && [ -s "$place/.inspected" ] && [ -s "$place/.processes" ] ||
        fail "nothing was looked at"
    echo "looked for $(find secrets -name 'valkey-*' | wc -l) passwords"
}
