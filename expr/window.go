package expr

import "github.com/sluicedb/sluice/sql"

// defineWindows lists the window functions; exec implements them by name.
func defineWindows(d *defs) {
	for _, sig := range []string{
		"row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(int4)",
		"lag(anyelement)", "lag(anyelement,int4)", "lag(anycompatible,int4,anycompatible)",
		"lead(anyelement)", "lead(anyelement,int4)", "lead(anycompatible,int4,anycompatible)",
		"first_value(anyelement)", "last_value(anyelement)", "nth_value(anyelement,int4)",
	} {
		p := d.procs[sig]
		if p == nil {
			d.unknown = append(d.unknown, sig)
			continue
		}
		w := &WindowFn{Name: p.Name, OID: p.OID, Args: p.Args, Ret: p.Ret}
		if polymorphic(p.Ret) {
			w.RetType = func(args []sql.Type) sql.Type {
				t := args[0]
				if t.OID == sql.OIDNumeric && len(args) == 3 && args[2].Dec != t.Dec {
					t.Dec = sql.Dec{} // the default has digits of its own
				}
				t.Mod = -1
				return t
			}
		}
		d.r.windows[w.Name] = append(d.r.windows[w.Name], w)
		d.r.winOID[w.OID] = w
	}
}

// WindowByOID returns a window function.
func (r *Registry) WindowByOID(oid sql.OID) *WindowFn { return r.winOID[oid] }
