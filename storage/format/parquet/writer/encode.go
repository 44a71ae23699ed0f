package writer

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// encoder turns values of one column into Parquet values.
type encoder struct {
	dictionary bool
	value      func(w *Writer, src *vector.Vec, i int) (parquet.Value, error)
}

// nodeFor returns the Parquet type of t and how values become it.
func nodeFor(t sql.Type) (parquet.Node, encoder) {
	switch t.OID {
	case sql.OIDBool:
		return parquet.Leaf(parquet.BooleanType), encoder{value: func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			return parquet.BooleanValue(vector.Values[bool](v)[i]), nil
		}}
	case sql.OIDInt2:
		return parquet.Int(16), encoder{true, func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			return parquet.Int32Value(int32(vector.Values[int16](v)[i])), nil
		}}
	case sql.OIDInt4:
		return parquet.Leaf(parquet.Int32Type), encoder{true, int32Value}
	case sql.OIDInt8:
		return parquet.Leaf(parquet.Int64Type), encoder{true, int64Value}
	case sql.OIDFloat4:
		return parquet.Leaf(parquet.FloatType), encoder{value: func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			return parquet.FloatValue(vector.Values[float32](v)[i]), nil
		}}
	case sql.OIDFloat8:
		return parquet.Leaf(parquet.DoubleType), encoder{value: func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			return parquet.DoubleValue(vector.Values[float64](v)[i]), nil
		}}
	case sql.OIDNumeric:
		if t.Dec.Static() {
			return decimalNode(t)
		}
	case sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDName:
		return parquet.String(), encoder{true, bytesValue}
	case sql.OIDJSON, sql.OIDJSONB:
		return parquet.JSON(), encoder{true, bytesValue}
	case sql.OIDBytea:
		return parquet.Leaf(parquet.ByteArrayType), encoder{true, bytesValue}
	case sql.OIDDate:
		return parquet.Date(), encoder{true, int32Value}
	case sql.OIDTime:
		return parquet.TimeAdjusted(parquet.Microsecond, false), encoder{true, int64Value}
	case sql.OIDTimestamp:
		return parquet.TimestampAdjusted(parquet.Microsecond, false), encoder{true, int64Value}
	case sql.OIDTimestamptz:
		return parquet.TimestampAdjusted(parquet.Microsecond, true), encoder{true, int64Value}
	case sql.OIDUUID:
		return parquet.UUID(), encoder{true, func(w *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			x := vector.Values[[16]byte](v)[i]
			return parquet.FixedLenByteArrayValue(w.keep(x[:])), nil
		}}
	}
	return parquet.String(), encoder{true, textValue}
}

func int32Value(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
	return parquet.Int32Value(vector.Values[int32](v)[i]), nil
}

func int64Value(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
	return parquet.Int64Value(vector.Values[int64](v)[i]), nil
}

// bytesValue refers to the vector's bytes; the library copies them.
func bytesValue(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
	return parquet.ByteArrayValue(vector.Values[vector.StrView](v)[i].Bytes(v.Bufs)), nil
}

var textFormat = sql.DefaultFormat()

func textValue(w *Writer, v *vector.Vec, i int) (parquet.Value, error) {
	at := len(w.arena)
	w.arena = sql.AppendText(w.arena, vector.ValueAt(v, i), &textFormat)
	return parquet.ByteArrayValue(w.arena[at:len(w.arena):len(w.arena)]), nil
}

// keep copies b to where it stays until the batch is written.
func (w *Writer) keep(b []byte) []byte {
	at := len(w.arena)
	w.arena = append(w.arena, b...)
	return w.arena[at:len(w.arena):len(w.arena)]
}

// decimalNode stores decimals in the smallest integer that holds the precision,
// as Spark does, and above 18 digits in 16 bytes.
func decimalNode(t sql.Type) (parquet.Node, encoder) {
	p, s := int(t.Dec.P), int(t.Dec.S)
	tooWide := func(x sql.Int128) error {
		return sql.Errorf(sql.CodeNumericOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold the value.", p, s)
	}
	get := func(v *vector.Vec, i int) sql.Int128 {
		if v.Layout == vector.LI64 {
			return sql.I128(vector.Values[int64](v)[i])
		}
		return vector.Values[sql.Int128](v)[i]
	}
	switch {
	case p <= 9:
		return parquet.Decimal(s, p, parquet.Int32Type), encoder{true, func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			x := get(v, i)
			if !x.IsInt64() || int64(x.Lo) < math.MinInt32 || int64(x.Lo) > math.MaxInt32 {
				return parquet.Value{}, tooWide(x)
			}
			return parquet.Int32Value(int32(x.Lo)), nil
		}}
	case p <= 18:
		return parquet.Decimal(s, p, parquet.Int64Type), encoder{true, func(_ *Writer, v *vector.Vec, i int) (parquet.Value, error) {
			x := get(v, i)
			if !x.IsInt64() {
				return parquet.Value{}, tooWide(x)
			}
			return parquet.Int64Value(int64(x.Lo)), nil
		}}
	}
	return parquet.Decimal(s, p, parquet.FixedLenByteArrayType(16)), encoder{true, func(w *Writer, v *vector.Vec, i int) (parquet.Value, error) {
		x := get(v, i)
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], uint64(x.Hi))
		binary.BigEndian.PutUint64(b[8:], x.Lo)
		return parquet.FixedLenByteArrayValue(w.keep(b[:])), nil
	}}
}
