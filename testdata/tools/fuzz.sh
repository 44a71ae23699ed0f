#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (60s) over its kept corpus.
set -eu -o pipefail
git grep -lE '^func Fuzz[A-Za-z0-9]+\(' -- '*_test.go' | while read -r file; do
	for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9]+)\(.*/\1/p' "$file"); do
		echo "fuzz $(dirname "$file") $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" "./$(dirname "$file")"
	done
done
