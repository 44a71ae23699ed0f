package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/catalog/crawl"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
)

func crawlCommand(f *flags) *cobra.Command {
	o := crawl.Options{}
	cmd := &cobra.Command{
		Use:   "crawl PREFIX --database DATABASE",
		Short: "Find tables under a prefix and register them",
		Long: `Finds the tables under a prefix: which folders are tables, their partitions
(year=2025/month=1/...) and, from the footers of some files, their columns. A table
that is known at the same location gets new partitions and columns; nothing is
dropped. Servers see it with their next statement.`,
		Example: `  sluice crawl s3://bucket/lake/processed/ --database processed
  sluice crawl s3://bucket/lake/ --database raw --table-prefix raw_ --dry-run`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Database == "" {
				return usagef("crawl needs --database: the database that the tables go into")
			}
			if !strings.Contains(args[0], "://") {
				return usagef("%q is no URL: s3://bucket/prefix/ or file:///folder/ is expected", args[0])
			}
			o.Prefix = args[0]
			cfg, err := f.load()
			if err != nil {
				return err
			}
			s, err := openSession(cmd.Context(), cfg, "", "", printNotice)
			if err != nil {
				return err
			}
			defer s.Close()
			objects, err := s.app.stores.For(o.Prefix)
			if err != nil {
				return err
			}
			o.Owner, o.Schema = systemUser(), crawlSchema(parquet.New(parquet.Options{Cache: s.app.cache}))
			p := newProgress("looking below " + o.Prefix)
			o.Progress = func(at crawl.Progress) {
				if at.Total > 0 {
					p.share(float64(at.Tables)/float64(at.Total), at.Step)
				} else {
					p.count(int64(at.Files), "files")
				}
			}
			rep, err := crawl.Crawl(cmd.Context(), objects, s.app.catalog, o)
			p.end()
			if rep != nil {
				printCrawl(cmd, rep, o)
			}
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&o.Database, "database", "d", "", "database that the tables go into; made if it is not there")
	fl.StringVar(&o.TablePrefix, "table-prefix", "", "put before the tables' names")
	fl.IntVar(&o.SampleFiles, "sample", 16, "files of each table whose schema is read")
	fl.BoolVar(&o.DryRun, "dry-run", false, "show what would be registered, change nothing")
	return cmd
}

// crawlSchema reads the columns of a Parquet file as a crawl wants them.
func crawlSchema(f *parquet.Format) crawl.Schema {
	return func(ctx context.Context, store object.Store, url string) ([]model.Column, error) {
		infos, err := f.Schema(ctx, store, url)
		if err != nil {
			return nil, err
		}
		cols := make([]model.Column, len(infos))
		for i, c := range infos {
			cols[i] = model.Column{Name: c.Name, Hive: c.Hive, Type: c.Type}
		}
		return cols, nil
	}
}

func printCrawl(cmd *cobra.Command, rep *crawl.Report, o crawl.Options) {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "table\t\tcolumns\tpartitions\tnew\tfiles\tsize\tlocation")
	for _, t := range rep.Tables {
		what := "unchanged"
		switch {
		case t.Created:
			what = "created"
		case t.Updated || t.Added > 0:
			what = "updated"
		}
		if o.DryRun {
			what = "found"
		}
		fmt.Fprintf(w, "%s.%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", o.Database, t.Name, what, len(t.Columns)+len(t.Keys), t.Partitions, t.Added,
			t.Files, humanize.IBytes(uint64(t.Bytes)), t.Location)
	}
	w.Flush()
	for _, t := range rep.Tables {
		for _, c := range t.Conflicts {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s.%s: %s\n", o.Database, t.Name, c)
		}
	}
	for _, s := range rep.Skipped {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: left out %s: %s\n", s.Location, s.Reason)
	}
}
