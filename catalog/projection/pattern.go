package projection

import (
	"fmt"
	"strings"
	"time"
)

// pattern is a date pattern of java.time.format.DateTimeFormatter, the part of
// it that has a meaning for folders: y u M d D H h K k a m s S, quoted and plain
// literals.
type pattern struct{ fields []field }

type field struct {
	letter  byte // 0: literal
	n       int
	literal string
}

type precision int

const (
	precisionYear precision = iota
	precisionMonth
	precisionDay
	precisionTime
)

func parsePattern(s string) (*pattern, error) {
	p := &pattern{}
	lit := func(c string) {
		if n := len(p.fields); n > 0 && p.fields[n-1].letter == 0 {
			p.fields[n-1].literal += c
			return
		}
		p.fields = append(p.fields, field{literal: c})
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'':
			j := i + 1
			text := ""
			for ; j < len(s); j++ {
				if s[j] == '\'' {
					if j+1 < len(s) && s[j+1] == '\'' && j > i {
						text += "'"
						j++
						continue
					}
					break
				}
				text += string(s[j])
			}
			if j >= len(s) {
				return nil, fmt.Errorf("a quote is not closed")
			}
			if j == i+1 {
				text = "'"
			}
			lit(text)
			i = j + 1
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			j := i
			for j < len(s) && s[j] == c {
				j++
			}
			if strings.IndexByte("yuMLdDHhKkamsS", c) < 0 {
				return nil, fmt.Errorf("letter %q is not supported", c)
			}
			if j-i > 9 {
				return nil, fmt.Errorf("too many letters %q", c)
			}
			if c == 'L' {
				c = 'M'
			}
			p.fields = append(p.fields, field{letter: c, n: j - i})
			i = j
		case strings.IndexByte("[]{}#", c) >= 0:
			return nil, fmt.Errorf("character %q is not supported", c)
		default:
			lit(string(c))
			i++
		}
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return r == 'y' || r == 'u' }) {
		return nil, fmt.Errorf("it has no year")
	}
	return p, nil
}

func (p *pattern) finest() precision {
	best := precisionYear
	for _, f := range p.fields {
		switch f.letter {
		case 'M':
			best = max(best, precisionMonth)
		case 'd', 'D':
			best = max(best, precisionDay)
		case 'H', 'h', 'K', 'k', 'a', 'm', 's', 'S':
			best = precisionTime
		}
	}
	return best
}

func (p *pattern) format(t time.Time) string {
	var b strings.Builder
	for _, f := range p.fields {
		switch f.letter {
		case 0:
			b.WriteString(f.literal)
		case 'y', 'u':
			if f.n == 2 {
				fmt.Fprintf(&b, "%02d", t.Year()%100)
			} else {
				fmt.Fprintf(&b, "%0*d", f.n, t.Year())
			}
		case 'M':
			switch f.n {
			case 3:
				b.WriteString(t.Month().String()[:3])
			case 4:
				b.WriteString(t.Month().String())
			default:
				fmt.Fprintf(&b, "%0*d", f.n, int(t.Month()))
			}
		case 'a':
			b.WriteString(t.Format("PM"))
		case 'S':
			b.WriteString(fmt.Sprintf("%09d", t.Nanosecond())[:f.n])
		default:
			fmt.Fprintf(&b, "%0*d", f.n, number(f.letter, t))
		}
	}
	return b.String()
}

func number(letter byte, t time.Time) int {
	switch letter {
	case 'd':
		return t.Day()
	case 'D':
		return t.YearDay()
	case 'H':
		return t.Hour()
	case 'k':
		return (t.Hour()+23)%24 + 1
	case 'K':
		return t.Hour() % 12
	case 'h':
		return (t.Hour()+11)%12 + 1
	case 'm':
		return t.Minute()
	}
	return t.Second()
}

// parse reads a whole string; fields that are not in the pattern have their
// first value.
func (p *pattern) parse(s string) (time.Time, bool) {
	year, month, dom, doy, hour, min, sec, nano := 0, 1, 1, 0, 0, 0, 0, 0
	half := -1
	for i, f := range p.fields {
		switch f.letter {
		case 0:
			if !strings.HasPrefix(s, f.literal) {
				return time.Time{}, false
			}
			s = s[len(f.literal):]
			continue
		case 'a':
			if len(s) < 2 {
				return time.Time{}, false
			}
			switch strings.ToUpper(s[:2]) {
			case "AM":
				half = 0
			case "PM":
				half = 12
			default:
				return time.Time{}, false
			}
			s = s[2:]
			continue
		}
		if f.letter == 'M' && f.n >= 3 {
			found := false
			for m := time.January; m <= time.December; m++ {
				name := m.String()
				if f.n == 3 {
					name = name[:3]
				}
				if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
					month, s, found = int(m), s[len(name):], true
					break
				}
			}
			if !found {
				return time.Time{}, false
			}
			continue
		}
		// One letter takes as many digits as there are, unless a number follows.
		least, most := f.n, f.n
		next := byte(0)
		if i+1 < len(p.fields) {
			next = p.fields[i+1].letter
		}
		if f.n == 1 && f.letter != 'S' {
			most = 2
			if f.letter == 'y' || f.letter == 'u' {
				most = 9
			}
			if f.letter == 'D' {
				most = 3
			}
			if next != 0 && next != 'a' {
				most = 1
			}
		}
		v, n := 0, 0
		for n < most && n < len(s) && s[n] >= '0' && s[n] <= '9' {
			v = v*10 + int(s[n]-'0')
			n++
		}
		if n < least {
			return time.Time{}, false
		}
		s = s[n:]
		switch f.letter {
		case 'y', 'u':
			year = v
			if f.n == 2 {
				year += 2000
			}
		case 'M':
			month = v
		case 'd':
			dom = v
		case 'D':
			doy = v
		case 'H':
			hour = v
		case 'k':
			hour = v % 24
		case 'h':
			hour = v % 12
		case 'K':
			hour = v
		case 'm':
			min = v
		case 's':
			sec = v
		case 'S':
			for ; n < 9; n++ {
				v *= 10
			}
			nano = v
		}
	}
	if s != "" || year < 1 || year > 9999 || hour > 23 || min > 59 || sec > 59 {
		return time.Time{}, false
	}
	if half >= 0 {
		hour += half
	}
	if doy > 0 {
		t := time.Date(year, 1, 1, hour, min, sec, nano, time.UTC).AddDate(0, 0, doy-1)
		return t, t.Year() == year
	}
	t := time.Date(year, time.Month(month), dom, hour, min, sec, nano, time.UTC)
	return t, t.Year() == year && int(t.Month()) == month && t.Day() == dom
}
