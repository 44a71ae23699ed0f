package slt

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	variable = regexp.MustCompile(`\$[a-z]+[0-9]?\b`)
	assigned = regexp.MustCompile(`^(\$[a-z]+[0-9]?): (.*)$`)
	limited  = regexp.MustCompile(`^%([0-9]+) (.*)$`)
)

// templated tells whether an area is made of templates.
func templated(name string) bool {
	_, err := os.Stat(name + ".tmpl")
	return err == nil
}

// expand makes the statements of an area of its templates, one of each line with every
// combination of values of the variables that it names:
//
//	$type: int | numeric
//	$value: '1' | '1.5' | 'x'
//	SELECT $value::$type
//	%40 SELECT $value::$type + $value::$type
//
// The second takes 40 of its combinations at most, spread over all. A variable keeps its
// values until it is given others; comments stand before the first statement of a line.
func expand(t *testing.T, path, text string) string {
	values := map[string][]string{}
	var b strings.Builder
	comment := ""
	for i, line := range strings.Split(text, "\n") {
		switch m := assigned.FindStringSubmatch(line); {
		case line == "":
			continue
		case strings.HasPrefix(line, "#"):
			comment += line + "\n"
			continue
		case m != nil:
			values[m[1]] = strings.Split(m[2], " | ")
			continue
		}
		most := 1 << 30
		if m := limited.FindStringSubmatch(line); m != nil {
			most, _ = strconv.Atoi(m[1])
			line = m[2]
		}
		var names []string
		seen := map[string]bool{}
		combinations := 1
		for _, v := range variable.FindAllString(line, -1) {
			if !seen[v] {
				seen[v] = true
				if len(values[v]) == 0 {
					t.Fatalf("%s:%d: %s has no values", path, i+1, v)
				}
				names = append(names, v)
				combinations *= len(values[v])
			}
		}
		n := min(most, combinations)
		for k := range n {
			at := k * combinations / n
			chosen := map[string]string{}
			for _, v := range names {
				chosen[v] = values[v][at%len(values[v])]
				at /= len(values[v])
			}
			b.WriteString(comment)
			comment = ""
			b.WriteString(variable.ReplaceAllStringFunc(line, func(v string) string { return chosen[v] }) + "\n\n")
		}
	}
	return b.String()
}
