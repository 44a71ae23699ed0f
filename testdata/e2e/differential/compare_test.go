package differential

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
)

// answer is what a server says to a statement.
type answer struct {
	names   []string
	types   []sql.OID
	mods    []int32
	rows    [][]string // null for NULL
	state   string     // SQLSTATE, "" if there is none
	message string
	tag     string
}

const null = "\x00NULL"

// ask runs one statement by the simple protocol; err is the connection's.
func ask(c *pgconn.PgConn, text string) (*answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	res, err := c.Exec(ctx, text).ReadAll()
	a := &answer{}
	if a.state, a.message, err = sqlState(err); err != nil {
		return nil, err
	}
	if a.state != "" || len(res) == 0 {
		return a, nil
	}
	last := res[len(res)-1]
	a.tag = last.CommandTag.String()
	for _, f := range last.FieldDescriptions {
		a.names, a.types, a.mods = append(a.names, f.Name), append(a.types, sql.OID(f.DataTypeOID)), append(a.mods, f.TypeModifier)
	}
	for _, r := range last.Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = null
			if v != nil {
				row[i] = string(v)
			}
		}
		a.rows = append(a.rows, row)
	}
	return a, nil
}

// rules say what may differ.
type rules struct {
	ordered   bool // the order of the rows is total
	anyError  bool // evaluation order is open: either may raise a data exception, or not
	openForms bool // which of equal values (1.0, 1.00; 0, -0) stands for a group is open
	missing   bool // the engine refuses it: 0A000 or 42883
	wide      bool // the result has more than 38 digits: 22003
	openMods  bool // PostgreSQL describes some results by what its planner folded
	floats    bool // floating-point results may differ by 1e-12
}

func dataException(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "21")
}

// tooManyDigits: values of more than 38 digits are refused, as documented.
func (a *answer) tooManyDigits() bool {
	return a.state == string(sql.CodeNumericOutOfRange) && strings.Contains(a.message, "numeric")
}

// difference says how ours differs from theirs, "" if it does not.
func difference(ours, theirs *answer, r rules) string {
	switch {
	case r.missing && theirs.state == "" && (ours.state == string(sql.CodeFeatureNotSupported) || ours.state == string(sql.CodeUndefinedFunction)):
		return ""
	case r.missing:
		return fmt.Sprintf("said to be missing: %s, not %s", ours.outcome(), theirs.outcome())
	case r.wide && theirs.state == "" && ours.tooManyDigits():
		return ""
	case ours.state != theirs.state:
		if r.anyError && (ours.state == "" || dataException(ours.state)) && (theirs.state == "" || dataException(theirs.state)) {
			return ""
		}
		return fmt.Sprintf("%s, not %s", ours.outcome(), theirs.outcome())
	case ours.state != "":
		return ""
	case !slices.Equal(ours.names, theirs.names):
		return fmt.Sprintf("columns named %q, not %q", ours.names, theirs.names)
	case !slices.Equal(ours.types, theirs.types):
		return fmt.Sprintf("types %v, not %v", ours.types, theirs.types)
	case !r.openMods && !slices.Equal(ours.mods, theirs.mods):
		return fmt.Sprintf("type modifiers %v, not %v", ours.mods, theirs.mods)
	case len(ours.rows) != len(theirs.rows):
		return fmt.Sprintf("%d rows, not %d\n  got  %s\n  want %s", len(ours.rows), len(theirs.rows), clip(show(ours.rows)), clip(show(theirs.rows)))
	}
	a, b := ours.prepared(r), theirs.prepared(r)
	for i := range a {
		for c := range a[i] {
			if a[i][c] != b[i][c] && !(r.floats && isFloat(ours.types[c]) && near(a[i][c], b[i][c])) {
				return fmt.Sprintf("row %d of %d, column %d: got %s, want %s", i+1, len(a), c+1, show(a[i:i+1]), show(b[i:i+1]))
			}
		}
	}
	return ""
}

func (a *answer) outcome() string {
	if a.state == "" {
		return fmt.Sprintf("%d rows %s", len(a.rows), clip(show(a.rows)))
	}
	return a.state + " (" + a.message + ")"
}

// prepared returns the rows as they are compared: sorted if their order is open.
func (a *answer) prepared(r rules) [][]string {
	out := slices.Clone(a.rows)
	if r.openForms {
		for i := range out {
			out[i] = slices.Clone(out[i])
			for c, v := range out[i] {
				out[i][c] = canonical(a.types[c], v)
			}
		}
	}
	if !r.ordered {
		slices.SortFunc(out, func(x, y []string) int {
			// Floats come last: they may differ a little.
			for pass := range 2 {
				for c := range x {
					if isFloat(a.types[c]) != (pass == 1) {
						continue
					}
					if d := compareCells(x[c], y[c], pass == 1); d != 0 {
						return d
					}
				}
			}
			return 0
		})
	}
	return out
}

func compareCells(x, y string, number bool) int {
	if number {
		a, e1 := strconv.ParseFloat(x, 64)
		b, e2 := strconv.ParseFloat(y, 64)
		if e1 == nil && e2 == nil && a != b && a == a && b == b {
			if a < b {
				return -1
			}
			return 1
		}
	}
	return strings.Compare(x, y)
}

func isFloat(t sql.OID) bool { return t == sql.OIDFloat4 || t == sql.OIDFloat8 }

// canonical is one text for all equal values.
func canonical(t sql.OID, v string) string {
	switch t {
	case sql.OIDBpchar:
		v = strings.TrimRight(v, " ")
	case sql.OIDNumeric:
		if strings.Contains(v, ".") {
			v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
		}
	case sql.OIDFloat4, sql.OIDFloat8:
		if v == "-0" {
			return "0"
		}
	}
	return v
}

func near(a, b string) bool {
	x, e1 := strconv.ParseFloat(a, 64)
	y, e2 := strconv.ParseFloat(b, 64)
	if e1 != nil || e2 != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= 1e-12*max(math.Abs(x), math.Abs(y))
}

func show(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(" (" + strings.ReplaceAll(strings.Join(r, "|"), null, "NULL") + ")")
	}
	return b.String()
}

func clip(s string) string {
	if len(s) > 400 {
		return s[:400] + "..."
	}
	return s
}
