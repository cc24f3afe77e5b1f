# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# All scenes, in their order.

play() {
    docker --version
    docker compose version
    scene "images, in profile $PROFILE"
    docker compose --profile admin --profile archiver build >"$place/.built" 2>&1 ||
        fail "$(tail -n 20 "$place/.built")"
    docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep baton
    play_refusals
    play_life
    play_ha
    play_cluster
    show_table
    echo "not tried, as no registry can be reached: the real base images; stand-ins had their names"
}
