package clients

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// psqlCancel interrupts psql, which cancels by a connection of its own.
func psqlCancel(t *testing.T, l *fixture.Lake) {
	cmd := exec.Command("psql", "-X", "-v", "VERBOSITY=sqlstate", "-c", longQuery)
	cmd.Env = at(l).env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan time.Time, 1)
	go func() {
		cmd.Wait()
		done <- time.Now()
	}()
	time.Sleep(700 * time.Millisecond)
	start := time.Now()
	cmd.Process.Signal(os.Interrupt)
	select {
	case end := <-done:
		t.Logf("psql ended %v after the interrupt", end.Sub(start))
		if !strings.Contains(out.String(), "57014") {
			t.Errorf("psql said %q", out.String())
		}
		if d := end.Sub(start); d > cancelBudget {
			t.Errorf("that is more than %v", cancelBudget)
		}
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		t.Fatal("not cancelled in 20 s")
	}
}

// psqlCatalog runs psql's backslash commands.
func psqlCatalog(t *testing.T, l *fixture.Lake) {
	l.Exec(t, "CREATE DATABASE IF NOT EXISTS shop")
	l.Exec(t, "CREATE EXTERNAL TABLE shop.orders (id bigint COMMENT 'its number', customer string, total decimal(10,2)) COMMENT 'all orders' PARTITIONED BY (day date) STORED AS PARQUET LOCATION 's3://"+l.Bucket+"/orders/'")
	l.Exec(t, "CREATE VIEW shop.small_orders AS SELECT id, total FROM shop.orders WHERE total < 10")
	for _, c := range []struct {
		command string
		want    []string // in this order
	}{
		{`\l`, []string{"List of databases", "Name", "Owner", "Encoding", "sluice", "UTF8"}},
		{`\dn`, []string{"List of schemas", "Name", "Owner", "public", "shop"}},
		{`\dn+`, []string{"shop"}},
		{`\dt`, []string{"List of relations", "public", "numbers", "table", l.User}},
		{`\dt shop.*`, []string{"shop", "orders", "table"}},
		{`\dt *.*`, []string{"numbers", "shop", "orders"}},
		{`\d`, []string{"public", "numbers", "table"}},
		{`\d numbers`, []string{`Table "public.numbers"`, "Column", "Type", "Collation", "Nullable", "Default", "id", "bigint", "small", "integer", "price", "numeric(12,2)", "ratio", "double precision", "flag", "boolean", "day", "date", "at", "timestamp without time zone"}},
		{`\d shop.orders`, []string{`Table "shop.orders"`, "id", "bigint", "customer", "text", "total", "numeric(10,2)", "day", "date"}},
		{`\d+ shop.orders`, []string{`Table "shop.orders"`, "Storage", "Description", "its number"}},
		{`\d shop.small_orders`, []string{`View "shop.small_orders"`, "id", "bigint", "total", "numeric(10,2)"}},
		{`\d+ shop.small_orders`, []string{`View "shop.small_orders"`, "View definition:", "SELECT"}},
		{`\d absent`, []string{`Did not find any relation named "absent".`}},
		{`\dv shop.*`, []string{"shop", "small_orders", "view"}},
		{`\dt+ shop.*`, []string{"orders", "all orders"}},
		{`\df`, []string{"List of functions"}},
		{`\df pg_catalog.lower`, []string{"List of functions", "pg_catalog", "lower", "text", "func"}},
		{`\du`, []string{"List of roles", "Role name", "Attributes", l.User, "Superuser"}},
		{`\conninfo`, []string{"You are connected to database"}},
		{`\dd`, []string{"Object descriptions"}},
		{`\di`, nil}, {`\ds`, nil}, {`\dT`, nil}, {`\dx`, nil}, {`\dp`, nil}, {`\db`, nil}, {`\encoding`, []string{"UTF8"}},
	} {
		out, err := try(at(l), "", "psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", c.command)
		if strings.Contains(out, "ERROR") || err != nil && c.command != `\d absent` {
			t.Errorf("%s: %v\n%s", c.command, err, tail(out))
			continue
		}
		rest := out
		for _, w := range c.want {
			_, after, ok := strings.Cut(rest, w)
			if !ok {
				t.Errorf("%s does not show %q in its place:\n%s", c.command, w, tail(out))
				break
			}
			rest = after
		}
	}
}
