// Package layout holds Hive's rules for partitioned folders: how key=value path
// segments are escaped, what names are not data, and how a raw partition value
// becomes a value of its key's type.
package layout

import "strings"

// DefaultPartition is what Hive writes for NULL and for the empty string; it is
// read as NULL whatever the key's type.
const DefaultPartition = "__HIVE_DEFAULT_PARTITION__"

const upperHex = "0123456789ABCDEF"

// escaped reports whether Hive writes c as %XX (FileUtils.charToEscape).
func escaped(c byte) bool {
	if c < 0x20 || c == 0x7f {
		return true
	}
	switch c {
	case '"', '#', '%', '\'', '*', '/', ':', '=', '?', '\\', '{', '[', ']', '^':
		return true
	}
	return false
}

// Escape returns s as a path segment's key or value. The empty string becomes
// DefaultPartition.
func Escape(s string) string {
	if s == "" {
		return DefaultPartition
	}
	n := 0
	for i := range len(s) {
		if escaped(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; escaped(c) {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// Unescape undoes Escape; a bad %-sequence stays as it is.
func Unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				b = append(b, hi<<4|lo)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// Segment splits a path segment "key=value" and unescapes both; ok is false if
// it has another form.
func Segment(seg string) (key, value string, ok bool) {
	k, v, found := strings.Cut(seg, "=")
	if !found || k == "" || v == "" {
		return "", "", false
	}
	return Unescape(k), Unescape(v), true
}

// Path returns "k1=v1/k2=v2" without a slash at either end, keys in lower case.
func Path(keys, values []string) string {
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(Escape(strings.ToLower(k)))
		b.WriteByte('=')
		b.WriteString(Escape(values[i]))
	}
	return b.String()
}

// Identity returns the string by which a partition's raw values are told apart:
// escaped values joined with "/". NULL and the empty string are one.
func Identity(values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(Escape(v))
	}
	return b.String()
}

// Values undoes Identity.
func Values(identity string) []string {
	parts := strings.Split(identity, "/")
	for i, p := range parts {
		parts[i] = Unescape(p)
	}
	return parts
}

// Folder returns location with exactly one slash at its end.
func Folder(location string) string {
	if strings.HasSuffix(location, "/") {
		return location
	}
	return location + "/"
}

// Hidden reports whether a path below a location has a name at any level that
// readers skip: names that start with "_" or ".", and the "x_$folder$" markers.
func Hidden(rel string) bool {
	for rel != "" {
		name, rest, _ := strings.Cut(rel, "/")
		if name != "" && (name[0] == '_' || name[0] == '.') {
			return true
		}
		if strings.HasSuffix(name, "_$folder$") {
			return true
		}
		rel = rest
	}
	return false
}
