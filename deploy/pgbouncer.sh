#!/bin/sh
# Starts and stops a PgBouncer of one's own before a PostgreSQL: for the tests, and to see a deployment behind one.
#
#   deploy/pgbouncer.sh ready                          installs it where it is missing
#   deploy/pgbouncer.sh start DIR PORT SERVER [MODE]   SERVER is PostgreSQL's port; MODE transaction unless told
#   deploy/pgbouncer.sh stop DIR
#
# Prints DATABASE_URL=… on stdout, its version on stderr. It is as Debian installs it but for its pool of two, so that
# two transactions in turn rarely meet the same connection.
# Exit codes: 0 done, 1 it did not start, 2 wrong use, 3 it is not installed.
set -eu

usage() {
    echo "usage: $0 ready | start DIR PORT SERVER [MODE] | stop DIR" >&2
    exit 2
}

# It refuses to run as root.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

install() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "PgBouncer is missing: install Debian's package pgbouncer" >&2
        exit 3
    fi
    # Without the service that the package starts: only the one of this folder runs.
    { apt-get update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends pgbouncer; } >&2 || exit 3
}

ready() {
    command -v pgbouncer >/dev/null || install
}

start() {
    ready
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    echo '"hub" ""' >"$dir/users"
    cat >"$dir/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$2
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
auth_type = trust
auth_file = $dir/users
pool_mode = $3
default_pool_size = 2
unix_socket_dir =
logfile = $dir/log
pidfile = $dir/pid
INI
    [ "$(id -u)" -ne 0 ] || chown -R postgres "$dir"
    as_owner pgbouncer --quiet --daemon "$dir/pgbouncer.ini"
    waited=0
    until grep -q 'process up' "$dir/log" 2>/dev/null; do
        [ "$waited" -lt 100 ] || { cat "$dir/log" >&2; exit 1; }
        waited=$((waited + 1))
        sleep 0.1
    done
    pgbouncer --version | head -n 1 >&2
    echo "DATABASE_URL=postgres://hub@127.0.0.1:$1/postgres"
}

stop() {
    [ -s "$dir/pid" ] || return 0
    pid=$(cat "$dir/pid")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

PATH=$PATH:/usr/sbin
if [ "${1:-}" = ready ]; then
    ready
    exit
fi
[ $# -ge 2 ] || usage
dir=$2
case $1 in
start) [ $# -ge 4 ] || usage; start "$3" "$4" "${5:-transaction}" ;;
stop) stop ;;
*) usage ;;
esac
