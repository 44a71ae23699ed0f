package ddl

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func nameList(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = quoteName(n)
	}
	return strings.Join(q, ", ")
}

// propList writes 'k'='v' pairs in order of the keys, without one.
func propList(m map[string]string, without string) string {
	var b strings.Builder
	for _, k := range sortedKeys(m) {
		if k == without {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  " + quoteString(k) + "=" + quoteString(m[k]))
	}
	return b.String()
}

// hiveText writes a canonical Hive type so that it can be read back: names of
// struct fields that are not plain words are quoted.
func hiveText(t string) string {
	if !strings.Contains(t, "struct<") {
		return t
	}
	var b strings.Builder
	for i := 0; i < len(t); {
		j := i
		for j < len(t) && strings.IndexByte("<>,():", t[j]) < 0 {
			j++
		}
		piece := t[i:j]
		if j < len(t) && t[j] == ':' && !plainWord(piece) {
			piece = quoteName(piece)
		}
		b.WriteString(piece)
		if j < len(t) {
			b.WriteByte(t[j])
		}
		i = j + 1
	}
	return b.String()
}

func plainWord(s string) bool {
	if s == "" || !wordStart(s[0]) {
		return false
	}
	for i := range len(s) {
		if !wordByte(s[i]) {
			return false
		}
	}
	return true
}
