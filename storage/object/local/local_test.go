package local_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/local"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o local.Options) *local.Store {
	t.Helper()
	s, err := local.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newStore(t *testing.T) (*local.Store, string) {
	dir := t.TempDir()
	return open(t, local.Options{Roots: []string{dir}, OpenFiles: 4, PageSize: 10}), dir
}

func TestConformance(t *testing.T) {
	objecttest.Run(t, objecttest.Implementation{New: func(t *testing.T) (object.Store, string) {
		s, dir := newStore(t)
		return s, "file://" + dir + "/"
	}})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestNothingOutsideTheRoots(t *testing.T) {
	s, dir := newStore(t)
	outside := t.TempDir()
	write(t, outside+"/secret", "secret")
	write(t, dir+"/in/file", "inside")
	link(t, outside, dir+"/dir-out")
	link(t, outside+"/secret", dir+"/file-out")
	link(t, "../../../../../../../../etc/hostname", dir+"/in/up")
	link(t, "in/file", dir+"/ok")
	url := "file://" + dir + "/"
	for _, u := range []string{
		"file://" + outside + "/secret", "file:///etc/hostname", url + "dir-out/secret", url + "file-out", url + "in/up",
		url + "../" + filepath.Base(outside) + "/secret", url + "in/../../x", "file://" + dir + "x/y",
	} {
		_, err := s.Head(t.Context(), u)
		objecttest.WantCode(t, err, sql.CodeInsufficientPrivilege)
		objecttest.WantCode(t, s.ReadRange(t.Context(), u, "", 0, make([]byte, 1)), sql.CodeInsufficientPrivilege)
	}
	for _, u := range []string{url + "dir-out/new", "file:///new", "file://" + outside + "/new", url + "dir-out/sub/new"} {
		_, err := s.Create(t.Context(), u, false)
		objecttest.WantCode(t, err, sql.CodeInsufficientPrivilege)
	}
	objecttest.WantCode(t, s.Delete(t.Context(), url+"dir-out/secret"), sql.CodeInsufficientPrivilege)
	page := func(object.Page) (bool, error) { return true, nil }
	for _, u := range []string{"file:///", "file://" + outside + "/", url + "dir-out/", url} {
		objecttest.WantCode(t, s.ListPages(t.Context(), u, "", "", page), sql.CodeInsufficientPrivilege)
	}
	got := make([]byte, 6)
	if err := s.ReadRange(t.Context(), url+"ok", "", 0, got); err != nil || string(got) != "inside" {
		t.Errorf("a link inside the root: %q %v", got, err)
	}
	if _, err := os.Stat(outside + "/secret"); err != nil {
		t.Error(err)
	}
	for _, u := range []string{"file:relative", "s3://b/k", url + "a//b", url + "a/./b", url + "a/", url, url + "a\x00b"} {
		_, err := s.Head(t.Context(), u)
		objecttest.WantCode(t, err, sql.CodeInvalidName)
	}
}

func TestSymbolicLinkLoop(t *testing.T) {
	s, dir := newStore(t)
	write(t, dir+"/a/b/file", "x")
	link(t, "..", dir+"/a/b/up")
	err := s.ListPages(t.Context(), "file://"+dir+"/", "", "", func(object.Page) (bool, error) { return true, nil })
	objecttest.WantCode(t, err, sql.CodeIOError)
}

func TestOddFiles(t *testing.T) {
	s, dir := newStore(t)
	if err := syscall.Mkfifo(dir+"/pipe", 0o666); err != nil {
		t.Fatal(err)
	}
	link(t, "nowhere", dir+"/dangling")
	if err := os.MkdirAll(dir+"/empty/folders", 0o777); err != nil {
		t.Fatal(err)
	}
	objects, prefixes := objecttest.List(t, s, "file://"+dir+"/", "/", "")
	if len(objects)+len(prefixes) != 0 {
		t.Errorf("listed %v %v", objects, prefixes)
	}
	for _, name := range []string{"pipe", "dangling", "empty"} {
		objecttest.WantCode(t, s.ReadRange(t.Context(), "file://"+dir+"/"+name, "", 0, make([]byte, 1)), sql.CodeUndefinedFile)
	}
	if objects, _ := objecttest.List(t, s, "file://"+dir, "", ""); len(objects) != 0 {
		t.Errorf("listed %v", objects)
	}
}

// A file rewritten, truncated or replaced under an open handle is another version.
func TestRewriteInPlace(t *testing.T) {
	s, dir := newStore(t)
	path := dir + "/f"
	url := "file://" + path
	write(t, path, "0123456789")
	head := func() object.Info {
		t.Helper()
		info, err := s.Head(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ReadRange(t.Context(), url, info.ETag, 0, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		return info
	}
	later := time.Now()
	for name, change := range map[string]func(){
		"rewritten": func() {
			write(t, path, "9876543210")
			later = later.Add(time.Second)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
		},
		"appended": func() { write(t, path, "0123456789abc") },
		"truncated": func() {
			if err := os.Truncate(path, 3); err != nil {
				t.Fatal(err)
			}
		},
		"replaced": func() {
			write(t, path+".new", "0123456789")
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		},
		"replaced, the old one linked elsewhere": func() {
			os.Remove(path + ".link")
			if err := os.Link(path, path+".link"); err != nil {
				t.Fatal(err)
			}
			write(t, path+".new", "0123456789")
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, path, "0123456789")
			old := head()
			change()
			objecttest.WantCode(t, s.ReadRange(t.Context(), url, old.ETag, 0, make([]byte, 10)), sql.CodeSerializationFailure)
			head()
		})
	}
	write(t, path, "0123456789")
	old := head()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.ReadRange(t.Context(), url, old.ETag, 0, make([]byte, 10)); err != nil {
			t.Errorf("a change of rights is no change of content: %v", err)
		}
	}
}

// Readers under an in-place writer get one version or 40001, never a mixture.
func TestNoMixedVersions(t *testing.T) {
	s, dir := newStore(t)
	path, url := dir+"/f", "file://"+dir+"/f"
	const size = 1 << 20
	write(t, path, string(bytes.Repeat([]byte{'0'}, size)))
	var group sync.WaitGroup
	stop := make(chan struct{})
	group.Go(func() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer file.Close()
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := file.WriteAt(bytes.Repeat([]byte{byte('0' + i%10)}, size), 0); err != nil {
				t.Error(err)
			}
			// File systems stamp times by a clock that ticks every few ms.
			time.Sleep(12 * time.Millisecond)
		}
	})
	p := make([]byte, size)
	good := 0
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		info, err := s.Head(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 1)
		if s.ReadRange(t.Context(), url, info.ETag, 0, first) != nil || s.ReadRange(t.Context(), url, info.ETag, 0, p) != nil {
			continue
		}
		time.Sleep(5 * time.Millisecond) // past a write that was half done at Head, within one tick
		if s.ReadRange(t.Context(), url, info.ETag, 0, p) != nil {
			continue
		}
		good++
		if !bytes.Equal(p, bytes.Repeat(p[:1], size)) {
			t.Fatal("two versions in one read")
		}
	}
	close(stop)
	group.Wait()
	if good == 0 {
		t.Error("no read succeeded")
	}
}

func TestRootMadeAnew(t *testing.T) {
	dir := t.TempDir() + "/lake"
	write(t, dir+"/a", "old")
	s := open(t, local.Options{Roots: []string{dir}})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/b/c", "new")
	if _, err := s.Head(t.Context(), "file://"+dir+"/b/c"); err != nil {
		t.Error(err)
	}
}

func TestMissingRoot(t *testing.T) {
	_, err := local.New(local.Options{Roots: []string{t.TempDir() + "/nothing"}})
	objecttest.WantCode(t, err, sql.CodeUndefinedFile)
	_, err = local.New(local.Options{Roots: []string{"relative"}})
	objecttest.WantCode(t, err, sql.CodeInvalidParameterValue)
}

func TestManyOpenFiles(t *testing.T) {
	s, dir := newStore(t)
	before := descriptors(t)
	for i := range 50 {
		path := fmt.Sprintf("%s/f%d", dir, i)
		write(t, path, "x")
		info, err := s.Head(t.Context(), "file://"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ReadRange(t.Context(), "file://"+path, info.ETag, 0, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if now := descriptors(t); now > before+4 {
		t.Errorf("%d descriptors before, %d after", before, now)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
