package engine

import (
	"context"
	"strings"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// runUtility runs a statement that returns no rows and gives its command tag.
func (s *Session) runUtility(ctx context.Context, stmt parse.Stmt) (string, error) {
	switch x := stmt.(type) {
	case *parse.Set:
		return s.runSet(x)
	case *parse.Discard:
		return s.runDiscard(x)
	case *parse.Prepare:
		src := Source{Stmt: parse.Statement{Stmt: x.Query, Text: x.Text}}
		types, err := s.typeNames(x.Types)
		if err != nil {
			return "", err
		}
		p := &Prepared{Name: x.Name, Source: src, Params: types}
		if err := s.describe(ctx, p); err != nil {
			return "", err
		}
		if _, dup := s.prepared[x.Name]; dup {
			return "", sql.Errorf(sql.CodeDuplicatePreparedStatement, "prepared statement \"%s\" already exists", x.Name)
		}
		s.prepared[x.Name] = p
		return "PREPARE", nil
	case *parse.Deallocate:
		if x.Name == "" {
			clear(s.prepared)
			return "DEALLOCATE ALL", nil
		}
		if _, ok := s.prepared[x.Name]; !ok {
			return "", undefinedStatement(x.Name)
		}
		delete(s.prepared, x.Name)
		return "DEALLOCATE", nil
	case *parse.DeclareCursor:
		return s.runDeclare(ctx, x)
	case *parse.ClosePortal:
		return s.runClose(x)
	case *parse.CreateView:
		if x.Temp {
			return s.runCreateTempView(ctx, x)
		}
	case *parse.AlterSetting:
		return s.runAlterSetting(ctx, x)
	case *parse.SetSession:
		return s.runSetSession(x)
	case *parse.Lock:
		if s.txn.implicit {
			return "", sql.Errorf(sql.CodeNoActiveTransaction, "LOCK TABLE can only be used in transaction blocks")
		}
		return "LOCK TABLE", nil
	case *parse.Notify:
		return strings.ToUpper(x.Kind), nil
	case *parse.Unsupported:
		err := sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported", x.Command).At(x.Pos())
		err.Hint = x.Hint
		return "", err
	}
	return "", sql.Errorf(sql.CodeFeatureNotSupported, "this statement is not supported").At(stmt.Pos())
}

func (s *Session) runSet(x *parse.Set) (string, error) {
	switch x.Kind {
	case parse.SetValue:
		if x.Local && s.txn.implicit {
			s.notice("WARNING", sql.CodeNoActiveTransaction, "SET LOCAL can only be used in transaction blocks")
		}
		return "SET", s.set.set(x.Name, s.setText(x), x.Local)
	case parse.SetDefault, parse.ResetOne:
		tag := "SET"
		if x.Kind == parse.ResetOne {
			tag = "RESET"
		}
		return tag, s.set.reset(x.Name)
	case parse.ResetAll:
		return "RESET", s.set.reset("")
	case parse.SetTransaction:
		return "SET", s.setTxnOptions(x.Options)
	case parse.SetSessionTransaction:
		for k, v := range x.Options {
			if err := s.set.set("default_"+k, v, false); err != nil {
				return "", err
			}
		}
		return "SET", nil
	}
	return "SET", nil
}

// setText joins SET's values as the setting reads them: items of a list of names
// are quoted, so that they survive their folding.
func (s *Session) setText(x *parse.Set) string {
	d := s.set.table[settingKey(x.Name)]
	list := d != nil && d.name == "search_path"
	parts := make([]string, len(x.Values))
	for i, v := range x.Values {
		parts[i] = v.Text
		if list {
			parts[i] = quoteIdent(v.Text)
		}
	}
	return strings.Join(parts, ", ")
}

func (s *Session) runDiscard(x *parse.Discard) (string, error) {
	what := strings.ToUpper(x.What)
	if what == "ALL" {
		if !s.txn.implicit {
			return "", sql.Errorf(sql.CodeActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		for name, p := range s.portals {
			if p.cursor {
				p.close()
				delete(s.portals, name)
			}
		}
		clear(s.prepared)
		s.temp.now = nil
		return "DISCARD ALL", s.set.reset("")
	}
	if what == "TEMP" {
		s.temp.now = nil
	}
	return "DISCARD " + what, nil
}

// runAlterSetting stores a setting for a role or database; new sessions start with it.
func (s *Session) runAlterSetting(ctx context.Context, x *parse.AlterSetting) (string, error) {
	tag := "ALTER ROLE"
	if x.Role == "" {
		tag = "ALTER DATABASE"
	}
	if !s.eng.isSuperuser(s.opts.User) && x.Role != s.opts.User {
		return "", sql.Errorf(sql.CodeInsufficientPrivilege, "must be superuser to alter settings of others")
	}
	name, value := x.Set.Name, ""
	switch x.Set.Kind {
	case parse.SetValue:
		var err error
		if name, value, err = s.set.checked(name, s.setText(x.Set)); err != nil {
			return "", err
		}
	case parse.ResetAll:
		name = ""
	}
	return tag, s.alterSetting(ctx, x.Role, x.Database, name, value, x.Set.Kind == parse.SetValue)
}

func (s *Session) runSetSession(x *parse.SetSession) (string, error) {
	if x.Default || strings.EqualFold(x.Name, s.opts.User) || x.Role && strings.EqualFold(x.Name, "none") {
		return "SET", nil
	}
	return "", sql.Errorf(sql.CodeInsufficientPrivilege, "permission denied to set role \"%s\"", x.Name)
}
