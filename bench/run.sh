#!/usr/bin/env bash
# TPC-H over the wire against DuckDB: bench/run.sh SF [options]. Prints a table and
# writes build/bench/tpch-sf<SF>.{md,json,svg}.
set -eu -o pipefail
cd "$(dirname "$0")/.."
sf=$1
build=build
data=$build/tpch/sf$sf
[ -f "$data/region.parquet" ] || "$build/venv/bin/tpchgen-cli" parquet -s "$sf" --output-dir "$data"
mkdir -p "$build/bench"
exec "$build/venv/bin/python" bench/tpch.py --sf "$sf" --data "$data" --queries "${SUITES:-../shared/suites}/tpch/queries" --out "$build/bench/tpch-sf$sf" "${@:2}"
