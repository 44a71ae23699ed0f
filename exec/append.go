package exec

import "github.com/sluicedb/sluice/vector"

// appendSource gives the rows of several chains, one after the other in each task.
type appendSource struct{ parts []*appendPart }

type appendPart struct {
	chain  *chain
	serial bool
}

func (a *appendSource) Open() {
	for _, p := range a.parts {
		p.chain.open()
	}
}

// Stop ends the inputs early.
func (a *appendSource) Stop() {
	for _, p := range a.parts {
		p.chain.raiseCut(len(p.chain.ops) + 1)
	}
}

func (p *appendPart) tasks() int {
	if p.serial {
		return 1
	}
	return p.chain.tasks()
}

func (a *appendSource) Tasks() int {
	n := 1
	for _, p := range a.parts {
		n = max(n, p.tasks())
	}
	return n
}

func (a *appendSource) NewState(t *Task) (SourceState, error) {
	s := &appendState{}
	for _, p := range a.parts {
		if t.Index >= p.tasks() {
			continue
		}
		c, err := p.chain.newState(t)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.chains = append(s.chains, c)
	}
	return s, nil
}

type appendState struct {
	chains []*chainState
	at     int
}

func (s *appendState) Next(t *Task) (*vector.Batch, Status, error) {
	for s.at < len(s.chains) {
		b, st, err := s.chains[s.at].Next(t)
		if err != nil || st != Done {
			return b, st, err
		}
		s.chains[s.at].Close()
		s.at++
	}
	return nil, Done, nil
}

func (s *appendState) Close() {
	for _, c := range s.chains {
		c.Close()
	}
}
