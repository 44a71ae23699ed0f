package mem_test

import (
	"testing"

	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	objecttest.Run(t, objecttest.Implementation{
		New: func(*testing.T) (object.Store, string) { return mem.New(10), "mem://bucket/" },
	})
}
