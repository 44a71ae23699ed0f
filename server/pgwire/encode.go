package pgwire

import (
	"encoding/binary"
	"math"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// rowEncoder writes DataRow messages. For every column it chooses one append
// function by type, layout and format; that is done again only when a batch
// brings another layout.
type rowEncoder struct {
	fields []engine.Field
	binary []bool
	fmt    *sql.Format
	names  func(kind, oid sql.OID) string
	cols   []colEncoder
}

type colEncoder struct {
	v      *vector.Vec
	layout vector.Layout
	set    bool
	put    func(dst []byte, src *vector.Vec, i int) []byte
}

func (e *rowEncoder) start(fields []engine.Field, formats []int16, s *engine.Session) {
	e.fields, e.fmt, e.names = fields, s.Format(), s.ObjectName
	e.binary = e.binary[:0]
	for i := range fields {
		e.binary = append(e.binary, formatOf(formats, i) == 1)
	}
	e.cols = make([]colEncoder, len(fields))
}

// batch prepares to encode rows of b.
func (e *rowEncoder) batch(b *vector.Batch) {
	for c := range e.cols {
		k := &e.cols[c]
		k.v = b.Cols[c]
		if !k.set || k.layout != k.v.Layout {
			k.layout, k.set = k.v.Layout, true
			t := e.fields[c].Type
			if e.binary[c] {
				k.put = binaryPut(t, k.layout)
			} else {
				k.put = e.textPut(t, k.layout)
			}
		}
	}
}

// dataRow appends a whole DataRow message for row i.
func (e *rowEncoder) dataRow(dst []byte, i int) []byte {
	dst = append(dst, 'D', 0, 0, 0, 0)
	head := len(dst) - 4
	dst = e.body(dst, i)
	binary.BigEndian.PutUint32(dst[head:], uint32(len(dst)-head))
	return dst
}

// body appends the number of columns and each value after its length.
func (e *rowEncoder) body(dst []byte, i int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(e.cols)))
	for c := range e.cols {
		k := &e.cols[c]
		src, idx, null := k.v.At(i)
		if null {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		dst = append(dst, 0, 0, 0, 0)
		at := len(dst)
		dst = k.put(dst, src, idx)
		binary.BigEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
	}
	return dst
}

type putFunc = func(dst []byte, src *vector.Vec, i int) []byte

// textPut returns the text output function of a type, as PostgreSQL's typoutput.
func (e *rowEncoder) textPut(t sql.Type, l vector.Layout) putFunc {
	f := e.fmt
	switch l {
	case vector.LBool:
		return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendBool(d, v.Data[i] != 0) }
	case vector.LI16:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendInt(d, int64(vector.Values[int16](v)[i]))
		}
	case vector.LI32:
		if t.OID == sql.OIDDate {
			return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendDate(d, vector.Values[int32](v)[i], f) }
		}
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendInt(d, int64(vector.Values[int32](v)[i]))
		}
	case vector.LU32:
		if isReg(t.OID) {
			return func(d []byte, v *vector.Vec, i int) []byte {
				return append(d, e.names(t.OID, sql.OID(vector.Values[uint32](v)[i]))...)
			}
		}
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendInt(d, int64(vector.Values[uint32](v)[i]))
		}
	case vector.LI64:
		switch t.OID {
		case sql.OIDNumeric:
			scale := int(t.Dec.S)
			return func(d []byte, v *vector.Vec, i int) []byte {
				return sql.AppendDecimal64(d, vector.Values[int64](v)[i], scale)
			}
		case sql.OIDTimestamp:
			return func(d []byte, v *vector.Vec, i int) []byte {
				return sql.AppendTimestamp(d, vector.Values[int64](v)[i], f)
			}
		case sql.OIDTimestamptz:
			return func(d []byte, v *vector.Vec, i int) []byte {
				return sql.AppendTimestamptz(d, vector.Values[int64](v)[i], f)
			}
		case sql.OIDTime:
			return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendTime(d, vector.Values[int64](v)[i]) }
		}
		return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendInt(d, vector.Values[int64](v)[i]) }
	case vector.LI128:
		scale := int(t.Dec.S)
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendDecimal128(d, vector.Values[sql.Int128](v)[i], scale)
		}
	case vector.LNum:
		return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendNum(d, vector.Values[sql.Num](v)[i]) }
	case vector.LF32:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendFloat4(d, vector.Values[float32](v)[i], f.ExtraFloatDigits)
		}
	case vector.LF64:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendFloat8(d, vector.Values[float64](v)[i], f.ExtraFloatDigits)
		}
	case vector.LInterval:
		return func(d []byte, v *vector.Vec, i int) []byte {
			x := vector.Values[vector.Interval](v)[i]
			return sql.AppendInterval(d, x.Micros, x.Days, x.Months, f)
		}
	case vector.LUUID:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return sql.AppendUUID(d, vector.Values[[16]byte](v)[i][:])
		}
	case vector.LStr:
		if t.OID == sql.OIDBytea {
			return func(d []byte, v *vector.Vec, i int) []byte {
				return sql.AppendBytea(d, vector.Values[vector.StrView](v)[i].Bytes(v.Bufs), f)
			}
		}
		if t.OID != sql.OIDChar {
			return putStr
		}
	}
	return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendText(d, vector.ValueAt(v, i), f) }
}

func putStr(d []byte, v *vector.Vec, i int) []byte {
	return append(d, vector.Values[vector.StrView](v)[i].Bytes(v.Bufs)...)
}

func isReg(o sql.OID) bool {
	switch o {
	case sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype, sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation:
		return true
	}
	return false
}

// binaryPut returns the binary output function of a type, as PostgreSQL's typsend.
func binaryPut(t sql.Type, l vector.Layout) putFunc {
	be := binary.BigEndian
	switch l {
	case vector.LBool:
		return func(d []byte, v *vector.Vec, i int) []byte { return append(d, v.Data[i]) }
	case vector.LI16:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return be.AppendUint16(d, uint16(vector.Values[int16](v)[i]))
		}
	case vector.LI32:
		if t.OID != sql.OIDDate {
			return func(d []byte, v *vector.Vec, i int) []byte {
				return be.AppendUint32(d, uint32(vector.Values[int32](v)[i]))
			}
		}
	case vector.LU32:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return be.AppendUint32(d, vector.Values[uint32](v)[i])
		}
	case vector.LI64:
		if t.OID == sql.OIDInt8 || t.OID == sql.OIDTime {
			return func(d []byte, v *vector.Vec, i int) []byte {
				return be.AppendUint64(d, uint64(vector.Values[int64](v)[i]))
			}
		}
	case vector.LF32:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return be.AppendUint32(d, math.Float32bits(vector.Values[float32](v)[i]))
		}
	case vector.LF64:
		return func(d []byte, v *vector.Vec, i int) []byte {
			return be.AppendUint64(d, math.Float64bits(vector.Values[float64](v)[i]))
		}
	case vector.LUUID:
		return func(d []byte, v *vector.Vec, i int) []byte { return append(d, vector.Values[[16]byte](v)[i][:]...) }
	case vector.LStr:
		if t.OID != sql.OIDJSONB && t.OID != sql.OIDTid {
			return putStr
		}
	}
	return func(d []byte, v *vector.Vec, i int) []byte { return sql.AppendBinary(d, vector.ValueAt(v, i)) }
}
