#!/usr/bin/env bash
# The static check of the style: gofmt, go vet, staticcheck as go.mod pins it.
set -eu -o pipefail
bad=$(git ls-files '*.go' | xargs -r gofmt -l)
if [ -n "$bad" ]; then
	echo "not formatted by gofmt:"
	echo "$bad"
	exit 1
fi
go vet ./...
go tool staticcheck ./...
