package expr

import (
	"encoding/binary"

	"github.com/sluicedb/sluice/sql"
)

// appendValue encodes a value for a saved state; its type is known to the reader.
func appendValue(dst []byte, v *sql.Value) []byte {
	if v.Null {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	dst = binary.AppendVarint(dst, v.I)
	dst = binary.AppendVarint(dst, v.J)
	dst = binary.LittleEndian.AppendUint64(dst, v.Num.Coef.Lo)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Num.Coef.Hi))
	dst = binary.AppendVarint(dst, int64(v.Num.Scale))
	dst = append(dst, byte(v.Num.Kind))
	dst = binary.AppendUvarint(dst, uint64(len(v.S)))
	dst = append(dst, v.S...)
	dst = binary.AppendUvarint(dst, uint64(len(v.List)))
	for i := range v.List {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v.List[i].Type.OID))
		dst = appendValue(dst, &v.List[i])
	}
	return dst
}

// readValue decodes a value of type t and returns what follows it.
func readValue(b []byte, t sql.Type) (v sql.Value, rest []byte, err error) {
	v.Type = t
	if len(b) == 0 {
		return v, nil, errState()
	}
	if b[0] == 0 {
		v.Null = true
		return v, b[1:], nil
	}
	b = b[1:]
	ok := true
	varint := func() int64 {
		x, n := binary.Varint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return x
	}
	uvarint := func() int {
		x, n := binary.Uvarint(b)
		if n <= 0 || x > uint64(len(b)) {
			ok = false
			return 0
		}
		b = b[n:]
		return int(x)
	}
	v.I, v.J = varint(), varint()
	if !ok || len(b) < 16 {
		return v, nil, errState()
	}
	v.Num.Coef = sql.Int128{Lo: binary.LittleEndian.Uint64(b), Hi: int64(binary.LittleEndian.Uint64(b[8:]))}
	b = b[16:]
	v.Num.Scale = int16(varint())
	if !ok || len(b) < 1 {
		return v, nil, errState()
	}
	v.Num.Kind = sql.NumKind(b[0])
	b = b[1:]
	n := uvarint()
	if !ok || n > len(b) {
		return v, nil, errState()
	}
	v.S, b = string(b[:n]), b[n:]
	n = uvarint()
	for k := 0; ok && k < n; k++ {
		if len(b) < 4 {
			return v, nil, errState()
		}
		et := sql.T(sql.OID(binary.LittleEndian.Uint32(b)))
		var e sql.Value
		if e, b, err = readValue(b[4:], et); err != nil {
			return v, nil, err
		}
		v.List = append(v.List, e)
	}
	if !ok {
		return v, nil, errState()
	}
	return v, b, nil
}
