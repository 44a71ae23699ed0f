package sluice_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sluicedb/sluice/"

// floors from the top down: a package imports only floors below its own, or its
// own floor's other rooms.
var floors = []string{"cmd", "server", "engine", "remote", "exec", "planner", "catalog", "storage", "model", "expr", "vector", "sql"}

func floorOf(path string) int {
	top, _, _ := strings.Cut(path, "/")
	for i, f := range floors {
		if f == top {
			return i
		}
	}
	return -1
}

// TestImportsGoDownwards holds docs/architecture.md's table of floors against the
// imports of the code.
func TestImportsGoDownwards(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "testdata", "bench", "build", "bin":
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		from := floorOf(path)
		if from < 0 {
			t.Errorf("%s lies on no floor", path)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			rest, ours := strings.CutPrefix(p, module)
			if !ours {
				continue
			}
			seen++
			if to := floorOf(rest); to < from {
				t.Errorf("%s imports %s, which is no floor below it", path, rest)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatal("no import was looked at")
	}
}

// TestGrammarStaysBehindParse: only planner/parse may know PostgreSQL's grammar library.
func TestGrammarStaysBehindParse(t *testing.T) {
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			if !strings.Contains(imp.Path.Value, "pg_query_go") {
				continue
			}
			found++
			if filepath.ToSlash(filepath.Dir(path)) != "planner/parse" {
				t.Errorf("%s imports the grammar library", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Fatal("nothing imports the grammar library")
	}
}
