package expr

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// OIDs of functions that PostgreSQL has as syntax and not in pg_proc.
const (
	oidGreatest sql.OID = 9001 + iota
	oidLeast
	oidSubscript
	oidJSONOfRow
)

// own defines a function that pg_proc does not have.
func (d *defs) own(name string, oid sql.OID, args []sql.OID, ret sql.OID, k Kernel, opts ...option) *Func {
	f := &Func{Name: name, OID: oid, Args: args, Ret: ret, Kernel: k, Leaky: true}
	for _, o := range opts {
		o(f)
	}
	d.r.funcs[name] = append(d.r.funcs[name], f)
	d.r.byOID[oid] = f
	return f
}

// arrayArg returns the elements of an array argument.
func arrayArg(r *Row, k int) []sql.Value { return r.Value(k).List }

// defineArrays defines arrays, GREATEST, LEAST and counting NULLs.
func defineArrays(d *defs) {
	pick := func(op cmpOp) Kernel {
		return each(func(r *Row) error {
			best := -1
			for k := range r.NArgs() {
				if r.Null(k) {
					continue
				}
				if best < 0 || op.holds(cmp3(int64(vector.Compare(r.in.Args[k], r.i, r.in.Args[best], r.i)), 0)) {
					best = k
				}
			}
			if best < 0 {
				return r.SetNull()
			}
			return r.Set(r.Value(best))
		})
	}
	common := retType(func(args []sql.Type) sql.Type {
		t := args[0]
		for _, a := range args[1:] {
			if a.Dec != t.Dec {
				t.Dec = sql.Dec{}
			}
		}
		t.Mod = -1
		return t
	})
	variadic := func(f *Func) { f.Variadic = true }
	d.own("greatest", oidGreatest, []sql.OID{sql.OIDAnyCompatibleArray}, sql.OIDAnyCompatible, pick(cmpGT), variadic, common)
	d.own("least", oidLeast, []sql.OID{sql.OIDAnyCompatibleArray}, sql.OIDAnyCompatible, pick(cmpLT), variadic, common)
	d.own("subscript", oidSubscript, []sql.OID{sql.OIDAnyArray, sql.OIDInt4}, sql.OIDAnyElement, each(func(r *Row) error {
		l, i := arrayArg(r, 0), r.Int(1)
		if r.Type(0).OID == sql.OIDInt2Vector || r.Type(0).OID == sql.OIDOidVector {
			i++ // these count from 0
		}
		if i < 1 || i > int64(len(l)) || l[i-1].Null {
			return r.SetNull()
		}
		return r.Set(l[i-1])
	}), safe, func(f *Func) { f.Strict = true }, retType(func(args []sql.Type) sql.Type { return args[0].Elem() }))
	countNulls := func(null bool) Kernel {
		return each(func(r *Row) error {
			n := int64(0)
			for k := range r.NArgs() {
				if r.Null(k) == null {
					n++
				}
			}
			return r.SetInt(n)
		})
	}
	d.fn("num_nulls(any)", countNulls(true), safe)
	d.fn("num_nonnulls(any)", countNulls(false), safe)

	elemArray := func(args []sql.Type) sql.Type { return sql.T(args[0].OID) }
	dim := func(f func(n int64) int64) Kernel {
		return each(func(r *Row) error {
			n := int64(len(arrayArg(r, 0)))
			if n == 0 || r.Int(1) != 1 {
				return r.SetNull()
			}
			return r.SetInt(f(n))
		})
	}
	d.fn("array_length(anyarray,int4)", dim(func(n int64) int64 { return n }), safe)
	d.fn("array_upper(anyarray,int4)", each(func(r *Row) error {
		n := int64(len(arrayArg(r, 0)))
		if n == 0 || r.Int(1) != 1 {
			return r.SetNull()
		}
		return r.SetInt(n - 1 + lowerBound(r.Type(0)))
	}), safe)
	d.fn("array_lower(anyarray,int4)", each(func(r *Row) error {
		if len(arrayArg(r, 0)) == 0 || r.Int(1) != 1 {
			return r.SetNull()
		}
		return r.SetInt(lowerBound(r.Type(0)))
	}), safe)
	d.fn("array_ndims(anyarray)", each(func(r *Row) error {
		if len(arrayArg(r, 0)) == 0 {
			return r.SetNull()
		}
		return r.SetInt(1)
	}), safe)
	d.fn("cardinality(anyarray)", each(func(r *Row) error { return r.SetInt(int64(len(arrayArg(r, 0)))) }), safe)
	cat := each(func(r *Row) error {
		if r.Null(0) && r.Null(1) {
			return r.SetNull()
		}
		v := sql.Value{Type: r.in.Call.T}
		for k := range 2 {
			if !r.Null(k) {
				v.List = append(v.List, arrayArg(r, k)...)
			}
		}
		return r.Set(v)
	})
	add := func(arr, elem int) Kernel {
		return each(func(r *Row) error {
			v := sql.Value{Type: r.in.Call.T}
			if arr == 0 && !r.Null(0) {
				v.List = append(v.List, arrayArg(r, 0)...)
			}
			v.List = append(v.List, r.Value(elem))
			if arr == 1 && !r.Null(1) {
				v.List = append(v.List, arrayArg(r, 1)...)
			}
			return r.Set(v)
		})
	}
	second := func(args []sql.Type) sql.Type { return sql.T(args[1].OID) }
	d.fn("array_cat(anycompatiblearray,anycompatiblearray)", cat, safe, retType(elemArray))
	d.fn("array_append(anycompatiblearray,anycompatible)", add(0, 1), safe, retType(elemArray))
	d.fn("array_prepend(anycompatible,anycompatiblearray)", add(1, 0), safe, retType(second))
	d.op("anycompatiblearray || anycompatiblearray", cat, safe, retType(elemArray))
	d.op("anycompatiblearray || anycompatible", add(0, 1), safe, retType(elemArray))
	d.op("anycompatible || anycompatiblearray", add(1, 0), safe, retType(second))
	find := func(l []sql.Value, x sql.Value) int {
		for i := range l {
			if l[i].Null == x.Null && (x.Null || vector.CompareValues(&l[i], &x) == 0) {
				return i
			}
		}
		return -1
	}
	d.fn("array_position(anycompatiblearray,anycompatible)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		if i := find(arrayArg(r, 0), r.Value(1)); i >= 0 {
			return r.SetInt(int64(i) + lowerBound(r.Type(0)))
		}
		return r.SetNull()
	}), safe)
	d.fn("array_positions(anycompatiblearray,anycompatible)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		v, x := sql.Value{Type: r.in.Call.T}, r.Value(1)
		for i, e := range arrayArg(r, 0) {
			if find([]sql.Value{e}, x) == 0 {
				v.List = append(v.List, sql.IntValue(sql.Int4, int64(i)+lowerBound(r.Type(0))))
			}
		}
		return r.Set(v)
	}), safe)
	d.fn("array_remove(anycompatiblearray,anycompatible)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		v, x := sql.Value{Type: r.in.Call.T}, r.Value(1)
		for _, e := range arrayArg(r, 0) {
			if find([]sql.Value{e}, x) < 0 {
				v.List = append(v.List, e)
			}
		}
		return r.Set(v)
	}), safe, retType(elemArray))
	contains := func(a, b []sql.Value) bool {
		for _, x := range b {
			if x.Null || find(a, x) < 0 {
				return false
			}
		}
		return true
	}
	d.op("anyarray @> anyarray", each(func(r *Row) error { return r.SetBool(contains(arrayArg(r, 0), arrayArg(r, 1))) }), safe)
	d.op("anyarray <@ anyarray", each(func(r *Row) error { return r.SetBool(contains(arrayArg(r, 1), arrayArg(r, 0))) }), safe)
	d.op("anyarray && anyarray", each(func(r *Row) error {
		a := arrayArg(r, 0)
		for _, x := range arrayArg(r, 1) {
			if !x.Null && find(a, x) >= 0 {
				return r.SetBool(true)
			}
		}
		return r.SetBool(false)
	}), safe)
	defineArrayText(d)
	defineSeries(d)
}

// lowerBound is where the subscripts of an array type start.
func lowerBound(t sql.Type) int64 {
	if t.OID == sql.OIDInt2Vector || t.OID == sql.OIDOidVector {
		return 0
	}
	return 1
}

func defineArrayText(d *defs) {
	join := func(n int) Kernel {
		return each(func(r *Row) error {
			if r.Null(0) || r.Null(1) {
				return r.SetNull()
			}
			r.buf = r.buf[:0]
			first := true
			for _, e := range arrayArg(r, 0) {
				if e.Null && (n < 3 || r.Null(2)) {
					continue
				}
				if !first {
					r.buf = append(r.buf, r.Bytes(1)...)
				}
				first = false
				if e.Null {
					r.buf = append(r.buf, r.Bytes(2)...)
				} else {
					r.buf = r.Env().AppendText(r.buf, e)
				}
			}
			return r.SetBytes(r.buf)
		})
	}
	d.fn("array_to_string(anyarray,text)", join(2), safe)
	d.fn("array_to_string(anyarray,text,text)", join(3), safe)
	split := func(n int) Kernel {
		return each(func(r *Row) error {
			if r.Null(0) {
				return r.SetNull()
			}
			return r.Set(splitArray(r, n))
		})
	}
	d.fn("string_to_array(text,text)", split(2), safe)
	d.fn("string_to_array(text,text,text)", split(3), safe)
}

func splitArray(r *Row, n int) sql.Value {
	v := sql.Value{Type: sql.Array(sql.OIDText)}
	for _, p := range splitText(string(r.Bytes(0)), r.Value(1)) {
		e := sql.TextValue(p)
		if n > 2 && !r.Null(2) && p == r.Str(2) {
			e = sql.NullOf(sql.Text)
		}
		v.List = append(v.List, e)
	}
	return v
}

// splitText splits at a separator: NULL between all characters, empty nowhere.
func splitText(s string, sep sql.Value) []string {
	switch {
	case s == "":
		return nil
	case sep.Null:
		return strings.Split(s, "")
	case sep.S == "":
		return []string{s}
	}
	return strings.Split(s, sep.S)
}
