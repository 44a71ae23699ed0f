package s3

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// patience bounds the attempts of one request: so many, and so long since the
// last progress. The SDK's own retries are off, because they do not cover the
// body of an answer, where long reads break.
type patience struct {
	s        *Store
	attempts int
	since    time.Time
}

func (s *Store) patience() patience { return patience{s: s, since: time.Now()} }

// progressed starts the count anew.
func (p *patience) progressed() { p.attempts, p.since = 0, time.Now() }

// again waits before the next attempt after err, or returns false if there is to
// be none.
func (p *patience) again(ctx context.Context, err error) bool {
	p.attempts++
	if ctx.Err() != nil || !retryable(err) || p.attempts >= p.s.o.Attempts {
		return false
	}
	pause := 50 * time.Millisecond << min(p.attempts-1, 7)
	if throttled(err) {
		pause *= 4
	}
	pause = min(pause, 5*time.Second)
	pause = pause/2 + rand.N(pause/2) // spread, so that clients do not come back together
	if time.Since(p.since)+pause > p.s.o.Deadline {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// try runs a request, again while that may help, and translates its error.
// Every attempt has the deadline of the whole.
func (s *Store) try(ctx context.Context, doing string, at location, request func(context.Context) error) error {
	return s.tryFor(ctx, s.o.Deadline, doing, at, request)
}

func (s *Store) tryFor(ctx context.Context, deadline time.Duration, doing string, at location, request func(context.Context) error) error {
	if err := object.Ended(ctx); err != nil {
		return err
	}
	p := s.patience()
	for {
		limited, cancel := context.WithTimeout(ctx, deadline)
		err := request(limited)
		cancel()
		if err == nil {
			return nil
		}
		if !p.again(ctx, err) {
			return s.translate(ctx, doing, at, err)
		}
	}
}

var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

func retryable(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, errStalled) {
		return true
	}
	switch apiCode(err) {
	case "RequestTimeout", "InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted", "ConditionalRequestConflict", "RequestTimeTooSkewed":
		return true
	}
	if status := httpStatus(err); status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented {
		return true
	}
	return retryables.IsErrorRetryable(err) == aws.TrueTernary
}

func throttled(err error) bool {
	status := httpStatus(err)
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

func apiCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

func httpStatus(err error) int {
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}

// translate makes the error that Store promises of what the SDK gave.
func (s *Store) translate(ctx context.Context, doing string, at location, err error) error {
	if ended := object.Ended(ctx); ended != nil {
		return ended
	}
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return e
	}
	status, code := httpStatus(err), apiCode(err)
	switch {
	case code == "NoSuchBucket":
		e := sql.Errorf(sql.CodeUndefinedFile, "bucket %q does not exist in %s", at.bucket, s.place)
		e.Cause = err
		return e.WithHint("Check the bucket's name and the configured endpoint and region.")
	case code == "NoSuchUpload":
		e := object.Failed(doing, at.url, err)
		e.Detail = "The unfinished upload was removed by someone else."
		return e
	case code == "InvalidAccessKeyId", code == "XAdminUserNotFound": // versitygw answers the latter, with 404
		return s.denied(at, code, err)
	case status == http.StatusNotFound:
		return object.NoSuchObject(at.url, err)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return s.denied(at, code, err)
	case status == http.StatusPreconditionFailed:
		return object.Changed(at.url)
	case code == "KeyTooLongError":
		return object.BadURL(at.url, "S3 allows keys of at most 1024 bytes.")
	case status == http.StatusMovedPermanently, status == http.StatusTemporaryRedirect, code == "AuthorizationHeaderMalformed":
		e := object.Failed(doing, at.url, err)
		return e.WithHint("The bucket seems to be in another region than %s; set the region of this bucket.", s.region)
	case status != 0:
		e := object.Failed(doing, at.url, err)
		e.Detail = "The store answered " + strconv.Itoa(status) + " " + code + "."
		return e.WithHint("Run the statement again; if it fails again, look at the store's own log.")
	}
	if _, ok := errors.AsType[*smithy.OperationError](err); ok && noCredentials(err) {
		return s.denied(at, "NoCredentials", err)
	}
	e := sql.Errorf(sql.CodeIOError, "cannot reach %s to %s %q", s.place, doing, at.url)
	e.Cause = err
	e.Detail = rootCause(err)
	return e.WithHint("Check that the endpoint is right, that the server runs, and that the network lets this host through.")
}

func (s *Store) denied(at location, code string, err error) *sql.Error {
	hint := "Grant s3:GetObject and s3:ListBucket (to write: s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload) on the bucket to the configured credentials."
	switch code {
	case "InvalidAccessKeyId", "XAdminUserNotFound", "SignatureDoesNotMatch", "InvalidToken":
		hint = "The store does not accept the configured access key or its secret; correct them."
	case "ExpiredToken", "TokenRefreshRequired":
		hint = "The configured credentials have expired; renew them."
	case "RequestTimeTooSkewed":
		hint = "The clock of this host is wrong; set it."
	case "NoCredentials":
		hint = "No AWS credentials were found: set the access key in the configuration, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of this host."
	}
	e := object.Denied(at.url, err, hint)
	if code != "" {
		e.Detail = "The store answered " + code + "."
		if code == "NoCredentials" {
			e.Detail = ""
		}
	}
	return e
}

// noCredentials tells that the SDK failed before it had anything to sign with.
func noCredentials(err error) bool {
	_, sending := errors.AsType[*smithyhttp.RequestSendError](err)
	_, answer := errors.AsType[*smithy.DeserializationError](err)
	return !sending && !answer && !errors.Is(err, context.DeadlineExceeded)
}

// rootCause is the innermost text of err: the SDK wraps a refused connection in
// five layers.
func rootCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
