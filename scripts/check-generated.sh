#!/usr/bin/env bash
# Runs every generator and fails if a file changed. Works in a tree with uncommitted changes: it compares before and
# after, not with the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."

fingerprint() {
    git ls-files --cached --others --exclude-standard -z | sort -zu |
        while IFS= read -r -d '' file; do
            [ ! -f "$file" ] || git hash-object --no-filters -- "$file" | sed "s|\$| $file|"
        done
}

before=$(fingerprint)
go generate ./...
if ! changed=$(diff <(echo "$before") <(fingerprint)); then
    echo "Generated files were stale; they are fresh now, commit them:"
    echo "$changed" | awk '/^[<>]/ { print "  " $3 }' | sort -u
    exit 1
fi
