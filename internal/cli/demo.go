package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/config"
)

type demoCmd struct {
	Headless bool          `help:"Nobody watches: run the parcels of --parcels, print one JSON object, exit 0 only if everything held."`
	Parcels  int           `help:"Parcels of a headless run, 1 to 120." default:"20"`
	Seed     uint64        `help:"Seed of what people do." default:"1"`
	CutLink  bool          `help:"Cut the bank's link after the notices and restore it before the counting (headless)."`
	Pace     time.Duration `help:"Mean time between two people at the kiosk." default:"6s"`
	Dir      string        `help:"Folder of the data; a new temporary one when empty." type:"path"`
	Server   string        `help:"Address of the server." default:"127.0.0.1:8080"`
	Kiosk    string        `help:"Address of the bank's kiosk." default:"127.0.0.1:8480"`
	Room     string        `help:"Address of the mailroom's kiosk." default:"127.0.0.1:8481"`
	MailPage string        `help:"Address of the page with the mails." default:"127.0.0.1:8025"`
	Verbose  bool          `help:"Log everything."`
}

// Run starts the house and lets people live in it, or runs a task and prints what was found.
func (cmd demoCmd) Run(ctx context.Context, e *env) error {
	dir, temporary, err := cmd.dir()
	if err != nil {
		return err
	}
	level := "error"
	if cmd.Verbose {
		level = "debug"
	}
	opts := demo.Options{
		Dir: dir, Logger: e.logger(config.Log{Level: level, Format: "text"}), Now: time.Now, Random: rand.Reader,
		NewID: newIDs(), Version: app.Version,
	}
	if !cmd.Headless {
		opts.Listen = demo.Addresses{Server: cmd.Server, BankKiosk: cmd.Kiosk, RoomKiosk: cmd.Room}
	}
	house, err := demo.Start(ctx, opts)
	if err != nil {
		return err
	}
	if cmd.Headless {
		return errors.Join(cmd.headless(ctx, e, house), house.Stop())
	}
	err = errors.Join(cmd.live(ctx, e, house), house.Stop())
	if temporary {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

func (cmd demoCmd) dir() (dir string, temporary bool, err error) {
	if cmd.Dir != "" {
		return cmd.Dir, false, os.MkdirAll(cmd.Dir, 0o700)
	}
	dir, err = os.MkdirTemp("", "cubby-demo-")
	return dir, true, err
}

func (cmd demoCmd) headless(ctx context.Context, e *env, house *demo.House) error {
	bar := progressbar.NewOptions(3*cmd.Parcels, progressbar.OptionSetWriter(e.bars()), progressbar.OptionClearOnFinish())
	task := demo.Task{
		Parcels: cmd.Parcels, Seed: cmd.Seed, CutLink: cmd.CutLink,
		Progress: func(done int, what string) {
			bar.Describe(what)
			_ = bar.Set(done) // a picture only
		},
	}
	result, err := house.Run(ctx, task)
	_ = bar.Finish() // a picture only
	data, jerr := json.Marshal(result)
	if jerr == nil {
		jerr = e.print("%s", data)
	}
	switch {
	case err != nil || jerr != nil:
		return errors.Join(err, jerr)
	case !result.Held(task):
		e.say("not everything held")
		return errFailed
	}
	return nil
}

func (cmd demoCmd) live(ctx context.Context, e *env, house *demo.House) error {
	pages, err := house.Mail.Handler("")
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cmd.MailPage)
	if err != nil {
		return fmt.Errorf("listen for the mail page: %w", err)
	}
	mails := &http.Server{Handler: pages, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := mails.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			e.say("the mail page ended: %v", err)
		}
	}()
	links := house.Links(ctx)
	e.say("Harbour House is open.")
	e.say("  live wall      %s   sign in as %s, password %q", links.Wall, demo.OwnerMail, demo.OwnerPassword)
	e.say("  locker kiosk   %s", links.BankKiosk)
	e.say("  room kiosk     %s", links.RoomKiosk)
	e.say("  resident       %s", links.Resident)
	e.say("  mails          http://%s/", cmd.MailPage)
	e.say("  API            %s", links.API)
	e.say("Stop with Ctrl-C.")
	return errors.Join(house.Live(ctx, demo.Life{Pace: cmd.Pace, Seed: cmd.Seed}), mails.Close())
}
