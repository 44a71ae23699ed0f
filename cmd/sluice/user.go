package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/server/pgwire"
)

func userCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Add users, change passwords, list them",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var super bool
	var from string
	add := &cobra.Command{
		Use: "add NAME", Short: "Add a user; the password is asked for", Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := askVerifier(from)
			if err != nil {
				return err
			}
			return f.updateCatalog(cmd.Context(), func(t *store.Tx) error {
				_, err := t.CreateRole(&store.Role{Name: args[0], Login: true, Inherit: true, Superuser: super, ConnLimit: -1, Verifier: v})
				return err
			})
		},
	}
	add.Flags().BoolVar(&super, "superuser", false, "may do everything")
	passwd := &cobra.Command{
		Use: "passwd NAME", Short: "Change a user's password", Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := askVerifier(from)
			if err != nil {
				return err
			}
			return f.updateCatalog(cmd.Context(), func(t *store.Tx) error {
				return t.AlterRole(args[0], func(r *store.Role) error {
					r.Verifier = v
					return nil
				})
			})
		},
	}
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().StringVar(&from, "password-env", "", "environment variable that holds the password")
	}
	list := &cobra.Command{
		Use: "list", Short: "List users", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			cat, err := openCatalog(cfg, system.New())
			if err != nil {
				return err
			}
			defer cat.Close()
			snap, err := cat.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			for _, r := range snap.Roles() {
				if !r.Login {
					continue
				}
				what := ""
				if r.Superuser {
					what = "\tsuperuser"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s%s\n", r.Name, what)
			}
			return nil
		},
	}
	cmd.AddCommand(add, passwd, list)
	return cmd
}

func (f *flags) updateCatalog(ctx context.Context, change func(*store.Tx) error) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	cat, err := openCatalog(cfg, system.New())
	if err != nil {
		return err
	}
	defer cat.Close()
	return cat.Update(ctx, change)
}

// askVerifier gets a new password (from a variable, the terminal twice, or a line
// of standard input) and derives what is stored of it.
func askVerifier(variable string) (string, error) {
	var password string
	switch fd := int(os.Stdin.Fd()); {
	case variable != "":
		password = os.Getenv(variable)
	case term.IsTerminal(fd):
		fmt.Fprint(os.Stderr, "Password: ")
		a, err := term.ReadPassword(fd)
		if err != nil {
			return "", err
		}
		fmt.Fprint(os.Stderr, "\nAgain: ")
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", err
		}
		if string(a) != string(b) {
			return "", errors.New("the two passwords differ")
		}
		password = string(a)
	default:
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return "", err
		}
		password = strings.TrimRight(line, "\r\n")
	}
	if password == "" {
		return "", errors.New("an empty password would let nobody in")
	}
	return pgwire.MakeVerifier(password)
}
