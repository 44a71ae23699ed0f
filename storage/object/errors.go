package object

import (
	"context"
	"errors"

	"github.com/sluicedb/sluice/sql"
)

// The constructors below make the errors that Store promises, so that every
// implementation words them alike. cause goes to the log only.

// NoSuchObject is 58P01: nothing is stored at url.
func NoSuchObject(url string, cause error) *sql.Error {
	e := sql.Errorf(sql.CodeUndefinedFile, "object %q does not exist", url)
	e.Cause = cause
	return e.WithHint("It may have been deleted or renamed after it was listed; run the statement again.")
}

// Denied is 42501: the store refuses access to url. hint says who can grant it.
func Denied(url string, cause error, hint string) *sql.Error {
	e := sql.Errorf(sql.CodeInsufficientPrivilege, "access to %q denied", url)
	e.Hint, e.Cause = hint, cause
	return e
}

// Changed is 40001: the object at url is no longer the version asked for.
func Changed(url string) *sql.Error {
	return sql.Errorf(sql.CodeSerializationFailure, "object %q changed while it was being read", url).
		WithHint("Run the statement again; it will see the new version.")
}

// Exists is 58030: a Create with ifNoneMatch found an object at url.
func Exists(url string, cause error) *sql.Error {
	e := sql.Errorf(sql.CodeIOError, "object %q already exists", url)
	e.Cause = cause
	return e.WithHint("Another writer made it first, or an earlier run left it; choose another name or delete it.")
}

// Short is XX001: the object at url has size bytes, too few for n bytes from off.
func Short(url string, size, off int64, n int) *sql.Error {
	return sql.Errorf(sql.CodeDataCorrupted, "object %q is too short", url).
		WithDetail("It has %d bytes; bytes %d to %d were asked for.", size, off, off+int64(n)-1).
		WithHint("The file is truncated, or its metadata is damaged; write it again.")
}

// Failed is 58030: doing (a verb phrase: "read", "list") at url failed.
func Failed(doing, url string, cause error) *sql.Error {
	e := sql.Errorf(sql.CodeIOError, "could not %s %q", doing, url)
	if cause != nil {
		e.Detail = cause.Error()
	}
	e.Cause = cause
	return e
}

// BadURL is 42602: url does not name an object of the store.
func BadURL(url, why string) *sql.Error {
	return sql.Errorf(sql.CodeInvalidName, "invalid object location %q", url).WithDetail("%s", why)
}

// BadRange is 22023: a negative offset.
func BadRange(url string, off int64) *sql.Error {
	return sql.Errorf(sql.CodeInvalidParameterValue, "invalid offset %d in object %q", off, url)
}

// Aborted is 55000: a Writer is used after Close or Abort.
func Aborted(url string) *sql.Error {
	return sql.Errorf(sql.CodeObjectNotInPrerequisite, "the upload to %q is already finished or aborted", url)
}

// Ended returns nil while ctx lives, and after its end the error to give:
// the *sql.Error that it was cancelled with, if there is one, else 57014.
func Ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if e, ok := errors.AsType[*sql.Error](cause); ok {
		return e
	}
	e := sql.Errorf(sql.CodeQueryCanceled, "canceling statement due to user request")
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Message = "canceling statement due to statement timeout"
	}
	e.Cause = cause
	return e
}
