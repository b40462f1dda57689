#!/bin/sh
# Makes ready what the console's proof needs beside Node: Debian's Chromium, and the two npm packages of
# tests/browser at the versions of its lock file. What is there already is left as it is.
#
#   deploy/browser.sh
#
# Exit codes: 0 all there, 3 something is missing and cannot be installed here.
set -eu
cd "$(dirname "$0")/.."

chromium=${HUB_TEST_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$chromium" ]; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "Chromium is missing: install Debian's package chromium, or name one in HUB_TEST_CHROMIUM" >&2
        exit 3
    fi
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        chromium fonts-liberation; } >&2 || exit 3
fi
if ! command -v npm >/dev/null; then
    echo "Node is missing: install node and npm, version 20 or later" >&2
    exit 3
fi
# The lock file names versions and hashes, and no address: whatever registry is configured serves them.
if [ ! -e tests/browser/node_modules/playwright-core ] || [ ! -e tests/browser/node_modules/axe-core ]; then
    (cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund) >&2 || exit 3
fi
"$chromium" --version >&2
