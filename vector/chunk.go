package vector

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Chunks are reused buffers in power-of-two sizes from 1 KiB to 1 MiB: growing
// by doubling large arrays and first touch of fresh memory both cost more than
// the work done in them, so nothing steady-state allocates.
const (
	minChunkLog = 10
	maxChunkLog = 20
)

// ChunkMax is the largest chunk.
const ChunkMax = 1 << maxChunkLog

type chunkClass struct {
	mu   sync.Mutex
	free [][]byte
}

// Chunks is a pool of byte buffers, safe for concurrent use. The zero value is ready.
type Chunks struct {
	class [maxChunkLog - minChunkLog + 1]chunkClass
	idle  atomic.Int64
}

// Get returns a buffer of length n (0 < n <= ChunkMax) with arbitrary content,
// 8-byte aligned, its capacity a power of two.
func (c *Chunks) Get(n int) []byte {
	k := 0
	if n > 1<<minChunkLog {
		k = bits.Len(uint(n-1)) - minChunkLog
	}
	cl := &c.class[k]
	cl.mu.Lock()
	if l := len(cl.free); l > 0 {
		b := cl.free[l-1]
		cl.free[l-1] = nil
		cl.free = cl.free[:l-1]
		cl.mu.Unlock()
		c.idle.Add(-int64(cap(b)))
		return b[:n]
	}
	cl.mu.Unlock()
	w := make([]uint64, 1<<(k+minChunkLog-3))
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)[:n]
}

// Put gives back a buffer that Get returned; nobody may use it any more.
func (c *Chunks) Put(b []byte) {
	k := bits.Len(uint(cap(b)-1)) - minChunkLog
	if cap(b) == 1<<minChunkLog {
		k = 0
	}
	if k < 0 || k >= len(c.class) || cap(b) != 1<<(k+minChunkLog) {
		return
	}
	cl := &c.class[k]
	cl.mu.Lock()
	cl.free = append(cl.free, b[:cap(b)])
	cl.mu.Unlock()
	c.idle.Add(int64(cap(b)))
}

// Idle returns the bytes that lie in the pool unused.
func (c *Chunks) Idle() int64 { return c.idle.Load() }

// Trim drops pooled buffers until at most keep bytes lie idle, largest first.
func (c *Chunks) Trim(keep int64) {
	for k := len(c.class) - 1; k >= 0 && c.idle.Load() > keep; k-- {
		cl := &c.class[k]
		cl.mu.Lock()
		for len(cl.free) > 0 && c.idle.Load() > keep {
			b := cl.free[len(cl.free)-1]
			cl.free[len(cl.free)-1] = nil
			cl.free = cl.free[:len(cl.free)-1]
			c.idle.Add(-int64(cap(b)))
		}
		cl.mu.Unlock()
	}
}
