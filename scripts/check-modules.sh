#!/usr/bin/env bash
# Checks go.mod: nothing was tampered with, nothing is superfluous, and each direct dependency says what it is for.
set -euo pipefail
cd "$(dirname "$0")/.."

go mod verify
go mod tidy -diff || {
    echo "go.mod or go.sum is not tidy; run: go mod tidy"
    exit 1
}

# SQLite is C translated to Go against one version of libc; with another one it fails in ways that look like corruption.
sqlite=$(go list -m -f '{{.Dir}}' modernc.org/sqlite)
want=$(awk '$1 == "modernc.org/libc" { print $2 } $2 == "modernc.org/libc" { print $3 }' "$sqlite/go.mod")
got=$(go list -m -f '{{.Version}}' modernc.org/libc)
if [ "$got" != "$want" ]; then
    echo "go.mod: modernc.org/libc is $got, but modernc.org/sqlite was made with $want"
    exit 1
fi

# A comment on the line, or on a line of its own right above.
awk '
    /^\t?\/\// { above = 1; next }
    $1 == "require" && $2 == "(" { inside = 1; above = 0; next }
    $1 == ")" { inside = 0 }
    $1 == "require" || inside {
        if ($0 !~ /\/\// && !above) {
            printf "go.mod:%d: %s: say in a comment what it is for\n", NR, ($1 == "require" ? $2 : $1)
            bad = 1
        }
    }
    { above = 0 }
    END { exit bad }
' go.mod
