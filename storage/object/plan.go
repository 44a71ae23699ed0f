package object

import (
	"cmp"
	"slices"
	"strings"
)

// Range is a span of an object's bytes.
type Range struct {
	Off int64
	Len int
}

func (r Range) end() int64 { return r.Off + int64(r.Len) }

// ReadOptions say how ranges become requests.
type ReadOptions struct {
	Size     int64      // of the object, if known: ranges past it fail before memory is taken; 0: unknown
	Gap      int        // ranges at most so many bytes apart share a request
	MaxRead  int        // bytes of a request: longer spans are split
	InFlight int        // requests at a time
	Limits   []*Limiter // acquired in this order by each request: the statement's, the process's
}

// Reads returns the options that suit the place of url: for a remote object,
// where a request costs as much as 0.5 to 1 MiB of transfer, spans of 1 to 8 MiB
// with 16 in flight; for a local file, small gaps and few at a time.
func Reads(url string) ReadOptions {
	if strings.HasPrefix(url, "file://") {
		return ReadOptions{Gap: 32 << 10, MaxRead: 4 << 20, InFlight: 2}
	}
	return ReadOptions{Gap: 1 << 20, MaxRead: 8 << 20, InFlight: 16}
}

func (o *ReadOptions) defaults(url string) {
	std := Reads(url)
	if o.MaxRead <= 0 {
		o.MaxRead = std.MaxRead
	}
	if o.InFlight <= 0 {
		o.InFlight = std.InFlight
	}
}

// span is a run of bytes that is read as one or more requests into one buffer.
type span struct {
	Range
	members []int // of the ranges asked for
}

// plan merges ranges (those of the indexes) into spans. A span is longer than
// maxRead only if a single range is. Spans come in the order in which their
// first range was asked for.
func plan(ranges []Range, indexes []int, gap, maxRead int) []span {
	sorted := slices.Clone(indexes)
	slices.SortStableFunc(sorted, func(a, b int) int {
		return cmp.Or(cmp.Compare(ranges[a].Off, ranges[b].Off), cmp.Compare(ranges[b].Len, ranges[a].Len))
	})
	var spans []span
	for _, i := range sorted {
		r := ranges[i]
		if n := len(spans); n > 0 {
			s := &spans[n-1]
			end := max(s.end(), r.end())
			inside := r.end() <= s.end()
			if inside || r.Off-s.end() <= int64(gap) && end-s.Off <= int64(maxRead) {
				s.Len = int(end - s.Off)
				s.members = append(s.members, i)
				continue
			}
		}
		spans = append(spans, span{r, []int{i}})
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Compare(slices.Min(a.members), slices.Min(b.members))
	})
	return spans
}

// requests splits a span into the fewest equal requests of at most maxRead bytes.
func requests(s Range, maxRead int) []Range {
	n := max((s.Len+maxRead-1)/maxRead, 1)
	out := make([]Range, 0, n)
	for i := range n {
		from, to := s.Len/n*i+min(i, s.Len%n), s.Len/n*(i+1)+min(i+1, s.Len%n)
		out = append(out, Range{s.Off + int64(from), to - from})
	}
	return out
}
