package sqllogictest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// check compares the rows of a query's answer, in PostgreSQL's text form, with what
// the record expects.
func (r *record) check(rows [][][]byte) error {
	values := make([]string, 0, len(rows)*len(r.types))
	lines := make([][]string, len(rows))
	for i, row := range rows {
		if len(row) != len(r.types) {
			return fmt.Errorf("%d columns instead of %d", len(row), len(r.types))
		}
		for c, v := range row {
			s, err := render(r.types[c], v)
			if err != nil {
				return err
			}
			values = append(values, s)
		}
		lines[i] = values[len(values)-len(row):]
	}
	switch r.order {
	case "rowsort":
		slices.SortStableFunc(lines, slices.Compare[[]string])
		values = slices.Concat(lines...)
	case "valuesort":
		slices.Sort(values)
	case "nosort":
	default:
		return fmt.Errorf("order %q is not known", r.order)
	}
	got := values
	if len(r.want) == 1 && strings.Contains(r.want[0], " values hashing to ") {
		h := md5.New()
		for _, v := range values {
			h.Write([]byte(v))
			h.Write([]byte{'\n'})
		}
		got = []string{fmt.Sprintf("%d values hashing to %s", len(values), hex.EncodeToString(h.Sum(nil)))}
	}
	if !slices.Equal(got, r.want) {
		return fmt.Errorf("the answer is %s (%s), not %s", clip(got), clip(values), clip(r.want))
	}
	return nil
}

// render gives a value the form that scripts have for a column of the type.
func render(typ byte, v []byte) (string, error) {
	if v == nil {
		return "NULL", nil
	}
	s := string(v)
	switch typ {
	case 'I': // as C reads an integer from it
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return strconv.FormatInt(i, 10), nil
		}
		f, err := strconv.ParseFloat(s, 64)
		return strconv.FormatInt(int64(f), 10), err
	case 'R':
		f, err := strconv.ParseFloat(s, 64)
		return fmt.Sprintf("%.3f", f), err
	case 'T':
		if s == "" {
			return "(empty)", nil
		}
		return strings.Map(func(c rune) rune {
			if c < ' ' || c > '~' {
				return '@'
			}
			return c
		}, s), nil
	}
	return "", fmt.Errorf("type %q is not known", typ)
}

func clip(list []string) string {
	s := strings.Join(list, " ")
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return s
}
