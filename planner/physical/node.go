// Package physical is the last tree: algorithm, build side, ordering, runtime
// filters and estimates are decided, and for each remote part the bound plan to
// send. EXPLAIN and golden tests print it; exec.Build only translates it.
package physical

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
)

// Estimate of a node. Rows are its own output; the others are for the sub-tree.
type Estimate struct {
	Rows      float64
	Bytes     float64 // read from storage
	Requests  float64 // sent to storage
	Seconds   float64 // p50
	Seconds90 float64
	Dollars   float64
}

// Node is a physical plan node; the set is closed (see the types of this file).
type Node interface {
	Columns() []logical.Col // output, in batch column order
	Children() []Node
	Estimate() *Estimate
	// Ordinal numbers the nodes of a plan in EXPLAIN's order (set by Finish); exec
	// counts actual rows and time under it.
	Ordinal() int
	base() *Base
}

// Base is what every node has.
type Base struct {
	Cols []logical.Col
	Est  Estimate
	ID   int
}

func (b *Base) Columns() []logical.Col { return b.Cols }
func (b *Base) Estimate() *Estimate    { return &b.Est }
func (b *Base) Ordinal() int           { return b.ID }
func (b *Base) base() *Base            { return b }

// FilterRef says that the runtime filter ID applies to column Col here.
type FilterRef struct {
	ID  int
	Col expr.ColumnID
}

// TableScan reads a lake table. Cols are its output; Read are all columns that
// predicates or output need, with their positions in Table.AllColumns().
type TableScan struct {
	Base
	Table   *model.Table
	Alias   string
	Read    []logical.Col
	Ords    []int
	Filter  []expr.Expr // exact: applied wholly by the scan
	Filters []FilterRef // join filters
	// Limit, if > 0, is how many rows the plan above can use at most.
	Limit int64
	Facts ScanFacts
	// Keep, if > 0, is the number under which the scan keeps its rows, with KeepCols
	// besides Cols, as long as they are few: for scans that would read them again.
	Keep     int
	KeepCols []logical.Col
	Reuse    *Reuse // nil: none
}

// Reuse names rows that another scan of the same table keeps and that hold all rows
// of this one. If they are all there when this one starts, no file is read again.
type Reuse struct {
	Keep  int             // of the other scan
	Cols  []expr.ColumnID // what its first columns (Cols, KeepCols) are called here; -1: not wanted
	Conds []expr.Expr     // of Filter: those that the rows kept have not passed
}

// ScanFacts is what planning learnt of a table, for EXPLAIN. Counts are -1 where
// nothing is known.
type ScanFacts struct {
	PartitionsKept, PartitionsTotal int64 // total 0: not partitioned
	Files                           int64
	Source                          string // where statistics come from: "catalog", "footers", "defaults"
	Projected                       bool   // partitions are computed, not registered
	// PartitionConds lists indexes into Filter that act on partitions; PruneConds
	// those that can skip row groups and pages.
	PartitionConds, PruneConds []int
}

// VirtualScan reads a computed relation.
type VirtualScan struct {
	Base
	Table   *model.Table
	Alias   string
	Read    []logical.Col
	Ords    []int
	Filter  []expr.Expr // all applied here; equalities and IN reach the relation's source
	Filters []FilterRef
}

// Values is rows of constant expressions.
type Values struct {
	Base
	Rows [][]expr.Expr
}

// Filter keeps rows for which all conditions are true.
type Filter struct {
	Base
	Input Node
	Conds []expr.Expr
}

// Project computes expressions; Exprs[i] is Cols[i].
type Project struct {
	Base
	Input Node
	Exprs []expr.Expr
}

// JoinKind is what a join delivers, in terms of probe and build side.
type JoinKind uint8

// Kinds of join.
const (
	Inner      JoinKind = iota
	ProbeOuter          // every probe row
	BuildOuter          // every build row
	FullOuter
	ProbeSemi   // probe rows with a match
	ProbeAnti   // probe rows without
	BuildSemi   // build rows with a match
	BuildAnti   // build rows without
	ProbeMark   // probe rows and a three-valued boolean
	ProbeSingle // every probe row, 21000 on a second match
)

var joinNames = [...]string{"Inner", "Probe Outer", "Build Outer", "Full Outer", "Probe Semi", "Probe Anti", "Build Semi", "Build Anti", "Mark", "Single"}

func (k JoinKind) String() string { return joinNames[k] }

// Publish says that key Key of the build side is published as runtime filter ID.
type Publish struct{ ID, Key int }

// HashJoin builds a table of Build by BuildKeys and probes it. Keys are columns
// (computed ones were projected below). Cols lists the output columns wanted, a
// subset of both sides' (and MarkCol).
type HashJoin struct {
	Base
	Kind      JoinKind
	Probe     Node
	Build     Node
	ProbeKeys []logical.Col
	BuildKeys []logical.Col
	// NullEqual[i] makes NULL equal NULL for key i (IS NOT DISTINCT FROM).
	NullEqual []bool
	Residual  []expr.Expr // over both sides' columns, before a pair counts as a match
	MarkCol   expr.ColumnID
	// MarkNulls: NULLs in keys or a NULL residual make the mark NULL, as NOT IN needs.
	MarkNulls bool
	Publish   []Publish
	// UniqueBuild is true if at most one build row has any key.
	UniqueBuild bool
}

// NestedLoop joins by trying all pairs; Build is materialised.
type NestedLoop struct {
	Base
	Kind    JoinKind
	Probe   Node
	Build   Node
	On      []expr.Expr
	MarkCol expr.ColumnID
}

// Aggregate groups by hashing; without Groups (and Sets) it gives one row.
type Aggregate struct {
	Base
	Input    Node
	Groups   []logical.Col // columns of Input, output first under GroupOut ids
	GroupOut []logical.Col
	Sets     [][]int
	Grouping []logical.GroupingCol
	Aggs     []expr.AggCall // arguments and filters are columns or constants of Input
	// Distinct over all columns is an Aggregate without Aggs.
	// DependentGroups lists indexes of Groups that the others determine: they need
	// not be part of the key.
	DependentGroups []int
}

// Sort orders rows; keys are columns of Input. Limit > 0: only the first Limit (TopN).
type Sort struct {
	Base
	Input Node
	Keys  []SortKey
	Limit int64
}

// SortKey is a column to order by.
type SortKey struct {
	Col        logical.Col
	Desc       bool
	NullsFirst bool
}

// Limit passes Count rows (-1: all) after Offset.
type Limit struct {
	Base
	Input    Node
	Count    int64
	Offset   int64
	TiesKeys []SortKey // WITH TIES: Input is ordered by them
	// CountOf and OffsetOf, if not nil, take the place of Count and Offset: they are
	// of the row that the plan is run for (Apply).
	CountOf, OffsetOf expr.Expr
}

// DistinctOn keeps the first row of each run of rows equal on On; Input is ordered so
// that they are neighbours.
type DistinctOn struct {
	Base
	Input Node
	On    []logical.Col
}

// Append concatenates inputs by position.
type Append struct {
	Base
	Inputs []Node
}

// HashSetOp is INTERSECT or EXCEPT [ALL] by hashing.
type HashSetOp struct {
	Base
	Kind        logical.SetKind
	All         bool
	Left, Right Node
}

// Window computes window functions; Input may come in any order (it sorts).
type Window struct {
	Base
	Input     Node
	Partition []logical.Col
	OrderBy   []SortKey
	Frame     logical.Frame
	Calls     []expr.WindowCall // arguments are columns or constants
}

// ProjectSet is logical.ProjectSet.
type ProjectSet struct {
	Base
	Input Node
	Calls []logical.SetCall
}

// FuncScan is logical.FuncScan.
type FuncScan struct {
	Base
	Calls      []logical.SetCall
	Ordinality *logical.Col
}

// Shared computes plans once for the SharedRefs in Input and in later plans.
type Shared struct {
	Base
	Plans []SharedPlan
	Input Node
}

// SharedPlan is one of them.
type SharedPlan struct {
	ID   int
	Name string
	Plan Node
}

// SharedRef reads a shared plan by position.
type SharedRef struct {
	Base
	PlanID  int
	Name    string
	Filter  []expr.Expr // over Cols, applied while reading
	Filters []FilterRef // join filters
}

// Recursive is logical.Recursive.
type Recursive struct {
	Base
	WorkID    int
	BaseInput Node
	Step      Node
	All       bool
}

// WorkTable is logical.WorkTable.
type WorkTable struct {
	Base
	WorkID int
}

// MaxOneRow is logical.MaxOneRow.
type MaxOneRow struct {
	Base
	Input Node
}

// Apply runs Right once for each row of Left, Right's references to Left's columns
// being replaced by values: what unnesting refuses (volatile functions, correlated
// set-returning functions in FROM). Columns as logical.DependentJoin.
type Apply struct {
	Base
	Kind    logical.JoinKind
	Left    Node
	Right   Node
	Outer   []logical.Col // columns of Left that Right refers to
	On      []expr.Expr
	Guard   expr.Expr
	MarkCol expr.ColumnID
}

// Remote is a part that another engine runs.
type Remote struct {
	Base
	Engine  string
	Plan    logical.Node // what is sent, bound
	SQL     string       // as it will be written, for EXPLAIN
	Filters []FilterRef
}

// Plan is a whole physical plan.
type Plan struct {
	Root    Node
	Nodes   int // ordinals are 0..Nodes-1
	Filters int // runtime filter ids are 0..Filters-1
	// Names and types of the result columns; Root.Columns() gives their order.
	Output []logical.Col
	// Ordered is true if the order of rows shows (ORDER BY at the top).
	Ordered bool
	// Total is the estimate of the whole route; Routes are all routes considered.
	Total  Estimate
	Routes []Route
}

// Route is a way to run the statement that was considered.
type Route struct {
	Name   string // "lake", "warehouse wh", "split"
	Chosen bool
	Est    Estimate
	Reason string // why it won, lost or is impossible
}

func (n *TableScan) Children() []Node   { return nil }
func (n *VirtualScan) Children() []Node { return nil }
func (n *Values) Children() []Node      { return nil }
func (n *Filter) Children() []Node      { return []Node{n.Input} }
func (n *Project) Children() []Node     { return []Node{n.Input} }
func (n *HashJoin) Children() []Node    { return []Node{n.Probe, n.Build} }
func (n *NestedLoop) Children() []Node  { return []Node{n.Probe, n.Build} }
func (n *Aggregate) Children() []Node   { return []Node{n.Input} }
func (n *Sort) Children() []Node        { return []Node{n.Input} }
func (n *Limit) Children() []Node       { return []Node{n.Input} }
func (n *DistinctOn) Children() []Node  { return []Node{n.Input} }
func (n *Append) Children() []Node      { return n.Inputs }
func (n *HashSetOp) Children() []Node   { return []Node{n.Left, n.Right} }
func (n *Window) Children() []Node      { return []Node{n.Input} }
func (n *ProjectSet) Children() []Node  { return []Node{n.Input} }
func (n *FuncScan) Children() []Node    { return nil }
func (n *Shared) Children() []Node {
	var out []Node
	for _, p := range n.Plans {
		out = append(out, p.Plan)
	}
	return append(out, n.Input)
}
func (n *SharedRef) Children() []Node { return nil }
func (n *Recursive) Children() []Node { return []Node{n.BaseInput, n.Step} }
func (n *WorkTable) Children() []Node { return nil }
func (n *MaxOneRow) Children() []Node { return []Node{n.Input} }
func (n *Apply) Children() []Node     { return []Node{n.Left, n.Right} }
func (n *Remote) Children() []Node    { return nil }

// Number gives ordinals in pre-order, which is the order of EXPLAIN's lines.
func (p *Plan) Number() {
	i := 0
	var walk func(Node)
	walk = func(n Node) {
		n.base().ID = i
		i++
		for _, c := range n.Children() {
			walk(c)
		}
	}
	walk(p.Root)
	p.Nodes = i
}
