package engine

import (
	"strings"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

func textFields(names ...string) []Field {
	out := make([]Field, len(names))
	for i, n := range names {
		out[i] = Field{Name: n, Type: sql.Text}
	}
	return out
}

func (s *Session) describeShow(p *Prepared, x *parse.Show) error {
	if strings.EqualFold(x.Name, "all") {
		p.Fields = textFields("name", "setting", "description")
		return nil
	}
	name, _, err := s.set.show(x.Name)
	if err != nil {
		return err
	}
	p.Fields = textFields(name)
	return nil
}

func (s *Session) runShow(x *parse.Show) (Rows, error) {
	if strings.EqualFold(x.Name, "all") {
		var lines [][]string
		for _, r := range s.set.all() {
			lines = append(lines, r[:])
		}
		return newTextRows(lines...), nil
	}
	_, v, err := s.set.show(x.Name)
	if err != nil {
		return nil, err
	}
	return newTextRows([]string{v}), nil
}
