package expr

import (
	"fmt"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Program is a compiled list of expressions over the columns of a batch. It is
// immutable and shared by workers; each worker makes its own Evaluator.
type Program struct {
	nodes []node
	roots []int
	width int // columns of the input
}

// node is one distinct sub-expression: equal deterministic sub-expressions of a
// program are one node.
type node struct {
	e    Expr
	t    sql.Type
	kids []int
	uses int
	col  int // *Col: position in the batch

	constant bool // no column, no volatile call: one value a statement
	stable   bool // no volatile call
	raises   bool // something in it may raise
	oneCol   int  // the only column it reads, if it is worth evaluating over a dictionary; else -1
	key      string
	in       *inSet // *InList
}

// Compile prepares expressions for evaluation. input[i] is the id of batch column i.
func Compile(exprs []Expr, input []ColumnID) (*Program, error) {
	c := compiler{p: &Program{width: len(input)}, byKey: map[string]int{}, pos: make(map[ColumnID]int, len(input))}
	for i, id := range input {
		c.pos[id] = i
	}
	for _, e := range exprs {
		n, err := c.add(e)
		if err != nil {
			return nil, err
		}
		c.p.nodes[n].uses++
		c.p.roots = append(c.p.roots, n)
	}
	return c.p, nil
}

type compiler struct {
	p     *Program
	byKey map[string]int
	pos   map[ColumnID]int
}

func (c *compiler) add(e Expr) (int, error) {
	if n, ok := e.(*Not); ok { // NOT (a < b) is a >= b: the fast path of Select serves it
		if call, ok := n.Arg.(*Call); ok && call.Fn.negate != nil {
			m := *call
			m.Fn = call.Fn.negate
			e = &m
		}
	}
	nd := node{e: e, t: e.Type(), stable: true, constant: true, col: -1, oneCol: -1}
	switch x := e.(type) {
	case *Col:
		i, ok := c.pos[x.ID]
		if !ok {
			return 0, sql.Errorf(sql.CodeInternal, "column %d (%s) is not in the input of its operator", x.ID, x.Name)
		}
		nd.col, nd.constant, nd.oneCol = i, false, i
	case *Param:
		return 0, sql.Errorf(sql.CodeUndefinedParameter, "there is no value for parameter $%d", x.Index)
	case *Call:
		if x.Fn.Kernel == nil && x.Fn.sel == nil && !x.Fn.identity {
			return 0, sql.Errorf(sql.CodeFeatureNotSupported, "function %s cannot be evaluated here", x.Fn.Name).At(x.Pos)
		}
		nd.raises = x.Fn.Raises
		if x.Fn.Vol == Volatile {
			nd.stable, nd.constant = false, false
		}
	case *InList:
		nd.in = newInSet(x)
	}
	cols := nd.oneCol
	var key strings.Builder
	nodeKey(&key, e)
	for _, k := range e.Children() {
		i, err := c.add(k)
		if err != nil {
			return 0, err
		}
		nd.kids = append(nd.kids, i)
		kn := &c.p.nodes[i]
		kn.uses++
		nd.constant = nd.constant && kn.constant
		nd.stable = nd.stable && kn.stable
		nd.raises = nd.raises || kn.raises
		fmt.Fprintf(&key, ",%d", i)
		switch {
		case kn.constant, cols == -2:
		case kn.oneCol == -1:
			cols = -2
		case cols == -1 || cols == kn.oneCol:
			cols = kn.oneCol
		default:
			cols = -2
		}
	}
	if cols >= 0 && nd.stable {
		nd.oneCol = cols
	} else {
		nd.oneCol = -1
	}
	switch e.(type) {
	case *ArrayExpr, *RowExpr:
		nd.oneCol = -1
	}
	nd.key = key.String()
	if nd.stable {
		if i, ok := c.byKey[nd.key]; ok {
			for _, k := range nd.kids {
				c.p.nodes[k].uses--
			}
			return i, nil
		}
		c.byKey[nd.key] = len(c.p.nodes)
	}
	c.p.nodes = append(c.p.nodes, nd)
	return len(c.p.nodes) - 1, nil
}

// nodeKey writes what tells e from other expressions over the same children.
func nodeKey(w *strings.Builder, e Expr) {
	t := e.Type()
	fmt.Fprintf(w, "%T:%d.%d.%d.%d", e, t.OID, t.Mod, t.Dec.P, t.Dec.S)
	switch x := e.(type) {
	case *Col:
		fmt.Fprintf(w, "#%d", x.ID)
	case *Const:
		valueKey(w, &x.V)
	case *Call:
		fmt.Fprintf(w, "%p@%d", x.Fn, x.Pos)
	case *Logic:
		fmt.Fprintf(w, "%d", x.Op)
	case *IsNull:
		fmt.Fprintf(w, "%d", x.Test)
	case *Case:
		fmt.Fprintf(w, "%t", x.Else != nil)
	case *InList:
		fmt.Fprintf(w, "%p%t%t", x.Eq, x.HasNull, x.Negate)
		for i := range x.List {
			valueKey(w, &x.List[i])
		}
	case *ScalarArray:
		fmt.Fprintf(w, "%p%t", x.Op, x.All)
	}
}

func valueKey(w *strings.Builder, v *sql.Value) {
	fmt.Fprintf(w, "(%d.%d %t %d %d %v %q", v.Type.OID, v.Type.Mod, v.Null, v.I, v.J, v.Num, v.S)
	for i := range v.List {
		valueKey(w, &v.List[i])
	}
	w.WriteByte(')')
}

// NewEvaluator returns an evaluator for one worker.
func (p *Program) NewEvaluator(env *Env) Evaluator { return p.evaluator(env) }

func (p *Program) evaluator(env *Env) *evaluator {
	return &evaluator{p: p, env: env, st: make([]nodeState, len(p.nodes)), lim: -1}
}

// Raises reports whether expression i may raise an error.
func (p *Program) Raises(i int) bool { return p.nodes[p.roots[i]].raises }

// nodeState is what an evaluator keeps for a node.
type nodeState struct {
	out   Out
	vec   *vector.Vec // last result, for CSE
	gen   uint64
	frame int

	view  vector.Vec    // shallow copies
	args  []*vector.Vec // of a call
	flat  []vector.Vec  // scratch: flattened Dict arguments
	valid vector.Bitmap // scratch: rows where no strict argument is NULL
	sel   []int32       // scratch: those rows
	tmp   []int32       // scratch selections
	tmp2  []int32
	tri   []uint8
	state any // kernel's
	cval  *vector.Vec
	cerr  error
	cdone bool
	dict  *dictCache
}
