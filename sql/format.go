package sql

import "time"

// Format holds the session settings that text output depends on.
type Format struct {
	DateStyle        DateStyle
	DateOrder        DateOrder
	IntervalStyle    IntervalStyle
	ExtraFloatDigits int  // PostgreSQL's setting; default 1: shortest exact form
	ByteaEscape      bool // bytea_output = escape
	Zone             *time.Location
}

// DateStyle is the output style of dates and times.
type DateStyle uint8

// Date styles.
const (
	DateISO DateStyle = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the order of day and month on input, and on output where the style has one.
type DateOrder uint8

// Date orders.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IntervalStyle is the output style of intervals.
type IntervalStyle uint8

// Interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQL
	IntervalISO8601
)

// DefaultFormat is what PostgreSQL starts with, in UTC.
func DefaultFormat() Format { return Format{ExtraFloatDigits: 1, Zone: time.UTC} }
