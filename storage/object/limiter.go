package object

import "context"

// Limiter bounds how many requests are under way at a time, for a statement or
// for the process.
type Limiter struct{ slots chan struct{} }

// NewLimiter allows n requests at a time (at least one).
func NewLimiter(n int) *Limiter { return &Limiter{slots: make(chan struct{}, max(n, 1))} }

// Acquire waits for a place until ctx ends.
func (l *Limiter) Acquire(ctx context.Context) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return Ended(ctx)
	}
}

// Release gives the place back.
func (l *Limiter) Release() { <-l.slots }

// InUse is the number of requests under way.
func (l *Limiter) InUse() int { return len(l.slots) }
