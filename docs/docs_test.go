// Package docs checks the documentation against the code.
package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/engine"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is what stands under a heading, up to the next of any level.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no heading %q", heading)
	}
	body, _, _ := strings.Cut(rest, "\n#")
	return body
}

// rows are the cells of a table's rows, code marks taken off.
func rows(text string) [][]string {
	var out [][]string
	for _, l := range strings.Split(text, "\n") {
		if !strings.HasPrefix(l, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(l, "|"), " | ")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		out = append(out, cells)
	}
	return out
}

func TestEveryKeyIsDocumented(t *testing.T) {
	table := rows(section(t, read(t, "configuration.md"), "## Keys"))
	keys := config.Keys()
	if len(table) != len(keys) {
		t.Errorf("%d keys are documented, there are %d", len(table), len(keys))
	}
	for i, k := range keys {
		if i >= len(table) {
			t.Errorf("%s is missing", k.Path)
			continue
		}
		reload := "restart"
		if k.Reload {
			reload = "SIGHUP"
		}
		want := []string{k.Path, k.Default, config.EnvName(k.Path), reload}
		if got := table[i]; len(got) != 5 || !slices.Equal(got[:4], want) || got[4] == "" {
			t.Errorf("row %d is %q, the code has %q and a meaning", i+1, got, want)
		}
	}
}

func TestEverySettingIsDocumented(t *testing.T) {
	doc := read(t, "configuration.md")
	effective := rows(section(t, doc, "## Settings of a session"))
	idle, fixed := names(section(t, doc, "### Accepted without effect")), names(section(t, doc, "### Fixed"))
	var wantIdle, wantFixed []string
	i := 0
	for _, s := range engine.Settings() {
		switch {
		case s.ReadOnly:
			wantFixed = append(wantFixed, s.Name)
			continue
		case s.Doc == "":
			wantIdle = append(wantIdle, s.Name)
			continue
		}
		if i >= len(effective) || effective[i][0] != s.Name || effective[i][1] != s.Default || effective[i][2] != s.Doc {
			t.Errorf("row %d should be: | `%s` | `%s` | %s |", i+1, s.Name, s.Default, s.Doc)
		}
		i++
	}
	if i != len(effective) {
		t.Errorf("%d settings are documented, there are %d", len(effective), i)
	}
	if !slices.Equal(idle, wantIdle) {
		t.Errorf("settings without effect are\n%q, documented are\n%q", wantIdle, idle)
	}
	if !slices.Equal(fixed, wantFixed) {
		t.Errorf("fixed settings are\n%q, documented are\n%q", wantFixed, fixed)
	}
}

// names are the words in code marks.
func names(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestEveryLibraryIsDocumented(t *testing.T) {
	mod, err := modfile.Parse("go.mod", []byte(read(t, "../go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, r := range rows(read(t, "dependencies.md")) {
		documented[r[0]] = true
	}
	direct := map[string]bool{}
	for _, path := range importedModules(t, mod) {
		direct[path] = true
		if !documented[path] {
			t.Errorf("%s is imported and not in dependencies.md", path)
		}
	}
	for path := range documented {
		if !direct[path] {
			t.Errorf("%s is in dependencies.md and nothing imports it", path)
		}
	}
}

// importedModules are the modules of go.mod that some package or tool uses itself.
func importedModules(t *testing.T, mod *modfile.File) []string {
	t.Helper()
	var out []string
	add := func(pkg string) {
		best := ""
		for _, r := range mod.Require {
			if p := r.Mod.Path; (pkg == p || strings.HasPrefix(pkg, p+"/")) && len(p) > len(best) {
				best = p
			}
		}
		if best != "" && !slices.Contains(out, best) {
			out = append(out, best)
		}
	}
	for _, tool := range mod.Tool {
		add(tool.Path)
	}
	for _, f := range goFiles(t, "..") {
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			continue // seen by the compiler
		}
		for _, i := range file.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			add(p)
		}
	}
	return out
}

func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		path := dir + "/" + e.Name()
		switch {
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") || dir == ".." && slices.Contains([]string{"build", "bin", "bench"}, e.Name())):
		case e.IsDir():
			out = append(out, goFiles(t, path)...)
		case strings.HasSuffix(path, ".go"):
			out = append(out, path)
		}
	}
	return out
}

// TestFloors holds the map's table of floors against the list that the imports are
// checked with.
func TestFloors(t *testing.T) {
	var documented []string
	for _, r := range rows(section(t, read(t, "architecture.md"), "## Floors")) {
		documented = append(documented, r[0])
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../architecture_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var floors []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "floors" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			s, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
			floors = append(floors, s)
		}
		return false
	})
	if len(floors) == 0 || !slices.Equal(documented, floors) {
		t.Errorf("documented floors %q, checked ones %q", documented, floors)
	}
}

// TestLinks: files that the documents point to exist.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	for _, doc := range []string{"../README.md", "architecture.md", "configuration.md", "dependencies.md", "dialects.md", "functions.md", "operations.md", "sql.md"} {
		base := "."
		if strings.HasPrefix(doc, "../") {
			base = ".."
		}
		found := link.FindAllStringSubmatch(read(t, doc), -1)
		for _, m := range found {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(base + "/" + m[1]); err != nil {
				t.Errorf("%s points to %s, which is not there", doc, m[1])
			}
		}
	}
}
