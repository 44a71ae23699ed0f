// Package mem is an object store in memory, for tests and temporary data.
package mem

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluicedb/sluice/storage/object"
)

// Store holds objects under whatever URLs it is given (any scheme), so that a
// test can use it in place of S3 or of files.
type Store struct {
	pageSize int

	mu      sync.RWMutex
	objects map[string]version
	sorted  []object.Info
	last    uint64 // the number of the newest version
}

type version struct {
	info object.Info
	data []byte // never changed once stored
}

// New returns an empty store that lists pageSize entries a page (0: 1000).
func New(pageSize int) *Store {
	if pageSize <= 0 {
		pageSize = 1000
	}
	return &Store{pageSize: pageSize, objects: map[string]version{}}
}

// ListPages implements object.Store.
func (s *Store) ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(object.Page) (bool, error)) error {
	for {
		if err := object.Ended(ctx); err != nil {
			return err
		}
		object.Meter(ctx).CountList()
		page := s.page(prefix, delimiter, startAfter)
		more, err := yield(page)
		if err != nil || !more || page.Next == "" {
			return err
		}
		startAfter = page.Next
	}
}

func (s *Store) page(prefix, delimiter, startAfter string) object.Page {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return object.PageOf(s.sorted, prefix, delimiter, startAfter, s.pageSize)
}

// find returns the place of url in sorted.
func (s *Store) find(url string) (int, bool) {
	return slices.BinarySearchFunc(s.sorted, url, func(o object.Info, url string) int { return strings.Compare(o.Key, url) })
}

// Head implements object.Store.
func (s *Store) Head(ctx context.Context, url string) (object.Info, error) {
	if err := object.Ended(ctx); err != nil {
		return object.Info{}, err
	}
	object.Meter(ctx).CountHead()
	s.mu.RLock()
	v, ok := s.objects[url]
	s.mu.RUnlock()
	if !ok {
		return object.Info{}, object.NoSuchObject(url, nil)
	}
	return v.info, nil
}

// ReadRange implements object.Store.
func (s *Store) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	if err := object.Ended(ctx); err != nil {
		return err
	}
	if off < 0 {
		return object.BadRange(url, off)
	}
	if len(p) == 0 {
		return nil
	}
	object.Meter(ctx).CountGet()
	s.mu.RLock()
	v, ok := s.objects[url]
	s.mu.RUnlock()
	switch {
	case !ok:
		return object.NoSuchObject(url, nil)
	case etag != "" && etag != v.info.ETag:
		return object.Changed(url)
	case off > int64(len(v.data))-int64(len(p)):
		return object.Short(url, int64(len(v.data)), off, len(p))
	}
	object.Meter(ctx).CountRead(copy(p, v.data[off:]))
	return nil
}

// Create implements object.Store.
func (s *Store) Create(ctx context.Context, url string, ifNoneMatch bool) (object.Writer, error) {
	if err := object.Ended(ctx); err != nil {
		return nil, err
	}
	return &writer{ctx: ctx, store: s, url: url, ifNoneMatch: ifNoneMatch}, nil
}

// Put stores data, which must not be changed afterwards, and describes it.
func (s *Store) Put(url string, data []byte) object.Info {
	info, _ := s.put(url, data, false)
	return info
}

func (s *Store) put(url string, data []byte, ifNoneMatch bool) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[url]; ok && ifNoneMatch {
		return object.Info{}, object.Exists(url, nil)
	}
	s.last++
	v := version{object.Info{Key: url, Size: int64(len(data)), ETag: "v" + strconv.FormatUint(s.last, 10), Modified: time.Now()}, data}
	s.objects[url] = v
	if i, ok := s.find(url); ok {
		s.sorted[i] = v.info
	} else {
		s.sorted = slices.Insert(s.sorted, i, v.info)
	}
	return v.info, nil
}

// Delete implements object.Store.
func (s *Store) Delete(ctx context.Context, url string) error {
	if err := object.Ended(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, url)
	if i, ok := s.find(url); ok {
		s.sorted = slices.Delete(s.sorted, i, i+1)
	}
	return nil
}

type writer struct {
	ctx         context.Context
	store       *Store
	url         string
	ifNoneMatch bool
	data        []byte
	done        bool
}

func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, object.Aborted(w.url)
	}
	if err := object.Ended(w.ctx); err != nil {
		return 0, err
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *writer) Close() (object.Info, error) {
	if w.done {
		return object.Info{}, object.Aborted(w.url)
	}
	w.done = true
	if err := object.Ended(w.ctx); err != nil {
		return object.Info{}, err
	}
	object.Meter(w.ctx).CountPut()
	object.Meter(w.ctx).CountWritten(len(w.data))
	return w.store.put(w.url, w.data, w.ifNoneMatch)
}

func (w *writer) Abort() { w.done = true }
