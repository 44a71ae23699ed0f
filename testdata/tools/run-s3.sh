#!/usr/bin/env bash
# Serves the demo lake from a real S3 server on this machine: $1 is the build
# folder, $2 the port of the SQL endpoint. Keys are made once and kept in
# $1/s3/keys, readable by their owner alone; $1/s3/access.log names every request.
# The S3 server ends with this script.
set -eu -o pipefail
build=$(cd "$1" && pwd)
port=$2
s3_port=${S3_PORT:-5440}
dir=$build/s3
umask 077
mkdir -p "$dir/buckets/lake"

if [ ! -s "$dir/keys" ]; then
	random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
	printf 'AWS_ACCESS_KEY_ID=sluice%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$(random 6)" "$(random 24)" >"$dir/keys.new"
	mv "$dir/keys.new" "$dir/keys"
fi
set -a
# shellcheck disable=SC1091
. "$dir/keys"
set +a

if (exec 3<>"/dev/tcp/127.0.0.1/$s3_port") 2>/dev/null; then
	echo "port $s3_port is in use: stop what uses it, or set S3_PORT to another one" >&2
	exit 1
fi
# A session of its own: an interrupt on the terminal reaches sluice first. Both
# get SIGTERM when this shell ends in any way.
ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY \
	setsid setpriv --pdeathsig TERM "$build/tools/versitygw" --keep-alive --quiet --region us-east-1 \
	--port "127.0.0.1:$s3_port" --access-log "$dir/access.log" posix "$dir/buckets" >"$dir/output" 2>&1 </dev/null &
s3=$!
sluice=
end() {
	[ -z "$sluice" ] || kill -TERM "$sluice" 2>/dev/null || true
	[ -z "$sluice" ] || wait "$sluice" || true
	kill -TERM "$s3" 2>/dev/null || true
	wait "$s3" 2>/dev/null || true
}
trap end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

for _ in $(seq 100); do
	if (exec 3<>"/dev/tcp/127.0.0.1/$s3_port") 2>/dev/null; then break; fi
	if ! kill -0 "$s3" 2>/dev/null; then
		echo "the S3 server ended at once; it said:" >&2
		cat "$dir/output" >&2
		exit 1
	fi
	sleep 0.05
done

umask 022
export SLUICE_S3_ENDPOINT="http://127.0.0.1:$s3_port" SLUICE_S3_PATH_STYLE=true SLUICE_S3_REGION=us-east-1
# shellcheck disable=SC2086
setpriv --pdeathsig TERM bin/sluice demo --dir "$build/demo-s3" --lake s3://lake/demo --listen "127.0.0.1:$port" --serve ${DEMO_FLAGS:-} &
sluice=$!
wait "$sluice"
