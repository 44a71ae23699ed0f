package expr

import (
	"time"

	"github.com/sluicedb/sluice/sql"
)

// Env is what kernels may ask about the statement and its session. The engine
// fills it; it is read-only while the statement runs.
type Env struct {
	TxnNow       time.Time // now(), current_timestamp: start of the transaction
	StatementNow time.Time // statement_timestamp()
	Clock        func() time.Time
	Zone         *time.Location // TimeZone
	Fmt          sql.Format     // DateStyle, IntervalStyle, extra_float_digits, bytea_output
	User         string         // current_user
	SessionUser  string
	Database     string
	SearchPath   []string // effective, without implicit pg_catalog
	BackendPID   int32
	Dialect      Dialect
	Catalog      CatalogFuncs
	Settings     SettingFuncs
	Rand         func() uint64 // session's random source
}

// CatalogFuncs are catalog look-ups that functions need (regclass output,
// has_table_privilege, pg_get_userbyid ...). Implemented by the engine.
type CatalogFuncs interface {
	// NameOf returns the name of an object as the reg* type kind prints it.
	NameOf(kind sql.OID, oid sql.OID) (string, bool)
	// Lookup resolves text to an OID as the reg* type kind reads it.
	Lookup(kind sql.OID, name string) (sql.OID, error)
	// Privilege reports whether user (0: current) has priv on the object; kind is
	// "table", "schema", "database", "column", ...; ok is false if there is no such object.
	Privilege(kind string, user, object sql.OID, priv string) (has, ok bool)
	// Describe answers definition functions (pg_get_viewdef, obj_description, ...).
	Describe(what string, oid sql.OID, sub int32) (string, bool)
}

// SettingFuncs read and write session settings.
type SettingFuncs interface {
	Get(name string) (string, bool)
	Set(name, value string, local bool) (string, error)
}
