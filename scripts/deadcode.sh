#!/usr/bin/env bash
# Fails on functions that the binary cannot reach. Known ones, each with its
# reason, are in scripts/deadcode.known; an entry that is no longer dead fails too.
set -euo pipefail
cd "$(dirname "$0")/.."
known=scripts/deadcode.known
dead=$(go tool -modfile=tools/go.mod deadcode ./cmd/... | sed -E 's/^([^:]+):[0-9:]+ unreachable func: (.*)$/\1 \2/' | sort)
listed=$(sed -E '/^ *(#|$)/d; s/ +# .*$//' "$known" | sort)
new=$(comm -23 <(echo "$dead") <(echo "$listed"))
gone=$(comm -13 <(echo "$dead") <(echo "$listed"))
if [ -n "$new" ]; then echo "Unreachable, and not in $known:"; echo "$new"; fi
if [ -n "$gone" ]; then echo "In $known, but not unreachable:"; echo "$gone"; fi
[ -z "$new$gone" ]
