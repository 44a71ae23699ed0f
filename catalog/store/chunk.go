package store

import (
	"encoding/binary"

	"github.com/sluicedb/sluice/sql"
)

// chunkSlots is how many consecutive slots share one chunk.
const chunkSlots = 4096

// A chunk holds, for each partition key, the value numbers of up to chunkSlots
// slots; 0 is a slot without a partition. Encoded: number of keys (1 byte),
// number of slots (2 bytes), then for each key the width of its numbers in bytes
// (1, 2 or 4) and the numbers, little end first.
type chunk struct {
	keys [][]uint32
	n    int
}

func (c *chunk) encode() []byte {
	b := []byte{byte(len(c.keys)), byte(c.n), byte(c.n >> 8)}
	for _, vids := range c.keys {
		var top uint32
		for _, v := range vids[:c.n] {
			top = max(top, v)
		}
		switch {
		case top < 1<<8:
			b = append(b, 1)
			for _, v := range vids[:c.n] {
				b = append(b, byte(v))
			}
		case top < 1<<16:
			b = append(b, 2)
			for _, v := range vids[:c.n] {
				b = binary.LittleEndian.AppendUint16(b, uint16(v))
			}
		default:
			b = append(b, 4)
			for _, v := range vids[:c.n] {
				b = binary.LittleEndian.AppendUint32(b, v)
			}
		}
	}
	return b
}

func decodeChunk(b []byte, keys int) (*chunk, error) {
	bad := sql.Errorf(sql.CodeDataCorrupted, "a partition index in the catalog cannot be read").
		WithHint("Restore a backup with: sluice catalog restore.")
	if len(b) < 3 || int(b[0]) != keys {
		return nil, bad
	}
	c := &chunk{keys: make([][]uint32, keys), n: int(b[1]) | int(b[2])<<8}
	if c.n > chunkSlots {
		return nil, bad
	}
	b = b[3:]
	for k := range c.keys {
		if len(b) < 1 {
			return nil, bad
		}
		w := int(b[0])
		if w != 1 && w != 2 && w != 4 || len(b) < 1+w*c.n {
			return nil, bad
		}
		vids, in := make([]uint32, c.n, chunkSlots), b[1:]
		for i := range vids {
			switch w {
			case 1:
				vids[i] = uint32(in[i])
			case 2:
				vids[i] = uint32(binary.LittleEndian.Uint16(in[2*i:]))
			default:
				vids[i] = binary.LittleEndian.Uint32(in[4*i:])
			}
		}
		c.keys[k], b = vids, b[1+w*c.n:]
	}
	return c, nil
}
