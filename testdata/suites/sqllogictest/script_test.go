package sqllogictest

import (
	"fmt"
	"os"
	"strings"
)

// record is a statement or a query of a script, as
// https://www.sqlite.org/sqllogictest describes them.
type record struct {
	line  int
	sql   string
	types string   // of a query's columns, a letter each: I, R, T; "" for a statement
	order string   // nosort, rowsort, valuesort
	want  []string // a query's values, or one line: how many values, and their hash
}

// parse reads a script's records that apply to PostgreSQL.
func parse(path string) ([]record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	var out []record
	for at := 0; at < len(lines); {
		if strings.TrimSpace(lines[at]) == "" {
			at++
			continue
		}
		begin := at
		for at < len(lines) && strings.TrimSpace(lines[at]) != "" {
			at++
		}
		r, applies, err := parseRecord(lines[begin:at])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, begin+1, err)
		}
		if applies {
			r.line = begin + 1
			out = append(out, r)
		}
	}
	return out, nil
}

func parseRecord(lines []string) (r record, applies bool, err error) {
	applies = true
	for len(lines) > 0 {
		words := strings.Fields(lines[0])
		switch {
		case strings.HasPrefix(lines[0], "#"):
		case words[0] == "skipif":
			applies = applies && words[1] != "postgresql"
		case words[0] == "onlyif":
			applies = applies && words[1] == "postgresql"
		case words[0] == "hash-threshold": // whether values are hashed shows at each query
			return r, false, nil
		case words[0] == "statement" && words[1] == "ok":
			r.sql = strings.Join(lines[1:], "\n")
			return r, applies, nil
		case words[0] == "query" && len(words) >= 3:
			r.types, r.order = words[1], words[2]
			for i, l := range lines {
				if l == "----" {
					r.want = lines[i+1:]
					lines = lines[:i]
					break
				}
			}
			r.sql = strings.Join(lines[1:], "\n")
			return r, applies, nil
		default:
			return r, false, fmt.Errorf("record %q is not understood", lines[0])
		}
		lines = lines[1:]
	}
	return r, false, nil
}
