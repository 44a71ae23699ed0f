package expr

import "errors"

// Try returns the function that gives NULL where f raises an error of a row. It is the
// same for each call, as functions are compared by pointer.
func (r *Registry) Try(f *Func) *Func {
	if t, ok := r.tries.Load(f); ok {
		return t.(*Func)
	}
	t := *f
	t.Raises, t.negate, t.sel = false, nil, nil
	t.Kernel = func(in *Input) error {
		one := *in
		rows := seq(in.Sel, in.N)
		for {
			one.Sel = rows
			err := f.Kernel(&one)
			if err == nil {
				return nil
			}
			re, ok := errors.AsType[*RowError](err)
			if !ok {
				return err
			}
			in.Out.SetNull(re.Row)
			for len(rows) > 0 && int(rows[0]) <= re.Row {
				rows = rows[1:]
			}
			if len(rows) == 0 {
				return nil
			}
		}
	}
	stored, _ := r.tries.LoadOrStore(f, &t)
	return stored.(*Func)
}
