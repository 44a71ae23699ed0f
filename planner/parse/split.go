package parse

import "github.com/sluicedb/sluice/planner/parse/lex"

// Piece is one statement's text, without its semicolon.
type Piece struct {
	Text string
	Off  int // characters before it in the whole text
}

// Split cuts a text at its top-level semicolons by tokens alone, leaving out
// pieces without any token. It is for texts that hold statements of another
// grammar, which Parse would refuse.
func Split(text string) ([]Piece, error) {
	if err := lex.CheckBounds(text); err != nil {
		return nil, err
	}
	chars := newCharMap(text)
	var out []Piece
	tokens := lex.New(text, 0)
	start, end, depth := -1, 0, 0
	for {
		t := tokens.Next()
		word := ""
		if t.Kind == lex.Punct {
			word = text[t.Start:t.End]
		}
		if t.Kind == lex.EOF || word == ";" && depth == 0 {
			if start >= 0 {
				out = append(out, Piece{text[start:end], chars.count(start)})
			}
			start = -1
			if t.Kind == lex.EOF {
				return out, nil
			}
			continue
		}
		switch word {
		case "(":
			depth++
		case ")":
			depth = max(depth-1, 0)
		}
		if start < 0 {
			start = t.Start
		}
		end = t.End
	}
}
