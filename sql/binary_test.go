package sql_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/sql"
)

// samples are texts of values by type name.
func samples(r *rand.Rand) map[string][]string {
	s := map[string][]string{
		"boolean": {"t", "f"}, "text": {"", "abc", "äöü"}, `"char"`: {"a", ""}, "name": {"x", ""}, "varchar": {"a b"}, "bpchar": {"ab  ", ""}, "bytea": {`\x`, `\x00ff10`},
		"uuid": {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"}, "json": {`{"a": 1 }`, `[]`},
		"jsonb":     {`{"bb":1,"a":[1,2.50,"x",null,true]}`, `[]`, `{}`, `"x"`, `1`, `[1]`, `[1,2]`, `[2]`, `null`, `true`, `false`, `{"a":1}`, `{"a":2}`, `{"b":1}`, `{"a":1,"b":2}`, `[[]]`, `[{}]`, `"y"`, `10`, `-5.5`, `-5.50`, `[null]`, `"aé"`, `{"aa":1}`, `[1,[2]]`, `[1,[3]]`},
		"integer[]": {"{}", "{1,2,NULL}", "[2:3]={5,6}", "{{1,2},{3,4}}", "{1,2}", "{1}", "{2}", "{NULL}"}, "text[]": {`{a,"b c",NULL}`, "{}", "{a}"}, "numeric[]": {"{1.50,NaN}", "{1.5,NaN}"},
		"int2vector": {"1 2 3", ""}, "oidvector": {"1 2", "", "7"}, "tid": {"(0,1)", "(42,7)", "(5,10)"}, "timestamptz[]": {"{2024-01-05 00:00+00,infinity}"}, "interval": {"1 month", "30 days", "720 hours", "29 days", "-1 mon", "0"},
		"date": {"infinity", "-infinity"}, "timestamp": {"infinity", "-infinity"}, "timestamptz": {"infinity", "-infinity"}, "double precision": {"NaN", "Infinity", "-Infinity", "-0", "0"}, "real": {"NaN", "Infinity", "-Infinity", "-0", "0"},
		"timetz": {"00:00:00+00", "24:00:00-15:59"},
	}
	for range 150 {
		s["smallint"] = append(s["smallint"], fmt.Sprint(int16(r.Uint32())))
		s["integer"] = append(s["integer"], fmt.Sprint(int32(r.Uint32())))
		s["bigint"] = append(s["bigint"], fmt.Sprint(int64(r.Uint64())))
		s["oid"] = append(s["oid"], fmt.Sprint(r.Uint32()))
		s["double precision"] = append(s["double precision"], fmt.Sprint(r.NormFloat64()))
		s["real"] = append(s["real"], fmt.Sprint(float32(r.NormFloat64())))
		s["numeric"] = append(s["numeric"], randNum(r, 38), randNum(r, 9), fmt.Sprintf("1e-%d", r.IntN(60)), fmt.Sprintf("1e%d", r.IntN(37)))
		st := randStamp(r)
		s["date"] = append(s["date"], st[:10])
		s["timestamp"] = append(s["timestamp"], st)
		s["timestamptz"] = append(s["timestamptz"], st)
		s["interval"] = append(s["interval"], randInterval(r))
		clock := fmt.Sprintf("%02d:%02d:%02d.%06d", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e6))
		s["time"] = append(s["time"], clock)
		s["timetz"] = append(s["timetz"], fmt.Sprintf("%s%+03d:%02d", clock, r.IntN(28)-14, r.IntN(60)))
	}
	for i, d := range s["date"] {
		if len(d) == 10 && d[4] != '-' { // a year of five digits or more was cut
			s["date"][i] = "2024-02-29"
		}
	}
	return s
}

func TestBinary(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(31, 32))
	f := sql.DefaultFormat()
	c := &checker{tb: t}
	for typ, texts := range samples(r) {
		st, err := sql.ParseTypeName(typ)
		if err != nil {
			t.Fatal(err)
		}
		send := sql.LookupType(st.OID).Send
		args := make([][]string, len(texts))
		for i := range texts {
			args[i] = []string{texts[i]}
		}
		arg := "$1[1]::" + typ
		for i, want := range o.ask(fmt.Sprintf("encode(%s(%s), 'hex')", send, arg), args) {
			v, err := sql.ParseText(st, texts[i], &f, time.Now())
			if err != nil {
				t.Fatal(typ, texts[i], err)
			}
			b := sql.AppendBinary(nil, v)
			c.same(fmt.Sprintf("%s %q", typ, texts[i]), "="+hex.EncodeToString(b), want)
			back, err := sql.ParseBinary(st, b)
			if err != nil {
				t.Errorf("%s %q: reading our own binary form: %v", typ, texts[i], err)
				continue
			}
			if x, y := string(sql.AppendText(nil, v, &f)), string(sql.AppendText(nil, back, &f)); x != y {
				t.Errorf("%s %q: %s became %s through the binary form", typ, texts[i], x, y)
			}
			for n := range b { // every truncation is refused or read, without a crash
				sql.ParseBinary(st, b[:n])
			}
		}
	}
	// Parameters in our binary form, as PostgreSQL reads them.
	ctx := context.Background()
	for typ, texts := range samples(r) {
		st, _ := sql.ParseTypeName(typ)
		info := sql.LookupType(st.OID)
		if _, err := o.c.Prepare(ctx, "p"+info.Name, fmt.Sprintf("select textin(%s($1::%s))", info.Out, typ)); err != nil {
			t.Fatal(err)
		}
		for _, s := range texts[:min(len(texts), 40)] {
			if st.Elem() != sql.T(0) && s == "" {
				continue // PostgreSQL does not read the empty vector that it sends
			}
			v, err := sql.ParseText(st, s, &f, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			rr := o.c.PgConn().ExecPrepared(ctx, "p"+info.Name, [][]byte{append([]byte{}, sql.AppendBinary(nil, v)...)}, []int16{pgx.BinaryFormatCode}, nil).Read()
			if rr.Err != nil {
				t.Errorf("%s %q: %v", typ, s, rr.Err)
				continue
			}
			c.same(typ+" parameter", string(sql.AppendText(nil, v, &f)), string(rr.Rows[0][0]))
		}
	}
}

func TestCompare(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(41, 42))
	f := sql.DefaultFormat()
	c := &checker{tb: t}
	for typ, texts := range samples(r) {
		if typ == "json" {
			continue // has no order
		}
		st, _ := sql.ParseTypeName(typ)
		var args [][]string
		for range 300 {
			args = append(args, []string{texts[r.IntN(len(texts))], texts[r.IntN(len(texts))]})
		}
		if typ == "int2vector" { // ordered as an array of int2
			continue
		}
		expr := fmt.Sprintf("case when $1[1]::%[1]s < $1[2]::%[1]s then -1 when $1[1]::%[1]s = $1[2]::%[1]s then 0 else 1 end", typ)
		for i, want := range o.ask(expr, args) {
			a, err1 := sql.ParseText(st, args[i][0], &f, time.Now())
			b, err2 := sql.ParseText(st, args[i][1], &f, time.Now())
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			c.same(fmt.Sprintf("%s %q <=> %q", typ, args[i][0], args[i][1]), fmt.Sprintf("=%d", sql.Cmp(a, b)), want)
		}
	}
}
