# shellcheck shell=bash disable=SC2154  # who reads this in sets `place`
# What plays have in common: scenes, patience, a judge, and a table of what was found.

scene="the start"

scene() {
    printf '\n-- %s\n' "$*"
    scene=$*
}

fail() {
    echo "FAILED: $scene: $*" >&2
    exit 1
}

# Until a command succeeds; what it says last is why it did not.
wait_for() {
    local what=$1 seconds=$2 end
    shift 2
    end=$((SECONDS + seconds))
    until "$@" >"$place/.said" 2>&1; do
        [ "$SECONDS" -lt "$end" ] ||
            fail "no \"$what\" within $seconds s: $(tail -n 3 "$place/.said")"
        sleep 0.5
    done
}

# A line of the table: what was done, and what came of it.
record() { printf '| %s | %s |\n' "$scene" "$*" >>"$place/.table"; }

# Has the judge compare the streams with the ledger, and keeps what it found.
judged() {
    "$BATON_JUDGE" "$@" >"$place/.judged" 2>&1 || {
        cat "$place/.judged"
        fail "the judge is not content"
    }
    cat "$place/.judged"
    # lost, doubled, reordered, altered; entries, IDENTIFYs, shards; the pause
    # shellcheck disable=SC2046  # words are wanted
    set -- $(sed -n '/^audit: /{s/, worst pause.*//; s/[^0-9]\{1,\}/ /g; p}' "$place/.judged")
    record "$1, $2, $3, $4 | $5 | $6 of $7 |" \
        "$(sed -n 's/.*worst pause \(.*\), verdicts.*/\1/p' "$place/.judged")"
}

show_table() {
    printf '\n| after | lost, doubled, reordered, altered | entries | IDENTIFYs | worst pause |\n'
    printf '|---|---|---|---|---|\n'
    cat "$place/.table"
}
