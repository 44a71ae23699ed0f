package expr

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
	"github.com/sluicedb/sluice/vector"
)

// oracle evaluates expressions on PostgreSQL 15.
type oracle struct{ c *pgx.Conn }

const tryFunction = `
create or replace function pg_temp.try(q text, args text[]) returns text language plpgsql as $$
declare r text;
begin
  execute q into r using args;
  return coalesce('=' || r, 'NULL');
exception when others then
  return '!' || sqlstate;
end $$;
set timezone = 'Europe/Berlin'; set extra_float_digits = 1`

func newOracle(t testing.TB) *oracle {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(ctx) })
	if _, err := c.Exec(ctx, tryFunction); err != nil {
		t.Fatal(err)
	}
	return &oracle{c}
}

// ask evaluates the expression, over the text array $1, for each row of arguments.
func (o *oracle) ask(t testing.TB, expr string, args [][]*string) []string {
	t.Helper()
	flat := make([]string, len(args))
	for i, a := range args {
		var b strings.Builder
		b.WriteByte('{')
		for k, s := range a {
			if k > 0 {
				b.WriteByte(',')
			}
			if s == nil {
				b.WriteString("NULL")
				continue
			}
			b.WriteByte('"')
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(*s))
			b.WriteByte('"')
		}
		b.WriteByte('}')
		flat[i] = b.String()
	}
	rows, err := o.c.Query(context.Background(),
		"select pg_temp.try($1, a::text[]) from unnest($2::text[]) with ordinality t(a, n) order by n", "select format('%s', x) from (select ("+expr+") x) s where x is not null", flat)
	if err == nil {
		var out []string
		if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return out
		}
	}
	t.Fatalf("%s: %v", expr, err)
	return nil
}

func testEnv(t testing.TB) *Env {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := sql.DefaultFormat()
	f.Zone = zone
	now := time.Now()
	return &Env{TxnNow: now, StatementNow: now, Clock: time.Now, Zone: zone, Fmt: f, User: "postgres", SessionUser: "postgres",
		Database: "postgres", SearchPath: []string{"public"}, Rand: rand.Uint64}
}

// samples are texts of each type, edges included.
var samples = map[sql.OID][]string{
	sql.OIDBool:        {"t", "f"},
	sql.OIDInt2:        {"0", "1", "-1", "2", "7", "-13", "32767", "-32768"},
	sql.OIDInt4:        {"0", "1", "-1", "2", "3", "5", "-4", "100", "2147483647", "-2147483648", "12345"},
	sql.OIDInt8:        {"0", "1", "-1", "3", "9223372036854775807", "-9223372036854775808", "1234567890123", "-77"},
	sql.OIDFloat4:      {"0", "-0", "1.5", "-2.25", "1e-30", "3e38", "NaN", "Infinity", "-Infinity", "0.1"},
	sql.OIDFloat8:      {"0", "-0", "1", "0.5", "-2.25", "1e-300", "1e300", "NaN", "Infinity", "-Infinity", "0.1", "12345.678", "-7"},
	sql.OIDNumeric:     {"0", "0.00", "1", "1.0", "-1.5", "2.50", "12345678901234567890.123", "NaN", "0.0001", "-99999.995", "3", "10", "7.25"},
	sql.OIDText:        {"", "a", "abc", "Hello World", "ÄÖü straße", "a%b_c", "  x ", "%b%", "a_c", "\\", "xyzzy", "日本語", "hello, hello", "12.5"},
	sql.OIDVarchar:     {"", "abc", "Zürich"},
	sql.OIDBpchar:      {"", "abc", "ab  ", "ab"},
	sql.OIDName:        {"", "abc", "pg_class"},
	sql.OIDChar:        {"", "a", "z"},
	sql.OIDBytea:       {"", "\\x00ff", "abc", "\\x616263"},
	sql.OIDDate:        {"2000-01-01", "1999-12-31", "2024-02-29", "1970-01-01", "infinity", "-infinity", "0044-03-15 BC", "2023-03-26", "5874897-12-31"},
	sql.OIDTime:        {"00:00:00", "23:59:59.999999", "12:34:56.789", "24:00:00"},
	sql.OIDTimetz:      {"00:00:00+00", "12:34:56.5-07", "23:59:59+05:30", "12:34:56.5+02"},
	sql.OIDTimestamp:   {"2000-01-01 00:00:00", "2024-02-29 12:34:56.789", "1969-12-31 23:59:59.999999", "infinity", "-infinity", "2023-03-26 02:30:00", "2023-10-29 02:30:00", "0044-03-15 10:00:00 BC"},
	sql.OIDTimestamptz: {"2000-01-01 00:00:00+00", "2024-02-29 12:34:56.789-08", "1969-12-31 23:59:59.999999+00", "infinity", "-infinity", "2023-03-26 01:30:00+01", "2023-10-29 00:30:00+00", "2023-07-01 12:00:00+02"},
	sql.OIDInterval:    {"0", "1 day", "-1 day", "1 mon", "30 days", "1 year 2 mons 3 days 04:05:06.789", "-5 mons -10 days +12:00:00", "23:59:59.999999", "-00:00:01", "400 days 100:00:00"},
	sql.OIDUUID:        {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	sql.OIDOid:         {"0", "1", "4294967295", "16384"},
	sql.OIDXid:         {"0", "7"},
	sql.OIDJSON:        {"{}", `{"a": 1, "b": [1, 2, null]}`, "[1, 2.50, \"x\"]", "null", `"s"`, `{"a": {"b": "c"}}`},
	sql.OIDJSONB:       {"{}", `{"a": 1, "b": [1, 2, null]}`, "[1, 2.50, \"x\"]", "null", `"s"`, `{"a": {"b": "c"}}`},
	1007:               {"{}", "{1,2,3}", "{NULL,5}", "{3}"},
	1009:               {"{}", "{a,b,c}", "{NULL,x}", `{"x y",""}`},
	1231:               {"{}", "{1.5,2}", "{NULL}"},
}

// overrides narrow the samples of some functions' arguments.
var overrides = map[string]map[int][]string{
	"to_char":          {0: {"0.5", "1", "-2.25", "12345.678", "NaN", "-7", "0.1"}, 1: {"YYYY-MM-DD", "HH24:MI:SS.US", "FMDay, DDth Mon YYYY", "Month|MON|day", "HH12:MI am", "IYYY-IW-ID", "Q WW DDD J", "TZ OF", "YY CC D W", "\"at\" HH24"}},
	"to_date":          {0: {"2024-02-29", "20240229", "29 Feb 2024", "1999-13-01", "x", "24-1-2"}, 1: {"YYYY-MM-DD", "DD Mon YYYY", "YY-MM-DD"}},
	"to_timestamp":     {0: {"2024-02-29 12:34:56", "20240229123456", "2024-02-29 11:34 PM", "1999-12-31"}, 1: {"YYYY-MM-DD HH24:MI:SS", "YYYYMMDDHH24MISS", "YYYY-MM-DD HH12:MI AM", "YYYY-MM-DD"}},
	"round":            {1: {"0", "1", "2", "-1", "5"}},
	"trunc":            {1: {"0", "1", "2", "-1", "5"}},
	"date_trunc":       {0: fields, 2: zones},
	"date_part":        {0: fields},
	"extract":          {0: fields},
	"timezone":         {0: zones},
	"make_timestamptz": {6: zones[:4]},
	"make_interval":    {0: small, 1: small, 2: small, 3: small, 4: small, 5: small, 6: {"0", "1.5", "-61"}},
	"age":              {0: {"2000-01-01", "2024-02-29 12:34:56.789", "2023-03-26 02:30:00", "2023-03-31"}, 1: {"1999-12-31", "2024-03-30 23:00:00", "2023-02-28", "2000-01-01"}},
	"get_byte":         {1: {"0", "1", "2", "-1", "5"}},
	"set_byte":         {1: {"0", "1", "-1", "9"}, 2: {"0", "255", "256", "-1"}},
	"get_bit":          {1: {"0", "7", "15", "-1", "99"}},
	"set_bit":          {1: {"0", "7", "15", "-1", "99"}, 2: {"0", "1", "2"}},
	"overlay":          {2: {"1", "2", "0", "5", "-1"}, 3: {"0", "1", "3", "-1", "9"}},
	"normalize":        {0: {"", "abc", "e\u0301", "é", "ﬁ", "Å"}, 1: {"NFC", "nfd", "NFKC", "NFKD", "x"}},
	"is_normalized":    {0: {"", "abc", "e\u0301", "é", "ﬁ", "Å"}, 1: {"NFC", "nfd", "NFKC", "NFKD", "x"}},
	"unistr":           {0: {"", "a\\0041b", "\\+01F600", "\\u00e4", "\\U0001F600", "\\\\", "\\", "\\12", "\\d83d\\de00", "\\d83d", "\\de00", "\\+110000", "\\u0000"}},
	"parse_ident":      {0: {"a.b", "\"A\".b", "A.B.c ", "a.", ".a", "", "1a", "a b", "\"a", "\"\"", "a . b", "\"a\"\"b\"", "Ä.x", "a(b"}},
	"trim_array":       {1: {"0", "1", "3", "4", "-1"}},
	"array_position":   {2: {"1", "2", "0", "3"}},
	"date_bin":         {0: {"15 min", "1 day", "1 day -1 hour", "1 mon", "0", "-1 day", "00:00:00.000001"}},
	"acosd":            {0: {"0", "0.5", "-0.5", "1", "-1", "0.3", "2", "NaN"}},
	"asind":            {0: {"0", "0.5", "-0.5", "1", "-1", "0.3", "2", "NaN"}},
	"sind":             {0: degreeArgs}, "cosd": {0: degreeArgs}, "tand": {0: degreeArgs}, "cotd": {0: degreeArgs},
	"regexp_count":   {1: {"a", "[a-z]", "o*"}, 2: startArgs, 3: flagArgs},
	"regexp_instr":   {1: {"a", "[a-z]", "o*", "l(.)"}, 2: startArgs, 3: startArgs, 4: {"0", "1", "2"}, 5: flagArgs, 6: startArgs},
	"regexp_substr":  {1: {"a", "[a-z]", "o*", "l(.)"}, 2: startArgs, 3: startArgs, 4: flagArgs, 5: startArgs},
	"regexp_like":    {1: {"a", "[A-Z]", "^h"}, 2: flagArgs},
	"regexp_replace": {1: {"a", "[a-z]", "o*", "l(.)"}, 2: {"x", "<\\&>", "\\1", ""}, 3: startArgs, 4: startArgs, 5: flagArgs},
	"repeat":         {1: {"0", "1", "3", "-1"}},
	"lpad":           {1: {"0", "1", "7", "-1", "12"}},
	"rpad":           {1: {"0", "1", "7", "-1", "12"}},
	"encode":         {1: {"hex", "base64", "escape", "x"}},
	"decode":         {1: {"hex", "base64", "escape", "x"}},
	"format":         {0: {"%s", "a%%b", "%I|", "%L", "%5s|", "%-5s|", "%1$s %1$s", "%2$s", "%x", "%"}},
	"make_date":      {0: {"2024", "-44", "0", "2023"}, 1: {"1", "2", "12", "13"}, 2: {"1", "29", "31", "0"}},
	"make_time":      {0: {"0", "23", "24", "25"}, 1: {"0", "59", "60"}, 2: {"0", "59.999999", "60", "-1", "61"}},
	"factorial":      {0: {"0", "1", "5", "20", "-1"}},
	"exp":            {0: {"0", "1", "-1.5", "2.50", "NaN", "7.25", "0.5"}},
	"power":          {0: {"0", "1", "2", "-1.5", "2.50", "10", "NaN"}, 1: {"0", "1", "2", "-1", "0.5", "3"}},
	"pow":            {0: {"0", "1", "2", "-1.5", "2.50", "10", "NaN"}, 1: {"0", "1", "2", "-1", "0.5", "3"}},
	"^":              {0: {"0", "1", "2", "-1.5", "2.50", "10", "NaN"}, 1: {"0", "1", "2", "-1", "0.5", "3"}},
}

var numberTemplates = []string{"999,999.99", "FM999.99", "000", "9", "S999", "999MI", "999PR", "FM9,999,999,990.00", "99.9", "FM999", "0999", "999S"}

var zones = []string{"UTC", "America/New_York", "+02", "nowhere", "-05:00"}

var degreeArgs = []string{"0", "-0", "30", "45", "60", "90", "120", "135", "180", "270", "315", "360", "-30", "-225", "400", "12.5", "NaN", "Infinity"}

var startArgs = []string{"1", "2", "3", "0", "-1", "100"}

var flagArgs = []string{"", "i", "g", "c", "z"}

var small = []string{"0", "1", "-3", "17"}

var fields = []string{"year", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week", "quarter", "epoch", "isoyear",
	"decade", "century", "millennium", "milliseconds", "microseconds", "timezone", "timezone_hour", "timezone_minute", "julian", "YEAR", "fortnight", "years", "mons"}

// concrete replaces polymorphic parameters.
func concrete(args []sql.OID) []sql.OID {
	out := append([]sql.OID(nil), args...)
	for i, a := range out {
		switch a {
		case sql.OIDAnyElement, sql.OIDAnyNonArray, sql.OIDAnyCompatible, oidAnyCompatibleNonArray:
			out[i] = sql.OIDInt4
		case sql.OIDAnyArray, sql.OIDAnyCompatibleArray:
			out[i] = 1007
		case sql.OIDAny:
			out[i] = sql.OIDText
		}
	}
	return out
}

// callOf binds a call of f over columns 1.. of the types, as the binder would.
func callOf(f *Func, types []sql.Type) *Call {
	c := &Call{Fn: f, T: sql.T(f.Ret)}
	for i, t := range types {
		c.Args = append(c.Args, &Col{ID: ColumnID(i + 1), T: t})
	}
	switch f.Ret {
	case sql.OIDAnyElement, sql.OIDAnyNonArray, sql.OIDAnyCompatible:
		c.T = sql.Int4
	case sql.OIDAnyArray, sql.OIDAnyCompatibleArray:
		c.T = sql.T(1007)
	}
	if f.RetType != nil {
		c.T = f.RetType(types)
	}
	return c
}

// inForm makes a column of the values in a form: 0 flat, 1 dictionary.
func inForm(t sql.Type, vals []sql.Value, form int) *vector.Vec {
	if form == 0 {
		return vector.FlatOf(t, vals)
	}
	var entries []sql.Value
	v := &vector.Vec{Type: t, Form: vector.Dict, N: len(vals), DictID: 7}
	for _, x := range vals {
		code := -1
		for k := range entries {
			if entries[k].Null == x.Null && (x.Null || fmt.Sprint(entries[k]) == fmt.Sprint(x)) {
				code = k
			}
		}
		if code < 0 {
			code = len(entries)
			entries = append(entries, x)
		}
		v.Codes = append(v.Codes, uint32(code))
	}
	v.Dict = vector.FlatOf(t, entries)
	v.Layout = v.Dict.Layout
	return v
}

// evalRows evaluates e for each row alone, going on after an error, and writes the
// results as the oracle does.
func evalRows(env *Env, e Expr, b *vector.Batch) []string {
	ids := make([]ColumnID, len(b.Cols))
	for i := range ids {
		ids[i] = ColumnID(i + 1)
	}
	out := make([]string, b.N)
	p, err := Compile([]Expr{e}, ids)
	if err != nil {
		for i := range out {
			out[i] = "!" + string(sql.AsError(err).Code)
		}
		return out
	}
	ev := p.NewEvaluator(env)
	var sel []int32
	for from := 0; from < b.N; {
		v, err := ev.Eval(0, b, sel)
		upto := b.N
		if err != nil {
			re, ok := err.(*RowError)
			if !ok || re.Row < from {
				panic(fmt.Sprintf("error %v at no selected row", err))
			}
			upto = re.Row
			out[upto] = "!" + string(sql.AsError(re.Err).Code)
		}
		for i := from; i < upto; i++ {
			if v.IsNull(i) {
				out[i] = "NULL"
			} else {
				out[i] = "=" + string(env.AppendText(nil, vector.ValueAt(v, i)))
			}
		}
		from = upto + 1
		sel = sel[:0]
		for i := from; i < b.N; i++ {
			sel = append(sel, int32(i))
		}
	}
	return out
}

// sqlOf writes f over the text array $1.
func sqlOf(f *Func, types []sql.OID) string {
	arg := func(i int) string {
		return fmt.Sprintf("($1)[%d]::%s", i+1, sql.FormatType(types[i], -1))
	}
	var args []string
	for i := range types {
		args = append(args, arg(i))
	}
	if n := len(types) - 1; f.Variadic && sql.ElemOf(types[n]) != 0 {
		args[n] = "variadic " + args[n]
	}
	switch f.Kind {
	case KindOperator:
		if len(types) == 1 {
			return f.Name + " " + args[0]
		}
		return args[0] + " operator(pg_catalog." + f.Name + ") " + args[1]
	case KindCast:
		return args[0] + "::" + sql.FormatType(f.Ret, -1)
	}
	return "pg_catalog." + QuoteIdent(f.Name) + "(" + strings.Join(args, ", ") + ")"
}

// checkFunc compares f with PostgreSQL over rows of samples, in several forms.
func checkFunc(t *testing.T, o *oracle, env *Env, f *Func, types []sql.OID, rng *rand.Rand, rows int) {
	pools := make([][]string, len(types))
	total := 1
	for i, a := range types {
		pools[i] = samples[a]
		p := overrides[f.Name][i]
		if f.Name == "to_char" && f.Args[0] != sql.OIDTimestamp && f.Args[0] != sql.OIDTimestamptz && i == 1 {
			p = numberTemplates
		}
		if p != nil {
			if _, err := env.ParseText(sql.T(a), p[0]); err == nil {
				pools[i] = p
			}
		}
		if len(pools[i]) == 0 {
			return
		}
		total *= len(pools[i]) + 1
	}
	total = min(total, rows)
	args := make([][]*string, total)
	for r := range args {
		args[r] = make([]*string, len(types))
		for i := range types {
			if rng.IntN(12) > 0 {
				args[r][i] = &pools[i][rng.IntN(len(pools[i]))]
			}
		}
	}
	want := o.ask(t, sqlOf(f, types), args)
	ct := make([]sql.Type, len(types))
	cols := make([][]sql.Value, len(types))
	for i, a := range types {
		ct[i] = sql.T(a)
		for r := range args {
			if args[r][i] == nil {
				cols[i] = append(cols[i], sql.NullOf(ct[i]))
				continue
			}
			v, err := env.ParseText(ct[i], *args[r][i])
			if err != nil {
				t.Fatalf("%s: %v", *args[r][i], err)
			}
			cols[i] = append(cols[i], v)
		}
	}
	name := signature(f.Name, f.Args)
	if f.Kind == KindCast {
		name = typeName(f.Args[0]) + "::" + name
	}
	for form := range 2 {
		b := &vector.Batch{N: total}
		for i := range cols {
			b.Cols = append(b.Cols, inForm(ct[i], cols[i], form))
		}
		got := evalRows(env, callOf(f, ct), b)
		bad := 0
		for r := range got {
			if got[r] == want[r] || sameFloat(f, got[r], want[r]) || tooLong(got[r], want[r]) || (got[r] == "!0A000" || got[r] == "!22003") && f.Name == "to_char" {
				continue
			}
			if want[r] != got[r] {
				var a []string
				for _, s := range args[r] {
					if s == nil {
						a = append(a, "NULL")
					} else {
						a = append(a, fmt.Sprintf("%q", *s))
					}
				}
				t.Errorf("%s form %d (%s): got %s, PostgreSQL %s", name, form, strings.Join(a, ", "), got[r], want[r])
				if bad++; bad == 3 {
					break
				}
			}
		}
		if bad > 0 {
			return
		}
	}
}

// sameFloat allows the last digits of transcendental functions to differ.
func sameFloat(f *Func, a, b string) bool {
	return f.Ret == sql.OIDFloat8 && closeFloat(a, b, 1e-14)
}

func closeFloat(a, b string, tolerance float64) bool {
	if len(a) < 2 || len(b) < 2 || a[0] != '=' || b[0] != '=' {
		return false
	}
	x, err1 := sql.ParseFloat8(a[1:])
	y, err2 := sql.ParseFloat8(b[1:])
	if err1 != nil || err2 != nil {
		return false
	}
	d := x - y
	return d == 0 || d*d <= tolerance*tolerance*y*y
}

// tooLong tells that a result has more digits than our numerics hold, or that it is
// too long for PostgreSQL's memory too, where that gives XX000.
func tooLong(got, want string) bool {
	return got == "!54000" && want == "!XX000" || got == "!22003" && len(strings.TrimLeft(want, "=-0.")) > sql.MaxDecPrecision
}
