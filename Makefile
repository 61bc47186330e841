# What a newcomer and CI run. Needs Rust; what else a target needs it installs or asks for in one line.

SHELL := /bin/bash
VENV := .venv

.PHONY: demo test dashboard test-dashboard bench-dashboard bench-index soak faults check matrix abuse bench fmt lint doc deny unused spelling fuzz fuzz-imports need-cargo

# Builds, loads the bundled sample, prints what it says, and serves it.
demo: need-cargo
	cargo run --release --quiet --bin refrain -- demo

# Every test, on SQLite and on PostgreSQL; those that open no database, and the long one of the demo, run once.
# They wait as much as they compute, so more run at a time than there are cores.
test: export RUST_TEST_THREADS ?= 4
test: need-cargo
	cargo test --workspace --quiet
	scripts/with-postgres.sh cargo test --package refrain --test it --quiet -- --skip architecture:: --skip cli::eval:: --skip the_demo_shows

# Builds the types of the API and the pages of the dashboard anew; both are committed. Needs Node.
dashboard: need-cargo
	cargo build --quiet --bin refrain
	scripts/dashboard.sh build

# The dashboard: types, tests, whether what is committed is what is built, and journeys in a browser. Needs Node and Chromium.
# The binary is that of the tests: by itself it would be built with other features of its crates, once more.
test-dashboard: need-cargo
	cargo test --quiet --package refrain --test it --no-run
	scripts/dashboard.sh test

# How fast the dashboard is on 100,000 conversations, as a table. Wants an idle machine.
bench-dashboard: need-cargo
	cargo build --release --quiet --bin refrain
	[ -f target/bench/refrain.db ] || { mkdir -p target/bench && REFRAIN_BENCH_KEEP=$(CURDIR)/target/bench cargo bench --quiet --package refrain --bench insights; }
	REFRAIN_BENCH_DATA=$(CURDIR)/target/bench scripts/dashboard.sh bench

# Long runs of what `make test` does in short.
soak: need-cargo
	cargo test --package refrain --test it --quiet -- --ignored changes::
	scripts/with-postgres.sh cargo test --package refrain --test it --quiet -- --ignored changes::

# A disk that fills up, which takes root, and a PostgreSQL server that is gone for a while.
faults: need-cargo
	scripts/with-postgres.sh cargo test --package refrain --test it --quiet -- --ignored --test-threads=1 faults::

# Everything that has to hold before a change lands.
check: export REFRAIN_ALL = 1
check: fmt lint test test-dashboard faults doc deny unused spelling fuzz fuzz-imports matrix

fmt: need-cargo
	cargo fmt --all --check

lint: need-cargo
	cargo clippy --workspace --all-targets --quiet -- -D warnings

doc: need-cargo
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

deny: need-cargo
	scripts/tool.sh cargo-deny
	scripts/deny.sh

unused: need-cargo
	scripts/tool.sh cargo-machete
	cargo machete

spelling: $(VENV)/bin/typos
	$(VENV)/bin/typos

# A property-based fuzzer of the API, against the document it serves.
fuzz: need-cargo $(VENV)/bin/schemathesis
	cargo build --quiet --bin refrain
	scripts/fuzz.sh $(VENV)/bin/schemathesis target/debug/refrain

# Damaged files of every format, for a minute or for FUZZ_SECONDS, from the seed FUZZ_SEED on.
FUZZ_SECONDS := 60
FUZZ_SEED := 1
fuzz-imports: need-cargo
	REFRAIN_FUZZ_SECONDS=$(FUZZ_SECONDS) REFRAIN_FUZZ_SEED=$(FUZZ_SEED) \
		cargo test --package refrain --test fuzz_imports --quiet -- --nocapture

# Every operation against another organization's ids and against every scope, on both databases.
matrix: need-cargo
	cargo build --quiet --bin refrain
	scripts/matrix.py target/debug/refrain
	scripts/with-postgres.sh bash -c 'scripts/matrix.py target/debug/refrain --database-url "$$TEST_DATABASE_URL"'

# Does its worst to a server of its own, and watches what others feel of it. Takes some minutes, and wants an idle machine.
abuse: need-cargo
	cargo build --release --quiet --bin refrain
	scripts/abuse.py target/release/refrain

# How fast it is. The figures in docs/performance.md say which machine and data.
bench: need-cargo
	scripts/with-postgres.sh cargo bench --package refrain

# The index beside DuckDB and tantivy, over a million made-up sessions: answers compared, times printed.
bench-index: need-cargo
	set -e; for package in duckdb==2.0.1 numpy==2.4.6 tantivy==0.27.0; do scripts/venv.sh $(VENV) $$package; done
	$(VENV)/bin/python scripts/bench-index.py target/bench-index

$(VENV)/bin/typos:
	scripts/venv.sh $(VENV) typos==1.52.0

$(VENV)/bin/schemathesis:
	scripts/venv.sh $(VENV) schemathesis==4.32.5

need-cargo:
	@command -v cargo >/dev/null || { echo "Rust is missing: get it from https://rustup.rs" >&2; exit 1; }
