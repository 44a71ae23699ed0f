// Package sql holds what every floor agrees on: types and their OIDs, single
// values, 128-bit and general numerics, text and binary forms, and errors with
// an SQLSTATE. It imports nothing of Sluice.
package sql

// OID is a PostgreSQL object identifier. Built-in objects have PostgreSQL's own
// numbers (src/include/catalog/pg_type.dat); user objects start at FirstUserOID.
type OID uint32

// FirstUserOID is the first OID given to a catalog object of ours, as in PostgreSQL.
const FirstUserOID OID = 16384

// OIDs of the built-in types.
const (
	OIDBool               OID = 16
	OIDBytea              OID = 17
	OIDChar               OID = 18 // "char", one byte
	OIDName               OID = 19
	OIDInt8               OID = 20
	OIDInt2               OID = 21
	OIDInt2Vector         OID = 22
	OIDInt4               OID = 23
	OIDRegproc            OID = 24
	OIDText               OID = 25
	OIDOid                OID = 26
	OIDTid                OID = 27
	OIDXid                OID = 28
	OIDCid                OID = 29
	OIDOidVector          OID = 30
	OIDJSON               OID = 114
	OIDPgNodeTree         OID = 194
	OIDFloat4             OID = 700
	OIDFloat8             OID = 701
	OIDUnknown            OID = 705
	OIDAclItem            OID = 1033
	OIDBpchar             OID = 1042
	OIDVarchar            OID = 1043
	OIDDate               OID = 1082
	OIDTime               OID = 1083
	OIDTimestamp          OID = 1114
	OIDTimestamptz        OID = 1184
	OIDInterval           OID = 1186
	OIDTimetz             OID = 1266
	OIDNumeric            OID = 1700
	OIDRegprocedure       OID = 2202
	OIDRegoper            OID = 2203
	OIDRegclass           OID = 2205
	OIDRegtype            OID = 2206
	OIDRecord             OID = 2249
	OIDCstring            OID = 2275
	OIDAny                OID = 2276
	OIDAnyArray           OID = 2277
	OIDVoid               OID = 2278
	OIDAnyElement         OID = 2283
	OIDAnyNonArray        OID = 2776
	OIDUUID               OID = 2950
	OIDJSONB              OID = 3802
	OIDRegnamespace       OID = 4089
	OIDRegrole            OID = 4096
	OIDRegcollation       OID = 4191
	OIDAnyCompatible      OID = 5077
	OIDAnyCompatibleArray OID = 5078
)

// arrayOf maps an element type to its array type.
var arrayOf = map[OID]OID{
	OIDBool: 1000, OIDBytea: 1001, OIDChar: 1002, OIDName: 1003, OIDInt2: 1005, OIDInt2Vector: 1006,
	OIDInt4: 1007, OIDRegproc: 1008, OIDText: 1009, OIDTid: 1010, OIDXid: 1011, OIDCid: 1012,
	OIDOidVector: 1013, OIDBpchar: 1014, OIDVarchar: 1015, OIDInt8: 1016, OIDFloat4: 1021,
	OIDFloat8: 1022, OIDOid: 1028, OIDAclItem: 1034, OIDTimestamp: 1115, OIDDate: 1182, OIDTime: 1183,
	OIDTimestamptz: 1185, OIDInterval: 1187, OIDNumeric: 1231, OIDTimetz: 1270, OIDRecord: 2287,
	OIDRegclass: 2210, OIDRegtype: 2211, OIDUUID: 2951, OIDJSON: 199, OIDJSONB: 3807, OIDRegrole: 4097,
	OIDRegnamespace: 4090, OIDCstring: 1263,
}

var elemOf = func() map[OID]OID {
	m := map[OID]OID{OIDInt2Vector: OIDInt2, OIDOidVector: OIDOid}
	for e, a := range arrayOf {
		m[a] = e
	}
	return m
}()

// ArrayOf returns the OID of the array type over elem, 0 where there is none.
func ArrayOf(elem OID) OID { return arrayOf[elem] }

// ElemOf returns the element type of an array (or int2vector, oidvector) type, 0 if arr is no array.
func ElemOf(arr OID) OID { return elemOf[arr] }
