// Command sluice is one SQL endpoint over a data lake and a warehouse.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/cmd/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := rootCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		printError(os.Stderr, err)
		os.Exit(exitCode(err))
	}
}

// flags are common to all commands.
type flags struct {
	file string
	set  []string
}

// load reads the configuration: file, then environment, then flags. overrides are
// keys and values that a command sets itself, the strongest of all.
func (f *flags) load(overrides ...[2]string) (*config.Config, error) {
	set := make([][2]string, 0, len(f.set)+len(overrides))
	for _, kv := range f.set {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return nil, usagef("--set takes key=value, not %q", kv)
		}
		set = append(set, [2]string{k, v})
	}
	c, err := config.Load(f.file, os.LookupEnv, append(set, overrides...)...)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// given reports whether a flag or the environment sets a key.
func (f *flags) given(key string) bool {
	for _, kv := range f.set {
		if strings.HasPrefix(kv, key+"=") {
			return true
		}
	}
	_, ok := os.LookupEnv(config.EnvName(key))
	return ok
}

func rootCommand() *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "sluice",
		Short: "One SQL endpoint over a data lake and a warehouse",
		Long: `Sluice answers SQL over partitioned Parquet in S3 or in local folders, for any
PostgreSQL client.

Configuration comes from a file (--config), then from environment variables
(SLUICE_CACHE_MEMORY is the key cache.memory), then from --set. Exit codes: 0 done,
1 failed, 2 wrong flags or configuration, 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&f.file, "config", os.Getenv("SLUICE_CONFIG"), "configuration file (also SLUICE_CONFIG)")
	root.PersistentFlags().StringArrayVar(&f.set, "set", nil, "set a configuration key: --set cache.memory=1GB (repeatable)")
	root.AddCommand(serveCommand(f), demoCommand(f), queryCommand(f), crawlCommand(f), inspectCommand(f), catalogCommand(f),
		userCommand(f), versionCommand())
	return root
}

// Checks of the arguments, whose errors are mistakes in the call.
func noArgs(cmd *cobra.Command, args []string) error { return usage(cobra.NoArgs(cmd, args)) }
func oneArg(cmd *cobra.Command, args []string) error { return usage(cobra.ExactArgs(1)(cmd, args)) }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}
