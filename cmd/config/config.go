// Package config is the server's configuration: one YAML file, then environment
// variables, then flags.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Config is every key. Environment variables are SLUICE_ and the path in capitals,
// with _ for dots: SLUICE_CACHE_MEMORY. docs/configuration.md lists them.
type Config struct {
	// DataDir holds the catalog and, unless SpillDir is set, spill files.
	DataDir string `yaml:"data_dir"`
	// Listen is the address of the PostgreSQL endpoint.
	Listen string `yaml:"listen"`
	// AdminListen is the address of /metrics, /healthz and /readyz; "" for none.
	AdminListen string   `yaml:"admin_listen"`
	Databases   []string `yaml:"databases"` // names that clients may connect to
	TLS         TLS      `yaml:"tls"`
	Limits      Limits   `yaml:"limits"`
	Cache       Cache    `yaml:"cache"`
	SpillDir    string   `yaml:"spill_dir"`
	// Roots are the local folders that tables may lie in.
	Roots  []string `yaml:"roots"`
	S3     S3       `yaml:"s3"`
	Log    Log      `yaml:"log"`
	Traces string   `yaml:"traces"` // OTLP endpoint, "" for none
	Prices string   `yaml:"prices"` // price file, "" for the built-in list prices
}

// TLS is the endpoint's certificate.
type TLS struct {
	Cert     string `yaml:"cert" reload:"yes"` // file; "" for no TLS
	Key      string `yaml:"key" reload:"yes"`
	Required bool   `yaml:"required"`
}

// Limits bound what clients can use.
type Limits struct {
	Connections           int           `yaml:"connections" reload:"yes"`
	Unauthenticated       int           `yaml:"unauthenticated" reload:"yes"` // connections not authenticated yet; 0: as Connections
	AuthenticationTimeout time.Duration `yaml:"authentication_timeout" reload:"yes"`
	Statements            int           `yaml:"statements" reload:"yes"`      // running at once
	StatementsRole        int           `yaml:"statements_role" reload:"yes"` // of one role; 0: no own limit
	Workers               int           `yaml:"workers"`                      // 0: one a core
	Memory                Bytes         `yaml:"memory"`                       // of all statements; 0: half of the machine's
	StatementMemory       Bytes         `yaml:"statement_memory"`             // of one; 0: half of memory
	SlowStatement         time.Duration `yaml:"slow_statement" reload:"yes"`  // logged as a warning; 0: never
	ShutdownGrace         time.Duration `yaml:"shutdown_grace"`               // for running statements at SIGTERM
}

// Cache is the one cache of footers, decompressed dictionary pages and remote ranges.
type Cache struct {
	Memory Bytes `yaml:"memory" reload:"yes"` // 0: by the size of the files in use
	Off    bool  `yaml:"off" reload:"yes"`    // to measure without it
}

// S3 is how buckets are reached. Keys come by the standard AWS chain.
type S3 struct {
	Endpoint  string `yaml:"endpoint"` // "" for AWS
	Region    string `yaml:"region"`
	PathStyle bool   `yaml:"path_style"`
	Profile   string `yaml:"profile"` // of the shared AWS configuration
}

// Log is the log's form.
type Log struct {
	Level  string `yaml:"level" reload:"yes"` // debug, info, warn, error
	Format string `yaml:"format"`             // text or json
}

// Default returns the configuration that is in force where nothing is set.
func Default() *Config {
	return &Config{
		DataDir: "sluice-data", Listen: "127.0.0.1:5439", Databases: []string{"sluice"},
		Limits: Limits{Connections: 100, AuthenticationTimeout: time.Minute, Statements: 64, ShutdownGrace: 30 * time.Second},
		S3:     S3{Region: "us-east-1"},
		Log:    Log{Level: "info", Format: "text"},
	}
}

// Load reads a file ("" for none), the environment and then keys set by flags, each
// over what came before, beginning with the defaults. Unknown keys are errors.
func Load(path string, env func(string) (string, bool), set ...[2]string) (*Config, error) {
	c := Default()
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		d := yaml.NewDecoder(bytes.NewReader(b))
		d.KnownFields(true)
		if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, k := range Keys() {
		name := EnvName(k.Path)
		if v, ok := env(name); ok {
			if err := c.Set(k.Path, v); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, kv := range set {
		if err := c.Set(kv[0], kv[1]); err != nil {
			return nil, fmt.Errorf("--set %s: %w", kv[0], err)
		}
	}
	return c, c.check()
}

func (c *Config) check() error {
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		return errors.New("tls.cert and tls.key go together")
	}
	if c.TLS.Required && c.TLS.Cert == "" {
		return errors.New("tls.required needs tls.cert and tls.key")
	}
	if len(c.Databases) == 0 {
		return errors.New("databases: at least one name is needed")
	}
	for i, r := range c.Roots {
		abs, err := filepath.Abs(r)
		if err != nil {
			return err
		}
		c.Roots[i] = abs
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("log.level: %q is none of debug, info, warn, error", c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return fmt.Errorf("log.format: %q is none of text, json", c.Log.Format)
	}
	return nil
}

// Key is one configuration key.
type Key struct {
	Path    string
	Default string
	Reload  bool // a change takes effect at SIGHUP; others need a restart
}

// EnvName is the environment variable of a key.
func EnvName(path string) string {
	return "SLUICE_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// Keys lists every key with its default, in the order of the file.
func Keys() []Key {
	var out []Key
	Default().each(func(k Key) { out = append(out, k) })
	return out
}

// each visits the keys with the values of c.
func (c *Config) each(visit func(Key)) {
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			name := prefix + tag.Get("yaml")
			f := v.Field(i)
			if f.Kind() == reflect.Struct {
				walk(name+".", f)
				continue
			}
			visit(Key{name, show(f), tag.Get("reload") == "yes"})
		}
	}
	walk("", reflect.ValueOf(c).Elem())
}

// Changed lists the keys whose values differ between two configurations.
func Changed(a, b *Config) []Key {
	var old []Key
	a.each(func(k Key) { old = append(old, k) })
	i := 0
	var out []Key
	b.each(func(k Key) {
		if k.Default != old[i].Default {
			out = append(out, k)
		}
		i++
	})
	return out
}

// Reloaded is c with the keys of next that can change in a running program.
func (c *Config) Reloaded(next *Config) *Config {
	out := *c
	var walk func(to, from reflect.Value)
	walk = func(to, from reflect.Value) {
		for i := range to.NumField() {
			switch f := to.Type().Field(i); {
			case f.Type.Kind() == reflect.Struct:
				walk(to.Field(i), from.Field(i))
			case f.Tag.Get("reload") == "yes":
				to.Field(i).Set(from.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(&out).Elem(), reflect.ValueOf(next).Elem())
	return &out
}

// nearest suggests keys that end as path does, or begin as it does.
func nearest(path string) string {
	last := path[strings.LastIndexByte(path, '.')+1:]
	var found []string
	for _, k := range Keys() {
		if k.Path[strings.LastIndexByte(k.Path, '.')+1:] == last || strings.HasPrefix(k.Path, path+".") {
			found = append(found, k.Path)
		}
	}
	if len(found) == 0 {
		return ": docs/configuration.md lists them"
	}
	return ": did you mean " + strings.Join(found, " or ") + "?"
}

func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		return strings.Join(x, ",")
	case fmt.Stringer:
		return x.String()
	}
	return fmt.Sprint(v.Interface())
}

// Set sets a key by its path from text; lists are separated by commas.
func (c *Config) Set(path, text string) error {
	v := reflect.ValueOf(c).Elem()
	for _, part := range strings.Split(path, ".") {
		found := false
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") == part {
				v, found = v.Field(i), true
				break
			}
		}
		if !found {
			return fmt.Errorf("there is no key %q%s", path, nearest(path))
		}
	}
	switch v.Addr().Interface().(type) {
	case *[]string:
		var list []string
		for _, s := range strings.Split(text, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
		v.Set(reflect.ValueOf(list))
		return nil
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(d))
		return nil
	case *Bytes:
		b, err := ParseBytes(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(b))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(i))
	default:
		return fmt.Errorf("key %s cannot be set from text", path)
	}
	return nil
}

// Bytes is a size; text takes KB, MB, GB, TB (powers of 1,024).
type Bytes int64

var byteUnits = []struct {
	name string
	n    int64
}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}}

func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && int64(b)%u.n == 0 {
			return strconv.FormatInt(int64(b)/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// ParseBytes reads a size.
func ParseBytes(s string) (Bytes, error) {
	t := strings.ToUpper(strings.TrimSpace(s))
	t = strings.TrimSuffix(strings.Replace(t, "IB", "B", 1), " ")
	mul := int64(1)
	for _, u := range byteUnits {
		if strings.HasSuffix(t, u.name) {
			t, mul = strings.TrimSpace(strings.TrimSuffix(t, u.name)), u.n
			break
		}
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(t, "B"), 64)
	if err != nil || !(f >= 0 && f*float64(mul) < 1<<62) {
		return 0, fmt.Errorf("%q is no size: a number with KB, MB, GB or TB is expected", s)
	}
	return Bytes(f * float64(mul)), nil
}

// UnmarshalYAML reads a number of bytes or a text with a unit.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) error {
	v, err := ParseBytes(n.Value)
	if err != nil {
		return err
	}
	*b = v
	return nil
}
