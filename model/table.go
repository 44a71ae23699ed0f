// Package model holds tables, partitions, columns and statistics as plain
// immutable types: Glue's model, with the PostgreSQL names beside it. Objects
// are never changed once handed out.
package model

import (
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// Kind tells what a relation is.
type Kind uint8

// Kinds of relation.
const (
	KindLake    Kind = iota // files in object storage
	KindView                // a stored query
	KindVirtual             // computed: pg_catalog, information_schema, sluice.*
	KindTemp                // rows that a session keeps for itself
)

// Database is a Glue database: a schema to PostgreSQL's clients.
type Database struct {
	OID         sql.OID
	Name        string // lower case
	Description string
	LocationURI string
	Parameters  map[string]string
	Created     time.Time
	Owner       string
}

// Column is a column of a table or a partition key.
type Column struct {
	Name    string // lower case
	Type    sql.Type
	Hive    string // type as Glue has it, "" for virtual relations
	Comment string
	Params  map[string]string
	NotNull bool
	Default string // KindTemp: an expression's text, "" for none
}

// Storage is Glue's StorageDescriptor without the columns.
type Storage struct {
	Location     string // s3://bucket/prefix/ or file:///dir/
	InputFormat  string
	OutputFormat string
	SerDe        string
	SerDeParams  map[string]string
	Params       map[string]string
	Compressed   bool
	BucketCols   []string
	Buckets      int
	SortCols     []SortCol
}

// SortCol is one column of a declared file order.
type SortCol struct {
	Name string
	Desc bool
}

// Table is a relation at one version of the catalog.
type Table struct {
	OID      sql.OID
	Database string // Glue database = PostgreSQL schema
	Name     string
	Kind     Kind
	Version  int64 // Glue's VersionId; changes with every update of the table
	Owner    string
	Comment  string
	Created  time.Time
	Updated  time.Time

	Columns []Column // without partition keys
	Keys    []Column // partition keys, in order; after Columns in SELECT *
	Storage Storage
	Params  map[string]string // TBLPROPERTIES

	ViewSQL  string // KindView: text as given
	ViewPath []string
	Stats    *TableStats // nil: never analysed

	Checks []Check // KindTemp
	Unique []Key   // KindTemp
}

// Temporary reports whether a relation is a session's own: a table or a view.
func (t *Table) Temporary() bool {
	return t.Kind == KindTemp || t.Kind == KindView && strings.HasPrefix(t.Database, "pg_temp_")
}

// Check is a condition that rows of a table must not fail.
type Check struct {
	Name string
	Text string // an expression over the table's columns
}

// Key is columns whose values, where none is NULL, are different in every row.
type Key struct {
	Name    string
	Columns []int // of the table
	Primary bool
}

// AllColumns returns Columns followed by Keys; attnum is index+1.
func (t *Table) AllColumns() []Column {
	out := make([]Column, 0, len(t.Columns)+len(t.Keys))
	return append(append(out, t.Columns...), t.Keys...)
}

// Partition is one partition of a lake table.
type Partition struct {
	ID       int64       // row in the store; 0 for projected ones
	Values   []string    // raw, in key order, unescaped
	Typed    []sql.Value // the same as values of the keys' types
	Location string      // where its files are
	Storage  *Storage    // if it differs from the table's in more than the location
	Columns  []Column    // schema at the partition if it differs from the table's, else nil
	Params   map[string]string
	Stats    *TableStats
}

// TableStats are statistics of a table or partition.
type TableStats struct {
	Rows     int64
	Bytes    int64 // stored
	Files    int64
	Analyzed time.Time
	Columns  map[string]ColumnStats // by column name
}

// ColumnStats are statistics of one column.
type ColumnStats struct {
	Min, Max       sql.Value
	HasMin, HasMax bool
	Nulls          int64
	Distinct       int64 // estimate; 0 unknown
	AvgLen         float64
	Bytes          int64  // stored, compressed
	Sketch         []byte // mergeable distinct-count sketch
}
