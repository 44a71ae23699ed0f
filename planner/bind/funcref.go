package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// funcRef binds functions in FROM; they may refer to the items before them.
func (b *binder) funcRef(lv *level, r *parse.FuncRef) (*fromItem, error) {
	old := lv.lateral
	lv.lateral = true
	defer func() { lv.lateral = old }()
	node := &logical.FuncScan{}
	var cols []nsCol
	var plain logical.Node
	for i, f := range r.Funcs {
		name := columnName(f)
		if c, ok := f.(*parse.FuncCall); ok {
			name = c.Name.Parts[len(c.Name.Parts)-1]
		}
		var call *logical.SetCall
		var scalar expr.Expr
		err := lv.within(inFromFunction, func() (err error) {
			call, scalar, err = b.fromCall(lv, f, name, r.ColDefs[i])
			return err
		})
		if err != nil {
			return nil, err
		}
		if call != nil {
			node.Calls = append(node.Calls, *call)
			for _, c := range call.Cols {
				cols = append(cols, nsCol{name: c.Name, col: c})
			}
			continue
		}
		if len(r.Funcs) > 1 {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "ROWS FROM with functions that do not return sets is not supported").At(f.Pos())
		}
		c := b.newCol(lv, name, scalar.Type(), collationOf(scalar))
		cols = append(cols, nsCol{name: name, col: c})
		v := &logical.Values{Cols: []logical.Col{c}, Rows: [][]expr.Expr{{scalar}}}
		if r.Ordinality {
			o := b.newCol(lv, "ordinality", sql.Int8, expr.CollDefault)
			v.Cols, v.Rows[0] = append(v.Cols, o), append(v.Rows[0], &expr.Const{V: sql.IntValue(sql.Int8, 1)})
			cols = append(cols, nsCol{name: o.Name, col: o})
		}
		plain = v
	}
	var plan logical.Node = node
	if plain != nil {
		plan = plain
	} else if r.Ordinality {
		o := b.newCol(lv, "ordinality", sql.Int8, expr.CollDefault)
		node.Ordinality = &o
		cols = append(cols, nsCol{name: o.Name, col: o})
	}
	// A single scalar column takes the alias's name.
	single := len(r.Funcs) == 1 && (plain != nil || len(node.Calls[0].Cols) == 1) && len(r.ColDefs[0]) == 0
	if single && r.Alias.Name != "" && (plain != nil || node.Calls[0].Fn.Columns == nil) {
		cols[0].name = r.Alias.Name
	}
	itemName := cols[0].name
	if plain == nil && node.Calls[0].Fn.Columns != nil {
		itemName = node.Calls[0].Fn.Name
	}
	it, err := newItem(itemName, r.Alias, plan, cols, r.Pos())
	if err != nil {
		return nil, err
	}
	it.items[0].isFunc = single && !r.Ordinality
	return it, nil
}

// fromCall binds one function: a set-returning call, or a scalar expression.
func (b *binder) fromCall(lv *level, e parse.Expr, name string, defs []parse.ColumnDef) (*logical.SetCall, expr.Expr, error) {
	f, ok := e.(*parse.FuncCall)
	if !ok || f.Over != nil {
		o, err := b.operand(lv, e)
		return nil, o.e, err
	}
	args, err := b.operands(lv, f.Args)
	if err != nil {
		return nil, nil, err
	}
	if f.ArgNames != nil {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "named arguments are not supported").At(f.Pos())
	}
	c, err := b.function(f.Name.Parts, args, callOptions{pos: f.Pos(), star: f.Star, variadic: f.Variadic})
	if err != nil {
		return nil, nil, err
	}
	if c.fn == nil || c.fn.Kind != expr.KindSet {
		x, err := b.expr(lv, f)
		if err == nil && b.hasSubs(lv, []expr.Expr{x}) {
			err = sql.Errorf(sql.CodeFeatureNotSupported, "subqueries as arguments of functions in FROM are not supported").At(f.Pos())
		}
		return nil, x, err
	}
	if err := plainOnly(f); err != nil {
		return nil, nil, err
	}
	if b.hasSubs(lv, c.args) {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "subqueries as arguments of functions in FROM are not supported").At(f.Pos())
	}
	call := &logical.SetCall{Fn: c.fn, Args: c.args, Pos: f.Pos()}
	if cols := c.fn.Columns; cols != nil {
		if len(defs) > 0 {
			return nil, nil, sql.Errorf(sql.CodeSyntaxError, "a column definition list is redundant for a function with OUT parameters").At(defs[0].Pos())
		}
		for _, k := range cols {
			call.Cols = append(call.Cols, b.newCol(lv, k.Name, k.T, expr.CollDefault))
		}
		return call, nil, nil
	}
	if c.typ.OID == sql.OIDRecord {
		for i := range defs {
			t, err := b.typeName(&defs[i].Type)
			if err != nil {
				return nil, nil, err
			}
			call.Cols = append(call.Cols, b.newCol(lv, defs[i].Name, t, expr.CollDefault))
		}
		if len(call.Cols) == 0 {
			return nil, nil, sql.Errorf(sql.CodeSyntaxError, "a column definition list is required for functions returning \"record\"").At(f.Pos())
		}
		return call, nil, nil
	}
	if len(defs) > 0 {
		return nil, nil, sql.Errorf(sql.CodeSyntaxError, "a column definition list is only allowed for functions returning \"record\"").At(defs[0].Pos())
	}
	call.Cols = []logical.Col{b.newCol(lv, name, c.typ, collationOfAll(c.args))}
	return call, nil, nil
}
