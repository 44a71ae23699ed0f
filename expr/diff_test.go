package expr

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

// Every function, operator and cast of the registry gives PostgreSQL's value or
// SQLSTATE for the samples of its argument types.
func TestAgainstPostgres(t *testing.T) {
	o, env := newOracle(t), testEnv(t)
	rng := rand.New(rand.NewPCG(1, 2))
	r := Builtins()
	for _, f := range append(append(r.Operators(), r.Funcs()...), r.Casts()...) {
		if f.Vol == Volatile || f.Set != nil || skipOracle[f.Name] || f.OID >= 9000 && f.OID < 10000 || aboutServer(f.Name) || f.Kind == KindCast && (isReg(f.Ret) || f.Ret == sql.OIDChar) {
			continue
		}
		checkFunc(t, o, env, f, concrete(f.Args), rng, 120)
	}
}

// skipOracle lists functions whose result depends on the server they run in.
var skipOracle = map[string]bool{"convert_from": true, "convert_to": true, "now": true, "transaction_timestamp": true, "statement_timestamp": true}

// aboutServer tells functions that speak of the server, its catalog or session.
func aboutServer(name string) bool {
	for _, p := range []string{"pg_", "has_", "current_", "session_user", "version", "getpgusername", "txid_", "inet_", "to_reg", "set_config",
		"obj_description", "col_description", "shobj_description", "row_security", "getdatabaseencoding"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
