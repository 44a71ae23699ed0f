package s3

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyauth "github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// answer is what a ranged GET gives.
type answer struct {
	contentRange string // empty: the whole object came
	length       int64
	etag         string
	modified     time.Time
	body         io.ReadCloser
}

// bucketEndpoint is where a bucket's requests go and how they are signed.
type bucketEndpoint struct {
	base   url.URL // its path ends without "/"
	name   string  // the service's, in signatures
	region string
	plain  bool // an ordinary bucket, signed by version 4: direct requests will do
}

// emptySHA256 is the hash of no payload.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// get asks for bytes first to last of an object at version etag ("": any).
// Ranges are by far the most frequent request, and the SDK's way to send one
// costs more CPU than reading 512 KiB; so ordinary buckets are asked directly,
// with the SDK's endpoints, credentials and signer, and the rest through the SDK.
func (s *Store) get(ctx context.Context, at location, etag string, first, last int64) (answer, error) {
	span := "bytes=" + formatInt(first) + "-" + formatInt(last)
	where, err := s.endpoint(ctx, at.bucket)
	if err != nil {
		return answer{}, err
	}
	if where.plain {
		return s.getDirect(ctx, where, at.key, etag, span)
	}
	in := &s3.GetObjectInput{Bucket: &at.bucket, Key: &at.key, Range: &span}
	if etag != "" {
		in.IfMatch = &etag
	}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return answer{}, err
	}
	return answer{
		contentRange: aws.ToString(out.ContentRange), length: aws.ToInt64(out.ContentLength),
		etag: aws.ToString(out.ETag), modified: aws.ToTime(out.LastModified), body: out.Body,
	}, nil
}

func (s *Store) getDirect(ctx context.Context, where *bucketEndpoint, key, etag, span string) (answer, error) {
	keys, err := s.credentials.Retrieve(ctx)
	if err != nil {
		// As the SDK wraps it, so that translate knows a lack of credentials.
		return answer{}, &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: err}
	}
	target := where.base
	target.Path = where.base.Path + "/" + key
	target.RawPath = httpbinding.EscapePath(target.Path, false)
	request := (&http.Request{
		Method: http.MethodGet, URL: &target, Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Range":                {span},
			"User-Agent":           {"sluice"},
			"X-Amz-Content-Sha256": {emptySHA256},
		},
	}).WithContext(ctx)
	if etag != "" {
		request.Header["If-Match"] = []string{etag}
	}
	now := time.Now().Add(time.Duration(s.skew.Load()))
	err = s.signer.SignHTTP(ctx, keys, request, emptySHA256, where.name, where.region, now)
	if err != nil {
		return answer{}, err
	}
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return answer{}, &smithyhttp.RequestSendError{Err: err}
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		return answer{}, s.refused(response)
	}
	modified, _ := http.ParseTime(response.Header.Get("Last-Modified")) // absent: no time
	return answer{
		contentRange: response.Header.Get("Content-Range"), length: response.ContentLength,
		etag: response.Header.Get("Etag"), modified: modified, body: response.Body,
	}, nil
}

// maxErrorBody is how much of an error's document is read.
const maxErrorBody = 64 << 10

// refused makes the error that the SDK would.
func (s *Store) refused(response *http.Response) error {
	var document struct {
		Code    string
		Message string
	}
	// Without a document, or with one that is no XML, the status alone must do.
	_ = xml.NewDecoder(io.LimitReader(response.Body, maxErrorBody)).Decode(&document)
	if document.Code == "" {
		document.Code = strings.ReplaceAll(http.StatusText(response.StatusCode), " ", "")
	}
	if document.Code == "RequestTimeTooSkewed" {
		if theirs, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			s.skew.Store(int64(time.Until(theirs)))
		}
	}
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: response},
		Err:      &smithy.GenericAPIError{Code: document.Code, Message: document.Message},
	}
}

// endpoint resolves a bucket's endpoint once, by the SDK's rules.
func (s *Store) endpoint(ctx context.Context, bucket string) (*bucketEndpoint, error) {
	if known, ok := s.endpoints.Load(bucket); ok {
		return known.(*bucketEndpoint), nil
	}
	o := s.client.Options()
	resolved, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &bucket, Region: &o.Region, Endpoint: o.BaseEndpoint, ForcePathStyle: &o.UsePathStyle,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		Accelerate:   &o.UseAccelerate, UseArnRegion: &o.UseARNRegion,
		DisableMultiRegionAccessPoints: &o.DisableMultiRegionAccessPoints, UseGlobalEndpoint: aws.Bool(false),
	})
	if err != nil {
		return nil, err
	}
	where := &bucketEndpoint{base: resolved.URI, name: "s3", region: o.Region}
	where.base.Path = strings.TrimSuffix(where.base.Path, "/")
	where.base.RawPath = ""
	if options, ok := smithyauth.GetAuthOptions(&resolved.Properties); ok && len(options) > 0 {
		first := options[0]
		// The rules shorten aws.auth#sigv4 to sigv4; S3 Express has other schemes.
		where.plain = strings.TrimPrefix(first.SchemeID, "aws.auth#") == "sigv4" && len(resolved.Headers) == 0 &&
			o.Credentials != nil && !aws.IsCredentialsProvider(o.Credentials, (*aws.AnonymousCredentials)(nil))
		if name, ok := smithyhttp.GetSigV4SigningName(&first.SignerProperties); ok {
			where.name = name
		}
		if region, ok := smithyhttp.GetSigV4SigningRegion(&first.SignerProperties); ok {
			where.region = region
		}
	}
	s.endpoints.Store(bucket, where)
	return where, nil
}

func newSigner() *v4.Signer {
	// S3 signs the path as it is sent, escaped once.
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
