package object

import (
	"math/bits"
	"sync"
)

// Read buffers are reused in classes of powers of two, from 4 KiB to 16 MiB:
// making and clearing a fresh one costs as much as reading it from a local file.
const (
	minClass = 12
	maxClass = 24
)

var buffers [maxClass + 1]sync.Pool // of *[]byte with that capacity

func class(n int) int { return max(bits.Len(uint(max(n, 1)-1)), minClass) }

// getBuffer returns n bytes of arbitrary content.
func getBuffer(n int) []byte {
	c := class(n)
	if c > maxClass {
		return make([]byte, n)
	}
	if p, ok := buffers[c].Get().(*[]byte); ok {
		return (*p)[:n]
	}
	return make([]byte, n, 1<<c)
}

func putBuffer(p []byte) {
	if c := class(cap(p)); c <= maxClass && cap(p) == 1<<c {
		p = p[:0]
		buffers[c].Put(&p)
	}
}
