#!/usr/bin/env bash
# Installs what the tests need beside Go: PostgreSQL 15, a JDK with pgjdbc, and
# Python clients in a virtual environment under $1. What is there is left alone.
set -eu -o pipefail
build=$1
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
want=()
[ -x /usr/lib/postgresql/15/bin/postgres ] || want+=(postgresql-15)
command -v psql >/dev/null || want+=(postgresql-client)
command -v javac >/dev/null || want+=(default-jdk-headless)
command -v mvn >/dev/null || want+=(maven)
[ -f /usr/share/java/postgresql.jar ] || want+=(libpostgresql-jdbc-java)
python3 -c 'import venv, ensurepip' 2>/dev/null || want+=(python3-venv)
if [ ${#want[@]} -gt 0 ]; then
	echo "installing ${want[*]}"
	if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}"; } >"$build/apt.log" 2>&1; then
		echo "missing: ${want[*]} (apt-get install failed, see $build/apt.log)" >&2
		exit 1
	fi
fi
pins="duckdb==2.0.0 tpchgen-cli==4.0.0 psycopg[binary]==3.3.9 pyarrow"
if [ "$(cat "$build/venv/.pins" 2>/dev/null)" != "$pins" ]; then
	rm -rf "$build/venv"
	python3 -m venv "$build/venv"
	# shellcheck disable=SC2086
	"$build/venv/bin/pip" install -q --disable-pip-version-check $pins
	echo "$pins" >"$build/venv/.pins"
fi
# TPC-DS's data, texts and answers are those of one version of DuckDB's extension.
pins="duckdb==1.5.5 duckdb-extension-tpcds==1.5.5"
if [ "$(cat "$build/venv-ds/.pins" 2>/dev/null)" != "$pins" ]; then
	rm -rf "$build/venv-ds"
	python3 -m venv "$build/venv-ds"
	# shellcheck disable=SC2086
	"$build/venv-ds/bin/pip" install -q --disable-pip-version-check $pins
	echo "$pins" >"$build/venv-ds/.pins"
fi
# Debian's pgjdbc cannot bind logins to their TLS channel; this one can.
pgjdbc=42.7.7
if [ ! -f "$build/jars/postgresql-$pgjdbc.jar" ]; then
	rm -rf "$build/jars"
	mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:2.8:copy \
		-Dartifact="org.postgresql:postgresql:$pgjdbc" -DoutputDirectory="$(realpath "$build")/jars"
fi
