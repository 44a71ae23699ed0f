package s3

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// newTransport is tuned for many ranges of 1 to 8 MiB at once. The read buffer
// stays small: what does not fit into it is read from the connection straight
// into the caller's memory.
func newTransport(o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: o.Stall,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       55 * time.Second, // servers close at 60 s and later
		ReadBufferSize:        4 << 10,
		WriteBufferSize:       64 << 10,
		DisableCompression:    true, // a range of a compressed answer is no range of the object
		// HTTP/2 would put all ranges on one connection and its flow control.
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
}

// noRedirect: S3 redirects to another region, whose signature would be wrong.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
