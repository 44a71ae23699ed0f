package sql

import (
	"errors"
	"fmt"
)

// Error is an error as PostgreSQL reports it. It is made where the fault is
// detected; nobody matches on Message.
type Error struct {
	Code     Code
	Message  string
	Detail   string
	Hint     string
	Position int    // 1-based character (not byte) offset in the statement's text, 0 none
	Where    string // context, e.g. the file and column that was read
	Cause    error  // for errors.Is and the log; never shown to the client
}

func (e *Error) Error() string {
	if e.Detail != "" {
		return fmt.Sprintf("%s (SQLSTATE %s): %s", e.Message, e.Code, e.Detail)
	}
	return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code)
}

func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// At sets the position (1-based, characters) unless one is set already, and returns e.
func (e *Error) At(pos int) *Error {
	if e.Position == 0 {
		e.Position = pos
	}
	return e
}

// AsError turns any error into an Error; one that is not, becomes XX000. It is
// the only place where unknown errors get their SQLSTATE.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: err.Error(), Cause: err}
}
