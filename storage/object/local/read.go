package local

import (
	"container/list"
	"context"
	"os"
	"sync"

	"github.com/sluicedb/sluice/storage/object"
	"golang.org/x/sys/unix"
)

// readStep bounds one pread, so that a long read sees the end of its context.
const readStep = 4 << 20

// ReadRange implements object.Store. The version is checked after the bytes are
// read: a writer's new modification time is set before its bytes appear, so
// bytes of another version never go unnoticed.
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
	f, err := s.acquire(url, etag)
	if err != nil {
		return err
	}
	defer s.files.release(f)
	err = s.readPinned(ctx, f, url, off, p)
	if err != nil {
		s.files.forget(f)
		return err
	}
	object.Meter(ctx).CountRead(len(p))
	return nil
}

func (s *Store) readPinned(ctx context.Context, f *openFile, url string, off int64, p []byte) error {
	var readErr error
	for at := 0; at < len(p) && readErr == nil; at += readStep {
		if err := object.Ended(ctx); err != nil {
			return err
		}
		_, readErr = f.file.ReadAt(p[at:min(at+readStep, len(p))], off+int64(at))
	}
	now, err := version(f.file)
	if err != nil {
		return fault("read", url, err)
	}
	if now.etag != f.etag {
		return object.Changed(url)
	}
	// A rename over the file, an unlink or a new link changes the inode's change
	// time but not its content: look at what the path names now.
	if now.changed != s.files.changed(f) {
		info, err := s.stat(url)
		if err != nil {
			return err
		}
		if info.ETag != f.etag {
			return object.Changed(url)
		}
		s.files.setChanged(f, now.changed)
	}
	if readErr != nil && off > now.size-int64(len(p)) {
		return object.Short(url, now.size, off, len(p))
	}
	if readErr != nil {
		return fault("read", url, readErr)
	}
	return nil
}

// acquire returns the open file of url at version etag; "" is the version that
// the path names now. The caller releases it.
func (s *Store) acquire(url, etag string) (*openFile, error) {
	if etag != "" {
		if f := s.files.get(url, etag); f != nil {
			return f, nil
		}
	}
	file, err := s.open(url)
	if err != nil {
		return nil, err
	}
	v, err := version(file)
	switch {
	case err != nil:
		err = fault("open", url, err)
	case !v.regular:
		err = object.NoSuchObject(url, nil)
	case etag != "" && v.etag != etag:
		err = object.Changed(url)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return s.files.add(&openFile{file: file, url: url, etag: v.etag, ctime: v.changed, uses: 1}), nil
}

type fileVersion struct {
	etag    string
	size    int64
	changed unix.Timespec // of the inode: name, links, content
	regular bool
}

func version(file *os.File) (fileVersion, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return fileVersion{}, err
	}
	return fileVersion{
		etag: etag(st.Size, st.Mtim.Nano(), uint64(st.Ino)), size: st.Size, changed: st.Ctim,
		regular: st.Mode&unix.S_IFMT == unix.S_IFREG,
	}, nil
}

// openFiles keeps recently read files open, so that the ranges of one file cost
// one open. It holds at most limit files that nobody uses.
type openFiles struct {
	limit int

	mu     sync.Mutex
	byURL  map[string]*openFile
	idle   list.List // of *openFile with no uses, most recent first
	closed bool
}

type openFile struct {
	file      *os.File
	url, etag string

	// Guarded by openFiles.mu.
	ctime unix.Timespec // when url was last seen to name this file
	uses  int
	place *list.Element // in idle
	gone  bool          // not in byURL any more: close at the last release
}

func (o *openFiles) get(url, etag string) *openFile {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.byURL[url]
	if f == nil || f.etag != etag {
		return nil
	}
	o.use(f)
	return f
}

func (o *openFiles) use(f *openFile) {
	f.uses++
	if f.place != nil {
		o.idle.Remove(f.place)
		f.place = nil
	}
}

// add takes f in, or gives the one that another reader added meanwhile.
func (o *openFiles) add(f *openFile) *openFile {
	o.mu.Lock()
	defer o.mu.Unlock()
	if other := o.byURL[f.url]; other != nil {
		if other.etag == f.etag {
			f.file.Close()
			o.use(other)
			return other
		}
		o.remove(other)
	}
	if o.byURL == nil {
		o.byURL = map[string]*openFile{}
	}
	o.byURL[f.url] = f
	return f
}

func (o *openFiles) release(f *openFile) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.uses--
	if f.uses > 0 {
		return
	}
	if f.gone || o.closed {
		o.remove(f)
		return
	}
	f.place = o.idle.PushFront(f)
	if o.idle.Len() > o.limit {
		o.remove(o.idle.Back().Value.(*openFile))
	}
}

// remove takes f out and closes it as soon as nobody uses it.
func (o *openFiles) remove(f *openFile) {
	if o.byURL[f.url] == f {
		delete(o.byURL, f.url)
	}
	f.gone = true
	if f.place != nil {
		o.idle.Remove(f.place)
		f.place = nil
	}
	if f.uses == 0 {
		f.file.Close()
	}
}

func (o *openFiles) forget(f *openFile) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(f)
}

func (o *openFiles) drop(url string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.byURL[url]; f != nil {
		o.remove(f)
	}
}

func (o *openFiles) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, f := range o.byURL {
		o.remove(f)
	}
}

func (o *openFiles) changed(f *openFile) unix.Timespec {
	o.mu.Lock()
	defer o.mu.Unlock()
	return f.ctime
}

func (o *openFiles) setChanged(f *openFile, t unix.Timespec) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.ctime = t
}
