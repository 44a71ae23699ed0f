package engine

import (
	"context"

	"github.com/sluicedb/sluice/vector"
)

// Results take what the statements of a text return. Any of them may be nil.
type Results struct {
	// Begin starts the result of a statement that returns rows.
	Begin func(fields []Field) error
	Rows  Emit
	// End is told each statement's command tag.
	End func(tag string) error
}

// ExecText runs the statements of a text as one simple query does: in one
// implicit transaction unless they say otherwise, up to the first error. The
// statement that runs is cancelled when ctx ends.
func (s *Session) ExecText(ctx context.Context, text string, r Results) error {
	stop := context.AfterFunc(ctx, func() { s.Cancel(CancelRequested()) })
	defer stop()
	list, err := s.Parse(text)
	if err != nil {
		return err
	}
	if len(list) == 1 {
		s.Single()
	}
	for _, src := range list {
		if err = ctx.Err(); err != nil {
			err = CancelRequested()
			break
		}
		if err = s.execOne(ctx, src, r); err != nil {
			break
		}
	}
	s.ClosePortal("")
	if err != nil {
		s.fail()
	}
	if e := s.EndImplicit(); err == nil {
		err = e
	}
	return err
}

func (s *Session) execOne(ctx context.Context, src Source, r Results) error {
	prep, err := s.Prepare("", src, nil)
	if err != nil {
		return err
	}
	if prep.Empty() {
		return nil
	}
	portal, err := s.Bind("", prep, nil)
	if err != nil {
		return err
	}
	defer s.ClosePortal("")
	if r.Begin != nil && portal.Fields() != nil {
		if err := r.Begin(portal.Fields()); err != nil {
			return err
		}
	}
	rows := r.Rows
	if rows == nil {
		rows = discardRows
	}
	res, err := portal.Fetch(0, rows)
	if err != nil {
		return err
	}
	if r.End != nil {
		return r.End(res.Tag)
	}
	return nil
}

func discardRows(*vector.Batch, int, int) error { return nil }
