package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/planner/parse/lex"
)

// set converts SET and RESET; the role and the session's user have a node of their own.
func (c *converter) set(s *pg.VariableSetStmt, p P) (Stmt, error) {
	if s.Name == "role" || s.Name == "session_authorization" {
		out := &SetSession{P: p, Role: s.Name == "role"}
		if s.Kind == pg.VariableSetKind_VAR_SET_VALUE && len(s.Args) == 1 {
			out.Name = optionText(s.Args[0])
		} else {
			out.Default = true
		}
		return out, nil
	}
	return c.plainSet(s, p)
}

func (c *converter) plainSet(s *pg.VariableSetStmt, p P) (*Set, error) {
	out := &Set{P: p, Name: s.Name, Local: s.IsLocal}
	switch s.Kind {
	case pg.VariableSetKind_VAR_SET_VALUE:
		for _, a := range s.Args {
			out.Values = append(out.Values, c.setArg(a))
		}
	case pg.VariableSetKind_VAR_SET_DEFAULT:
		out.Kind = SetDefault
	case pg.VariableSetKind_VAR_RESET:
		out.Kind = ResetOne
	case pg.VariableSetKind_VAR_RESET_ALL:
		out.Kind = ResetAll
	case pg.VariableSetKind_VAR_SET_MULTI:
		out.Kind = SetTransaction
		if s.Name == "SESSION CHARACTERISTICS" {
			out.Kind = SetSessionTransaction
		}
		if s.Name == "TRANSACTION SNAPSHOT" {
			return nil, errUnsupported("SET TRANSACTION SNAPSHOT", p)
		}
		out.Name = ""
		out.Options = c.txnOptions(s.Args)
	default:
		return nil, errUnsupported("SET ... FROM CURRENT", p)
	}
	return out, nil
}

func (c *converter) setArg(n *pg.Node) SetArg {
	if t := n.GetTypeCast(); t != nil {
		return SetArg{Text: optionText(t.Arg), Interval: true}
	}
	a := n.GetAConst()
	out := SetArg{Text: c.literal(a).Text}
	if _, ok := a.GetVal().(*pg.A_Const_Sval); ok && a.Location >= 0 {
		tokens := lex.New(c.text, int(a.Location))
		out.Ident = tokens.Next().Kind == lex.Word
	}
	return out
}

func (c *converter) alterRoleSet(s *pg.AlterRoleSetStmt, p P) (Stmt, error) {
	set, err := c.plainSet(s.Setstmt, p)
	out := &AlterSetting{P: p, Role: "all", Database: s.Database, Set: set}
	if s.Role != nil {
		switch s.Role.Roletype {
		case pg.RoleSpecType_ROLESPEC_CURRENT_ROLE, pg.RoleSpecType_ROLESPEC_CURRENT_USER:
			out.Role = "current_user"
		case pg.RoleSpecType_ROLESPEC_SESSION_USER:
			out.Role = "session_user"
		default:
			out.Role = s.Role.Rolename
		}
	}
	return out, err
}
