#!/usr/bin/env bash
# TPC-H over the wire against DuckDB: bench/run.sh local|s3 SF. Prints a table and
# writes build/bench/tpch-<where>-sf<SF>.{md,json,svg}.
set -eu -o pipefail
cd "$(dirname "$0")/.."
where=$1 sf=$2
build=build
data=$build/tpch/sf$sf
[ -f "$data/region.parquet" ] || "$build/venv/bin/tpchgen-cli" parquet -s "$sf" --output-dir "$data"
mkdir -p "$build/bench"
exec "$build/venv/bin/python" bench/tpch.py --where "$where" --sf "$sf" --data "$data" --queries "${SUITES:-../shared/suites}/tpch/queries" --out "$build/bench/tpch-$where-sf$sf" "${@:3}"
