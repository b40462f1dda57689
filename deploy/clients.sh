#!/bin/sh
# Makes ready the clients of other languages that the tests read topics with: each as anybody installs it, nothing of ours.
#
#   deploy/clients.sh python|javascript|java|kcat ...
#
# Each goes into target/clients/NAME, once, which is printed; what is there already is left as it is. As root on Debian it installs Python and
# kcat where they are missing. Call it before tests that run side by side: a package is installed by one at a time.
# Exit codes: 0 all there, 2 wrong use, 3 something is missing and cannot be installed here.
set -eu
cd "$(dirname "$0")/.."

needs() { # PROGRAM WHAT
    command -v "$1" >/dev/null || { echo "missing: $2" >&2; exit 3; }
}

installs() { # PACKAGE WHAT
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "missing: $2 (Debian's package $1)" >&2
        exit 3
    fi
    apt-get update >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >&2 || exit 3
}

python() {
    # Debian splits venv off: asking for it says whether all of it is there.
    python3 -c 'import ensurepip, venv' 2>/dev/null || installs python3-venv "Python 3 with venv"
    python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet 'confluent-kafka[avro]==2.16.0' cloudevents==2.2.0 >&2
}

javascript() {
    needs npm "Node with npm, version 20 or later"
    npm install --silent --no-audit --no-fund --prefix "$1" \
        kafkajs@2.2.4 @kafkajs/confluent-schema-registry@4.1.0 cloudevents@10.0.0 >&2
}

# The jars, by the names in tests/java/pom.xml; the program itself needs no build.
java() {
    needs java "Java, version 17 or later"
    needs mvn Maven
    mvn -q -B -f tests/java/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$1/libs" >&2
}

# It is no library: it is found where programs are.
kcat() {
    # Not this function: the program.
    (unset -f kcat && command -v kcat) >/dev/null || installs kcat kcat
}

[ $# -gt 0 ] || { sed -n 4p "$0" >&2; exit 2; }
for client in "$@"; do
    case $client in python | javascript | java | kcat) ;; *) sed -n 4p "$0" >&2; exit 2 ;; esac
    mkdir -p "${CARGO_TARGET_DIR:-target}/clients/$client"
    home=$(cd "${CARGO_TARGET_DIR:-target}/clients/$client" && pwd)
    if [ ! -e "$home/ready" ]; then
        "$client" "$home" || { echo "the client of $client could not be installed" >&2; exit 3; }
        touch "$home/ready"
    fi
    echo "$home"
done
