package parquet

import (
	"sync"
	"unsafe"
)

// buffer is a reused piece of memory with slack bytes behind its content. b has
// its full usable length.
type buffer struct {
	b []byte
}

func (b *buffer) size() int64 {
	if b == nil {
		return 0
	}
	return int64(cap(b.b))
}

// offset returns where s, a part of the buffer, begins in it.
func (b *buffer) offset(s []byte) int {
	if len(s) == 0 {
		return 0
	}
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(s))) - uintptr(unsafe.Pointer(unsafe.SliceData(b.b))))
}

// aligned reports whether b may be viewed as 8-byte values.
func aligned(b []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(b)))&7 == 0
}

// bufferPool keeps the free buffers of one reader; one goroutine uses it.
type bufferPool struct {
	free  []*buffer
	all   []*buffer // every buffer it has made or taken from spare
	bytes int64     // of all
	spare *spareBuffers
}

// spareBuffers holds the buffers of readers that have ended for those to come:
// fresh memory costs its clearing and the faults of its first touch, for every
// statement anew. Safe for concurrent use.
type spareBuffers struct {
	mu    sync.Mutex
	list  []*buffer
	bytes int64
}

// maxSpare bounds what lies in spareBuffers.
const maxSpare = 8 << 20

// take returns a buffer with room for n bytes that is not much larger, nil if there is none.
func (s *spareBuffers) take(n int) *buffer {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	best := bestFit(s.list, n)
	if best < 0 || len(s.list[best].b) > 2*n+64<<10 {
		return nil
	}
	b := s.list[best]
	s.list[best] = s.list[len(s.list)-1]
	s.list[len(s.list)-1] = nil
	s.list = s.list[:len(s.list)-1]
	s.bytes -= b.size()
	return b
}

// give takes over buffers that nobody refers to any more.
func (s *spareBuffers) give(list []*buffer) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range list {
		if s.bytes+b.size() <= maxSpare {
			s.list = append(s.list, b)
			s.bytes += b.size()
		}
	}
}

// bestFit finds the smallest buffer with room for n bytes, -1 if there is none.
func bestFit(list []*buffer, n int) int {
	best := -1
	for i, f := range list {
		if len(f.b) >= n && (best < 0 || len(f.b) < len(list[best].b)) {
			best = i
		}
	}
	return best
}

// close hands all buffers on: the reader and what it gave out are not used again.
func (p *bufferPool) close() {
	p.spare.give(p.all)
	*p = bufferPool{}
}

// fit returns a buffer with room for n bytes: old if it fits, else another, and
// old goes back. The content is lost.
func (p *bufferPool) fit(old *buffer, n int) *buffer {
	if old != nil {
		if len(old.b) >= n {
			return old
		}
		p.put(old)
	}
	return p.get(n)
}

func (p *bufferPool) get(n int) *buffer {
	best := bestFit(p.free, n)
	if best >= 0 && len(p.free[best].b) <= 8*n+1<<20 {
		f := p.free[best]
		last := len(p.free) - 1
		p.free[best] = p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		return f
	}
	if b := p.spare.take(n); b != nil {
		p.bytes += b.size()
		p.all = append(p.all, b)
		return b
	}
	size := max(n+n/8, 4<<10)
	w := make([]uint64, (size+slack+7)/8)
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)
	p.bytes += int64(len(b))
	out := &buffer{b: b[:len(b)-slack]}
	if p.spare != nil {
		p.all = append(p.all, out)
	}
	return out
}

// maxFree is how many unused buffers a reader keeps.
const maxFree = 64

func (p *bufferPool) put(b *buffer) {
	if b == nil {
		return
	}
	if len(p.free) >= maxFree {
		small := 0
		for i, f := range p.free {
			if len(f.b) < len(p.free[small].b) {
				small = i
			}
		}
		p.free[small] = b
		return
	}
	p.free = append(p.free, b)
}
