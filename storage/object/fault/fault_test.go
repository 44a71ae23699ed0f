package fault_test

import (
	"bytes"
	"math/bits"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/fault"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformanceWithoutFaults(t *testing.T) {
	objecttest.Run(t, objecttest.Implementation{
		New: func(*testing.T) (object.Store, string) { return fault.New(mem.New(10), 1), "mem://bucket/" },
		Slow: func(t *testing.T) (object.Store, string) {
			s := fault.New(mem.New(10), 1, fault.Rule{Op: fault.Read, Delay: time.Minute})
			objecttest.Put(t, s, "mem://b/slow", make([]byte, 1<<20))
			return s, "mem://b/slow"
		},
	})
}

func TestScript(t *testing.T) {
	s := fault.New(mem.New(0), 1)
	const url = "mem://b/k"
	data := objecttest.Bytes(1, 1000)
	info := objecttest.Put(t, s, url, data)
	p := make([]byte, 100)
	read := func(off int64) error { return s.ReadRange(t.Context(), url, info.ETag, off, p) }

	s.Add(fault.Rule{Op: fault.Read, Skip: 1, Times: 2, Err: object.Failed("read", url, nil)})
	for i, fails := range []bool{false, true, true, false} {
		if err := read(0); (err != nil) != fails {
			t.Errorf("read %d: %v", i, err)
		}
	}
	s.Reset()
	s.Add(fault.Rule{Op: fault.Read, Prefix: "mem://other", Err: object.Changed(url)})
	if err := read(0); err != nil {
		t.Error(err)
	}
	s.Reset()
	s.Add(fault.Rule{Op: fault.Read, TruncateAt: 150})
	if err := read(50); err != nil {
		t.Error(err)
	}
	objecttest.WantCode(t, read(51), sql.CodeDataCorrupted)
	objecttest.WantCode(t, read(900), sql.CodeDataCorrupted)
	s.Reset()
	s.Add(fault.Rule{Op: fault.Read, FlipBit: true})
	if err := read(0); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i := range p {
		wrong += bits.OnesCount8(p[i] ^ data[i])
	}
	if wrong != 1 {
		t.Errorf("%d bits are wrong", wrong)
	}
	if n := s.Calls(fault.Read); n != 9 {
		t.Errorf("%d reads counted", n)
	}
}

func TestSeed(t *testing.T) {
	pattern := func(seed uint64) (out []bool) {
		s := fault.New(mem.New(0), seed, fault.Rule{Op: fault.Head, Chance: 0.5, Err: object.Changed("x")})
		for range 64 {
			_, err := s.Head(t.Context(), "mem://b/none")
			out = append(out, sql.AsError(err).Code == sql.CodeSerializationFailure)
		}
		return out
	}
	bools := func(b []bool) []byte {
		out := make([]byte, len(b))
		for i := range b {
			if b[i] {
				out[i] = 1
			}
		}
		return out
	}
	a := bools(pattern(1))
	if !bytes.Equal(a, bools(pattern(1))) || bytes.Equal(a, bools(pattern(2))) {
		t.Error("the seed does not determine the faults")
	}
	if n := bytes.Count(a, []byte{1}); n < 16 || n > 48 {
		t.Errorf("%d of 64 calls fail", n)
	}
}

func TestStaleListing(t *testing.T) {
	s := fault.New(mem.New(0), 1)
	objecttest.Put(t, s, "mem://b/t/a", nil)
	objecttest.Put(t, s, "mem://b/t/gone/b", nil)
	if err := s.Freeze(t.Context(), "mem://b/t/"); err != nil {
		t.Fatal(err)
	}
	objecttest.Put(t, s, "mem://b/t/new", nil)
	if err := s.Delete(t.Context(), "mem://b/t/gone/b"); err != nil {
		t.Fatal(err)
	}
	objects, prefixes := objecttest.List(t, s, "mem://b/t/", "/", "")
	if len(objects) != 1 || len(prefixes) != 1 {
		t.Errorf("stale: %v %v", objects, prefixes)
	}
	s.Reset()
	objects, prefixes = objecttest.List(t, s, "mem://b/t/", "/", "")
	if len(objects) != 2 || len(prefixes) != 0 {
		t.Errorf("fresh: %v %v", objects, prefixes)
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	for _, op := range []fault.Op{fault.Create, fault.Write, fault.Close} {
		s := fault.New(mem.New(0), 1, fault.Rule{Op: op, Err: object.Failed("write", "x", nil)})
		w, err := s.Create(t.Context(), "mem://b/k", false)
		if err == nil {
			if _, err = w.Write([]byte("x")); err == nil {
				_, err = w.Close()
			}
			w.Abort()
		}
		objecttest.WantCode(t, err, sql.CodeIOError)
		if objects, _ := objecttest.List(t, s, "mem://b/", "", ""); len(objects) != 0 {
			t.Errorf("%s: left %v", op, objects)
		}
	}
}
