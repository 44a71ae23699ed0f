package result

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// jsonWriter writes one result as an array of objects, one a line. Numbers are JSON
// numbers with all their digits; what JSON cannot say (NaN) and all other types
// are strings.
type jsonWriter struct {
	w    io.Writer
	t    texts
	keys [][]byte
	out  []byte
	some bool // a result was begun
	rows int64
}

func (j *jsonWriter) Begin(fields []engine.Field) error {
	if j.some {
		return oneResult("json")
	}
	j.some, j.t.fields = true, fields
	for _, f := range fields {
		k, err := json.Marshal(f.Name)
		if err != nil {
			return err
		}
		j.keys = append(j.keys, append(k, ':', ' '))
	}
	j.out = append(j.out, '[')
	return nil
}

func oneResult(form string) error {
	return fmt.Errorf("the format %s holds one result: run the statements one by one, or use table or csv", form)
}

func (j *jsonWriter) Rows(b *vector.Batch, from, to int) error {
	for i := from; i < to; i++ {
		if j.rows++; j.rows > 1 {
			j.out = append(j.out, ',')
		}
		j.out = append(j.out, "\n{"...)
		for c := range b.Cols {
			if c > 0 {
				j.out = append(j.out, ", "...)
			}
			j.out = append(j.out, j.keys[c]...)
			if err := j.value(b, c, row(b, i)); err != nil {
				return err
			}
		}
		j.out = append(j.out, '}')
		if len(j.out) >= flushAt {
			if err := j.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *jsonWriter) value(b *vector.Batch, col, at int) error {
	text, null := j.t.text(b, col, at)
	if null {
		j.out = append(j.out, "null"...)
		return nil
	}
	switch t := j.t.fields[col].Type.OID; {
	case t == sql.OIDBool:
		j.out = strconv.AppendBool(j.out, text[0] == 't')
		return nil
	case t == sql.OIDJSON || t == sql.OIDJSONB:
		if json.Valid(text) {
			j.out = append(j.out, text...)
			return nil
		}
	case isNumber(t) && isFinite(text):
		j.out = append(j.out, text...)
		return nil
	}
	s, err := json.Marshal(string(text))
	j.out = append(j.out, s...)
	return err
}

// isFinite reports whether the text of a number is none of NaN and infinities.
func isFinite(text []byte) bool {
	f, err := strconv.ParseFloat(string(text), 64)
	return err != nil || !math.IsNaN(f) && !math.IsInf(f, 0)
}

func (j *jsonWriter) flush() error {
	_, err := j.w.Write(j.out)
	j.out = j.out[:0]
	return err
}

func (j *jsonWriter) End(string) error { return nil }

func (j *jsonWriter) Close() error {
	if j.some {
		j.out = append(j.out, "\n]\n"...)
	}
	return j.flush()
}
