package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/storage/format/parquet"
)

// memoryPlan is how the process divides the memory that it may use.
type memoryPlan struct {
	statements int64 // budget of all statements
	statement  int64 // of one
	heap       int64 // soft limit of Go's heap; 0: the environment has set one
	cache      parquet.CacheLimits
}

// planCache sizes the cache. Unless the configuration does, it follows the files in
// use: decompressed dictionaries are worth having at any size of lake, but a small
// lake should not make a large process. Of files in S3 it also keeps pages, of local
// ones the system does: three fifths of a file is most of what statements read of it.
func planCache(cfg *config.Config, total int64) parquet.CacheLimits {
	if n := int64(cfg.Cache.Memory); n > 0 {
		return parquet.CacheLimits{Least: n, Most: n}
	}
	return parquet.CacheLimits{Least: 48 << 20, Most: max(48<<20, total/8), Local: 0.1, Remote: 0.6}
}

// heapMargin is what a process needs beside budgets and caches: footers, trees,
// the catalog, buffers on the wire.
const heapMargin = 256 << 20

// planMemory divides memory by the configuration. total is what the machine or the
// container has; goLimit is Go's limit as the environment set it (math.MaxInt64
// for none): then it is the total, and stays.
func planMemory(cfg *config.Config, total, goLimit int64) memoryPlan {
	own := goLimit == math.MaxInt64
	if goLimit < total {
		total = goLimit
	}
	var p memoryPlan
	if p.statements = int64(cfg.Limits.Memory); p.statements == 0 {
		p.statements = total / 2
	}
	if p.statement = int64(cfg.Limits.StatementMemory); p.statement == 0 {
		p.statement = p.statements / 2
	}
	p.cache = planCache(cfg, total)
	if own {
		cache := p.cache.Most
		if cfg.Cache.Off {
			cache = 0
		}
		want := p.statements + cache + heapMargin
		// A quarter more, so that the collector does not run without end just below
		// the budgets; never so much that the system starts to swap.
		p.heap = min(want+want/4, total/10*9)
	}
	return p
}

// collectAt is how much the heap grows, in percent, before it is collected. Nearly
// all of it is buffers without pointers, which cost the collector nothing to mark,
// so that collecting often is cheap and keeps the process small.
const collectAt = 25

// leastGrowth is how much the heap grows before it is collected at least: what is
// always there, trees of functions and of the catalog, is all pointers, and short
// statements would mark it again every few milliseconds.
const leastGrowth = 16 << 20

// pace is the collector's percentage for so many bytes that are in use.
func pace(live uint64) int {
	return max(collectAt, int(leastGrowth*100/max(live, 1<<20)))
}

// apply sets Go's heap limit and the collector's pace, unless the environment did.
func (p memoryPlan) apply() {
	if os.Getenv("GOGC") == "" {
		keepPace(0)
	}
	if p.heap > 0 {
		debug.SetMemoryLimit(p.heap)
	}
}

// keepPace sets the pace by what the last collection left, again after each. was is
// the percentage that is set.
func keepPace(was int) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	now := pace(live[0].Value.Uint64())
	// Setting it stops every goroutine for a moment.
	if now != was && (now == collectAt || now*5 < was*4 || now*4 > was*5) {
		debug.SetGCPercent(now)
		was = now
	}
	runtime.AddCleanup(new([16]byte), keepPace, was)
}

// availableMemory is the memory of the machine or, if less, of the container.
func availableMemory() int64 {
	total := int64(4 << 30)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kb int64
		if n, _ := fmt.Sscanf(string(b), "MemTotal: %d kB", &kb); n == 1 {
			total = kb << 10
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 {
			total = min(total, n)
		}
	}
	return total
}
