package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// windowSpec is one window with its calls.
type windowSpec struct {
	partition []expr.Expr
	order     []expr.SortKey
	frame     logical.Frame
	calls     []expr.WindowCall
}

// windowCall registers a window function call and returns its column.
func (b *binder) windowCall(lv *level, e *parse.FuncCall, f *callee) (expr.Expr, error) {
	name := e.Name.Parts[len(e.Name.Parts)-1]
	pos := e.Pos()
	if err := checkWindowForm(lv, e, f, name); err != nil {
		return nil, err
	}
	for _, a := range f.args {
		if ids := expr.ColsOf(a); ids.Intersects(lv.winIDs) {
			return nil, sql.Errorf(sql.CodeWindowingError, "window function calls cannot be nested").At(b.posOf(a, lv.winIDs, pos))
		}
	}
	if a := f.args; f.win != nil && len(a) == 3 && a[0].Type().OID == sql.OIDNumeric && a[0].Type().Dec != a[2].Type().Dec {
		for _, i := range []int{0, 2} { // what lag and lead give comes from either
			x, err := b.coerce(a[i], sql.Numeric, expr.CastImplicit, pos)
			if err != nil {
				return nil, err
			}
			a[i] = x
		}
	}
	call := expr.WindowCall{Agg: f.agg, Fn: f.win, Args: f.args, IgnoreNulls: e.IgnoreNulls, T: f.typ, Name: name, Pos: pos}
	if e.IgnoreNulls && (f.win == nil || !slices.Contains([]string{"lag", "lead", "first_value", "last_value", "nth_value"}, f.win.Name)) {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "IGNORE NULLS of %s is not supported", name).At(pos)
	}
	if e.Filter != nil {
		if f.agg == nil {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "FILTER is not implemented for non-aggregate window functions").At(pos)
		}
		err := lv.within(inFilter, func() (err error) {
			call.Filter, err = b.condition(lv, e.Filter, "FILTER")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	spec, err := b.windowOf(lv, e.Over)
	if err != nil {
		return nil, err
	}
	call.Out = b.newID(lv)
	lv.winIDs.Add(call.Out)
	ref := &expr.Col{ID: call.Out, T: call.T, Name: name}
	if call.T.IsString() {
		ref.Coll = collationOfAll(call.Args)
	}
	b.colPos[ref] = pos
	for _, w := range lv.windows {
		if equalLists(w.partition, spec.partition) && equalKeys(w.order, spec.order) && equalFrames(w.frame, spec.frame) {
			w.calls = append(w.calls, call)
			return ref, nil
		}
	}
	spec.calls = []expr.WindowCall{call}
	lv.windows = append(lv.windows, spec)
	return ref, nil
}

func checkWindowForm(lv *level, e *parse.FuncCall, f *callee, name string) error {
	pos := e.Pos()
	switch {
	case f.agg == nil && f.win == nil:
		return sql.Errorf(sql.CodeWrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(pos)
	case e.Distinct:
		return sql.Errorf(sql.CodeFeatureNotSupported, "DISTINCT is not implemented for window functions").At(pos)
	case len(e.OrderBy) > 0 && f.agg != nil && !e.WithinGroup:
		return sql.Errorf(sql.CodeFeatureNotSupported, "aggregate ORDER BY is not implemented for window functions").At(pos)
	case e.WithinGroup:
		return sql.Errorf(sql.CodeFeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name).At(pos)
	}
	switch lv.clause {
	case inSelect, inOrderBy, inDistinctOn:
		if lv.inAgg > 0 {
			return sql.Errorf(sql.CodeGroupingError, "aggregate function calls cannot contain window function calls").At(pos)
		}
		return nil
	case inWindowPartition, inWindowOrder, inWindowRange, inWindowRows, inWindowGroups:
		return sql.Errorf(sql.CodeWindowingError, "window functions are not allowed in window definitions").At(pos)
	}
	return sql.Errorf(sql.CodeWindowingError, "window functions are not allowed in %s", clauseNames[lv.clause]).At(pos)
}

func equalFrames(a, b logical.Frame) bool {
	return a.Set == b.Set && a.Mode == b.Mode && a.Exclude == b.Exclude && a.Start.Kind == b.Start.Kind && a.End.Kind == b.End.Kind &&
		equal(a.Start.Offset, b.Start.Offset) && equal(a.End.Offset, b.End.Offset)
}

// namedWindow finds a window of the WINDOW clause.
func namedWindow(lv *level, name string, pos int) (*parse.WindowDef, error) {
	for i := range lv.sel.Windows {
		if w := &lv.sel.Windows[i]; w.Name == name {
			return w, nil
		}
	}
	return nil, sql.Errorf(sql.CodeUndefinedObject, "window \"%s\" does not exist", name).At(pos)
}

// checkWindowNames refuses two windows of one name.
func checkWindowNames(list []parse.WindowDef) error {
	for i := range list {
		for k := range i {
			if list[k].Name == list[i].Name {
				return sql.Errorf(sql.CodeWindowingError, "window \"%s\" is already defined", list[i].Name).At(list[i].Pos())
			}
		}
	}
	return nil
}

// windowOf binds a window: by OVER name as it is, else with what it takes from a base.
func (b *binder) windowOf(lv *level, def *parse.WindowDef) (*windowSpec, error) {
	seen := 0
	for def.Name != "" && def.Ref == "" && def.PartitionBy == nil && def.OrderBy == nil && def.Frame == nil {
		w, err := namedWindow(lv, def.Name, def.Pos())
		if err != nil {
			return nil, err
		}
		if w == def || seen > len(lv.sel.Windows) {
			break
		}
		seen++
		def = w
	}
	full, err := flattenWindow(lv, def, 0)
	if err != nil {
		return nil, err
	}
	out := &windowSpec{}
	err = lv.within(inWindowPartition, func() error {
		for _, p := range full.PartitionBy {
			o, err := b.operand(lv, p)
			if err != nil {
				return err
			}
			x, err := b.resolveUnknown(o)
			if err != nil {
				return err
			}
			out.partition = append(out.partition, x)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = lv.within(inWindowOrder, func() (err error) {
		out.order, err = b.sortKeys(lv, full.OrderBy)
		return err
	})
	if err != nil {
		return nil, err
	}
	if full.Frame != nil {
		out.frame, err = b.frame(lv, full, out)
	}
	return out, err
}

// flattenWindow fills in what a window takes from its base.
func flattenWindow(lv *level, def *parse.WindowDef, depth int) (*parse.WindowDef, error) {
	if def.Ref == "" {
		return def, nil
	}
	base, err := namedWindow(lv, def.Ref, def.Pos())
	if err != nil {
		return nil, err
	}
	if depth > len(lv.sel.Windows) {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "window \"%s\" does not exist", def.Ref).At(def.Pos())
	}
	if base, err = flattenWindow(lv, base, depth+1); err != nil {
		return nil, err
	}
	switch {
	case len(def.PartitionBy) > 0:
		return nil, sql.Errorf(sql.CodeWindowingError, "cannot override PARTITION BY clause of window \"%s\"", def.Ref).At(def.Pos())
	case len(def.OrderBy) > 0 && len(base.OrderBy) > 0:
		return nil, sql.Errorf(sql.CodeWindowingError, "cannot override ORDER BY clause of window \"%s\"", def.Ref).At(def.Pos())
	case base.Frame != nil:
		return nil, sql.Errorf(sql.CodeWindowingError, "cannot copy window \"%s\" because it has a frame clause", def.Ref).At(def.Pos())
	}
	out := *def
	out.Ref, out.PartitionBy = "", base.PartitionBy
	if len(out.OrderBy) == 0 {
		out.OrderBy = base.OrderBy
	}
	return &out, nil
}

// frame binds a frame clause.
func (b *binder) frame(lv *level, def *parse.WindowDef, w *windowSpec) (logical.Frame, error) {
	f := def.Frame
	out := logical.Frame{Set: true, Mode: uint8(f.Mode), Exclude: uint8(f.Exclude),
		Start: logical.FrameBound{Kind: uint8(f.Start)}, End: logical.FrameBound{Kind: uint8(f.End)}}
	where := map[parse.FrameMode]clause{parse.FrameRange: inWindowRange, parse.FrameRows: inWindowRows, parse.FrameGroups: inWindowGroups}[f.Mode]
	if f.Mode == parse.FrameGroups && len(w.order) == 0 {
		return out, sql.Errorf(sql.CodeWindowingError, "GROUPS mode requires an ORDER BY clause").At(def.Pos())
	}
	if f.Mode == parse.FrameRange && (f.StartOffset != nil || f.EndOffset != nil) && len(w.order) != 1 {
		return out, sql.Errorf(sql.CodeWindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column").At(def.Pos())
	}
	err := lv.within(where, func() error {
		for _, s := range []struct {
			e   parse.Expr
			out *logical.FrameBound
		}{{f.StartOffset, &out.Start}, {f.EndOffset, &out.End}} {
			if s.e == nil {
				continue
			}
			x, err := b.frameOffset(lv, s.e, f.Mode, w, &out)
			if err != nil {
				return err
			}
			s.out.Offset = x
		}
		return nil
	})
	return out, err
}

func (b *binder) frameOffset(lv *level, e parse.Expr, mode parse.FrameMode, w *windowSpec, out *logical.Frame) (expr.Expr, error) {
	o, err := b.operand(lv, e)
	if err != nil {
		return nil, err
	}
	name := [...]string{parse.FrameRange: "RANGE", parse.FrameRows: "ROWS", parse.FrameGroups: "GROUPS"}[mode]
	for _, id := range expr.ColsOf(o.e).IDs() {
		if b.owner[id] == lv && lv.subs[id] == nil {
			return nil, sql.Errorf(sql.CodeInvalidColumnReference, "argument of %s must not contain variables", name).At(b.posOf(o.e, expr.Cols(id), o.pos))
		}
	}
	if b.hasSubs(lv, []expr.Expr{o.e}) {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "subqueries in %s are not supported", name).At(o.pos)
	}
	if mode != parse.FrameRange {
		x, err := b.coerce(o.e, sql.Int8, expr.CastAssignment, o.pos)
		if isUnknown(o.e) {
			return x, err
		}
		if err != nil {
			return nil, sql.Errorf(sql.CodeDatatypeMismatch, "argument of %s must be type bigint, not type %s", name, sql.FormatType(o.e.Type().OID, -1)).At(o.pos)
		}
		return x, nil
	}
	key := w.order[0].Expr
	noRange := func() error {
		return sql.Errorf(sql.CodeFeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
			sql.FormatType(key.Type().OID, -1), sql.FormatType(o.e.Type().OID, -1)).At(o.pos).
			WithHint("Cast the offset value to an appropriate type.")
	}
	to := key.Type().OID
	switch to {
	case sql.OIDDate, sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDTime, sql.OIDTimetz, sql.OIDInterval:
		to = sql.OIDInterval
		if t := o.e.Type().OID; t != to && !isUnknown(o.e) { // there is date + integer, but no frame of days
			return nil, noRange()
		}
	}
	if isUnknown(o.e) {
		if o.e, err = b.coerceArg(o.e, to, o.pos); err != nil {
			return nil, err
		}
	}
	for _, op := range []string{"+", "-"} {
		x, err := b.operator("", op, operand{key, o.pos}, o, o.pos)
		if err != nil {
			return nil, noRange()
		}
		call := x.(*expr.Call)
		if call.Args[0].Type().OID != key.Type().OID {
			return nil, noRange()
		}
		if op == "+" {
			out.RangeAdd = call.Fn
		} else {
			out.RangeSub = call.Fn
			o.e = call.Args[1]
		}
	}
	return o.e, nil
}
