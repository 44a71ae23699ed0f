package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/server/pgwire"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet"
)

func TestMemoryPlan(t *testing.T) {
	const gb = 1 << 30
	cfg := config.Default()
	p := planMemory(cfg, 16*gb, math.MaxInt64)
	if p.statements != 8*gb || p.statement != 4*gb || p.heap <= p.statements+p.cache.Most || p.cache != (parquet.CacheLimits{Least: 48 << 20, Most: 2 * gb, Local: 0.1, Remote: 0.6}) || p.heap > 16*gb/10*9 {
		t.Errorf("defaults: %+v", p)
	}
	if p := planMemory(cfg, 16*gb, 2*gb); p.statements != gb || p.heap != 0 {
		t.Errorf("the environment's limit: %+v", p)
	}
	cfg.Limits.Memory, cfg.Limits.StatementMemory, cfg.Cache.Memory = 1*gb, 100<<20, 2*gb
	if p := planMemory(cfg, 16*gb, math.MaxInt64); p.statements != gb || p.statement != 100<<20 || p.cache != (parquet.CacheLimits{Least: 2 * gb, Most: 2 * gb}) || p.heap != (3*gb+heapMargin)/4*5 {
		t.Errorf("configured: %+v", p)
	}
	cfg.Limits.Memory = 100 * gb
	if p := planMemory(cfg, 16*gb, math.MaxInt64); p.heap != 16*gb/10*9 {
		t.Errorf("more than there is: %+v", p)
	}
	if availableMemory() <= 0 {
		t.Error("no memory")
	}
}

// A small heap is collected when it has grown by leastGrowth, a large one as ever.
func TestPace(t *testing.T) {
	if a, b, c := pace(8<<20), pace(64<<20), pace(1<<30); a != 200 || b != collectAt || c != collectAt {
		t.Errorf("8 MB, 64 MB and 1 GB are collected after %d %%, %d %% and %d %%", a, b, c)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(collectAt))
	keepPace(0)
	set := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	percent := func() uint64 { metrics.Read(set); return set[0].Value.Uint64() }
	large := make([]byte, 256<<20)
	for range 100 { // the pace is set some time after the collection
		runtime.GC()
		time.Sleep(time.Millisecond)
		if percent() == collectAt {
			break
		}
	}
	if p := percent(); p != collectAt {
		t.Errorf("with 256 MB in use the pace is %d %%", p)
	}
	runtime.KeepAlive(large)
	for range 100 {
		runtime.GC()
		time.Sleep(time.Millisecond)
		if percent() > collectAt {
			return
		}
	}
	t.Errorf("with a small heap the pace is %d %%", percent())
}

func TestErrors(t *testing.T) {
	syntax := withText(sql.Errorf("42601", "syntax error").At(14).WithHint("do this"), "select\n  1 +\tFROM x")
	for _, tc := range []struct {
		err  error
		code int
		want string
	}{
		{usagef("wrong %s", "flag"), exitUsage, "sluice: wrong flag\n"},
		{errors.New("broken"), exitFailed, "sluice: broken\n"},
		{fmt.Errorf("deep: %w", usagef("x")), exitUsage, "--help"},
		{syntax, exitFailed, "ERROR:  42601: syntax error\nLINE 2:   1 + FROM x\n              ^\nHINT:  do this\n"},
		{sql.Errorf(sql.CodeQueryCanceled, "canceled"), exitInterrupted, "ERROR:  57014: canceled\n"},
	} {
		var b bytes.Buffer
		printError(&b, tc.err)
		if got := exitCode(tc.err); got != tc.code || !strings.Contains(b.String(), tc.want) {
			t.Errorf("%v: exit %d, want %d, text\n%s", tc.err, got, tc.code, b.String())
		}
	}
}

// TestHelp: every command says what it does and, if it takes arguments, by example.
func TestHelp(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s says nothing", c.CommandPath())
		}
		for _, k := range c.Commands() {
			walk(k)
		}
	}
	walk(rootCommand())
	for _, args := range [][]string{{"frob"}, {"serve", "x"}, {"query"}, {"query", "--format", "xml", "select 1"}, {"crawl", "s3://b/"}, {"crawl", "b", "-d", "x"},
		{"serve", "--no-such-flag"}, {"serve", "--set", "x"}, {"serve", "--set", "no.key=1"}, {"demo", "--scale", "0", "--dir", t.TempDir()},
		{"demo", "--lake", "gs://b", "--dir", t.TempDir()}, {"inspect"}, {"catalog", "restore"}} {
		c := rootCommand()
		c.SetArgs(args)
		c.SetOut(&bytes.Buffer{})
		if err := c.Execute(); err == nil || exitCode(err) != exitUsage {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestWriteFileIsWholeOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	run := func(text string, fail error) error {
		return writeFile(path, func(w io.Writer) error {
			w.Write([]byte(text))
			return fail
		})
	}
	if err := run("first", nil); err != nil {
		t.Fatal(err)
	}
	if err := run("second", errors.New("broken")); err == nil {
		t.Error("no error")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "first" {
		t.Errorf("%q, %v", b, err)
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
}

// certificate writes a new self-signed certificate and returns its files.
func certificate(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: kder}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestReload: what can change does, a broken configuration changes nothing.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Default()
	cfg.DataDir = filepath.Join(dir, "data")
	cfg.TLS.Cert, cfg.TLS.Key = certificate(t, dir, 1)
	var logged bytes.Buffer
	level := &slog.LevelVar{}
	log := slog.New(slog.NewTextHandler(&logged, nil))
	a, err := newApp(context.Background(), cfg, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s := &service{cfg: cfg, log: log, level: level, app: a}
	cert, err := loadTLS(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.cert.Store(cert)
	s.pg = pgwire.New(a.engine, a.engine, pgwire.Config{Log: log})
	next := *cfg
	next.Cache.Memory, next.Log.Level, next.Listen = 3<<20, "debug", "elsewhere:1"
	certificate(t, dir, 2)
	s.reload(func() (*config.Config, error) { return &next, nil })
	if a.cache.Stats().Budget != 3<<20 || level.Level() != slog.LevelDebug || s.cfg.Listen != cfg.Listen {
		t.Errorf("not applied: %+v", s.cfg)
	}
	leaf, err := x509.ParseCertificate(s.cert.Load().Certificates[0].Certificate[0])
	if err != nil || leaf.SerialNumber.Int64() != 2 {
		t.Errorf("certificate %v, %v", leaf, err)
	}
	if text := logged.String(); !strings.Contains(text, "changed=cache.memory,log.level") || !strings.Contains(text, "keys=listen") {
		t.Errorf("log:\n%s", text)
	}
	bad := next
	bad.Cache.Memory, bad.TLS.Cert = 5<<20, filepath.Join(dir, "none")
	s.reload(func() (*config.Config, error) { return &bad, nil })
	s.reload(func() (*config.Config, error) { return nil, errors.New("unknown key") })
	if a.cache.Stats().Budget != 3<<20 || strings.Count(logged.String(), "configuration not reloaded") != 2 {
		t.Errorf("a broken configuration was applied:\n%s", logged.String())
	}
}

// TestBadStart: what cannot be opened is told, and what was opened before is closed.
func TestBadStart(t *testing.T) {
	for what, set := range map[string]func(cfg *config.Config){
		"absent":        func(cfg *config.Config) { cfg.Roots = []string{filepath.Join(cfg.DataDir, "absent")} },
		"prices":        func(cfg *config.Config) { cfg.Prices = filepath.Join(cfg.DataDir, "none.yaml") },
		"not a directo": func(cfg *config.Config) { cfg.SpillDir = filepath.Join(cfg.DataDir, "catalog.db") },
	} {
		cfg := config.Default()
		cfg.DataDir = filepath.Join(t.TempDir(), "data")
		set(cfg)
		a, err := newApp(context.Background(), cfg, slog.New(slog.DiscardHandler), nil)
		if a != nil || err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestDemo makes a small demo lake, finds it again and asks it the queries that
// are printed.
func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		c := rootCommand()
		c.SetOut(&out)
		c.SetArgs(args)
		err := c.Execute()
		return out.String(), err
	}
	for range 2 {
		if _, err := run("demo", "--dir", dir, "--scale", "0.001"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run("demo", "--dir", dir, "--scale", "0.5"); exitCode(err) != exitUsage {
		t.Errorf("another scale: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("password: %v, %v", info, err)
	}
	conf := filepath.Join(dir, "sluice.yaml")
	out, err := run("query", "--config", conf, "--format", "csv", "select count(*) > 1000 as many, count(distinct event_type) as types from events")
	if err != nil || out != "many,types\nt,8\n" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = run("query", "--config", conf, tryOut)
	if err != nil || strings.Count(out, " rows)") < 3 || !strings.Contains(out, "Partitions: 7 of 365") {
		t.Errorf("%s, %v", out, err)
	}
	backup := filepath.Join(dir, "backup.db")
	for _, args := range [][]string{{"backup", backup}, {"restore", backup}, {"export"}} {
		out, err := run(append([]string{"catalog", "--config", conf}, args...)...)
		if err != nil || out == "" {
			t.Errorf("%q: %q, %v", args, out, err)
		}
		if strings.Contains(out, "SCRAM-SHA-256") {
			t.Error("the export holds verifiers")
		}
	}
	file := filepath.Join(dir, "lake/processed/products/part-0000.parquet")
	if out, err := run("inspect", file); err != nil || !strings.Contains(out, "product_id") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run("crawl", "--config", conf, "file://"+filepath.Join(dir, "lake/processed")+"/", "-d", "found")
	if err != nil || strings.Count(out, "created") != 5 {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run("query", "--config", conf, "--format", "csv",
		"select (select count(*) from found.events join processed.events using (event_id)) = (select count(*) from events) as same")
	if err != nil || out != "same\nt\n" {
		t.Errorf("%q, %v", out, err)
	}
}
