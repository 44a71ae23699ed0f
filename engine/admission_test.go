package engine

import (
	"context"
	"testing"
)

// TestAdmissionAfterPanic: a plan that cannot be built for a fault of ours gives its
// place back.
func TestAdmissionAfterPanic(t *testing.T) {
	e := New(Config{Admission: AdmissionConfig{Running: 1}})
	s := &Session{eng: e, log: e.log, set: newSettings(e.settings, nil)}
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			s.openQuery(context.Background(), &Portal{s: s}, &planned{lake: &lake{}})
		}()
		if running, waiting := e.Queue(); running+waiting > 0 {
			t.Fatalf("%d statements run, %d wait", running, waiting)
		}
	}
}
