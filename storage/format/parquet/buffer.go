package parquet

import "unsafe"

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
	bytes int64 // of all buffers made, free or in use
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
	best := -1
	for i, f := range p.free {
		if len(f.b) >= n && (best < 0 || len(f.b) < len(p.free[best].b)) {
			best = i
		}
	}
	if best >= 0 && len(p.free[best].b) <= 8*n+1<<20 {
		f := p.free[best]
		last := len(p.free) - 1
		p.free[best] = p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		return f
	}
	size := max(n+n/8, 4<<10)
	w := make([]uint64, (size+slack+7)/8)
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)
	p.bytes += int64(len(b))
	return &buffer{b: b[:len(b)-slack]}
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
		p.bytes -= int64(cap(p.free[small].b))
		p.free[small] = b
		return
	}
	p.free = append(p.free, b)
}
