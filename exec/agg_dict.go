package exec

import "github.com/sluicedb/sluice/vector"

// dictGroups remembers the groups of dictionary codes: rows whose key columns are
// all dictionaries find their group by code, without hashing.
type dictGroups struct {
	ids  []uint64 // DictIDs of the look-up table's columns; nil: none
	lut  []uint32 // group + 1 by combined code; 0: not seen
	code []uint32
	miss []int32
	at   []int32
	got  []uint32
}

// dictLimit is the largest look-up table.
const dictLimit = 1 << 16

func (d *dictGroups) reset() { d.ids = d.ids[:0] }

// insert is table.insert for such keys; false if they are not of that kind.
func (d *dictGroups) insert(t *groupTable, cols []*vector.Vec, sel []int32, n int, out []uint32) bool {
	size := 1
	for _, v := range cols {
		if v.Form == vector.Const {
			return false
		}
		if v.Form != vector.Dict || v.DictID == 0 {
			return false
		}
		size *= v.Dict.N + 1 // one more for NULL
		if size > dictLimit {
			return false
		}
	}
	same := len(d.ids) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = d.ids[i] == cols[i].DictID
	}
	if !same {
		d.ids = d.ids[:0]
		for _, v := range cols {
			d.ids = append(d.ids, v.DictID)
		}
		if cap(d.lut) < size {
			d.lut = make([]uint32, size)
		}
		d.lut = d.lut[:size]
		clear(d.lut)
	}
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	if cap(d.code) < rows {
		d.code = make([]uint32, max(rows, vector.BatchSize))
		d.got = make([]uint32, max(rows, vector.BatchSize))
	}
	code := d.code[:rows]
	for c, v := range cols {
		d.combine(code, c == 0, v, sel)
	}
	d.miss, d.at = d.miss[:0], d.at[:0]
	lut := d.lut
	for k, x := range code {
		g := lut[x]
		if g == 0 {
			d.miss = append(d.miss, int32(rowOf(sel, k)))
			d.at = append(d.at, int32(k))
			continue
		}
		out[k] = g - 1
	}
	if len(d.miss) > 0 {
		got := d.got[:len(d.miss)]
		t.insert(cols, d.miss, 0, got)
		for j, k := range d.at {
			out[k] = got[j]
			lut[code[k]] = got[j] + 1
		}
	}
	return true
}

// combine mixes a column's codes into code.
func (d *dictGroups) combine(code []uint32, first bool, v *vector.Vec, sel []int32) {
	mult := uint32(v.Dict.N + 1)
	switch {
	case v.Valid == nil && first && sel == nil:
		copy(code, v.Codes)
	case v.Valid == nil && first:
		for k, i := range sel {
			code[k] = v.Codes[i]
		}
	case v.Valid == nil && sel == nil:
		for k, c := range v.Codes[:len(code)] {
			code[k] = code[k]*mult + c
		}
	case v.Valid == nil:
		for k, i := range sel {
			code[k] = code[k]*mult + v.Codes[i]
		}
	default:
		for k := range code {
			i := rowOf(sel, k)
			c := uint32(v.Dict.N)
			if v.Valid.Get(i) {
				c = v.Codes[i]
			}
			if first {
				code[k] = c
			} else {
				code[k] = code[k]*mult + c
			}
		}
	}
}
