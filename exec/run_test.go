package exec

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testEnv() *expr.Env {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	return &expr.Env{TxnNow: now, StatementNow: now, Zone: time.UTC, Dialect: expr.Postgres, Clock: func() time.Time { return now }}
}

var builtins = expr.Builtins()

// config is how a plan is run.
type config struct {
	batch, workers int
	memory, floor  int64
	shared         int // groups from which tasks share them
	held           int64
	fanout         int // of frames' trees
}

func (c config) String() string {
	return fmt.Sprintf("batch %d, workers %d, memory %d, shared from %d groups, held %d, fanout %d", c.batch, c.workers, c.memory, c.shared, c.held, c.fanout)
}

// planOf numbers a plan.
func planOf(root physical.Node) *physical.Plan {
	p := &physical.Plan{Root: root, Output: root.Columns()}
	p.Number()
	return p
}

// run executes a plan and returns its rows.
func run(t testing.TB, root physical.Node, lake *memLake, c config) ([][]sql.Value, error) {
	t.Helper()
	pool := NewPool(2)
	defer pool.Close()
	if c.memory == 0 {
		c.memory = 1 << 30
	}
	process := NewBudget(nil, 1<<40)
	rt := &Runtime{Env: testEnv(), Pool: pool, Memory: NewBudget(process, c.memory), SpillDir: os.TempDir(),
		SpillFloor: c.floor, Log: slog.New(slog.DiscardHandler), BatchSize: c.batch, Workers: c.workers, sharedFrom: c.shared, Held: c.held, treeFanout: c.fanout}
	if lake != nil {
		rt.Lake = lake
	}
	e, err := Build(planOf(root), rt)
	if err != nil {
		return nil, err
	}
	defer func() {
		e.Close()
		if u := process.Used(); u != 0 {
			t.Errorf("%d bytes of the budget are not given back", u)
		}
	}()
	e.Start(context.Background())
	var out [][]sql.Value
	for {
		b, err := e.Next(context.Background())
		if err != nil {
			return out, err
		}
		if b == nil {
			return out, nil
		}
		if b.N > vector.BatchSize || b.Rows() == 0 {
			t.Errorf("a batch of %d rows", b.N)
		}
		for i := range b.N {
			row := make([]sql.Value, len(b.Cols))
			for c, v := range b.Cols {
				row[c] = vector.ValueAt(v, i)
			}
			out = append(out, row)
		}
	}
}

// textOf writes a row; equal rows give equal text.
func textOf(row []sql.Value) string {
	var w strings.Builder
	for _, v := range row {
		writeValue(&w, &v)
		w.WriteByte('|')
	}
	return w.String()
}

func writeValue(w *strings.Builder, v *sql.Value) {
	switch {
	case v.Null:
		w.WriteString("NULL")
	case v.Type.OID == sql.OIDNumeric:
		fmt.Fprint(w, v.Num.Normal())
	case v.Type.OID == sql.OIDFloat8:
		fmt.Fprint(w, floatOf(v)+0)
	case v.Type.IsArray():
		w.WriteByte('{')
		for i := range v.List {
			writeValue(w, &v.List[i])
			w.WriteByte(',')
		}
		w.WriteByte('}')
	default:
		fmt.Fprintf(w, "%d,%d,%q", v.I, v.J, v.S)
	}
}

func texts(rows [][]sql.Value, ordered bool) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = textOf(r)
	}
	if !ordered {
		sort.Strings(out)
	}
	return out
}

// same compares results.
func same(t testing.TB, what string, got, want [][]sql.Value, ordered bool) {
	t.Helper()
	g, w := texts(got, ordered), texts(want, ordered)
	for i := 0; i < max(len(g), len(w)); i++ {
		a, b := "-", "-"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Fatalf("%s: %d rows, want %d; row %d is\n%s\nwant\n%s", what, len(g), len(w), i, a, b)
		}
	}
}
