package parquet

import "strings"

// logicalKind is what a leaf's or group's annotation means, converted types and
// logical types taken together.
type logicalKind uint8

const (
	logNone logicalKind = iota
	logString
	logEnum
	logJSON
	logBSON
	logUUID
	logDecimal
	logDate
	logTime
	logTimestamp
	logInt
	logFloat16
	logInterval
	logList
	logMap
	logNull
	logOther // annotated with something that is not known: read by its physical type
)

// timeUnit is the unit of a time or timestamp.
type timeUnit uint8

const (
	unitMillis timeUnit = iota
	unitMicros
	unitNanos
)

type logical struct {
	kind             logicalKind
	utc              bool
	unit             timeUnit
	bits             uint8
	signed           bool
	precision, scale int32
}

type schemaElement struct {
	name      string
	phys      physType
	hasType   bool
	typeLen   int32
	rep       int32
	children  int32
	converted int32 // -1: none
	log       logical
}

// repetition of a node.
const (
	repRequired = 0
	repOptional = 1
	repRepeated = 2
)

// node is one element of the schema tree.
type node struct {
	name           string
	path           string // dotted
	rep            int32
	log            logical
	kids           []*node
	parent         *node
	maxDef, maxRep int
	leaf           int // index of the leaf column, -1 for a group
	phys           physType
	typeLen        int
}

func parseSchemaElement(c *cursor) (e schemaElement) {
	e.converted = -1
	var precision, scale int32
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tI32:
			v := c.i32()
			if v < 0 || v > int32(physFixed) {
				c.bad = true
			}
			e.phys, e.hasType = physType(v), true
		case id == 2 && t == tI32:
			e.typeLen = c.i32()
		case id == 3 && t == tI32:
			e.rep = c.i32()
		case id == 4 && t == tBinary:
			e.name = string(c.binary())
		case id == 5 && t == tI32:
			e.children = c.i32()
		case id == 6 && t == tI32:
			e.converted = c.i32()
		case id == 7 && t == tI32:
			scale = c.i32()
		case id == 8 && t == tI32:
			precision = c.i32()
		case id == 10 && t == tStruct:
			e.log = parseLogical(c)
		default:
			c.skip(t)
		}
	}
	if e.log.kind == logNone || e.log.kind == logOther {
		if l, ok := convertedType(e.converted); ok {
			e.log = l
			e.log.precision, e.log.scale = precision, scale
		}
	}
	return e
}

// convertedType maps the older annotations to the newer ones.
func convertedType(v int32) (logical, bool) {
	switch v {
	case 0:
		return logical{kind: logString}, true
	case 1, 2:
		return logical{kind: logMap}, true
	case 3:
		return logical{kind: logList}, true
	case 4:
		return logical{kind: logEnum}, true
	case 5:
		return logical{kind: logDecimal}, true
	case 6:
		return logical{kind: logDate}, true
	case 7:
		return logical{kind: logTime, utc: true, unit: unitMillis}, true
	case 8:
		return logical{kind: logTime, utc: true, unit: unitMicros}, true
	case 9:
		return logical{kind: logTimestamp, utc: true, unit: unitMillis}, true
	case 10:
		return logical{kind: logTimestamp, utc: true, unit: unitMicros}, true
	case 11, 12, 13, 14:
		return logical{kind: logInt, bits: 8 << (v - 11)}, true
	case 15, 16, 17, 18:
		return logical{kind: logInt, bits: 8 << (v - 15), signed: true}, true
	case 19:
		return logical{kind: logJSON}, true
	case 20:
		return logical{kind: logBSON}, true
	case 21:
		return logical{kind: logInterval}, true
	}
	return logical{}, false
}

func parseLogical(c *cursor) (l logical) {
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		if t != tStruct {
			c.skip(t)
			continue
		}
		switch id {
		case 1:
			l.kind = logString
		case 2:
			l.kind = logMap
		case 3:
			l.kind = logList
		case 4:
			l.kind = logEnum
		case 5:
			l.kind = logDecimal
		case 6:
			l.kind = logDate
		case 7:
			l.kind = logTime
		case 8:
			l.kind = logTimestamp
		case 10:
			l.kind = logInt
		case 11:
			l.kind = logNull
		case 12:
			l.kind = logJSON
		case 13:
			l.kind = logBSON
		case 14:
			l.kind = logUUID
		case 15:
			l.kind = logFloat16
		default:
			l.kind = logOther
		}
		for id, t := c.field(0); t != tStop; id, t = c.field(id) {
			switch {
			case l.kind == logDecimal && id == 1 && t == tI32:
				l.scale = c.i32()
			case l.kind == logDecimal && id == 2 && t == tI32:
				l.precision = c.i32()
			case (l.kind == logTime || l.kind == logTimestamp) && id == 1 && (t == tTrue || t == tFalse):
				l.utc = t == tTrue
			case (l.kind == logTime || l.kind == logTimestamp) && id == 2 && t == tStruct:
				for id, t := c.field(0); t != tStop; id, t = c.field(id) {
					if id >= 1 && id <= 3 {
						l.unit = timeUnit(id - 1)
					}
					c.skip(t)
				}
			case l.kind == logInt && id == 1 && t == tByte:
				l.bits = c.byte()
			case l.kind == logInt && id == 2 && (t == tTrue || t == tFalse):
				l.signed = t == tTrue
			default:
				c.skip(t)
			}
		}
	}
	return l
}

const maxSchemaDepth = 64

// buildSchema turns the flat list of elements into a tree.
func (m *fileMeta) buildSchema(el []schemaElement) error {
	if len(el) == 0 {
		return corrupt(m.url, "the schema is empty")
	}
	pos := 0
	var build func(parent *node, depth int) (*node, error)
	build = func(parent *node, depth int) (*node, error) {
		if pos >= len(el) || depth > maxSchemaDepth {
			return nil, corrupt(m.url, "the schema tree is malformed")
		}
		e := &el[pos]
		pos++
		n := &node{name: e.name, rep: e.rep, log: e.log, parent: parent, leaf: -1, phys: e.phys, typeLen: int(e.typeLen)}
		if parent != nil {
			n.maxDef, n.maxRep = parent.maxDef, parent.maxRep
			switch e.rep {
			case repRequired:
			case repOptional:
				n.maxDef++
			case repRepeated:
				n.maxDef++
				n.maxRep++
			default:
				return nil, corrupt(m.url, "column %q has repetition type %d", e.name, e.rep)
			}
			n.path = e.name
			if parent.parent != nil {
				n.path = parent.path + "." + e.name
			}
		}
		if e.children < 0 || int(e.children) > len(el)-pos {
			return nil, corrupt(m.url, "column %q claims %d children", e.name, e.children)
		}
		if e.children == 0 && e.hasType && parent != nil {
			if e.phys == physFixed && e.typeLen <= 0 {
				return nil, corrupt(m.url, "column %q claims values of %d bytes", n.path, e.typeLen)
			}
			n.leaf = len(m.leaves)
			m.leaves = append(m.leaves, n)
			return n, nil
		}
		for i := 0; i < int(e.children); i++ {
			k, err := build(n, depth+1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
		}
		return n, nil
	}
	root, err := build(nil, 0)
	if err != nil {
		return err
	}
	if pos != len(el) {
		return corrupt(m.url, "the schema has %d elements that belong to no group", len(el)-pos)
	}
	m.root = root
	return nil
}

// byName finds a top-level column by its lower-cased name; of several that fold
// to the same name the one that is written so wins, else the first.
func (m *fileMeta) byName(name string) *node {
	var found *node
	for _, k := range m.root.kids {
		if k.name == name {
			return k
		}
		if found == nil && strings.EqualFold(k.name, name) {
			found = k
		}
	}
	return found
}
