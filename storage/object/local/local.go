// Package local stores objects as files: file:///path is the file at /path,
// byte for byte, with no percent-encoding. Only files under configured roots
// can be reached; symbolic links are followed by the kernel's directory handles
// (os.Root), so a link that leads out of its root is refused even if it is
// swapped in while a path is being walked.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"golang.org/x/sys/unix"
)

const scheme = "file://"

// tempPrefix starts the names of unfinished uploads; listings do not show them
// and they cannot be named by a URL.
const tempPrefix = ".sluice-upload-"

// Options configure a Store.
type Options struct {
	Roots     []string // absolute folders that exist; everything else is denied
	OpenFiles int      // idle files kept open; 0: 256
	PageSize  int      // entries of a listing's page; 0: 1000
}

// Store reads and writes files under its roots. Close it to close idle files.
type Store struct {
	roots    []*root // longest path first
	files    openFiles
	pageSize int
}

// root is a folder that may be reached. If the folder is removed and made anew,
// the handle is renewed on the first miss.
type root struct {
	path string // clean, absolute
	mu   sync.RWMutex
	dir  *os.Root
}

// New opens the roots.
func New(o Options) (*Store, error) {
	s := &Store{pageSize: o.PageSize}
	if s.pageSize <= 0 {
		s.pageSize = 1000
	}
	s.files.limit = o.OpenFiles
	if s.files.limit <= 0 {
		s.files.limit = 256
	}
	for _, path := range o.Roots {
		if !filepath.IsAbs(path) {
			s.Close()
			return nil, sql.Errorf(sql.CodeInvalidParameterValue, "lake root %q is not an absolute path", path)
		}
		dir, err := os.OpenRoot(path)
		if err != nil {
			s.Close()
			return nil, fault("open lake root", path, err).
				WithHint("Make the folder, let the server's user read it, or correct the configured roots.")
		}
		s.roots = append(s.roots, &root{path: filepath.Clean(path), dir: dir})
	}
	slices.SortFunc(s.roots, func(a, b *root) int { return len(b.path) - len(a.path) })
	return s, nil
}

// Close closes the roots and every idle file; reads under way finish.
func (s *Store) Close() error {
	s.files.closeAll()
	var errs []error
	for _, r := range s.roots {
		errs = append(errs, r.dir.Close())
	}
	return errors.Join(errs...)
}

// resolve finds the root that holds url's path and the path within it ("." for
// the root itself).
func (s *Store) resolve(url string) (*root, string, error) {
	path, ok := strings.CutPrefix(url, scheme)
	if !ok || !strings.HasPrefix(path, "/") {
		return nil, "", object.BadURL(url, "A local file is written file:///path.")
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == ".." {
			return nil, "", denied(url, nil)
		}
	}
	for _, r := range s.roots {
		if path == r.path {
			return r, ".", nil
		}
		if name, ok := strings.CutPrefix(path, strings.TrimSuffix(r.path, "/")+"/"); ok {
			return r, name, nil
		}
	}
	return nil, "", denied(url, nil)
}

// resolveFile is resolve for the URL of one object: a clean path whose name is
// not reserved.
func (s *Store) resolveFile(url string) (*root, string, error) {
	r, name, err := s.resolve(url)
	if err != nil {
		return nil, "", err
	}
	if strings.IndexByte(name, 0) >= 0 {
		return nil, "", object.BadURL(url, "A file name cannot hold a zero byte.")
	}
	if name == "." || filepath.Clean(name) != name {
		return nil, "", object.BadURL(url, "A file's path has no empty parts, no '.' and no '/' at its end.")
	}
	if strings.HasPrefix(filepath.Base(name), tempPrefix) {
		return nil, "", object.BadURL(url, "Names that start with "+tempPrefix+" are reserved for unfinished uploads.")
	}
	return r, name, nil
}

// use calls f with the root's directory handle, again with a fresh one if f
// found nothing and the root's folder has been replaced meanwhile.
func (r *root) use(f func(*os.Root) error) error {
	r.mu.RLock()
	err := f(r.dir)
	r.mu.RUnlock()
	if err == nil || !errors.Is(err, fs.ErrNotExist) || !r.renew() {
		return err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return f(r.dir)
}

func (r *root) renew() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := os.Stat(r.path)
	if err != nil {
		return false
	}
	if then, err := r.dir.Stat("."); err == nil && os.SameFile(then, now) {
		return false
	}
	dir, err := os.OpenRoot(r.path)
	if err != nil {
		return false
	}
	r.dir.Close()
	r.dir = dir
	return true
}

// open opens a regular file for reading. O_NONBLOCK keeps a pipe that lies
// among the files from blocking the reader.
func (s *Store) open(url string) (*os.File, error) {
	r, name, err := s.resolveFile(url)
	if err != nil {
		return nil, err
	}
	var file *os.File
	err = r.use(func(dir *os.Root) (err error) {
		file, err = dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, fault("open", url, err)
	}
	return file, nil
}

// Head implements object.Store.
func (s *Store) Head(ctx context.Context, url string) (object.Info, error) {
	if err := object.Ended(ctx); err != nil {
		return object.Info{}, err
	}
	object.Meter(ctx).CountHead()
	return s.stat(url)
}

func (s *Store) stat(url string) (object.Info, error) {
	r, name, err := s.resolveFile(url)
	if err != nil {
		return object.Info{}, err
	}
	var st fs.FileInfo
	err = r.use(func(dir *os.Root) (err error) {
		st, err = dir.Stat(name)
		return err
	})
	if err != nil {
		return object.Info{}, fault("open", url, err)
	}
	if !st.Mode().IsRegular() {
		return object.Info{}, object.NoSuchObject(url, nil)
	}
	return describe(url, st), nil
}

func describe(url string, st fs.FileInfo) object.Info {
	var inode uint64
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		inode = uint64(sys.Ino)
	}
	return object.Info{
		Key: url, Size: st.Size(), Modified: st.ModTime(),
		ETag: etag(st.Size(), st.ModTime().UnixNano(), inode),
	}
}

// etag names a version of a file: size, modification time (ns) and inode.
func etag(size, mtime int64, inode uint64) string {
	return fmt.Sprintf("%x-%x-%x", size, mtime, inode)
}

// Delete implements object.Store. Folders left empty stay; listings do not show
// them.
func (s *Store) Delete(ctx context.Context, url string) error {
	if err := object.Ended(ctx); err != nil {
		return err
	}
	r, name, err := s.resolveFile(url)
	if err != nil {
		return err
	}
	s.files.drop(url)
	err = r.use(func(dir *os.Root) error {
		if st, err := dir.Lstat(name); err != nil || st.IsDir() {
			return err
		}
		return dir.Remove(name)
	})
	if err != nil && !missing(err) {
		return fault("delete", url, err)
	}
	return nil
}

// missing tells that nothing can be at a path: it, or a folder on the way, is
// not there.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// fault makes the error for a failed file operation.
func fault(doing, url string, err error) *sql.Error {
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return e
	}
	var errno syscall.Errno
	switch {
	case missing(err):
		return object.NoSuchObject(url, err)
	case errors.Is(err, fs.ErrPermission):
		return denied(url, err)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return object.BadURL(url, "The file system allows no name as long as this.")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e := object.Failed(doing, url, err)
		e.Code = sql.CodeDiskFull
		return e.WithHint("Free space on the disk of this folder.")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return object.Failed(doing, url, err).WithHint("Raise the limit of open files (ulimit -n).")
	case !errors.As(err, &errno):
		// os.Root's refusal of a path that leaves the root is no system error.
		return denied(url, err)
	}
	return object.Failed(doing, url, err)
}

func denied(url string, cause error) *sql.Error {
	return object.Denied(url, cause, "Local files are read only under the configured lake roots, as far as the server's user may read them; "+
		"a symbolic link must be relative and stay inside its root.")
}
