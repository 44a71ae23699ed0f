package engine

import (
	"context"
	"time"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// TxnState is the state of a session's transaction; its values are the status
// bytes of the protocol.
type TxnState byte

// States.
const (
	TxnIdle   TxnState = 'I'
	TxnActive TxnState = 'T'
	TxnFailed TxnState = 'E'
)

// txn is a transaction block. Statements outside a block run in an implicit one,
// which ends at Sync or at the end of a simple query.
type txn struct {
	state    TxnState
	implicit bool
	start    time.Time
	settings settingsSnapshot
	temp     *tempState // when it began
	saves    []savepoint
	single   bool           // implicit, of a simple query with one statement
	batch    *catalog.Batch // changes of the catalog, nil: none yet
}

type savepoint struct {
	name     string
	settings settingsSnapshot
	temp     *tempState
	mark     int // of the batch
	portals  int // how many were made before
}

func (t *txn) startTime(now time.Time) time.Time {
	if t.state == TxnIdle {
		return now
	}
	return t.start
}

func (t *txn) mark() int {
	if t.batch == nil {
		return 0
	}
	return t.batch.Mark()
}

// enter makes sure that a transaction is open before a statement runs; a failed
// block refuses everything but its end.
func (s *Session) enter(stmt parse.Stmt) error {
	if s.txn.state == TxnFailed {
		if x, ok := stmt.(*parse.Txn); ok && (x.Kind == parse.TxnCommit || x.Kind == parse.TxnRollback || x.Kind == parse.TxnRollbackTo) {
			return nil
		}
		return sql.Errorf(sql.CodeInFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	if s.txn.state == TxnIdle {
		s.txn = txn{state: TxnActive, implicit: true, single: s.single, start: time.Now(), settings: s.set.snapshot(), temp: s.temp.now}
		s.resetTxnSettings()
	}
	return nil
}

// Single says that the statement to come is all there is before EndImplicit, as in a
// simple query of one statement: changes of the catalog are made at once, before
// the client hears that they are.
func (s *Session) Single() { s.single = true }

// resetTxnSettings gives the transaction the default isolation and access mode.
func (s *Session) resetTxnSettings() {
	for from, to := range map[string]string{"default_transaction_isolation": "transaction_isolation",
		"default_transaction_read_only": "transaction_read_only", "default_transaction_deferrable": "transaction_deferrable"} {
		v, _ := s.set.get(from)
		if cur, _ := s.set.get(to); cur != v {
			s.set.change(func() { s.set.local[to] = v })
		}
	}
}

// Fail notes that a message of the client failed before it reached a statement.
func (s *Session) Fail() { s.fail() }

// fail notes that a statement failed.
func (s *Session) fail() {
	if s.txn.state != TxnActive {
		return
	}
	if s.txn.implicit {
		s.endTxn(false)
		return
	}
	s.txn.state = TxnFailed
}

// EndImplicit ends the implicit transaction, if one is open: at Sync and at the
// end of a simple query.
func (s *Session) EndImplicit() error {
	s.single = false
	if !s.txn.implicit {
		return nil
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	return s.guarded("", ctx, cancel, func() error { return s.commit(ctx) })
}

// commit makes the transaction's changes last; if they cannot be, it is rolled
// back. Held cursors run to their end first, within ctx.
func (s *Session) commit(ctx context.Context) error {
	err := s.persistHeld(ctx)
	if err == nil && s.txn.batch != nil {
		err = s.txn.batch.Commit(s.ctx)
	}
	s.endTxn(err == nil)
	return err
}

func (s *Session) endTxn(commit bool) {
	for name, p := range s.portals {
		if p.held {
			continue
		}
		p.close()
		delete(s.portals, name)
	}
	if commit {
		s.commitTemp()
	} else {
		s.set.restore(s.txn.settings)
		s.temp.now = s.txn.temp
	}
	s.set.dropLocal()
	s.txn = txn{state: TxnIdle}
	s.sweepTemp()
}

// runTxn runs a transaction statement and returns its command tag.
func (s *Session) runTxn(ctx context.Context, x *parse.Txn) (string, error) {
	block := s.txn.state != TxnIdle && !s.txn.implicit
	switch x.Kind {
	case parse.TxnBegin:
		if block {
			s.notice("WARNING", sql.CodeActiveTransaction, "there is already a transaction in progress")
		} else if s.txn.state == TxnIdle {
			s.txn = txn{state: TxnActive, start: time.Now(), settings: s.set.snapshot(), temp: s.temp.now}
			s.resetTxnSettings()
		}
		s.txn.implicit = false
		tag := "BEGIN"
		if x.Start {
			tag = "START TRANSACTION"
		}
		return tag, s.setTxnOptions(x.Options)
	case parse.TxnCommit, parse.TxnRollback:
		commit := x.Kind == parse.TxnCommit
		if !block {
			if x.Chain {
				name := map[bool]string{true: "COMMIT", false: "ROLLBACK"}[commit]
				return "", sql.Errorf(sql.CodeNoActiveTransaction, "%s AND CHAIN can only be used in transaction blocks", name)
			}
			s.notice("WARNING", sql.CodeNoActiveTransaction, "there is no transaction in progress")
		}
		tag := "COMMIT"
		if !commit || s.txn.state == TxnFailed {
			commit, tag = false, "ROLLBACK"
		}
		keep := map[string]string{}
		for _, n := range []string{"transaction_isolation", "transaction_read_only", "transaction_deferrable"} {
			keep[n], _ = s.set.get(n)
		}
		var err error
		if commit {
			err = s.commit(ctx)
		} else {
			s.endTxn(false)
		}
		if err != nil {
			return "", err
		}
		if x.Chain {
			s.txn = txn{state: TxnActive, start: time.Now(), settings: s.set.snapshot(), temp: s.temp.now}
			return tag, s.setTxnOptions(keep)
		}
		return tag, nil
	}
	if !block {
		name := map[parse.TxnKind]string{parse.TxnSavepoint: "SAVEPOINT", parse.TxnRelease: "RELEASE SAVEPOINT", parse.TxnRollbackTo: "ROLLBACK TO SAVEPOINT"}[x.Kind]
		return "", sql.Errorf(sql.CodeNoActiveTransaction, "%s can only be used in transaction blocks", name)
	}
	if x.Kind == parse.TxnSavepoint {
		s.txn.saves = append(s.txn.saves, savepoint{x.Savepoint, s.set.snapshot(), s.temp.now, s.txn.mark(), s.portalSeq})
		return "SAVEPOINT", nil
	}
	for i := len(s.txn.saves) - 1; i >= 0; i-- {
		if s.txn.saves[i].name != x.Savepoint {
			continue
		}
		if x.Kind == parse.TxnRelease {
			s.txn.saves = s.txn.saves[:i]
			return "RELEASE", nil
		}
		if s.txn.batch != nil {
			if err := s.txn.batch.RollbackTo(s.ctx, s.txn.saves[i].mark); err != nil {
				return "", err
			}
		}
		for name, p := range s.portals {
			if p.seq > s.txn.saves[i].portals && !p.held && p.prep.Source.Stmt.Stmt != x {
				p.close()
				delete(s.portals, name)
			}
		}
		s.set.restore(s.txn.saves[i].settings)
		s.temp.now = s.txn.saves[i].temp
		s.txn.saves = s.txn.saves[:i+1]
		s.txn.state = TxnActive
		return "ROLLBACK", nil
	}
	return "", sql.Errorf(sql.CodeInvalidSavepoint, "savepoint \"%s\" does not exist", x.Savepoint)
}

func (s *Session) setTxnOptions(o map[string]string) error {
	for k, v := range o {
		if err := s.set.set(k, v, true); err != nil {
			return err
		}
	}
	return nil
}
