// Package vector holds columnar batches, the layouts of values in memory, and
// the comparison, equality, hash and sort key of each type.
package vector

import "github.com/sluicedb/sluice/sql"

// Layout is how values lie in a vector's Data.
type Layout uint8

// Layouts, with the Go element type of each.
const (
	LNone     Layout = iota // no data: void, or the type of a bare NULL
	LBool                   // bool (one byte, 0 or 1)
	LI16                    // int16: smallint
	LI32                    // int32: integer, date (days since 1970; the int32 ends are infinities)
	LI64                    // int64: bigint, time, timestamp, timestamptz, static decimals that fit
	LI128                   // sql.Int128: static decimals that need it
	LU32                    // uint32: oid, reg*, xid, cid
	LF32                    // float32
	LF64                    // float64
	LNum                    // sql.Num: general numeric
	LStr                    // StrView: text, varchar, bpchar (blanks kept), name, bytea, json, jsonb, "char", tid
	LInterval               // Interval, 16 bytes
	LTimetz                 // Timetz, 12 bytes
	LUUID                   // [16]byte
	LList                   // Offsets and Child: arrays
	LStruct                 // Children: records
)

// Interval is an interval value. Equality and order are by the span in
// microseconds with 30-day months and 24-hour days, as in PostgreSQL.
type Interval struct {
	Micros       int64
	Days, Months int32
}

// Timetz is a time of day with a zone, in seconds west of UTC. It is 4-byte
// aligned: Micros is split.
type Timetz struct {
	MicrosLo uint32
	MicrosHi int32
	Zone     int32
}

var layoutSize = [...]int{LBool: 1, LI16: 2, LI32: 4, LI64: 8, LI128: 16, LU32: 4, LF32: 4, LF64: 8, LNum: 24, LStr: 16, LInterval: 16, LTimetz: 12, LUUID: 16, LList: 0, LStruct: 0}

// Size returns the bytes of one value in Data.
func (l Layout) Size() int { return layoutSize[l] }

// LayoutOf returns the layout of a type's values. A static decimal may come as
// LI64 or as LI128 whatever its precision (the vector's Layout field tells which):
// LayoutOf returns LI64 up to 18 digits and LI128 above, but kernels over static
// decimals take both on input, and may give LI64 where every value of the batch
// fits. All other types have exactly one layout.
func LayoutOf(t sql.Type) Layout {
	switch t.OID {
	case sql.OIDBool:
		return LBool
	case sql.OIDInt2:
		return LI16
	case sql.OIDInt4, sql.OIDDate:
		return LI32
	case sql.OIDInt8, sql.OIDTime, sql.OIDTimestamp, sql.OIDTimestamptz:
		return LI64
	case sql.OIDOid, sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype,
		sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation, sql.OIDXid, sql.OIDCid:
		return LU32
	case sql.OIDFloat4:
		return LF32
	case sql.OIDFloat8:
		return LF64
	case sql.OIDNumeric:
		switch {
		case !t.Dec.Static():
			return LNum
		case t.Dec.P <= 18:
			return LI64
		}
		return LI128
	case sql.OIDInterval:
		return LInterval
	case sql.OIDTimetz:
		return LTimetz
	case sql.OIDUUID:
		return LUUID
	case sql.OIDVoid, 0:
		return LNone
	case sql.OIDRecord:
		return LStruct
	}
	if t.IsArray() {
		return LList
	}
	return LStr
}
