package expr

import (
	"crypto/sha1"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// oidDialect is the first of the OIDs of functions that are Redshift's or Athena's.
const oidDialect sql.OID = 9100

// dialectFn defines a function of other dialects: signature "name(type,...)", strict.
func (d *defs) dialectFn(dialect Dialect, sig string, ret sql.OID, k Kernel, opts ...option) {
	name, list, _ := strings.Cut(strings.TrimSuffix(sig, ")"), "(")
	var args []sql.OID
	for a := range strings.SplitSeq(list, ",") {
		if a != "" {
			args = append(args, sql.LookupTypeName(a).OID)
		}
	}
	f := d.own(name, oidDialect+sql.OID(d.dialects), args, ret, k, opts...)
	d.dialects++
	f.Dialect, f.Strict, f.Raises = dialect, true, true
}

// datePartNames are the date parts by the names that Redshift and Athena give them.
var datePartNames = func() map[string]string {
	m := map[string]string{}
	for part, names := range map[string]string{
		"microsecond": "microsecond microseconds us usec usecs microsec microsecs useconds", "millisecond": "millisecond milliseconds ms msec msecs mseconds",
		"second": "second seconds s sec secs", "minute": "minute minutes m min mins", "hour": "hour hours h hr hrs", "day": "day days d",
		"week": "week weeks w", "month": "month months mon mons", "quarter": "quarter quarters qtr qtrs", "year": "year years y yr yrs",
		"decade": "decade decades dec decs", "century": "century centuries c cent cents", "millennium": "millennium millennia mil mils",
		"dow": "dow dayofweek dw weekday", "doy": "doy dayofyear dy yearday", "epoch": "epoch",
	} {
		for n := range strings.FieldsSeq(names) {
			m[n] = part
		}
	}
	return m
}()

// DatePart is the date part that a bare word names, "" if it names none.
func DatePart(word string) string { return datePartNames[word] }

// monthsOf counts the months of the parts of whole months.
var monthsOf = map[string]int64{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}

// microsOf counts the microseconds of the other parts.
var microsOf = map[string]int64{"microsecond": 1, "millisecond": 1e3, "second": 1e6, "minute": 60e6, "hour": 3600e6, "day": microsPerDay, "week": 7 * microsPerDay}

func datePartOf(s string) (string, error) {
	p := datePartNames[strings.ToLower(s)]
	if monthsOf[p] == 0 && microsOf[p] == 0 {
		return "", sql.Errorf(sql.CodeInvalidParameterValue, "date part %q is not supported", s)
	}
	return p, nil
}

// datePartInterval is n of a part.
func datePartInterval(part string, n int64) (vector.Interval, error) {
	p, err := datePartOf(part)
	if err != nil {
		return vector.Interval{}, err
	}
	if m := monthsOf[p]; m != 0 {
		if n > math.MaxInt32/m || n < math.MinInt32/m {
			return vector.Interval{}, errIntervalRange()
		}
		return vector.Interval{Months: int32(n * m)}, nil
	}
	switch p {
	case "week", "day":
		if n != int64(int32(n)) {
			return vector.Interval{}, errIntervalRange()
		}
		if p == "week" {
			n *= 7
		}
		if n != int64(int32(n)) {
			return vector.Interval{}, errIntervalRange()
		}
		return vector.Interval{Days: int32(n)}, nil
	}
	if u := microsOf[p]; n > math.MaxInt64/u || n < math.MinInt64/u {
		return vector.Interval{}, errIntervalRange()
	}
	return vector.Interval{Micros: n * microsOf[p]}, nil
}

// floorDiv divides rounding down.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// boundaries counts how many boundaries of a part lie between two timestamps, as
// Redshift's DATEDIFF does; its weeks begin on Sunday.
func boundaries(part string, a, b int64) (int64, error) {
	p, err := datePartOf(part)
	if err != nil {
		return 0, err
	}
	if m := monthsOf[p]; m != 0 {
		return floorDiv(monthNumber(b), m) - floorDiv(monthNumber(a), m), nil
	}
	shift := int64(0)
	if p == "week" {
		shift = 4 * microsPerDay // 1970-01-01 was a Thursday
	}
	return floorDiv(b+shift, microsOf[p]) - floorDiv(a+shift, microsOf[p]), nil
}

func monthNumber(us int64) int64 {
	days, _ := sql.SplitTimestamp(us)
	y, m, _ := sql.CivilOf(days)
	return int64(y)*12 + int64(m) - 1
}

// completeUnits counts how many whole units of a part fit between two timestamps, as
// Athena's date_diff does.
func completeUnits(part string, a, b int64) (int64, error) {
	p, err := datePartOf(part)
	if err != nil {
		return 0, err
	}
	m := monthsOf[p]
	if m == 0 {
		return (b - a) / microsOf[p], nil
	}
	n := (monthNumber(b) - monthNumber(a)) / m
	for {
		at, err := addInterval(a, vector.Interval{Months: int32(n * m)})
		if err != nil {
			return 0, err
		}
		switch {
		case b >= a && at > b:
			n--
		case b < a && at < b:
			n++
		default:
			return n, nil
		}
	}
}

// defineDialects defines the functions of Redshift and Athena that have kernels.
func defineDialects(d *defs) {
	defineDateParts(d)
	defineMySQLDates(d)
	defineURLs(d)
	defineJSONPaths(d)
	d.dialectFn(Redshift, "strtol(text,int4)", sql.OIDInt8, each(func(r *Row) error {
		base := r.Int(1)
		if base < 2 || base > 36 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "the base of strtol must be between 2 and 36")
		}
		s := strings.TrimSpace(r.Str(0))
		if base == 16 {
			s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
		}
		n, err := strconv.ParseInt(s, int(base), 64)
		if err != nil {
			return sql.Errorf(sql.CodeInvalidParameterValue, "the input %q is not a number of base %d", r.Str(0), base)
		}
		return r.SetInt(n)
	}))
	d.dialectFn(Redshift|Athena, "sha1_hex(text)", sql.OIDText, each(func(r *Row) error {
		h := sha1.Sum(r.Bytes(0))
		return r.SetStr(hex.EncodeToString(h[:]))
	}))
	d.dialectFn(Athena, "round_away(float8)", sql.OIDFloat8, map1(math.Round))
	d.dialectFn(Athena, "round_away(numeric)", sql.OIDNumeric, each(func(r *Row) error {
		n, err := r.Num(0).Round(0)
		if err != nil {
			return err
		}
		return r.SetNum(n)
	}))
	d.dialectFn(Athena, "levenshtein_distance(text,text)", sql.OIDInt8, each(func(r *Row) error {
		return r.SetInt(levenshtein([]rune(r.Str(0)), []rune(r.Str(1))))
	}))
}

// dateStamp is a date's midnight.
func dateStamp(days int64) (int64, error) {
	switch {
	case days == math.MaxInt32:
		return math.MaxInt64, nil
	case days == math.MinInt32:
		return math.MinInt64, nil
	case days > sql.MaxTimestamp/microsPerDay:
		return 0, errTimestampRange()
	}
	return days * microsPerDay, nil
}

func defineDateParts(d *defs) {
	stamp := func(r *Row, k int) (int64, error) {
		switch r.Type(k).OID {
		case sql.OIDTimestamptz:
			return sql.UTCToLocal(r.Int(k), r.Env().Zone)
		case sql.OIDDate:
			return dateStamp(r.Int(k))
		}
		return r.Int(k), nil
	}
	add := func(r *Row) error {
		v, err := datePartInterval(r.Str(0), r.Int(1))
		if err != nil {
			return err
		}
		var us int64
		if r.Type(2).OID == sql.OIDTimestamptz {
			us, err = addIntervalTZ(r.Int(2), v, r.Env().Zone)
		} else if us, err = stamp(r, 2); err == nil {
			us, err = addInterval(us, v)
		}
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}
	diff := func(f func(part string, a, b int64) (int64, error)) Kernel {
		return each(func(r *Row) error {
			a, err := stamp(r, 1)
			if err != nil {
				return err
			}
			b, err := stamp(r, 2)
			if err != nil {
				return err
			}
			if infinite(a) || infinite(b) {
				return sql.Errorf(sql.CodeDatetimeOverflow, "cannot subtract infinite timestamps")
			}
			n, err := f(r.Str(0), a, b)
			if err != nil {
				return err
			}
			return r.SetInt(n)
		})
	}
	// stable: of timestamptz, which is shown by the session's zone.
	stable := func(t string) option {
		return func(f *Func) {
			if t == "timestamptz" {
				f.Vol = Stable
			}
		}
	}
	for _, t := range []string{"timestamp", "timestamptz"} {
		oid := sql.LookupTypeName(t).OID
		d.dialectFn(Redshift, "dateadd(text,int8,"+t+")", oid, each(add), stable(t))
		d.dialectFn(Athena, "date_add(text,int8,"+t+")", oid, each(add), stable(t))
	}
	for _, t := range []string{"date", "timestamp", "timestamptz"} {
		d.dialectFn(Redshift, "datediff(text,"+t+","+t+")", sql.OIDInt8, diff(boundaries), stable(t))
		d.dialectFn(Athena, "date_diff(text,"+t+","+t+")", sql.OIDInt8, diff(completeUnits), stable(t))
	}
	d.dialectFn(Redshift, "dateadd(text,int8,date)", sql.OIDTimestamp, each(add))
	// A date stays a date in Athena, if whole days are added.
	d.dialectFn(Athena, "date_add(text,int8,date)", sql.OIDDate, each(func(r *Row) error {
		v, err := datePartInterval(r.Str(0), r.Int(1))
		if err != nil {
			return err
		}
		if v.Micros != 0 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "%q is not a valid date part of a date", r.Str(0))
		}
		days := r.Int(2)
		if days == math.MaxInt32 || days == math.MinInt32 {
			return r.SetInt(days)
		}
		days = addMonths(days, v.Months) + int64(v.Days)
		if days < sql.MinDate || days > sql.MaxDate {
			return errDateRange()
		}
		return r.SetInt(days)
	}))
	d.dialectFn(Redshift, "months_between(timestamp,timestamp)", sql.OIDFloat8, each(func(r *Row) error {
		a, b := r.Int(0), r.Int(1)
		if infinite(a) || infinite(b) {
			return sql.Errorf(sql.CodeDatetimeOverflow, "cannot subtract infinite timestamps")
		}
		da, ta := sql.SplitTimestamp(a)
		db, tb := sql.SplitTimestamp(b)
		ya, ma, na := sql.CivilOf(da)
		yb, mb, nb := sql.CivilOf(db)
		months := float64((ya-yb)*12 + ma - mb)
		if na == nb || na == sql.DaysInMonth(ya, ma) && nb == sql.DaysInMonth(yb, mb) {
			return r.SetFloat(months)
		}
		return r.SetFloat(months + (float64(na-nb)+float64(ta-tb)/microsPerDay)/31)
	}))
	d.dialectFn(Redshift, "next_day(timestamp,text)", sql.OIDDate, each(func(r *Row) error {
		if infinite(r.Int(0)) {
			return errDateRange()
		}
		days, _ := sql.SplitTimestamp(r.Int(0))
		want, name := -1, strings.ToLower(strings.TrimSpace(r.Str(1)))
		for i, w := range []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
			if len(name) >= 2 && strings.HasPrefix(w, name) {
				want = i
			}
		}
		if want < 0 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "%q is not a day of the week", r.Str(1))
		}
		dow := int((days%7 + 4 + 7) % 7)
		step := (want - dow + 7) % 7
		if step == 0 {
			step = 7
		}
		if days += int64(step); days > sql.MaxDate {
			return errDateRange()
		}
		return r.SetInt(days)
	}))
}

func levenshtein(a, b []rune) int64 {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diag := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diag
			if x != y {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return int64(row[len(b)])
}
