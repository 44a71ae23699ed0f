// Package enginetest makes an engine over a lake in memory, for tests of the engine
// and of what lies above it.
package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/fault"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/table/hive"
	"github.com/sluicedb/sluice/vector"
)

// Database is the name that clients connect to.
const Database = "sluice"

// Rows is the number of rows of public.numbers (id bigint, note text), whose ids
// count from 0; its files have FileRows rows each.
const (
	Rows     = 100_000
	FileRows = 25_000
)

// Engine is an engine with what it was made of. It ends with the test.
type Engine struct {
	*engine.Engine
	Catalog *catalog.Catalog
	Store   *fault.Store // of the lake; without rules it only counts
	Log     *Log
}

// Start makes an engine; change, if not nil, changes its configuration.
func Start(tb testing.TB, change func(*engine.Config)) *Engine {
	tb.Helper()
	relations := system.New()
	cat, err := catalog.Open(filepath.Join(tb.TempDir(), "catalog.db"), relations.Options())
	if err != nil {
		tb.Fatal(err)
	}
	lake := mem.New(0)
	e := &Engine{Catalog: cat, Store: fault.New(lake, 1), Log: &Log{}}
	pool := exec.NewPool(2)
	tb.Cleanup(func() {
		pool.Close()
		if err := cat.Close(); err != nil {
			tb.Error(err)
		}
	})
	cfg := engine.Config{Catalog: cat, System: relations, Registry: expr.Builtins(), Store: object.NewMux(object.Route{Prefix: "s3://", Store: e.Store}),
		Files: hive.New(0), Parquet: parquet.New(parquet.Options{Cache: parquet.NewCache(16 << 20)}),
		Pool: pool, Memory: exec.NewBudget(nil, 1<<30), StatementMemory: 256 << 20, SpillDir: tb.TempDir(),
		Log: slog.New(slog.NewTextHandler(e.Log, nil)), Databases: []string{Database}}
	if change != nil {
		change(&cfg)
	}
	e.Engine = engine.New(cfg)
	for from := 0; from < Rows; from += FileRows {
		lake.Put(fmt.Sprintf("s3://lake/numbers/part-%d.parquet", from/FileRows), numbers(tb, from))
	}
	s := e.Session(tb, 0x7fffffff, "admin")
	s.Exec(tb, "CREATE DATABASE IF NOT EXISTS public")
	s.Exec(tb, "CREATE EXTERNAL TABLE public.numbers (id bigint, note string) STORED AS PARQUET LOCATION 's3://lake/numbers/'")
	s.Close()
	return e
}

// AddUser makes a user whom a SCRAM verifier lets in.
func (e *Engine) AddUser(tb testing.TB, name, verifier string, superuser bool) {
	tb.Helper()
	err := e.Catalog.Update(context.Background(), func(t *store.Tx) error {
		_, err := t.CreateRole(&store.Role{Name: name, Login: true, Superuser: superuser, ConnLimit: -1, Verifier: verifier})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func numbers(tb testing.TB, from int) []byte {
	tb.Helper()
	var out bytes.Buffer
	cols := []writer.Column{{Name: "id", Type: sql.Int8}, {Name: "note", Type: sql.Text}}
	w, err := writer.New(&out, cols, writer.Options{GroupRows: 5_000})
	if err != nil {
		tb.Fatal(err)
	}
	for at := from; at < from+FileRows; at += vector.BatchSize {
		n := min(vector.BatchSize, from+FileRows-at)
		ids, notes := make([]sql.Value, n), make([]sql.Value, n)
		for i := range n {
			ids[i] = sql.IntValue(cols[0].Type, int64(at+i))
			notes[i] = sql.TextValue(fmt.Sprintf("note of %d", at+i))
		}
		if err := w.Write(&vector.Batch{N: n, Cols: []*vector.Vec{vector.FlatOf(cols[0].Type, ids), vector.FlatOf(cols[1].Type, notes)}}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// Session is an engine's session, as a front door holds one.
type Session struct{ *engine.Session }

// Session opens a session; whoever asks for it closes it.
func (e *Engine) Session(tb testing.TB, pid int32, user string) *Session {
	tb.Helper()
	s, err := e.NewSession(context.Background(), engine.SessionOptions{PID: pid, User: user, Database: Database})
	if err != nil {
		tb.Fatal(err)
	}
	return &Session{s}
}

// Query runs a text as one simple query does and returns the last statement's rows,
// their values in text form.
func (s *Session) Query(text string) ([][]string, error) {
	var rows [][]string
	err := s.ExecText(context.Background(), text, engine.Results{
		Begin: func([]engine.Field) error { rows = nil; return nil },
		Rows: func(b *vector.Batch, from, to int) error {
			for i := from; i < to; i++ {
				r := i
				if b.Sel != nil {
					r = int(b.Sel[i])
				}
				row := make([]string, len(b.Cols))
				for c, v := range b.Cols {
					row[c] = string(sql.AppendText(nil, vector.ValueAt(v, r), s.Format()))
				}
				rows = append(rows, row)
			}
			return nil
		},
	})
	return rows, err
}

// Exec is Query of what must succeed.
func (s *Session) Exec(tb testing.TB, text string) [][]string {
	tb.Helper()
	rows, err := s.Query(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return rows
}

// Log is what the engine has logged.
type Log struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write takes lines of a handler.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// Lines returns the lines so far that contain all the words.
func (l *Log) Lines(words ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
next:
	for line := range strings.Lines(l.b.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		out = append(out, line)
	}
	return out
}
