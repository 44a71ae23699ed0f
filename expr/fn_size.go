package expr

import (
	"strconv"
)

// sizeUnits are pg_size_pretty's (PostgreSQL 15, dbsize.c): a size below the limit
// is shown in the unit; those above bytes carry one more bit, for rounding.
var sizeUnits = []struct {
	name  string
	limit int64
	half  bool
	bits  int
}{{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30}, {"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50}}

// prettySize is pg_size_pretty(bigint).
func prettySize(size int64) string {
	for i, u := range sizeUnits {
		if i == len(sizeUnits)-1 || -u.limit < size && size < u.limit {
			if u.half {
				if size < 0 {
					size = (size - 1) / 2
				} else {
					size = (size + 1) / 2
				}
			}
			return strconv.FormatInt(size, 10) + " " + u.name
		}
		next := sizeUnits[i+1]
		bits := next.bits - u.bits
		if next.half {
			bits--
		}
		if u.half {
			bits++
		}
		size /= 1 << bits
	}
	return ""
}
