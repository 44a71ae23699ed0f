// Command sluice is one SQL endpoint over a data lake and a warehouse.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/cmd/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		os.Exit(1)
	}
}

// flags are common to all commands.
type flags struct {
	file string
	set  []string
}

func (f *flags) load() (*config.Config, error) {
	c, err := config.Load(f.file, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for _, kv := range f.set {
		k, v, ok := cut(kv)
		if !ok {
			return nil, fmt.Errorf("--set takes key=value, not %q", kv)
		}
		if err := c.Set(k, v); err != nil {
			return nil, fmt.Errorf("--set %s: %w", k, err)
		}
	}
	return c, nil
}

func rootCommand() *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:           "sluice",
		Short:         "One SQL endpoint over a data lake and a warehouse",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&f.file, "config", os.Getenv("SLUICE_CONFIG"), "configuration file")
	root.PersistentFlags().StringArrayVar(&f.set, "set", nil, "a configuration key: --set cache.memory=1GB")
	root.AddCommand(serveCommand(f), userCommand(f), versionCommand())
	return root
}
