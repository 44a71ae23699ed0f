package s3_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	server "github.com/sluicedb/sluice/testdata/harness/s3"
)

// proxy forwards to the S3 server what its meddle function leaves alone.
type proxy struct {
	endpoint string
	forward  *httputil.ReverseProxy
	meddle   atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

func startProxy(t *testing.T, v *server.Server) *proxy {
	t.Helper()
	target, err := url.Parse(v.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	p := &proxy{forward: &httputil.ReverseProxy{
		// The request stays as it was signed, its Host included.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, r.In.Host
		},
		Transport: transport, FlushInterval: -1,
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.endpoint = "http://" + l.Addr().String()
	srv := &http.Server{Handler: p}
	var group sync.WaitGroup
	group.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() { srv.Close(); group.Wait(); transport.CloseIdleConnections() })
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if meddle := p.meddle.Load(); meddle != nil && (*meddle)(w, r) {
		return
	}
	p.pass(w, r)
}

func (p *proxy) set(f func(w http.ResponseWriter, r *http.Request) bool) { p.meddle.Store(&f) }

// pass forwards the request as it is.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request) {
	p.forward.ServeHTTP(w, r)
}

func TestCancelSlowRead(t *testing.T) {
	v := server.Start(t)
	p := startProxy(t, v)
	o := options(v)
	o.Endpoint = p.endpoint
	s := open(t, o)
	u := "s3://" + v.Bucket(t) + "/slow"
	objecttest.Put(t, s, u, objecttest.Bytes(1, 1<<20))
	for name, stall := range map[string]func(w http.ResponseWriter, r *http.Request){
		"before the answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in the body": func(w http.ResponseWriter, r *http.Request) {
			func() {
				defer func() { _ = recover() }() // ReverseProxy panics when a body breaks off
				p.pass(&cut{ResponseWriter: w, left: 1000}, r)
			}()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.set(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet {
					stall(w, r)
					return true
				}
				return false
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.ReadRange(ctx, u, "", 0, make([]byte, 1<<20)) }()
			time.Sleep(50 * time.Millisecond)
			start := time.Now()
			cancel()
			err := <-done
			if took := time.Since(start); took > 100*time.Millisecond {
				t.Errorf("the read stopped %v after its context", took)
			}
			objecttest.WantCode(t, err, sql.CodeQueryCanceled)
		})
	}
}

// cut swallows what exceeds left bytes of a body.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	n := min(c.left, len(p))
	c.left -= n
	if _, err := c.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func (c *cut) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// A connection that breaks in a body, again and again, costs requests but no
// byte: the read goes on where it stopped.
func TestResumedRead(t *testing.T) {
	v := server.Start(t)
	p := startProxy(t, v)
	o := options(v)
	o.Endpoint = p.endpoint
	s := open(t, o)
	u := "s3://" + v.Bucket(t) + "/broken"
	data := objecttest.Bytes(2, 1<<20)
	info := objecttest.Put(t, s, u, data)
	var gets atomic.Int32
	p.set(func(w http.ResponseWriter, r *http.Request) bool {
		if gets.Add(1) > 3 {
			return false
		}
		p.pass(&cut{ResponseWriter: w, left: 200_000}, r)
		panic(http.ErrAbortHandler) // closes the connection
	})
	var c object.Counters
	got := make([]byte, len(data)-1)
	if err := s.ReadRange(object.WithMeter(t.Context(), &c), u, info.ETag, 1, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != string(data[1:]) {
		t.Error("bytes differ")
	}
	if c.Gets != 4 || c.BytesRead != int64(len(got)) {
		t.Errorf("%d requests, %d bytes", c.Gets, c.BytesRead)
	}
}

func TestRetriesAreBounded(t *testing.T) {
	v := server.Start(t)
	p := startProxy(t, v)
	o := options(v)
	o.Endpoint, o.Attempts, o.Deadline = p.endpoint, 4, 20*time.Second
	s := open(t, o)
	u := "s3://" + v.Bucket(t) + "/x"
	info := objecttest.Put(t, s, u, []byte("0123"))
	var requests atomic.Int32
	fail := func(times int32, how func(w http.ResponseWriter)) {
		requests.Store(0)
		p.set(func(w http.ResponseWriter, _ *http.Request) bool {
			if requests.Add(1) > times {
				return false
			}
			how(w)
			return true
		})
	}
	unavailable := func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	fail(3, unavailable)
	if err := s.ReadRange(t.Context(), u, info.ETag, 0, make([]byte, 4)); err != nil {
		t.Errorf("three failures in four attempts: %v", err)
	}
	fail(3, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
	if _, err := s.Head(t.Context(), u); err != nil {
		t.Errorf("three lost connections in four attempts: %v", err)
	}
	fail(1000, unavailable)
	objecttest.WantCode(t, s.ReadRange(t.Context(), u, info.ETag, 0, make([]byte, 4)), sql.CodeIOError)
	if n := requests.Load(); n != 4 {
		t.Errorf("%d requests", n)
	}
	fail(1000, func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) })
	_, err := s.Head(t.Context(), u)
	objecttest.WantCode(t, err, sql.CodeInsufficientPrivilege)
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests although access is denied", n)
	}

	o.Deadline, o.Attempts, o.Stall = 300*time.Millisecond, 1000, 50*time.Millisecond
	impatient := open(t, o)
	p.set(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	start := time.Now()
	objecttest.WantCode(t, impatient.ReadRange(t.Context(), u, "", 0, make([]byte, 4)), sql.CodeIOError)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("gave up after %v", took)
	}
}

// If the answer to the completion of an upload is lost, the next attempt finds
// the object there; the upload knows it as its own.
func TestLostCompletion(t *testing.T) {
	v := server.Start(t)
	p := startProxy(t, v)
	o := options(v)
	o.Endpoint = p.endpoint
	s := open(t, o)
	for name, size := range map[string]int{"put": 1000, "multipart": 9 << 20} {
		t.Run(name, func(t *testing.T) {
			u := "s3://" + v.Bucket(t) + "/lost"
			var lost atomic.Bool
			p.set(func(_ http.ResponseWriter, r *http.Request) bool {
				completes := r.Method == http.MethodPost && r.URL.Query().Has("uploadId") || r.Method == http.MethodPut && r.URL.RawQuery == "x-id=PutObject"
				if !completes || !lost.CompareAndSwap(false, true) {
					return false
				}
				p.pass(&discarded{header: http.Header{}}, r)
				panic(http.ErrAbortHandler)
			})
			data := objecttest.Bytes(3, size)
			w, err := s.Create(t.Context(), u, true)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			info, err := w.Close()
			if err != nil {
				t.Fatal(err)
			}
			if !lost.Load() {
				t.Fatal("no answer was lost")
			}
			got := make([]byte, size)
			if err := s.ReadRange(t.Context(), u, info.ETag, 0, got); err != nil || string(got) != string(data) {
				t.Errorf("the object is not what was written: %v", err)
			}
		})
	}
}

// discarded takes an answer that nobody gets.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarded) WriteHeader(int)             {}
