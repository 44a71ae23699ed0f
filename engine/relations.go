package engine

import (
	"context"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// relations computes virtual relations for a statement.
type relations struct {
	s    *Session
	snap *catalog.Snapshot
}

// Rows implements exec.Relations.
func (r relations) Rows(ctx context.Context, req *exec.RelationRequest, yield func(row []sql.Value) error) error {
	rel := r.s.eng.cfg.System.ByOID(req.Table.OID)
	if rel == nil {
		return sql.Errorf(sql.CodeInternal, "relation \"%s.%s\" has no source", req.Table.Database, req.Table.Name)
	}
	if rel.Rows == nil {
		return nil
	}
	env := &system.Env{Snapshot: r.snap, Set: r.s.eng.cfg.System, Catalog: r.s.opts.Database, User: r.s.opts.User,
		Settings: r.s.settingRows, Activity: r.s.activityRows, Cursors: r.s.cursorRows, Prepared: r.s.preparedRows}
	all := req.Table.AllColumns()
	narrow := make([]sql.Value, len(req.Ords))
	return rel.Rows(ctx, env, wanted(req), func(row []sql.Value) error {
		for i, o := range req.Ords {
			narrow[i] = row[o]
			if narrow[i].Type.OID == 0 {
				narrow[i].Type = all[o].Type
			}
		}
		return yield(append([]sql.Value(nil), narrow...))
	})
}

// wanted finds, in the scan's conditions, the columns of which only certain values
// are asked for.
func wanted(req *exec.RelationRequest) map[string][]sql.Value {
	name := map[expr.ColumnID]string{}
	for _, c := range req.Columns {
		name[c.ID] = c.Name
	}
	eq := map[string][]sql.Value{}
	for _, e := range req.Conjuncts {
		switch x := e.(type) {
		case *expr.InList:
			if c, ok := x.Arg.(*expr.Col); ok && !x.Negate && name[c.ID] != "" && eq[name[c.ID]] == nil {
				eq[name[c.ID]] = x.List
			}
		case *expr.Call:
			if x.Fn.Kind != expr.KindOperator || x.Fn.Name != "=" || len(x.Args) != 2 {
				continue
			}
			a, b := x.Args[0], x.Args[1]
			if _, ok := a.(*expr.Const); ok {
				a, b = b, a
			}
			c, ok := a.(*expr.Col)
			v, isConst := b.(*expr.Const)
			if ok && isConst && !v.V.Null && name[c.ID] != "" && eq[name[c.ID]] == nil {
				eq[name[c.ID]] = []sql.Value{v.V}
			}
		}
	}
	return eq
}

func (s *Session) settingRows() []system.Setting {
	var out []system.Setting
	for _, d := range s.set.sorted() {
		v, _ := s.set.get(d.name)
		x := system.Setting{Name: d.name, Value: v, Description: d.doc, Context: "user", Source: "default", Boot: d.def, Reset: d.def, Enum: d.enum}
		if d.readOnly {
			x.Context = "internal"
		}
		if v != d.def {
			x.Source = "session"
		}
		x.Type = [...]string{kindString: "string", kindBool: "bool", kindInt: "integer", kindEnum: "enum", kindMillis: "integer", kindBytes: "integer"}[d.kind]
		switch d.kind {
		case kindMillis:
			x.Unit = "ms"
		case kindBytes:
			x.Unit = "kB"
		}
		out = append(out, x)
	}
	return out
}

// activityRows shows the text of others' statements to superusers only.
func (s *Session) activityRows() []system.Activity {
	var out []system.Activity
	super := s.eng.isSuperuser(s.opts.User)
	for _, a := range s.eng.Activity() {
		a.Query = shown(a.Query)
		if a.User != s.opts.User && !super {
			a.Query = "<insufficient privilege>"
		}
		x := system.Activity{PID: a.PID, User: a.User, Application: a.Application, ClientAddr: a.Remote, State: "idle", Query: a.Query, QueryStart: a.Started}
		if a.Active {
			x.State = "active"
		}
		out = append(out, x)
	}
	return out
}

func (s *Session) cursorRows() []system.Cursor {
	var out []system.Cursor
	for name, p := range s.portals {
		if p.cursor {
			out = append(out, system.Cursor{Name: name, Statement: p.prep.Source.Stmt.Text, Hold: p.hold, Binary: p.binary, Created: p.stats.started})
		}
	}
	return out
}

func (s *Session) preparedRows() []system.Prepared {
	var out []system.Prepared
	for name, p := range s.prepared {
		if name == "" {
			continue
		}
		x := system.Prepared{Name: name, Statement: p.Source.Stmt.Text, Params: p.Params}
		for _, f := range p.Fields {
			x.Results = append(x.Results, f.Type.OID)
		}
		out = append(out, x)
	}
	return out
}
