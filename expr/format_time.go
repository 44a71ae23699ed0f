package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// timeKeys are the template patterns of to_char, to_date and to_timestamp, longest
// first among those with a common start. Each stands also in lower case.
var timeKeys = []string{"A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "D", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6",
	"FM", "FX", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON", "MS", "OF", "P.M.", "PM", "Q",
	"RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ", "TM", "US", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y"}

// timeItem is a part of a template: a pattern or literal text.
type timeItem struct {
	key    string // upper case, "" for a literal
	text   string // as written
	fill   bool   // FM
	suffix string // TH or th
}

func parseTimeFormat(f string) ([]timeItem, error) {
	var out []timeItem
	fm := false
next:
	for i := 0; i < len(f); {
		if f[i] == '"' {
			i++
			var lit strings.Builder
			for i < len(f) && f[i] != '"' {
				if f[i] == '\\' && i+1 < len(f) {
					i++
				}
				lit.WriteByte(f[i])
				i++
			}
			i++
			out = append(out, timeItem{text: lit.String()})
			continue
		}
		for _, k := range append([]string{"Month", "Mon", "Day", "Dy"}, timeKeys...) {
			if len(f)-i < len(k) {
				continue
			}
			w := f[i : i+len(k)]
			if w != k && w != strings.ToLower(k) {
				continue
			}
			up := strings.ToUpper(k)
			i += len(k)
			switch up {
			case "FM":
				fm = true
				continue next
			case "RM", "TM", "FX":
				return nil, sql.Errorf(sql.CodeFeatureNotSupported, "template pattern %q is not supported", w)
			}
			it := timeItem{key: up, text: w, fill: fm}
			fm = false
			if i+2 <= len(f) && strings.EqualFold(f[i:i+2], "TH") {
				it.suffix = f[i : i+2]
				i += 2
			} else if i+2 <= len(f) && strings.EqualFold(f[i:i+2], "SP") {
				return nil, sql.Errorf(sql.CodeFeatureNotSupported, "template pattern modifier \"SP\" is not supported")
			}
			out = append(out, it)
			continue next
		}
		if f[i] == '\\' && i+1 < len(f) && f[i+1] == '"' {
			i++
		}
		out = append(out, timeItem{text: f[i : i+1]})
		i++
	}
	return out, nil
}

var monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
var dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// cased writes a name in the case of the pattern as written.
func cased(name, as string) string {
	switch {
	case as == strings.ToUpper(as):
		return strings.ToUpper(name)
	case as == strings.ToLower(as):
		return strings.ToLower(name)
	}
	return name
}

// formatTime is to_char of a local timestamp; off and zone are the zone's.
func formatTime(dst []byte, items []timeItem, us int64, off int, zone string) ([]byte, error) {
	days, tod := sql.SplitTimestamp(us)
	y, m, d := sql.CivilOf(days)
	shown := y
	if y <= 0 {
		shown = 1 - y
	}
	h, mi, s, frac := int(tod/3_600_000_000), int(tod/60_000_000%60), int(tod/1_000_000%60), int(tod%1_000_000)
	for _, it := range items {
		n, width := math.MinInt, 0 // a number, if there is one
		number := func(v, w int) { n, width = v, w }
		name := func(s string, w int) {
			s = cased(s, it.text)
			dst = append(dst, s...)
			if !it.fill {
				for k := len(s); k < w; k++ {
					dst = append(dst, ' ')
				}
			}
		}
		wd := sql.WeekdayOf(days)
		iy, iw := isoWeek(days)
		if iy <= 0 {
			iy = 1 - iy
		}
		switch it.key {
		case "":
			dst = append(dst, it.text...)
		case "YYYY":
			number(shown, 4)
		case "YYY":
			number(shown%1000, 3)
		case "YY":
			number(shown%100, 2)
		case "Y":
			number(shown%10, 1)
		case "Y,YYY":
			dst = fmt.Appendf(dst, "%d,%03d", shown/1000, shown%1000)
		case "IYYY":
			number(iy, 4)
		case "IYY":
			number(iy%1000, 3)
		case "IY":
			number(iy%100, 2)
		case "I":
			number(iy%10, 1)
		case "CC":
			c := int(centuryOf(y, 100))
			if c < 0 {
				number(c, 3)
			} else {
				number(c, 2)
			}
		case "MM":
			number(m, 2)
		case "MONTH":
			name(monthNames[m-1], 9)
		case "MON":
			name(monthNames[m-1][:3], 3)
		case "DD":
			number(d, 2)
		case "DDD":
			number(int(days-sql.DaysOf(y, 1, 1))+1, 3)
		case "IDDD":
			number((iw-1)*7+(wd+6)%7+1, 3)
		case "D":
			number(wd+1, 1)
		case "ID":
			number((wd+6)%7+1, 1)
		case "DAY":
			name(dayNames[wd], 9)
		case "DY":
			name(dayNames[wd][:3], 3)
		case "HH", "HH12":
			number((h+11)%12+1, 2)
		case "HH24":
			number(h, 2)
		case "MI":
			number(mi, 2)
		case "SS":
			number(s, 2)
		case "SSSS", "SSSSS":
			dst = strconv.AppendInt(dst, tod/1_000_000, 10)
		case "MS":
			number(frac/1000, 3)
		case "US":
			number(frac, 6)
		case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
			k := int(it.key[2] - '0')
			dst = append(dst, fmt.Sprintf("%06d", frac)[:k]...)
		case "AM", "PM", "A.M.", "P.M.":
			half := "AM"
			if h >= 12 {
				half = "PM"
			}
			if len(it.key) == 4 {
				half = half[:1] + "." + half[1:] + "."
			}
			dst = append(dst, cased(half, it.text)...)
		case "AD", "BC", "A.D.", "B.C.":
			era := "AD"
			if y <= 0 {
				era = "BC"
			}
			if len(it.key) == 4 {
				era = era[:1] + "." + era[1:] + "."
			}
			dst = append(dst, cased(era, it.text)...)
		case "Q":
			number((m-1)/3+1, 1)
		case "WW":
			number(int(days-sql.DaysOf(y, 1, 1))/7+1, 2)
		case "W":
			number((d-1)/7+1, 1)
		case "IW":
			number(iw, 2)
		case "J":
			number(int(days+2440588), 1)
		case "TZ":
			dst = append(dst, cased(zone, it.text)...)
		case "TZH":
			dst = fmt.Appendf(dst, "%c%02d", sign(off), abs(off)/3600)
		case "TZM":
			dst = fmt.Appendf(dst, "%02d", abs(off)/60%60)
		case "OF":
			dst = fmt.Appendf(dst, "%c%02d", sign(off), abs(off)/3600)
			if abs(off)%3600 != 0 {
				dst = fmt.Appendf(dst, ":%02d", abs(off)/60%60)
			}
		}
		if n != math.MinInt {
			if it.fill {
				dst = strconv.AppendInt(dst, int64(n), 10)
			} else {
				dst = fmt.Appendf(dst, "%0*d", width, n)
			}
			if it.suffix != "" {
				dst = append(dst, cased(ordinal(abs(n)), it.suffix)...)
			}
		}
	}
	return dst, nil
}

func sign(x int) byte {
	if x < 0 {
		return '-'
	}
	return '+'
}

func abs(x int) int { return max(x, -x) }

// ordinal is the English suffix of a number.
func ordinal(n int) string {
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

// timeFormats keeps the templates that an evaluator parsed.
type timeFormats struct {
	src   string
	items []timeItem
}

func (c *timeFormats) get(f string) ([]timeItem, error) {
	if c.items == nil || c.src != f {
		items, err := parseTimeFormat(strings.Clone(f))
		if err != nil {
			return nil, err
		}
		c.src, c.items = strings.Clone(f), items
	}
	return c.items, nil
}

// defineFormats defines to_char, to_date, to_timestamp and to_number.
func defineFormats(d *defs) {
	toChar := func(local func(r *Row) (us int64, off int, zone string)) Kernel {
		return eachState(func(r *Row, c *timeFormats) error {
			if infinite(r.Int(0)) || len(r.Bytes(1)) == 0 {
				return r.SetNull()
			}
			items, err := c.get(r.Str(1))
			if err != nil {
				return err
			}
			us, off, zone := local(r)
			if r.buf, err = formatTime(r.buf[:0], items, us, off, zone); err != nil {
				return err
			}
			return r.SetBytes(r.buf)
		})
	}
	d.fn("to_char(timestamp,text)", toChar(func(r *Row) (int64, int, string) { return r.Int(0), 0, "" }))
	d.fn("to_char(timestamptz,text)", toChar(func(r *Row) (int64, int, string) {
		off, zone := sql.ZoneOffset(r.Int(0), r.Env().Zone)
		return r.Int(0) + int64(off)*1_000_000, off, zone
	}))
	read := func(r *Row, c *timeFormats) (int64, *time.Location, error) {
		items, err := c.get(r.Str(1))
		if err != nil {
			return 0, nil, err
		}
		return scanTime(r.Str(0), items, r.Env().Zone)
	}
	d.fn("to_date(text,text)", eachState(func(r *Row, c *timeFormats) error {
		us, _, err := read(r, c)
		if err != nil {
			return err
		}
		return r.SetInt(int64(timestampToDate(us)))
	}))
	d.fn("to_timestamp(text,text)", eachState(func(r *Row, c *timeFormats) error {
		us, z, err := read(r, c)
		if err == nil {
			us, err = sql.LocalToUTC(us, z)
		}
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	defineNumberFormats(d)
}
