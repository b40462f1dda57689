#!/bin/sh
# Prints free ports of the loopback address, one a line, no two alike: for the servers of development and of the tests.
#
#   deploy/port.sh [COUNT]
#
# Below 32768, where Linux gives none away to whoever calls somebody: what is free here stays free until it is taken.
# Exit codes: 0 done, 3 perl is missing.
set -eu
command -v perl >/dev/null || { echo "missing: perl" >&2; exit 3; }
exec perl -MSocket -e '
    my ($left, @held) = (shift // 1);
    while ($left > 0) {
        my $port = 20000 + int rand 12000;
        socket(my $held, PF_INET, SOCK_STREAM, 0) or die "no socket: $!\n";
        bind($held, sockaddr_in($port, INADDR_LOOPBACK)) or next;
        push @held, $held;
        print "$port\n";
        $left--;
    }' "${1:-1}"
