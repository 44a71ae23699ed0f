package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

// TestOrder: the file over defaults, the environment over the file, flags over both.
func TestOrder(t *testing.T) {
	path := file(t, "listen: file:1\nadmin_listen: file:2\ncache:\n  memory: 1GB\nlimits:\n  slow_statement: 2s\n  connections: 7\ndatabases: [a, b]\n")
	env := environment(map[string]string{"SLUICE_ADMIN_LISTEN": "env:2", "SLUICE_LIMITS_CONNECTIONS": "8", "SLUICE_ROOTS": "/x, /y"})
	c, err := Load(path, env, [2]string{"limits.connections", "9"}, [2]string{"cache.off", "true"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "file:1" || c.AdminListen != "env:2" || c.Limits.Connections != 9 || !c.Cache.Off || c.Cache.Memory != 1<<30 ||
		c.Limits.SlowStatement != 2*time.Second || strings.Join(c.Databases, "+") != "a+b" || strings.Join(c.Roots, "+") != "/x+/y" ||
		c.Limits.Statements != Default().Limits.Statements {
		t.Errorf("got %+v", c)
	}
}

func TestWrongConfigurations(t *testing.T) {
	for _, tc := range []struct{ text, key, value, want string }{
		{text: "lisen: x", want: "lisen"},
		{text: "cache:\n  size: 1", want: "size"},
		{text: "limits: 3", want: "cannot unmarshal"},
		{text: "cache:\n  memory: plenty", want: "is no size"},
		{key: "memory", value: "1GB", want: "cache.memory"},
		{key: "cache", value: "1GB", want: "cannot be set from text"},
		{key: "limits.connections", value: "many", want: "--set limits.connections"},
		{key: "log.level", value: "loud", want: "none of debug"},
		{key: "tls.cert", value: "x", want: "go together"},
		{key: "tls.required", value: "true", want: "needs tls.cert"},
		{key: "databases", value: "", want: "at least one name"},
	} {
		var set [][2]string
		if tc.key != "" {
			set = append(set, [2]string{tc.key, tc.value})
		}
		_, err := Load(file(t, tc.text), environment(nil), set...)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: got %v", tc, err)
		}
	}
	if _, err := Load("", environment(map[string]string{"SLUICE_CACHE_MEMORY": "x"})); err == nil || !strings.Contains(err.Error(), "SLUICE_CACHE_MEMORY") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), environment(nil)); err == nil {
		t.Error("a missing file was taken")
	}
}

// TestEveryKeyCanBeSet: each key takes its own default as text.
func TestEveryKeyCanBeSet(t *testing.T) {
	for _, k := range Keys() {
		c := Default()
		if err := c.Set(k.Path, k.Default); err != nil {
			t.Errorf("%s: %v", k.Path, err)
		}
		if changed := Changed(Default(), c); len(changed) != 0 {
			t.Errorf("%s: its default %q changes %v", k.Path, k.Default, changed)
		}
	}
}

func TestReloaded(t *testing.T) {
	old, next := Default(), Default()
	next.Listen, next.Cache.Memory, next.Log.Level = "elsewhere:1", 5<<20, "debug"
	var paths []string
	for _, k := range Changed(old, next) {
		paths = append(paths, k.Path)
	}
	if got := strings.Join(paths, " "); got != "listen cache.memory log.level" {
		t.Errorf("changed: %s", got)
	}
	c := old.Reloaded(next)
	if c.Listen != old.Listen || c.Cache.Memory != 5<<20 || c.Log.Level != "debug" {
		t.Errorf("got %+v", c)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Bytes{"0": 0, "17": 17, "1KB": 1 << 10, "1.5 mb": 3 << 19, "2GiB": 2 << 30, "1tb": 1 << 40, "5B": 5} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "GB", "-1", "1XB", "one", "NaN", "1e30", "9999999TB"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func TestPriceFile(t *testing.T) {
	base := Prices{GetPer1000: 1, Cores: 4, NetworkMiBs: 1, InFlight: 1, RangeBytes: 1, Tail: 1, CPUSlowdown: 1}
	p := base
	if err := p.Load(file(t, "get_per_1000: 0.5\nregion: here\n")); err != nil || p.GetPer1000 != 0.5 || p.Region != "here" || p.Cores != 4 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, text := range []string{"get: 1", "cores: 0", "list_per_1000: -1"} {
		p := base
		if err := p.Load(file(t, text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
