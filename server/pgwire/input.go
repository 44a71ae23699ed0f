package pgwire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
)

// inputLimit is in bytes.
const inputLimit = 256 << 10

// input reads ahead from a connection, so that a client that vanishes is noticed
// while its statement runs: gone is called then, once.
type input struct {
	src  net.Conn
	gone func()

	mu    sync.Mutex
	cond  sync.Cond
	limit int // it waits when more than that is unread
	buf   []byte
	off   int
	err   error
}

func newInput(src net.Conn, limit int, gone func()) *input {
	in := &input{src: src, limit: limit, gone: gone}
	in.cond.L = &in.mu
	return in
}

// run reads until the connection ends. It is the connection's second goroutine.
func (in *input) run() {
	chunk := make([]byte, 16<<10)
	for {
		n, err := in.src.Read(chunk)
		in.mu.Lock()
		in.buf = append(in.buf, chunk[:n]...)
		if err != nil {
			in.err = err
		}
		in.cond.Broadcast()
		for in.err == nil && len(in.buf)-in.off > in.limit {
			in.cond.Wait()
		}
		in.mu.Unlock()
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) { // a deadline is of our own making
				in.gone()
			}
			return
		}
	}
}

// Read waits for bytes.
func (in *input) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.off == len(in.buf) {
		if in.err != nil {
			return 0, in.err
		}
		in.cond.Wait()
	}
	n := copy(p, in.buf[in.off:])
	in.off += n
	if in.off == len(in.buf) {
		in.buf, in.off = in.buf[:0], 0
		in.cond.Broadcast()
	}
	return n, nil
}

func (in *input) setLimit(n int) {
	in.mu.Lock()
	in.limit = n
	in.mu.Unlock()
	in.cond.Broadcast()
}

// ended reports whether no more bytes will come.
func (in *input) ended() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err != nil && in.off == len(in.buf)
}

// fail makes pending and later reads fail: the session is ended from outside.
func (in *input) fail(err error) {
	in.mu.Lock()
	if in.err == nil {
		in.err = err
	}
	in.cond.Broadcast()
	in.mu.Unlock()
}

var _ io.Reader = (*input)(nil)
