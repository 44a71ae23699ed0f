package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicedb/sluice/model"
)

// childEnv names the catalog file that a child process of the tests works on.
const childEnv = "SLUICE_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := child(path, os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child makes tables with partitions, one change after the other, and prints the
// number of each once it is acknowledged.
func child(path, name string) error {
	s, err := Open(path)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		err := s.Update(context.Background(), func(tx *Tx) error {
			tab := eventsTable("public", fmt.Sprintf("%s_%d", name, i))
			if _, err := tx.CreateTable(tab); err != nil {
				return err
			}
			var parts []*model.Partition
			for h := range 3 {
				parts = append(parts, &model.Partition{Values: []string{"d", strconv.Itoa(h)}, Location: "s3://b/x/"})
			}
			_, err := tx.AddPartitions("public", tab.Name, parts, false)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// start runs a child and returns a function that gives the number of changes it
// has acknowledged so far.
func start(t *testing.T, path, name string) (cmd *exec.Cmd, acked func() int, finished func() int) {
	t.Helper()
	cmd = exec.Command(os.Args[0], name)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	var errs strings.Builder
	cmd.Stderr = &errs
	must(t, cmd.Start())
	var mu sync.Mutex
	n := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		sc := bufio.NewScanner(out)
		for sc.Scan() {
			i, err := strconv.Atoi(sc.Text())
			if err != nil {
				continue // a line cut off by the kill
			}
			mu.Lock()
			n = i + 1
			mu.Unlock()
		}
	}()
	acked = func() int { mu.Lock(); defer mu.Unlock(); return n }
	finished = func() int {
		<-done
		cmd.Wait()
		if errs.Len() > 0 {
			t.Errorf("child %s: %s", name, errs.String())
		}
		return acked()
	}
	return cmd, acked, finished
}

// check opens the catalog and counts the tables of each child, whole ones.
func check(t *testing.T, path string) map[string]int {
	t.Helper()
	s, err := Open(path)
	must(t, err)
	defer s.Close()
	var ok string
	must(t, s.write.QueryRow("PRAGMA integrity_check").Scan(&ok))
	if ok != "ok" {
		t.Fatalf("integrity: %s", ok)
	}
	counts := map[string]int{}
	must(t, s.View(context.Background(), func(v *View) error {
		c, err := v.Since(0)
		must(t, err)
		for _, tab := range c.Tables {
			x, err := v.PartIndex(tab)
			must(t, err)
			rows, err := v.PartRecords(tab, []int64{0, 1, 2})
			must(t, err)
			if x.Count != 3 || len(rows) != 3 {
				t.Errorf("table %s has %d partitions", tab.Name, x.Count)
			}
			name, _, _ := strings.Cut(tab.Name, "_")
			counts[name]++
		}
		return nil
	}))
	return counts
}

// Two processes change one catalog and are killed, again and again; it opens each
// time and holds every change that was acknowledged.
func TestKilledProcessesLoseNothing(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("SLUICE_KILLS")); err == nil {
		rounds = n
	}
	path := filepath.Join(t.TempDir(), "c.db")
	for round := range rounds {
		a, b := fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)
		ca, ackedA, doneA := start(t, path, a)
		cb, ackedB, doneB := start(t, path, b)
		deadline := time.Now().Add(20 * time.Second)
		for (ackedA() < 3+round%5 || ackedB() < 3) && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		must(t, ca.Process.Kill())
		must(t, cb.Process.Kill())
		na, nb := doneA(), doneB()
		have := check(t, path)
		for name, acked := range map[string]int{a: na, b: nb} {
			if acked == 0 {
				t.Errorf("round %d: process %s did nothing", round, name)
			}
			if have[name] < acked || have[name] > acked+1 {
				t.Errorf("round %d: %s: %d acknowledged, %d there", round, name, acked, have[name])
			}
		}
	}
}
