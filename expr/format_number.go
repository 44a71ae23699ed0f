package expr

import (
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// numberFormat is a parsed template of to_char for numbers.
type numberFormat struct {
	src        string
	pic        string // 9 0 , and one . in order
	whole      int    // digit places before the point
	frac       int
	fm         bool
	leadS      bool // S before the digits, S after them
	trailS     bool
	minus      bool // MI after the digits
	minusFirst bool
	brackets   bool // PR
}

func parseNumberFormat(f string) (*numberFormat, error) {
	p := &numberFormat{src: strings.Clone(f)}
	var pic strings.Builder
	point := false
	digits := 0
	for i := 0; i < len(f); {
		two := ""
		if i+2 <= len(f) {
			two = strings.ToUpper(f[i : i+2])
		}
		switch c := f[i]; {
		case two == "FM":
			p.fm = true
			i += 2
		case two == "MI":
			if digits > 0 {
				p.minus = true
			} else {
				p.minusFirst = true
			}
			i += 2
		case two == "PR":
			p.brackets = true
			i += 2
		case c == 'S' || c == 's':
			if digits > 0 {
				p.trailS = true
			} else {
				p.leadS = true
			}
			i++
		case c == '9' || c == '0':
			pic.WriteByte(c)
			digits++
			if point {
				p.frac++
			} else {
				p.whole++
			}
			i++
		case c == '.' || c == 'D' || c == 'd':
			if point {
				return nil, sql.Errorf(sql.CodeSyntaxError, "multiple decimal points")
			}
			point = true
			pic.WriteByte('.')
			i++
		case c == ',' || c == 'G' || c == 'g':
			pic.WriteByte(',')
			i++
		default:
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "number template %q is not supported", f).
				WithHint("Supported are 9 0 . , D G S MI PR FM.")
		}
	}
	p.pic = pic.String()
	return p, nil
}

// format writes n as to_char does.
func (p *numberFormat) format(n sql.Num) (string, error) {
	if n.Kind != sql.NumFinite {
		return "", sql.Errorf(sql.CodeFeatureNotSupported, "to_char of NaN and infinity is not supported")
	}
	n, err := n.Round(p.frac)
	if err != nil {
		return "", err
	}
	neg := n.Sign() < 0
	text := n.Abs().String()
	whole, frac, _ := strings.Cut(text, ".")
	if whole == "0" {
		whole = ""
	}
	over := len(whole) > p.whole
	var body strings.Builder
	lead := 0 // blanks before the first digit
	started := over
	skip := p.whole - len(whole)
	place, fplace := 0, 0
	point := false
	lastKept := len(frac)
	if p.fm { // drop trailing zeros that stand under 9
		keep := 0
		k := 0
		after := false
		for i := range len(p.pic) {
			switch {
			case p.pic[i] == '.':
				after = true
			case after && p.pic[i] != ',':
				k++
				if p.pic[i] == '0' || k <= len(frac) && frac[k-1] != '0' {
					keep = k
				}
			}
		}
		lastKept = keep
	}
	for i := range len(p.pic) {
		switch c := p.pic[i]; {
		case c == '.':
			started = true
			point = true
			body.WriteByte('.')
		case c == ',':
			if started {
				body.WriteByte(',')
			} else if !p.fm {
				lead++
			}
		case point:
			switch {
			case over:
				body.WriteByte('#')
			case fplace < lastKept:
				body.WriteByte(frac[fplace])
			}
			fplace++
		case over:
			body.WriteByte('#')
		case place >= skip:
			started = true
			body.WriteByte(whole[place-skip])
			place++
		case c == '0' || started:
			started = true
			body.WriteByte('0')
			place++
		default:
			if place == p.whole-1 && p.frac == 0 { // zero shows in the last place
				started = true
				body.WriteByte('0')
			} else if !p.fm {
				lead++
			}
			place++
		}
	}
	blanks := strings.Repeat(" ", lead)
	s := body.String()
	if s == "." {
		s = "0."
	}
	pick := func(minus, plus string) string {
		if neg {
			return minus
		}
		return plus
	}
	switch {
	case p.leadS:
		return blanks + pick("-", "+") + s, nil
	case p.trailS:
		return blanks + s + pick("-", "+"), nil
	case p.minus:
		if p.fm {
			return s + pick("-", ""), nil
		}
		return blanks + s + pick("-", " "), nil
	case p.minusFirst:
		if p.fm {
			return pick("-", "") + s, nil
		}
		return pick("-", " ") + blanks + s, nil
	case p.brackets:
		if p.fm {
			return pick("<", "") + s + pick(">", ""), nil
		}
		return blanks + pick("<", " ") + s + pick(">", " "), nil
	case p.fm:
		return pick("-", "") + s, nil
	}
	return blanks + pick("-", " ") + s, nil
}

func defineNumberFormats(d *defs) {
	def := func(t string, num func(r *Row, frac int) (sql.Num, error)) {
		d.fn("to_char("+t+",text)", eachState(func(r *Row, p *numberFormat) error {
			if p.src != r.Str(1) || p.pic == "" {
				n, err := parseNumberFormat(r.Str(1))
				if err != nil {
					return err
				}
				*p = *n
			}
			n, err := num(r, p.frac)
			if err != nil {
				return err
			}
			s, err := p.format(n)
			if err != nil {
				return err
			}
			return r.SetStr(s)
		}))
	}
	def("int4", func(r *Row, _ int) (sql.Num, error) { return sql.NumInt64(r.Int(0)), nil })
	def("int8", func(r *Row, _ int) (sql.Num, error) { return sql.NumInt64(r.Int(0)), nil })
	def("numeric", func(r *Row, _ int) (sql.Num, error) { return r.Num(0), nil })
	def("float8", func(r *Row, frac int) (sql.Num, error) { // rounded in binary, as printf does
		if f := r.Float(0); f-f == 0 {
			return sql.ParseNum(strconv.FormatFloat(f, 'f', frac, 64), -1)
		}
		return sql.NumFromFloat64(r.Float(0))
	})
}
