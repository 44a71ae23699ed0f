package clients

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// TestLimits checks what ends statements and sessions by itself.
func TestLimits(t *testing.T) {
	l := fixture.Start(t, map[string]string{"LIMITS_CONNECTIONS": "5"})
	l.Numbers(t, 200_000)
	ctx := t.Context()
	t.Run("statement_timeout", func(t *testing.T) {
		c := fixture.Connect(t, l.URL())
		if _, err := c.Exec(ctx, "SET statement_timeout = '250ms'"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := c.Exec(ctx, longQuery)
		took := time.Since(start)
		wantCode(t, err, "57014", "canceling statement due to statement timeout")
		t.Logf("ended after %v", took)
		if took < 250*time.Millisecond || took > 250*time.Millisecond+cancelBudget {
			t.Errorf("that is not 250 ms")
		}
		c.Close(ctx)
	})
	for setting, code := range map[string]string{"idle_session_timeout": "57P05", "idle_in_transaction_session_timeout": "25P03"} {
		t.Run(setting, func(t *testing.T) {
			c := rawConnect(t, l)
			q := "SET " + setting + " = 200"
			if code == "25P03" {
				q += "; BEGIN"
			}
			c.exchange(t, 1, queryMsg(q))
			start := time.Now()
			got := c.exchange(t, 1) // nothing is sent: the server must speak
			if took := time.Since(start); took < 150*time.Millisecond || took > time.Second {
				t.Errorf("it took %v", took)
			}
			if want := "Error FATAL " + code; len(got) < len(want) || got[:len(want)] != want {
				t.Errorf("got %s", got)
			}
		})
	}
	t.Run("role settings", func(t *testing.T) {
		for _, q := range []string{"ALTER ROLE tester SET extra_float_digits = 0", "ALTER DATABASE sluice SET IntervalStyle = 'iso_8601'"} {
			l.Exec(t, q)
		}
		c := fixture.Connect(t, l.URL())
		var digits, style string
		if err := c.QueryRow(ctx, "SELECT current_setting('extra_float_digits'), current_setting('IntervalStyle')").Scan(&digits, &style); err != nil || digits != "0" || style != "iso_8601" {
			t.Errorf("a new session has %s and %s, %v", digits, style, err)
		}
		if got := c.PgConn().ParameterStatus("IntervalStyle"); got != "iso_8601" {
			t.Errorf("the client was told %s", got)
		}
		for _, q := range []string{"ALTER ROLE tester RESET ALL", "ALTER DATABASE sluice RESET IntervalStyle"} {
			l.Exec(t, q)
		}
		c.Close(ctx)
		c = fixture.Connect(t, l.URL())
		if err := c.QueryRow(ctx, "SELECT current_setting('IntervalStyle')").Scan(&style); err != nil || style != "postgres" {
			t.Errorf("after RESET: %s, %v", style, err)
		}
		c.Close(ctx)
	})
	t.Run("connections", func(t *testing.T) {
		var open []*pgx.Conn
		for deadline := time.Now().Add(5 * time.Second); len(open) < 5; {
			c, err := pgx.Connect(ctx, l.URL()) // those of the tests before may just be ending
			if err == nil {
				open = append(open, c)
			} else if time.Now().After(deadline) {
				t.Fatalf("only %d connections: %v", len(open), err)
			}
		}
		_, err := pgx.Connect(ctx, l.URL())
		wantCode(t, err, "53300", "too many clients")
		var pe *pgconn.PgError
		if errors.As(err, &pe) && pe.Hint == "" {
			t.Error("no hint")
		}
		for _, c := range open {
			c.Close(context.Background())
		}
	})
	l.Answers(t)
}
