package place

import (
	"math/bits"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/rule"
)

// A cluster is a maximal tree of joins and filters, taken apart into leaves and
// conditions so that its joins can be ordered anew.
//
// Inner joins commute and associate freely. A left, semi, anti, mark or single join
// keeps its right side as one leaf, planned by itself, which may be attached to any
// set of leaves that has what its On refers to: such joins commute with inner joins
// over other leaves, since every left row passes through them independently of the
// others. A full join is a leaf.
type cluster struct {
	leaves  []*leaf
	preds   []*pred
	classes []*class
	consts  []expr.Expr // conditions without columns
	alias   map[expr.ColumnID]expr.Expr
	mark    map[expr.ColumnID]bool
}

// leafSet is a set of leaves, bit i for leaf i.
type leafSet uint64

const maxLeaves = 64

func (s leafSet) len() int { return bits.OnesCount64(uint64(s)) }

// leaf is a relation of a cluster.
type leaf struct {
	n    logical.Node
	cols expr.ColSet // what it produces (a mark's column too)
	// kind is how it is attached: Inner freely, others by On to a set that contains needs.
	kind  logical.JoinKind
	on    []expr.Expr
	needs leafSet
	mark  logical.Col

	r     *rel
	width float64
	sel   float64 // not Inner: factor of the row count when attached
}

// pred is an inner condition over two or more leaves, or one that must wait.
type pred struct {
	e    expr.Expr
	refs leafSet // leaves whose columns it uses
	mask leafSet // leaves that must be joined before it is evaluated; contains refs
	sel  float64
	// l and r are the sides' leaves if it is an equality whose sides can be keys.
	l, r leafSet
}

// class is a set of columns that inner equalities make equal.
type class struct {
	fn   *expr.Func
	cols []logical.Col
	at   []int // leaf of each
}

// flatten adds n to the cluster and returns the leaves it became; false if there
// are too many.
func (c *cluster) flatten(n logical.Node) (leafSet, bool) {
	switch x := n.(type) {
	case *logical.Filter:
		if !joinLike(x.Input) || anyVolatile(x.Conds) {
			break
		}
		s, ok := c.flatten(x.Input)
		if !ok {
			return 0, false
		}
		c.addConds(x.Conds, s)
		return s, true
	case *logical.Project:
		if !plainColumns(x) || !joinLike(x.Input) {
			break
		}
		s, ok := c.flatten(x.Input)
		if !ok {
			return 0, false
		}
		for _, e := range x.Exprs {
			if id := e.Expr.(*expr.Col).ID; id != e.Col.ID {
				c.alias[e.Col.ID] = e.Expr
			}
		}
		return s, true
	case *logical.Join:
		if anyVolatile(x.On) {
			break
		}
		switch x.Kind {
		case logical.Full:
		case logical.Inner:
			l, ok1 := c.flatten(x.Left)
			if !ok1 {
				return 0, false
			}
			r, ok2 := c.flatten(x.Right)
			if !ok2 {
				return 0, false
			}
			c.addConds(x.On, l|r)
			return l | r, true
		default:
			return c.flattenAttached(x)
		}
	}
	return c.addLeaf(&leaf{n: n, cols: setOf(n.Columns()), kind: logical.Inner})
}

func (c *cluster) flattenAttached(x *logical.Join) (leafSet, bool) {
	l, ok := c.flatten(x.Left)
	if !ok {
		return 0, false
	}
	if x.Kind == logical.Semi && semiIsInner(x) {
		r, ok := c.addLeaf(&leaf{n: x.Right, cols: setOf(x.Right.Columns()), kind: logical.Inner})
		if ok {
			c.addConds(x.On, l|r)
		}
		return l | r, ok
	}
	lf := &leaf{n: x.Right, cols: setOf(x.Right.Columns()), kind: x.Kind, on: x.On, mark: x.MarkCol, needs: l}
	if x.Kind == logical.Mark {
		lf.cols = expr.Cols(x.MarkCol.ID)
		c.mark[x.MarkCol.ID] = true
	}
	r, ok := c.addLeaf(lf)
	return l | r, ok
}

// semiIsInner reports whether the right side has at most one partner for a left
// row, by its construction, so that the join may be ordered like an inner join.
func semiIsInner(x *logical.Join) bool {
	rcols := setOf(x.Right.Columns())
	for _, e := range x.On {
		if rule.CanRaise(e) {
			return false
		}
	}
	return rule.UniqueOn(x.Right, rule.RightKeys(x.On, rcols))
}

func (c *cluster) addLeaf(l *leaf) (leafSet, bool) {
	if len(c.leaves) == maxLeaves {
		return 0, false
	}
	c.leaves = append(c.leaves, l)
	return 1 << (len(c.leaves) - 1), true
}

// addConds adds conditions written above the leaves in scope.
func (c *cluster) addConds(conds []expr.Expr, scope leafSet) {
	for _, e := range conds {
		p := &pred{e: e}
		if rule.CanRaise(e) {
			p.mask = scope
		}
		c.preds = append(c.preds, p)
	}
}

func anyVolatile(list []expr.Expr) bool {
	for _, e := range list {
		if expr.VolatilityOf(e) == expr.Volatile {
			return true
		}
	}
	return false
}

func plainColumns(p *logical.Project) bool {
	for _, e := range p.Exprs {
		if _, ok := e.Expr.(*expr.Col); !ok {
			return false
		}
	}
	return true
}

// resolve replaces columns that a projection inside the cluster renamed.
func (c *cluster) resolve(e expr.Expr) expr.Expr {
	if len(c.alias) == 0 {
		return e
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		for {
			col, ok := x.(*expr.Col)
			if !ok {
				return x
			}
			to, ok := c.alias[col.ID]
			if !ok {
				return x
			}
			x = to
		}
	})
}

// leavesOf returns the leaves that produce the columns.
func (c *cluster) leavesOf(cols expr.ColSet) leafSet {
	var s leafSet
	for i, l := range c.leaves {
		if l.cols.Intersects(cols) {
			s |= 1 << i
		}
	}
	return s
}

// analyse resolves names, finds what conditions refer to and builds the classes
// of equal columns. Conditions over one leaf go into the leaf.
func (c *cluster) analyse() {
	for i, l := range c.leaves {
		if l.kind == logical.Inner {
			continue
		}
		raises := l.kind == logical.Single
		var refs leafSet
		on := make([]expr.Expr, len(l.on))
		for k, e := range l.on {
			on[k] = c.resolve(e)
			raises = raises || rule.CanRaise(e)
			refs |= c.leavesOf(expr.ColsOf(on[k]))
		}
		l.on = on
		refs &^= 1 << i
		// A condition that can raise, and a single join, must see only the rows that the
		// joins written below it leave; without any reference the whole left side counts.
		if !raises && refs&l.needs != 0 {
			l.needs = refs & l.needs
		}
		// An attached leaf whose columns are needed must have been attached with what it needs.
		for again := true; again; {
			again = false
			for k, o := range c.leaves {
				if l.needs>>k&1 != 0 && o.kind != logical.Inner && o.needs&^l.needs != 0 {
					l.needs |= o.needs
					again = true
				}
			}
		}
	}
	var rest []*pred
	for _, p := range c.preds {
		p.e = c.resolve(p.e)
		p.refs = c.leavesOf(expr.ColsOf(p.e))
		p.mask |= p.refs
		for i, l := range c.leaves {
			if p.refs>>i&1 != 0 && l.kind != logical.Inner {
				p.mask |= l.needs // its columns exist only once it is attached
			}
		}
		switch {
		case p.mask == 0:
			c.consts = append(c.consts, p.e)
		case p.mask.len() == 1 && c.leaves[bits.TrailingZeros64(uint64(p.mask))].kind == logical.Inner:
			l := c.leaves[bits.TrailingZeros64(uint64(p.mask))]
			l.n = addFilter(l.n, p.e)
		case c.classify(p):
		default:
			c.sides(p)
			rest = append(rest, p)
		}
	}
	c.preds = rest
	for _, k := range c.classes {
		c.within(k)
	}
}

func addFilter(n logical.Node, e expr.Expr) logical.Node {
	if f, ok := n.(*logical.Filter); ok {
		return &logical.Filter{Input: f.Input, Conds: append(append([]expr.Expr(nil), f.Conds...), e)}
	}
	return &logical.Filter{Input: n, Conds: []expr.Expr{e}}
}

// classify adds a column equality between freely joined leaves to the classes.
func (c *cluster) classify(p *pred) bool {
	a, b, fn, ok := rule.ColEquality(p.e)
	if !ok || p.mask != p.refs || p.refs.len() != 2 {
		return false
	}
	la, lb := c.leafOf(a.ID), c.leafOf(b.ID)
	if c.leaves[la].kind != logical.Inner || c.leaves[lb].kind != logical.Inner {
		return false
	}
	ka, kb := c.classOf(a.ID, fn), c.classOf(b.ID, fn)
	switch {
	case ka == nil && kb == nil:
		c.classes = append(c.classes, &class{fn: fn, cols: []logical.Col{asCol(a), asCol(b)}, at: []int{la, lb}})
	case ka == nil:
		kb.cols, kb.at = append(kb.cols, asCol(a)), append(kb.at, la)
	case kb == nil:
		ka.cols, ka.at = append(ka.cols, asCol(b)), append(ka.at, lb)
	case ka != kb:
		ka.cols, ka.at = append(ka.cols, kb.cols...), append(ka.at, kb.at...)
		for i, k := range c.classes {
			if k == kb {
				c.classes = append(c.classes[:i], c.classes[i+1:]...)
				break
			}
		}
	}
	return true
}

func asCol(c *expr.Col) logical.Col { return logical.Col{ID: c.ID, T: c.T, Name: c.Name, Coll: c.Coll} }

func (c *cluster) leafOf(id expr.ColumnID) int {
	for i, l := range c.leaves {
		if l.cols.Has(id) {
			return i
		}
	}
	return -1
}

func (c *cluster) classOf(id expr.ColumnID, fn *expr.Func) *class {
	for _, k := range c.classes {
		if k.fn != fn {
			continue
		}
		for _, col := range k.cols {
			if col.ID == id {
				return k
			}
		}
	}
	return nil
}

// within makes columns of one class in one leaf equal by a filter on the leaf, and
// leaves one of them in the class.
func (c *cluster) within(k *class) {
	first := map[int]logical.Col{}
	var cols []logical.Col
	var at []int
	for i, col := range k.cols {
		f, ok := first[k.at[i]]
		if !ok {
			first[k.at[i]] = col
			cols, at = append(cols, col), append(at, k.at[i])
			continue
		}
		l := c.leaves[k.at[i]]
		eq := &expr.Call{Fn: k.fn, Args: []expr.Expr{f.Ref(), col.Ref()}, T: exprBool}
		l.n = addFilter(l.n, eq)
	}
	k.cols, k.at = cols, at
}

// sides finds the two sides of an equality that can be hashed.
func (c *cluster) sides(p *pred) {
	eq, ok := p.e.(*expr.Call)
	if ns, isSafe := rule.NullSafe(p.e); isSafe {
		eq, ok = ns, true
	}
	if !ok || eq.Fn.Kind != expr.KindOperator || eq.Fn.Name != "=" || len(eq.Args) != 2 {
		return
	}
	l, r := c.leavesOf(expr.ColsOf(eq.Args[0])), c.leavesOf(expr.ColsOf(eq.Args[1]))
	if l != 0 && r != 0 && l&r == 0 {
		p.l, p.r = l, r
	}
}
