package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// Exit codes of the program. docs/operations.md lists them.
const (
	exitFailed      = 1   // the statement or the work failed
	exitUsage       = 2   // wrong flags, arguments or configuration
	exitInterrupted = 130 // as shells show SIGINT
)

// usageError is a mistake in how the program was called.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var sqlErr *sql.Error
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, &sqlErr) && sqlErr.Code == sql.CodeQueryCanceled:
		return exitInterrupted
	}
	return exitFailed
}

// statementError is the error of a statement, with the text that it is about.
type statementError struct {
	err  *sql.Error
	text string
}

func (e statementError) Error() string { return e.err.Error() }
func (e statementError) Unwrap() error { return e.err }

// printError tells what went wrong and what to do, in psql's form where the
// error has a SQLSTATE.
func printError(w io.Writer, err error) {
	e, ok := errors.AsType[*sql.Error](err)
	if !ok {
		fmt.Fprintln(w, "sluice:", err)
		if errors.As(err, new(usageError)) {
			fmt.Fprintln(w, "Try sluice --help, or --help after the command.")
		}
		return
	}
	fmt.Fprintf(w, "ERROR:  %s: %s\n", e.Code, e.Message)
	if st, ok := errors.AsType[statementError](err); ok && e.Position > 0 {
		printPosition(w, st.text, e.Position)
	}
	if e.Detail != "" {
		fmt.Fprintln(w, "DETAIL: ", e.Detail)
	}
	if e.Hint != "" {
		fmt.Fprintln(w, "HINT: ", e.Hint)
	}
	if e.Where != "" {
		fmt.Fprintln(w, "CONTEXT: ", e.Where)
	}
}

// printPosition shows the line of the text that the error is in, with a caret.
func printPosition(w io.Writer, text string, pos int) {
	r := []rune(text)
	if pos > len(r)+1 {
		return
	}
	start, line := 0, 1
	for i, c := range r[:pos-1] {
		if c == '\n' {
			start, line = i+1, line+1
		}
	}
	end := start
	for end < len(r) && r[end] != '\n' && r[end] != '\r' {
		end++
	}
	const width = 120
	from := start
	if pos-1-from > width/2 {
		from = pos - 1 - width/2
	}
	head := fmt.Sprintf("LINE %d: ", line)
	fmt.Fprintln(w, head+strings.ReplaceAll(string(r[from:min(end, from+width)]), "\t", " "))
	fmt.Fprintln(w, strings.Repeat(" ", len(head)+pos-1-from)+"^")
}
