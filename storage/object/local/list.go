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
	err = w.folder(nil, entry{path: start, linked: true}, nil)
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

// entry is a file or a folder in the listing.
type entry struct {
	name   string // in its folder, with "/" at the end if it is a folder
	path   string // from the root, without "/" at the end
	linked bool   // reached through a symbolic link: resolved from the root
}

func (w *walk) url(name string) string {
	base := scheme + strings.TrimSuffix(w.root.path, "/") + "/"
	if name == "." {
		return base
	}
	return base + name
}

// folder lists folder e, which lies in the folder open as in; above are the
// folders that lead to it. Going down handle by handle spares the kernel the walk
// from the root for each name.
func (w *walk) folder(in *os.Root, e entry, above []fs.FileInfo) error {
	here, err := w.enter(in, e)
	if err == nil {
		defer here.Close()
		var entries []entry
		var self fs.FileInfo
		if entries, self, err = w.read(here, e.path); err == nil {
			return w.entries(here, e, entries, self, above)
		}
	}
	if missing(err) {
		return nil // nothing there, or removed while listing
	}
	return fault("list", w.url(e.path), err)
}

func (w *walk) enter(in *os.Root, e entry) (here *os.Root, err error) {
	if !e.linked {
		return in.OpenRoot(strings.TrimSuffix(e.name, "/"))
	}
	err = w.root.use(func(dir *os.Root) (err error) {
		here, err = dir.OpenRoot(e.path)
		return err
	})
	return here, err
}

func (w *walk) entries(here *os.Root, e entry, entries []entry, self fs.FileInfo, above []fs.FileInfo) error {
	for _, up := range above {
		if os.SameFile(up, self) {
			return sql.Errorf(sql.CodeIOError, "symbolic links form a loop at %q", w.url(e.path)).
				WithHint("Remove the link that leads back to a folder above it.")
		}
	}
	above = append(above, self)
	for _, sub := range entries {
		if err := object.Ended(w.ctx); err != nil {
			return err
		}
		visit := w.file
		if strings.HasSuffix(sub.name, "/") {
			visit = w.subfolder
		}
		if err := visit(here, sub, above); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) subfolder(in *os.Root, e entry, above []fs.FileInfo) error {
	url := w.url(e.path) + "/"
	if !strings.HasPrefix(url, w.prefix) && !strings.HasPrefix(w.prefix, url) {
		return nil
	}
	if url <= w.startAfter && !strings.HasPrefix(w.startAfter, url) {
		return nil // every key in it sorts before startAfter
	}
	if w.delimiter == "" || !strings.HasPrefix(url, w.prefix) || url == w.prefix {
		return w.folder(in, e, above)
	}
	if url <= w.startAfter {
		return nil
	}
	found, err := w.holdsFile(in, e, above)
	if err != nil || !found {
		return err
	}
	return w.emit(url, nil)
}

// holdsFile tells whether there is a file anywhere under the folder.
func (w *walk) holdsFile(in *os.Root, e entry, above []fs.FileInfo) (bool, error) {
	probe := *w
	probe.prefix, probe.delimiter, probe.startAfter = w.url(e.path)+"/", "", ""
	probe.page, probe.last, probe.pageSize = object.Page{}, "", 1
	found := false
	probe.yield = func(object.Page) (bool, error) { found = true; return false, nil }
	err := probe.folder(in, e, above)
	if err == nil {
		found = found || len(probe.page.Objects) > 0
	}
	if errors.Is(err, errStopped) {
		err = nil
	}
	return found, err
}

func (w *walk) file(in *os.Root, e entry, _ []fs.FileInfo) error {
	url := w.url(e.path)
	if !strings.HasPrefix(url, w.prefix) || url <= w.startAfter {
		return nil
	}
	st, err := w.stat(in, e)
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

func (w *walk) stat(in *os.Root, e entry) (st fs.FileInfo, err error) {
	if !e.linked {
		return in.Stat(e.name)
	}
	err = w.root.use(func(dir *os.Root) (err error) {
		st, err = dir.Stat(e.path)
		return err
	})
	return st, err
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

// read returns the entries of the folder open as here in the order of their keys.
func (w *walk) read(here *os.Root, path string) ([]entry, fs.FileInfo, error) {
	folder, err := here.Open(".")
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	self, err := folder.Stat()
	if err != nil {
		return nil, nil, err
	}
	var entries []entry
	for {
		batch, err := folder.ReadDir(1024)
		for _, d := range batch {
			e, ok, err := w.entry(path, d)
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
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, self, nil
}

// entry turns a directory entry into one of the listing; false for what is
// neither file nor folder, an unfinished upload, or outside the prefix.
func (w *walk) entry(folder string, d fs.DirEntry) (entry, bool, error) {
	if strings.HasPrefix(d.Name(), tempPrefix) {
		return entry{}, false, nil
	}
	e := entry{name: d.Name(), path: d.Name()}
	if folder != "." {
		e.path = folder + "/" + e.name
	}
	if url := w.url(e.path); !strings.HasPrefix(url, w.prefix) && !strings.HasPrefix(w.prefix, url) {
		return entry{}, false, nil
	}
	mode := d.Type()
	if mode&fs.ModeSymlink != 0 {
		e.linked = true
		st, err := w.stat(nil, e)
		if err != nil {
			if missing(err) {
				return entry{}, false, nil // a dangling link is no object
			}
			return entry{}, false, fault("list", w.url(e.path), err)
		}
		mode = st.Mode().Type()
	}
	switch {
	case mode.IsDir():
		e.name += "/"
		return e, true, nil
	case mode.IsRegular():
		return e, true, nil
	}
	return entry{}, false, nil
}
