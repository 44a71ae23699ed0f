package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/catalog/store"
)

func catalogCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Back up, restore and export the catalog",
		Long: `The catalog is one file, catalog.db, in the data directory. These commands work
while a server uses it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	backup := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the catalog to a new file",
		Long: `Writes a consistent copy of the catalog to a new file (mode 0600: it holds the
users' password verifiers). Servers go on meanwhile.`,
		Example: "  sluice catalog backup catalog-2026-01-31.db",
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := f.withStore(func(s *store.Store) error { return s.BackupTo(cmd.Context(), args[0]) })
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "backed up to", args[0])
			}
			return err
		},
	}
	restore := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the catalog's content by a backup's",
		Long: `Replaces the whole content of the catalog by a backup's, in one transaction;
servers see it with their next statement. The content of before is lost: back it
up first.`,
		Example: "  sluice catalog backup before.db && sluice catalog restore catalog-2026-01-31.db",
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := f.withStore(func(s *store.Store) error { return s.RestoreFrom(cmd.Context(), args[0]) })
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "restored from", args[0])
			}
			return err
		},
	}
	var out string
	export := &cobra.Command{
		Use:   "export [-o FILE]",
		Short: "Write the catalog as JSON lines",
		Long: `Writes databases, tables with their versions, partitions, roles and settings as
one JSON object a line, of one consistent state. Passwords are left out.`,
		Example: "  sluice catalog export | jq -r 'select(.kind == \"table\") | .database + \".\" + .name'",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withStore(func(s *store.Store) error { return exportTo(cmd.Context(), s, out, cmd.OutOrStdout()) })
		},
	}
	export.Flags().StringVarP(&out, "output", "o", "", "file to write; standard output if not given")
	cmd.AddCommand(backup, restore, export)
	return cmd
}

// withStore opens the catalog's file, which must exist.
func (f *flags) withStore(do func(*store.Store) error) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	path := catalogPath(cfg)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no catalog at %s: set data_dir, or start sluice serve once to make one", path)
	}
	s, err := store.Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

func exportTo(ctx context.Context, s *store.Store, path string, std io.Writer) error {
	if path == "" {
		w := bufio.NewWriter(std)
		if err := s.Export(ctx, w); err != nil {
			return err
		}
		return w.Flush()
	}
	return writeFile(path, func(w io.Writer) error { return s.Export(ctx, w) })
}

// writeFile makes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".sluice-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
