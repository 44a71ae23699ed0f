package differential

import (
	"slices"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// node is a part of a statement: its text, with %s where its parts stand. What can
// be left out or replaced without making nonsense is known from it, so that a
// statement that fails can be made small.
type node struct {
	t     sql.OID // type of an expression; 0: a clause
	form  string
	parts []*node
	sep   string // the parts are a list: the one %s stands for all, with sep between them
	least int    // how many of a list must stay
	opt   bool   // may be left out as a whole
	same  bool   // every %s stands for parts[0]
	mark  mark
}

// mark says what a part makes open in the answer of the whole.
type mark uint8

const (
	markForms mark = 1 << iota // which of equal values (1.0, 1.00; 0, -0) stands for them all
	markLoose                  // the last digits of floats
	markOrder                  // nothing: the order of the rows is total
	markLazy                   // whether an error is found: not everything need be computed
)

func leaf(t sql.OID, form string) *node                { return &node{t: t, form: form} }
func one(t sql.OID, form string, parts ...*node) *node { return &node{t: t, form: form, parts: parts} }
func list(form, sep string, least int, l ...*node) *node {
	return &node{form: form, sep: sep, least: least, parts: l}
}
func clause(form string, parts ...*node) *node { return &node{form: form, parts: parts} }
func (n *node) with(m mark) *node              { n.mark |= m; return n }
func (n *node) optional() *node                { n.opt = true; return n }

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	if n == nil || n.sep != "" && len(n.parts) == 0 {
		return
	}
	if n.sep != "" {
		before, after, _ := strings.Cut(n.form, "%s")
		b.WriteString(before)
		for i, p := range n.parts {
			if i > 0 {
				b.WriteString(n.sep)
			}
			p.write(b)
		}
		b.WriteString(after)
		return
	}
	if len(n.parts) == 0 {
		b.WriteString(n.form)
		return
	}
	rest := n.form
	for i := 0; ; i++ {
		before, after, more := strings.Cut(rest, "%s")
		b.WriteString(before)
		if !more {
			return
		}
		if n.same {
			n.parts[0].write(b)
		} else {
			n.parts[i].write(b)
		}
		rest = after
	}
}

// marks are those of a node and of everything below it; an order counts only where
// it is the statement's own.
func (n *node) marks() (m mark) {
	if n == nil {
		return 0
	}
	for _, p := range n.parts {
		m |= p.marks()
	}
	return m | n.mark
}

// smaller lists nodes with something left out, the largest omissions first.
func (n *node) smaller() (out []*node) {
	if n == nil {
		return nil
	}
	with := func(i int, p *node) {
		c := *n
		c.parts = slices.Clone(n.parts)
		c.parts[i] = p
		out = append(out, &c)
	}
	for _, p := range n.parts {
		if p != nil && n.t != 0 && p.t == n.t {
			out = append(out, p)
		}
	}
	if n.sep != "" && len(n.parts) > n.least {
		for i := range n.parts {
			c := *n
			c.parts = slices.Delete(slices.Clone(n.parts), i, i+1)
			out = append(out, &c)
		}
	}
	for i, p := range n.parts {
		if p == nil {
			continue
		}
		if p.opt {
			with(i, nil)
		}
		if n.t == 0 && p.t != 0 {
			// What stands in a clause may be of any type.
			for _, c := range p.parts {
				if c != nil && c.t != 0 {
					with(i, c)
				}
			}
		}
	}
	for i, p := range n.parts {
		for _, s := range p.smaller() {
			with(i, s)
		}
	}
	if k := kindOf[n.t]; k != nil && len(n.parts) > 0 {
		out = append(out, leaf(n.t, k.tame[0]))
	}
	return out
}

// shrink looks for a smallest statement that still fails.
func shrink(n *node, fails func(*node) bool) *node {
	end := time.Now().Add(*shrinking)
	for {
		smaller := false
		for _, c := range n.smaller() {
			if time.Now().After(end) {
				return n
			}
			if fails(c) {
				n, smaller = c, true
				break
			}
		}
		if !smaller {
			return n
		}
	}
}
