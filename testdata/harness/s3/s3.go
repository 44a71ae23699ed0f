// Package s3 starts a real S3 server (versitygw over a folder) for tests.
//
// It is found on PATH, in GOBIN, in GOPATH/bin or in build/tools of the
// repository; failing that, it is built into build/tools, which takes minutes
// once.
package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Module is the server's module at the version that tests are made for.
const Module = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// Server is a running S3 server. It ends with the test process, however that
// ends, and its folder is removed then.
type Server struct {
	Endpoint  string // http://127.0.0.1:port; path-style addressing
	Region    string
	AccessKey string
	SecretKey string
	Folder    string // of objects: Folder/bucket/key; a file put there by hand has no ETag
	AccessLog string // see Records

	dir      string
	keepOpen *os.File // the server's guard ends it when this is closed
	guard    *exec.Cmd
	buckets  atomic.Int64
}

var (
	sharedOnce sync.Once
	shared     *Server
	sharedErr  error
)

// Start returns the test process's shared server.
func Start(tb testing.TB) *Server {
	tb.Helper()
	sharedOnce.Do(func() { shared, sharedErr = Launch() })
	if sharedErr != nil {
		tb.Fatalf("start the S3 server: %v", sharedErr)
	}
	return shared
}

// StartOwn returns a server of the test's own, which it may Stop.
func StartOwn(tb testing.TB) *Server {
	tb.Helper()
	s, err := Launch()
	if err != nil {
		tb.Fatalf("start the S3 server: %v", err)
	}
	tb.Cleanup(s.Stop)
	return s
}

// guardScript runs the server until standard input ends, that is until the test
// process stops it or dies, and removes its folder.
const guardScript = `dir=$1; shift
"$@" & pid=$!
trap '' INT TERM HUP
cat >/dev/null
kill $pid; wait $pid
rm -rf "$dir"`

// Launch starts a server; Stop ends it.
func Launch() (*Server, error) {
	binary, err := Find()
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		s, err := launch(binary)
		if err == nil || try == 2 { // another process may have taken the port
			return s, err
		}
	}
}

func launch(binary string) (*Server, error) {
	dir, err := os.MkdirTemp("", "sluice-s3-")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Region: "us-east-1", AccessKey: "sluice-test", SecretKey: rand.Text(),
		Folder: filepath.Join(dir, "objects"), AccessLog: filepath.Join(dir, "access.log"), dir: dir,
	}
	if err := os.Mkdir(s.Folder, 0o755); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s.Endpoint = "http://" + address
	guardEnd, keepOpen, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer guardEnd.Close()
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	s.keepOpen = keepOpen
	s.guard = exec.Command("/bin/sh", "-c", guardScript, "sh", dir,
		binary, "--keep-alive", "--quiet", "--region", s.Region, "--port", address, "--access-log", s.AccessLog, "posix", s.Folder)
	// The keys go through the environment: a command line is everybody's to read.
	s.guard.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	s.guard.Stdin, s.guard.Stdout, s.guard.Stderr = guardEnd, output, output
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt of the tests is not the guard's
	if err := s.guard.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		said, _ := os.ReadFile(output.Name())
		s.Stop()
		return nil, fmt.Errorf("%w; the server said: %s", err, bytes.TrimSpace(said))
	}
	return s, nil
}

// await returns when the server answers to its keys.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	for {
		_, err := s.Client().ListBuckets(ctx, &s3.ListBucketsInput{})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.keepOpen.Close()
	_ = s.guard.Wait() // its status tells nothing
}

// Client returns an SDK client of the server. It keeps no connections.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true, Region: s.Region,
		Credentials: s.Credentials(), Retryer: aws.NopRetryer{},
		HTTPClient: closingClient(),
	})
}

// Credentials returns the root user's keys.
func (s *Server) Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, "")
}

// Bucket makes a new bucket and returns its name.
func (s *Server) Bucket(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test-%d-%d", os.Getpid(), s.buckets.Add(1))
	if _, err := s.Client().CreateBucket(tb.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		tb.Fatalf("make the bucket %s: %v", name, err)
	}
	return name
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Find returns the path of the server's binary, building it if there is none.
func Find() (string, error) {
	const name = "versitygw"
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	out, err := exec.Command("go", "env", "GOBIN", "GOPATH", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	env := strings.Split(string(out), "\n")
	tools := filepath.Join(filepath.Dir(env[2]), "build", "tools")
	folders := []string{env[0], tools}
	for _, p := range filepath.SplitList(env[1]) {
		folders = append(folders, filepath.Join(p, "bin"))
	}
	for _, folder := range folders {
		if path, err := exec.LookPath(filepath.Join(folder, name)); folder != "" && err == nil {
			return path, nil
		}
	}
	return build(tools, name)
}

// build installs the server into folder, once for all processes that want it.
func build(folder, name string) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(folder, "."+name+".lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	install := exec.Command("go", "install", Module)
	install.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w: %s", Module, err, bytes.TrimSpace(out))
	}
	return path, nil
}
