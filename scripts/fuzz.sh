#!/usr/bin/env bash
# Serves an empty database and lets a property-based fuzzer loose on it: fuzz.sh SCHEMATHESIS REFRAIN
# Fails on an answer of 500 or above, on an answer that its document does not describe, and on a request
# against the document that is accepted. The contract calls dates and cursors plain strings, so a request that
# fits it may be refused.
set -euo pipefail
schemathesis=$(realpath "$1") refrain=$(realpath "$2") dir=$(mktemp -d)
stop() {
    kill "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT
server=
# some conversations, so that there are insights, sessions and contacts to find
for i in $(seq 40); do
    echo "{\"id\": $i, \"contact\": {\"email\": \"c$i@example.com\"}, \"turns\": [{\"role\": \"contact\", \"text\": \"Where is my refund, it has not arrived\"}]}"
done >"$dir/some.jsonl"
"$refrain" import "$dir/some.jsonl" --data "$dir/data" >/dev/null
token=$("$refrain" keys create --name fuzz --json --data "$dir/data" | sed 's/.*"token":"\([^"]*\)".*/\1/')
REFRAIN_RATE_LIMIT=0 REFRAIN_LOG=error "$refrain" serve --data "$dir/data" --listen 127.0.0.1:0 >"$dir/out" &
server=$!
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$dir/out")
    [ -n "$url" ] && break
    sleep 0.1
done
cd "$dir"
# a method that the server does not know is answered with 501, not with 405
cat >schemathesis.toml <<'END'
[phases.coverage]
unexpected-methods = ["get", "put", "post", "delete", "options", "patch"]
END
# what has no end, and what asks another server, is left out
"$schemathesis" run "$url/openapi.json" --exclude-path /changes --exclude-path /settings/language-model/test --header "Authorization: Bearer $token" \
    --checks all --exclude-checks positive_data_acceptance --phases examples,coverage,fuzzing,stateful --max-examples "${FUZZ_EXAMPLES:-60}" --seed 1 --workers 2
