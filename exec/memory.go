package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
)

// Budget is memory that may be used: a statement's is part of the process's.
// Memory is asked for before it is used. Safe for concurrent use.
type Budget struct {
	parent     *Budget
	limit      int64
	used, peak atomic.Int64
}

// NewBudget returns a budget of limit bytes within parent (nil: none).
func NewBudget(parent *Budget, limit int64) *Budget {
	return &Budget{parent: parent, limit: limit}
}

// Used and Peak return the bytes in use now and at most so far.
func (b *Budget) Used() int64 { return b.used.Load() }

// Peak returns the most bytes that were in use at once.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Limit returns the size of the budget.
func (b *Budget) Limit() int64 { return b.limit }

func (b *Budget) take(n int64, force bool) bool {
	for {
		old := b.used.Load()
		if !force && old+n > b.limit {
			return false
		}
		if b.used.CompareAndSwap(old, old+n) {
			break
		}
	}
	if b.parent != nil && !b.parent.take(n, force) {
		b.used.Add(-n)
		return false
	}
	for now := b.used.Load(); ; {
		p := b.peak.Load()
		if now <= p || b.peak.CompareAndSwap(p, now) {
			return true
		}
	}
}

func (b *Budget) give(n int64) {
	b.used.Add(-n)
	if b.parent != nil {
		b.parent.give(n)
	}
}

// drain gives back whatever is still in use.
func (b *Budget) drain() { b.give(b.used.Load()) }

// Grant is the memory of one operator, or of one task's part of it. One
// goroutine at a time uses it.
type Grant struct {
	b    *Budget
	node *counters
	held int64
}

func (e *Execution) grant(node *counters) *Grant { return &Grant{b: e.budget, node: node} }

// Resize makes the grant hold `to` bytes in all; false, and no change, if the
// budget does not allow it. Less is always granted.
func (g *Grant) Resize(to int64) bool { return g.set(to, false) }

// Force is Resize that may pass the limit: for the small fixed need without
// which an operator could not even spill.
func (g *Grant) Force(to int64) { g.set(to, true) }

// smallNeed is what an operator that cannot spill may hold in any case: others that
// could spill may have used the budget up before it began.
const smallNeed = 256 << 10

// Must is Resize for an operator that cannot spill: 53200 if refused.
func (g *Grant) Must(to int64) error {
	if g.set(to, to <= smallNeed) {
		return nil
	}
	return sql.Errorf(sql.CodeOutOfMemory, "out of memory").
		WithDetail("The statement may use %d bytes and needs more than that for an operation that cannot spill to disk.", g.b.limit).
		WithHint("Raise the statement's memory limit or reduce the rows that the operation keeps.")
}

func (g *Grant) set(to int64, force bool) bool {
	d := to - g.held
	switch {
	case d > 0:
		if !g.b.take(d, force) {
			return false
		}
	case d < 0:
		g.b.give(-d)
	}
	g.held = to
	if g.node != nil {
		g.node.memory(d)
	}
	return true
}

// Close gives everything back.
func (g *Grant) Close() {
	if g != nil {
		g.set(0, true)
	}
}
