package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	kgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/sluicedb/sluice/sql"
)

// codec is a compression codec, by its number in the format.
type codec uint8

const (
	codecNone codec = iota
	codecSnappy
	codecGzip
	codecLZO
	codecBrotli
	codecLZ4Hadoop
	codecZstd
	codecLZ4Raw
)

var codecNames = [...]string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}

func (c codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return fmt.Sprintf("codec %d", uint8(c))
}

// inflater decompresses pages. It keeps decoders between pages; one goroutine.
type inflater struct {
	zstd   *zstd.Decoder
	gzip   *kgzip.Reader
	brotli *brotli.Reader
	in     bytes.Reader
	eight  bool // the page holds 8-byte values
}

func (f *inflater) close() {
	if f.zstd != nil {
		f.zstd.Close()
		f.zstd = nil
	}
}

// trustRatio is how much larger than its compressed form a page may claim to be
// before memory is given to it only as data really appears.
const trustRatio = 1040

// maxBomb bounds a page that expands by more than trustRatio.
const maxBomb = 256 << 20

// inflate decompresses src, which the page header says becomes exactly n bytes.
// get returns a buffer of length n (with slack behind it). It returns nil and a
// reason if src is malformed.
func (f *inflater) inflate(c codec, src []byte, n int, get func(n int) []byte) ([]byte, error) {
	if c == codecSnappy {
		// A snappy element expands to at most 64 bytes from 3.
		if l, err := snappy.DecodedLen(src); err != nil || l != n || n > 24*len(src)+64 {
			return nil, fmt.Errorf("its snappy data does not expand to the %d bytes that the page header claims", n)
		}
		dst := get(n)
		if f.eight {
			if ok, fit := snappy64(dst, src); ok && fit {
				return dst, nil
			} else if fit {
				return nil, fmt.Errorf("its snappy data is damaged")
			}
		}
		out, err := snappy.Decode(dst, src)
		if err != nil || len(out) != n {
			return nil, fmt.Errorf("its snappy data is damaged")
		}
		return dst, nil
	}
	if n > trustRatio*len(src)+1<<20 {
		if n > maxBomb {
			return nil, sql.Errorf(sql.CodeProgramLimitExceeded, "a page of %d bytes expands to %d bytes", len(src), n).
				WithHint("Write the file again with smaller pages, or with another codec.")
		}
		return f.stream(c, src, n, get)
	}
	dst := get(n)
	switch c {
	case codecZstd:
		if f.zstd == nil {
			d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(1<<31), zstd.WithDecodeAllCapLimit(true))
			if err != nil {
				return nil, err
			}
			f.zstd = d
		}
		out, err := f.zstd.DecodeAll(src, dst[:0:n])
		if err != nil {
			return nil, fmt.Errorf("its zstd data is damaged: %w", err)
		}
		if len(out) != n {
			return nil, fmt.Errorf("its zstd data expands to %d bytes, the page header claims %d", len(out), n)
		}
		return dst, nil
	case codecLZ4Raw:
		k, err := lz4.UncompressBlock(src, dst)
		if err != nil || k != n {
			return nil, fmt.Errorf("its LZ4 data does not expand to the %d bytes that the page header claims", n)
		}
		return dst, nil
	case codecLZ4Hadoop:
		return dst, lz4Hadoop(dst, src)
	case codecGzip, codecBrotli:
		r, err := f.reader(c, src)
		if err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(r, dst); err != nil {
			return nil, fmt.Errorf("its %s data is damaged: %w", c, err)
		}
		var one [1]byte
		if _, err := io.ReadFull(r, one[:]); err != io.EOF {
			return nil, fmt.Errorf("its %s data does not end after the %d bytes that the page header claims", c, n)
		}
		return dst, nil
	}
	return nil, fmt.Errorf("its codec %s is not supported", c)
}

// reader returns a stream of src's content; gzip members may be concatenated.
func (f *inflater) reader(c codec, src []byte) (io.Reader, error) {
	f.in.Reset(src)
	switch c {
	case codecGzip:
		var err error
		if f.gzip == nil {
			f.gzip, err = kgzip.NewReader(&f.in)
		} else {
			err = f.gzip.Reset(&f.in)
		}
		if err != nil {
			return nil, fmt.Errorf("its gzip data is damaged: %w", err)
		}
		return f.gzip, nil
	case codecBrotli:
		if f.brotli == nil {
			f.brotli = brotli.NewReader(&f.in)
		} else if err := f.brotli.Reset(&f.in); err != nil {
			return nil, err
		}
		return f.brotli, nil
	case codecZstd:
		return zstd.NewReader(&f.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	}
	return nil, fmt.Errorf("its %s data cannot expand to what the page header claims", c)
}

// stream decompresses a page that claims an improbable size: the buffer grows
// with what really comes out.
func (f *inflater) stream(c codec, src []byte, n int, get func(n int) []byte) ([]byte, error) {
	r, err := f.reader(c, src)
	if err != nil {
		return nil, err
	}
	if d, ok := r.(*zstd.Decoder); ok {
		defer d.Close()
	}
	var b bytes.Buffer
	k, err := io.Copy(&b, io.LimitReader(r, int64(n)+1))
	if err != nil || k != int64(n) {
		return nil, fmt.Errorf("its %s data does not expand to the %d bytes that the page header claims", c, n)
	}
	dst := get(n)
	copy(dst, b.Bytes())
	return dst, nil
}

// lz4Hadoop decodes Hadoop's framing of LZ4 (big-endian sizes before each block),
// and, as other readers do, a bare block where that does not fit.
func lz4Hadoop(dst, src []byte) error {
	if hadoopFrames(dst, src) {
		return nil
	}
	if k, err := lz4.UncompressBlock(src, dst); err == nil && k == len(dst) {
		return nil
	}
	r := lz4.NewReader(bytes.NewReader(src))
	if _, err := io.ReadFull(r, dst); err == nil {
		return nil
	}
	return fmt.Errorf("its LZ4 data does not expand to the %d bytes that the page header claims", len(dst))
}

func hadoopFrames(dst, src []byte) bool {
	for len(src) >= 8 {
		outer := int(binary.BigEndian.Uint32(src))
		src = src[4:]
		if outer > len(dst) {
			return false
		}
		for outer > 0 {
			if len(src) < 4 {
				return false
			}
			n := int(binary.BigEndian.Uint32(src))
			if n > len(src)-4 {
				return false
			}
			k, err := lz4.UncompressBlock(src[4:4+n], dst[:outer])
			if err != nil || k == 0 {
				return false
			}
			src, dst, outer = src[4+n:], dst[k:], outer-k
		}
	}
	return len(src) == 0 && len(dst) == 0
}
