package main

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/storage/format/parquet"
)

func inspectCommand(f *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE|s3://bucket/key",
		Short: "Show what a Parquet file's metadata says",
		Long: `Shows a Parquet file's schema with the types that tables can give its columns, its
row groups, and of every column chunk its pages, encodings, codec, sizes,
statistics and indexes. Only metadata is read.`,
		Example: `  sluice inspect part-0000.parquet
  sluice inspect --json s3://bucket/lake/events/part-0000.parquet | jq .Rows`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			url := args[0]
			if !strings.Contains(url, "://") {
				path, err := filepath.Abs(url)
				if err != nil {
					return err
				}
				url = "file://" + path
			}
			cfg, err := f.load()
			if err != nil {
				return err
			}
			if path, ok := strings.CutPrefix(url, "file://"); ok {
				// Whoever runs the program may read the file: roots bound servers.
				cfg.Roots = []string{filepath.Dir(path)}
			}
			stores, closers, err := openStores(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer (&app{closers: closers}).Close()
			store, err := stores.For(url)
			if err != nil {
				return err
			}
			in, err := parquet.New(parquet.Options{}).Inspect(cmd.Context(), store, url)
			if err != nil {
				return err
			}
			if !asJSON {
				return in.WriteText(cmd.OutOrStdout())
			}
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(in)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}
