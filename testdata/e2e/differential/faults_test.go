package differential

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fault is a mistake to plant: in a file of the module, the expression between « and »
// of a text that occurs once becomes bad.
type fault struct{ name, file, text, bad string }

// faults are mistakes in kernels, rules and operators, of the kind that is made.
var faults = []fault{
	{"mod", "expr/fn_int.go", "return «x % y», nil", "x%y + 1"},
	{"bit or", "expr/fn_int.go", "return «x | y» }", "x ^ y"},
	{"shift", "expr/fn_int.go", `" >> int4", map2(func(x T, n int32) T { return «x >> (uint32(n) & uint32(max(width, 32)-1))» }`, "x >> 1"},
	{"initcap", "expr/fn_text.go", "case was:\n\t\t\treturn «unicode.ToLower(r)»", "r"},
	{"substring before the start", "expr/fn_text.go", "end = min(«from+count», end)", "max(from, 1)+count"},
	{"characters are bytes", "expr/fn_text.go", "if «isASCII(s)» {\n\t\tlo :=", "true"},
	{"LIKE suffix", "expr/fn_like.go", "return «bytes.HasSuffix(s, p.parts[1])», nil", "bytes.Contains(s, p.parts[1])"},
	{"NOT ILIKE of other cases", "expr/fn_like.go", "p.src = string(pattern)\n\t}\n\tvar part []byte\n\tpercents := «0»", "1"},
	{"subscript 0", "expr/fn_array.go", "if «i < 1 || i > int64(len(l)) || l[i-1].Null» {", "i < 1 || i >= int64(len(l)) || l[i-1].Null"},
	{"num_nulls", "expr/fn_array.go", "if «r.Null(k) == null» {", "r.Null(k)"},
	{"array_upper", "expr/fn_array.go", "return r.SetInt(«n - 1 + lowerBound(r.Type(0))»)", "n - 1"},
	{"quarter", "expr/fn_extract.go", "num(«int64(m-1)/3+1», 0)", "int64(m)/3+1"},
	{"isodow", "expr/fn_extract.go", "num(«int64((sql.WeekdayOf(days)+6)%7+1)», 0)", "int64(sql.WeekdayOf(days))"},
	{"interval to time", "expr/cast_time.go", "r := «v.Micros % microsPerDay»", "v.Micros"},
	{"sample variance", "expr/agg_stat.go", "r := p.syy() / «float64(p.n-least+1)»", "float64(p.n)"},
	{"regr_slope", "expr/agg_stat.go", "return «p.sxy() / x», x == 0 })", "p.sxy() / p.syy()"},
	{"bit_and", "expr/agg_list.go", `def("bit_and", func(a, b T) T { return «a & b» }`, "b"},
	{"NaN equals nothing", "sql/compare.go", "case «a != a && b != b»:", "false"},
	{"months of 31 days", "sql/compare.go", "MulInt64(«int64(months)*30+int64(days)», MicrosPerDay)", "int64(months)*31+int64(days)"},

	{"every left join is inner", "planner/rule/outer.go", "kind == logical.Left && «nulls.Intersects(rcols)»", "true"},
	{"full join loses a side", "planner/rule/outer.go", "every left row stays\n\t\t\tkind = «logical.Left»", "logical.Inner"},
	{"limit forgets its offset", "planner/rule/order.go", "v.I = «count + offset»", "count"},
	{"limit below inner joins", "planner/rule/order.go", "if «in.Kind == logical.Left || in.Kind == logical.Single || in.Kind == logical.Mark» {", "in.Kind != logical.Full"},
	{"all aggregates are distinct", "planner/rule/aggregate.go", "if «!k.Distinct && !k.Fn.IgnoresDuplicates» ||", "false"},
	{"conditions of all readers", "planner/rule/filter_shared.go", "return «&expr.Logic{Op: expr.Or, Args: arms}», cols", "&expr.Logic{Op: expr.And, Args: arms}"},
	{"NOT IN without NULLs", "planner/rule/mark.go", "if «negated && !neverNull(e, notNull(left).Union(notNull(right)))» {", "false"},
	{"facts of the right side of a left join", "planner/rule/infer.go", "if «n.Kind == logical.Inner || n.Kind == logical.Semi» {\n\t\t\t\ttoLeft", "true"},
	{"NOT of AND", "planner/rule/simplify.go", "Op: «expr.Or - a.Op», Args: args", "a.Op"},
	{"an OR that is true of one arm", "planner/rule/simplify.go", "all = «all && containsExpr(l, c)»", "all || containsExpr(l, c)"},
	{"conditions above full joins are lost", "planner/rule/push_filters.go", "default: // Full: nothing moves\n\t\ton, above = n.On, «conds»", "conds[:0]"},

	{"lag of two rows", "exec/window_func.go", "p.shift(c, st, col, «-1»)", "int64(-2)"},
	{"percent_rank", "exec/window_func.go", "float64(p.peerStart[i]) / «float64(n-1)»", "float64(n)"},
	{"EXCEPT ALL", "exec/setop.go", "case c.kind == logical.Except && c.all:\n\t\t\tvals[i] = «max(l-r, 0)»", "max(l-1, 0)"},
	{"unknown is false", "exec/join_probe.go", "if «p.nul[k] && !p.hit[k]» {", "false"},
	{"NULLS FIRST", "vector/sortkey.go", "if «o.NullsFirst» {\n\t\t\treturn appendNullKey(dst, 0", "!o.NullsFirst"},
}

// within is in how many statements a fault must be found.
const within = 20_000

// plant writes the files of the module with all faults, each off until the variable
// SLUICE_FAULT names it, and builds this package's tests with them.
func plant(t *testing.T) (program string) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	files, packages := map[string]string{}, map[string]bool{}
	for _, f := range faults {
		path := filepath.Join(root, f.file)
		if files[path] == "" {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = string(b)
		}
		before, rest, _ := strings.Cut(f.text, "«")
		good, after, ok := strings.Cut(rest, "»")
		old := before + good + after
		if n := strings.Count(files[path], old); !ok || n != 1 {
			t.Fatalf("fault %q: its text is %d times in %s", f.name, n, f.file)
		}
		files[path] = strings.Replace(files[path], old, fmt.Sprintf("%splanted(%q, %s, %s)%s", before, f.name, f.bad, good, after), 1)
		packages[filepath.Dir(path)] = true
	}
	add := func(path, text string) {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[path] = to
	}
	for path, text := range files {
		add(path, text)
	}
	for p := range packages {
		add(filepath.Join(p, "planted.go"), "package "+filepath.Base(p)+`

import "os"

var plantedFault = os.Getenv("SLUICE_FAULT")

func planted[T any](name string, bad, good T) T {
	if plantedFault == name {
		return bad
	}
	return good
}
`)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "planted.test")
	build := exec.Command("go", "test", "-c", "-overlay", list, "-o", program, "./testdata/e2e/differential")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

var (
	failedSeed = regexp.MustCompile(`-seed=(\d+)[^\n]*: `)
	compared   = regexp.MustCompile(`(\d+) statements, each`)
)

// TestFaults plants mistakes and looks how many random statements it takes to find
// each: a few of them, or all of them with SLUICE_DIFFERENTIAL.
func TestFaults(t *testing.T) {
	_, first, isFull := full(t)
	list := faults
	if !isFull {
		r := rand.New(rand.NewPCG(first, 5))
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		list = list[:3]
	}
	program := plant(t)
	run := func(fault string, seed string, n int) (string, bool) {
		c := exec.Command(program, "-test.run=^TestRandom$", "-test.v", "-seed="+seed, fmt.Sprintf("-statements=%d", n), "-long=10m", "-failures=1", "-shrink=0s")
		c.Env = append(os.Environ(), "SLUICE_FAULT="+fault, "SLUICE_DIFFERENTIAL=")
		out, err := c.CombinedOutput()
		return string(out), err == nil
	}
	for _, f := range list {
		t.Run(f.name, func(t *testing.T) {
			begun := time.Now()
			out, passed := run(f.name, fmt.Sprint(first), within)
			m := failedSeed.FindStringSubmatch(out)
			if passed || m == nil {
				t.Fatalf("not found in %d statements from -seed=%d", within, first)
			}
			n := "?"
			if c := compared.FindStringSubmatch(out); c != nil {
				n = c[1]
			}
			// The statement that found it says nothing against what is as it should be.
			if out, passed := run("", m[1], 1); !passed {
				t.Fatalf("-seed=%s fails without the fault:\n%s", m[1], out)
			}
			t.Logf("found by -seed=%s after %s statements, in %s", m[1], n, time.Since(begun).Round(time.Second))
		})
	}
}
