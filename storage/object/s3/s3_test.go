package s3_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"github.com/sluicedb/sluice/storage/object/s3"
	server "github.com/sluicedb/sluice/testdata/harness/s3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, o s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func options(v *server.Server) s3.Options {
	return s3.Options{Endpoint: v.Endpoint, PathStyle: true, Region: v.Region, Credentials: v.Credentials(), PageSize: 10}
}

func TestConformance(t *testing.T) {
	v := server.Start(t)
	objecttest.Run(t, objecttest.Implementation{
		New: func(t *testing.T) (object.Store, string) {
			return open(t, options(v)), "s3://" + v.Bucket(t) + "/"
		},
	})
}

// uploads is the number of unfinished multipart uploads in a bucket.
func uploads(t *testing.T, v *server.Server, bucket string) int {
	t.Helper()
	out, err := v.Client().ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

func TestNoUploadIsLeft(t *testing.T) {
	v := server.Start(t)
	s := open(t, options(v))
	for name, end := range map[string]func(w object.Writer, cancel func()){
		"aborted":        func(w object.Writer, _ func()) { w.Abort() },
		"context ended":  func(_ object.Writer, cancel func()) { cancel() },
		"ended at close": func(w object.Writer, cancel func()) { cancel(); _, _ = w.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			bucket := v.Bucket(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, err := s.Create(ctx, "s3://"+bucket+"/a/b", false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(objecttest.Bytes(1, 20<<20)); err != nil {
				t.Fatal(err)
			}
			if n := uploads(t, v, bucket); n != 1 {
				t.Fatalf("%d uploads under way", n)
			}
			end(w, cancel)
			for end := time.Now().Add(5 * time.Second); uploads(t, v, bucket) > 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the upload is still there")
				}
			}
			if objects, _ := objecttest.List(t, s, "s3://"+bucket+"/", "", ""); len(objects) > 0 {
				t.Errorf("left: %v", objects)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	v := server.Start(t)
	bucket := v.Bucket(t)
	url := "s3://" + bucket + "/key"
	objecttest.Put(t, open(t, options(v)), url, []byte("data"))
	page := func(object.Page) (bool, error) { return true, nil }
	all := func(t *testing.T, s *s3.Store, url string, code sql.Code, hint string) {
		t.Helper()
		check := func(err error) {
			t.Helper()
			objecttest.WantCode(t, err, code)
			e := sql.AsError(err)
			if !strings.Contains(e.Hint, hint) || strings.Contains(e.Error()+e.Hint, v.SecretKey) {
				t.Errorf("%v, hint %q; want a hint about %q", e, e.Hint, hint)
			}
		}
		check(s.ReadRange(t.Context(), url, "", 0, make([]byte, 1)))
		check(s.ListPages(t.Context(), url, "", "", page))
		w, err := s.Create(t.Context(), url, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Close()
		check(err)
	}
	t.Run("no bucket", func(t *testing.T) {
		all(t, open(t, options(v)), "s3://no-such-bucket/key", sql.CodeUndefinedFile, "bucket's name")
	})
	t.Run("wrong secret", func(t *testing.T) {
		o := options(v)
		o.Credentials = credentials.NewStaticCredentialsProvider(v.AccessKey, "wrong", "")
		all(t, open(t, o), url, sql.CodeInsufficientPrivilege, "access key")
	})
	t.Run("unknown key", func(t *testing.T) {
		o := options(v)
		o.Credentials = credentials.NewStaticCredentialsProvider("nobody", "wrong", "")
		all(t, open(t, o), url, sql.CodeInsufficientPrivilege, "access key")
	})
	t.Run("no access", func(t *testing.T) {
		o := options(v)
		o.Credentials = aws.AnonymousCredentials{}
		all(t, open(t, o), url, sql.CodeInsufficientPrivilege, "s3:GetObject")
	})
	t.Run("missing secret file", func(t *testing.T) {
		o := options(v)
		o.Credentials, o.AccessKey, o.SecretKey = nil, v.AccessKey, s3.Reference("file:"+t.TempDir()+"/nothing")
		all(t, open(t, o), url, sql.CodeInvalidAuthorization, "")
	})
	t.Run("nothing listens", func(t *testing.T) {
		o := options(v)
		o.Endpoint, o.Attempts = "http://127.0.0.1:1", 3
		all(t, open(t, o), url, sql.CodeIOError, "server runs")
	})
	t.Run("no credentials", func(t *testing.T) {
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
			t.Setenv(name, "")
		}
		t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/nothing")
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/nothing")
		o := options(v)
		o.Credentials = nil
		all(t, open(t, o), url, sql.CodeInsufficientPrivilege, "No AWS credentials")
	})
	t.Run("bad URL", func(t *testing.T) {
		for _, u := range []string{"s3://", "s3:///key", "http://bucket/key", "bucket/key", "s3://" + bucket, "s3://" + bucket + "/"} {
			_, err := open(t, options(v)).Head(t.Context(), u)
			objecttest.WantCode(t, err, sql.CodeInvalidName)
		}
	})
}

func TestCredentialsByReference(t *testing.T) {
	v := server.Start(t)
	url := "s3://" + v.Bucket(t) + "/key"
	o := options(v)
	o.Credentials, o.AccessKey, o.SecretKey = nil, v.AccessKey, "env:SLUICE_TEST_SECRET"
	t.Setenv("SLUICE_TEST_SECRET", v.SecretKey)
	objecttest.Put(t, open(t, o), url, []byte("data"))
	file := t.TempDir() + "/secret"
	if err := os.WriteFile(file, []byte(v.SecretKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.SecretKey = s3.Reference("file:" + file)
	if _, err := open(t, o).Head(t.Context(), url); err != nil {
		t.Error(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", v.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", v.SecretKey)
	o.AccessKey, o.SecretKey = "", ""
	if _, err := open(t, o).Head(t.Context(), url); err != nil {
		t.Errorf("by the standard chain: %v", err)
	}
	_, err := s3.Reference("hunter2").Read()
	objecttest.WantCode(t, err, sql.CodeInvalidParameterValue)
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the error shows the secret")
	}
}

// A file put into the server's folder by hand has no ETag; its time and size are
// its version.
func TestObjectWithoutETag(t *testing.T) {
	v := server.Start(t)
	s := open(t, options(v))
	bucket := v.Bucket(t)
	url, path := "s3://"+bucket+"/by-hand", filepath.Join(v.Folder, bucket, "by-hand")
	put := func(text string, modified time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	put("0123456789", now)
	head, err := s.Head(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	objects, _ := objecttest.List(t, s, url, "", "")
	if len(objects) != 1 || head.ETag == "" || objects[0].ETag != head.ETag {
		t.Errorf("listed %+v, Head %+v", objects, head)
	}
	p := make([]byte, 3)
	if err := s.ReadRange(t.Context(), url, head.ETag, 2, p); err != nil || string(p) != "234" {
		t.Errorf("%q %v", p, err)
	}
	put("abcdefghij", now.Add(2*time.Second))
	objecttest.WantCode(t, s.ReadRange(t.Context(), url, head.ETag, 2, p), sql.CodeSerializationFailure)
}

// The access log names what was asked for, and the store asks for no more.
func TestRequests(t *testing.T) {
	v := server.Start(t)
	s := open(t, options(v))
	bucket := v.Bucket(t)
	url := "s3://" + bucket + "/dir with space/a+b%20ü"
	mark := v.Mark(t)
	info := objecttest.Put(t, s, url, []byte("0123456789"))
	if err := s.ReadRange(t.Context(), url, info.ETag, 1, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	objecttest.List(t, s, "s3://"+bucket+"/dir with", "/", "s3://"+bucket+"/a")
	objecttest.WantCode(t, s.ReadRange(t.Context(), "s3://"+bucket+"/none", "", 0, make([]byte, 1)), sql.CodeUndefinedFile)
	key := "dir with space/a+b%20ü"
	want := []server.Record{
		{Operation: "PutObject", Bucket: bucket, Key: key, Status: 200},
		{Operation: "GetObject", Bucket: bucket, Key: key, Status: 200},
		{Operation: "ListObjectsV2", Bucket: bucket, Prefix: "dir with", Delimiter: "/", StartAfter: "a", Status: 200},
		{Operation: "GetObject", Bucket: bucket, Key: "none", Status: 404, ErrorCode: "NoSuchKey"},
	}
	got := server.Of(v.Records(t, mark), bucket)
	for i := range got {
		got[i].Sent = 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
