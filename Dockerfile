# One image for every service: `ghev up`, or one of inject, project and serve.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# Manifests and empty sources first: this layer holds the compiled dependencies and is only made anew
# when a manifest or the lock file changes.
COPY Cargo.toml Cargo.lock ./
COPY api/Cargo.toml api/
COPY cli/Cargo.toml cli/
COPY event/Cargo.toml event/
COPY injector/Cargo.toml injector/
COPY log/Cargo.toml log/
COPY projector/Cargo.toml projector/
COPY readmodel/Cargo.toml readmodel/
COPY sim/Cargo.toml sim/
RUN for crate in api event injector log projector readmodel sim; do \
        mkdir -p "$crate/src" && echo '//! Empty.' > "$crate/src/lib.rs"; \
    done \
    && mkdir -p cli/src && printf '//! Empty.\nfn main() {}\n' > cli/src/main.rs \
    && cargo build --release --locked -p ghev
COPY . .
# cargo compares times: the real sources must be newer than what was built from the empty ones.
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + \
    && cargo build --release --locked -p ghev \
    && mkdir -p /image/data/log /image/data/readmodel

FROM debian:bookworm-slim
# The roots that TLS to GitHub is checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/release/ghev /usr/local/bin/ghev
# A new named volume takes the owner of the directory it is mounted on.
COPY --from=build --chown=10001:10001 /image/data /data
USER 10001:10001
ENV GHEV_DATA=/data GHEV_LISTEN=0.0.0.0:5000
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["ghev", "healthcheck"]
ENTRYPOINT ["ghev"]
CMD ["up"]
