package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
)

// Registry holds all functions, operators, casts, aggregates and window
// functions. It is immutable once built and safe for concurrent use.
type Registry struct {
	funcs   map[string][]*Func
	ops     map[string][]*Func
	casts   map[[2]sql.OID]*Func
	aggs    map[string][]*Agg
	windows map[string][]*WindowFn
	byOID   map[sql.OID]*Func
	aggOID  map[sql.OID]*Agg
	winOID  map[sql.OID]*WindowFn
	procOf  map[sql.OID]sql.OID // operator's OID to its function's
	// lacking are overloads that PostgreSQL has and Sluice has not; they have no kernel.
	lacking    map[string][]*Func
	lackingOps map[string][]*Func
	// foreign are names of functions over types that Sluice does not have.
	foreign map[string]bool
	forms   map[string][]*Form
	// jsonOfRow is called by the binder alone.
	jsonOfRow *Func
	tries     sync.Map // of *Func to the one that Try makes of it
}

// LackingFunc returns the overloads of a function, aggregate or window function that
// PostgreSQL has and Sluice has not. They take part in resolution, so that a call that
// PostgreSQL takes to be of one of them is refused and not given to another.
func (r *Registry) LackingFunc(name string) []*Func { return r.lacking[name] }

// LackingOperator is LackingFunc of an operator.
func (r *Registry) LackingOperator(symbol string) []*Func { return r.lackingOps[symbol] }

// Foreign tells that PostgreSQL has functions of that name and all of them are over
// types that Sluice does not have.
func (r *Registry) Foreign(name string) bool { return r.foreign[name] }

// LookupFunc returns the overloads of a function, set-returning ones included.
func (r *Registry) LookupFunc(name string) []*Func { return r.funcs[name] }

// LookupOperator returns the overloads of an operator; prefix operators have one argument.
func (r *Registry) LookupOperator(symbol string) []*Func { return r.ops[symbol] }

// LookupCast returns the cast from one type to another, nil if there is none. All
// casts take one argument; the target's modifier is that of the call's type. The
// cast of a type to itself applies a modifier, and exists where the type has them.
func (r *Registry) LookupCast(from, to sql.OID) *Func { return r.casts[[2]sql.OID{from, to}] }

// LookupAgg returns the overloads of an aggregate.
func (r *Registry) LookupAgg(name string) []*Agg { return r.aggs[name] }

// LookupWindow returns the overloads of a window function.
func (r *Registry) LookupWindow(name string) []*WindowFn { return r.windows[name] }

// ByOID returns a function or operator.
func (r *Registry) ByOID(oid sql.OID) *Func { return r.byOID[oid] }

// AggByOID returns an aggregate.
func (r *Registry) AggByOID(oid sql.OID) *Agg { return r.aggOID[oid] }

// ProcOf returns the OID of the function behind an operator, as pg_operator.oprcode.
func (r *Registry) ProcOf(operator sql.OID) sql.OID { return r.procOf[operator] }

// Funcs returns all functions by name and OID.
func (r *Registry) Funcs() []*Func { return sorted(r.funcs) }

// Operators returns all operators by symbol and OID.
func (r *Registry) Operators() []*Func { return sorted(r.ops) }

// Casts returns all casts that pg_cast lists (those by way of text, which have no
// row there, are left out), by source and target.
func (r *Registry) Casts() []*Func {
	var out []*Func
	for _, f := range r.casts {
		if f.OID != 0 {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *Func) int { return cmp.Or(cmp.Compare(a.Args[0], b.Args[0]), cmp.Compare(a.Ret, b.Ret)) })
	return out
}

// Aggs returns all aggregates by name and OID.
func (r *Registry) Aggs() []*Agg {
	var out []*Agg
	for _, l := range r.aggs {
		out = append(out, l...)
	}
	slices.SortFunc(out, func(a, b *Agg) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.OID, b.OID)) })
	return out
}

// Windows returns all window functions by name and OID.
func (r *Registry) Windows() []*WindowFn {
	var out []*WindowFn
	for _, l := range r.windows {
		out = append(out, l...)
	}
	slices.SortFunc(out, func(a, b *WindowFn) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.OID, b.OID)) })
	return out
}

func sorted(m map[string][]*Func) []*Func {
	var out []*Func
	for _, l := range m {
		out = append(out, l...)
	}
	slices.SortFunc(out, func(a, b *Func) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.OID, b.OID)) })
	return out
}

// Builtins builds the registry of everything Sluice knows.
func Builtins() *Registry {
	d := &defs{r: &Registry{
		funcs: map[string][]*Func{}, ops: map[string][]*Func{}, casts: map[[2]sql.OID]*Func{},
		aggs: map[string][]*Agg{}, windows: map[string][]*WindowFn{}, byOID: map[sql.OID]*Func{},
		aggOID: map[sql.OID]*Agg{}, winOID: map[sql.OID]*WindowFn{}, procOf: map[sql.OID]sql.OID{},
		lacking: map[string][]*Func{}, lackingOps: map[string][]*Func{}, foreign: map[string]bool{}, forms: map[string][]*Form{},
	}, procs: map[string]*pgfacts.Proc{}, procByOID: map[sql.OID]*pgfacts.Proc{}, oper: map[string]*pgfacts.Operator{}}
	procs := pgfacts.Procs()
	for i := range procs {
		p := &procs[i]
		d.procs[signature(p.Name, p.Args)] = p
		d.procByOID[p.OID] = p
	}
	opers := pgfacts.Operators()
	for i := range opers {
		o := &opers[i]
		d.oper[operSignature(o.Name, o.Left, o.Right)] = o
	}
	defineComparisons(d)
	defineIntegers(d)
	defineFloats(d)
	defineNumeric(d)
	defineBooleans(d)
	defineTimes(d)
	defineText(d)
	defineClock(d)
	defineSystem(d)
	defineArrays(d)
	defineJSON(d)
	defineJSONConcat(d)
	defineJSONSets(d)
	defineJSONBuilders(d)
	defineJSONEdits(d)
	defineMath(d)
	defineDegrees(d)
	defineBytes(d)
	defineBins(d)
	defineArrayEdits(d)
	defineUnicode(d)
	defineRegexps(d)
	defineFormats(d)
	defineCasts(d)
	defineAggs(d)
	defineStatistics(d)
	defineLists(d)
	defineWindows(d)
	defineForms(d)
	defineDialects(d)
	d.finish()
	return d.r
}

// defs collects definitions. A definition whose signature PostgreSQL does not have
// is a mistake in this package and panics when the registry is built.
type defs struct {
	r         *Registry
	procs     map[string]*pgfacts.Proc
	procByOID map[sql.OID]*pgfacts.Proc
	oper      map[string]*pgfacts.Operator
	dialects  int      // functions of other dialects defined
	unknown   []string // signatures that PostgreSQL does not have
	castFacts map[[2]sql.OID]*pgfacts.Cast
}

func typeName(o sql.OID) string {
	if t := sql.LookupType(o); t != nil {
		return t.Name
	}
	return fmt.Sprint(uint32(o))
}

// signature is name(type,type) with the names of pg_type.
func signature(name string, args []sql.OID) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(typeName(a))
	}
	b.WriteByte(')')
	return b.String()
}

func operSignature(name string, left, right sql.OID) string {
	if left == 0 {
		return name + " " + typeName(right)
	}
	return typeName(left) + " " + name + " " + typeName(right)
}

// option changes a definition.
type option func(*Func)

// safe marks a function that raises no error.
func safe(f *Func) { f.Raises = false }

// retType sets how the full result type follows from the arguments' types.
func retType(t func(args []sql.Type) sql.Type) option { return func(f *Func) { f.RetType = t } }

// selects gives a boolean function its fast path for Select.
func selects(k selKernel) option { return func(f *Func) { f.sel = k } }

// set makes a function set-returning.
func set(k SetKernel) option {
	return func(f *Func) { f.Kind, f.Set = KindSet, k }
}

var volatility = map[byte]Volatility{'i': Immutable, 's': Stable, 'v': Volatile}

// fn defines a function, sig being "name(type,...)" with pg_type's names.
func (d *defs) fn(sig string, k Kernel, opts ...option) *Func {
	p := d.procs[sig]
	if p == nil {
		d.unknown = append(d.unknown, sig)
		return &Func{}
	}
	f := &Func{Name: p.Name, OID: p.OID, Args: p.Args, Variadic: p.Variadic, Defaults: p.Defaults, Ret: p.Ret,
		Vol: volatility[p.Vol], Strict: p.Strict, Raises: true, Leaky: !p.Leakproof, Kernel: k}
	for _, o := range opts {
		o(f)
	}
	d.r.funcs[f.Name] = append(d.r.funcs[f.Name], f)
	d.r.byOID[f.OID] = f
	return f
}

// op defines an operator, sig being "type op type" or "op type".
func (d *defs) op(sig string, k Kernel, opts ...option) *Func {
	o := d.oper[sig]
	if o == nil {
		d.unknown = append(d.unknown, sig)
		return &Func{}
	}
	f := &Func{Name: o.Name, OID: o.OID, Kind: KindOperator, Args: []sql.OID{o.Left, o.Right}, Ret: o.Ret, Strict: true,
		Raises: true, Leaky: true, Kernel: k, Negator: o.Negator, Commutator: o.Commutator}
	if o.Left == 0 {
		f.Args = f.Args[1:]
	}
	if p := d.procByOID[o.Proc]; p != nil {
		f.Vol, f.Strict, f.Leaky = volatility[p.Vol], p.Strict, !p.Leakproof
	}
	for _, op := range opts {
		op(f)
	}
	d.r.ops[f.Name] = append(d.r.ops[f.Name], f)
	d.r.byOID[f.OID] = f
	d.r.procOf[f.OID] = o.Proc
	return f
}

// listLacking notes what PostgreSQL has beside what is defined.
func (d *defs) listLacking() {
	for _, p := range d.procByOID {
		if d.r.byOID[p.OID] == nil && d.r.aggOID[p.OID] == nil && d.r.winOID[p.OID] == nil {
			d.r.lacking[p.Name] = append(d.r.lacking[p.Name], &Func{Name: p.Name, OID: p.OID, Args: p.Args, Variadic: p.Variadic,
				Defaults: p.Defaults, Ret: p.Ret})
		}
	}
	for _, o := range d.oper {
		if d.r.byOID[o.OID] == nil {
			f := &Func{Name: o.Name, OID: o.OID, Kind: KindOperator, Args: []sql.OID{o.Left, o.Right}, Ret: o.Ret}
			if o.Left == 0 {
				f.Args = f.Args[1:]
			}
			d.r.lackingOps[o.Name] = append(d.r.lackingOps[o.Name], f)
		}
	}
	for _, m := range []map[string][]*Func{d.r.lacking, d.r.lackingOps} {
		for _, l := range m {
			slices.SortFunc(l, func(a, b *Func) int { return cmp.Compare(a.OID, b.OID) })
		}
	}
	for _, n := range pgfacts.Names() {
		d.r.foreign[n] = true
	}
}

// finish links negators.
func (d *defs) finish() {
	if d.unknown != nil {
		panic(fmt.Sprintf("expr: PostgreSQL has no %q", d.unknown))
	}
	d.listLacking()
	for _, list := range d.r.ops {
		for _, f := range list {
			if f.Negator == "" || !f.Strict {
				continue
			}
			for _, g := range d.r.ops[f.Negator] {
				if slices.Equal(f.Args, g.Args) {
					f.negate = g
				}
			}
		}
	}
}
