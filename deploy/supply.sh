#!/usr/bin/env bash
# What others wrote and we compile in: licences, where it comes from, what is there twice. The rules are in deny.toml.
#
# cargo-deny checks them. Where it is missing it is built once, from crates.io, into the target folder: about three
# minutes of one processor. Advisories are left out: they need a database that changes by the hour.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools="${CARGO_TARGET_DIR:-target}/tools"
deny="$tools/bin/cargo-deny"
if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    cargo install cargo-deny --locked --version "$version" --root "$tools" --force
fi
"$deny" --log-level warn check bans licenses sources
