#!/usr/bin/env bash
# Runs every fuzz target for a while, one after the other: fuzz.sh TIME [PATTERN]
# prints how many inputs each tried and fails if one of them broke a promise.
# Inputs that did are kept by Go in testdata/fuzz beside the target.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
pattern=${2:-.}
broken=()
while IFS=: read -r file name; do
	package=./$(dirname "$file")
	if out=$(${GO:-go} test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 5s 2>&1); then
		printf '%-22s %-28s %s\n' "$name" "${package#./}" "$(grep -o 'execs: [0-9]*' <<<"$out" | tail -n 1)"
	else
		printf '%-22s %-28s BROKEN\n%s\n' "$name" "${package#./}" "$out"
		broken+=("$name")
	fi
done < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . |
	sed -E 's|^\./([^:]*):[0-9]+:func (Fuzz.*)$|\1:\2|' | grep -E ":.*$pattern" | sort)
[ ${#broken[@]} -eq 0 ] || { echo "broken: ${broken[*]}"; exit 1; }
