#!/usr/bin/env bash
# Runs a command with TEST_DATABASE_URL naming a PostgreSQL server of its own, which is gone afterwards, and
# TEST_POSTGRES_CTL a command that takes `start` and `stop` for it.
# A server that TEST_DATABASE_URL names already is used as it is. Without PostgreSQL on the machine it is
# installed where that is possible, as root on Debian; elsewhere one line says how to get it.
set -euo pipefail

if [ -n "${TEST_DATABASE_URL:-}" ]; then
    exec "$@"
fi

find_bin() {
    for dir in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then echo "$dir"; return; fi
    done
}

bin=$(find_bin)
if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y postgresql) >/dev/null 2>&1 || true
    bin=$(find_bin)
fi
if [ -z "$bin" ]; then
    echo "PostgreSQL is missing: install it (on Debian and Ubuntu: sudo apt install postgresql), or name a server in TEST_DATABASE_URL" >&2
    exit 1
fi

dir=$(mktemp -d)
as_user=()
if [ "$(id -u)" = 0 ]; then
    # the server refuses to run as root
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$dir"
    as_user=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
fi
stop() {
    "$dir/ctl" stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT

cd "$dir"
"${as_user[@]}" "$bin/initdb" -D "$dir/data" -U refrain -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
# a unix socket alone, and no waiting for disks: the data is thrown away
cat >"$dir/ctl" <<END
#!/usr/bin/env bash
cd "$dir"
exec ${as_user[*]} "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -m fast "\$1" \
    -o "-k $dir -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=256MB" \
    >/dev/null
END
chmod +x "$dir/ctl"
"$dir/ctl" start || { cat "$dir/log" >&2; exit 1; }
cd "$OLDPWD"
host=$(printf %s "$dir" | sed 's|/|%2F|g')
TEST_POSTGRES_CTL="$dir/ctl" TEST_DATABASE_URL="postgres://refrain@$host/postgres" "$@"
