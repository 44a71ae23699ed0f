package expr

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// builder makes random well-typed expressions over int4 columns 1, 2 and text column 3.
type builder struct {
	r   *Registry
	rng *rand.Rand
}

func (b *builder) op(sym string, args ...sql.OID) *Func {
	return b.r.Resolve(b.r.LookupOperator(sym), args).Fn
}

func (b *builder) int(depth int) Expr {
	if depth == 0 || b.rng.IntN(4) == 0 {
		switch b.rng.IntN(3) {
		case 0:
			return &Const{sql.IntValue(sql.Int4, int64(b.rng.IntN(5)-1))}
		default:
			return &Col{ID: ColumnID(1 + b.rng.IntN(2)), T: sql.Int4}
		}
	}
	switch b.rng.IntN(6) {
	case 0:
		return &Case{Whens: []When{{b.bool(depth - 1), b.int(depth - 1)}, {b.bool(depth - 1), b.int(depth - 1)}}, Else: b.int(depth - 1), T: sql.Int4}
	case 1:
		return &Coalesce{Args: []Expr{b.int(depth - 1), b.int(depth - 1)}, T: sql.Int4}
	case 2:
		f := b.r.Resolve(b.r.LookupFunc("length"), []sql.OID{sql.OIDText}).Fn
		return &Call{Fn: f, Args: []Expr{b.text(depth - 1)}, T: sql.Int4}
	}
	sym := []string{"+", "-", "*", "/", "%"}[b.rng.IntN(5)]
	return &Call{Fn: b.op(sym, sql.OIDInt4, sql.OIDInt4), Args: []Expr{b.int(depth - 1), b.int(depth - 1)}, T: sql.Int4}
}

func (b *builder) text(depth int) Expr {
	col := &Col{ID: 3, T: sql.Text}
	if depth <= 0 || b.rng.IntN(3) == 0 {
		return col
	}
	f := b.r.Resolve(b.r.LookupFunc("upper"), []sql.OID{sql.OIDText}).Fn
	if b.rng.IntN(2) == 0 {
		return &Call{Fn: f, Args: []Expr{b.text(depth - 1)}, T: sql.Text}
	}
	return &Coalesce{Args: []Expr{b.text(depth - 1), &Const{sql.TextValue("a longer text than fits the view")}}, T: sql.Text}
}

func (b *builder) bool(depth int) Expr {
	if depth <= 0 {
		sym := []string{"=", "<>", "<", "<=", ">", ">="}[b.rng.IntN(6)]
		return &Call{Fn: b.op(sym, sql.OIDInt4, sql.OIDInt4), Args: []Expr{b.int(0), b.int(0)}, T: sql.Bool}
	}
	switch b.rng.IntN(7) {
	case 0, 1:
		return &Logic{LogicOp(b.rng.IntN(2)), []Expr{b.bool(depth - 1), b.bool(depth - 1), b.bool(depth - 2)}}
	case 2:
		return &Not{b.bool(depth - 1)}
	case 3:
		return &IsNull{b.bool(depth - 1), NullTest(b.rng.IntN(8))}
	case 4:
		return &InList{Arg: b.int(depth - 1), Eq: b.op("=", sql.OIDInt4, sql.OIDInt4), HasNull: b.rng.IntN(3) == 0, Negate: b.rng.IntN(2) == 0,
			List: []sql.Value{sql.IntValue(sql.Int4, 1), sql.IntValue(sql.Int4, int64(b.rng.IntN(3)))}}
	case 5:
		return &Call{Fn: b.op("~~", sql.OIDText, sql.OIDText), Args: []Expr{b.text(depth - 1), &Const{sql.TextValue("%A%")}}, T: sql.Bool}
	}
	sym := []string{"=", "<>", "<", "<=", ">", ">="}[b.rng.IntN(6)]
	return &Call{Fn: b.op(sym, sql.OIDInt4, sql.OIDInt4), Args: []Expr{b.int(depth - 1), b.int(depth - 1)}, T: sql.Bool}
}

// Expressions give the same values, and the same first error, a batch at a time
// in any form and under any selection as a row at a time.
func TestFormsAndSelectionsAgree(t *testing.T) {
	env := testEnv(t)
	rng := rand.New(rand.NewPCG(5, 6))
	b := &builder{Builtins(), rng}
	const n = 100
	for trial := range 120 {
		var ints [2][]sql.Value
		var texts []sql.Value
		for range n {
			for c := range ints {
				v := sql.IntValue(sql.Int4, int64(rng.IntN(6)-1))
				v.Null = rng.IntN(6) == 0
				ints[c] = append(ints[c], v)
			}
			v := sql.TextValue([]string{"", "a", "b", "xAx", "some longer text with a"}[rng.IntN(5)])
			v.Null = rng.IntN(6) == 0
			texts = append(texts, v)
		}
		e := b.bool(3)
		if trial%2 == 0 {
			e = b.int(3)
		}
		if trial%3 == 0 {
			e = Fold(env, e, true)
		}
		want := make([]string, n)
		p, err := Compile([]Expr{e, e}, []ColumnID{1, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			row := &vector.Batch{N: 1, Cols: []*vector.Vec{vector.FlatOf(sql.Int4, ints[0][i:i+1]), vector.FlatOf(sql.Int4, ints[1][i:i+1]), vector.FlatOf(sql.Text, texts[i:i+1])}}
			want[i] = shown(p.NewEvaluator(env).Eval(0, row, nil))
		}
		for form := range 4 {
			bt := &vector.Batch{N: n, Cols: []*vector.Vec{inForm(sql.Int4, ints[0], form&1), inForm(sql.Int4, ints[1], form>>1), inForm(sql.Text, texts, form&1)}}
			ev := p.NewEvaluator(env)
			for range 3 {
				var sel []int32
				if rng.IntN(3) > 0 {
					sel = []int32{}
					for i := range n {
						if rng.IntN(3) > 0 {
							sel = append(sel, int32(i))
						}
					}
				}
				checkEval(t, ev, e, bt, sel, want)
			}
		}
		if t.Failed() {
			return
		}
	}
}

func shown(v *vector.Vec, err error) string {
	if err != nil {
		return "!" + string(sql.AsError(err).Code)
	}
	if v.IsNull(0) {
		return "NULL"
	}
	return fmt.Sprint(vector.ValueAt(v, 0).I)
}

func checkEval(t *testing.T, ev Evaluator, e Expr, b *vector.Batch, sel []int32, want []string) {
	t.Helper()
	fail := -1
	for _, i := range seq(sel, b.N) {
		if want[i][0] == '!' {
			fail = int(i)
			break
		}
	}
	out := make([]*vector.Vec, 2)
	err := ev.EvalAll(b, sel, out)
	if got := failedRow(err); got != fail {
		t.Errorf("%s: error at row %d (%v), want %d", describe(e), got, err, fail)
		return
	}
	for _, i := range seq(sel, b.N) {
		if int(i) == fail {
			break
		}
		one := shownAt(out[0], int(i))
		if one != want[i] {
			t.Errorf("%s: row %d: got %s, want %s", describe(e), i, one, want[i])
			return
		}
	}
	if e.Type().OID != sql.OIDBool {
		return
	}
	rows, err := ev.Select(0, b, sel, nil)
	got := failedRow(err)
	if fail < 0 && got >= 0 {
		t.Errorf("%s: Select fails at row %d: %v", describe(e), got, err)
		return
	}
	k := 0
	for _, i := range seq(sel, b.N) {
		if int(i) == got || int(i) == fail {
			break
		}
		if want[i] == "1" {
			if k >= len(rows) || rows[k] != i {
				t.Errorf("%s: Select misses row %d", describe(e), i)
				return
			}
			k++
		}
	}
	if got == fail && k != len(rows) {
		t.Errorf("%s: Select gives %d rows, want %d", describe(e), len(rows), k)
	}
}

func failedRow(err error) int {
	if err == nil {
		return -1
	}
	return err.(*RowError).Row
}

func shownAt(v *vector.Vec, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	return fmt.Sprint(vector.ValueAt(v, i).I)
}

func describe(e Expr) string {
	switch x := e.(type) {
	case *Col:
		return fmt.Sprintf("c%d", x.ID)
	case *Const:
		return fmt.Sprintf("%d%s", x.V.I, x.V.S)
	case *Call:
		s := x.Fn.Name + "("
		for _, a := range x.Args {
			s += describe(a) + " "
		}
		return s + ")"
	}
	s := fmt.Sprintf("%T(", e)
	for _, a := range e.Children() {
		s += describe(a) + " "
	}
	return s + ")"
}

// A constant that stands alone and inside another constant keeps its length: what is
// computed over one row must not show in the results over all of them.
func TestSharedConstants(t *testing.T) {
	b := &builder{r: Builtins()}
	one := &Const{sql.IntValue(sql.Int4, 1)}
	sum := &Call{Fn: b.op("+", sql.OIDInt4, sql.OIDInt4), Args: []Expr{one, one}, T: sql.Int4}
	list := []Expr{one, &Call{Fn: b.op("*", sql.OIDInt4, sql.OIDInt4), Args: []Expr{&Col{ID: 1, T: sql.Int4}, one}, T: sql.Int4}, sum}
	p, err := Compile(list, []ColumnID{1})
	if err != nil {
		t.Fatal(err)
	}
	vals := make([]sql.Value, 20)
	for i := range vals {
		vals[i] = sql.IntValue(sql.Int4, int64(i))
	}
	out := make([]*vector.Vec, len(list))
	if err := p.NewEvaluator(&Env{}).EvalAll(&vector.Batch{N: len(vals), Cols: []*vector.Vec{vector.FlatOf(sql.Int4, vals)}}, nil, out); err != nil {
		t.Fatal(err)
	}
	for c, v := range out {
		if v.N != len(vals) {
			t.Fatalf("result %d has %d rows of %d", c, v.N, len(vals))
		}
		for i := range vals {
			if got, want := vector.ValueAt(v, i).I, []int64{1, int64(i), 2}[c]; got != want {
				t.Errorf("result %d of row %d is %d, not %d", c, i, got, want)
			}
		}
	}
}
