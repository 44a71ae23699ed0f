package engine

import (
	"context"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// cursorPlace is where a portal stands in its result: before the first row, on row
// pos (from 1), or behind the last one, where pos is the number of rows.
type cursorPlace struct {
	pos            int64
	atStart, atEnd bool
	// spool has the rows that were read, if they may be wanted again; base is how
	// many rows of the result came before its first.
	spool *exec.Spool
	base  int64
}

func (c *cursorPlace) close() {
	if c.spool != nil {
		c.spool.Close()
	}
}

// pagedMemory is what the rows of a result may take that a client fetches page by
// page: they may have to wait for as long as its transaction lasts, or its session.
const pagedMemory = 4 << 20

// heldMemory bounds the memory of rows that are ready; 0: by the statement's alone.
func (p *Portal) heldMemory() int64 {
	if p.paged || p.cursor {
		return pagedMemory
	}
	return 0
}

var errForwardOnly = sql.Errorf(sql.CodeObjectNotInPrerequisite, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

// backward reports an error unless the portal can go back.
func (p *Portal) backward() error {
	if !p.scroll {
		return errForwardOnly
	}
	return nil
}

func (p *Portal) newSpool() *exec.Spool { return p.s.newPagedSpool(p.prep.Fields) }

// newPagedSpool makes room for rows that wait to be fetched.
func (s *Session) newPagedSpool(fields []Field) *exec.Spool {
	types := make([]sql.Type, len(fields))
	for i, f := range fields {
		types[i] = f.Type
	}
	cfg := &s.eng.cfg
	return exec.NewSpool(cfg.SpillDir, cfg.Memory, pagedMemory, types)
}

// forward gives out the next rows, at most max (0: no limit): rows from..to-1 of b;
// b is nil at the end.
func (p *Portal) forward(max int64) (b *vector.Batch, from, to int, err error) {
	c := &p.place
	if c.atEnd {
		return nil, 0, 0, nil
	}
	if p.scroll && c.spool == nil {
		c.spool = p.newSpool()
	}
	if c.spool != nil && c.pos-c.base < c.spool.Rows() {
		if b, from, to, err = c.spool.Window(c.pos - c.base); err != nil {
			return nil, 0, 0, err
		}
		if max > 0 && int64(to-from) > max {
			to = from + int(max)
		}
	} else {
		b, from, to, err = p.window(max)
		if err == nil && b != nil && c.spool != nil {
			err = c.spool.Append(b, from, to)
		}
		if err != nil {
			return nil, 0, 0, err
		}
	}
	if b == nil {
		c.atEnd = true
		return nil, 0, 0, nil
	}
	c.pos += int64(to - from)
	c.atStart = false
	return b, from, to, nil
}

// back gives out the rows before the present one, the last of them first: the
// window's rows are meant from to-1 down to from. At the start b is nil.
func (p *Portal) back(max int64) (b *vector.Batch, from, to int, err error) {
	if err := p.backward(); err != nil {
		return nil, 0, 0, err
	}
	c := &p.place
	if c.atStart {
		return nil, 0, 0, nil
	}
	next := c.pos // the row before the present one, from 0, is next-2; behind the end next-1
	if c.atEnd {
		next++
	}
	if next <= 1 {
		c.atStart, c.pos = true, 0
		return nil, 0, 0, nil
	}
	b, row, _, err := c.spool.Window(next - 2)
	if err != nil {
		return nil, 0, 0, err
	}
	from, to = 0, row+1
	if max > 0 && int64(to-from) > max {
		from = to - int(max)
	}
	c.pos, c.atEnd = next-int64(to-from), false
	return b, from, to, nil
}

// persist runs a held cursor's query to its end and keeps the rows that can still
// be fetched.
func (p *Portal) persist(ctx context.Context) error {
	if p.failed {
		return cannotRun(p.Name)
	}
	f := &fetch{p: p, ctx: ctx}
	defer f.Close()
	if err := f.begin(); err != nil {
		return f.failed(err)
	}
	c := &p.place
	if c.spool == nil {
		c.spool, c.base = p.newSpool(), c.pos
	}
	for {
		b, from, to, err := p.window(0)
		if err == nil && b != nil {
			err = c.spool.Append(b, from, to)
		}
		if err != nil {
			return f.failed(err)
		}
		if b == nil {
			p.held = true
			return nil
		}
	}
}

// persistHeld persists the cursors WITH HOLD that the transaction made.
func (s *Session) persistHeld(ctx context.Context) error {
	for _, p := range s.portals {
		if p.hold && !p.held {
			if err := p.persist(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
