package exec

import (
	"github.com/sluicedb/sluice/planner/physical"
)

// template is a part of a plan that is built and run again and again.
type template struct {
	outer *builder
	local map[int]bool // runtime filters that the part publishes itself
}

// nest prepares a part of the plan to be run inside a stream; it returns the
// pipelines of the enclosing plan that must be done before.
func (b *builder) nest(n physical.Node) (*template, []*pipeline) {
	t := &template{outer: b, local: map[int]bool{}}
	var deps []*pipeline
	var walk func(physical.Node)
	walk = func(n physical.Node) {
		switch n := n.(type) {
		case *physical.SharedRef:
			if p := b.shared[n.PlanID]; p != nil {
				deps = append(deps, p)
			}
		case *physical.HashJoin:
			for _, p := range n.Publish {
				t.local[p.ID] = true
			}
		}
		for _, c := range n.Children() {
			walk(c)
		}
	}
	walk(n)
	return t, deps
}

// build makes pipelines that end in sink; work binds work tables to stores.
func (t *template) build(n physical.Node, work map[int]*rowStore, sink func(s *stream) Sink) ([]*pipeline, error) {
	nb := newBuilder(t.outer.e)
	for id, s := range t.outer.stores {
		nb.stores[id] = s
	}
	for id, s := range work {
		nb.stores[id] = s
	}
	for id, f := range t.outer.filters {
		if !t.local[id] {
			nb.filters[id] = f
		}
	}
	s, err := nb.build(n)
	if err != nil {
		return nil, err
	}
	nb.close(s, sink(s), nil)
	nb.connectFilters()
	return nb.pipes, nil
}

// nested runs the pipelines of a template; when they are done it calls done and
// wakes the task.
func (e *Execution) nested(t *Task, pipes []*pipeline, done func()) {
	e.launch(pipes, func() {
		done()
		t.Wake()
	})
}
