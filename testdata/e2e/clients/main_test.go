// Package clients holds real clients to what PostgreSQL 15 gives them: every
// script runs against both servers and the transcripts must be equal.
package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// million is the rows of the table numbers.
const million = 1_000_000

// target is a server that clients are pointed at.
type target struct {
	host, port, user, password, database string
}

func (t target) url() string {
	return "postgres://" + t.user + ":" + t.password + "@" + t.host + ":" + t.port + "/" + t.database + "?sslmode=disable"
}

func (t target) env() []string {
	return append(os.Environ(), "PGHOST="+t.host, "PGPORT="+t.port, "PGUSER="+t.user, "PGPASSWORD="+t.password,
		"PGDATABASE="+t.database, "PGTZ=UTC", "TZ=UTC", "PGCLIENTENCODING=UTF8")
}

var (
	oracleOnce sync.Once
	oracleAt   target
)

// oracle is PostgreSQL 15 with the table numbers.
func oracle(t *testing.T) target {
	t.Helper()
	oracleOnce.Do(func() {
		cfg, err := pgx.ParseConfig(fixture.Oracle(t, million))
		if err != nil {
			t.Fatal(err)
		}
		oracleAt = target{cfg.Host, port(cfg.Port), cfg.User, "x", cfg.Database}
	})
	if oracleAt.host == "" {
		t.Fatal("PostgreSQL did not start")
	}
	return oracleAt
}

// TestClients runs every client against one server with the table numbers.
func TestClients(t *testing.T) {
	l := fixture.Start(t, nil)
	l.Numbers(t, million)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *fixture.Lake)
	}{
		{"psql", psqlCommon}, {"psqlPaging", psqlPaging}, {"psqlCancel", psqlCancel}, {"psqlCopy", psqlCopy}, {"psqlCatalog", psqlCatalog},
		{"pgx", pgxCommon}, {"pgxPaging", pgxPaging}, {"pgxCancel", pgxCancel}, {"pgxCopy", pgxCopy},
		{"psycopg", psycopgCommon}, {"psycopgMore", psycopgMore},
		{"pgjdbc", pgjdbcCommon}, {"pgjdbcMore", pgjdbcMore},
		{"protocol", protocol}, {"portals", portals}, {"vanish", vanish}, {"stuck", stuckReader}, {"copyForms", copyForms},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, l)
			l.Answers(t)
		})
	}
}

func at(l *fixture.Lake) target { return target{l.Host, l.Port, l.User, l.Password, l.Database} }

func port(n uint16) string {
	var b [5]byte
	i := len(b)
	for ; n > 0; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}

// run runs a client and returns what it prints; a failure ends the test.
func run(t *testing.T, on target, stdin string, name string, args ...string) string {
	t.Helper()
	out, err := try(on, stdin, name, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, tail(out))
	}
	return out
}

func try(on target, stdin string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = on.env()
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// source is the path of a file beside the tests.
func source(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), name)
}
