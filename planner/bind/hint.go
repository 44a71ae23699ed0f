package bind

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// distance is the Levenshtein distance of two names, at most limit+1.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur[0] = i + 1
		best := cur[0]
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j]+cost, prev[j+1]+1, cur[j]+1)
			best = min(best, cur[j+1])
		}
		if best > limit {
			return limit + 1
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}

// nearest returns the name of the list that is most like name, "" if none is near:
// PostgreSQL takes at most half of the name's letters, and no more than three.
func nearest(name string, list []string) string {
	best, limit := "", min(3, max(1, len(name)/2))
	for _, s := range list {
		if d := distance(name, s, limit); d <= limit {
			best, limit = s, d-1
		}
		if limit < 0 {
			break
		}
	}
	return best
}

// undefinedColumn is 42703 with the nearest column in scope.
func (b *binder) undefinedColumn(lv *level, rel, name string, pos int) error {
	var e *sql.Error
	if rel != "" {
		e = sql.Errorf(sql.CodeUndefinedColumn, "column %s.%s does not exist", rel, name)
	} else {
		e = sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" does not exist", name)
	}
	e.At(pos)
	var cands []string
	for l := lv; l != nil; l = l.parent {
		for _, it := range l.items {
			if rel != "" && it.name != rel || it.isJoin {
				continue
			}
			for _, c := range it.cols {
				if c.name == name && rel == "" {
					return e.WithDetail("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, it.name)
				}
				cands = append(cands, it.name+"\x00"+c.name)
			}
		}
	}
	names := make([]string, len(cands))
	for i, c := range cands {
		_, names[i], _ = strings.Cut(c, "\x00")
	}
	if n := nearest(name, names); n != "" {
		for _, c := range cands {
			if item, col, _ := strings.Cut(c, "\x00"); col == n {
				return e.WithHint("Perhaps you meant to reference the column \"%s.%s\".", item, col)
			}
		}
	}
	return e
}

// missingItem is 42P01 for a qualified name whose relation is not in FROM.
func (b *binder) missingItem(lv *level, rel []string, pos int) error {
	name := rel[len(rel)-1]
	for l := lv; l != nil; l = l.parent {
		for _, it := range l.items {
			if it.name == name && len(rel) == 1 {
				e := sql.Errorf(sql.CodeUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name).At(pos)
				return e.WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", name)
			}
			if it.table != nil && it.table.Name == name && it.name != name {
				e := sql.Errorf(sql.CodeUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name).At(pos)
				return e.WithHint("Perhaps you meant to reference the table alias \"%s\".", it.name)
			}
		}
	}
	e := sql.Errorf(sql.CodeUndefinedTable, "missing FROM-clause entry for table \"%s\"", name).At(pos)
	var names []string
	for l := lv; l != nil; l = l.parent {
		for _, it := range l.items {
			if it.relVisible && it.name != "" {
				names = append(names, it.name)
			}
		}
	}
	if n := nearest(name, names); n != "" {
		e.WithHint("Perhaps you meant to reference the table \"%s\".", n)
	}
	return e
}

// undefinedTable is 42P01 with the nearest name on the path.
func (b *binder) undefinedTable(parts []string, pos int) error {
	e := sql.Errorf(sql.CodeUndefinedTable, "relation \"%s\" does not exist", strings.Join(parts, ".")).At(pos)
	schemas := b.path
	if len(parts) > 1 {
		schemas = parts[:1]
	}
	name := parts[len(parts)-1]
	var names []string
	for _, s := range schemas {
		if s == "pg_catalog" && !strings.HasPrefix(name, "pg_") {
			continue
		}
		list, err := b.opts.Catalog.TableNames(b.ctx, s)
		if err != nil {
			return err
		}
		names = append(names, list...)
	}
	if n := nearest(name, names); n != "" {
		e.WithHint("Perhaps you meant the table \"%s\".", n)
	}
	return e
}
