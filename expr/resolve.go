package expr

import (
	"slices"

	"github.com/sluicedb/sluice/sql"
)

// Resolution is the outcome of Resolve.
type Resolution struct {
	Fn *Func
	// Args has the type each actual argument must have, polymorphic types and
	// variadic arguments resolved: the binder casts those that differ.
	Args []sql.OID
	// Ret is the result type, a polymorphic one resolved.
	Ret sql.OID
	// Spread tells that the trailing arguments from VariadicAt on are elements of
	// the variadic parameter.
	Spread     bool
	VariadicAt int
	// Open: polymorphic parameters have unknown literals alone (42804).
	Open bool
	// Ambiguous: several candidates are equally good (42725), Fn is nil.
	Ambiguous bool
}

// Coercible reports whether a value can be coerced in a context.
func (r *Registry) Coercible(from, to sql.OID, ctx CastContext) bool {
	if from == to || from == sql.OIDUnknown || to == sql.OIDAny {
		return true
	}
	if f := r.LookupCast(from, to); f != nil {
		return f.Context >= ctx
	}
	if to == sql.OIDRecord || from == sql.OIDRecord {
		return from == to
	}
	if to == sql.OIDInt2Vector || to == sql.OIDOidVector { // as PostgreSQL's find_coercion_pathway has it
		return false
	}
	if ea, eb := sql.ElemOf(from), sql.ElemOf(to); ea != 0 && eb != 0 {
		return r.Coercible(ea, eb, ctx)
	}
	return false
}

func category(t sql.OID) (cat byte, preferred bool) {
	if t == sql.OIDUnknown {
		return 'X', false
	}
	if i := sql.LookupType(t); i != nil {
		return i.Category, i.Preferred
	}
	return 'U', false
}

func polymorphic(t sql.OID) bool {
	switch t {
	case sql.OIDAnyElement, sql.OIDAnyArray, sql.OIDAnyNonArray, sql.OIDAnyCompatible, sql.OIDAnyCompatibleArray, oidAnyCompatibleNonArray:
		return true
	}
	return false
}

const oidAnyCompatibleNonArray sql.OID = 5079

// candidate is an overload laid out for the number of actual arguments.
type candidate struct {
	fn     *Func
	args   []sql.OID // expanded: one an actual argument
	spread bool
}

// Resolve picks the overload for a call by PostgreSQL's rules (chapter 10 of its
// manual). argTypes holds Unknown for untyped literals. The result's Fn is nil if
// none fits or several do (Ambiguous).
func (r *Registry) Resolve(cands []*Func, argTypes []sql.OID) Resolution {
	var list []candidate
	for _, f := range cands {
		if c, ok := expand(f, len(argTypes)); ok {
			list = append(list, c)
		}
	}
	// An overload that takes the types exactly as they are wins. For operators an
	// unknown literal is taken to be of the other argument's type here.
	exact := argTypes
	if len(cands) > 0 && cands[0].Kind == KindOperator && len(argTypes) == 2 {
		switch {
		case argTypes[0] == sql.OIDUnknown && argTypes[1] != sql.OIDUnknown:
			exact = []sql.OID{argTypes[1], argTypes[1]}
		case argTypes[1] == sql.OIDUnknown && argTypes[0] != sql.OIDUnknown:
			exact = []sql.OID{argTypes[0], argTypes[0]}
		}
	}
	var best *candidate
	for i := range list {
		if equalTypes(list[i].args, exact) && (best == nil || best.spread && !list[i].spread) {
			best = &list[i]
		}
	}
	if best != nil {
		return r.resolved(*best, argTypes)
	}
	var usable []candidate
	for _, c := range list {
		if r.usable(c, argTypes) {
			usable = append(usable, c)
		}
	}
	usable = dropShadowed(usable)
	if len(usable) > 1 {
		usable = r.selectCandidate(usable, argTypes)
	}
	switch len(usable) {
	case 0:
		return Resolution{}
	case 1:
		return r.resolved(usable[0], argTypes)
	}
	return Resolution{Ambiguous: true}
}

// expand lays out f's parameters for n actual arguments.
func expand(f *Func, n int) (candidate, bool) {
	p := len(f.Args)
	if f.Variadic && n >= p {
		elem := sql.ElemOf(f.Args[p-1])
		switch f.Args[p-1] {
		case sql.OIDAny:
			elem = sql.OIDAny
		case sql.OIDAnyArray:
			elem = sql.OIDAnyElement
		case sql.OIDAnyCompatibleArray:
			elem = sql.OIDAnyCompatible
		}
		args := append([]sql.OID(nil), f.Args[:p-1]...)
		for len(args) < n {
			args = append(args, elem)
		}
		return candidate{f, args, true}, true
	}
	if n <= p && n >= p-f.Defaults {
		return candidate{f, f.Args[:n], false}, true
	}
	return candidate{}, false
}

func equalTypes(a, b []sql.OID) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// usable reports whether all arguments can be coerced implicitly.
func (r *Registry) usable(c candidate, args []sql.OID) bool {
	poly := false
	for i, t := range c.args {
		if polymorphic(t) {
			poly = true
			continue
		}
		if !r.Coercible(args[i], t, CastImplicit) {
			return false
		}
	}
	if poly {
		_, _, ok := r.unify(c, args)
		return ok
	}
	return true
}

// dropShadowed removes spread variadic candidates that equal plain ones.
func dropShadowed(list []candidate) []candidate {
	var out []candidate
	for i, c := range list {
		shadowed := false
		for j, o := range list {
			if i != j && c.spread && !o.spread && equalTypes(c.args, o.args) {
				shadowed = true
			}
		}
		if !shadowed {
			out = append(out, c)
		}
	}
	return out
}

// keepBest keeps the candidates with the highest score.
func keepBest(list []candidate, score func(c candidate) int) []candidate {
	best, out := -1, list[:0:0]
	for _, c := range list {
		switch s := score(c); {
		case s > best:
			best, out = s, append(out[:0:0], c)
		case s == best:
			out = append(out, c)
		}
	}
	return out
}

// selectCandidate is PostgreSQL's func_select_candidate.
func (r *Registry) selectCandidate(list []candidate, args []sql.OID) []candidate {
	unknown := 0
	for _, a := range args {
		if a == sql.OIDUnknown {
			unknown++
		}
	}
	// Most exact matches.
	list = keepBest(list, func(c candidate) int {
		n := 0
		for i, a := range args {
			if a != sql.OIDUnknown && c.args[i] == a {
				n++
			}
		}
		return n
	})
	if len(list) == 1 {
		return list
	}
	// Most exact matches or preferred types of the argument's category.
	list = keepBest(list, func(c candidate) int {
		n := 0
		for i, a := range args {
			if a == sql.OIDUnknown {
				continue
			}
			cat, pref := category(c.args[i])
			acat, _ := category(a)
			if c.args[i] == a || pref && cat == acat {
				n++
			}
		}
		return n
	})
	if len(list) == 1 || unknown == 0 {
		return list
	}
	// For each unknown argument: the category string if any candidate takes it,
	// else the one that all agree on.
	resolvedAll := true
	cats := make([]byte, len(args))
	prefs := make([]bool, len(args))
	for i, a := range args {
		if a != sql.OIDUnknown {
			continue
		}
		cats[i], prefs[i] = category(list[0].args[i])
		conflict := false
		for _, c := range list[1:] {
			cat, pref := category(c.args[i])
			switch {
			case cats[i] == cat:
				prefs[i] = prefs[i] || pref
			case cat == 'S':
				cats[i], prefs[i] = cat, pref
			default:
				conflict = true // a string may still come
			}
		}
		if conflict && cats[i] != 'S' {
			resolvedAll = false
		}
	}
	if resolvedAll {
		var keep []candidate
		for _, c := range list {
			ok := true
			for i, a := range args {
				if a != sql.OIDUnknown {
					continue
				}
				cat, pref := category(c.args[i])
				if cat != cats[i] || prefs[i] && !pref {
					ok = false
				}
			}
			if ok {
				keep = append(keep, c)
			}
		}
		if len(keep) > 0 {
			list = keep
		}
		if len(list) == 1 {
			return list
		}
	}
	// If all known arguments are of one type, take the unknown ones to be so too.
	known := sql.OID(0)
	for _, a := range args {
		if a == sql.OIDUnknown {
			continue
		}
		if known != 0 && known != a {
			return list
		}
		known = a
	}
	if known == 0 {
		return list
	}
	same := make([]sql.OID, len(args))
	for i := range same {
		same[i] = known
	}
	var last []candidate
	for _, c := range list {
		if r.usable(c, same) {
			last = append(last, c)
		}
	}
	if len(last) == 1 {
		return last
	}
	return list
}

// unify resolves polymorphic parameters: elem is the type of anyelement, compat
// that of anycompatible.
func (r *Registry) unify(c candidate, args []sql.OID) (elem, compat sql.OID, ok bool) {
	setElem := func(t sql.OID) bool {
		if elem == 0 {
			elem = t
		}
		return elem == t
	}
	var wants []sql.OID
	for i, t := range c.args {
		a := args[i]
		if a == sql.OIDUnknown {
			continue
		}
		switch t {
		case sql.OIDAnyElement:
			if !setElem(a) {
				return 0, 0, false
			}
		case sql.OIDAnyNonArray:
			if sql.ElemOf(a) != 0 || !setElem(a) {
				return 0, 0, false
			}
		case sql.OIDAnyArray:
			if sql.ElemOf(a) == 0 || !setElem(sql.ElemOf(a)) {
				return 0, 0, false
			}
		case sql.OIDAnyCompatible:
			wants = append(wants, a)
		case oidAnyCompatibleNonArray:
			if sql.ElemOf(a) != 0 {
				return 0, 0, false
			}
			wants = append(wants, a)
		case sql.OIDAnyCompatibleArray:
			if sql.ElemOf(a) == 0 {
				return 0, 0, false
			}
			wants = append(wants, sql.ElemOf(a))
		}
	}
	if len(wants) > 0 {
		compat, ok = r.CommonType(wants)
		if !ok {
			return 0, 0, false
		}
	}
	return elem, compat, true
}

// resolved fills in the outcome for the chosen candidate.
func (r *Registry) resolved(c candidate, args []sql.OID) Resolution {
	out := Resolution{Fn: c.fn, Ret: c.fn.Ret, Spread: c.spread, VariadicAt: len(c.fn.Args) - 1}
	elem, compat, _ := r.unify(c, args)
	if elem == 0 {
		elem = sql.OIDText
		out.Open = slices.ContainsFunc(c.args, func(t sql.OID) bool {
			return t == sql.OIDAnyElement || t == sql.OIDAnyNonArray || t == sql.OIDAnyArray
		})
	}
	if compat == 0 {
		compat = sql.OIDText
	}
	actual := func(t, a sql.OID) sql.OID {
		switch t {
		case sql.OIDAnyElement, sql.OIDAnyNonArray:
			return elem
		case sql.OIDAnyArray:
			if a != sql.OIDUnknown && a != 0 {
				return a // int2vector stays itself
			}
			return sql.ArrayOf(elem)
		case sql.OIDAnyCompatible, oidAnyCompatibleNonArray:
			return compat
		case sql.OIDAnyCompatibleArray:
			return sql.ArrayOf(compat)
		case sql.OIDAny:
			if a == sql.OIDUnknown {
				return sql.OIDText
			}
			return a
		}
		return t
	}
	for i, t := range c.args {
		out.Args = append(out.Args, actual(t, args[i]))
	}
	out.Ret = actual(c.fn.Ret, 0)
	return out
}

// CommonType resolves the type of UNION, CASE, VALUES, ARRAY, GREATEST and LEAST
// (10.5 of PostgreSQL's manual); ok is false if the types do not meet. All
// unknown gives text.
func (r *Registry) CommonType(types []sql.OID) (t sql.OID, ok bool) {
	for _, x := range types {
		if x == sql.OIDUnknown {
			continue
		}
		if t == 0 {
			t = x
			continue
		}
		if x == t {
			continue
		}
		cat, pref := category(t)
		xcat, _ := category(x)
		if cat != xcat {
			return 0, false
		}
		if !pref && r.Coercible(t, x, CastImplicit) && !r.Coercible(x, t, CastImplicit) {
			t = x
		}
	}
	if t == 0 {
		return sql.OIDText, true
	}
	for _, x := range types {
		if !r.Coercible(x, t, CastImplicit) {
			return 0, false
		}
	}
	return t, true
}
