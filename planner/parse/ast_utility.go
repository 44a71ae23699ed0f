package parse

// TxnKind is a transaction statement.
type TxnKind uint8

// Transaction statements.
const (
	TxnBegin TxnKind = iota
	TxnCommit
	TxnRollback
	TxnSavepoint
	TxnRelease
	TxnRollbackTo
)

// Txn is BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK TO.
type Txn struct {
	P
	Kind      TxnKind
	Savepoint string
	Options   map[string]string // transaction_isolation, transaction_read_only, transaction_deferrable
	Chain     bool
	Start     bool // START TRANSACTION, which its tag tells
}

// SetKind is the kind of a Set.
type SetKind uint8

// Kinds of SET and RESET.
const (
	SetValue SetKind = iota
	SetDefault
	ResetOne
	ResetAll
	SetTransaction        // SET TRANSACTION ...: Options
	SetSessionTransaction // SET SESSION CHARACTERISTICS AS TRANSACTION ...: Options
)

// Set is SET or RESET.
type Set struct {
	P
	Kind    SetKind
	Name    string
	Values  []SetArg // several for lists
	Local   bool
	Options map[string]string
}

// SetArg is one value of SET: text as the setting reads it.
type SetArg struct {
	Text     string
	Ident    bool // written without quotes
	Interval bool // SET TIME ZONE INTERVAL '...'
}

// AlterSetting is ALTER ROLE|DATABASE name [IN DATABASE d] SET|RESET ....
type AlterSetting struct {
	P
	Role, Database string // "" not named; Role "all" for ALL
	Set            *Set
}

// Show is SHOW name; "all" for SHOW ALL.
type Show struct {
	P
	Name string
}

// Discard is DISCARD ALL|PLANS|TEMP|SEQUENCES.
type Discard struct {
	P
	What string
}

// Prepare is PREPARE name (types) AS statement.
type Prepare struct {
	P
	Name  string
	Types []TypeName
	Query Stmt
	Text  string
}

// Execute is EXECUTE name (args).
type Execute struct {
	P
	Name string
	Args []Expr
}

// Deallocate is DEALLOCATE name; Name "" for ALL.
type Deallocate struct {
	P
	Name string
}

// DeclareCursor is DECLARE name ... CURSOR ... FOR query.
type DeclareCursor struct {
	P
	Name                                  string
	Binary, Scroll, NoScroll, Insensitive bool
	Hold                                  bool
	Query                                 Stmt
}

// FetchDir is the direction of FETCH or MOVE.
type FetchDir uint8

// Directions.
const (
	FetchForward FetchDir = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchAll is the count of FETCH ALL.
const FetchAll = int64(1<<63 - 1)

// Fetch is FETCH or MOVE.
type Fetch struct {
	P
	Cursor string
	Dir    FetchDir
	Count  int64
	Move   bool
}

// ClosePortal is CLOSE name; Name "" for ALL.
type ClosePortal struct {
	P
	Name string
}

// Copy is COPY ... TO STDOUT (or anything else, which is refused by its reader).
type Copy struct {
	P
	Query   Stmt // COPY (query); nil for a table
	Table   *Name
	Columns []string
	From    bool
	Program bool
	File    string // "" for STDIN or STDOUT
	Options []CopyOption
}

// CopyOption is one option of COPY.
type CopyOption struct {
	Name   string
	Value  string
	List   []string
	HasVal bool
}

// Explain is EXPLAIN.
type Explain struct {
	P
	Options map[string]string // analyze, verbose, costs, format ... as written; "" for a bare option
	Query   Stmt
	Text    string // the explained statement's text
}

// Lock is LOCK TABLE, accepted and without effect in a transaction.
type Lock struct{ P }

// Notify is LISTEN, UNLISTEN or NOTIFY.
type Notify struct {
	P
	Kind string // "listen", "unlisten", "notify"
}

// SetSession is SET SESSION AUTHORIZATION or SET ROLE.
type SetSession struct {
	P
	Role    bool
	Name    string
	Default bool
}

// CreateTemp is CREATE TEMP TABLE, with columns or AS a query.
type CreateTemp struct {
	P
	Name        Name
	IfNotExists bool
	Columns     []ColumnDef
	Constraints []Constraint // of the table; those of columns stand there
	Query       Stmt
	Names       []string // column names of ... AS
	NoData      bool
	OnCommit    string // "", "preserve", "delete", "drop"
}

// CreateView is CREATE [OR REPLACE] [TEMP] VIEW.
type CreateView struct {
	P
	Name    Name
	Columns []string
	Replace bool
	Temp    bool
	Query   Stmt
	Text    string // the query's text
}

// Unsupported is a statement that the grammar knows and Sluice refuses: the
// command's name in PostgreSQL's words, for 0A000.
type Unsupported struct {
	P
	Command string
	Hint    string
}
