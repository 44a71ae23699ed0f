package local

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// Create implements object.Store. The bytes go to a hidden file in the nearest
// folder that exists; Close syncs it, makes the missing folders and moves it to
// its name, so that an upload that fails leaves nothing.
func (s *Store) Create(ctx context.Context, url string, ifNoneMatch bool) (object.Writer, error) {
	if err := object.Ended(ctx); err != nil {
		return nil, err
	}
	r, name, err := s.resolveFile(url)
	if err != nil {
		return nil, err
	}
	w := &writer{ctx: ctx, store: s, root: r, url: url, name: name, ifNoneMatch: ifNoneMatch}
	err = r.use(func(dir *os.Root) error {
		folder := path.Dir(name)
		for folder != "." {
			if _, err := dir.Stat(folder); err == nil || !errors.Is(err, fs.ErrNotExist) {
				break
			}
			folder = path.Dir(folder)
		}
		w.temp = path.Join(folder, tempPrefix+rand.Text())
		var err error
		w.file, err = dir.OpenFile(w.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return nil, writeFault(url, err)
	}
	w.stop = context.AfterFunc(ctx, w.drop)
	return w, nil
}

type writer struct {
	ctx         context.Context
	store       *Store
	root        *root
	url, name   string // name is relative to the root
	ifNoneMatch bool
	stop        func() bool

	mu   sync.Mutex // Abort may come from ctx's end at any time
	file *os.File   // nil once closed or aborted
	temp string
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return 0, err
	}
	n, err := w.file.Write(p)
	object.Meter(w.ctx).CountWritten(n)
	if err != nil {
		return n, writeFault(w.url, err)
	}
	return n, nil
}

func (w *writer) usable() error {
	if err := object.Ended(w.ctx); err != nil {
		return err
	}
	if w.file == nil {
		return object.Aborted(w.url)
	}
	return nil
}

func (w *writer) Close() (object.Info, error) {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		w.discard()
		return object.Info{}, err
	}
	object.Meter(w.ctx).CountPut()
	info, err := w.publish()
	w.discard()
	if err != nil {
		return object.Info{}, err
	}
	return info, nil
}

// publish gives the file its name. Link refuses an existing name, Rename
// replaces it; both are atomic.
func (w *writer) publish() (object.Info, error) {
	if err := w.file.Sync(); err != nil {
		return object.Info{}, writeFault(w.url, err)
	}
	st, err := w.file.Stat()
	if err != nil {
		return object.Info{}, writeFault(w.url, err)
	}
	err = w.root.use(func(dir *os.Root) error {
		if parent := path.Dir(w.name); parent != "." {
			if err := dir.MkdirAll(parent, 0o777); err != nil {
				return err
			}
		}
		if w.ifNoneMatch {
			return dir.Link(w.temp, w.name)
		}
		if err := dir.Rename(w.temp, w.name); err != nil {
			return err
		}
		w.temp = ""
		return nil
	})
	if errors.Is(err, fs.ErrExist) && w.ifNoneMatch {
		return object.Info{}, object.Exists(w.url, err)
	}
	if err != nil {
		return object.Info{}, writeFault(w.url, err)
	}
	if err := w.syncFolder(); err != nil {
		return object.Info{}, writeFault(w.url, err)
	}
	return describe(w.url, st), nil
}

// syncFolder makes the new name survive a power failure.
func (w *writer) syncFolder() error {
	return w.root.use(func(dir *os.Root) error {
		folder, err := dir.Open(path.Dir(w.name))
		if err != nil {
			return err
		}
		defer folder.Close()
		return folder.Sync()
	})
}

func (w *writer) Abort() {
	w.stop()
	w.drop()
}

func (w *writer) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.discard()
}

// discard closes the file and removes its temporary name, if it has one still.
func (w *writer) discard() {
	if w.file == nil {
		return
	}
	w.file.Close()
	w.file = nil
	if w.temp != "" {
		// The name is ours alone; if it cannot be removed it stays hidden.
		_ = w.root.use(func(dir *os.Root) error { return dir.Remove(w.temp) })
	}
}

// writeFault is fault for writing, where a missing folder is no missing object.
func writeFault(url string, err error) *sql.Error {
	e := fault("write", url, err)
	if e.Code == sql.CodeUndefinedFile {
		return object.Failed("write", url, err)
	}
	return e
}
