package engine

import (
	"context"
	"strings"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Statements that write rows of temporary tables run a query whose rows tell what
// goes and what comes (bind.Write). They see the state in which they are planned;
// the new one is the session's once they have succeeded.

// describeWrite binds a statement that writes rows.
func (s *Session) describeWrite(ctx context.Context, p *Prepared) error {
	q, err := s.bindQuery(ctx, p.Source.Stmt, p.Source.Stmt.Stmt, p.Params)
	if err != nil {
		return err
	}
	p.query, p.Params = q, q.params
	if q.bound.Write.Returns > 0 {
		p.Fields = q.fields
	}
	return nil
}

// runWrite runs INSERT, UPDATE or DELETE.
func (s *Session) runWrite(ctx context.Context, p *Portal) (Rows, func(int64) string, error) {
	pl, err := s.planQuery(ctx, p.prep.query, p.params)
	if err != nil {
		return nil, nil, err
	}
	c, n, err := s.write(ctx, p, pl)
	if err != nil {
		return nil, nil, err
	}
	verb := map[bind.WriteKind]string{bind.WriteInsert: "INSERT 0", bind.WriteUpdate: "UPDATE", bind.WriteDelete: "DELETE"}[c.write.Kind]
	tag := func(int64) string { return rowsTag(verb, n) }
	if c.returns == nil {
		return nil, tag, nil
	}
	return &returnedRows{spool: c.returns}, tag, nil
}

// write runs a plan and makes the table's new state that of now; n is how many rows
// it wrote.
func (s *Session) write(ctx context.Context, p *Portal, pl *planned) (c *collector, n int64, err error) {
	defer s.sweepTemp()
	w := pl.query.bound.Write
	old := pl.lake.temp.byOID(w.Table.OID)
	if c, err = s.collect(ctx, p, pl, old.table, old.rows); err != nil {
		return nil, 0, err
	}
	rows := old.rows.Without(c.gone)
	n = c.gone.Len()
	if w.Kind != bind.WriteDelete {
		n = c.spool.Rows()
		if rows, err = rows.With(c.spool, func() *exec.Spool { return s.newSpool(old.table) }); err != nil {
			return nil, 0, c.failed(err)
		}
	}
	next := s.temp.now.with(old.withRows(rows))
	if w.Kind != bind.WriteDelete && n > 0 {
		if err := s.checkKeys(ctx, old.table, next); err != nil {
			return nil, 0, c.failed(err)
		}
	}
	s.temp.now = next
	return c, n, nil
}

// returnedRows are the rows of RETURNING.
type returnedRows struct {
	spool *exec.Spool
	at    int64
	batch vector.Batch
	sel   []int32
}

// Next implements Rows.
func (r *returnedRows) Next(context.Context) (*vector.Batch, error) {
	if r.at >= r.spool.Rows() {
		return nil, nil
	}
	b, from, to, err := r.spool.Window(r.at)
	if err != nil {
		return nil, err
	}
	r.at += int64(to - from)
	r.sel = r.sel[:0]
	for i := from; i < to; i++ {
		r.sel = append(r.sel, int32(i))
	}
	r.batch = vector.Batch{N: b.N, Cols: b.Cols, Sel: r.sel}
	return &r.batch, nil
}

// Close implements Rows.
func (r *returnedRows) Close() { r.spool.Close() }

// collector takes the rows of a bind.Write.
type collector struct {
	write   *bind.Write
	table   *model.Table
	format  *sql.Format
	first   int         // column of the table's first one
	spool   *exec.Spool // of rows that come; nil: none do
	returns *exec.Spool // nil: there is no RETURNING
	gone    *exec.RowSet
	seen    []*exec.KeySet // keys of rows that came, by arbiter
	sel     []int32
	batch   vector.Batch
	x       *exec.Execution // that it was run by
}

// collect runs a plan to its end.
func (s *Session) collect(ctx context.Context, p *Portal, pl *planned, t *model.Table, old *exec.TableRows) (*collector, error) {
	w := pl.query.bound.Write
	c := &collector{write: w, table: t, format: s.Format(), gone: old.NewRowSet()}
	if w.Numbered() {
		c.first = 1
	}
	if w.Kind != bind.WriteDelete {
		c.spool = s.newSpool(t)
	}
	if w.Returns > 0 {
		c.returns = s.newPagedSpool(pl.query.fields)
	}
	for range w.Arbiters {
		seen := exec.NewKeySet(s.eng.cfg.Memory, s.eng.cfg.StatementMemory)
		defer seen.Close()
		c.seen = append(c.seen, seen)
	}
	rows, err := s.openQuery(ctx, p, pl)
	if err != nil {
		return nil, c.failed(err)
	}
	c.x = rows.x
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return nil, c.failed(err)
		}
		if b == nil {
			break
		}
		if err := c.add(b); err != nil {
			return nil, c.failed(err)
		}
	}
	if c.spool != nil {
		if err := c.spool.Finish(); err != nil {
			return nil, c.failed(err)
		}
	}
	return c, nil
}

// failed gives up what no state of the tables has.
func (c *collector) failed(err error) error {
	if c.returns != nil {
		c.returns.Close()
	}
	return err
}

// add takes a batch.
func (c *collector) add(b *vector.Batch) error {
	c.sel = c.sel[:0]
	for k := range b.Rows() {
		i := k
		if b.Sel != nil {
			i = int(b.Sel[k])
		}
		take, err := c.take(b, i)
		if err != nil {
			return err
		}
		if take {
			c.sel = append(c.sel, int32(i))
		}
	}
	if c.spool != nil {
		n := c.first + len(c.table.Columns)
		for k, v := range b.Cols[c.first:n] {
			if v.Layout != vector.LayoutOf(c.table.Columns[k].Type) && v.Form == vector.Flat {
				return sql.Errorf(sql.CodeInternal, "values of column \"%s\" do not come in its form", c.table.Columns[k].Name)
			}
		}
		for _, i := range c.sel {
			if c.write.Upsert {
				if err := c.check(b, int(i), n+len(c.table.Checks)); err != nil {
					return err
				}
			}
			if err := c.check(b, int(i), c.first); err != nil {
				return err
			}
		}
		c.batch = vector.Batch{N: b.N, Cols: b.Cols[c.first:n], Sel: c.sel}
		if err := c.spool.Append(&c.batch, 0, len(c.sel)); err != nil {
			return err
		}
	}
	if c.returns == nil {
		return nil
	}
	c.batch = vector.Batch{N: b.N, Cols: b.Cols[len(b.Cols)-c.write.Returns:], Sel: c.sel}
	return c.returns.Append(&c.batch, 0, len(c.sel))
}

// take reports whether row i of the batch counts: of several that replace one row,
// or conflict with one another, the first does.
func (c *collector) take(b *vector.Batch, i int) (bool, error) {
	if c.first > 0 && !b.Cols[0].IsNull(i) {
		src, at, _ := b.Cols[0].At(i)
		if c.gone.Add(vector.Values[int64](src)[at]) {
			return true, nil
		}
		if c.write.Upsert {
			return false, errSecondTime()
		}
		return false, nil
	}
	keys := make([]string, len(c.seen))
	for k, seen := range c.seen {
		key, ok := c.key(b, i, c.table.Unique[c.write.Arbiters[k]])
		if !ok {
			continue
		}
		if seen.Has(key) {
			if c.write.Upsert {
				return false, errSecondTime()
			}
			return false, nil
		}
		keys[k] = key
	}
	for k, seen := range c.seen {
		if keys[k] != "" {
			if err := seen.Add(keys[k]); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func errSecondTime() error {
	return sql.Errorf(sql.CodeCardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
		WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}

// key is a row's key in a form that equal ones share; false if it has a NULL.
func (c *collector) key(b *vector.Batch, i int, k model.Key) (string, bool) {
	var out []byte
	for _, at := range k.Columns {
		v := b.Cols[c.first+at]
		if v.IsNull(i) {
			return "", false
		}
		out = vector.AppendSortKey(out, v, i, vector.KeyOrder{})
	}
	return string(out), true
}

// check refuses a row that a constraint forbids; it begins at column first.
func (c *collector) check(b *vector.Batch, i, first int) error {
	t := c.table
	row, fails := b.Cols[first:first+len(t.Columns)], b.Cols[first+len(t.Columns):]
	for k := range t.Columns {
		if t.Columns[k].NotNull && row[k].IsNull(i) {
			return sql.Errorf(sql.CodeNotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", t.Columns[k].Name, t.Name).
				WithDetail("Failing row contains (%s).", c.row(row, i))
		}
	}
	for k := range t.Checks {
		if src, at, _ := fails[k].At(i); vector.Values[bool](src)[at] {
			return sql.Errorf(sql.CodeCheckViolation, "new row for relation \"%s\" violates check constraint \"%s\"", t.Name, t.Checks[k].Name).
				WithDetail("Failing row contains (%s).", c.row(row, i))
		}
	}
	return nil
}

// row is a row's text.
func (c *collector) row(cols []*vector.Vec, i int) string {
	vals := make([]sql.Value, 0, len(cols))
	for _, v := range cols {
		vals = append(vals, vector.ValueAt(v, i))
	}
	return rowText(vals, c.format)
}

func rowText(vals []sql.Value, f *sql.Format) string {
	parts := make([]string, len(vals))
	for i, v := range vals {
		parts[i] = "null"
		if !v.Null {
			parts[i] = string(sql.AppendText(nil, v, f))
		}
	}
	return strings.Join(parts, ", ")
}

// checkKeys refuses a state in which a table has a key twice.
func (s *Session) checkKeys(ctx context.Context, t *model.Table, next *tempState) error {
	for _, k := range t.Unique {
		names, given := make([]string, len(k.Columns)), make([]string, len(k.Columns))
		for i, c := range k.Columns {
			names[i] = quoted(t.Columns[c].Name)
			given[i] = names[i] + " IS NOT NULL"
		}
		cols := strings.Join(names, ", ")
		text := "SELECT " + cols + " FROM pg_temp." + quoted(t.Name) + " WHERE " + strings.Join(given, " AND ") +
			" GROUP BY " + cols + " HAVING pg_catalog.count(*) > 1 LIMIT 1"
		stmts, err := s.eng.parser.Parse(text, 0)
		if err != nil {
			return err
		}
		q, err := s.bindQuery(ctx, stmts[0], stmts[0].Stmt, nil)
		if err != nil {
			return err
		}
		pl, err := s.planIn(ctx, q, nil, next)
		if err != nil {
			return err
		}
		rows, err := s.openQuery(ctx, &Portal{s: s}, pl)
		if err != nil {
			return err
		}
		b, err := rows.Next(ctx)
		if err == nil && b != nil && b.Rows() > 0 {
			for i, c := range k.Columns {
				names[i] = quoteIdent(t.Columns[c].Name)
			}
			cols = strings.Join(names, ", ")
			err = sql.Errorf(sql.CodeUniqueViolation, "duplicate key value violates unique constraint \"%s\"", k.Name).
				WithDetail("Key (%s)=(%s) already exists.", cols, rowText(rowValues(b), s.Format()))
		}
		rows.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// runTruncate empties tables.
func (s *Session) runTruncate(ctx context.Context, x *parse.Truncate) (string, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return "", err
	}
	next := s.temp.now
	for _, n := range x.Tables {
		t, err := bind.WriteTarget(ctx, s.env(), s.bindOptions(snap, nil), &parse.TableName{P: n.P, Name: n}, "TRUNCATE")
		if err != nil {
			return "", err
		}
		if err := s.unused(t, "TRUNCATE"); err != nil {
			return "", err
		}
		old := next.byOID(t.OID)
		next = next.with(old.withRows(old.rows.Empty()))
	}
	s.temp.now = next
	s.sweepTemp()
	return "TRUNCATE TABLE", nil
}
