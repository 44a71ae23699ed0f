package exec

import (
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/klauspost/compress/s2"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// spillDir makes a statement's spill files. The files have no name (or lose it at
// once), so that nothing is left of them when the process dies, and only their
// owner may read them.
type spillDir struct {
	dir   string
	mu    sync.Mutex
	files []*spillFile
}

func (d *spillDir) create(node *counters) (*spillFile, error) {
	dir := d.dir
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := openUnnamed(dir)
	if err != nil {
		return nil, spillError(err)
	}
	s := &spillFile{f: f, node: node}
	d.mu.Lock()
	d.files = append(d.files, s)
	d.mu.Unlock()
	return s, nil
}

func (d *spillDir) close() {
	d.mu.Lock()
	list := d.files
	d.files = nil
	d.mu.Unlock()
	for _, f := range list {
		f.close()
	}
}

// openNamed makes a file and removes its name.
func openNamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "spill-*") // mode 0600
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func spillError(err error) error {
	code, msg := sql.CodeIOError, "could not use a temporary file: "+err.Error()
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code, msg = sql.CodeDiskFull, "no space left for temporary files"
	}
	return (&sql.Error{Code: code, Message: msg, Cause: err}).
		WithHint("The statement needs more memory than its limit allows and spills to disk: make room there, or raise the memory limit.")
}

// frameRef tells where a frame of rows lies in a spill file.
type frameRef struct {
	off  int64
	size int
	rows int
}

// spillFile holds frames: compressed batches. Frames are appended by one goroutine
// at a time (write locks) and read by any.
type spillFile struct {
	f    *os.File
	node *counters
	mu   sync.Mutex
	end  int64
	raw  []byte
	comp []byte
}

func (s *spillFile) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
}

// write appends the selected rows as a frame.
func (s *spillFile) write(cols []*vector.Vec, sel []int32, n int) (frameRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sel != nil {
		n = len(sel)
	}
	s.raw = s.raw[:0]
	for _, c := range cols {
		s.raw = encodeVec(s.raw, c, sel, n)
	}
	if need := s2.MaxEncodedLen(len(s.raw)); cap(s.comp) < need {
		s.comp = make([]byte, need)
	}
	out := s2.Encode(s.comp[:cap(s.comp)], s.raw)
	if s.f == nil {
		return frameRef{}, errClosed
	}
	if _, err := s.f.WriteAt(out, s.end); err != nil {
		return frameRef{}, spillError(err)
	}
	r := frameRef{s.end, len(out), n}
	s.end += int64(len(out))
	if s.node != nil {
		s.node.spill.Add(int64(len(out)))
	}
	return r, nil
}

// frame is a decoded frame and the buffers it lies in, which are used again.
type frame struct {
	comp, raw []byte
	vecs      []vector.Vec
	batch     vector.Batch
}

// read decodes a frame into fr; the batch is valid until fr is used again.
func (s *spillFile) read(r frameRef, types []sql.Type, fr *frame) (*vector.Batch, error) {
	if cap(fr.comp) < r.size {
		fr.comp = make([]byte, r.size)
	}
	buf := fr.comp[:r.size]
	if _, err := s.f.ReadAt(buf, r.off); err != nil {
		return nil, spillError(err)
	}
	n, err := s2.DecodedLen(buf)
	if err == nil {
		if cap(fr.raw) < n {
			fr.raw = vector.Bytes(make([]uint64, (n+7)/8))
		}
		fr.raw, err = s2.Decode(fr.raw[:cap(fr.raw)], buf)
	}
	if err != nil {
		return nil, spillError(err)
	}
	if fr.vecs == nil {
		fr.vecs = make([]vector.Vec, len(types))
		fr.batch.Cols = make([]*vector.Vec, len(types))
	}
	d := decoder{raw: fr.raw}
	for i, t := range types {
		d.vec(&fr.vecs[i], t, r.rows)
		fr.batch.Cols[i] = &fr.vecs[i]
	}
	fr.batch.N, fr.batch.Sel = r.rows, nil
	return &fr.batch, nil
}

// encodeVec appends a column of n rows: layout, whether it has NULLs, the validity
// bitmap, then the values; everything starts at a multiple of 8 bytes. Strings are
// pairs of length and place in the bytes that follow, where equal ones lie once.
func encodeVec(dst []byte, v *vector.Vec, sel []int32, n int) []byte {
	src := v
	if v.Form == vector.Dict {
		src = v.Dict
	}
	nulls := v.MayHaveNulls()
	head := uint64(src.Layout)
	if nulls {
		head |= 1 << 8
	}
	dst = binary.LittleEndian.AppendUint64(dst, head)
	row := func(k int) int {
		if sel != nil {
			return int(sel[k])
		}
		return k
	}
	if nulls {
		for k := 0; k < n; k += 64 {
			var w uint64
			for j := k; j < min(k+64, n); j++ {
				if !v.IsNull(row(j)) {
					w |= 1 << uint(j&63)
				}
			}
			dst = binary.LittleEndian.AppendUint64(dst, w)
		}
	}
	switch src.Layout {
	case vector.LNone:
	case vector.LStr:
		dst = encodeStrings(dst, v, row, n)
	case vector.LList:
		var child []int32
		for k := range n {
			l, i, null := v.At(row(k))
			var m int32
			if !null {
				m = l.Offsets[i+1] - l.Offsets[i]
				for e := l.Offsets[i]; e < l.Offsets[i+1]; e++ {
					child = append(child, e)
				}
			}
			dst = binary.LittleEndian.AppendUint32(dst, uint32(m))
		}
		dst = pad8(dst)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(child)))
		if child == nil {
			child = []int32{}
		}
		if src.Child != nil {
			dst = encodeVec(dst, src.Child, child, len(child))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(vector.LNone))
		}
	case vector.LStruct:
		at := make([]int32, n)
		for k := range n {
			_, i, _ := v.At(row(k))
			at[k] = int32(i)
		}
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(src.Children)))
		for _, c := range src.Children {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Type.OID)|uint64(uint32(c.Type.Mod))<<32)
			dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Type.Dec.P)|uint64(c.Type.Dec.S)<<8)
			dst = encodeVec(dst, c, at, n)
		}
	default:
		w := src.Layout.Size()
		var flat vector.Vec
		vector.Gather(v, sel, n, &flat)
		dst = append(dst, flat.Data[:n*w]...)
		dst = pad8(dst)
	}
	return dst
}

func pad8(b []byte) []byte {
	for len(b)&7 != 0 {
		b = append(b, 0)
	}
	return b
}

// encodeStrings writes 8 bytes a string and then the bytes of all.
func encodeStrings(dst []byte, v *vector.Vec, row func(int) int, n int) []byte {
	var seen [512]struct{ off, size uint32 } // places of strings, by hash, 1-based
	refs := len(dst)
	dst = append(dst, make([]byte, 8*n+8)...)
	heap := len(dst)
	for k := range n {
		src, i, null := v.At(row(k))
		if null {
			continue
		}
		s := vector.Values[vector.StrView](src)[i].Bytes(src.Bufs)
		slot := &seen[vector.HashBytes(s)>>55]
		off := uint32(len(dst) - heap)
		if slot.size == uint32(len(s))+1 && string(dst[heap+int(slot.off):][:len(s)]) == string(s) {
			off = slot.off
		} else {
			dst = append(dst, s...)
			slot.off, slot.size = off, uint32(len(s))+1
		}
		binary.LittleEndian.PutUint32(dst[refs+8*k:], uint32(len(s)))
		binary.LittleEndian.PutUint32(dst[refs+8*k+4:], off)
	}
	binary.LittleEndian.PutUint64(dst[refs+8*n:], uint64(len(dst)-heap))
	return pad8(dst)
}

// decoder reads what encodeVec wrote. Vectors share its bytes.
type decoder struct{ raw []byte }

func (d *decoder) word() uint64 {
	w := binary.LittleEndian.Uint64(d.raw)
	d.raw = d.raw[8:]
	return w
}

func (d *decoder) take(n int) []byte {
	b := d.raw[:n:n]
	d.raw = d.raw[(n+7)&^7:]
	return b
}

func (d *decoder) vec(v *vector.Vec, t sql.Type, n int) {
	head := d.word()
	old := v.Data
	*v = vector.Vec{Type: t, Layout: vector.Layout(head & 0xff), N: n}
	if head>>8&1 != 0 {
		v.Valid = vector.Bitmap(vector.Cast[uint64](d.take((n + 63) / 64 * 8)))
	}
	switch v.Layout {
	case vector.LNone:
	case vector.LStr:
		refs := d.take(8 * n)
		heap := d.take(int(d.word()))
		if cap(old) < 16*n {
			old = vector.Bytes(make([]uint64, 2*max(n, vector.BatchSize)))
		}
		v.Data, v.Bufs = old[:16*n], [][]byte{heap}
		views := vector.Values[vector.StrView](v)
		for k := range views {
			size, off := binary.LittleEndian.Uint32(refs[8*k:]), binary.LittleEndian.Uint32(refs[8*k+4:])
			views[k] = vector.ViewAt(heap[off:off+size], 0, off)
		}
	case vector.LList:
		lens := d.take(4 * n)
		v.Offsets = make([]int32, n+1)
		for k := range n {
			v.Offsets[k+1] = v.Offsets[k] + int32(binary.LittleEndian.Uint32(lens[4*k:]))
		}
		v.Child = &vector.Vec{}
		d.vec(v.Child, t.Elem(), int(d.word()))
	case vector.LStruct:
		v.Children = make([]*vector.Vec, d.word())
		for f := range v.Children {
			a, b := d.word(), d.word()
			ft := sql.Type{OID: sql.OID(uint32(a)), Mod: int32(a >> 32), Dec: sql.Dec{P: uint8(b), S: uint8(b >> 8)}}
			v.Children[f] = &vector.Vec{}
			d.vec(v.Children[f], ft, n)
		}
	default:
		v.Data = d.take(n * v.Layout.Size())
	}
}
