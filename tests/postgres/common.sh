# shellcheck shell=bash
# What up and down share: where the private cluster is and which programs run it.

STATE=${CARRY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carryforward}/postgres
# The server refuses to run as root and must reach its folder: as root the cluster lives where its user may go.
if [ "$(id -u)" = 0 ]; then
    STATE=${CARRY_PG_DIR:-/var/tmp/carryforward-postgres}
    as_pg() { runuser -u postgres -- "$@"; }
else
    STATE=${CARRY_PG_DIR:-$STATE}
    as_pg() { "$@"; }
fi
PG_USER=carryforward

find_pg_bin() {
    local dir
    for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -Vr); do
        [ -x "$dir/initdb" ] && { printf '%s' "$dir"; return; }
    done
    dir=$(command -v initdb) && dirname "$(readlink -f "$dir")"
    return 0
}
