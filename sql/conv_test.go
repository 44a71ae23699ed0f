package sql_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
)

func TestNumFloatConversions(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(51, 52))
	c := &checker{tb: t}
	var nums, floats, reals [][]string
	for range 1500 {
		nums = append(nums, []string{randNum(r, []int{5, 17, 38}[r.IntN(3)])})
		f := r.NormFloat64() * math.Pow10(r.IntN(34)-12)
		floats = append(floats, []string{fmt.Sprint(f)})
		reals = append(reals, []string{fmt.Sprint(float32(f))})
	}
	floats = append(floats, []string{"NaN"}, []string{"Infinity"}, []string{"-Infinity"}, []string{"0"}, []string{"-0"}, []string{"0.5"}, []string{"1.5"}, []string{"-2.5"}, []string{"9.3e18"}, []string{"-9223372036854775808"})
	for i, want := range o.ask("$1[1]::numeric::float8", nums) {
		c.same("float8 of "+nums[i][0], "="+string(sql.AppendFloat8(nil, mustNum(t, nums[i][0]).Float64(), 1)), want)
	}
	for i, want := range o.ask("$1[1]::numeric::float4", nums) {
		f, err := mustNum(t, nums[i][0]).Float32()
		c.same("float4 of "+nums[i][0], answer(string(sql.AppendFloat4(nil, f, 1)), err), want)
	}
	for i, want := range o.ask("$1[1]::float8::numeric", floats) {
		f, _ := sql.ParseFloat8(floats[i][0])
		n, err := sql.NumFromFloat64(f)
		c.num("numeric of float8 "+floats[i][0], n, err, want)
	}
	for i, want := range o.ask("$1[1]::float4::numeric", reals) {
		f, _ := sql.ParseFloat4(reals[i][0])
		n, err := sql.NumFromFloat32(f)
		c.num("numeric of float4 "+reals[i][0], n, err, want)
	}
	for typ, oid := range map[string]sql.OID{"smallint": sql.OIDInt2, "integer": sql.OIDInt4, "bigint": sql.OIDInt8} {
		for i, want := range o.ask("$1[1]::float8::"+typ, floats) {
			f, _ := sql.ParseFloat8(floats[i][0])
			v, err := sql.Float64ToInt(f, oid)
			c.same(typ+" of "+floats[i][0], answer(fmt.Sprint(v), err), want)
		}
	}
	for i, want := range o.ask("$1[1]::float8::float4", floats) {
		f, _ := sql.ParseFloat8(floats[i][0])
		v, err := sql.Float64ToFloat32(f)
		c.same("float4 of "+floats[i][0], answer(string(sql.AppendFloat4(nil, v, 1)), err), want)
	}
}

// bigRescale is the definition that the fast paths are held against.
func bigRescale(c *big.Int, from, to int) *big.Int {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(to-from, from-to))), nil)
	if to >= from {
		return p.Mul(p, c)
	}
	q, m := new(big.Int).QuoRem(c, p, new(big.Int))
	if m.Abs(m).Lsh(m, 1).Cmp(p) >= 0 {
		q.Add(q, big.NewInt(int64(c.Sign())))
	}
	return q
}

func TestRescale(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	for range 60000 {
		k := r.IntN(128)
		v := sql.Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
		b := v.Big()
		b.Rsh(b, uint(k))
		if r.IntN(3) == 0 { // halves and powers of ten
			b = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(r.IntN(38))), nil)
			b.Mul(b, big.NewInt([]int64{1, 5, -5, -1, 4999999, 15}[r.IntN(6)]))
		}
		v, ok := sql.Int128FromBig(b)
		if !ok {
			continue
		}
		if d := len(new(big.Int).Abs(b).String()); b.Sign() != 0 && v.Digits() != d {
			t.Fatalf("%s has %d digits, not %d", b, d, v.Digits())
		}
		if f, _ := new(big.Float).SetInt(b).Float64(); v.Float64() != f {
			t.Fatalf("%s as a float64 is %v, got %v", b, f, v.Float64())
		}
		from, to := r.IntN(45), r.IntN(45)
		want := bigRescale(b, from, to)
		got, ok := sql.RescaleInt128(v, from, to)
		if fits := len(new(big.Int).Abs(want).String()) <= 38; ok != fits || ok && got.Big().Cmp(want) != 0 {
			t.Fatalf("RescaleInt128(%s, %d, %d) = %s, %v; want %s", b, from, to, got, ok, want)
		}
		if v.IsInt64() {
			got, ok := sql.RescaleInt64(int64(v.Lo), from, to)
			if ok != want.IsInt64() || ok && got != want.Int64() {
				t.Fatalf("RescaleInt64(%s, %d, %d) = %d, %v; want %s", b, from, to, got, ok, want)
			}
		}
	}
}

func TestZones(t *testing.T) {
	o := newOracle(t)
	ctx := context.Background()
	rows, err := o.c.Query(ctx, "select name, extract(epoch from utc_offset)::int from pg_timezone_names where name !~ '^posix/|^right/|localtime|Factory' order by 1")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		var off int
		if err := rows.Scan(&name, &off); err != nil {
			t.Fatal(err)
		}
		for _, n := range []string{name, strings.ToLower(name)} {
			z, err := sql.ParseZone(n)
			if err != nil {
				t.Errorf("%s: %v", n, err)
				continue
			}
			if got, _ := sql.ZoneOffset(time.Now().UnixMicro(), z); got != off {
				t.Errorf("%s: offset %d, PostgreSQL %d", n, got, off)
			}
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	for _, bad := range []string{"", "Local", "../../etc/passwd", "Nowhere/Land", "/etc/localtime", strings.Repeat("x", 100)} {
		if z, err := sql.ParseZone(bad); err == nil {
			t.Errorf("%q became %v", bad, z)
		}
	}
	// Local times round the clock changes, in both directions.
	c := &checker{tb: t}
	for _, z := range []string{"America/New_York", "Europe/Dublin", "Europe/Moscow", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kolkata"} {
		o.exec("set timezone = '" + z + "'")
		f := sql.DefaultFormat()
		f.Zone = mustZone(t, z)
		var texts []string
		for _, d := range []string{"2024-03-10", "2024-11-03", "2024-03-31", "2024-10-27", "2014-10-26", "2024-10-06", "2024-04-07", "2011-12-30", "2024-03-10", "2024-04-14", "1900-01-01", "2050-07-01"} {
			for h := range 5 {
				texts = append(texts, fmt.Sprintf("%s %02d:30:00", d, h), fmt.Sprintf("%s %02d:00:00", d, h))
			}
		}
		c.roundTrip(o, "timestamptz", &f, texts)
	}
}

// TestHostileInput feeds mangled text and bytes to every reader: an error or a
// value is fine, a panic or a value that does not survive is not.
func TestHostileInput(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	f := sql.DefaultFormat()
	now := time.Unix(1700000000, 0)
	const alphabet = "0123456789-+:./ ,TZPYMDHSWeE{}[]\"\\()<>abcxNnull_\x00\xffä'"
	mangle := func(s string) string {
		b := []byte(s)
		for range 1 + r.IntN(3) {
			i := r.IntN(len(b) + 1)
			c := alphabet[r.IntN(len(alphabet))]
			switch {
			case r.IntN(3) == 0 || len(b) == 0 || i == len(b):
				b = append(b[:i], append([]byte{c}, b[i:]...)...)
			case r.IntN(2) == 0:
				b[i] = c
			default:
				b = append(b[:i], b[i+1:]...)
			}
		}
		return string(b)
	}
	for typ, texts := range samples(r) {
		st, err := sql.ParseTypeName(typ)
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			s := mangle(texts[r.IntN(len(texts))])
			v, err := sql.ParseText(st, s, &f, now)
			if err != nil {
				continue
			}
			text := string(sql.AppendText(nil, v, &f))
			again, err := sql.ParseText(st, text, &f, now)
			if err != nil {
				t.Fatalf("%s: %q gave %q, which is refused: %v", typ, s, text, err)
			}
			if typ != "json" && sql.Cmp(v, again) != 0 {
				t.Fatalf("%s: %q gave %q, which reads as another value", typ, s, text)
			}
			b := sql.AppendBinary(nil, v)
			if len(b) > 0 {
				b[r.IntN(len(b))] ^= byte(1 << r.IntN(8))
			}
			if v, err := sql.ParseBinary(st, b); err == nil {
				sql.AppendText(nil, v, &f)
				sql.Cmp(v, again)
			}
		}
	}
	for range 2000 {
		sql.ParseTypeName(mangle("timestamp(3) with time zone[]"))
		sql.ParseHive(mangle("struct<a:array<decimal(5,2)>,b:map<string,char(3)>>"))
		sql.ParseZone(mangle("UTC+3"))
	}
	for _, s := range []string{strings.Repeat("[", 1e6), strings.Repeat(`{"a":`, 1e5)} {
		if _, err := sql.CanonicalJSONB(s); err == nil || sql.AsError(err).Code != sql.CodeStatementTooComplex {
			t.Errorf("deep JSON: %v", err)
		}
	}
}

func TestAppendersDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256)
	f := sql.DefaultFormat()
	f.Zone = mustZone(t, "America/New_York")
	n := sql.Num{Coef: sql.Pow10Int128[30], Scale: 7}
	if a := testing.AllocsPerRun(100, func() {
		buf = sql.AppendInt(buf[:0], -1234567)
		buf = sql.AppendNum(buf, n)
		buf = sql.AppendDecimal64(buf, 12345, 2)
		buf = sql.AppendFloat8(buf, 1.2345e-7, 1)
		buf = sql.AppendDate(buf, 19000, &f)
		buf = sql.AppendTimestamp(buf, 1700000000123456, &f)
		buf = sql.AppendTimestamptz(buf, 1700000000123456, &f)
		buf = sql.AppendInterval(buf, 1e9, 3, 14, &f)
		buf = sql.AppendBinaryNum(buf, n)
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}
