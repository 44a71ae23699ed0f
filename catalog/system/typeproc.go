package system

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
)

// typeProcTSV lists the support functions of types that nobody can call here but
// that drivers look up by way of pg_type: OID, name, argument types, result
// type, volatility, kind, strict.
//
//go:embed typeproc.tsv
var typeProcTSV string

func typeProcs() []pgfacts.Proc {
	var out []pgfacts.Proc
	oid := func(s string) sql.OID {
		n, _ := strconv.ParseUint(s, 10, 32)
		return sql.OID(n)
	}
	for line := range strings.Lines(typeProcTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := pgfacts.Proc{OID: oid(f[0]), Name: f[1], Ret: oid(f[3]), Vol: f[4][0], Kind: f[5][0], Strict: f[6] == "1"}
		for a := range strings.SplitSeq(f[2], ",") {
			if a != "" {
				p.Args = append(p.Args, oid(a))
			}
		}
		out = append(out, p)
	}
	return out
}
