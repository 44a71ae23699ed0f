// Package admin is the administrators' door: metrics for Prometheus, health and
// readiness, and traces of statements. It stands on an address of its own.
package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/storage/format/parquet"
)

// Gauges are what the metrics ask for when they are read. Every one is set.
type Gauges struct {
	Connections func() int
	Queue       func() (running, waiting int)
	Memory      func() (used, limit int64) // bytes, of all statements
	Cache       func() parquet.CacheStats
}

// Metrics count finished statements and show gauges, in a registry of their own.
// They are an engine.Observer. Safe for concurrent use.
type Metrics struct {
	registry   *prometheus.Registry
	statements *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	waited     prometheus.Counter
	rows       prometheus.Counter
	read       prometheus.Counter
	requests   *prometheus.CounterVec
	spilled    prometheus.Counter
}

// NewMetrics makes the metrics; Watch adds the gauges.
func NewMetrics() *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		statements: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sluice_statements_total",
			Help: "Finished statements by SQLSTATE class (00: success) and by where they ran."}, []string{"class", "route"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sluice_statement_seconds",
			Help:    "Time in which statements ran, by where; waits for the client between fetches are not counted.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}}, []string{"route"}),
		waited:  counter("sluice_statement_wait_seconds_total", "Time that statements waited to be admitted."),
		rows:    counter("sluice_rows_total", "Rows given to clients."),
		read:    counter("sluice_storage_read_bytes_total", "Bytes read from object stores and local files by statements."),
		spilled: counter("sluice_spill_bytes_total", "Bytes that statements wrote to spill files."),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sluice_storage_requests_total",
			Help: "Requests to object stores and local files by statements, retries included."}, []string{"operation"}),
	}
	m.registry.MustRegister(m.statements, m.seconds, m.waited, m.rows, m.read, m.requests, m.spilled,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// StatementDone implements engine.Observer.
func (m *Metrics) StatementDone(r engine.StatementRecord) {
	route := routeLabel(r.Route)
	m.statements.WithLabelValues(string(r.Code)[:2], route).Inc()
	m.seconds.WithLabelValues(route).Observe(r.Duration.Seconds())
	m.waited.Add(r.Waited.Seconds())
	m.rows.Add(float64(r.Rows))
	m.read.Add(float64(r.Counters.BytesRead))
	m.spilled.Add(float64(r.SpillBytes))
	for op, n := range map[string]int64{"list": r.Counters.Lists, "head": r.Counters.Heads, "get": r.Counters.Gets, "put": r.Counters.Puts} {
		if n > 0 {
			m.requests.WithLabelValues(op).Add(float64(n))
		}
	}
}

// routeLabel names the route of statements that read nothing.
func routeLabel(route string) string {
	if route == "" {
		return "none"
	}
	return route
}

// Watch registers what is asked for at each reading; version is the program's.
func (m *Metrics) Watch(g Gauges, version string) {
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	gauge("sluice_connections", "Clients that are connected.", func() float64 { return float64(g.Connections()) })
	gauge("sluice_statements_running", "Statements that were admitted and run.", func() float64 { n, _ := g.Queue(); return float64(n) })
	gauge("sluice_statements_waiting", "Statements that wait to be admitted.", func() float64 { _, n := g.Queue(); return float64(n) })
	gauge("sluice_memory_used_bytes", "Memory of running statements, out of their budget.", func() float64 { n, _ := g.Memory(); return float64(n) })
	gauge("sluice_memory_limit_bytes", "Budget of all running statements.", func() float64 { _, n := g.Memory(); return float64(n) })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sluice_build_info", Help: "1, with the version as a label.",
		ConstLabels: prometheus.Labels{"version": version}}, func() float64 { return 1 }))
	start := float64(time.Now().Unix())
	gauge("sluice_start_time_seconds", "When the server started, in seconds since 1970.", func() float64 { return start })
	m.registry.MustRegister(cacheCollector{g.Cache})
}

// cacheCollector shows the one cache, by kind of entry.
type cacheCollector struct{ stats func() parquet.CacheStats }

var (
	cacheBudget    = prometheus.NewDesc("sluice_cache_limit_bytes", "Budget of the cache.", nil, nil)
	cacheBytes     = prometheus.NewDesc("sluice_cache_bytes", "Bytes in the cache.", []string{"kind"}, nil)
	cacheEntries   = prometheus.NewDesc("sluice_cache_entries", "Entries in the cache.", []string{"kind"}, nil)
	cacheHits      = prometheus.NewDesc("sluice_cache_hits_total", "Look-ups that the cache answered.", []string{"kind"}, nil)
	cacheMisses    = prometheus.NewDesc("sluice_cache_misses_total", "Look-ups that it did not answer.", []string{"kind"}, nil)
	cacheEvictions = prometheus.NewDesc("sluice_cache_evictions_total", "Entries dropped for others.", []string{"kind"}, nil)
)

func (c cacheCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheBudget, cacheBytes, cacheEntries, cacheHits, cacheMisses, cacheEvictions} {
		ch <- d
	}
}

func (c cacheCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	ch <- prometheus.MustNewConstMetric(cacheBudget, prometheus.GaugeValue, float64(s.Budget))
	for _, k := range []struct {
		name string
		s    parquet.CacheKindStats
	}{{"footer", s.Footers}, {"index", s.Indexes}, {"dictionary", s.Dictionary}, {"range", s.Ranges}} {
		put := func(d *prometheus.Desc, t prometheus.ValueType, v int64) {
			ch <- prometheus.MustNewConstMetric(d, t, float64(v), k.name)
		}
		put(cacheBytes, prometheus.GaugeValue, k.s.Bytes)
		put(cacheEntries, prometheus.GaugeValue, k.s.Entries)
		put(cacheHits, prometheus.CounterValue, k.s.Hits)
		put(cacheMisses, prometheus.CounterValue, k.s.Misses)
		put(cacheEvictions, prometheus.CounterValue, k.s.Evictions)
	}
}
