package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

type virtualCmd struct {
	kindFlags
	Boards   []uint8       `help:"Addresses of the boards. Default: the first that the family has."`
	Twins    []uint8       `help:"Addresses that a second board has too, the mistake that a probe names. Its doors are its own." placeholder:"ADDRESS"`
	Channels int           `help:"Outputs of each board; 0: those of the model, or of the family." default:"0"`
	Polarity string        `help:"Feedback of the locks, in the family's words; the same as --option polarity=WORD." placeholder:"WORD"`
	Baud     int           `help:"Pace the bytes as a line of this rate would; 0: at once." default:"0" placeholder:"RATE"`
	TCP      string        `help:"Listen on this address." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	PTY      bool          `name:"pty" help:"Offer a pseudo terminal instead, as a serial port."`
	Shut     time.Duration `help:"Doors that opened shut by themselves after this long; 0: only by the command 'shut'." default:"0s"`
	For      time.Duration `help:"Stop after this long; 0: only when told to." default:"0s"`
}

// Run serves until it is told to stop. On its input it takes: shut BOARD CHANNEL, force BOARD
// CHANNEL, stuck BOARD CHANNEL, mend BOARD CHANNEL, silent BOARD, speak BOARD.
func (cmd virtualCmd) Run(ctx context.Context, e *env) error {
	world, serve, err := cmd.boards()
	if err != nil {
		return err
	}
	ctx, release := limited(ctx, cmd.For)
	defer release()
	spec, stop, err := cmd.listen(ctx, serve)
	if err != nil {
		return err
	}
	if err := e.print("%s", spec); err != nil {
		return errors.Join(err, stop())
	}
	cancel := world.Subscribe(func(ev virtual.Event) { cmd.watch(e, world, ev) })
	defer cancel()
	go cmd.commands(e, world) // it ends with the input, at the latest with the process
	<-ctx.Done()
	return stop()
}

// boards makes the doors and the boards before them.
func (cmd virtualCmd) boards() (*virtual.World, virtual.Handler, error) {
	if cmd.Option == nil {
		cmd.Option = map[string]string{}
	}
	if cmd.Polarity != "" {
		cmd.Option["polarity"] = cmd.Polarity
	}
	if cmd.Channels != 0 {
		cmd.Option["channels"] = strconv.Itoa(cmd.Channels)
	}
	s, err := cmd.bus()
	if err != nil {
		return nil, nil, err
	}
	info, err := lock.Info(s)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if len(cmd.Boards) == 0 {
		cmd.Boards = []uint8{uint8(lock.FirstAddress(s))}
	}
	boards := map[board.Address]int{}
	for _, b := range cmd.Boards {
		boards[board.Address(b)] = info.Channels
	}
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		return nil, nil, usageError{err}
	}
	line, err := virtual.NewLine(virtual.LineOptions{BaudRate: cmd.Baud})
	if err != nil {
		return nil, nil, usageError{err}
	}
	slave, err := lock.NewSlave(s, lock.Bench{World: world, Line: line})
	if err != nil {
		return nil, nil, usageError{err}
	}
	if len(cmd.Twins) == 0 {
		return world, slave.Serve, nil
	}
	second := map[board.Address]int{}
	for _, a := range cmd.Twins {
		second[board.Address(a)] = info.Channels
	}
	serve, err := withTwins(s, slave, virtual.Options{Now: time.Now, Boards: second}, lock.Bench{World: world, Line: line})
	if err != nil {
		return nil, nil, usageError{err}
	}
	return world, serve, nil
}

// withTwins puts second boards on the line of the first. Nobody watches their doors.
func withTwins(s config.Bus, first virtual.Boards, second virtual.Options, bench lock.Bench) (virtual.Handler, error) {
	world, err := virtual.NewWorld(second)
	if err != nil {
		return nil, err
	}
	twins, err := lock.NewSlave(s, lock.Bench{World: world})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, rw io.ReadWriter) error {
		return virtual.Serve(ctx, rw, virtual.ServeOptions{
			World: bench.World, Line: bench.Line, Slave: virtual.Together(false, first.Session(), twins.Session()),
		})
	}, nil
}

func (cmd virtualCmd) listen(ctx context.Context, serve virtual.Handler) (spec string, stop func() error, err error) {
	if cmd.PTY {
		pty, err := virtual.OpenPTY(ctx, serve)
		if err != nil {
			return "", nil, err
		}
		return pty.Spec(), pty.Stop, nil
	}
	l, err := virtual.ListenTCP(ctx, cmd.TCP, serve)
	if err != nil {
		return "", nil, err
	}
	return l.Spec(), l.Stop, nil
}

func (cmd virtualCmd) watch(e *env, w *virtual.World, ev virtual.Event) {
	e.say("%s board %d channel %d", ev.Kind, ev.Addr, ev.Channel)
	if cmd.Shut > 0 && ev.Kind == virtual.EventOpened {
		time.AfterFunc(cmd.Shut, func() {
			if err := w.Close(ev.Addr, ev.Channel); err != nil {
				e.say("%v", err)
			}
		})
	}
}

func (cmd virtualCmd) commands(e *env, w *virtual.World) {
	lines := bufio.NewScanner(e.In)
	for lines.Scan() {
		if err := obey(w, strings.Fields(lines.Text())); err != nil {
			e.say("%v", err)
		}
	}
}

func obey(w *virtual.World, words []string) error {
	if len(words) < 2 {
		return errors.New("write: shut|force|stuck|mend BOARD CHANNEL, or silent|speak BOARD")
	}
	numbers := [2]int{}
	for i, word := range words[1:min(len(words), 3)] {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n > 255 {
			return fmt.Errorf("%q is no board or channel", word)
		}
		numbers[i] = n
	}
	addr, ch := board.Address(numbers[0]), board.Channel(numbers[1]) // checked above
	switch words[0] {
	case "shut":
		return w.Close(addr, ch)
	case "force":
		return w.Force(addr, ch)
	case "stuck":
		return w.SetBehaviour(addr, ch, virtual.BehaviourStuck, 0)
	case "mend":
		return w.SetBehaviour(addr, ch, virtual.BehaviourNormal, 0)
	case "silent":
		return w.SetSilent(addr, true)
	case "speak":
		return w.SetSilent(addr, false)
	}
	return fmt.Errorf("no command %q", words[0])
}
