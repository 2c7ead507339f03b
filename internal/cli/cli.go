package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"cubby/internal/app"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// Streams are where a command reads and prints.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the command ran and the answer is no
	exitUsage  = 2 // the command line or the settings are wrong
)

// errFailed ends a command whose answer is no and has been printed.
var errFailed = errors.New("failed")

type root struct {
	Config string            `help:"Settings file (YAML). Also from CUBBY_CONFIG." short:"c" type:"path" placeholder:"FILE"`
	Set    map[string]string `help:"Set one value, e.g. --set server.listen=:8443. May be repeated." placeholder:"KEY=VALUE" mapsep:"none"`

	Serve      serveCmd      `cmd:"" help:"Run the server: pages, API, notices, the other end of every site."`
	Controller controllerCmd `cmd:"" help:"Run the controller beside the lockers."`
	Demo       demoCmd       `cmd:"" help:"Run a whole house on this computer: server, lockers, mail and people."`
	Enrol      enrolCmd      `cmd:"" help:"Make this controller the controller of a site, with a token from the console."`
	Board      boardCmd      `cmd:"" help:"Lock boards."`
	Plan       planCmd       `cmd:"" help:"How many doors of which size, where, at what cost, and what happens in the peak week."`
	Export     exportCmd     `cmd:"" help:"Write the record of this computer's controller to a file that can be verified anywhere."`
	Verify     verifyCmd     `cmd:"" help:"Verify a journal, an export or an evidence pack: nothing changed, removed or inserted."`
	Key        keyCmd        `cmd:"" help:"Print the public key of the server of this computer, which checks evidence and countersignatures."`
	Owner      ownerCmd      `cmd:"" help:"Owners of the installation."`
	Staff      staffCmd      `cmd:"" help:"Members of staff."`
	APIToken   apiTokenCmd   `cmd:"" name:"api-token" help:"Tokens for programs that use the API."`
	Site       siteCmd       `cmd:"" help:"Sites."`
	Rebuild    rebuildCmd    `cmd:"" help:"Build the server's tables again from the record of the sites. May run beside the server."`
	Import     importCmd     `cmd:"" help:"Import people from a file."`
	Sim        simCmd        `cmd:"" help:"Play whole sites, people and faults from seeds, and hold every promise against what happens."`
	Doctor     doctorCmd     `cmd:"" help:"Look for what is wrong with this installation and say what to do."`
	Settings   settingsCmd   `cmd:"" name:"config" help:"Settings."`
	Migrate    migrateCmd    `cmd:"" help:"The schema of the server's database."`
	Backup     backupCmd     `cmd:"" help:"Write what this computer's server keeps into one encrypted file, and see that it restores."`
	BackupKey  backupKeyCmd  `cmd:"" help:"Make a key for backups: the private half into a file, the public half on the screen."`
	Restore    restoreCmd    `cmd:"" help:"Make a server of a backup, in an empty data folder and an empty database."`
	Copy       copyCmd       `cmd:"" help:"Copy the tables of a stopped server into an empty database, of whichever engine, and compare both."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what commands run in.
type env struct {
	Streams
	root *root
}

// Main runs one command and returns the exit code: 0 when all is well, 1 when the command says no,
// 2 when the command line or the settings are wrong.
func Main(args []string, s Streams) int {
	var r root
	parser, err := kong.New(&r,
		kong.Name("cubby"),
		kong.Description("Parcel lockers and package rooms: the server, the controller and the tools around them."),
		kong.Writers(s.Out, s.Err), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { panic(exit(code)) }), // the only way out of kong's help
	)
	if err != nil {
		return report(s.Err, err, exitUsage)
	}
	return run(parser, args, s, &r)
}

// exit carries kong's wish to end the program out of its parser.
type exit int

func run(parser *kong.Kong, args []string, s Streams, r *root) (code int) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case exit:
			code = int(left)
		default:
			panic(left)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(negatives(args))
	if err != nil {
		return report(s.Err, err, exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(&env{Streams: s, root: r})
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFailed):
		return exitFailed
	}
	var usage usageError
	if errors.As(err, &usage) {
		return report(s.Err, err, exitUsage)
	}
	return report(s.Err, err, exitFailed)
}

// negatives joins a number below 0 to the flag before it: standing alone it would be taken for a short flag, and
// whoever typed it would read of that instead of the figure that is wrong.
func negatives(args []string) []string {
	var out []string
	for i, a := range args {
		number := len(a) > 1 && a[0] == '-' && (a[1] >= '0' && a[1] <= '9' || a[1] == '.')
		if last := len(out) - 1; number && last >= 0 && out[last] == args[i-1] && strings.HasPrefix(out[last], "--") &&
			len(out[last]) > 2 && !strings.Contains(out[last], "=") {
			out[last] += "=" + a
			continue
		}
		out = append(out, a)
	}
	return out
}

// report prints an error as a person should read it and returns the code.
func report(w io.Writer, err error, code int) int {
	message := err.Error()
	var rule *locker.Error
	if errors.As(err, &rule) && rule.Error() == err.Error() { // only a bare one is its own sentence
		message = rule.Message + " (" + string(rule.Code) + ")"
	}
	if _, werr := fmt.Fprintln(w, "cubby: "+message); werr != nil {
		return exitFailed
	}
	return code
}

// usageError is a mistake in the command line or in the settings.
type usageError struct{ error }

// Unwrap returns the mistake itself.
func (u usageError) Unwrap() error { return u.error }

// config loads the settings.
func (e *env) config() (config.Config, error) {
	c, err := config.Load(config.Sources{File: e.root.Config, Flags: e.root.Set})
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// set is what --set KEY=VALUE does; an empty value changes nothing.
func (e *env) set(key, value string) {
	if value == "" {
		return
	}
	if e.root.Set == nil {
		e.root.Set = map[string]string{}
	}
	e.root.Set[key] = value
}

// say prints a line for people.
func (e *env) say(format string, args ...any) {
	_, _ = fmt.Fprintf(e.Err, format+"\n", args...) // nobody is left to tell
}

// print prints a line of the answer.
func (e *env) print(format string, args ...any) error {
	_, err := fmt.Fprintf(e.Out, format+"\n", args...)
	return err
}

func (e *env) logger(c config.Log) *slog.Logger { return app.NewLogger(e.Err, c) }

// newIDs returns a maker of UUIDv7 ids.
func newIDs() func() string { return store.NewIDs(time.Now, rand.Reader).New }
