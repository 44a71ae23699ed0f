package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
)

func record() engine.StatementRecord {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	return engine.StatementRecord{ID: 5, User: "u", Database: "d", Text: "select secret", Duration: 30 * time.Millisecond, Waited: 2 * time.Second,
		Phases: []engine.Phase{{Name: "parse", Start: at(0), End: at(1)}, {Name: "bind", Start: at(1), End: at(3)}, {Name: "plan", Start: at(5), End: at(9)}, {Name: "execute", Start: at(9), End: at(30)}},
		Rows:   11, Counters: object.Counters{Lists: 2, Gets: 3, BytesRead: 1000}, SpillBytes: 77, Route: "lake", Code: "00000"}
}

// start serves an admin server and returns its URL.
func start(t *testing.T, ready func(context.Context) error) (*Server, *Metrics, string) {
	t.Helper()
	m := NewMetrics()
	m.Watch(Gauges{Connections: func() int { return 4 }, Queue: func() (int, int) { return 2, 1 }, Memory: func() (int64, int64) { return 10, 20 },
		Cache: func() parquet.CacheStats {
			return parquet.CacheStats{Budget: 9, Dictionary: parquet.CacheKindStats{Hits: 8, Bytes: 7}}
		}}, "v1")
	s := NewServer(Config{Metrics: m, Ready: ready, Log: slog.New(slog.DiscardHandler)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, m, "http://" + l.Addr().String()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestMetrics(t *testing.T) {
	_, m, url := start(t, func(context.Context) error { return nil })
	m.StatementDone(record())
	bad := record()
	bad.Code, bad.Route = "42P01", ""
	m.StatementDone(bad)
	code, text := get(t, url+"/metrics")
	if code != 200 {
		t.Fatal(code)
	}
	for _, want := range []string{
		`sluice_statements_total{class="00",route="lake"} 1`, `sluice_statements_total{class="42",route="none"} 1`,
		`sluice_statement_seconds_bucket{route="lake",le="0.05"} 1`, `sluice_statement_seconds_bucket{route="lake",le="0.025"} 0`,
		`sluice_statement_wait_seconds_total 4`, `sluice_rows_total 22`, `sluice_storage_read_bytes_total 2000`, `sluice_spill_bytes_total 154`,
		`sluice_storage_requests_total{operation="list"} 4`, `sluice_storage_requests_total{operation="get"} 6`,
		`sluice_connections 4`, `sluice_statements_running 2`, `sluice_statements_waiting 1`, `sluice_memory_used_bytes 10`, `sluice_memory_limit_bytes 20`,
		`sluice_cache_limit_bytes 9`, `sluice_cache_hits_total{kind="dictionary"} 8`, `sluice_cache_bytes{kind="dictionary"} 7`, `sluice_cache_misses_total{kind="footer"} 0`,
		`sluice_build_info{version="v1"} 1`, "\ngo_goroutines ", "\nprocess_resident_memory_bytes ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestHealth(t *testing.T) {
	var broken error
	s, _, url := start(t, func(context.Context) error { return broken })
	check := func(path string, want int) {
		t.Helper()
		if code, text := get(t, url+path); code != want || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %q, want %d", path, code, text, want)
		}
	}
	check("/healthz", 200)
	check("/readyz", 200)
	broken = errors.New("cannot read /secret/catalog.db")
	check("/readyz", 503)
	check("/healthz", 200)
	broken = nil
	s.ShuttingDown()
	check("/readyz", 503)
	check("/healthz", 200)
	check("/", 404)
	if r, err := http.Post(url+"/metrics", "text/plain", nil); err != nil || r.StatusCode != 405 {
		t.Errorf("POST: %v, %v", r, err)
	}
}

// TestTraces: a span a statement, with its phases as children, without the text.
func TestTraces(t *testing.T) {
	out := tracetest.NewInMemoryExporter()
	tr := newTraces(sdktrace.WithSyncer(out), "v1")
	r := record()
	tr.StatementDone(r)
	bad := engine.StatementRecord{Phases: r.Phases[:1], Code: "42601", Message: "syntax error near secret"}
	tr.StatementDone(bad)
	spans := out.GetSpans()
	var root tracetest.SpanStub
	children := map[string]tracetest.SpanStub{}
	for _, s := range spans[:5] {
		if s.Name == "statement" {
			root = s
		} else {
			children[s.Name] = s
		}
	}
	if len(children) != 4 || !root.StartTime.Equal(r.Phases[0].Start) || !root.EndTime.Equal(r.Phases[3].End) {
		t.Fatalf("%d children of %+v", len(children), root)
	}
	for _, p := range r.Phases {
		c := children[p.Name]
		if c.Parent.SpanID() != root.SpanContext.SpanID() || !c.StartTime.Equal(p.Start) || !c.EndTime.Equal(p.End) {
			t.Errorf("%s: %+v", p.Name, c)
		}
	}
	if len(spans) != 7 || spans[6].Status.Description != "42601" {
		t.Errorf("%d spans, the last %+v", len(spans), spans[len(spans)-1].Status)
	}
	for _, s := range spans {
		for _, a := range s.Attributes {
			if strings.Contains(a.Value.String(), "secret") {
				t.Errorf("the text is in %s", a.Key)
			}
		}
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestTraceEndpoints(t *testing.T) {
	for in, want := range map[string]string{"http://c:4318": "http://c:4318/v1/traces", "https://c/": "https://c/v1/traces", "http://c/x/y": "http://c/x/y"} {
		if got, err := tracesURL(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"c:4318", "ftp://c", "http://", "://"} {
		if _, err := tracesURL(in); err == nil {
			t.Errorf("%s was taken", in)
		}
	}
}

func TestProfiles(t *testing.T) {
	_, _, url := start(t, func(context.Context) error { return nil })
	if code, text := get(t, url+"/debug/pprof/goroutine?debug=1"); code != 200 || !strings.HasPrefix(text, "goroutine profile: total ") {
		t.Errorf("%d %.100s", code, text)
	}
	if code, text := get(t, url+"/debug/pprof/profile?seconds=1"); code != 200 || len(text) == 0 {
		t.Errorf("%d %.100s", code, text)
	}
}
