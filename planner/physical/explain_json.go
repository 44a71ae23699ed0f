package physical

import (
	"encoding/json"
	"strings"
)

// field is a member of a JSON object; objects keep their order, as PostgreSQL's do.
type field struct {
	name  string
	value any // string, bool, numbers, []string, object, []object
}

type object []field

func (p *Plan) json(root *planNode, opt *ExplainOptions) string {
	top := object{{"Plan", jsonNode(root, opt)}}
	if opt.Settings && len(opt.Changed) > 0 {
		var s object
		for i := 0; i+1 < len(opt.Changed); i += 2 {
			s = append(s, field{opt.Changed[i], opt.Changed[i+1]})
		}
		top = append(top, field{"Settings", s})
	}
	if opt.Costs {
		var routes []object
		for _, r := range p.Routes {
			routes = append(routes, object{{"Route", r.Name}, {"Chosen", r.Chosen}, {"Estimated Bytes", int64(r.Est.Bytes)},
				{"Estimated Requests", int64(r.Est.Requests)}, {"Seconds", r.Est.Seconds}, {"Seconds P90", r.Est.Seconds90},
				{"Dollars", r.Est.Dollars}, {"Reason", r.Reason}})
		}
		top = append(top, field{"Routes", routes})
	}
	if opt.Summary {
		top = append(top, field{"Planning Time", ms(opt.PlanningTime)})
	}
	if opt.Analyze && opt.Actuals != nil {
		s := opt.Actuals.Statement()
		top = append(top, field{"Storage Bytes", s.Bytes}, field{"Storage Requests", s.Requests}, field{"Dollars", s.Dollars},
			field{"Memory Peak", s.MemoryPeak}, field{"Spilled Bytes", s.Spilled}, field{"Queue Wait", ms(s.QueueWait)})
		if opt.Summary {
			top = append(top, field{"Execution Time", ms(s.Execution)})
		}
	}
	var b strings.Builder
	b.WriteString("[\n  ")
	writeObject(&b, top, 1)
	b.WriteString("\n]")
	return b.String()
}

func jsonNode(n *planNode, opt *ExplainOptions) object {
	o := object{{"Node Type", n.typ}}
	if n.rel != "" {
		o = append(o, field{"Parent Relationship", n.rel})
	}
	o = append(o, field{"Parallel Aware", true})
	if opt.Costs {
		o = append(o, field{"Startup Cost", 0.0}, field{"Total Cost", n.est.Seconds * 1000}, field{"Plan Rows", int64(max(n.est.Rows, 1))},
			field{"Plan Width", int64(n.width)})
	}
	if opt.Analyze && opt.Actuals != nil {
		a, ran := opt.Actuals.Node(n.id)
		if ran && opt.Timing {
			o = append(o, field{"Actual Startup Time", ms(a.Startup)}, field{"Actual Total Time", ms(a.Time)})
		}
		loops := int64(0)
		if ran {
			loops = 1
		}
		o = append(o, field{"Actual Rows", a.Rows}, field{"Actual Loops", loops})
		if ran {
			o = append(o, field{"Memory", a.Memory}, field{"Spilled Bytes", a.Spilled}, field{"Batches", a.Batches})
		}
		if s := a.Scan; s != nil {
			o = append(o, field{"Partitions Read", s.PartitionsKept}, field{"Files Read", s.Files},
				field{"Row Groups Read", s.RowGroupsRead}, field{"Row Groups Total", s.RowGroupsTotal},
				field{"Pages Read", s.PagesRead}, field{"Pages Total", s.PagesTotal},
				field{"Storage Bytes", s.Bytes}, field{"Storage Requests", s.Requests}, field{"Cache Hits", s.CacheHits},
				field{"Rows Removed by Filter", s.RowsFiltered}, field{"Listing Age", ms(s.ListingAge)})
		}
	}
	for _, p := range n.props {
		if p.value != nil {
			o = append(o, field{p.name, p.value})
		}
	}
	if len(n.kids) > 0 {
		kids := make([]object, len(n.kids))
		for i, k := range n.kids {
			kids[i] = jsonNode(k, opt)
		}
		o = append(o, field{"Plans", kids})
	}
	return o
}

func writeObject(b *strings.Builder, o object, depth int) {
	pad := strings.Repeat("  ", depth)
	b.WriteString("{")
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + pad + "  ")
		writeScalar(b, f.name)
		b.WriteString(": ")
		switch v := f.value.(type) {
		case object:
			writeObject(b, v, depth+1)
		case []object:
			b.WriteByte('[')
			for k, x := range v {
				if k > 0 {
					b.WriteByte(',')
				}
				b.WriteString("\n" + pad + "    ")
				writeObject(b, x, depth+2)
			}
			b.WriteString("\n" + pad + "  ]")
		default:
			writeScalar(b, v)
		}
	}
	b.WriteString("\n" + pad + "}")
}

// writeScalar writes a string, number, bool or list of strings without escaping <, > and &.
func writeScalar(b *strings.Builder, v any) {
	e := json.NewEncoder(trimNewline{b})
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		b.WriteString("null") // an infinite estimate has no JSON form
	}
}

// trimNewline drops the newline that an Encoder adds.
type trimNewline struct{ b *strings.Builder }

func (t trimNewline) Write(p []byte) (int, error) {
	t.b.WriteString(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}
