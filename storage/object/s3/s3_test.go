package s3_test

import (
	"testing"

	server "github.com/sluicedb/sluice/testdata/harness/s3"

	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"github.com/sluicedb/sluice/storage/object/s3"
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
