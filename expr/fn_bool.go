package expr

// defineBooleans defines what is left of boolean beside AND, OR and NOT.
func defineBooleans(d *defs) {
	d.fn("booland_statefunc(bool,bool)", map2(func(a, b bool) bool { return a && b }), safe)
	d.fn("boolor_statefunc(bool,bool)", map2(func(a, b bool) bool { return a || b }), safe)
}
