#!/usr/bin/env bash
# Stands before the compiler (go test -toolexec) in builds of fuzz targets: only what
# is fuzzed gets the fuzzer's instrumentation. The generated code of SQLite and of
# the grammar's trees would take many minutes to compile with it.
set -eu -o pipefail
tool=$1
shift
if [ "${tool##*/}" = compile ]; then
	if [ "${1:-}" = -V=full ]; then # what the build cache knows the compiler by
		echo "$("$tool" -V=full) fuzz-compile"
		exit
	fi
	package=
	args=()
	for a in "$@"; do
		[ "$package" = -p ] && package=$a
		[ "$a" = -p ] && package=-p
		args+=("$a")
	done
	case $package in
	github.com/sluicedb/* | github.com/jackc/pgx/v5/pgproto3 | main) ;;
	*)
		set --
		for a in "${args[@]}"; do
			[ "$a" = -d=libfuzzer ] || set -- "$@" "$a"
		done
		;;
	esac
fi
exec "$tool" "$@"
