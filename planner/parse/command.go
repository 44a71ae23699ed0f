package parse

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// commandNames are PostgreSQL's command tags (tcop/cmdtaglist.h) of the
// statements that Sluice refuses, where the node's own name does not give it.
var commandNames = map[string]string{
	"MergeStmt": "MERGE", "CallStmt": "CALL", "DoStmt": "DO", "LoadStmt": "LOAD", "ClusterStmt": "CLUSTER",
	"GrantRoleStmt": "GRANT ROLE", "CreateStmt": "CREATE TABLE", "CreateTrigStmt": "CREATE TRIGGER",
	"CreateEventTrigStmt": "CREATE EVENT TRIGGER", "AlterEventTrigStmt": "ALTER EVENT TRIGGER",
	"CreateFdwStmt": "CREATE FOREIGN DATA WRAPPER", "AlterFdwStmt": "ALTER FOREIGN DATA WRAPPER",
	"CreateForeignServerStmt": "CREATE SERVER", "AlterForeignServerStmt": "ALTER SERVER", "CreateAmStmt": "CREATE ACCESS METHOD",
	"CreatePlangStmt": "CREATE LANGUAGE", "CreateSeqStmt": "CREATE SEQUENCE", "AlterSeqStmt": "ALTER SEQUENCE",
	"CreateOpClassStmt": "CREATE OPERATOR CLASS", "CreateOpFamilyStmt": "CREATE OPERATOR FAMILY", "AlterOpFamilyStmt": "ALTER OPERATOR FAMILY",
	"SecLabelStmt": "SECURITY LABEL", "IndexStmt": "CREATE INDEX", "CreateStatsStmt": "CREATE STATISTICS", "AlterStatsStmt": "ALTER STATISTICS",
	"CompositeTypeStmt": "CREATE TYPE", "CreateEnumStmt": "CREATE TYPE", "CreateRangeStmt": "CREATE TYPE", "AlterEnumStmt": "ALTER TYPE",
	"CreatedbStmt": "CREATE DATABASE", "DropdbStmt": "DROP DATABASE", "AlterDatabaseRefreshCollStmt": "ALTER DATABASE",
	"RefreshMatViewStmt": "REFRESH MATERIALIZED VIEW", "CheckPointStmt": "CHECKPOINT", "ConstraintsSetStmt": "SET CONSTRAINTS",
	"RuleStmt": "CREATE RULE", "DropTableSpaceStmt": "DROP TABLESPACE", "AlterTableSpaceOptionsStmt": "ALTER TABLESPACE",
	"AlterTableMoveAllStmt": "ALTER TABLE", "CreateTableSpaceStmt": "CREATE TABLESPACE", "AlterDefaultPrivilegesStmt": "ALTER DEFAULT PRIVILEGES",
	"AlterExtensionContentsStmt": "ALTER EXTENSION", "AlterTsdictionaryStmt": "ALTER TEXT SEARCH DICTIONARY",
	"AlterTsconfigurationStmt": "ALTER TEXT SEARCH CONFIGURATION", "DropOwnedStmt": "DROP OWNED", "ReassignOwnedStmt": "REASSIGN OWNED",
	"AlterSystemStmt": "ALTER SYSTEM", "CreateForeignTableStmt": "CREATE FOREIGN TABLE", "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
}

// commandName names a statement in PostgreSQL's words.
func commandName(n *pg.Node) string {
	switch n := n.GetNode().(type) {
	case *pg.Node_CreateTableAsStmt:
		if n.CreateTableAsStmt.Objtype == pg.ObjectType_OBJECT_MATVIEW {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE TABLE AS"
	case *pg.Node_DropStmt:
		return "DROP " + objectName(n.DropStmt.RemoveType)
	case *pg.Node_RenameStmt:
		return "ALTER " + objectName(renamed(n.RenameStmt))
	case *pg.Node_AlterTableStmt:
		return "ALTER " + objectName(n.AlterTableStmt.Objtype)
	case *pg.Node_AlterObjectSchemaStmt:
		return "ALTER " + objectName(n.AlterObjectSchemaStmt.ObjectType)
	case *pg.Node_AlterOwnerStmt:
		return "ALTER " + objectName(n.AlterOwnerStmt.ObjectType)
	case *pg.Node_DefineStmt:
		return "CREATE " + objectName(n.DefineStmt.Kind)
	case *pg.Node_GrantStmt:
		if !n.GrantStmt.IsGrant {
			return "REVOKE"
		}
	case *pg.Node_VacuumStmt:
		if !n.VacuumStmt.IsVacuumcmd {
			return "ANALYZE"
		}
	case *pg.Node_CreateFunctionStmt:
		if n.CreateFunctionStmt.IsProcedure {
			return "CREATE PROCEDURE"
		}
	}
	node := strings.TrimPrefix(fmt.Sprintf("%T", n.GetNode()), "*pg_query.Node_")
	if name, ok := commandNames[node]; ok {
		return name
	}
	return words(strings.TrimSuffix(node, "Stmt"))
}

func renamed(r *pg.RenameStmt) pg.ObjectType {
	if r.RenameType == pg.ObjectType_OBJECT_COLUMN || r.RenameType == pg.ObjectType_OBJECT_TABCONSTRAINT {
		return r.RelationType
	}
	return r.RenameType
}

func objectName(t pg.ObjectType) string {
	switch t {
	case pg.ObjectType_OBJECT_MATVIEW:
		return "MATERIALIZED VIEW"
	case pg.ObjectType_OBJECT_ACCESS_METHOD:
		return "ACCESS METHOD"
	case pg.ObjectType_OBJECT_FDW:
		return "FOREIGN DATA WRAPPER"
	case pg.ObjectType_OBJECT_FOREIGN_SERVER:
		return "SERVER"
	case pg.ObjectType_OBJECT_STATISTIC_EXT:
		return "STATISTICS"
	}
	return strings.ReplaceAll(strings.TrimPrefix(t.String(), "OBJECT_"), "_", " ")
}

// words splits CamelCase into upper-case words.
func words(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
