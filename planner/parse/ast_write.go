package parse

// Insert is INSERT INTO a table.
type Insert struct {
	P
	Table     TableName
	Columns   []string // empty: all
	Positions []P      // of Columns
	Query     *Select  // nil: DEFAULT VALUES
	Copied    bool     // COPY FROM: the rows are those of bind.Options.Copied
	// OnConflict is nil if there is none.
	OnConflict *OnConflict
	Returning  []Target
}

// OnConflict is ON CONFLICT of an INSERT.
type OnConflict struct {
	P
	Columns    []string // of the key; nil: not given
	Positions  []P      // of Columns
	Constraint string   // the key's name, "": not given
	Nothing    bool     // DO NOTHING, else DO UPDATE
	Set        []Assign
	Where      Expr
}

// Update is UPDATE of a table.
type Update struct {
	P
	With      *With
	Table     TableName
	Set       []Assign
	From      []TableRef
	Where     Expr
	Returning []Target
}

// Assign is column = expression of UPDATE.
type Assign struct {
	P
	Column string
	Expr   Expr // *Default for DEFAULT
	// Row, if not nil, gives the value in place of Expr: it is column Nth (from 0) of
	// Of of a query that several assignments share.
	Row     *SubLink
	Nth, Of int
}

// Delete is DELETE FROM a table.
type Delete struct {
	P
	With      *With
	Table     TableName
	Using     []TableRef
	Where     Expr
	Returning []Target
}

// Truncate is TRUNCATE of tables.
type Truncate struct {
	P
	Tables []Name
}

// Default is the word DEFAULT in the place of a value.
type Default struct{ P }
