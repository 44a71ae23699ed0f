// Package object reads and writes objects in S3, in local folders and in memory.
// Every implementation passes the conformance test in objecttest.
package object

import (
	"context"
	"io"
	"time"
)

// Info describes one object.
type Info struct {
	Key      string // the whole URL: s3://bucket/key or file:///path
	Size     int64
	ETag     string // opaque version of the content; never empty
	Modified time.Time
}

// Page is one page of a listing.
type Page struct {
	Objects  []Info
	Prefixes []string // with a delimiter: common prefixes, whole URLs ending in the delimiter
	Next     string   // startAfter of the next page, empty at the end
}

// Store is a place that holds objects. URLs are whole ones and literal: what
// follows scheme://bucket/ (or file://) is the key byte for byte, never percent-
// encoded. A store is asked only for URLs of its scheme. Methods are safe for concurrent use. Errors are
// *sql.Error: 58P01 no such object or bucket, 42501 access denied, 58030 the
// store cannot be reached (after bounded retries) or failed, 40001 the object is
// not the version asked for, 57014 ctx ended.
type Store interface {
	// ListPages calls yield for each page of objects whose key starts with prefix
	// (lexicographic by key) until it returns false or an error. delimiter is ""
	// or "/"; startAfter is a whole URL or "": only objects and common prefixes
	// that sort after it are given, so Page.Next, or the last URL seen, resumes a
	// listing. Nothing under prefix is an empty listing, no error.
	ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(Page) (bool, error)) error
	// Head returns an object's description.
	Head(ctx context.Context, url string) (Info, error)
	// ReadRange fills p from offset off. etag, if not empty, pins the version
	// (If-Match). A short object is an error (XX001), not a short read.
	ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error
	// Create writes a new object; it appears whole at Close or not at all. With
	// ifNoneMatch an existing object makes Close fail with 58030 and a hint. If ctx ends or
	// Abort is called, the upload leaves nothing behind.
	Create(ctx context.Context, url string, ifNoneMatch bool) (Writer, error)
	// Delete removes an object; a missing one is no error.
	Delete(ctx context.Context, url string) error
}

// Writer writes one object.
type Writer interface {
	io.Writer
	// Close completes the object and returns its description.
	Close() (Info, error)
	// Abort drops it. After Close it does nothing.
	Abort()
}
