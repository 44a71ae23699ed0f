#!/usr/bin/env bash
# Everything in full, part by part, each within its budget of time. SOAK names the
# parts to run, as a regular expression.
set -eu -o pipefail
part() { # name, budget, command
	local name=$1 budget=$2 begun=$SECONDS
	shift 2
	[[ $name =~ ${SOAK:-.} ]] || return 0
	echo "soak $name: budget $budget"
	timeout "$budget" "$@" </dev/null
	echo "soak $name: took $((SECONDS - begun)) s"
}
e2e() { # package, variables
	local package=$1
	shift
	env "$@" go test -count=1 -timeout 3h -v "./testdata/e2e/$package" | { grep -vE '^=== (RUN|PAUSE|CONT)' || true; }
}
export -f e2e

part race 60m make race
part crash 30m bash -eu -o pipefail -c 'e2e crash SLUICE_CRASH_KILLS=200'
part pruning 30m bash -eu -o pipefail -c 'e2e pruning SLUICE_PARTITIONS=100000'
part differential 150m bash -eu -o pipefail -c 'e2e differential SLUICE_DIFFERENTIAL=200000'
part fuzz 150m env FUZZTIME=10m testdata/tools/fuzz.sh
part suites 120m testdata/tools/suites.sh full
