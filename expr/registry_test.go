package expr

import "testing"

// Building the registry panics on a signature that PostgreSQL does not have.
func TestBuiltins(t *testing.T) {
	r := Builtins()
	if len(r.Funcs()) == 0 || len(r.Operators()) == 0 || len(r.Casts()) == 0 || len(r.Aggs()) == 0 {
		t.Fatal("a part of the registry is empty")
	}
	seen := map[*Func]bool{}
	for _, f := range append(r.Funcs(), r.Operators()...) {
		if seen[f] || r.ByOID(f.OID) != f {
			t.Errorf("%s (%d) is defined twice", signature(f.Name, f.Args), f.OID)
		}
		seen[f] = true
		if f.Kernel == nil && f.sel == nil && f.Set == nil {
			t.Errorf("%s has no kernel", signature(f.Name, f.Args))
		}
	}
}
