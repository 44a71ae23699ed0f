#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (60s), from its seeds and what is kept in
# testdata/fuzz beside it. An input whose coverage changes from run to run, as that of
# a session's messages does, would be minimised in vain: that gets a second. FUZZ names the targets to run, as a regular expression.
set -eu -o pipefail
compile=$PWD/testdata/tools/fuzz-compile.sh
git grep -lE '^func Fuzz[A-Za-z0-9]+\(' -- '*_test.go' | while read -r file; do
	for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9]+)\(.*/\1/p' "$file"); do
		[[ $target =~ ${FUZZ:-.} ]] || continue
		echo "fuzz $(dirname "$file") $target for ${FUZZTIME:-60s}"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" -fuzzminimizetime 1s -timeout 2h \
			-toolexec "$compile" "./$(dirname "$file")" </dev/null
	done
done
