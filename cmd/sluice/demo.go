package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/engine/demo"
	"github.com/sluicedb/sluice/server/pgwire"
	"github.com/sluicedb/sluice/storage/object"
)

// demoUser is the name of the demo's user and database.
const demoUser = "demo"

// demoLake is what the marker file says of a finished demo lake.
type demoLake struct {
	Lake  string  `json:"lake"` // URL of its folder
	Seed  uint64  `json:"seed"`
	Scale float64 `json:"scale"`
	Made  string  `json:"made"`
}

// demoFlags are the command's own flags.
type demoFlags struct {
	dir, lake, listen string
	want              demoLake
	serve             bool
}

func demoCommand(f *flags) *cobra.Command {
	d := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo --dir DIR",
		Short: "Make a lake to try, and serve it",
		Long: `Makes a lake of an e-commerce company if DIR has none (Parquet files, a catalog
with the databases raw and processed, a user demo) and, with --serve, serves it.
The same seed and scale give the same files. The password is in DIR/password, the
configuration in DIR/sluice.yaml.

With --lake the files go to a bucket, which must exist; it is reached as the
configuration says (s3.endpoint, s3.region, ...), with keys from the standard AWS
chain.`,
		Example: `  sluice demo --dir demo --serve
  sluice demo --dir demo --lake s3://bucket/demo --scale 0.1 --serve`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd.Context(), f, cmd.OutOrStdout(), cmd.Flags().Changed)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&d.dir, "dir", "sluice-demo", "folder of the demo")
	fl.StringVar(&d.lake, "lake", "", "where the files go: s3://bucket/prefix; DIR/lake if not given")
	fl.Float64Var(&d.want.Scale, "scale", 1, "size: 1 is two million events")
	fl.Uint64Var(&d.want.Seed, "seed", 1, "seed of the data")
	fl.StringVar(&d.listen, "listen", "127.0.0.1:5439", "address to serve on")
	fl.BoolVar(&d.serve, "serve", false, "serve when the lake is there")
	return cmd
}

func (d *demoFlags) run(ctx context.Context, f *flags, out io.Writer, given func(string) bool) error {
	if s := d.want.Scale; !(s > 0) || math.IsInf(s, 0) || s > 1000 {
		return usagef("--scale %v: a number above 0, at most 1000, is expected", s)
	}
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		return err
	}
	d.dir = dir
	d.want.Lake, err = d.location()
	if err != nil {
		return err
	}
	quiet := !f.given("log.level") && f.file == ""
	read := func() (*config.Config, error) {
		c, err := f.load(d.overrides()...)
		if err == nil && quiet {
			c.Log.Level = "warn"
		}
		return c, err
	}
	cfg, err := read()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	have, err := d.marker()
	if err != nil {
		return err
	}
	if have == nil {
		if err := d.make(ctx, cfg); err != nil {
			return err
		}
	} else if err := d.fits(have, given); err != nil {
		return err
	}
	password, err := os.ReadFile(d.path("password"))
	if err != nil {
		return fmt.Errorf("%w: remove %s to make the demo anew", err, d.dir)
	}
	if err := d.writeConfig(cfg); err != nil {
		return err
	}
	if !d.serve {
		fmt.Fprintf(out, "The demo lake is in %s. Serve it with: sluice serve --config %s\n", d.want.Lake, d.path("sluice.yaml"))
		return nil
	}
	return serve(ctx, cfg, read, func() { d.welcome(out, strings.TrimSpace(string(password))) })
}

func (d *demoFlags) path(name string) string { return filepath.Join(d.dir, name) }

// location is the URL of the lake's folder.
func (d *demoFlags) location() (string, error) {
	if d.lake == "" {
		return "file://" + d.path("lake") + "/", nil
	}
	rest, ok := strings.CutPrefix(d.lake, "s3://")
	if bucket, _, _ := strings.Cut(rest, "/"); !ok || bucket == "" {
		return "", usagef("--lake %q is no s3://bucket/prefix", d.lake)
	}
	return strings.TrimRight(d.lake, "/") + "/", nil
}

// overrides are the keys that make a configuration the demo's.
func (d *demoFlags) overrides() [][2]string {
	return [][2]string{{"data_dir", d.dir}, {"roots", d.roots()}, {"databases", demoUser}, {"listen", d.listen}}
}

// roots is the folder of a local lake, "" if it is in a bucket.
func (d *demoFlags) roots() string {
	if path, ok := strings.CutPrefix(d.want.Lake, "file://"); ok {
		return strings.TrimSuffix(path, "/")
	}
	return ""
}

// marker reads what lake is there, nil if none is finished.
func (d *demoFlags) marker() (*demoLake, error) {
	b, err := os.ReadFile(d.path("demo.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &demoLake{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w: remove the folder to make the demo anew", d.path("demo.json"), err)
	}
	return m, nil
}

// fits checks that the lake that is there is the one that was asked for.
func (d *demoFlags) fits(have *demoLake, given func(string) bool) error {
	if have.Lake != d.want.Lake || given("seed") && have.Seed != d.want.Seed || given("scale") && have.Scale != d.want.Scale {
		return usagef("%s has a lake already: seed %d, scale %g, in %s; name another folder with --dir, or remove this one",
			d.dir, have.Seed, have.Scale, have.Lake)
	}
	return nil
}

// make writes the lake and its catalog; the marker comes last, so that what was
// interrupted is made again.
func (d *demoFlags) make(ctx context.Context, cfg *config.Config) error {
	if r := d.roots(); r != "" {
		if err := os.MkdirAll(r, 0o755); err != nil {
			return err
		}
	}
	s, err := openSession(ctx, cfg, demoUser, demoUser, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	files, err := s.app.stores.For(d.want.Lake)
	if err != nil {
		return err
	}
	if err := d.writeFiles(ctx, files); err != nil {
		return err
	}
	if err := d.addUser(ctx, s); err != nil {
		return err
	}
	p := newProgress("registering tables")
	ddl := append(demo.DDL(d.want.Lake), `ALTER DATABASE demo SET search_path = processed, raw, public`)
	for i, text := range ddl {
		words := strings.Fields(text)
		p.share(float64(i)/float64(len(ddl)), strings.Join(words[:min(3, len(words))], " "))
		if err := s.exec(ctx, text); err != nil {
			p.end()
			return err
		}
	}
	p.end()
	d.want.Made = time.Now().UTC().Format(time.RFC3339)
	b, err := json.MarshalIndent(d.want, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(d.path("demo.json"), func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

func (d *demoFlags) writeFiles(ctx context.Context, files object.Store) error {
	p := newProgress("writing the lake")
	defer p.end()
	return demo.Write(ctx, demo.Options{Store: files, Location: d.want.Lake, Seed: d.want.Seed, Scale: d.want.Scale, Progress: p.share})
}

// addUser makes the user demo, who may do everything, with a password that only
// the file knows.
func (d *demoFlags) addUser(ctx context.Context, s *localSession) error {
	password := make([]byte, 18)
	rand.Read(password)
	text := base64.RawURLEncoding.EncodeToString(password)
	verifier, err := pgwire.MakeVerifier(text)
	if err != nil {
		return err
	}
	os.Remove(d.path("password")) // of an interrupted run
	f, err := os.OpenFile(d.path("password"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	snap, err := s.app.catalog.Snapshot(ctx)
	if err != nil {
		return err
	}
	return s.app.catalog.Update(ctx, func(t *store.Tx) error {
		if snap.Role(demoUser) != nil {
			return t.AlterRole(demoUser, func(r *store.Role) error {
				r.Verifier = verifier
				return nil
			})
		}
		_, err := t.CreateRole(&store.Role{Name: demoUser, Login: true, Inherit: true, Superuser: true, ConnLimit: -1, Verifier: verifier})
		return err
	})
}

// writeConfig leaves a configuration with which other commands find the demo.
func (d *demoFlags) writeConfig(cfg *config.Config) error {
	keys := map[string]any{"data_dir": d.dir, "databases": []string{demoUser}, "listen": d.listen}
	if r := d.roots(); r != "" {
		keys["roots"] = []string{r}
	} else {
		keys["s3"] = map[string]any{"endpoint": cfg.S3.Endpoint, "region": cfg.S3.Region, "path_style": cfg.S3.PathStyle, "profile": cfg.S3.Profile}
	}
	b, err := yaml.Marshal(keys)
	if err != nil {
		return err
	}
	return writeFile(d.path("sluice.yaml"), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// welcome prints how to connect and what to try.
func (d *demoFlags) welcome(out io.Writer, password string) {
	host, port, _ := net.SplitHostPort(d.listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	fmt.Fprintf(out, `
Sluice serves the demo lake. Connect with:

  psql "host=%s port=%s user=%s password=%s dbname=%s"

Three queries to try:

%s
Ctrl-C ends it.
`, host, port, demoUser, password, demoUser, tryOut)
}

// tryOut are the queries that are printed at the start.
const tryOut = `  SELECT event_type, count(*), count(DISTINCT user_id) AS users
  FROM events GROUP BY event_type ORDER BY 2 DESC;

  SELECT p.category, count(DISTINCT o.customer_id) AS customers, sum(i.quantity * i.unit_price * (1 - i.discount)) AS revenue
  FROM orders o JOIN order_items i USING (order_id) JOIN products p USING (product_id) JOIN customers c USING (customer_id)
  WHERE o.year = 2025 AND o.month = 12 AND c.country IN ('FR', 'NL')
  GROUP BY p.category ORDER BY revenue DESC LIMIT 5;

  EXPLAIN ANALYZE SELECT device, avg(duration_ms) FROM events
  WHERE year = 2025 AND month = 6 AND day BETWEEN 1 AND 7 AND event_type = 'purchase' GROUP BY device;
`
