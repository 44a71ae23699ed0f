// Package s3 stores objects in Amazon S3 and in servers that speak its protocol:
// s3://bucket/key (also s3a:// and s3n://, as Hadoop writes it).
package s3

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// Options say where the store is and how patient to be.
type Options struct {
	Endpoint  string // URL of a server other than Amazon's; empty: Amazon's for Region
	PathStyle bool   // endpoint/bucket/key instead of bucket.endpoint/key
	Region    string // empty: the environment's or the profile's, else us-east-1
	Profile   string // of the shared AWS configuration files; empty: the default

	// Where the keys come from, in this order: Credentials, if set; AccessKey and
	// what the references name; the SDK's chain (environment, shared files, web
	// identity, container, instance).
	Credentials  aws.CredentialsProvider
	AccessKey    string
	SecretKey    Reference
	SessionToken Reference // optional

	Attempts int           // of one request, the first included; 0: 6
	Deadline time.Duration // for retries of a request without progress; 0: 30 s
	Stall    time.Duration // a connection that delivers nothing for so long is given up; 0: 15 s
	PageSize int           // keys of a listing's page, at most 1000; 0: 1000
	PartSize int           // bytes of an upload's part, at least 5 MiB; 0: 8 MiB
}

// Store is an object.Store in S3.
type Store struct {
	client    *s3.Client
	transport *http.Transport
	o         Options
	place     string // for messages: the endpoint's host, or Amazon S3 and the region
	region    string

	// For direct requests, see get.
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	endpoints   sync.Map     // bucket -> *bucketEndpoint
	skew        atomic.Int64 // ns that the store's clock is ahead of ours, once it complained
}

// New makes a store. It sends no request to S3; finding credentials may read
// files or ask the instance's metadata service at the first request.
func New(ctx context.Context, o Options) (*Store, error) {
	defaults(&o)
	load := []func(*config.LoadOptions) error{config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} })}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	switch {
	case o.Credentials != nil:
		load = append(load, config.WithCredentialsProvider(o.Credentials))
	case o.AccessKey != "":
		load = append(load, config.WithCredentialsProvider(aws.NewCredentialsCache(referenced(o))))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		if ended := object.Ended(ctx); ended != nil {
			return nil, ended
		}
		e := sql.Errorf(sql.CodeIOError, "could not load the AWS configuration")
		e.Detail, e.Cause = err.Error(), err
		return nil, e.WithHint("Check the configured profile and the files ~/.aws/config and ~/.aws/credentials.")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	s := &Store{o: o, signer: newSigner(), transport: newTransport(o), region: cfg.Region, place: "Amazon S3 in " + cfg.Region}
	if o.Endpoint != "" {
		s.place = o.Endpoint
	}
	s.client = s3.NewFromConfig(cfg, func(c *s3.Options) {
		c.HTTPClient = &http.Client{Transport: s.transport, CheckRedirect: noRedirect}
		c.UsePathStyle = o.PathStyle
		if o.Endpoint != "" {
			c.BaseEndpoint = &o.Endpoint
		}
		// Uploads are signed with their SHA-256, which is check enough and which
		// every server understands. A checksum of the whole object cannot be
		// verified on a range.
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		c.DisableLogOutputChecksumValidationSkipped = true
	})
	s.credentials = s.client.Options().Credentials
	return s, nil
}

func defaults(o *Options) {
	if o.Attempts <= 0 {
		o.Attempts = 6
	}
	if o.Deadline <= 0 {
		o.Deadline = 30 * time.Second
	}
	if o.Stall <= 0 {
		o.Stall = 15 * time.Second
	}
	if o.PageSize <= 0 || o.PageSize > 1000 {
		o.PageSize = 1000
	}
	if o.PartSize < 5<<20 {
		o.PartSize = 8 << 20
	}
}

// Close closes idle connections.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// location is a URL taken apart.
type location struct {
	url, bucket, key string
	base             string // scheme://bucket/
}

func parse(url string) (location, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" || scheme != "s3" && scheme != "s3a" && scheme != "s3n" {
		return location{}, object.BadURL(url, "An object in S3 is written s3://bucket/key.")
	}
	return location{url, bucket, key, scheme + "://" + bucket + "/"}, nil
}

func parseObject(url string) (location, error) {
	at, err := parse(url)
	if err == nil && at.key == "" {
		return at, object.BadURL(url, "The key is missing: an object in S3 is written s3://bucket/key.")
	}
	return at, err
}

// Head implements object.Store.
func (s *Store) Head(ctx context.Context, url string) (object.Info, error) {
	at, err := parseObject(url)
	if err != nil {
		return object.Info{}, err
	}
	var out *s3.HeadObjectOutput
	err = s.try(ctx, "open", at, func(ctx context.Context) (err error) {
		object.Meter(ctx).CountHead()
		out, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &at.bucket, Key: &at.key})
		return err
	})
	if err != nil {
		return object.Info{}, err
	}
	return describe(url, aws.ToInt64(out.ContentLength), out.ETag, aws.ToTime(out.LastModified)), nil
}

// Delete implements object.Store.
func (s *Store) Delete(ctx context.Context, url string) error {
	at, err := parseObject(url)
	if err != nil {
		return err
	}
	err = s.try(ctx, "delete", at, func(ctx context.Context) error {
		_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &at.bucket, Key: &at.key})
		if apiCode(err) == "NoSuchKey" {
			return nil
		}
		return err
	})
	return err
}

// ListPages implements object.Store.
func (s *Store) ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(object.Page) (bool, error)) error {
	at, err := parse(prefix)
	if err != nil {
		return err
	}
	in := &s3.ListObjectsV2Input{Bucket: &at.bucket, Prefix: &at.key, MaxKeys: aws.Int32(int32(s.o.PageSize))}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	if after, ok := strings.CutPrefix(startAfter, at.base); ok && after != "" {
		in.StartAfter = &after
	} else if startAfter > prefix && !ok {
		_, err := yield(object.Page{}) // all of the bucket sorts before it
		return err
	}
	for {
		var out *s3.ListObjectsV2Output
		err := s.try(ctx, "list", at, func(ctx context.Context) (err error) {
			object.Meter(ctx).CountList()
			out, err = s.client.ListObjectsV2(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		page := s.page(at, startAfter, out)
		if page.Next == "" || len(page.Objects)+len(page.Prefixes) > 0 {
			more, err := yield(page)
			if err != nil || !more {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		in.ContinuationToken, in.StartAfter = out.NextContinuationToken, nil
	}
}

// page translates S3's answer. Servers differ in whether a common prefix that
// startAfter lies in is given again; here it never is.
func (s *Store) page(at location, startAfter string, out *s3.ListObjectsV2Output) object.Page {
	var page object.Page
	last := startAfter
	if n := len(out.Contents); n > 0 {
		page.Objects = make([]object.Info, 0, n)
	}
	for i := range out.Contents {
		o := &out.Contents[i]
		url := at.base + aws.ToString(o.Key)
		last = max(last, url)
		page.Objects = append(page.Objects, describe(url, aws.ToInt64(o.Size), o.ETag, aws.ToTime(o.LastModified)))
	}
	for _, p := range out.CommonPrefixes {
		url := at.base + aws.ToString(p.Prefix)
		if url <= startAfter {
			continue
		}
		last = max(last, url)
		page.Prefixes = append(page.Prefixes, url)
	}
	if aws.ToBool(out.IsTruncated) && out.NextContinuationToken != nil {
		page.Next = max(last, at.base)
	}
	return page
}

// timeTag starts the version of an object to which the server gives no ETag: its
// time and size stand in.
const timeTag = "modified:"

func describe(url string, size int64, etag *string, modified time.Time) object.Info {
	info := object.Info{Key: url, Size: size, ETag: aws.ToString(etag), Modified: modified}
	if info.ETag == "" || info.ETag == `""` {
		info.ETag = timeVersion(size, modified)
	}
	return info
}

func timeVersion(size int64, modified time.Time) string {
	return timeTag + modified.UTC().Truncate(time.Second).Format(time.RFC3339) + ":" + formatInt(size)
}
