package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// defineMySQLDates defines what Athena's date_parse and date_format stand for, whose
// formats are MySQL's.
func defineMySQLDates(d *defs) {
	d.dialectFn(Athena, "mysql_format_date(timestamp,text)", sql.OIDText, each(func(r *Row) error {
		if infinite(r.Int(0)) {
			return errTimestampRange()
		}
		s, err := formatMySQL(r.Int(0), r.Str(1))
		if err != nil {
			return err
		}
		return r.SetStr(s)
	}))
	d.dialectFn(Athena, "mysql_parse_date(text,text)", sql.OIDTimestamp, each(func(r *Row) error {
		us, err := parseMySQL(r.Str(0), r.Str(1))
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
}

func errMySQLFormat(c byte) error {
	return sql.Errorf(sql.CodeInvalidParameterValue, "the date format specifier %%%c is not supported", c)
}

func formatMySQL(us int64, format string) (string, error) {
	days, tod := sql.SplitTimestamp(us)
	y, m, d := sql.CivilOf(days)
	h, min, sec, frac := tod/3600e6, tod/60e6%60, tod/1e6%60, tod%1e6
	h12 := (h+11)%12 + 1
	half := "AM"
	if h >= 12 {
		half = "PM"
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case 'Y':
			fmt.Fprintf(&b, "%04d", y)
		case 'y':
			fmt.Fprintf(&b, "%02d", (y%100+100)%100)
		case 'm':
			fmt.Fprintf(&b, "%02d", m)
		case 'c':
			fmt.Fprint(&b, m)
		case 'M':
			b.WriteString(monthNames[m-1])
		case 'b':
			b.WriteString(monthNames[m-1][:3])
		case 'd':
			fmt.Fprintf(&b, "%02d", d)
		case 'e':
			fmt.Fprint(&b, d)
		case 'H':
			fmt.Fprintf(&b, "%02d", h)
		case 'k':
			fmt.Fprint(&b, h)
		case 'h', 'I':
			fmt.Fprintf(&b, "%02d", h12)
		case 'l':
			fmt.Fprint(&b, h12)
		case 'i':
			fmt.Fprintf(&b, "%02d", min)
		case 's', 'S':
			fmt.Fprintf(&b, "%02d", sec)
		case 'f':
			fmt.Fprintf(&b, "%06d", frac)
		case 'p':
			b.WriteString(half)
		case 'r':
			fmt.Fprintf(&b, "%02d:%02d:%02d %s", h12, min, sec, half)
		case 'T':
			fmt.Fprintf(&b, "%02d:%02d:%02d", h, min, sec)
		case 'j':
			fmt.Fprintf(&b, "%03d", days-sql.DaysOf(y, 1, 1)+1)
		case 'W':
			b.WriteString(dayNames[(days%7+11)%7])
		case 'a':
			b.WriteString(dayNames[(days%7+11)%7][:3])
		case 'v':
			_, w := isoWeek(days)
			fmt.Fprintf(&b, "%02d", w)
		case 'x':
			wy, _ := isoWeek(days)
			fmt.Fprintf(&b, "%04d", wy)
		case '%':
			b.WriteByte('%')
		case 'D', 'U', 'u', 'V', 'w', 'X':
			return "", errMySQLFormat(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// parseMySQL reads a timestamp; what the format does not name is that of 1970-01-01.
func parseMySQL(text, format string) (int64, error) {
	bad := func() error {
		return sql.Errorf(sql.CodeInvalidDatetimeFormat, "the text %q does not have the date format %q", text, format)
	}
	s := text
	number := func(width int) (int64, bool) {
		n := 0
		for n < len(s) && n < width && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		v, err := strconv.ParseInt(s[:n], 10, 64)
		s = s[n:]
		return v, err == nil
	}
	name := func(list []string, short bool) (int64, bool) {
		for i, w := range list {
			if short {
				w = w[:3]
			}
			if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
				s = s[len(w):]
				return int64(i + 1), true
			}
		}
		return 0, false
	}
	y, m, d := int64(1970), int64(1), int64(1)
	var h, min, sec, frac, doy int64
	twelve, pm, ok := false, false, true
	format = strings.NewReplacer("%T", "%H:%i:%s", "%r", "%I:%i:%s %p").Replace(format)
	for i := 0; i < len(format) && ok; i++ {
		if format[i] != '%' || i+1 == len(format) {
			if ok = s != "" && s[0] == format[i]; ok {
				s = s[1:]
			}
			continue
		}
		i++
		switch c := format[i]; c {
		case 'Y':
			y, ok = number(4)
		case 'y':
			y, ok = number(2)
			if y += 1900; y < 1970 {
				y += 100
			}
		case 'm', 'c':
			m, ok = number(2)
		case 'M':
			m, ok = name(monthNames, false)
		case 'b':
			m, ok = name(monthNames, true)
		case 'd', 'e':
			d, ok = number(2)
		case 'j':
			doy, ok = number(3)
		case 'H', 'k':
			h, ok = number(2)
		case 'h', 'I', 'l':
			h, ok = number(2)
			twelve, ok = true, ok && h >= 1 && h <= 12
		case 'i':
			min, ok = number(2)
		case 's', 'S':
			sec, ok = number(2)
		case 'f':
			n := len(s)
			frac, ok = number(6)
			for k := n - len(s); k < 6; k++ {
				frac *= 10
			}
			_, _ = number(3) // nanoseconds are dropped
		case 'p':
			var k int64
			k, ok = name([]string{"AM", "PM"}, false)
			pm = k == 2
		case 'W':
			_, ok = name(dayNames, false)
		case 'a':
			_, ok = name(dayNames, true)
		case '%':
			if ok = s != "" && s[0] == '%'; ok {
				s = s[1:]
			}
		default:
			return 0, errMySQLFormat(c)
		}
	}
	if twelve {
		h %= 12
		if pm {
			h += 12
		}
	}
	if !ok || s != "" || m < 1 || m > 12 || d < 1 || int(d) > sql.DaysInMonth(int(y), int(m)) || h > 23 || min > 59 || sec > 59 || doy > 366 {
		return 0, bad()
	}
	days := sql.DaysOf(int(y), int(m), int(d))
	if doy > 0 {
		days = sql.DaysOf(int(y), 1, 1) + doy - 1
	}
	return days*microsPerDay + h*3600e6 + min*60e6 + sec*1e6 + frac, nil
}
