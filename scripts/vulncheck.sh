#!/usr/bin/env bash
# Looks for known vulnerabilities that our code calls, without the network. $1 is a copy of the Go vulnerability
# database (github.com/golang/vulndb, CC-BY-4.0) in the layout of vuln.go.dev: a directory, or a tar.xz of one.
# Without one, says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/.."

db=${1:-}
if [ -z "$db" ]; then
    echo "SKIPPED: no copy of the Go vulnerability database; set AIKAGI_VULNDB to a directory or tar.xz"
    exit 0
fi
if [ -f "$db" ]; then
    unpacked=.cache/vulndb/$(basename "$db" .tar.xz)
    if [ ! -d "$unpacked" ]; then
        mkdir -p "$unpacked.part"
        tar -xJf "$db" -C "$unpacked.part"
        mv "$unpacked.part" "$unpacked"
    fi
    db=$unpacked
fi
index=$(find "$db" -path '*/index/db.json' -print -quit)
if [ -z "$index" ]; then
    echo "$db holds no index/db.json"
    exit 1
fi
db=$(cd "$(dirname "$index")/.." && pwd)
# The copy's name carries its date; the entries of some copies carry none.
echo "Vulnerability database: ${1##*/}; what is newer is not in it."
go tool -modfile=tools/go.mod govulncheck -db "file://$db" "${@:2}"
