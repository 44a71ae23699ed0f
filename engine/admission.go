package engine

import (
	"context"
	"sync"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// AdmissionConfig limits how much runs at once.
type AdmissionConfig struct {
	Running int // statements at once in all; 0: 64
	PerRole int // statements at once of one role; 0: no limit but Running
}

// admission lets statements in, first come first served among those that may run.
type admission struct {
	cfg     AdmissionConfig
	mu      sync.Mutex
	running int
	byRole  map[string]int
	queue   []*waiter
}

type waiter struct {
	role string
	in   chan struct{}
}

func newAdmission(cfg AdmissionConfig) *admission {
	if cfg.Running == 0 {
		cfg.Running = defaultRunning
	}
	return &admission{cfg: cfg, byRole: map[string]int{}}
}

func (a *admission) fits(role string) bool {
	return a.running < a.cfg.Running && (a.cfg.PerRole == 0 || a.byRole[role] < a.cfg.PerRole)
}

// enter waits for a place. release gives it back and may be called more than once.
func (a *admission) enter(ctx context.Context, role string, limit time.Duration) (release func(), waited time.Duration, err error) {
	a.mu.Lock()
	if a.fits(role) && len(a.queue) == 0 {
		a.take(role)
		a.mu.Unlock()
		return a.releaser(role), 0, nil
	}
	w := &waiter{role: role, in: make(chan struct{})}
	a.queue = append(a.queue, w)
	a.wakeLocked()
	a.mu.Unlock()
	start := time.Now()
	var timeout <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-w.in:
		return a.releaser(role), time.Since(start), nil
	case <-ctx.Done():
		err = cancelCause(ctx, ctx.Err())
	case <-timeout:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		err = sql.Errorf(sql.CodeInsufficientResources, "statement waited %s to be admitted", limit).
			WithHint("%d statements may run at once; raise sluice.queue_timeout, or the limits in the configuration, or try again later.", a.cfg.Running)
	}
	for i, x := range a.queue {
		if x == w {
			a.queue = append(a.queue[:i], a.queue[i+1:]...)
			return nil, time.Since(start), err
		}
	}
	a.dropLocked(role) // it was let in just now
	return nil, time.Since(start), err
}

func (a *admission) take(role string) {
	a.running++
	a.byRole[role]++
}

func (a *admission) releaser(role string) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.dropLocked(role)
		})
	}
}

func (a *admission) dropLocked(role string) {
	a.running--
	if a.byRole[role]--; a.byRole[role] == 0 {
		delete(a.byRole, role)
	}
	a.wakeLocked()
}

// wakeLocked lets in every waiter that fits now; one whose role is full does not hold up others.
func (a *admission) wakeLocked() {
	keep := a.queue[:0]
	for _, w := range a.queue {
		if a.fits(w.role) {
			a.take(w.role)
			close(w.in)
			continue
		}
		keep = append(keep, w)
	}
	a.queue = keep
}

// Queue returns how many statements run and wait.
func (a *admission) Queue() (running, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.running, len(a.queue)
}
