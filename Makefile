# Sluice: the two commands to know are `make run` and `make test`.
#
#   make run            build, make the demo lake if there is none, serve on 127.0.0.1:5439
#   make run LAKE=s3    the same with the lake in a real S3 server, installed and started here
#   make test           install what the tests need, run all of them
#   make suites         the suites under ../shared/suites, a seeded slice of the long ones
#   make race           the packages' tests under the race detector, without SIMD
#   make fuzz           every fuzz target for a minute
#   make soak           everything in full: the suites, 200 kills, 100,000 partitions,
#                       ten minutes of each fuzz target (SOAK=crash: one part)
#   make bench          TPC-H against DuckDB (SF=1; SF=10)
#   make bench-s3       the same from a real S3 server

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

BUILD  ?= build
LAKE   ?= local
PORT   ?= 5439
SF     ?= 1
SUITES ?= ../shared/suites

# Tests of the built program with real clients and servers; ./... does not see testdata.
HARNESS_TESTS := ./testdata/e2e/...

VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0

# SIMD is chosen at run time; the same binary runs on any amd64.
export GOEXPERIMENT ?= simd
export GOFLAGS ?= -buildvcs=false

GO_FILES := $(shell find . \( -name '*.go' -o -name '*.tsv' \) -not -name '*_test.go' -not -path './bench/*' -not -path './testdata/*' -not -path './$(BUILD)/*' 2>/dev/null) \
	go.mod go.sum

.PHONY: build run test race fuzz suites soak bench bench-s3 check clean tools
build: bin/sluice

bin/sluice: $(GO_FILES)
	@mkdir -p bin
	go build -trimpath -o $@ ./cmd/sluice

run: bin/sluice
ifeq ($(LAKE),s3)
run: $(BUILD)/tools/versitygw
	@exec testdata/tools/run-s3.sh $(BUILD) $(PORT)
else
	@exec bin/sluice demo --dir $(BUILD)/demo --listen 127.0.0.1:$(PORT) --serve
endif

$(BUILD)/tools/versitygw:
	@mkdir -p $(BUILD)/tools
	GOEXPERIMENT= GOBIN=$(abspath $(BUILD)/tools) go install $(VERSITYGW)

# What tests need that is no Go package: each is installed, or named in one line.
tools: $(BUILD)/tools/versitygw
	@testdata/tools/install.sh $(BUILD)

check:
	@testdata/tools/check.sh

test: tools check bin/sluice
	PATH="$(abspath $(BUILD)/tools):$$PATH" SLUICE_BUILD=$(abspath $(BUILD)) testdata/tools/test.sh

race: tools bin/sluice
	GOEXPERIMENT= PATH="$(abspath $(BUILD)/tools):$$PATH" SLUICE_BUILD=$(abspath $(BUILD)) go test -race -timeout 40m ./...

fuzz:
	testdata/tools/fuzz.sh

suites: tools bin/sluice
	PATH="$(abspath $(BUILD)/tools):$$PATH" SLUICE_BUILD=$(abspath $(BUILD)) SLUICE_SUITES=$(abspath $(SUITES)) testdata/tools/suites.sh slice

soak: tools bin/sluice
	PATH="$(abspath $(BUILD)/tools):$$PATH" SLUICE_BUILD=$(abspath $(BUILD)) SLUICE_SUITES=$(abspath $(SUITES)) testdata/tools/soak.sh

bench: tools bin/sluice
	@bench/run.sh $(SF)

bench-s3: tools bin/sluice
	@bench/run-s3.sh $(SF)

clean:
	rm -rf bin $(BUILD)
