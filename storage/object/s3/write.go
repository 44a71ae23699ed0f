package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/sluicedb/sluice/storage/object"
)

const (
	// uploadsAhead is how many parts of one object are sent at a time.
	uploadsAhead = 3
	// partsPerSize: after so many parts they double in size, so that the 10,000
	// that S3 allows hold its largest object.
	partsPerSize = 1000
	// abortTime bounds the removal of an unfinished upload.
	abortTime = 10 * time.Second
	// markKey is the metadata that tells an upload's own object from another's when
	// the answer to its completion was lost. ETags cannot: with encryption by a key
	// service they say nothing about the content.
	markKey = "sluice-upload"
)

// Create implements object.Store. Up to one part is sent as one PutObject at
// Close, more as a multipart upload while it is written.
func (s *Store) Create(ctx context.Context, url string, ifNoneMatch bool) (object.Writer, error) {
	at, err := parseObject(url)
	if err != nil {
		return nil, err
	}
	if err := object.Ended(ctx); err != nil {
		return nil, err
	}
	w := &writer{s: s, at: at, mark: rand.Text(), partSize: s.o.PartSize, slots: make(chan struct{}, uploadsAhead)}
	if ifNoneMatch {
		w.ifNoneMatch = aws.String("*")
	}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.aborted = object.Aborted(url)
	w.stop = context.AfterFunc(ctx, func() { w.drop(context.Cause(ctx)) })
	return w, nil
}

type writer struct {
	s           *Store
	at          location
	ifNoneMatch *string
	mark        string
	ctx         context.Context // ends with the caller's, at the first error and at the end
	cancel      context.CancelCauseFunc
	stop        func() bool
	aborted     error // the cause of ctx's end once the upload is complete or aborted

	mu       sync.Mutex // held by Write, Close and drop
	finished bool
	buffer   []byte
	partSize int
	size     int64
	upload   *string // of the multipart upload, once there is one

	slots   chan struct{}
	sending sync.WaitGroup
	partsMu sync.Mutex
	parts   []types.CompletedPart
	failure error
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return 0, err
	}
	written := 0
	for len(p) > 0 {
		if len(w.buffer) == w.partSize {
			if err := w.sendPart(); err != nil {
				return written, err
			}
		}
		if w.buffer == nil {
			w.buffer = make([]byte, 0, min(w.partSize, max(len(p), 64<<10)))
		}
		n := min(len(p), w.partSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p = p[n:]
		written += n
		w.size += int64(n)
	}
	return written, nil
}

func (w *writer) usable() error {
	if err := w.failed(); err != nil {
		return err
	}
	if err := object.Ended(w.ctx); err != nil {
		return err
	}
	if w.finished {
		return w.aborted
	}
	return nil
}

func (w *writer) failed() error {
	w.partsMu.Lock()
	defer w.partsMu.Unlock()
	return w.failure
}

// sendPart sends the buffer as the next part, in the background.
func (w *writer) sendPart() error {
	if w.upload == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	select {
	case w.slots <- struct{}{}:
	case <-w.ctx.Done():
		return w.ended()
	}
	if err := w.failed(); err != nil {
		<-w.slots
		return err
	}
	data := w.buffer
	w.buffer = nil
	w.partsMu.Lock()
	number := int32(len(w.parts) + 1)
	w.parts = append(w.parts, types.CompletedPart{PartNumber: &number})
	w.partsMu.Unlock()
	if number%partsPerSize == 0 {
		w.partSize *= 2
	}
	w.sending.Go(func() {
		defer func() { <-w.slots }()
		var etag *string
		err := w.s.tryFor(w.ctx, w.sendTime(len(data)), "write", w.at, func(ctx context.Context) error {
			object.Meter(ctx).CountPut()
			out, err := w.s.client.UploadPart(ctx, &s3.UploadPartInput{
				Bucket: &w.at.bucket, Key: &w.at.key, UploadId: w.upload, PartNumber: &number, Body: bytes.NewReader(data),
			})
			if err == nil {
				etag = out.ETag
				object.Meter(ctx).CountWritten(len(data))
			}
			return err
		})
		w.partsMu.Lock()
		defer w.partsMu.Unlock()
		if err != nil {
			if w.failure == nil {
				w.failure = err
			}
			return
		}
		w.parts[number-1].ETag = etag
	})
	return nil
}

// sendTime is how long a request with n bytes may take: at least 256 KiB/s.
func (w *writer) sendTime(n int) time.Duration {
	return w.s.o.Deadline + time.Duration(n>>18)*time.Second
}

func (w *writer) ended() error {
	if err := w.failed(); err != nil {
		return err
	}
	return object.Ended(w.ctx)
}

func (w *writer) begin() error {
	return w.s.try(w.ctx, "write", w.at, func(ctx context.Context) error {
		object.Meter(ctx).CountPut()
		out, err := w.s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &w.at.bucket, Key: &w.at.key, Metadata: map[string]string{markKey: w.mark},
		})
		if err == nil {
			w.upload = out.UploadId
		}
		return err
	})
}

func (w *writer) Close() (object.Info, error) {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		w.discard()
		return object.Info{}, err
	}
	etag, err := w.publish()
	if err != nil {
		w.discard()
		return object.Info{}, err
	}
	w.finished = true
	w.cancel(w.aborted)
	if aws.ToString(etag) == "" {
		return w.s.Head(context.WithoutCancel(w.ctx), w.at.url)
	}
	return describe(w.at.url, w.size, etag, time.Now()), nil
}

func (w *writer) publish() (etag *string, err error) {
	if w.upload == nil {
		return w.complete(w.sendTime(len(w.buffer)), func(ctx context.Context) (*string, error) {
			out, err := w.s.client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: &w.at.bucket, Key: &w.at.key, Body: bytes.NewReader(w.buffer),
				IfNoneMatch: w.ifNoneMatch, Metadata: map[string]string{markKey: w.mark},
			})
			if err != nil {
				return nil, err
			}
			object.Meter(ctx).CountWritten(len(w.buffer))
			return out.ETag, nil
		})
	}
	if len(w.buffer) > 0 {
		if err := w.sendPart(); err != nil {
			return nil, err
		}
	}
	w.sending.Wait()
	if err := w.failed(); err != nil {
		return nil, err
	}
	return w.complete(w.sendTime(0), func(ctx context.Context) (*string, error) {
		out, err := w.s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &w.at.bucket, Key: &w.at.key, UploadId: w.upload, IfNoneMatch: w.ifNoneMatch,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: slices.Clone(w.parts)},
		})
		if err != nil {
			return nil, err
		}
		return out.ETag, nil
	})
}

// complete runs the request that makes the object appear. If an attempt's answer
// was lost, the next one may fail because the first succeeded; the object's mark
// tells.
func (w *writer) complete(limit time.Duration, request func(context.Context) (*string, error)) (etag *string, err error) {
	attempts := 0
	err = w.s.tryFor(w.ctx, limit, "write", w.at, func(ctx context.Context) error {
		attempts++
		object.Meter(ctx).CountPut()
		var err error
		etag, err = request(ctx)
		refused := httpStatus(err) == http.StatusPreconditionFailed || apiCode(err) == "NoSuchUpload" ||
			apiCode(err) == "ConditionalRequestConflict" && attempts == w.s.o.Attempts
		if !refused {
			return err
		}
		if attempts > 1 {
			if own := w.ownObject(ctx); own != nil {
				etag = own
				return nil
			}
		}
		if w.ifNoneMatch != nil && apiCode(err) != "NoSuchUpload" {
			return object.Exists(w.at.url, err)
		}
		return err
	})
	return etag, err
}

// ownObject returns the ETag of the object if this upload made it.
func (w *writer) ownObject(ctx context.Context) *string {
	object.Meter(ctx).CountHead()
	out, err := w.s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &w.at.bucket, Key: &w.at.key})
	if err != nil || out.Metadata[markKey] != w.mark {
		return nil
	}
	return out.ETag
}

func (w *writer) Abort() {
	w.stop()
	w.drop(w.aborted)
}

func (w *writer) drop(cause error) {
	// Stops a Write or Close that is under way and holds the lock.
	w.cancel(cause)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.discard()
}

// discard ends the upload and removes its parts from the store.
func (w *writer) discard() {
	if w.finished {
		return
	}
	w.finished = true
	w.buffer = nil
	w.cancel(w.aborted)
	w.sending.Wait()
	if w.upload == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), abortTime)
	defer cancel()
	// A part that arrives after the abort makes a second one necessary; an upload
	// that cannot be removed is left to the bucket's own expiry of such uploads.
	_ = w.s.tryFor(ctx, abortTime, "abort the upload to", w.at, func(ctx context.Context) error {
		_, err := w.s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &w.at.bucket, Key: &w.at.key, UploadId: w.upload,
		})
		if apiCode(err) == "NoSuchUpload" {
			return nil
		}
		return err
	})
}
