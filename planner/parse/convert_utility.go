package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/planner/parse/lex"
)

// statement converts a statement; what Sluice refuses comes as *Unsupported.
func (c *converter) statement(n *pg.Node) (Stmt, error) {
	p := P(1)
	switch n := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		s, err := c.selectStmt(n.SelectStmt)
		if err != nil {
			return nil, err
		}
		s.P = p
		if s.Into != nil {
			return selectInto(s), nil
		}
		return s, nil
	case *pg.Node_TransactionStmt:
		return c.txn(n.TransactionStmt, p), nil
	case *pg.Node_VariableSetStmt:
		return c.set(n.VariableSetStmt, p)
	case *pg.Node_VariableShowStmt:
		return &Show{P: p, Name: n.VariableShowStmt.Name}, nil
	case *pg.Node_AlterRoleSetStmt:
		return c.alterRoleSet(n.AlterRoleSetStmt, p)
	case *pg.Node_AlterDatabaseSetStmt:
		set, err := c.plainSet(n.AlterDatabaseSetStmt.Setstmt, p)
		return &AlterSetting{P: p, Database: n.AlterDatabaseSetStmt.Dbname, Set: set}, err
	case *pg.Node_DiscardStmt:
		what := map[pg.DiscardMode]string{pg.DiscardMode_DISCARD_ALL: "ALL", pg.DiscardMode_DISCARD_PLANS: "PLANS",
			pg.DiscardMode_DISCARD_SEQUENCES: "SEQUENCES", pg.DiscardMode_DISCARD_TEMP: "TEMP"}
		return &Discard{P: p, What: what[n.DiscardStmt.Target]}, nil
	case *pg.Node_DeallocateStmt:
		return &Deallocate{P: p, Name: n.DeallocateStmt.Name}, nil
	case *pg.Node_FetchStmt:
		return c.fetch(n.FetchStmt, p), nil
	case *pg.Node_ClosePortalStmt:
		return &ClosePortal{P: p, Name: n.ClosePortalStmt.Portalname}, nil
	case *pg.Node_InsertStmt:
		return c.insert(n.InsertStmt, p)
	case *pg.Node_UpdateStmt:
		return c.update(n.UpdateStmt, p)
	case *pg.Node_DeleteStmt:
		return c.delete(n.DeleteStmt, p)
	case *pg.Node_TruncateStmt:
		return c.truncate(n.TruncateStmt, p), nil
	case *pg.Node_LockStmt:
		return &Lock{P: p}, nil
	case *pg.Node_ListenStmt:
		return &Notify{P: p, Kind: "listen"}, nil
	case *pg.Node_UnlistenStmt:
		return &Notify{P: p, Kind: "unlisten"}, nil
	case *pg.Node_NotifyStmt:
		return &Notify{P: p, Kind: "notify"}, nil
	}
	return c.queryCommand(n, p)
}

// queryCommand converts the commands that hold a query.
func (c *converter) queryCommand(n *pg.Node, p P) (Stmt, error) {
	switch n := n.GetNode().(type) {
	case *pg.Node_PrepareStmt:
		out := &Prepare{P: p, Name: n.PrepareStmt.Name, Text: c.textAfterAs()}
		for _, t := range n.PrepareStmt.Argtypes {
			typ, err := c.typeName(t.GetTypeName())
			if err != nil {
				return nil, err
			}
			out.Types = append(out.Types, typ)
		}
		var err error
		out.Query, err = c.query(n.PrepareStmt.Query)
		return out, err
	case *pg.Node_ExecuteStmt:
		args, err := c.exprs(n.ExecuteStmt.Params)
		return &Execute{P: p, Name: n.ExecuteStmt.Name, Args: args}, err
	case *pg.Node_DeclareCursorStmt:
		return c.declare(n.DeclareCursorStmt, p)
	case *pg.Node_CopyStmt:
		return c.copyStmt(n.CopyStmt, p)
	case *pg.Node_ExplainStmt:
		q, err := c.query(n.ExplainStmt.Query)
		return &Explain{P: p, Options: c.options(n.ExplainStmt.Options), Query: q, Text: c.explainedText()}, err
	case *pg.Node_CreateStmt:
		if isTemp(n.CreateStmt.Relation) && n.CreateStmt.Partspec == nil && n.CreateStmt.InhRelations == nil {
			return c.createTemp(n.CreateStmt, p)
		}
	case *pg.Node_CreateTableAsStmt:
		if s := n.CreateTableAsStmt; isTemp(s.Into.Rel) && s.Objtype == pg.ObjectType_OBJECT_TABLE {
			return c.createTempAs(s, p)
		}
	case *pg.Node_ViewStmt:
		if s := n.ViewStmt; s.WithCheckOption == pg.ViewCheckOption_NO_CHECK_OPTION {
			q, err := c.query(s.Query)
			return &CreateView{P: p, Name: c.rangeVarName(s.View), Columns: names(s.Aliases), Replace: s.Replace,
				Temp: s.View.Relpersistence == "t", Query: q, Text: c.textAfterAs()}, err
		}
		return &Unsupported{P: p, Command: "CREATE VIEW ... WITH CHECK OPTION"}, nil
	}
	return &Unsupported{P: p, Command: commandName(n)}, nil
}

var txnKinds = map[pg.TransactionStmtKind]TxnKind{
	pg.TransactionStmtKind_TRANS_STMT_BEGIN: TxnBegin, pg.TransactionStmtKind_TRANS_STMT_START: TxnBegin,
	pg.TransactionStmtKind_TRANS_STMT_COMMIT: TxnCommit, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK: TxnRollback,
	pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT: TxnSavepoint, pg.TransactionStmtKind_TRANS_STMT_RELEASE: TxnRelease,
	pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO: TxnRollbackTo,
}

func (c *converter) txn(t *pg.TransactionStmt, p P) Stmt {
	kind, ok := txnKinds[t.Kind]
	if !ok {
		return &Unsupported{P: p, Command: map[pg.TransactionStmtKind]string{
			pg.TransactionStmtKind_TRANS_STMT_PREPARE:           "PREPARE TRANSACTION",
			pg.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:   "COMMIT PREPARED",
			pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK PREPARED",
		}[t.Kind]}
	}
	return &Txn{P: p, Kind: kind, Savepoint: t.SavepointName, Options: c.txnOptions(t.Options), Chain: t.Chain, Start: t.Kind == pg.TransactionStmtKind_TRANS_STMT_START}
}

// txnOptions are the options of a transaction; booleans are "on" or "off".
func (c *converter) txnOptions(list []*pg.Node) map[string]string {
	var out map[string]string
	for _, n := range list {
		d := n.GetDefElem()
		v := optionText(d.Arg)
		if d.Defname != "transaction_isolation" && d.Defname != "transaction_snapshot" {
			v = map[bool]string{true: "on", false: "off"}[v != "0"]
		}
		if out == nil {
			out = make(map[string]string)
		}
		out[d.Defname] = v
	}
	return out
}

func (c *converter) fetch(f *pg.FetchStmt, p P) Stmt {
	dirs := map[pg.FetchDirection]FetchDir{pg.FetchDirection_FETCH_FORWARD: FetchForward, pg.FetchDirection_FETCH_BACKWARD: FetchBackward,
		pg.FetchDirection_FETCH_ABSOLUTE: FetchAbsolute, pg.FetchDirection_FETCH_RELATIVE: FetchRelative}
	return &Fetch{P: p, Cursor: f.Portalname, Dir: dirs[f.Direction], Count: f.HowMany, Move: f.Ismove}
}

// Bits of DeclareCursorStmt.Options (PostgreSQL's nodes/parsenodes.h).
const (
	cursorBinary      = 0x01
	cursorScroll      = 0x02
	cursorNoScroll    = 0x04
	cursorInsensitive = 0x08
	cursorHold        = 0x20
)

func (c *converter) declare(d *pg.DeclareCursorStmt, p P) (Stmt, error) {
	has := func(bit int32) bool { return d.Options&bit != 0 }
	q, err := c.query(d.Query)
	return &DeclareCursor{P: p, Name: d.Portalname, Binary: has(cursorBinary), Scroll: has(cursorScroll),
		NoScroll: has(cursorNoScroll), Insensitive: has(cursorInsensitive), Hold: has(cursorHold), Query: q}, err
}

func (c *converter) copyStmt(s *pg.CopyStmt, p P) (Stmt, error) {
	if s.WhereClause != nil {
		return &Unsupported{P: p, Command: "COPY FROM ... WHERE"}, nil
	}
	out := &Copy{P: p, Columns: names(s.Attlist), From: s.IsFrom, Program: s.IsProgram, File: s.Filename}
	if s.Relation != nil {
		n := c.rangeVarName(s.Relation)
		out.Table = &n
	}
	if s.Query != nil {
		var err error
		if out.Query, err = c.query(s.Query); err != nil {
			return nil, err
		}
	}
	for _, n := range s.Options {
		d := n.GetDefElem()
		o := CopyOption{Name: strings.ToLower(d.Defname), HasVal: d.Arg.GetNode() != nil}
		if list := d.Arg.GetList(); list != nil {
			for _, item := range list.Items {
				o.List = append(o.List, optionText(item))
			}
		} else {
			o.Value = optionText(d.Arg)
		}
		out.Options = append(out.Options, o)
	}
	return out, nil
}

func (c *converter) options(list []*pg.Node) map[string]string {
	out := make(map[string]string, len(list))
	for _, n := range list {
		d := n.GetDefElem()
		out[strings.ToLower(d.Defname)] = optionText(d.Arg)
	}
	return out
}

// optionText is the text of an option's value; "" if it has none.
func optionText(n *pg.Node) string {
	switch n := n.GetNode().(type) {
	case *pg.Node_String_:
		return n.String_.Sval
	case *pg.Node_Integer:
		return (&converter{}).literal(&pg.A_Const{Val: &pg.A_Const_Ival{Ival: n.Integer}}).Text
	case *pg.Node_Float:
		return n.Float.Fval
	case *pg.Node_Boolean:
		if n.Boolean.Boolval {
			return "true"
		}
		return "false"
	case *pg.Node_AStar:
		return "*"
	case *pg.Node_AConst:
		return (&converter{}).literal(n.AConst).Text
	case *pg.Node_TypeName:
		return strings.Join(names(n.TypeName.Names), ".")
	}
	return ""
}

// textAfterAs is the statement's text after its first AS outside of parentheses.
func (c *converter) textAfterAs() string {
	tokens := lex.New(c.text[:c.end], c.start)
	depth := 0
	for t := tokens.Next(); t.Kind != lex.EOF; t = tokens.Next() {
		switch s := c.text[t.Start:t.End]; {
		case s == "(":
			depth++
		case s == ")":
			depth--
		case depth == 0 && t.Kind == lex.Word && strings.EqualFold(s, "as"):
			tokens.SkipBlank()
			return c.slice(tokens.Pos(), c.end)
		}
	}
	return ""
}

// explainedText is the text of the statement that EXPLAIN explains.
func (c *converter) explainedText() string {
	tokens := lex.New(c.text[:c.end], c.start)
	tokens.Next()
	tokens.SkipBlank()
	body := tokens.Pos()
	if c.text[body] == '(' {
		tokens.Next()
		switch first := tokens.Next(); strings.ToLower(c.text[first.Start:first.End]) {
		case "select", "with", "values", "table", "(":
			return c.slice(body, c.end) // a query in parentheses
		}
		for depth := 1; depth > 0; {
			t := tokens.Next()
			switch c.text[t.Start:t.End] {
			case "(":
				depth++
			case ")":
				depth--
			}
			if t.Kind == lex.EOF {
				return ""
			}
		}
		tokens.SkipBlank()
		return c.slice(tokens.Pos(), c.end)
	}
	for {
		tokens.SkipBlank()
		body = tokens.Pos()
		t := tokens.Next()
		switch strings.ToLower(c.text[t.Start:t.End]) {
		case "analyze", "analyse", "verbose":
		default:
			return c.slice(body, c.end)
		}
	}
}
