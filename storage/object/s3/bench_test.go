package s3_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sluicedb/sluice/storage/object/objecttest"
	server "github.com/sluicedb/sluice/testdata/harness/s3"
)

// BenchmarkReadRange reports this process's CPU seconds for a GB read from a
// server on the same machine by 8 readers.
func BenchmarkReadRange(b *testing.B) {
	v := server.Start(b)
	s := open(b, options(v))
	url := "s3://" + v.Bucket(b) + "/object"
	const size = 64 << 20
	info := objecttest.Put(b, s, url, objecttest.Bytes(1, size))
	for _, n := range []int{64 << 10, 256 << 10, 1 << 20, 8 << 20} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			before := cpuSeconds(b)
			b.ResetTimer()
			var next atomic.Int64
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					p := make([]byte, n)
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if err := s.ReadRange(b.Context(), url, info.ETag, i*int64(n)%(size-int64(n)+1), p); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric((cpuSeconds(b)-before)/(float64(b.N)*float64(n)/1e9), "cpu-s/GB")
		})
	}
}

func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
