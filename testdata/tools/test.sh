#!/usr/bin/env bash
# The tests of every package, then those that run the whole program: one package
# at a time, since they measure times.
set -eu -o pipefail
go test -timeout 20m ./...
go test -count=1 -timeout 20m -p 1 ./testdata/e2e/... ./testdata/slt
