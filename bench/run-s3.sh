#!/usr/bin/env bash
# TPC-H from a real S3 server against DuckDB with httpfs: bench/run-s3.sh SF [options].
# Prints a table and writes build/bench/tpch-s3-sf<SF>.{md,json,svg}.
set -eu -o pipefail
cd "$(dirname "$0")/.."
sf=$1
build=build
data=$build/tpch/sf$sf
[ -f "$data/region.parquet" ] || "$build/venv/bin/tpchgen-cli" parquet -s "$sf" --output-dir "$data"
# The extension's package is for one release of DuckDB, which is not that of $build/venv.
pins="duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 psycopg[binary]==3.3.9"
if [ "$(cat "$build/venv-s3/.pins" 2>/dev/null)" != "$pins" ]; then
	rm -rf "$build/venv-s3"
	python3 -m venv "$build/venv-s3"
	# shellcheck disable=SC2086
	"$build/venv-s3/bin/pip" install -q --disable-pip-version-check $pins
	echo "$pins" >"$build/venv-s3/.pins"
fi
mkdir -p "$build/bench"
exec "$build/venv-s3/bin/python" bench/tpch_s3.py --sf "$sf" --data "$data" --queries "${SUITES:-../shared/suites}/tpch/queries" \
	--server "$build/tools/versitygw" --out "$build/bench/tpch-s3-sf$sf" "${@:2}"
