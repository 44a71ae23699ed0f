package exec

import "github.com/sluicedb/sluice/planner/physical"
import "github.com/sluicedb/sluice/sql"

func nyi() (*stream, error) {
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "this kind of plan cannot be run")
}
func (b *builder) setOp(n *physical.HashSetOp) (*stream, error)       { return nyi() }
func (b *builder) window(n *physical.Window) (*stream, error)         { return nyi() }
func (b *builder) projectSet(n *physical.ProjectSet) (*stream, error) { return nyi() }
func (b *builder) funcScan(n *physical.FuncScan) (*stream, error)     { return nyi() }
func (b *builder) sharedPlans(n *physical.Shared) (*stream, error)    { return nyi() }
func (b *builder) sharedRef(n *physical.SharedRef) (*stream, error)   { return nyi() }
func (b *builder) recursive(n *physical.Recursive) (*stream, error)   { return nyi() }
func (b *builder) workTable(n *physical.WorkTable) (*stream, error)   { return nyi() }
func (b *builder) apply(n *physical.Apply) (*stream, error)           { return nyi() }
