#!/bin/sh
# Starts and stops a PostgreSQL of one's own in a folder, from the programs of Debian's package: for
# development and for the tests that need a real server. Never touches another server on the machine.
#
#   deploy/postgres.sh start DIR [PORT]   prints DATABASE_URL=… on stdout, the server's version on stderr
#   deploy/postgres.sh stop DIR
#
# Without PORT it takes a free one.
# Exit codes: 0 done, 1 the server did not start or stop, 2 wrong use, 3 PostgreSQL is not installed.
set -eu

usage() {
    echo "usage: $0 start DIR [PORT] | stop DIR" >&2
    exit 2
}

# The folder with the newest server's programs; nothing where there is none.
programs() {
    for bin in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
        if [ -x "$bin/initdb" ]; then
            echo "$bin"
            return
        fi
    done
}

install() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "PostgreSQL is missing: install Debian's package postgresql" >&2
        exit 3
    fi
    # Without the cluster that the package makes for itself: the folder given here is the only one.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2 || exit 3
}

# The server refuses to run as root: root's server belongs to the package's user.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

start() {
    bin=$(programs)
    if [ -z "$bin" ]; then
        install
        bin=$(programs)
    fi
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    # Only a folder that holds nothing of anybody else's is made the server's own.
    if [ -z "$(ls -A "$dir")" ]; then
        [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
        chmod 700 "$dir"
    fi
    # Initialised and running already is fine: the address is printed again.
    if [ ! -e "$dir/data/PG_VERSION" ]; then
        as_owner "$bin/initdb" --pgdata="$dir/data" --username=hub --auth=trust --encoding=UTF8 --locale=C.UTF-8 >&2
    fi
    if as_owner "$bin/pg_ctl" status --pgdata="$dir/data" >/dev/null 2>&1; then
        port=$(sed -n 4p "$dir/data/postmaster.pid")
    else
        as_owner "$bin/pg_ctl" start --wait --silent --pgdata="$dir/data" --log="$dir/log" \
            -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir' -c shared_buffers=256MB -c max_wal_size=4GB" >&2 || {
            tail -n 5 "$dir/log" >&2
            exit 1
        }
    fi
    "$bin/postgres" --version >&2
    echo "DATABASE_URL=postgres://hub@127.0.0.1:$port/postgres"
}

stop() {
    bin=$(programs)
    [ -n "$bin" ] || exit 3
    as_owner "$bin/pg_ctl" stop --wait --silent --mode=fast --pgdata="$dir/data" >&2
}

[ $# -ge 2 ] || usage
dir=$2
case $1 in
start)
    port=${3:-$("$(dirname "$0")/port.sh")}
    start
    ;;
stop) stop ;;
*) usage ;;
esac
