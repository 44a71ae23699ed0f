package parquet

// Page types, by their numbers in the format.
const (
	pageData   = 0
	pageIndex  = 1
	pageDict   = 2
	pageDataV2 = 3
)

// Encodings, by their numbers in the format.
const (
	encPlain                = 0
	encPlainDictionary      = 2
	encRLE                  = 3
	encBitPacked            = 4
	encDeltaBinaryPacked    = 5
	encDeltaLengthByteArray = 6
	encDeltaByteArray       = 7
	encRLEDictionary        = 8
	encByteStreamSplit      = 9
)

// pageHeader is a parsed page header.
type pageHeader struct {
	typ          int32
	uncompressed int32
	compressed   int32
	crc          uint32
	hasCRC       bool
	numValues    int32
	numRows      int32 // V2 only
	numNulls     int32 // V2 only
	encoding     int32
	defEnc       int32 // V1 only
	repEnc       int32 // V1 only
	defLen       int32 // V2 only
	repLen       int32 // V2 only
	isCompressed bool
	size         int // of the header itself
}

// maxPageHeader bounds a page header; statistics in it can be large.
const maxPageHeader = 16 << 20

// parsePageHeader reads a page header from the start of b. more is true if b
// ends before the header does.
func parsePageHeader(b []byte) (h pageHeader, more, ok bool) {
	c := cursor{b: b}
	h.isCompressed = true
	var have [4]bool
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tI32:
			h.typ = c.i32()
		case id == 2 && t == tI32:
			h.uncompressed = c.i32()
		case id == 3 && t == tI32:
			h.compressed = c.i32()
		case id == 4 && t == tI32:
			h.crc, h.hasCRC = uint32(c.i32()), true
		case id == 5 && t == tStruct:
			have[pageData] = true
			for id, t := c.field(0); t != tStop; id, t = c.field(id) {
				switch {
				case id == 1 && t == tI32:
					h.numValues = c.i32()
				case id == 2 && t == tI32:
					h.encoding = c.i32()
				case id == 3 && t == tI32:
					h.defEnc = c.i32()
				case id == 4 && t == tI32:
					h.repEnc = c.i32()
				default:
					c.skip(t)
				}
			}
		case id == 7 && t == tStruct:
			have[pageDict] = true
			for id, t := c.field(0); t != tStop; id, t = c.field(id) {
				switch {
				case id == 1 && t == tI32:
					h.numValues = c.i32()
				case id == 2 && t == tI32:
					h.encoding = c.i32()
				default:
					c.skip(t)
				}
			}
		case id == 8 && t == tStruct:
			have[pageDataV2] = true
			for id, t := c.field(0); t != tStop; id, t = c.field(id) {
				switch {
				case id == 1 && t == tI32:
					h.numValues = c.i32()
				case id == 2 && t == tI32:
					h.numNulls = c.i32()
				case id == 3 && t == tI32:
					h.numRows = c.i32()
				case id == 4 && t == tI32:
					h.encoding = c.i32()
				case id == 5 && t == tI32:
					h.defLen = c.i32()
				case id == 6 && t == tI32:
					h.repLen = c.i32()
				case id == 7 && (t == tTrue || t == tFalse):
					h.isCompressed = t == tTrue
				default:
					c.skip(t)
				}
			}
		default:
			c.skip(t)
		}
	}
	if c.bad {
		return h, true, false
	}
	h.size = c.p
	if h.uncompressed < 0 || h.compressed < 0 || h.numValues < 0 || h.defLen < 0 || h.repLen < 0 || h.numRows < 0 || h.numNulls < 0 {
		return h, false, false
	}
	switch h.typ {
	case pageData, pageDict, pageDataV2:
		if !have[h.typ] {
			return h, false, false
		}
	}
	return h, false, true
}
