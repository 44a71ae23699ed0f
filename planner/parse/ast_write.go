package parse

// Insert is INSERT INTO a table.
type Insert struct {
	P
	Table     TableName
	Columns   []string // empty: all
	Positions []P      // of Columns
	Query     *Select  // nil: DEFAULT VALUES
	Returning []Target
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
