#!/bin/sh
# One Apache Kafka node for development and for the tests: KRaft, loopback only, no container.
#
#   deploy/kafka.sh start DIR [PORT [TLS]]   prints KAFKA_BROKERS=127.0.0.1:PORT on stdout, the version on stderr
#   deploy/kafka.sh stop DIR                 stops the node of that folder; its data stay
#   deploy/kafka.sh tool CLASS ...           runs one of Kafka's own tools, such as org.apache.kafka.tools.TopicCommand
#
# Without PORT it keeps the one it had, or takes a free one; the controller takes a free one. DIR/more.properties, where it
# is there, has the last word, and DIR/users names whom a new node knows: `SCRAM-SHA-512=[name=…,password=…]`, one a line. A single node does not fsync each write: it survives a kill, not a power cut, so it is no
# place for real data. With TLS, a folder with server.pem (its key, then its certificate) and ca.pem, it speaks TLS only,
# and to clients that show a certificate of that authority.
# Exit codes: 0 done, 1 the node did not start, 2 wrong use, 3 something is missing.
set -eu

VERSION=4.3.1
PORTS="$(dirname "$0")/port.sh"
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/voortraject/kafka-$VERSION"

say() { printf '%s\n' "$*" >&2; }

use() {
    say "use: $0 start DIR [PORT [TLS]] | $0 stop DIR | $0 tool CLASS ..."
    exit 2
}

needs() {
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || { say "missing: $program"; exit 3; }
    done
}

running() {
    [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

# The jars, once. They come through Maven into a folder beside the cache and move there when complete.
jars() {
    [ -d "$CACHE/libs" ] && return
    needs mvn
    say "fetching Apache Kafka $VERSION (45 MB, once)"
    work="$CACHE.$$"
    mkdir -p "$work"
    cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
 <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
 <dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$VERSION</version>
   <exclusions><exclusion><groupId>org.apache.kafka</groupId><artifactId>connect-runtime</artifactId></exclusion></exclusions>
  </dependency>
  <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
 </dependencies>
</project>
POM
    if ! mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$work/libs" >"$work/mvn.log" 2>&1; then
        say "missing: the jars of Apache Kafka $VERSION; Maven says why in $work/mvn.log"
        exit 3
    fi
    mkdir -p "$CACHE"
    mv "$work/libs" "$CACHE/libs"
    rm -rf "$work"
}

settings() {
    cat >"$1/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
advertised.listeners=PLAINTEXT://127.0.0.1:$2
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$1/data
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
PROPERTIES
    [ -z "$4" ] || cat >>"$1/server.properties" <<PROPERTIES
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:SSL
ssl.keystore.type=PEM
ssl.keystore.location=$4/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$4/ca.pem
ssl.client.auth=required
PROPERTIES
    [ ! -f "$1/more.properties" ] || cat "$1/more.properties" >>"$1/server.properties"
    cat >"$1/log4j2.properties" <<PROPERTIES
status=error
appender.c.type=Console
appender.c.name=c
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=%d %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.c.ref=c
PROPERTIES
}

start() {
    needs java
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    if running "$dir"; then
        say "already running; its port is in $dir/port"
        printf 'KAFKA_BROKERS=127.0.0.1:%s\n' "$(cat "$dir/port")"
        return
    fi
    jars
    port=${2:-$(cat "$dir/port" 2>/dev/null || "$PORTS")}
    settings "$dir" "$port" "$("$PORTS")" "$3"
    log4j="-Dlog4j2.configurationFile=$dir/log4j2.properties"
    if [ ! -f "$dir/data/meta.properties" ]; then
        id=$(head -c16 /dev/urandom | base64 | tr '+/' 'AA' | tr -d =)
        set -- format -t "$id" -c "$dir/server.properties"
        [ ! -f "$dir/users" ] || while read -r user; do set -- "$@" --add-scram "$user"; done <"$dir/users"
        java -Xmx128m "$log4j" -cp "$CACHE/libs/*" kafka.tools.StorageTool "$@" >"$dir/format.log" 2>&1 || { say "format failed: $dir/format.log"; exit 1; }
    fi
    nohup java -Xms128m -Xmx256m -XX:+UseSerialGC -Djava.awt.headless=true "$log4j" -cp "$CACHE/libs/*" \
        kafka.Kafka "$dir/server.properties" >"$dir/out.log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    waited=0
    until grep -q 'Kafka Server started' "$dir/out.log"; do
        if ! running "$dir" || [ "$waited" -ge 300 ]; then
            say "the node did not start: $dir/out.log"
            stop "$dir"
            exit 1
        fi
        waited=$((waited + 1))
        sleep 0.2
    done
    say "Apache Kafka $VERSION"
    printf 'KAFKA_BROKERS=127.0.0.1:%s\n' "$port"
}

stop() {
    if running "$1"; then
        pid=$(cat "$1/pid")
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    fi
    rm -f "$1/pid"
}

case "${1:-}" in
start) [ $# -ge 2 ] || use; start "$2" "${3:-}" "${4:-}" ;;
stop) [ $# -eq 2 ] || use; stop "$2" ;;
tool) [ $# -ge 2 ] || use; needs java; jars; shift; exec java -Xmx128m -cp "$CACHE/libs/*" "$@" ;;
*) use ;;
esac
