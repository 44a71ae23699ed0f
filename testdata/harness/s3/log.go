package s3

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Record is one request of the server's access log.
type Record struct {
	Operation  string // GetObject, HeadObject, ListObjectsV2, PutObject, ...
	Bucket     string
	Key        string // empty for requests of a bucket
	Prefix     string // of a listing
	Delimiter  string
	StartAfter string
	Status     int    // of HTTP
	ErrorCode  string // S3's, empty for success
	Sent       int64  // bytes of the answer's body, where the server tells
}

// Mark returns a place in the access log: Records(tb, mark) gives what came later.
func (s *Server) Mark(tb testing.TB) int64 {
	tb.Helper()
	st, err := os.Stat(s.AccessLog)
	if err != nil {
		tb.Fatal(err)
	}
	return st.Size()
}

// Records returns the requests logged after mark (0: all).
func (s *Server) Records(tb testing.TB, mark int64) []Record {
	tb.Helper()
	data, err := os.ReadFile(s.AccessLog)
	if err != nil {
		tb.Fatal(err)
	}
	var records []Record
	for line := range strings.Lines(string(data[min(mark, int64(len(data))):])) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "log starts ") {
			continue
		}
		r, ok := parse(line)
		if !ok {
			tb.Fatalf("access log: cannot understand %q", line)
		}
		records = append(records, r)
	}
	return records
}

// Of returns the records of one bucket.
func Of(records []Record, bucket string) []Record {
	var kept []Record
	for _, r := range records {
		if r.Bucket == bucket {
			kept = append(kept, r)
		}
	}
	return kept
}

// logLine has owner, bucket, [time], address, requester, request, operation, key,
// URI, status, error, bytes sent. The key is logged raw, spaces included, so it
// is taken from the URI.
var logLine = regexp.MustCompile(`^\S+ \S+ \[[^\]]*\] \S+ \S+ \S+ (\S+) .*? (/\S*) (\d{3}) (\S+|.*?) (\d+) \d+ \d+ \d+ `)

func parse(line string) (Record, bool) {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return Record{}, false
	}
	r := Record{Operation: strings.TrimPrefix(m[1], "s3_")}
	r.Status, _ = strconv.Atoi(m[3])
	if m[4] != "-" {
		r.ErrorCode = m[4]
	}
	r.Sent, _ = strconv.ParseInt(m[5], 10, 64)
	path, rawQuery, _ := strings.Cut(m[2], "?")
	bucket, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return Record{}, false
	}
	if r.Bucket, err = url.PathUnescape(bucket); err != nil {
		return Record{}, false
	}
	if r.Key, err = url.PathUnescape(key); err != nil {
		return Record{}, false
	}
	r.Prefix, r.Delimiter, r.StartAfter = query.Get("prefix"), query.Get("delimiter"), query.Get("start-after")
	return r, true
}

func closingClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}
