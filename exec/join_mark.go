package exec

import "github.com/sluicedb/sluice/vector"

// unknownMarks finds the probe rows whose mark is NULL: no build row makes the
// condition true and for one it is NULL. That is a row whose keys are equal or
// unknown and whose residual is not false.
func (p *prober) unknownMarks(t *Task) error {
	tab, keys := p.table, p.spec.keys
	if tab.n == 0 {
		return nil
	}
	simple := len(keys) == 1 && p.res == nil
	for k := range p.groups {
		if p.hit[k] || p.nul[k] || k >= p.failAt {
			continue
		}
		null := false
		for _, key := range keys {
			null = null || !key.nullEqual && p.in.Cols[key.probe].IsNull(int(p.sel[k]))
		}
		switch {
		case !null && tab.nullKeys == 0:
		case simple:
			p.nul[k] = true
		default:
			unknown, err := p.unknown(k)
			if err != nil {
				return err
			}
			p.nul[k] = unknown
		}
		if t.Stopped() {
			return nil
		}
	}
	return nil
}

// unknown tries probe row k with every build row for which a key is NULL on either
// side and no other key differs.
func (p *prober) unknown(k int) (bool, error) {
	i := p.sel[k]
	probe, build := p.pairSel[:0], p.pairRow[:0]
	try := func() (bool, error) {
		if len(build) == 0 {
			return false, nil
		}
		if p.res3 == nil {
			return true, nil
		}
		p.pairBatch(probe, build)
		v, err := p.res3.Eval(0, &p.resB, nil)
		if err != nil {
			_, cause, _ := rowError(err)
			return false, cause
		}
		for j := range build {
			src, x, isNull := v.At(j)
			if isNull || vector.Values[bool](src)[x] {
				return true, nil
			}
		}
		probe, build = probe[:0], build[:0]
		return false, nil
	}
	var one vector.Vec
	for _, seg := range p.table.segs {
	rows:
		for r := range seg.n {
			row := uint32(seg.base + r)
			unsure := false
			for _, key := range p.spec.keys {
				v := p.in.Cols[key.probe]
				p.table.rows.cols[key.build].Gather([]uint32{row}, &one)
				switch {
				case key.nullEqual:
					if vector.Distinct(v, int(i), &one, 0) {
						continue rows
					}
				case v.IsNull(int(i)) || one.IsNull(0):
					unsure = true
				case !vector.Equal(v, int(i), &one, 0):
					continue rows
				}
			}
			if !unsure {
				continue // its keys are equal: it has been tried
			}
			probe, build = append(probe, i), append(build, row)
			if len(build) == p.size {
				if ok, err := try(); ok || err != nil {
					return ok, err
				}
			}
		}
	}
	return try()
}
