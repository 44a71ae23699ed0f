package sql

import (
	"strconv"
	"strings"
	"time"
)

// ParseZone finds a time zone by its name in the time zone database (any case),
// an abbreviation, an offset (+hh[:mm]; POSIX's sign after letters, as in
// "UTC+3"), as SET TimeZone and AT TIME ZONE take them. 22023 if there is none.
func ParseZone(name string) (*time.Location, error) {
	if z := lookupZone(name); z != nil {
		return z, nil
	}
	low := strings.ToLower(name)
	if off, ok := zoneAbbrevs[low]; ok {
		return time.FixedZone(strings.ToUpper(name), off), nil
	}
	if zn, ok := zoneAbbrevNames[low]; ok {
		if z := lookupZone(zn); z != nil {
			return z, nil
		}
	}
	return nil, Errorf(CodeInvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// lookupZone finds a zone of the database, or makes one of a POSIX form.
func lookupZone(name string) *time.Location {
	if name == "" || len(name) > 64 || strings.EqualFold(name, "local") {
		return nil
	}
	if strings.EqualFold(name, "utc") {
		return time.UTC
	}
	for _, n := range []string{name, canonicalZone(name), strings.ToUpper(name)} {
		if z, err := time.LoadLocation(n); err == nil {
			return z
		}
	}
	return posixZone(name)
}

// constantZone reports whether z's offset never changes.
func constantZone(z *time.Location) bool {
	start, end := time.Unix(0, 0).In(z).ZoneBounds()
	return start.IsZero() && end.IsZero()
}

// zoneCapitals are the parts of zone names that are not capitalised word by word.
var zoneCapitals = strings.NewReplacer("_Es_", "_es_", "_Of_", "_of_", "-Au-", "-au-", "Us/", "US/", "Gb-", "GB-",
	"Etc/Utc", "Etc/UTC", "Etc/Gmt", "Etc/GMT", "Etc/Uct", "Etc/UCT", "/Mcmurdo", "/McMurdo",
	"/Dumontdurville", "/DumontDUrville", "/Comodrivadavia", "/ComodRivadavia", "/Knox_In", "/Knox_IN",
	"/Act", "/ACT", "/Lhi", "/LHI", "/Nsw", "/NSW", "/Denoronha", "/DeNoronha", "/Easterisland", "/EasterIsland",
	"/Bajanorte", "/BajaNorte", "/Bajasur", "/BajaSur")

// canonicalZone finds the capitals that the database writes: America/New_York.
func canonicalZone(name string) string {
	b := []byte(strings.ToLower(name))
	up := true
	for i, c := range b {
		if up && c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
		up = c == '/' || c == '_' || c == '-' || c == '+'
	}
	return zoneCapitals.Replace(string(b))
}

// posixZone reads letters and an offset whose sign is west: "UTC+3", "<+03>-3".
func posixZone(s string) *time.Location {
	name := s
	i := 0
	if strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 2 {
			return nil
		}
		name, i = s[1:end], end+1
	} else {
		for i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' {
			i++
		}
		if i == 0 {
			return nil
		}
		name = strings.ToUpper(s[:i])
	}
	rest := s[i:]
	sign := -1
	if strings.HasPrefix(rest, "+") {
		rest = rest[1:]
	} else if strings.HasPrefix(rest, "-") {
		rest, sign = rest[1:], 1
	}
	if rest == "" {
		return nil
	}
	parts := strings.Split(rest, ":")
	if len(parts) > 3 {
		return nil
	}
	off, unit := 0, 3600
	for k, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || k == 0 && n > 24 || k > 0 && n > 59 {
			return nil
		}
		off += int(n) * unit
		unit /= 60
	}
	return time.FixedZone(name, sign*off)
}
