package expr

import (
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// scanTime reads s by a template (to_date, to_timestamp) and returns local time
// and its zone. Spaces and separators match each other as in PostgreSQL.
func scanTime(s string, items []timeItem, zone *time.Location) (int64, *time.Location, error) {
	y, m, d, doy := 1, 1, 1, 0
	h, mi, sec, us := 0, 0, 0, int64(0)
	bc, pm, half := false, false, false
	haveYear := false
	rest := s
	for k, it := range items {
		if it.key == "" {
			for range len(it.text) { // a separator in the template skips at most one character
				if rest != "" && !isAlnum(rest[0]) {
					rest = rest[1:]
				} else if rest != "" && isAlnum(it.text[0]) {
					rest = rest[1:]
				}
			}
			continue
		}
		rest = strings.TrimLeft(rest, " \t\n")
		if rest == "" {
			break
		}
		width := 0
		switch it.key {
		case "YYYY", "IYYY":
			width = 4
			if it.key == "IYYY" {
				return 0, nil, errTemplate(it.text)
			}
		case "YYY", "MS", "FF3", "DDD":
			width = 3
		case "US", "FF6":
			width = 6
		case "Y", "Q", "D":
			width = 1
		case "FF1", "FF2", "FF4", "FF5":
			width = int(it.key[2] - '0')
		case "YY", "MM", "DD", "HH", "HH12", "HH24", "MI", "SS":
			width = 2
		case "MON", "MONTH":
			n, used := monthOf(rest, it.key == "MONTH")
			if n == 0 {
				return 0, nil, sql.Errorf(sql.CodeInvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", rest[:min(len(rest), len(it.text))], it.text).
					WithDetail("The given value did not match any of the allowed values for this field.")
			}
			m, rest = n, rest[used:]
			continue
		case "DAY", "DY":
			for len(rest) > 0 && isAlnum(rest[0]) {
				rest = rest[1:]
			}
			continue
		case "AM", "PM", "A.M.", "P.M.":
			n := len(it.key)
			if len(rest) < n || !strings.EqualFold(rest[:1], "a") && !strings.EqualFold(rest[:1], "p") {
				return 0, nil, sql.Errorf(sql.CodeInvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", rest[:min(n, len(rest))], it.text).
					WithDetail("The given value did not match any of the allowed values for this field.")
			}
			pm, half, rest = strings.EqualFold(rest[:1], "p"), true, rest[n:]
			continue
		case "AD", "BC", "A.D.", "B.C.":
			bc = strings.EqualFold(rest[:1], "b")
			rest = rest[min(len(it.key), len(rest)):]
			continue
		default:
			return 0, nil, errTemplate(it.text)
		}
		// A number runs on past its width unless another one follows at once.
		limit := len(rest)
		if k+1 < len(items) && items[k+1].key != "" || it.fill {
			limit = min(width, limit)
		}
		if it.key == "MS" || it.key == "US" || it.key[0] == 'F' {
			limit = min(width, limit)
		}
		n, used := 0, 0
		neg := it.key == "YYYY" && rest[0] == '-'
		if neg {
			rest = rest[1:]
			limit = min(limit, len(rest))
		}
		for used < limit && rest[used] >= '0' && rest[used] <= '9' && n < 1<<27 {
			n = n*10 + int(rest[used]-'0')
			used++
		}
		if used == 0 {
			return 0, nil, sql.Errorf(sql.CodeInvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", rest[:min(len(rest), width)], it.text).
				WithDetail("Value must be an integer.")
		}
		rest = rest[used:]
		switch it.key {
		case "YYYY":
			y, haveYear = n, true
			if neg {
				y = 1 - n
			}
		case "YYY", "YY", "Y":
			y, haveYear = n, true
			if used < 4 {
				switch { // the year nearest to 2020
				case n < 70:
					y = n + 2000
				case n < 100:
					y = n + 1900
				case n < 520:
					y = n + 2000
				case n < 1000:
					y = n + 1000
				}
			}
		case "MM":
			m = n
		case "DD":
			d = n
		case "DDD":
			doy = n
		case "HH", "HH12":
			h, half = n, true
			if n < 1 || n > 12 {
				return 0, nil, sql.Errorf(sql.CodeInvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", n).
					WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
			}
		case "HH24":
			h = n
		case "MI":
			mi = n
		case "SS":
			sec = n
		case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
			us = int64(n)
			for ; used < 6; used++ {
				us *= 10
			}
		}
	}
	if half && h <= 12 {
		h %= 12
		if pm {
			h += 12
		}
	}
	if !haveYear {
		y = 0 // 1 BC, as PostgreSQL has it without a year
	} else if bc && y > 0 {
		y = 1 - y
	}
	if doy > 0 {
		first := sql.DaysOf(y, 1, 1)
		year := y
		if y, m, d = sql.CivilOf(first + int64(doy) - 1); y != year { // no such day
			m = 13
		}
	}
	if m < 1 || m > 12 || d < 1 || d > sql.DaysInMonth(y, m) || h > 24 || mi > 59 || sec > 59 || h == 24 && (mi > 0 || sec > 0) {
		return 0, nil, sql.Errorf(sql.CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
	}
	days := sql.DaysOf(y, m, d)
	if days < sql.MinDate || days > sql.MaxTimestamp/microsPerDay {
		return 0, nil, errDateRange()
	}
	return days*microsPerDay + int64(h*3600+mi*60+sec)*1_000_000 + us, zone, nil
}

func errTemplate(w string) error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "template pattern %q is not supported for reading", w)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func monthOf(s string, full bool) (month, used int) {
	for i, n := range monthNames {
		if !full {
			n = n[:3]
		}
		if len(s) >= len(n) && strings.EqualFold(s[:len(n)], n) {
			return i + 1, len(n)
		}
	}
	return 0, 0
}
