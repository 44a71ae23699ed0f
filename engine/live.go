package engine

import (
	"sync/atomic"
	"time"

	"github.com/sluicedb/sluice/exec"
)

// live is what of the configuration can change while the engine runs.
type live struct{ slow atomic.Int64 }

// Limits are the limits that can be changed while the engine runs.
type Limits struct {
	Admission AdmissionConfig
	// SlowStatement is the duration from which a statement is logged as a warning; 0: never.
	SlowStatement time.Duration
}

// SetLimits changes limits from now on. What runs goes on; statements that wait
// are admitted if they may be now.
func (e *Engine) SetLimits(l Limits) {
	e.live.slow.Store(int64(l.SlowStatement))
	e.admit.configure(l.Admission)
}

func (e *Engine) slowStatement() time.Duration { return time.Duration(e.live.slow.Load()) }

// Queue returns how many statements run and how many wait to be admitted.
func (e *Engine) Queue() (running, waiting int) { return e.admit.Queue() }

// Memory is the budget of all statements.
func (e *Engine) Memory() *exec.Budget { return e.cfg.Memory }

func (a *admission) configure(cfg AdmissionConfig) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cfg.Running == 0 {
		cfg.Running = defaultRunning
	}
	a.cfg = cfg
	a.wakeLocked()
}

// defaultRunning is how many statements run at once if nothing is configured.
const defaultRunning = 64
