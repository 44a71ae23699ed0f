package parse

// Piece is one statement's text, without its semicolon.
type Piece struct {
	Text string
	Off  int // characters before it in the whole text
}

// Split cuts a text at its top-level semicolons by tokens alone, leaving out
// pieces without any token. It is for texts that hold statements of another
// grammar, which Parse would refuse.
func Split(text string) ([]Piece, error) {
	if err := checkBounds(text); err != nil {
		return nil, err
	}
	chars := newCharMap(text)
	var out []Piece
	lex := lexer{s: text}
	start, end, depth := -1, 0, 0
	for {
		t := lex.next()
		word := ""
		if t.kind == tokPunct {
			word = text[t.start:t.end]
		}
		if t.kind == tokEOF || word == ";" && depth == 0 {
			if start >= 0 {
				out = append(out, Piece{text[start:end], chars.count(start)})
			}
			start = -1
			if t.kind == tokEOF {
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
			start = t.start
		}
		end = t.end
	}
}
