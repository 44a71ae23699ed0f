package parse

import (
	"strings"

	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/sluicedb/sluice/sql"
)

// errorSites gives the SQLSTATE of the errors that PostgreSQL's grammar and
// scanner raise with another code than 42601. Their C library hands over the
// message only, so a site is known by how its message begins.
var errorSites = []struct {
	prefix string
	code   sql.Code
}{
	{"frame start", sql.CodeWindowingError},
	{"frame end", sql.CodeWindowingError},
	{"frame starting", sql.CodeWindowingError},
	{"precision for type float", sql.CodeInvalidParameterValue},
	{"INTERVAL(", sql.CodeInvalidParameterValue},
	{"unrecognized JSON encoding", sql.CodeInvalidParameterValue},
	{"column number must be in range", sql.CodeInvalidParameterValue},
	{"unrecognized partitioning strategy", sql.CodeInvalidParameterValue},
	{"unsafe use of string constant", sql.CodeFeatureNotSupported},
	{"unsafe use of \\'", "22P06"},
	{"invalid byte sequence", sql.CodeCharacterNotInRepertoire},
	{"UNENCRYPTED PASSWORD", sql.CodeFeatureNotSupported},
	{"CREATE SCHEMA IF NOT EXISTS cannot", sql.CodeFeatureNotSupported},
	{"current database cannot be changed", sql.CodeFeatureNotSupported},
	{"MATCH PARTIAL", sql.CodeFeatureNotSupported},
	{"a column list with", sql.CodeFeatureNotSupported},
	{"CREATE EXTENSION ... FROM", sql.CodeFeatureNotSupported},
	{"CREATE OR REPLACE CONSTRAINT TRIGGER", sql.CodeFeatureNotSupported},
	{"CREATE ASSERTION", sql.CodeFeatureNotSupported},
	{"dropping an enum value", sql.CodeFeatureNotSupported},
	{"RECHECK is no longer", sql.CodeFeatureNotSupported},
	{"aggregates cannot have output", sql.CodeFeatureNotSupported},
	{"WITH CHECK OPTION not supported", sql.CodeFeatureNotSupported},
	{"UNIQUE predicate", sql.CodeFeatureNotSupported},
	{"an ordered-set aggregate with a VARIADIC", sql.CodeFeatureNotSupported},
	{"only string constants are supported in JSON_TABLE", sql.CodeFeatureNotSupported},
	{"modulus for hash partition provided", sql.CodeDuplicateObject},
	{"remainder for hash partition provided", sql.CodeDuplicateObject},
	{"role name ", sql.CodeReservedName},
	{"memory exhausted", sql.CodeStatementTooComplex},
	{"stack depth limit", sql.CodeStatementTooComplex},
}

// siteCode returns the SQLSTATE of a grammar error. Of two sites with the same
// message the scanner's (in scan.l, for E'...') has the special code.
func siteCode(e *parser.Error) sql.Code {
	message := e.Message
	for _, s := range errorSites {
		if strings.HasPrefix(message, s.prefix) {
			return s.code
		}
	}
	switch {
	case strings.Contains(message, "cannot be used as a role name"):
		return sql.CodeReservedName
	case strings.Contains(message, "constraints cannot be marked"):
		return sql.CodeFeatureNotSupported
	case strings.HasPrefix(message, "invalid Unicode escape") && !strings.Contains(message, " at ") && strings.HasPrefix(e.Filename, "scan"):
		return sql.CodeInvalidEscapeSequence
	}
	return sql.CodeSyntaxError
}

func grammarError(e *parser.Error) error {
	out := sql.Errorf(siteCode(e), "%s", e.Message).At(e.Cursorpos)
	if out.Code == sql.CodeInvalidEscapeSequence {
		out.Hint = `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
	}
	return out
}
