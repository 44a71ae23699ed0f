package clients

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

func (c *rawConn) query(t *testing.T, q string) {
	t.Helper()
	c.Frontend.Send(&pgproto3.Query{String: q})
	if err := c.Frontend.Flush(); err != nil {
		t.Fatal(err)
	}
}

// exchange sends messages and returns the replies up to the n-th ReadyForQuery,
// one a line.
func (c *rawConn) exchange(t *testing.T, n int, msgs ...pgproto3.FrontendMessage) string {
	t.Helper()
	for _, m := range msgs {
		c.Frontend.Send(m)
	}
	if err := c.Frontend.Flush(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n > 0 {
		m, err := c.Frontend.Receive()
		if err != nil {
			fmt.Fprintf(&b, "connection ended: %v\n", err)
			return b.String()
		}
		b.WriteString(describe(m))
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			n--
		}
	}
	return b.String()
}

// describe is a message without what only one of the servers can say.
func describe(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		var b strings.Builder
		b.WriteString("RowDescription")
		for _, f := range m.Fields {
			table := "-"
			if f.TableOID != 0 {
				table = fmt.Sprint("table column ", f.TableAttributeNumber)
			}
			fmt.Fprintf(&b, " [%s %s type %d size %d mod %d format %d]", f.Name, table, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format)
		}
		return b.String() + "\n"
	case *pgproto3.DataRow:
		return fmt.Sprintf("DataRow %q\n", m.Values)
	case *pgproto3.ErrorResponse:
		return fmt.Sprintf("Error %s %s %q detail %q hint %q position %d\n", m.Severity, m.Code, m.Message, m.Detail, m.Hint, m.Position)
	case *pgproto3.NoticeResponse:
		return fmt.Sprintf("Notice %s %s %q\n", m.Severity, m.Code, m.Message)
	case *pgproto3.CommandComplete:
		return fmt.Sprintf("CommandComplete %s\n", m.CommandTag)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %v\n", m.ParameterOIDs)
	case *pgproto3.ReadyForQuery:
		return fmt.Sprintf("ReadyForQuery %c\n", m.TxStatus)
	case *pgproto3.ParameterStatus:
		return fmt.Sprintf("ParameterStatus %s=%s\n", m.Name, m.Value)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("CopyOutResponse %d %v\n", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyData:
		return fmt.Sprintf("CopyData %q\n", m.Data)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T\n", m), "*pgproto3.")
}

type msgs = []pgproto3.FrontendMessage

var (
	syncMsg  = &pgproto3.Sync{}
	flushMsg = &pgproto3.Flush{}
)

func parseMsg(name, q string, oids ...uint32) *pgproto3.Parse {
	return &pgproto3.Parse{Name: name, Query: q, ParameterOIDs: oids}
}

func bindMsg(portal, stmt string, values ...string) *pgproto3.Bind {
	m := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: stmt}
	for _, v := range values {
		m.Parameters = append(m.Parameters, []byte(v))
	}
	return m
}

func describeMsg(kind byte, name string) *pgproto3.Describe {
	return &pgproto3.Describe{ObjectType: kind, Name: name}
}

func execMsg(portal string, max uint32) *pgproto3.Execute {
	return &pgproto3.Execute{Portal: portal, MaxRows: max}
}

func queryMsg(q string) *pgproto3.Query { return &pgproto3.Query{String: q} }

// exchanges are sent on one connection each; both servers must reply alike.
var exchanges = map[string]msgs{
	"multi-statement":                           {queryMsg("SELECT 1 AS a; SELECT 'x' AS b, NULL AS c; SHOW DateStyle; SET extra_float_digits = 0")},
	"multi-statement error":                     {queryMsg("SELECT 1 AS a; SELECT 1/(id-id) FROM numbers LIMIT 1; SELECT 2 AS b"), queryMsg("SELECT 3 AS c")},
	"multi-statement syntax error runs nothing": {queryMsg("SELECT 1; SELEC 2"), queryMsg("SELECT 3")},
	"multi-statement transaction":               {queryMsg("BEGIN; SELECT 1; COMMIT; SELECT 2"), queryMsg("BEGIN; SELECT 1/(id-id) FROM numbers LIMIT 1; COMMIT"), queryMsg("SELECT 1"), queryMsg("COMMIT"), queryMsg("COMMIT")},
	"settings of a failed multi-statement":      {queryMsg("SET statement_timeout = 77777; SELECT 1/(id-id) FROM numbers LIMIT 1"), queryMsg("SHOW statement_timeout")},
	"empty":                                     {queryMsg(""), queryMsg(";"), queryMsg("-- nothing"), queryMsg(" ; SELECT 1; ; ")},
	"empty extended":                            {parseMsg("", ""), bindMsg("", ""), describeMsg('S', ""), describeMsg('P', ""), execMsg("", 0), syncMsg},
	"positions":                                 {queryMsg("SELECT absent"), queryMsg("SELECT 1;\nSELECT 'ü', absent"), queryMsg("SELECT 1 + 'x'::int"), queryMsg("SELECT * FROM no.such"), queryMsg("SELECT foo(1)"), queryMsg("SELECT 'a' + 1::date"), queryMsg("SELECT 1 FORM x y z"), queryMsg("SELECT \"")},
	"describe statement":                        {parseMsg("s", "SELECT $1 + 1, $2 || 'x', $3::date, id, price FROM numbers WHERE name = $4 AND at > $5 AND flag = $6 AND ratio < $7"), describeMsg('S', "s"), syncMsg},
	"describe given types":                      {parseMsg("s", "SELECT $1, $2", 21, 0), describeMsg('S', "s"), syncMsg, parseMsg("t", "SELECT $2::int", 0, 0), describeMsg('S', "t"), syncMsg},
	"describe of what returns no rows":          {parseMsg("a", "BEGIN"), describeMsg('S', "a"), parseMsg("b", "SET extra_float_digits TO 1"), describeMsg('S', "b"), parseMsg("c", "SHOW DateStyle"), describeMsg('S', "c"), parseMsg("d", "DISCARD ALL"), describeMsg('S', "d"), syncMsg},
	"describe portal formats":                   {parseMsg("", "SELECT 1::int4 AS a, 'x'::text AS b"), &pgproto3.Bind{ResultFormatCodes: []int16{1, 0}}, describeMsg('P', ""), execMsg("", 0), syncMsg},
	"all binary":                                {parseMsg("", "SELECT id, small, name, price, ratio, flag, day, at, note FROM numbers WHERE id IN (7, 10, 11) ORDER BY id"), &pgproto3.Bind{ResultFormatCodes: []int16{1}}, describeMsg('P', ""), execMsg("", 0), syncMsg},
	"unknown statement and portal":              {describeMsg('S', "nope"), syncMsg, describeMsg('P', "nope"), syncMsg, execMsg("nope", 0), syncMsg, bindMsg("", "nope"), syncMsg, &pgproto3.Close{ObjectType: 'S', Name: "nope"}, &pgproto3.Close{ObjectType: 'P', Name: "nope"}, syncMsg},
	"named statements":                          {parseMsg("s", "SELECT 1"), syncMsg, parseMsg("s", "SELECT 2"), syncMsg, parseMsg("", "SELECT 3"), parseMsg("", "SELECT 4"), bindMsg("", ""), execMsg("", 0), &pgproto3.Close{ObjectType: 'S', Name: "s"}, parseMsg("s", "SELECT 5"), bindMsg("", "s"), execMsg("", 0), syncMsg},
	"skip to sync":                              {parseMsg("", "SELECT 1/(id-id) FROM numbers LIMIT 1"), bindMsg("", ""), execMsg("", 0), parseMsg("", "SELECT 1"), bindMsg("", ""), execMsg("", 0), queryMsg("SELECT 'skipped'"), syncMsg, parseMsg("", "SELECT 2"), bindMsg("", ""), execMsg("", 0), syncMsg},
	"pipeline":                                  {parseMsg("a", "SELECT $1::int4"), bindMsg("", "a", "1"), execMsg("", 0), bindMsg("", "a", "2"), execMsg("", 0), syncMsg, bindMsg("", "a", "x"), execMsg("", 0), syncMsg, bindMsg("", "a", "3"), execMsg("", 0), syncMsg},
	"wrong parameter counts":                    {parseMsg("a", "SELECT $1::int4, $2::int4"), bindMsg("", "a", "1"), syncMsg, &pgproto3.Bind{PreparedStatement: "a", ParameterFormatCodes: []int16{0, 0, 0}, Parameters: [][]byte{[]byte("1"), []byte("2")}}, syncMsg, &pgproto3.Bind{PreparedStatement: "a", Parameters: [][]byte{[]byte("1"), []byte("2")}, ResultFormatCodes: []int16{0, 1, 0}}, syncMsg},
	"wrong binary parameters":                   {parseMsg("a", "SELECT $1::int4"), &pgproto3.Bind{PreparedStatement: "a", ParameterFormatCodes: []int16{1}, Parameters: [][]byte{[]byte("12")}}, syncMsg, &pgproto3.Bind{PreparedStatement: "a", ParameterFormatCodes: []int16{1}, Parameters: [][]byte{[]byte("12345")}}, syncMsg},
	"several commands in Parse":                 {parseMsg("", "SELECT 1; SELECT 2"), syncMsg},
	"undetermined parameter":                    {parseMsg("", "SELECT $1 FROM numbers WHERE id = $3"), syncMsg, parseMsg("u", "SELECT $1"), describeMsg('S', "u"), syncMsg},
	"function call":                             {queryMsg("SELECT 1")},
	"failed transaction in extended":            {queryMsg("BEGIN"), parseMsg("", "SELECT 1/(id-id) FROM numbers LIMIT 1"), bindMsg("", ""), execMsg("", 0), syncMsg, parseMsg("", "SELECT 1"), syncMsg, parseMsg("", "ROLLBACK"), bindMsg("", ""), execMsg("", 0), syncMsg},
	"suspended portals": {queryMsg("BEGIN"), parseMsg("s", "SELECT id, name FROM numbers WHERE id < 7 ORDER BY id"), bindMsg("p", "s"), bindMsg("q", "s"), execMsg("p", 2), execMsg("q", 3), execMsg("p", 2), flushMsg, syncMsg,
		execMsg("q", 4), execMsg("p", 2), execMsg("p", 2), execMsg("q", 1), execMsg("p", 1), syncMsg, &pgproto3.Close{ObjectType: 'P', Name: "p"}, execMsg("p", 1), syncMsg, queryMsg("ROLLBACK"), execMsg("q", 1), syncMsg},
	"portal limit met exactly":         {queryMsg("BEGIN"), parseMsg("s", "SELECT id FROM numbers WHERE id < 3 ORDER BY id"), bindMsg("p", "s"), execMsg("p", 3), execMsg("p", 3), syncMsg, queryMsg("COMMIT")},
	"portals end with the transaction": {parseMsg("s", "SELECT id FROM numbers WHERE id < 9 ORDER BY id"), bindMsg("p", "s"), execMsg("p", 2), syncMsg, execMsg("p", 2), syncMsg},
	"duplicate portal":                 {queryMsg("BEGIN"), parseMsg("s", "SELECT 1"), bindMsg("p", "s"), bindMsg("p", "s"), syncMsg, queryMsg("ROLLBACK")},
	"fetch from a portal by SQL":       {queryMsg("BEGIN"), parseMsg("s", "SELECT id FROM numbers WHERE id < 9 ORDER BY id"), bindMsg("p", "s"), execMsg("p", 2), syncMsg, queryMsg("FETCH 2 FROM p"), queryMsg("COMMIT")},
	"cursor by Execute":                {queryMsg("BEGIN; DECLARE c CURSOR FOR SELECT id FROM numbers WHERE id < 5 ORDER BY id"), describeMsg('P', "c"), execMsg("c", 2), syncMsg, queryMsg("FETCH 1 FROM c; CLOSE c; COMMIT")},
	"binary cursor":                    {queryMsg("BEGIN; DECLARE c BINARY CURSOR FOR SELECT id, note FROM numbers WHERE id < 5 ORDER BY id"), queryMsg("FETCH 2 FROM c"), queryMsg("COMMIT")},
	"fetch prepared":                   {queryMsg("BEGIN; DECLARE c CURSOR FOR SELECT id FROM numbers WHERE id < 5 ORDER BY id"), parseMsg("f", "FETCH 2 FROM c"), describeMsg('S', "f"), bindMsg("", "f"), execMsg("", 0), bindMsg("", "f"), execMsg("", 0), syncMsg, queryMsg("COMMIT")},
	"fetch all the ways": {queryMsg("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id FROM numbers WHERE id < 10 ORDER BY id"), queryMsg("FETCH 0 FROM c"), queryMsg("FETCH c"), queryMsg("FETCH 0 FROM c"), queryMsg("FETCH -1 FROM c"), queryMsg("FETCH ABSOLUTE 5 FROM c"),
		queryMsg("FETCH RELATIVE 0 FROM c"), queryMsg("FETCH RELATIVE 2 FROM c"), queryMsg("FETCH BACKWARD ALL FROM c"), queryMsg("MOVE FORWARD ALL IN c"), queryMsg("FETCH BACKWARD 0 FROM c"), queryMsg("FETCH LAST FROM c"), queryMsg("MOVE ABSOLUTE 0 IN c"), queryMsg("MOVE 3 IN c"), queryMsg("FETCH ABSOLUTE -2 FROM c"), queryMsg("FETCH ABSOLUTE 99 FROM c"), queryMsg("FETCH PRIOR FROM c"), queryMsg("COMMIT")},
	"discard all":              {queryMsg("PREPARE x AS SELECT 1; SET extra_float_digits = 0"), queryMsg("DECLARE h CURSOR WITH HOLD FOR SELECT 1"), queryMsg("DISCARD ALL"), queryMsg("EXECUTE x"), queryMsg("FETCH h"), queryMsg("SHOW extra_float_digits"), queryMsg("BEGIN"), queryMsg("DISCARD ALL"), queryMsg("ROLLBACK"), queryMsg("DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES")},
	"parameter status":         {queryMsg("SET application_name = 'x'"), queryMsg("BEGIN; SET DateStyle = 'German'; SET LOCAL TimeZone = 'Europe/Berlin'"), queryMsg("ROLLBACK"), queryMsg("SET IntervalStyle = 'iso_8601'"), queryMsg("SELECT '1 day 2 hours'::interval, '2024-01-02'::date"), queryMsg("RESET ALL")},
	"reset and set errors":     {queryMsg("SET server_version = '9'"), queryMsg("SET extra_float_digits = 99"), queryMsg("SET statement_timeout = '1 fortnight'"), queryMsg("SET TimeZone = 'Nowhere/Land'"), queryMsg("SET DateStyle = 'Martian'"), queryMsg("RESET nothing"), queryMsg("SET my.own = 'x'; SHOW my.own"), queryMsg("SHOW my.other")},
	"copy ended by an error":   {queryMsg("COPY (SELECT * FROM absent) TO STDOUT"), queryMsg("SELECT 1")},
	"copy data outside":        {&pgproto3.CopyData{Data: []byte("x")}, &pgproto3.CopyDone{}, queryMsg("SELECT 1")},
	"savepoints":               {queryMsg("BEGIN"), queryMsg("SAVEPOINT a"), queryMsg("SET extra_float_digits = 0"), queryMsg("SAVEPOINT b"), queryMsg("SELECT 1/(id-id) FROM numbers LIMIT 1"), queryMsg("RELEASE b"), queryMsg("ROLLBACK TO b"), queryMsg("ROLLBACK TO a"), queryMsg("SHOW extra_float_digits"), queryMsg("ROLLBACK TO b"), queryMsg("ROLLBACK")},
	"transactions outside":     {queryMsg("COMMIT"), queryMsg("ROLLBACK"), queryMsg("SAVEPOINT x"), queryMsg("ROLLBACK TO x"), queryMsg("RELEASE x"), queryMsg("BEGIN; BEGIN"), queryMsg("COMMIT AND CHAIN"), queryMsg("ROLLBACK AND NO CHAIN"), queryMsg("SET LOCAL extra_float_digits = 1"), queryMsg("COMMIT AND CHAIN")},
	"cursors and savepoints":   {queryMsg("BEGIN; DECLARE a CURSOR FOR SELECT id FROM numbers WHERE id < 5 ORDER BY id; SAVEPOINT s; DECLARE b CURSOR FOR SELECT 1"), queryMsg("FETCH 1 FROM a"), queryMsg("ROLLBACK TO s"), queryMsg("FETCH 1 FROM a"), queryMsg("FETCH 1 FROM b"), queryMsg("ROLLBACK")},
	"error in a cursor":        {queryMsg("BEGIN; DECLARE a CURSOR FOR SELECT id FROM numbers WHERE id < 5 AND 10/(id-7) < 0 AND (id < 4 OR 1/(id-id) > 0) ORDER BY id"), queryMsg("FETCH 2 FROM a"), queryMsg("FETCH 2 FROM a"), queryMsg("FETCH 2 FROM a"), queryMsg("ROLLBACK")},
	"hold of a failing cursor": {queryMsg("BEGIN; DECLARE a CURSOR WITH HOLD FOR SELECT id FROM numbers WHERE id < 5 AND 10/(id-7) < 0 AND (id < 4 OR 1/(id-id) > 0) ORDER BY id"), queryMsg("FETCH 1 FROM a"), queryMsg("COMMIT"), queryMsg("FETCH 1 FROM a")},
	"hold and rollback":        {queryMsg("BEGIN; DECLARE a SCROLL CURSOR WITH HOLD FOR SELECT id FROM numbers WHERE id < 5 ORDER BY id; FETCH 3 FROM a; COMMIT"), queryMsg("FETCH PRIOR FROM a"), queryMsg("BEGIN; FETCH NEXT FROM a; ROLLBACK"), queryMsg("FETCH NEXT FROM a"), queryMsg("FETCH ALL FROM a"), queryMsg("CLOSE a")},
	"current transaction time": {queryMsg("BEGIN"), queryMsg("SELECT now() = transaction_timestamp(), now() <= statement_timestamp(), statement_timestamp() <= clock_timestamp()"), queryMsg("COMMIT")},
}

// protocol sends every exchange to both servers.
func protocol(t *testing.T, l *fixture.Lake) {
	url := oracle(t).url()
	right := 0
	for name, ms := range exchanges {
		replies := 0
		for _, m := range ms {
			switch m.(type) {
			case *pgproto3.Query, *pgproto3.Sync:
				replies++
			}
		}
		if name == "skip to sync" {
			replies-- // the skipped query has no reply
		}
		want := rawConnectTo(t, url).exchange(t, replies, ms...)
		got := rawConnect(t, l).exchange(t, replies, ms...)
		if diff := firstDifference(got, want); diff != "" {
			t.Errorf("%s: %s", name, diff)
			continue
		}
		right++
	}
	t.Logf("%d of %d exchanges as with PostgreSQL", right, len(exchanges))
}

var errorMore = regexp.MustCompile(`^(Error .*) hint (".*") position (\d+)$`)

// lenientError takes from an error's line the hint and position that PostgreSQL
// does not give: to say more is allowed.
func lenientError(got, want string) string {
	g, w := errorMore.FindStringSubmatch(got), errorMore.FindStringSubmatch(want)
	if g == nil || w == nil {
		return got
	}
	if w[2] == `""` {
		g[2] = w[2]
	}
	if w[3] == "0" {
		g[3] = w[3]
	}
	return fmt.Sprintf("%s hint %s position %s", g[1], g[2], g[3])
}

// earlyError is an error behind the description of a result that never came: when
// PostgreSQL finds an error before it describes the result is its planner's matter.
var earlyError = regexp.MustCompile(`(?m)^(?:RowDescription|CopyOutResponse) .*\n(Error )`)

func firstDifference(got, want string) string {
	got, want = earlyError.ReplaceAllString(got, "$1"), earlyError.ReplaceAllString(want, "$1")
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a = lenientError(a, b); a != b {
			return fmt.Sprintf("message %d\n got: %s\nwant: %s", i+1, a, b)
		}
	}
	return ""
}

// portals checks that replies come at Flush, without Sync, and that a portal that
// is read slowly keeps its place among others.
func portals(t *testing.T, l *fixture.Lake) {
	c := rawConnect(t, l)
	c.exchange(t, 1, queryMsg("BEGIN"))
	c.exchange(t, 0, parseMsg("s", "SELECT id FROM numbers WHERE small = $1 ORDER BY id", 23))
	names := []string{"p0", "p1", "p2", "p3", "p4", "p5"}
	for i, p := range names {
		c.exchange(t, 0, bindMsg(p, "s", fmt.Sprint(i)))
	}
	c.exchange(t, 0, flushMsg)
	next := map[string]int{}
	seen := 0
	for round := 0; seen < len(names)*1000; round++ {
		p := names[(round*5+round/7)%len(names)]
		c.exchange(t, 0, execMsg(p, 37), flushMsg)
		for open := true; open; {
			m, err := c.Frontend.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.DataRow:
				want := next[p]*1000 + int(p[1]-'0')
				if got := string(m.Values[0]); got != fmt.Sprint(want) {
					t.Fatalf("portal %s gives %s, not %d", p, got, want)
				}
				next[p]++
				seen++
			case *pgproto3.PortalSuspended, *pgproto3.CommandComplete:
				open = false
			case *pgproto3.ErrorResponse:
				t.Fatal(m.Message)
			}
		}
		if round > 2000 {
			t.Fatalf("only %d rows came", seen)
		}
	}
	c.exchange(t, 1, syncMsg)
}
