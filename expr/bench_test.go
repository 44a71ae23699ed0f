package expr

import (
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func BenchmarkKernels(b *testing.B) {
	r := Builtins()
	env := &Env{}
	op := func(s string, t sql.OID) *Func { return r.Resolve(r.LookupOperator(s), []sql.OID{t, t}).Fn }
	dec := sql.Decimal(15, 2)
	price := &vector.Vec{Type: dec, Layout: vector.LI64, N: 2048}
	disc := &vector.Vec{Type: dec, Layout: vector.LI64, N: 2048}
	p, q := make([]int64, 2048), make([]int64, 2048)
	groups := make([]uint32, 2048)
	for i := range p {
		p[i], q[i] = int64(90000+i*37), int64(i%11)
		groups[i] = uint32(i % 4)
	}
	price.Data, disc.Data = vector.Bytes(p), vector.Bytes(q)
	batch := &vector.Batch{N: 2048, Cols: []*vector.Vec{price, disc}}
	cp, cd := &Col{ID: 1, T: dec}, &Col{ID: 2, T: dec}
	one := &Const{sql.Value{Type: sql.DecimalNoMod(10, 0), Num: sql.NumInt64(1)}}
	sub := &Call{Fn: op("-", sql.OIDNumeric), Args: []Expr{one, cd}, T: addType([]sql.Type{one.V.Type, dec})}
	mul := &Call{Fn: op("*", sql.OIDNumeric), Args: []Expr{cp, sub}, T: mulType([]sql.Type{dec, sub.T})}
	less := &Call{Fn: op("<", sql.OIDNumeric), Args: []Expr{cd, &Const{sql.Value{Type: sql.DecimalNoMod(3, 2), Num: sql.Num{Coef: sql.I128(5), Scale: 2}}}}, T: sql.Bool}
	prog, err := Compile([]Expr{mul, less}, []ColumnID{1, 2})
	if err != nil {
		b.Fatal(err)
	}
	ev := prog.NewEvaluator(env)
	b.Run("price*(1-disc)", func(b *testing.B) {
		for b.Loop() {
			if _, err := ev.Eval(0, batch, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/row")
	})
	out := make([]int32, 0, 2050)
	b.Run("select disc<0.05", func(b *testing.B) {
		for b.Loop() {
			out, _ = ev.Select(1, batch, nil, out[:0])
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/row")
	})
	sum := newIntSum(sql.DecimalNoMod(38, 2), 2, false)
	sum.Resize(4)
	b.Run("sum by group", func(b *testing.B) {
		for b.Loop() {
			_ = sum.Update(groups, []*vector.Vec{price}, nil, 2048)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/row")
	})
	h := make([]uint64, 2048)
	b.Run("hash decimal", func(b *testing.B) {
		for b.Loop() {
			vector.Hash(price, nil, 2048, false, h)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/row")
	})
}
