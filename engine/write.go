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

// describeWrite binds a statement that writes rows, and what it returns of them.
func (s *Session) describeWrite(ctx context.Context, p *Prepared, x parse.Stmt, table parse.TableName, returning []parse.Target) error {
	q, err := s.bindQuery(ctx, p.Source.Stmt, x, p.Params)
	if err != nil {
		return err
	}
	p.query, p.Params = q, q.params
	if returning == nil {
		return nil
	}
	sel := &parse.Select{P: parse.P(x.Pos()), Targets: returning, From: []parse.TableRef{&table}}
	if p.returning, err = s.bindQuery(ctx, p.Source.Stmt, sel, q.params); err != nil {
		return err
	}
	p.Params, p.Fields = p.returning.params, p.returning.fields
	return nil
}

// runWrite runs INSERT, UPDATE or DELETE.
func (s *Session) runWrite(ctx context.Context, p *Portal) (Rows, func(int64) string, error) {
	defer s.sweepTemp()
	params := p.params
	pl, err := s.planQuery(ctx, p.prep.query, params[:min(len(params), len(p.prep.query.params))])
	if err != nil {
		return nil, nil, err
	}
	w := pl.query.bound.Write
	old := pl.lake.temp.byOID(w.Table.OID)
	c, err := s.collect(ctx, p, pl, old.table, old.rows)
	if err != nil {
		return nil, nil, err
	}
	rows := old.rows
	if w.Kind != bind.WriteInsert {
		rows = rows.Without(c.gone)
	}
	n := c.gone.Len()
	if w.Kind != bind.WriteDelete {
		n = c.spool.Rows()
		if rows, err = rows.With(c.spool, func() *exec.Spool { return s.newSpool(old.table) }); err != nil {
			return nil, nil, err
		}
	}
	next := pl.lake.temp.with(old.withRows(rows))
	if w.Kind != bind.WriteDelete && n > 0 {
		if err := s.checkKeys(ctx, old.table, next); err != nil {
			return nil, nil, err
		}
	}
	tag := map[bind.WriteKind]string{bind.WriteInsert: "INSERT 0", bind.WriteUpdate: "UPDATE", bind.WriteDelete: "DELETE"}[w.Kind]
	tag = rowsTag(tag, n)
	var out Rows
	if p.prep.returning != nil {
		written := old.rows
		if w.Kind == bind.WriteDelete {
			written = written.Only(c.gone)
		} else {
			written = rows.Only(rows.Last(n))
		}
		p.planned, err = s.planIn(ctx, p.prep.returning, params, next.with(old.withRows(written)))
		if err != nil {
			return nil, nil, err
		}
		if out, err = s.openQuery(ctx, p, p.planned); err != nil {
			return nil, nil, err
		}
	}
	s.temp.now = next
	return out, func(int64) string { return tag }, nil
}

// collector takes the rows of a bind.Write.
type collector struct {
	table  *model.Table
	format *sql.Format
	first  int // column of the table's first one
	spool  *exec.Spool
	gone   *exec.RowSet
	sel    []int32
	batch  vector.Batch
}

// collect runs a plan to its end.
func (s *Session) collect(ctx context.Context, p *Portal, pl *planned, t *model.Table, old *exec.TableRows) (*collector, error) {
	kind := pl.query.bound.Write.Kind
	c := &collector{table: t, format: s.Format(), gone: old.NewRowSet()}
	if kind == bind.WriteUpdate || kind == bind.WriteDelete {
		c.first = 1
	}
	if kind != bind.WriteDelete {
		c.spool = s.newSpool(t)
	}
	rows, err := s.openQuery(ctx, p, pl)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		if err := c.add(b); err != nil {
			return nil, err
		}
	}
	if c.spool != nil {
		return c, c.spool.Finish()
	}
	return c, nil
}

// add takes a batch. Of several rows that replace one the first counts.
func (c *collector) add(b *vector.Batch) error {
	c.sel = c.sel[:0]
	for k := range b.Rows() {
		i := k
		if b.Sel != nil {
			i = int(b.Sel[k])
		}
		if c.first > 0 {
			src, at, _ := b.Cols[0].At(i)
			if !c.gone.Add(vector.Values[int64](src)[at]) {
				continue
			}
		}
		c.sel = append(c.sel, int32(i))
	}
	if c.spool == nil {
		return nil
	}
	n := c.first + len(c.table.Columns)
	for _, i := range c.sel {
		if err := c.check(b, int(i), n); err != nil {
			return err
		}
	}
	c.batch.N, c.batch.Cols, c.batch.Sel = b.N, b.Cols[c.first:n], c.sel
	return c.spool.Append(&c.batch, 0, len(c.sel))
}

// check refuses a row that a constraint forbids; the table's columns end at column n.
func (c *collector) check(b *vector.Batch, i, n int) error {
	t := c.table
	for k, col := range t.Columns {
		if col.NotNull && b.Cols[c.first+k].IsNull(i) {
			return sql.Errorf(sql.CodeNotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", col.Name, t.Name).
				WithDetail("Failing row contains (%s).", c.row(b, i, n))
		}
	}
	for k, v := range b.Cols[n:] {
		if src, at, _ := v.At(i); vector.Values[bool](src)[at] {
			return sql.Errorf(sql.CodeCheckViolation, "new row for relation \"%s\" violates check constraint \"%s\"", t.Name, t.Checks[k].Name).
				WithDetail("Failing row contains (%s).", c.row(b, i, n))
		}
	}
	return nil
}

// row is a row's text.
func (c *collector) row(b *vector.Batch, i, n int) string {
	vals := make([]sql.Value, 0, n)
	for _, v := range b.Cols[c.first:n] {
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
			names[i] = quoteIdent(t.Columns[c].Name)
			given[i] = names[i] + " IS NOT NULL"
		}
		cols := strings.Join(names, ", ")
		text := "SELECT " + cols + " FROM pg_temp." + quoteIdent(t.Name) + " WHERE " + strings.Join(given, " AND ") +
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
		old := next.byOID(t.OID)
		next = next.with(old.withRows(old.rows.Empty()))
	}
	s.temp.now = next
	s.sweepTemp()
	return "TRUNCATE TABLE", nil
}
