package slt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/answer"
)

// record is a statement and what it must answer. In a file it is
//
//	# a comment; "# rules: ordered floats" sets the rules from here on
//	SELECT the statement,
//	  without an empty line
//	---- column:OID/modifier    b:25         tabs between
//	1    \N                                   rows as COPY writes them, \e for ''
//
// or, in the place of the line of columns,
//
//	---- !22012 an SQLSTATE and PostgreSQL's message, which is not compared
//	---- =BEGIN, the command tag of a statement without columns
//	---- #1234 a hash of so many rows, then the columns
//
// The rows are sorted unless the rule "ordered" says that their order is total.
type record struct {
	line          int
	comment, text string
	rules         answer.Rules
	want          expectation
}

type expectation struct {
	answer answer.Answer
	hash   string // of the rows, if they are not kept
	count  int
}

// Rows and bytes of them that are kept as they are.
const keptRows, keptBytes = 24, 3000

const separator = "---- "

var (
	escape   = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	unescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
)

func cell(v string) string {
	switch v {
	case answer.Null:
		return `\N`
	case "":
		return `\e`
	}
	return escape.Replace(v)
}

func uncell(s string) string {
	switch s {
	case `\N`:
		return answer.Null
	case `\e`:
		return ""
	}
	return unescape.Replace(s)
}

// lines are the rows' text, sorted if their order is open.
func lines(rows [][]string, r answer.Rules) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for c, v := range row {
			cells[c] = cell(v)
		}
		if out[i] = strings.Join(cells, "\t"); len(row) == 0 {
			out[i] = `\z`
		}
	}
	if !r.Ordered {
		slices.Sort(out)
	}
	return out
}

func hash(lines []string) string {
	h := md5.Sum([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(h[:8])
}

// want makes an expectation of an answer.
func want(a *answer.Answer, r answer.Rules) expectation {
	e := expectation{answer: *a, count: len(a.Rows)}
	text := lines(a.Rows, r)
	if !r.Floats && !r.OpenForms && (len(text) > keptRows || len(strings.Join(text, "\n")) > keptBytes) {
		e.hash = hash(text)
	}
	return e
}

// difference says how an answer differs, "" if it does not.
func (e *expectation) difference(got *answer.Answer, r answer.Rules) string {
	want := e.answer
	if e.hash != "" && got.State == "" {
		want.Rows, want.Mods = got.Rows, e.answer.Mods
		if d := answer.Difference(got, &want, r); d != "" {
			return d
		}
		if text := lines(got.Rows, r); len(text) != e.count || hash(text) != e.hash {
			return fmt.Sprintf("%d rows with hash %s, not %d with %s", len(text), hash(text), e.count, e.hash)
		}
		return ""
	}
	if d := answer.Difference(got, &want, r); d != "" {
		return d
	}
	if got.State == "" && want.Tag != "" && got.Tag != want.Tag {
		return fmt.Sprintf("tag %q, not %q", got.Tag, want.Tag)
	}
	return ""
}

// wide tells whether the rows have, or if they are not kept may have, a numeric of more
// digits than the engine holds.
func (e *expectation) wide() bool {
	if e.hash != "" {
		return slices.Contains(e.answer.Types, sql.OIDNumeric)
	}
	for _, row := range e.answer.Rows {
		for c, v := range row {
			digits := strings.NewReplacer(".", "", "-", "").Replace(v)
			if e.answer.Types[c] == sql.OIDNumeric && len(digits) > 38 {
				return true
			}
		}
	}
	return false
}

// print writes the record as files have it.
func (r *record) print(b *strings.Builder) {
	b.WriteString(r.comment)
	b.WriteString(r.text + "\n" + separator)
	a := r.want.answer
	switch {
	case a.State != "":
		message, _, _ := strings.Cut(a.Message, "\n")
		b.WriteString("!" + a.State + " " + message + "\n\n")
		return
	case len(a.Names) == 0 && len(a.Rows) == 0:
		b.WriteString("=" + a.Tag + "\n\n")
		return
	}
	text := lines(a.Rows, r.rules)
	if r.want.hash != "" {
		fmt.Fprintf(b, "#%d %s\t", r.want.count, r.want.hash)
		text = nil
	}
	for i, n := range a.Names {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(cell(n) + ":" + strconv.Itoa(int(a.Types[i])))
		if a.Mods[i] != -1 {
			b.WriteString("/" + strconv.Itoa(int(a.Mods[i])))
		}
	}
	b.WriteByte('\n')
	for _, l := range text {
		b.WriteString(l + "\n")
	}
	b.WriteByte('\n')
}

// parse reads what print wrote, or a statement alone.
func parse(text string) (r record, err error) {
	for {
		line, rest, _ := strings.Cut(text, "\n")
		if !strings.HasPrefix(line, "#") {
			break
		}
		r.comment += line + "\n"
		text = rest
	}
	statement, head, found := strings.Cut(text, "\n"+separator)
	r.text = statement
	if !found {
		return r, nil
	}
	head, body, _ := strings.Cut(head, "\n")
	a := &r.want.answer
	switch {
	case strings.HasPrefix(head, "!"):
		a.State, a.Message, _ = strings.Cut(head[1:], " ")
		return r, nil
	case strings.HasPrefix(head, "="):
		a.Tag = head[1:]
		return r, nil
	case strings.HasPrefix(head, "#"):
		var count string
		count, head, _ = strings.Cut(head[1:], "\t")
		if _, err := fmt.Sscanf(count, "%d %s", &r.want.count, &r.want.hash); err != nil {
			return r, err
		}
	}
	for _, f := range strings.Split(head, "\t") {
		at := strings.LastIndexByte(f, ':')
		if at < 0 {
			continue // no columns
		}
		oid, mod, modified := strings.Cut(f[at+1:], "/")
		o, err := strconv.Atoi(oid)
		m := -1
		if err == nil && modified {
			m, err = strconv.Atoi(mod)
		}
		if err != nil {
			return r, err
		}
		a.Names, a.Types, a.Mods = append(a.Names, uncell(f[:at])), append(a.Types, sql.OID(o)), append(a.Mods, int32(m))
	}
	if r.want.hash == "" {
		for _, l := range strings.Split(body, "\n") {
			if l == "" {
				continue
			}
			row := []string{}
			if l != `\z` {
				for _, v := range strings.Split(l, "\t") {
					row = append(row, uncell(v))
				}
			}
			a.Rows = append(a.Rows, row)
		}
		r.want.count = len(a.Rows)
	}
	return r, nil
}

// setRules takes a comment's rules.
func setRules(comment string, now answer.Rules) (answer.Rules, error) {
	for line := range strings.Lines(comment) {
		list, ok := strings.CutPrefix(line, "# rules:")
		if !ok {
			continue
		}
		now = answer.Rules{}
		for _, w := range strings.Fields(list) {
			switch w {
			case "ordered":
				now.Ordered = true
			case "floats":
				now.Floats = true
			case "mods":
				now.OpenMods = true
			case "forms":
				now.OpenForms = true
			default:
				return now, fmt.Errorf("no rule %q", w)
			}
		}
	}
	return now, nil
}

// read returns the records of an area: those of its file or, when expectations are
// made anew and there is a file of templates, what that says.
func read(t *testing.T, name string) (out []record) {
	path := name + ".slt"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if rewrite && templated(name) {
		path = name + ".tmpl"
		if b, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		text = expand(t, path, string(b))
	}
	var rules answer.Rules
	line := 1
	for _, part := range strings.Split(text, "\n\n") {
		begin := line
		line += strings.Count(part, "\n") + 2
		if part = strings.Trim(part, "\n"); part == "" {
			continue
		}
		r, err := parse(part)
		if err == nil {
			rules, err = setRules(r.comment, rules)
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", path, begin, err)
		}
		r.line, r.rules = begin, rules
		if r.text == "" {
			t.Fatalf("%s:%d: a comment without a statement", path, begin)
		}
		out = append(out, r)
	}
	return out
}

func write(t *testing.T, path string, records []record) {
	var b strings.Builder
	for _, r := range records {
		r.print(&b)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
