// Package projection computes partitions from table properties (partition
// projection) where none are registered: enum, integer, date and injected keys.
package projection

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// MaxValues is the most values that one key may be asked to list.
const MaxValues = 1_000_000

// Enabled reports whether the table's properties ask for projection.
func Enabled(t *model.Table) bool {
	return len(t.Keys) > 0 && strings.EqualFold(strings.TrimSpace(t.Params["projection.enabled"]), "true")
}

// Projection is what a table's properties say.
type Projection struct {
	Keys     []Key
	base     string   // the table's location, used without a template
	template []string // the literals round the keys of slots
	slots    []int    // ordinals of the keys in the template
	names    []string
}

// Key gives the values of one key.
type Key interface {
	// Count returns how many values there are, -1 if they cannot be listed.
	Count() int64
	// Contains reports whether raw is one of the values.
	Contains(raw string) bool
	// Values lists the values between lo and hi (inclusive) of the key's numbers:
	// integers for an integer key; others ignore the bounds. More than MaxValues is
	// an error (54000).
	Values(lo, hi int64) ([]string, error)
}

// Parse reads the properties of t; now is the time that NOW stands for.
func Parse(t *model.Table, now time.Time) (*Projection, error) {
	p := &Projection{base: t.Storage.Location}
	for i := range t.Keys {
		k := &t.Keys[i]
		p.names = append(p.names, k.Name)
		key, err := parseKey(t, k, now)
		if err != nil {
			return nil, err
		}
		p.Keys = append(p.Keys, key)
	}
	if tmpl := t.Params["storage.location.template"]; tmpl != "" {
		if err := p.parseTemplate(t, tmpl); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func bad(t *model.Table, format string, args ...any) *sql.Error {
	return sql.Errorf(sql.CodeInvalidTableDefinition, "partition projection of table \"%s.%s\": %s", t.Database, t.Name, fmt.Sprintf(format, args...)).
		WithHint("Correct the property with ALTER TABLE ... SET TBLPROPERTIES, or set projection.enabled to false.")
}

func parseKey(t *model.Table, k *model.Column, now time.Time) (Key, error) {
	prop := func(name string) string { return t.Params["projection."+k.Name+"."+name] }
	switch kind := strings.ToLower(strings.TrimSpace(prop("type"))); kind {
	case "":
		return nil, bad(t, "property projection.%s.type is missing", k.Name)
	case "enum":
		if prop("values") == "" {
			return nil, bad(t, "property projection.%s.values is missing", k.Name)
		}
		e := &enumKey{values: strings.Split(prop("values"), ","), has: map[string]bool{}}
		for _, v := range e.values {
			if _, ok := layout.ParseValue(k.Type, v); !ok {
				return nil, bad(t, "value %q of key \"%s\" is not of type %s", v, k.Name, k.Hive)
			}
			e.has[v] = true
		}
		return e, nil
	case "integer":
		return parseIntegerKey(t, k.Name, prop)
	case "date":
		return parseDateKey(t, k.Name, prop, now)
	case "injected":
		return injectedKey{name: k.Name, table: t}, nil
	default:
		return nil, bad(t, "property projection.%s.type is %q, not enum, integer, date or injected", k.Name, kind)
	}
}

type enumKey struct {
	values []string
	has    map[string]bool
}

func (e *enumKey) Count() int64                          { return int64(len(e.values)) }
func (e *enumKey) Contains(raw string) bool              { return e.has[raw] }
func (e *enumKey) Values(int64, int64) ([]string, error) { return e.values, nil }

// injectedKey has no values of its own: they come from the query.
type injectedKey struct {
	name  string
	table *model.Table
}

func (injectedKey) Count() int64             { return -1 }
func (injectedKey) Contains(raw string) bool { return raw != "" && raw != layout.DefaultPartition }
func (k injectedKey) Values(int64, int64) ([]string, error) {
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "the query must say which values of the injected partition key \"%s\" of table \"%s.%s\" it wants",
		k.name, k.table.Database, k.table.Name).
		WithHint("Add a condition %s = constant, or %s IN (constants), to WHERE.", k.name, k.name)
}

type integerKey struct {
	lo, hi, step int64
	digits       int
	name         string
}

func parseIntegerKey(t *model.Table, name string, prop func(string) string) (Key, error) {
	from, to, ok := strings.Cut(prop("range"), ",")
	lo, err1 := strconv.ParseInt(strings.TrimSpace(from), 10, 64)
	hi, err2 := strconv.ParseInt(strings.TrimSpace(to), 10, 64)
	if !ok || err1 != nil || err2 != nil || lo > hi {
		return nil, bad(t, "property projection.%s.range is %q, not two integers in order", name, prop("range"))
	}
	k := &integerKey{lo: lo, hi: hi, step: 1, name: name}
	if s := strings.TrimSpace(prop("interval")); s != "" {
		if k.step, err1 = strconv.ParseInt(s, 10, 64); err1 != nil || k.step < 1 {
			return nil, bad(t, "property projection.%s.interval is %q, not a positive integer", name, s)
		}
	}
	if s := strings.TrimSpace(prop("digits")); s != "" {
		if k.digits, err1 = strconv.Atoi(s); err1 != nil || k.digits < 1 || k.digits > 64 {
			return nil, bad(t, "property projection.%s.digits is %q, not a number from 1 to 64", name, s)
		}
	}
	return k, nil
}

func (k *integerKey) Count() int64 {
	span := uint64(k.hi) - uint64(k.lo)
	n := span/uint64(k.step) + 1
	if n == 0 || n > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(n)
}

func (k *integerKey) Contains(raw string) bool {
	v, err := strconv.ParseInt(raw, 10, 64)
	return err == nil && v >= k.lo && v <= k.hi && (uint64(v)-uint64(k.lo))%uint64(k.step) == 0 && raw == k.text(v)
}

func (k *integerKey) text(v int64) string {
	s := strconv.FormatInt(v, 10)
	if k.digits == 0 {
		return s
	}
	neg := strings.HasPrefix(s, "-")
	if neg {
		s = s[1:]
	}
	if len(s) < k.digits {
		s = strings.Repeat("0", k.digits-len(s)) + s
	}
	if neg {
		s = "-" + s
	}
	return s
}

// Canonical returns the value's text for a number, as the folder has it; ok is
// false if the number is not one of the values.
func (k *integerKey) Canonical(v int64) (string, bool) {
	s := k.text(v)
	return s, k.Contains(s)
}

func (k *integerKey) Values(lo, hi int64) ([]string, error) {
	from := k.lo
	if lo > from { // the first value not below lo
		d := uint64(lo) - uint64(k.lo)
		up := (d + uint64(k.step) - 1) / uint64(k.step) * uint64(k.step)
		if up < d || up > uint64(k.hi)-uint64(k.lo) {
			return nil, nil
		}
		from = int64(uint64(k.lo) + up)
	}
	to := min(k.hi, hi)
	if from > to {
		return nil, nil
	}
	n := (uint64(to)-uint64(from))/uint64(k.step) + 1
	if n > MaxValues || n == 0 {
		return nil, tooMany(k.name)
	}
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, k.text(int64(uint64(from)+i*uint64(k.step))))
	}
	return out, nil
}

func tooMany(name string) error {
	return sql.Errorf(sql.CodeProgramLimitExceeded, "the query leaves more than %d projected values of partition key \"%s\"", MaxValues, name).
		WithHint("Add a condition on %s to WHERE, or narrow its projection range.", name)
}

// Numbered is a key whose values are numbers: Canonical finds a value's text.
type Numbered interface {
	Canonical(v int64) (raw string, ok bool)
}

func (p *Projection) parseTemplate(t *model.Table, tmpl string) error {
	if !strings.HasSuffix(tmpl, "/") {
		tmpl += "/"
	}
	seen := make([]bool, len(p.names))
	lit := ""
	for {
		i := strings.Index(tmpl, "${")
		if i < 0 {
			break
		}
		j := strings.IndexByte(tmpl[i:], '}')
		if j < 0 {
			break
		}
		name := strings.ToLower(tmpl[i+2 : i+j])
		ord := -1
		for k, n := range p.names {
			if n == name {
				ord = k
			}
		}
		if ord < 0 {
			return bad(t, "storage.location.template names ${%s}, which is not a partition key", name)
		}
		seen[ord] = true
		p.template = append(p.template, lit+tmpl[:i])
		p.slots = append(p.slots, ord)
		lit, tmpl = "", tmpl[i+j+1:]
	}
	p.template = append(p.template, lit+tmpl)
	for k, ok := range seen {
		if !ok {
			return bad(t, "storage.location.template does not name the key ${%s}", p.names[k])
		}
	}
	return nil
}

// Location returns where the files of the partition with the raw values are.
func (p *Projection) Location(values []string) string {
	if p.template == nil {
		return layout.Folder(p.base) + layout.Path(p.names, values) + "/"
	}
	var b strings.Builder
	for i, lit := range p.template {
		b.WriteString(lit)
		if i < len(p.slots) {
			b.WriteString(values[p.slots[i]])
		}
	}
	return b.String()
}
