package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far long work has come: a bar on a terminal, else a line now
// and then. Safe for concurrent use.
type progress struct {
	what string
	bar  *progressbar.ProgressBar // nil: plain lines

	mu   sync.Mutex
	last time.Time
}

// plainEvery is how often plain lines come.
const plainEvery = 10 * time.Second

// steps is the resolution of a bar that shows a share.
const steps = 1000

// newProgress begins to show work on standard error.
func newProgress(what string) *progress {
	p := &progress{what: what, last: time.Now()}
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprintf(os.Stderr, "%s ...\n", what)
		return p
	}
	p.bar = progressbar.NewOptions(steps, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	return p
}

// share tells how much is done, 0 to 1, and what was done last.
func (p *progress) share(done float64, part string) {
	if p.bar != nil {
		p.bar.Describe(p.what + " " + part)
		p.bar.Set(int(done * steps))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) >= plainEvery {
		p.last = time.Now()
		fmt.Fprintf(os.Stderr, "%s: %d %%, at %s\n", p.what, int(done*100), part)
	}
}

// count tells how many things were found or written of an unknown number.
func (p *progress) count(n int64, things string) {
	if p.bar != nil {
		p.bar.ChangeMax(-1)
		p.bar.Describe(fmt.Sprintf("%s: %d %s", p.what, n, things))
		p.bar.Add(1)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) >= plainEvery {
		p.last = time.Now()
		fmt.Fprintf(os.Stderr, "%s: %d %s\n", p.what, n, things)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
