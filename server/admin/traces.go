package admin

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/sluicedb/sluice/engine"
)

// Traces send one span a statement, with a child for each phase of its life, to an
// OpenTelemetry collector. They are an engine.Observer. Statements' texts are not
// sent: they may hold data.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTraces sends to an OTLP/HTTP endpoint, a URL such as http://collector:4318
// (/v1/traces is added if it has no path). Spans go in batches, in the background;
// if the collector cannot be reached, they are dropped. The variables of
// OpenTelemetry (OTEL_EXPORTER_OTLP_HEADERS, ...) hold.
func NewTraces(ctx context.Context, endpoint, version string) (*Traces, error) {
	url, err := tracesURL(endpoint)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	return newTraces(sdktrace.WithBatcher(exporter), version), nil
}

func newTraces(out sdktrace.TracerProviderOption, version string) *Traces {
	res := resource.NewSchemaless(attribute.String("service.name", "sluice"), attribute.String("service.version", version))
	p := sdktrace.NewTracerProvider(out, sdktrace.WithResource(res))
	return &Traces{provider: p, tracer: p.Tracer("github.com/sluicedb/sluice/engine")}
}

// StatementDone implements engine.Observer.
func (t *Traces) StatementDone(r engine.StatementRecord) {
	if len(r.Phases) == 0 {
		return
	}
	attrs := []attribute.KeyValue{
		attribute.String("db.system.name", "sluice"), attribute.String("db.namespace", r.Database), attribute.String("user.name", r.User),
		attribute.String("db.response.status_code", string(r.Code)), attribute.Int64("db.response.returned_rows", r.Rows),
		attribute.Int64("sluice.statement_id", int64(r.ID)), attribute.Int64("sluice.session", int64(r.Session)),
		attribute.String("sluice.route", routeLabel(r.Route)),
		attribute.Int64("sluice.read_bytes", r.Counters.BytesRead),
		attribute.Int64("sluice.requests", r.Counters.Lists+r.Counters.Heads+r.Counters.Gets+r.Counters.Puts),
		attribute.Float64("sluice.waited_seconds", r.Waited.Seconds()),
		attribute.Int64("sluice.memory_peak_bytes", r.MemoryPeak), attribute.Int64("sluice.spill_bytes", r.SpillBytes),
	}
	first, last := r.Phases[0], r.Phases[len(r.Phases)-1]
	ctx, span := t.tracer.Start(context.Background(), "statement", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(first.Start), trace.WithAttributes(attrs...))
	for _, p := range r.Phases {
		_, child := t.tracer.Start(ctx, p.Name, trace.WithTimestamp(p.Start))
		child.End(trace.WithTimestamp(p.End))
	}
	if r.Message != "" {
		span.SetStatus(codes.Error, string(r.Code))
	}
	span.End(trace.WithTimestamp(last.End))
}

// Close sends what is left, as long as ctx allows.
func (t *Traces) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }
