# shellcheck shell=bash disable=SC2154  # scripts/deploy/compose sets `place`
# All scenes, in their order.

PLAYS=(refusals life observability ha cluster)

play() {
    local name
    [ $# -gt 0 ] || set -- "${PLAYS[@]}"
    for name in "$@"; do
        [[ " ${PLAYS[*]} " == *" $name "* ]] ||
            fail "there is no play \"$name\"; there are: ${PLAYS[*]}"
    done
    docker --version
    docker compose version
    scene "images, in profile $PROFILE"
    build_images
    docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep baton
    for name in "$@"; do
        "play_$name"
    done
    show_table
    echo "not tried, as no registry can be reached: the real base images, whose names stand-ins" \
        "had; Grafana, Loki and Tempo"
}
