package parquet

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/snappy"
)

// keys makes sorted or random 8-byte values, as dictionaries of keys have them.
func keys(rng *rand.Rand, n int, bits uint) []byte {
	b := make([]byte, 0, 8*n)
	x := uint64(0)
	for range n {
		if rng.IntN(50) == 0 || bits > 40 {
			x = rng.Uint64() >> (64 - bits)
		} else {
			x += rng.Uint64N(9)
		}
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return b
}

// checkSnappy compares our loop with the library.
func checkSnappy(t *testing.T, src []byte) {
	t.Helper()
	n, err := snappy.DecodedLen(src)
	if err != nil || n > 1<<22 {
		return
	}
	buf := make([]byte, n+slack)
	ok, fit := snappy64(buf[:n], src)
	want, err := snappy.Decode(nil, src)
	// The library takes S2 too, in which an offset of 0 repeats the last one: to Snappy
	// that is damage.
	if fit && ok != (err == nil) && !(err == nil && repeats(src)) {
		t.Fatalf("ok %v, the library says %v", ok, err)
	}
	if fit && ok && !bytes.Equal(buf[:n], want) {
		t.Fatal("other bytes than the library's")
	}
	if !bytes.Equal(buf[n:], make([]byte, slack)) {
		t.Fatal("bytes behind the destination were written")
	}
}

// repeats reports whether there is a copy from an offset of 0 in sound S2 data.
func repeats(src []byte) bool {
	_, s := binary.Uvarint(src)
	for s < len(src) {
		switch c := src[s]; c & 3 {
		case 0:
			l, more := int(c>>2), 0
			if l >= 60 {
				more = l - 59
				l = 0
				for i := range more {
					l |= int(src[s+1+i]) << (8 * i)
				}
			}
			s += 1 + more + l + 1
		case 1:
			if c>>5 == 0 && src[s+1] == 0 {
				return true
			}
			s += 2
		case 2:
			if src[s+1]|src[s+2] == 0 {
				return true
			}
			s += 3
		default:
			if src[s+1]|src[s+2]|src[s+3]|src[s+4] == 0 {
				return true
			}
			s += 5
		}
	}
	return false
}

func TestSnappy64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	fitted := 0
	for range 300 {
		src := snappy.Encode(nil, keys(rng, rng.IntN(3000), 8+uint(rng.IntN(57))))
		n, _ := snappy.DecodedLen(src)
		if _, fit := snappy64(make([]byte, n+slack)[:n], src); fit && n > snapTrial {
			fitted++
		}
		checkSnappy(t, src)
		for range 1 + rng.IntN(3) {
			src[rng.IntN(len(src))] = byte(rng.Uint32())
		}
		checkSnappy(t, src)
		checkSnappy(t, src[:rng.IntN(len(src))])
	}
	if fitted < 50 {
		t.Fatalf("the loop was used for %d of 300 only", fitted)
	}
}

func FuzzSnappy64(f *testing.F) {
	rng := rand.New(rand.NewPCG(2, 2))
	f.Add(snappy.Encode(nil, keys(rng, 300, 30)))
	f.Add(snappy.Encode(nil, []byte("no 8-byte values, no 8-byte values at all")))
	f.Fuzz(func(t *testing.T, src []byte) { checkSnappy(t, src) })
}

func BenchmarkSnappy64(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	raw := keys(rng, 114_000, 30)
	src := snappy.Encode(nil, raw)
	dst := make([]byte, len(raw)+slack)
	b.Run("loop", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			snappy64(dst[:len(raw)], src)
		}
	})
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			snappy.Decode(dst[:len(raw)], src)
		}
	})
}
