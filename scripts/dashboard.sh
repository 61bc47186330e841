#!/usr/bin/env bash
# Works on the dashboard with the packages of its lock file: dashboard.sh build|test|bench
set -euo pipefail
cd "$(dirname "$0")/../dashboard"
command -v npm >/dev/null || { echo "Node is missing: install it, 20 or later (https://nodejs.org)" >&2; exit 1; }
if ! cmp -s package-lock.json node_modules/.from-lock; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/.from-lock
fi
built=../crates/server/dashboard

need_chromium() {
    if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        (apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium) >/dev/null 2>&1 || true
    fi
    # pictures are taken of servers that live at a certain time; without it they are not compared
    if [ -n "${REFRAIN_ALL:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y libfaketime >/dev/null 2>&1 || true
    fi
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || { echo "Chromium is missing: install it (on Debian and Ubuntu: sudo apt install chromium), or name it in CHROMIUM" >&2; exit 1; }
}

# Writes the types of the API, as the document of a server that is started for it has them, into a file.
types() {
    local folder pid said
    folder=$(mktemp -d)
    ../target/debug/refrain serve --data "$folder" --listen 127.0.0.1:0 >"$folder/said" 2>/dev/null &
    pid=$!
    for _ in $(seq 100); do
        said=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/said" || true)
        [ -z "$said" ] || break
        sleep 0.1
    done
    npx openapi-typescript "$said/openapi.json" --default-non-nullable=false --output "$1" >/dev/null
    kill "$pid"
    rm -rf "$folder"
}

case "$1" in
build)
    types src/api/schema.d.ts
    npx vite build --logLevel error
    ;;
test)
    there=$(mktemp -d)
    trap 'rm -rf "$there"' EXIT
    types "$there/schema.d.ts"
    if ! cmp -s "$there/schema.d.ts" src/api/schema.d.ts; then
        echo "src/api/schema.d.ts is not what the API's document says: run 'make dashboard' and commit it" >&2
        exit 1
    fi
    npx svelte-check --tsconfig ./tsconfig.json --fail-on-warnings --output machine
    npx vitest run
    # what is committed is what the sources make
    npx vite build --logLevel error --outDir "$there/built"
    if ! diff -rq --exclude='*.br' "$there/built" "$built"; then
        echo "crates/server/dashboard is not what dashboard/ makes: run 'make dashboard' and commit it" >&2
        exit 1
    fi
    need_chromium
    npx vitest run --config vitest.browser.config.ts
    # of the journeys, one that goes through most of the product, unless all is asked for
    ../scripts/with-postgres.sh npx vitest run --config vitest.browser.config.ts "$([ -n "${REFRAIN_ALL:-}" ] && echo journeys || echo journeys/triage)"
    ;;
bench)
    need_chromium
    REFRAIN_BINARY=${REFRAIN_BINARY:-../target/release/refrain} npx vitest run --config vitest.browser.config.ts
    ;;
esac
