# One image for each program; which one is said by --target:
#
#   docker build --target gateway --tag baton-gateway .
#
# COMPRESSION   of the gateway's sockets: zlib (least memory) or zstd (least time); docs/deploy.md
# PROFILE       cargo's: release, or dev for a build that takes a third of the time
# RUST          the image to build in
#
# An image holds a program and the C library that it links to: no shell, no package manager, no
# certificates (those that TLS needs are in the program). Dependencies are what Cargo.lock says.
ARG RUST=rust:1.95-slim-bookworm

# hadolint ignore=DL3006
FROM ${RUST} AS source
ARG PROFILE=release
# Debian's own time goes into no file of ours.
ENV PROFILE=${PROFILE} SOURCE_DATE_EPOCH=0 CARGO_INCREMENTAL=0
WORKDIR /source
COPY . .

FROM source AS build-gateway
ARG COMPRESSION=zlib
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    scripts/image-root baton-gateway /image \
    --package baton-gateway --no-default-features --features "otlp ${COMPRESSION}"

FROM source AS build-baton
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    scripts/image-root baton /image --package baton

FROM source AS build-archiver
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    scripts/image-root baton-archiver /image --package baton-archiver && \
    mkdir /archive

FROM source AS build-mock-discord
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    scripts/image-root baton-mock-discord /image --package baton-mock-discord-server

FROM source AS build-rust-ping
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    scripts/image-root rust-ping /image --package rust-ping

FROM scratch AS gateway
LABEL org.opencontainers.image.title="baton-gateway" \
    org.opencontainers.image.description="Holds a Discord bot's shards, with others." \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build-gateway /image /
USER 65532:65532
# Inside a container nobody reaches loopback; who reaches the container's network is said by whoever
# runs it.
ENV BATON_HTTP__LISTEN=0.0.0.0:9090
EXPOSE 9090
# It drains, and ends with 0. Who stops it must wait for longer than its drain limit.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/bin/baton-gateway", "healthcheck"]
ENTRYPOINT ["/usr/bin/baton-gateway"]

FROM scratch AS baton
LABEL org.opencontainers.image.title="baton" \
    org.opencontainers.image.description="See a fleet, steer it, drain it." \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build-baton /image /
USER 65532:65532
ENTRYPOINT ["/usr/bin/baton"]

FROM scratch AS archiver
LABEL org.opencontainers.image.title="baton-archiver" \
    org.opencontainers.image.description="Keeps a bot's events, every entry once." \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build-archiver /image /
# What a volume that is mounted here for the first time takes its owner from.
COPY --from=build-archiver --chown=65532:65532 /archive /archive
USER 65532:65532
ENV BATON_ARCHIVER_HTTP__LISTEN=0.0.0.0:9092
EXPOSE 9092
# It puts what it holds, and ends with 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/bin/baton-archiver", "healthcheck"]
ENTRYPOINT ["/usr/bin/baton-archiver"]

FROM scratch AS mock-discord
LABEL org.opencontainers.image.title="baton-mock-discord" \
    org.opencontainers.image.description="A simulated Discord, for tests and demos." \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build-mock-discord /image /
USER 65532:65532
ENV MOCK_DISCORD_LISTEN=0.0.0.0 MOCK_DISCORD_PUBLIC_HOST=discord
EXPOSE 4000 4001 4002 4003
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/bin/baton-mock-discord", "healthcheck"]
ENTRYPOINT ["/usr/bin/baton-mock-discord"]

FROM scratch AS rust-ping
LABEL org.opencontainers.image.title="baton-rust-ping" \
    org.opencontainers.image.description="A consumer to begin with." \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build-rust-ping /image /
USER 65532:65532
ENV BATON_HTTP=0.0.0.0:9091
EXPOSE 9091
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/bin/rust-ping", "healthcheck"]
ENTRYPOINT ["/usr/bin/rust-ping"]
