package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// ListPages implements object.Store. Keys come in S3's order, that of the whole
// key's bytes: a folder sorts as its name with "/", so "a-b" precedes "a/b". It
// holds the names of the folders on the way down and one page, never the whole
// listing. Folders with no file under them do not exist, as in S3.
func (s *Store) ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(object.Page) (bool, error)) error {
	w := &walk{ctx: ctx, delimiter: delimiter, startAfter: startAfter, pageSize: s.pageSize, yield: yield}
	r, name, err := s.resolve(prefix)
	if err != nil {
		return err
	}
	w.root, w.prefix = r, prefix
	start := "."
	if name == "." {
		w.prefix = scheme + strings.TrimSuffix(r.path, "/") + "/" // the root alone, not its namesakes
	} else if i := strings.LastIndexByte(name, '/'); i >= 0 {
		start = name[:i]
		if start == "" || filepath.Clean(start) != start {
			return w.finish() // no key has such a prefix
		}
	}
	object.Meter(ctx).CountList()
	err = w.folder(start, nil)
	if errors.Is(err, errStopped) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.finish()
}

// errStopped ends a walk whose consumer has seen enough.
var errStopped = errors.New("listing stopped")

type walk struct {
	ctx                           context.Context
	root                          *root
	prefix, delimiter, startAfter string
	pageSize                      int
	yield                         func(object.Page) (bool, error)

	page object.Page
	last string // the newest entry of page
}

func (w *walk) url(name string) string {
	base := scheme + strings.TrimSuffix(w.root.path, "/") + "/"
	if name == "." {
		return base
	}
	return base + name
}

// folder lists the folder name (relative to the root); above are the folders
// that lead to it.
func (w *walk) folder(name string, above []fs.FileInfo) error {
	entries, self, err := w.read(name)
	if err != nil {
		if missing(err) {
			return nil // nothing there, or removed while listing
		}
		return fault("list", w.url(name), err)
	}
	for _, up := range above {
		if os.SameFile(up, self) {
			return sql.Errorf(sql.CodeIOError, "symbolic links form a loop at %q", w.url(name)).
				WithHint("Remove the link that leads back to a folder above it.")
		}
	}
	above = append(above, self)
	base := w.url(name)
	if name != "." {
		base += "/"
	}
	for _, e := range entries {
		if err := object.Ended(w.ctx); err != nil {
			return err
		}
		url := base + e
		path := strings.TrimPrefix(url, w.url("."))
		if sub, ok := strings.CutSuffix(path, "/"); ok {
			err = w.subfolder(url, sub, above)
		} else {
			err = w.file(url, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) subfolder(url, path string, above []fs.FileInfo) error {
	if !strings.HasPrefix(url, w.prefix) && !strings.HasPrefix(w.prefix, url) {
		return nil
	}
	if url <= w.startAfter && !strings.HasPrefix(w.startAfter, url) {
		return nil // every key in it sorts before startAfter
	}
	if w.delimiter == "" || !strings.HasPrefix(url, w.prefix) || url == w.prefix {
		return w.folder(path, above)
	}
	if url <= w.startAfter {
		return nil
	}
	found, err := w.holdsFile(path, above)
	if err != nil || !found {
		return err
	}
	return w.emit(url, nil)
}

// holdsFile tells whether there is a file anywhere under the folder.
func (w *walk) holdsFile(path string, above []fs.FileInfo) (bool, error) {
	probe := *w
	probe.prefix, probe.delimiter, probe.startAfter = w.url(path)+"/", "", ""
	probe.page, probe.last, probe.pageSize = object.Page{}, "", 1
	found := false
	probe.yield = func(object.Page) (bool, error) { found = true; return false, nil }
	err := probe.folder(path, above)
	if err == nil {
		found = found || len(probe.page.Objects) > 0
	}
	if errors.Is(err, errStopped) {
		err = nil
	}
	return found, err
}

func (w *walk) file(url, path string) error {
	if !strings.HasPrefix(url, w.prefix) || url <= w.startAfter {
		return nil
	}
	var st fs.FileInfo
	err := w.root.use(func(dir *os.Root) (err error) {
		st, err = dir.Stat(path)
		return err
	})
	switch {
	case err != nil && missing(err):
		return nil // removed while listing
	case err != nil:
		return fault("list", url, err)
	case !st.Mode().IsRegular():
		return nil
	}
	info := describe(url, st)
	return w.emit(url, &info)
}

// emit adds an object, or without info a common prefix, and hands out the page
// before it if that is full.
func (w *walk) emit(url string, info *object.Info) error {
	if len(w.page.Objects)+len(w.page.Prefixes) == w.pageSize {
		w.page.Next = w.last
		more, err := w.yield(w.page)
		if err != nil {
			return err
		}
		if !more {
			return errStopped
		}
		w.page = object.Page{}
		object.Meter(w.ctx).CountList()
	}
	if info != nil {
		w.page.Objects = append(w.page.Objects, *info)
	} else {
		w.page.Prefixes = append(w.page.Prefixes, url)
	}
	w.last = url
	return nil
}

// finish hands out the last page.
func (w *walk) finish() error {
	if err := object.Ended(w.ctx); err != nil {
		return err
	}
	_, err := w.yield(w.page)
	return err
}

// read returns the folder's entries in the order of their keys.
func (w *walk) read(name string) ([]string, fs.FileInfo, error) {
	var folder *os.File
	err := w.root.use(func(dir *os.Root) (err error) {
		folder, err = dir.Open(name)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	self, err := folder.Stat()
	if err != nil {
		return nil, nil, err
	}
	var entries []string
	for {
		batch, err := folder.ReadDir(1024)
		for _, d := range batch {
			e, ok, err := w.entry(name, d)
			if err != nil {
				return nil, nil, err
			}
			if ok {
				entries = append(entries, e)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if err := object.Ended(w.ctx); err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(entries)
	return entries, self, nil
}

// entry turns a directory entry into one of the listing, its name, with "/" at
// the end for a folder; false for what is
// neither file nor folder, an unfinished upload, or outside the prefix.
func (w *walk) entry(folder string, d fs.DirEntry) (string, bool, error) {
	if strings.HasPrefix(d.Name(), tempPrefix) {
		return "", false, nil
	}
	path := d.Name()
	if folder != "." {
		path = folder + "/" + path
	}
	if url := w.url(path); !strings.HasPrefix(url, w.prefix) && !strings.HasPrefix(w.prefix, url) {
		return "", false, nil
	}
	mode := d.Type()
	if mode&fs.ModeSymlink != 0 {
		var st fs.FileInfo
		err := w.root.use(func(dir *os.Root) (err error) {
			st, err = dir.Stat(path)
			return err
		})
		if err != nil {
			if missing(err) {
				return "", false, nil // a dangling link is no object
			}
			return "", false, fault("list", w.url(path), err)
		}
		mode = st.Mode().Type()
	}
	switch {
	case mode.IsDir():
		return d.Name() + "/", true, nil
	case mode.IsRegular():
		return d.Name(), true, nil
	}
	return "", false, nil
}
