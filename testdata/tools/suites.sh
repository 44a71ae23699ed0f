#!/usr/bin/env bash
# Runs the suites under $SLUICE_SUITES: $1 is slice (seeded parts of the long ones)
# or full. Every suite is a Go test package of its own under testdata/suites.
set -eu -o pipefail
mode=$1
[ -d "$SLUICE_SUITES" ] || { echo "no suites at $SLUICE_SUITES" >&2; exit 1; }
export SLUICE_SUITE_MODE=$mode
for dir in testdata/suites/*/; do
	echo "suite $(basename "$dir") ($mode)"
	go test -count=1 -timeout 60m -v "./$dir" | grep -vE '^=== (RUN|PAUSE|CONT)'
done
