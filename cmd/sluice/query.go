package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/cmd/result"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

func queryCommand(f *flags) *cobra.Command {
	var format, out, file, database, user string
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Run statements without a server",
		Long: `Runs statements in this process, on the catalog of the configuration, and prints
what they return. The statements come from the argument, from a file (-f) or, with
-f -, from standard input. It may run while a server uses the same catalog.

The table format keeps a result in memory to align it; the others stream. JSON and
Parquet hold the result of one query.`,
		Example: `  sluice query "select 1 as a, 'x' as b"
  sluice query --format csv -o top.csv "select * from orders order by total desc limit 100"
  sluice query --format parquet -o day.parquet "select * from events where year = 2025 and month = 1 and day = 31"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (file != "") {
				return usagef("query takes the statements as one argument (in quotes) or from a file (-f)")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(result.Formats, format) {
				return usagef("--format %q is none of %s", format, strings.Join(result.Formats, ", "))
			}
			if format == "parquet" && out == "" && term.IsTerminal(int(os.Stdout.Fd())) {
				return usagef("a Parquet file is not for a terminal: name a file with -o")
			}
			text, err := statements(args, file)
			if err != nil {
				return err
			}
			cfg, err := f.load()
			if err != nil {
				return err
			}
			s, err := openSession(cmd.Context(), cfg, user, database, printNotice)
			if err != nil {
				return err
			}
			defer s.Close()
			run := func(w io.Writer) error { return s.printResults(cmd.Context(), text, format, w) }
			if out == "" {
				return run(cmd.OutOrStdout())
			}
			return writeFile(out, run)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&format, "format", "table", "form of the result: "+strings.Join(result.Formats, ", "))
	fl.StringVarP(&out, "output", "o", "", "file to write; standard output if not given")
	fl.StringVarP(&file, "file", "f", "", "file with the statements, - for standard input")
	fl.StringVarP(&database, "database", "d", "", "database; the first one of the configuration if not given")
	fl.StringVarP(&user, "user", "U", "", "user to be; your own name if not given")
	return cmd
}

func statements(args []string, file string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	var b []byte
	var err error
	if file == "-" {
		b, err = io.ReadAll(os.Stdin)
	} else {
		b, err = os.ReadFile(file)
	}
	return string(b), err
}

// localSession is a session of an engine in this process.
type localSession struct {
	*engine.Session
	app *app
}

// openSession opens the engine and a session in it. The log tells of errors only;
// notify, if not nil, takes notices.
func openSession(ctx context.Context, cfg *config.Config, as, database string, notify func(engine.Notice)) (*localSession, error) {
	level := &slog.LevelVar{}
	log := newLog(cfg, level)
	level.Set(max(level.Level(), slog.LevelError))
	a, err := newApp(ctx, cfg, log, nil)
	if err != nil {
		return nil, err
	}
	if database == "" {
		database = cfg.Databases[0]
	}
	if !a.engine.DatabaseExists(database) {
		a.Close()
		return nil, usagef("database %q does not exist: the configuration has %s", database, strings.Join(cfg.Databases, ", "))
	}
	if as == "" {
		as = systemUser()
	}
	s, err := a.engine.NewSession(ctx, engine.SessionOptions{PID: int32(os.Getpid()), User: as, Database: database, Notify: notify})
	if err != nil {
		a.Close()
		return nil, err
	}
	return &localSession{s, a}, nil
}

// Close ends the session and its engine.
func (s *localSession) Close() {
	s.Session.Close()
	s.app.Close()
}

func systemUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "sluice"
}

func printNotice(n engine.Notice) {
	os.Stderr.WriteString(n.Severity + ":  " + n.Message + "\n")
	if n.Hint != "" {
		os.Stderr.WriteString("HINT:  " + n.Hint + "\n")
	}
}

// exec runs statements whose results are of no interest.
func (s *localSession) exec(ctx context.Context, text string) error {
	return withText(s.ExecText(ctx, text, engine.Results{}), text)
}

func (s *localSession) printResults(ctx context.Context, text, format string, w io.Writer) error {
	out, err := result.New(format, w, s.Format(), s.ObjectName)
	if err != nil {
		return err
	}
	err = s.ExecText(ctx, text, engine.Results{Begin: out.Begin, Rows: out.Rows, End: out.End})
	if err != nil {
		return withText(err, text)
	}
	return out.Close()
}

// withText keeps an error's statement with it, to show where it is.
func withText(err error, text string) error {
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return statementError{e, text}
	}
	return err
}
