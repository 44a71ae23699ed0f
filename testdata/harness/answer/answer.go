// Package answer asks servers statements and says how their answers differ.
package answer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
)

// Answer is what a server says to a statement.
type Answer struct {
	Names   []string
	Types   []sql.OID
	Mods    []int32
	Rows    [][]string // Null for NULL
	State   string     // SQLSTATE, "" if there is none
	Message string
	Tag     string
}

// Null stands for NULL in rows.
const Null = "\x00NULL"

// Ask runs one statement by the simple protocol; err is the connection's.
func Ask(c *pgconn.PgConn, text string) (*Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	results := c.Exec(ctx, text)
	a := &Answer{}
	for results.NextResult() { // the last result stands
		r := results.ResultReader()
		*a = Answer{}
		for _, f := range r.FieldDescriptions() {
			a.Names, a.Types, a.Mods = append(a.Names, f.Name), append(a.Types, sql.OID(f.DataTypeOID)), append(a.Mods, f.TypeModifier)
		}
		for r.NextRow() {
			row := make([]string, len(r.Values()))
			for i, v := range r.Values() {
				row[i] = Null
				if v != nil {
					row[i] = string(v)
				}
			}
			a.Rows = append(a.Rows, row)
		}
		tag, _ := r.Close()
		a.Tag = tag.String()
	}
	state, message, err := sqlState(results.Close())
	if err != nil {
		return nil, err
	}
	if state != "" {
		a = &Answer{State: state, Message: message}
	}
	return a, nil
}

// Rules say what may differ.
type Rules struct {
	Ordered   bool    // the order of the rows is total
	AnyError  bool    // evaluation order is open: either may raise a data exception, or not
	OpenForms bool    // which of equal values (1.0, 1.00; 0, -0) stands for a group is open
	Missing   bool    // the engine refuses it: 0A000 or 42883
	Wide      bool    // the result has more than 38 digits: 22003
	OpenMods  bool    // PostgreSQL describes some results by what its planner folded
	Floats    bool    // floating-point results may differ by 1e-12
	Slack     float64 // by which they may differ besides
}

// DataException: the SQLSTATE of a value, not of the statement.
func DataException(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "21")
}

// TooManyDigits: values of more than 38 digits are refused, as documented.
func (a *Answer) TooManyDigits() bool {
	return a.State == string(sql.CodeNumericOutOfRange) && strings.Contains(a.Message, "numeric")
}

// Difference says how ours differs from theirs, "" if it does not.
func Difference(ours, theirs *Answer, r Rules) string {
	switch {
	case r.Missing && theirs.State == "" && (ours.State == string(sql.CodeFeatureNotSupported) || ours.State == string(sql.CodeUndefinedFunction)):
		return ""
	case r.Missing:
		return fmt.Sprintf("said to be missing: %s, not %s", ours.outcome(), theirs.outcome())
	case r.Wide && theirs.State == "" && ours.TooManyDigits():
		return ""
	case ours.State != theirs.State:
		if r.AnyError && (ours.State == "" || DataException(ours.State)) && (theirs.State == "" || DataException(theirs.State)) {
			return ""
		}
		return fmt.Sprintf("%s, not %s", ours.outcome(), theirs.outcome())
	case ours.State != "":
		return ""
	case !slices.Equal(ours.Names, theirs.Names):
		return fmt.Sprintf("columns named %q, not %q", ours.Names, theirs.Names)
	case !slices.Equal(ours.Types, theirs.Types):
		return fmt.Sprintf("types %v, not %v", ours.Types, theirs.Types)
	case !r.OpenMods && !slices.Equal(ours.Mods, theirs.Mods):
		return fmt.Sprintf("type modifiers %v, not %v", ours.Mods, theirs.Mods)
	case len(ours.Rows) != len(theirs.Rows):
		return fmt.Sprintf("%d rows, not %d\n  got  %s\n  want %s", len(ours.Rows), len(theirs.Rows), clip(show(ours.Rows)), clip(show(theirs.Rows)))
	}
	a, b := ours.prepared(r), theirs.prepared(r)
	for i := range a {
		for c := range a[i] {
			if a[i][c] != b[i][c] && !(r.Floats && isFloat(ours.Types[c]) && near(a[i][c], b[i][c], r.Slack)) {
				return fmt.Sprintf("row %d of %d, column %d: got %s, want %s", i+1, len(a), c+1, show(a[i:i+1]), show(b[i:i+1]))
			}
		}
	}
	return ""
}

func (a *Answer) outcome() string {
	if a.State == "" {
		return fmt.Sprintf("%d rows %s", len(a.Rows), clip(show(a.Rows)))
	}
	return a.State + " (" + a.Message + ")"
}

// prepared returns the rows as they are compared: sorted if their order is open.
func (a *Answer) prepared(r Rules) [][]string {
	out := slices.Clone(a.Rows)
	if r.OpenForms {
		for i := range out {
			out[i] = slices.Clone(out[i])
			for c, v := range out[i] {
				out[i][c] = canonical(a.Types[c], v)
			}
		}
	}
	if !r.Ordered {
		slices.SortFunc(out, func(x, y []string) int {
			// Floats come last: they may differ a little.
			for pass := range 2 {
				for c := range x {
					if isFloat(a.Types[c]) != (pass == 1) {
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

// intervalKey is one text for all equal intervals: their length, months being of 30 days.
func intervalKey(v string) string {
	x, err := sql.ParseText(sql.Interval, v, nil, time.Time{})
	if err != nil {
		return v
	}
	days, months := sql.UnpackInterval(x.J)
	return fmt.Sprint(sql.IntervalSpan(x.I, days, months))
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
	case sql.OIDInterval:
		if v != Null {
			return intervalKey(v)
		}
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

func near(a, b string, slack float64) bool {
	x, e1 := strconv.ParseFloat(a, 64)
	y, e2 := strconv.ParseFloat(b, 64)
	if e1 != nil || e2 != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= max(slack, 1e-12*max(math.Abs(x), math.Abs(y)))
}

func show(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(" (" + strings.ReplaceAll(strings.Join(r, "|"), Null, "NULL") + ")")
	}
	return b.String()
}

func clip(s string) string {
	if len(s) > 400 {
		return s[:400] + "..."
	}
	return s
}

// sqlState is the SQLSTATE of an error of a server, "" for none; other errors are
// the connection's.
func sqlState(err error) (state, message string, broken error) {
	if err == nil {
		return "", "", nil
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code, e.Message, nil
	}
	return "", "", err
}
