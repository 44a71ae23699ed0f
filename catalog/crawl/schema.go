package crawl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// schema merges the schemas of sampled files. Columns that are partition keys
// too are left out: the folder decides.
func (f *found) schema(ctx context.Context, objects object.Store, o Options) (cols []model.Column, conflicts []string, err error) {
	for _, file := range f.sample(o.SampleFiles) {
		have, err := o.Schema(ctx, objects, file.Key)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range have {
			c.Name = strings.ToLower(c.Name)
			if slices.ContainsFunc(f.keys, func(k model.Column) bool { return k.Name == c.Name }) {
				continue
			}
			if c.Hive == "" {
				conflicts = note(conflicts, fmt.Sprintf("column %s of %s has a type that cannot be read", c.Name, file.Key))
				continue
			}
			cols, _, conflicts = addColumn(cols, c, conflicts)
		}
	}
	if len(cols) == 0 {
		return nil, nil, sql.Errorf(sql.CodeDataException, "the files have no columns that can be read")
	}
	return cols, conflicts, nil
}

func note(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// addColumn adds c to cols or widens the column of its name; cols is not changed
// in place. Types that do not go together are reported, and the first stays.
func addColumn(cols []model.Column, c model.Column, conflicts []string) (out []model.Column, changed bool, why []string) {
	i := slices.IndexFunc(cols, func(h model.Column) bool { return h.Name == c.Name })
	if i < 0 {
		return append(slices.Clone(cols), c), true, conflicts
	}
	wide, ok := Widen(cols[i].Hive, c.Hive)
	if !ok {
		return cols, false, note(conflicts, fmt.Sprintf("column %s is %s in some files and %s in others", c.Name, cols[i].Hive, c.Hive))
	}
	if wide == cols[i].Hive {
		return cols, false, conflicts
	}
	t, err := store.HiveType(wide)
	if err != nil {
		return cols, false, note(conflicts, err.Error())
	}
	out = slices.Clone(cols)
	out[i].Hive, out[i].Type = wide, t
	return out, true, conflicts
}

// Widen returns the narrowest Hive type that holds the values of both; ok is
// false if there is none that files of both kinds can be read as.
func Widen(a, b string) (string, bool) {
	if a == b {
		return a, true
	}
	x, err1 := sql.ParseHive(a)
	y, err2 := sql.ParseHive(b)
	if err1 != nil || err2 != nil {
		return "", false
	}
	w, ok := widen(x, y)
	if !ok {
		return "", false
	}
	return w.String(), true
}

func integer(k sql.HiveKind) bool { return k >= sql.HiveTinyint && k <= sql.HiveBigint }

// digits of an integer kind.
var digits = map[sql.HiveKind]int{sql.HiveTinyint: 3, sql.HiveSmallint: 5, sql.HiveInt: 10, sql.HiveBigint: 19}

func widen(x, y *sql.HiveType) (*sql.HiveType, bool) {
	if x.Kind > y.Kind {
		x, y = y, x
	}
	switch {
	case integer(x.Kind) && integer(y.Kind):
		return y, true
	case x.Kind == sql.HiveFloat && y.Kind == sql.HiveDouble:
		return y, true
	case integer(x.Kind) && y.Kind == sql.HiveDecimal:
		x = &sql.HiveType{Kind: sql.HiveDecimal, Precision: digits[x.Kind]}
		fallthrough
	case x.Kind == sql.HiveDecimal && y.Kind == sql.HiveDecimal:
		s := max(x.Scale, y.Scale)
		p := max(x.Precision-x.Scale, y.Precision-y.Scale) + s
		return &sql.HiveType{Kind: sql.HiveDecimal, Precision: p, Scale: s}, p <= sql.MaxDecPrecision
	case x.Kind == sql.HiveString && (y.Kind == sql.HiveChar || y.Kind == sql.HiveVarchar):
		return x, true
	case x.Kind == sql.HiveVarchar && y.Kind == sql.HiveVarchar:
		if x.Len > y.Len {
			return x, true
		}
		return y, true
	case x.Kind != y.Kind:
		return nil, false
	}
	switch x.Kind {
	case sql.HiveArray:
		e, ok := widen(x.Elem, y.Elem)
		return &sql.HiveType{Kind: sql.HiveArray, Elem: e}, ok
	case sql.HiveMap:
		k, ok1 := widen(x.Key, y.Key)
		e, ok2 := widen(x.Elem, y.Elem)
		return &sql.HiveType{Kind: sql.HiveMap, Key: k, Elem: e}, ok1 && ok2
	case sql.HiveStruct:
		out := &sql.HiveType{Kind: sql.HiveStruct, Fields: slices.Clone(x.Fields)}
		for _, f := range y.Fields {
			i := slices.IndexFunc(out.Fields, func(h sql.HiveField) bool { return strings.EqualFold(h.Name, f.Name) })
			if i < 0 {
				out.Fields = append(out.Fields, f)
				continue
			}
			t, ok := widen(out.Fields[i].Type, f.Type)
			if !ok {
				return nil, false
			}
			out.Fields[i].Type = t
		}
		return out, true
	case sql.HiveChar:
		return x, x.Len == y.Len
	}
	return x, true
}
