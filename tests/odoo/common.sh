# Sourced by up and down: where things live, and how to speak about them.
# stdout is data (NAME=value lines), stderr is everything else.

say() { printf 'odoo: %s\n' "$*" >&2; }
die() { printf 'odoo: %s\n' "$*" >&2; exit 1; }
# 77 is the exit code by which test drivers know "skipped" from "failed".
skip() { printf 'skipped: %s\n' "$*" >&2; exit 77; }

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${CARRY_CACHE:-${HOME:?HOME is not set}/.cache/carryforward}/odoo
mkdir -p "$CACHE" || die "the cache folder $CACHE cannot be made; name another one in CARRY_CACHE"
chmod 700 "$CACHE"

# PostgreSQL refuses to run as root, so root runs it as the package's own user. That user may
# not be able to enter root's cache; then the cluster lives in its home, named after the cache.
PG_USER=$(id -un)
PG_DIR=$CACHE/pg
if [ "$(id -u)" = 0 ]; then
    PG_USER=postgres
    PG_DIR=/var/lib/postgresql/carryforward-$(printf %s "$CACHE" | cksum | cut -d' ' -f1)
fi

as_pg() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid="$PG_USER" --regid="$PG_USER" --init-groups "$@")
    else
        "$@"
    fi
}

# The newest installed server; Debian keeps each version in its own folder, outside PATH.
find_pg_bin() {
    local dir
    for dir in $(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV); do
        [ -x "$dir/initdb" ] && { echo "$dir"; return; }
    done
}

# Alive, and really the program we started: a process id may have been given to another one.
is_running() { # pid-file, word of its command line
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && grep -qz -- "$2" "/proc/$pid/cmdline" 2>/dev/null
}

# One up or down at a time; what they start must not inherit the lock (9>&-).
lock() {
    exec 9>"$CACHE/lock"
    flock -n 9 || { say "waiting for another up or down"; flock 9; }
}
