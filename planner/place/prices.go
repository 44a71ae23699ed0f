package place

import (
	"math"

	"github.com/sluicedb/sluice/planner/physical"
)

// Prices are what a lake statement costs in dollars and seconds. They are list
// prices of us-east-1 and speeds of a modest machine; configuration overrides them.
type Prices struct {
	Region string
	Date   string // when the prices were read, for EXPLAIN

	GetPer1000  float64 // dollars per 1,000 GET requests
	ListPer1000 float64
	MachineHour float64 // dollars an hour of the machine that runs the statement
	Cores       float64
	NetworkMiBs float64 // MiB/s from object storage
	GetLatency  float64 // seconds to the first byte of a GET
	InFlight    float64 // GETs at once
	RangeBytes  float64 // size of one ranged GET
	Tail        float64 // p90 seconds as a multiple of p50
	CPUSlowdown float64 // calibration of the processor model; 1 as measured
}

// DefaultPrices: S3 Standard, c7g.xlarge.
var DefaultPrices = Prices{
	Region: "us-east-1", Date: "2026-09-18",
	GetPer1000: 0.0004, ListPer1000: 0.005,
	MachineHour: 0.145, Cores: 4,
	NetworkMiBs: 230, GetLatency: 0.03, InFlight: 32, RangeBytes: 8 << 20,
	Tail: 2, CPUSlowdown: 1,
}

// requests estimates the GETs of a scan: a footer for each file, then ranges.
func (p *Prices) requests(bytes float64, files int64, columns int) float64 {
	n := max(float64(files), 1)
	if bytes == 0 {
		return n
	}
	perFile := math.Ceil(bytes / n / p.RangeBytes)
	return n + n*max(perFile, 1)
}

// price fills the estimates of a numbered plan bottom-up and its total.
func (b *builder) price(p *physical.Plan) {
	pr := b.opt.Prices
	var visit func(physical.Node) *physical.Estimate
	visit = func(n physical.Node) *physical.Estimate {
		e := n.Estimate()
		for _, c := range n.Children() {
			k := visit(c)
			e.Bytes += k.Bytes
			e.Requests += k.Requests
		}
		if m, ok := b.made[n]; ok {
			e.Rows = m.rows
			io := max(e.Bytes/(1<<20)/pr.NetworkMiBs, e.Requests*pr.GetLatency/pr.InFlight)
			if e.Requests > 0 {
				io += pr.GetLatency
			}
			cpu := m.work * pr.CPUSlowdown / 1e9 / pr.Cores
			e.Seconds = max(io, cpu)
			e.Seconds90 = e.Seconds * pr.Tail
			e.Dollars = e.Requests*pr.GetPer1000/1000 + e.Seconds*pr.MachineHour/3600
		}
		return e
	}
	p.Total = *visit(p.Root)
	p.Routes = []physical.Route{{Name: "lake", Chosen: true, Est: p.Total, Reason: "the only engine that has the data"}}
}
