// Package ddl is the data definition language of the lake: Athena's and
// Spectrum's CREATE EXTERNAL TABLE and what belongs to it. Parse reads it beside
// PostgreSQL's grammar; Exec carries it out.
package ddl

// Stmt is a statement of this grammar.
type Stmt interface{ stmt() }

// Name names a table or view; Catalog and Database are "" if not written.
type Name struct {
	Catalog, Database, Table string
	Exact                    string // Table as it was quoted, not folded
	Pos                      int    // 1-based character
}

// Column is a column definition.
type Column struct {
	Name    string
	Hive    string // canonical Hive type: lower case, without blanks
	Comment string
	Pos     int
}

// Part is PARTITION (key = value, ...).
type Part struct {
	Keys     []string
	Values   []string
	Location string // ADD only
	Pos      int
}

// Statements.
type (
	// CreateDatabase is CREATE DATABASE|SCHEMA.
	CreateDatabase struct {
		Name        string
		IfNotExists bool
		Comment     string
		Location    string
		Props       map[string]string
		Word        string // "DATABASE" or "SCHEMA", as written
		Pos         int
	}
	// DropDatabase is DROP DATABASE|SCHEMA.
	DropDatabase struct {
		Names    []string
		IfExists bool
		Cascade  bool
		Word     string
		Pos      int
	}
	// AlterDatabase is ALTER DATABASE|SCHEMA ... SET DBPROPERTIES|LOCATION.
	AlterDatabase struct {
		Name     string
		Props    map[string]string
		Location string
		Pos      int
	}
	// CreateTable is CREATE EXTERNAL TABLE.
	CreateTable struct {
		Name        Name
		IfNotExists bool
		Columns     []Column
		Keys        []Column
		Comment     string
		BucketCols  []string
		SortCols    []SortCol
		Buckets     int
		SerDe       string            // class; "" not given
		SerDeProps  map[string]string // also what DELIMITED says
		Delimited   bool              // ROW FORMAT DELIMITED
		StoredAs    string            // upper case; "" not given
		InputClass  string            // STORED AS INPUTFORMAT
		OutputClass string
		Location    string
		Props       map[string]string
	}
	// SortCol is one column of SORTED BY.
	SortCol struct {
		Name string
		Desc bool
	}
	// DropTable is DROP TABLE or DROP VIEW.
	DropTable struct {
		Names    []Name
		View     bool
		IfExists bool
		Cascade  bool
	}
	// AddPartitions is ALTER TABLE ... ADD PARTITION.
	AddPartitions struct {
		Name        Name
		IfNotExists bool
		Parts       []Part
	}
	// DropPartitions is ALTER TABLE ... DROP PARTITION.
	DropPartitions struct {
		Name     Name
		IfExists bool
		Parts    []Part
	}
	// RenamePartition is ALTER TABLE ... PARTITION ... RENAME TO PARTITION.
	RenamePartition struct {
		Name     Name
		From, To Part
	}
	// RenameTable is ALTER TABLE|VIEW ... RENAME TO.
	RenameTable struct {
		Name Name
		To   string
	}
	// SetLocation is ALTER TABLE ... [PARTITION] SET LOCATION.
	SetLocation struct {
		Name     Name
		Part     *Part
		Location string
	}
	// SetProperties is ALTER TABLE ... SET TBLPROPERTIES.
	SetProperties struct {
		Name  Name
		Props map[string]string
	}
	// AddColumns is ALTER TABLE ... [PARTITION] ADD|REPLACE COLUMNS.
	AddColumns struct {
		Name    Name
		Part    *Part
		Columns []Column
		Replace bool
	}
	// DropColumn is ALTER TABLE ... DROP COLUMN.
	DropColumn struct {
		Name   Name
		Column string
		Pos    int
	}
	// ChangeColumn is ALTER TABLE ... CHANGE [COLUMN].
	ChangeColumn struct {
		Name       Name
		Part       *Part
		Old        string
		Def        Column
		HasComment bool
		First      bool
		After      string
		Pos        int
	}
	// RepairTable is MSCK REPAIR TABLE.
	RepairTable struct{ Name Name }
	// Show is SHOW DATABASES|TABLES|VIEWS|PARTITIONS|COLUMNS|CREATE TABLE|CREATE
	// VIEW|TBLPROPERTIES.
	Show struct {
		What     ShowWhat
		Name     Name
		Database string
		Pattern  string // regular expression of Athena, "" all
		Like     bool   // the pattern followed LIKE
		Key      string // TBLPROPERTIES ('key')
		Part     *Part
		Pos      int
	}
	// Describe is DESCRIBE.
	Describe struct {
		Name     Name
		Extended bool // or FORMATTED
		Part     *Part
		Column   string
	}
	// CreateView is CREATE [OR REPLACE] VIEW.
	CreateView struct {
		Name        Name
		Replace     bool
		IfNotExists bool
		Columns     []string
		SQL         string // text after AS
		SQLPos      int
	}
	// Comment is COMMENT ON.
	Comment struct {
		On     string // "TABLE", "VIEW", "COLUMN", "SCHEMA", "DATABASE"
		Name   Name   // Table "" for a schema
		Column string
		Text   string // "" removes
	}
	// Analyze is ANALYZE [table [(columns)]].
	Analyze struct {
		Name    Name // Table "": all tables of the search path's first database
		Columns []string
		Verbose bool
		All     bool
	}
)

// ShowWhat is what a Show shows.
type ShowWhat uint8

// What SHOW shows.
const (
	ShowDatabases ShowWhat = iota
	ShowTables
	ShowViews
	ShowPartitions
	ShowColumns
	ShowCreateTable
	ShowCreateView
	ShowProperties
)

func (*CreateDatabase) stmt()  {}
func (*DropDatabase) stmt()    {}
func (*AlterDatabase) stmt()   {}
func (*CreateTable) stmt()     {}
func (*DropTable) stmt()       {}
func (*AddPartitions) stmt()   {}
func (*DropPartitions) stmt()  {}
func (*RenamePartition) stmt() {}
func (*RenameTable) stmt()     {}
func (*SetLocation) stmt()     {}
func (*SetProperties) stmt()   {}
func (*AddColumns) stmt()      {}
func (*DropColumn) stmt()      {}
func (*ChangeColumn) stmt()    {}
func (*RepairTable) stmt()     {}
func (*Show) stmt()            {}
func (*Describe) stmt()        {}
func (*CreateView) stmt()      {}
func (*Comment) stmt()         {}
func (*Analyze) stmt()         {}
