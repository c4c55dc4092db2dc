# Everything a developer runs by name. `just` alone lists it.

default:
    @just --list

# The tests, as README.md and CI run them.
test:
    cargo test --workspace --locked

# Formatting, lints, licences and bans, generated files.
lint:
    cargo fmt --all --check
    cargo fmt --manifest-path fuzz/Cargo.toml --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo deny --offline check bans licenses sources
    cargo run --quiet --locked -- openapi | diff -u docs/openapi.json -

# Writes the generated files anew.
generate:
    cargo run --quiet --locked -- openapi > docs/openapi.json

# What CI does, from installing what is missing to the drift checks.
ci:
    .ci/run

# Import beside gzip, chdb and DuckDB, replay, and what `bench-api` does, in one run. Needs GH Archive files.
bench *FILES:
    bench/run {{FILES}}

# The API beside hyper, axum and Datasette with the same questions. Needs two GH Archive files or more.
bench-api *FILES:
    bench/api {{FILES}}

# The read model over many generated events, and DuckDB beside it. What is made stays in DIRECTORY.
bench-model EVENTS="5000000" *DIRECTORY:
    bench/model {{EVENTS}} {{DIRECTORY}}

# Writers of the log killed with kill -9 in a loop, and what they had acknowledged looked for.
soak-log ROUNDS="1000":
    GHEV_LOG_SOAK_ROUNDS={{ROUNDS}} cargo test --locked -p ghev-log --test log -- --ignored --exact kills::soak --nocapture

# Projectors and replays killed with kill -9 at any instant, and each model compared with a fold of its log.
soak-projector ROUNDS="1000":
    GHEV_PROJECTOR_SOAK_ROUNDS={{ROUNDS}} cargo test --locked -p ghev-projector --test projector -- --ignored --exact kill::soak --nocapture

# Polling through hours of faults by seed: nothing that was delivered is lost or kept twice.
soak-injector SEEDS="1000" FROM="1":
    GHEV_SOAK_SEEDS={{SEEDS}} GHEV_SOAK_FROM={{FROM}} cargo test --release --locked -p ghev-injector --lib -- --exact poll::tests::simulated::faults_and_restarts_lose_nothing_that_was_delivered --nocapture

# The whole product with invented events, offline.
demo:
    cargo run --release --locked -- demo

# One fuzz target (fuzz/README.md lists them) for so many seconds. Needs a nightly toolchain and cargo-fuzz.
fuzz TARGET SECONDS="60":
    cd fuzz && cargo run --quiet --locked --example seeds
    cd fuzz && cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}} -rss_limit_mb=1024 -malloc_limit_mb=256

# The log on small filesystems that are really full. Mounts them: needs root, mkfs.ext4 and loop devices.
enospc:
    cargo test --locked -p ghev-log --lib -- --ignored full_disk --nocapture --test-threads=1

# The log's speed beside something plain, in the same run.
bench-log:
    cargo bench --locked -p ghev-log --bench log

# From a page's last byte until it is durable in the log, beside a bare fdatasync in the same run.
bench-poll:
    cargo bench --locked -p ghev-injector --bench poll

# From an append until the read model has it, at 5,000 events a second over a model filled before.
bench-live:
    cargo bench --locked -p ghev-projector --bench live
