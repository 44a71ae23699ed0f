package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

// converter turns the grammar's tree of one statement into ours.
type converter struct {
	source
	off        int  // characters before the statement
	start, end int  // bytes of the statement in text
	params     int  // highest $n
	placeless  bool // nothing gets a position
}

// pos converts a byte offset in the text, -1 for unknown, to a position.
func (c *converter) pos(loc int32) P {
	if loc < 0 || c.placeless {
		return 0
	}
	return P(c.chars.count(int(loc)) - c.off + 1)
}

func errUnsupported(what string, pos P) error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported", what).At(int(pos))
}

// names returns the strings of a list of String nodes.
func names(list []*pg.Node) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, n := range list {
		out = append(out, n.GetString_().GetSval())
	}
	return out
}

// operator splits an operator's name into schema and symbol.
func operator(list []*pg.Node) (schema, op string) {
	n := names(list)
	if len(n) == 0 {
		return "", ""
	}
	return strings.Join(n[:len(n)-1], "."), n[len(n)-1]
}

func (c *converter) rangeVarName(r *pg.RangeVar) Name {
	n := Name{P: c.pos(r.Location)}
	for _, s := range []string{r.Catalogname, r.Schemaname, r.Relname} {
		if s != "" {
			n.Parts = append(n.Parts, s)
		}
	}
	return n
}

func (c *converter) alias(a *pg.Alias) Alias {
	if a == nil {
		return Alias{}
	}
	return Alias{Name: a.Aliasname, Columns: names(a.Colnames)}
}

// typeName converts a type.
func (c *converter) typeName(t *pg.TypeName) (TypeName, error) {
	out := TypeName{P: c.pos(t.Location), Array: len(t.ArrayBounds), SetOf: t.Setof}
	out.Name = Name{P: out.P, Parts: names(t.Names)}
	if t.PctType {
		return out, errUnsupported("%TYPE", out.P)
	}
	mods := t.Typmods
	if out.Name.Parts[len(out.Name.Parts)-1] == "interval" && len(mods) > 0 {
		mask := mods[0].GetAConst().GetIval().GetIval()
		if mods[0].GetAConst().GetIval() != nil {
			out.Fields = intervalFields(mask)
			mods = mods[1:]
		}
	}
	var err error
	out.Mods, err = c.exprs(mods)
	return out, err
}

// intervalFields names the fields of an INTERVAL_MASK; none for the full range.
func intervalFields(mask int32) []string {
	if mask == 0x7fff {
		return nil
	}
	var out []string
	for _, f := range []struct {
		bit  int32
		name string
	}{{1 << 2, "year"}, {1 << 1, "month"}, {1 << 3, "day"}, {1 << 10, "hour"}, {1 << 11, "minute"}, {1 << 12, "second"}} {
		if mask&f.bit != 0 {
			out = append(out, f.name)
		}
	}
	return out
}
