package object

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// Route sends the URLs that start with Prefix to Store: "file://", "s3://" for
// every bucket, "s3://bucket/" for one with an endpoint, region or credentials
// of its own.
type Route struct {
	Prefix string
	Store  Store
}

// Mux is a Store made of several; the longest matching route wins.
type Mux struct {
	routes []Route // longest prefix first
}

// NewMux makes a Mux. It does not own the stores.
func NewMux(routes ...Route) *Mux {
	m := &Mux{routes: slices.Clone(routes)}
	slices.SortStableFunc(m.routes, func(a, b Route) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	return m
}

// For returns the store of url.
func (m *Mux) For(url string) (Store, error) {
	for _, r := range m.routes {
		// A bucket may be named without the slash after it.
		if strings.HasPrefix(url, r.Prefix) || url+"/" == r.Prefix {
			return r.Store, nil
		}
	}
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		return nil, BadURL(url, "A location is written s3://bucket/key or file:///path.")
	}
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "no object store is configured for %q", url).
		WithHint("Configure one for %s://, or use one of %s.", scheme, m.prefixes())
}

func (m *Mux) prefixes() string {
	var all []string
	for _, r := range m.routes {
		all = append(all, r.Prefix)
	}
	return strings.Join(all, ", ")
}

// ListPages implements Store.
func (m *Mux) ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(Page) (bool, error)) error {
	s, err := m.For(prefix)
	if err != nil {
		return err
	}
	return s.ListPages(ctx, prefix, delimiter, startAfter, yield)
}

// Head implements Store.
func (m *Mux) Head(ctx context.Context, url string) (Info, error) {
	s, err := m.For(url)
	if err != nil {
		return Info{}, err
	}
	return s.Head(ctx, url)
}

// ReadRange implements Store.
func (m *Mux) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	s, err := m.For(url)
	if err != nil {
		return err
	}
	return s.ReadRange(ctx, url, etag, off, p)
}

// Create implements Store.
func (m *Mux) Create(ctx context.Context, url string, ifNoneMatch bool) (Writer, error) {
	s, err := m.For(url)
	if err != nil {
		return nil, err
	}
	return s.Create(ctx, url, ifNoneMatch)
}

// Delete implements Store.
func (m *Mux) Delete(ctx context.Context, url string) error {
	s, err := m.For(url)
	if err != nil {
		return err
	}
	return s.Delete(ctx, url)
}
