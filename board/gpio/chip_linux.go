package gpio

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/warthog618/go-gpiocdev"

	"cubby/board"
)

// consumer names us in the list of "gpioinfo".
const consumer = "cubby"

// chipPins are the lines of a chip in the order of the channels.
type chipPins struct {
	outputs, inputs []*gpiocdev.Line
}

func openPins(opts Options) (closablePins, error) {
	chip, err := gpiocdev.NewChip(opts.Chip, gpiocdev.WithConsumer(consumer))
	if err != nil {
		return nil, chipError(opts.Chip, err)
	}
	p := &chipPins{}
	output := []gpiocdev.LineReqOption{gpiocdev.AsOutput(0)}
	if opts.ActiveLow {
		output = append(output, gpiocdev.AsActiveLow)
	}
	p.outputs, err = requestLines(chip, opts.Outputs, output...)
	if err == nil {
		p.inputs, err = requestLines(chip, opts.Inputs, inputOptions(opts.Bias)...)
	}
	// Lines live on without the chip's own file.
	if err = errors.Join(err, chip.Close()); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func inputOptions(bias Bias) []gpiocdev.LineReqOption {
	options := []gpiocdev.LineReqOption{gpiocdev.AsInput}
	switch bias {
	case BiasPullUp:
		options = append(options, gpiocdev.WithPullUp, gpiocdev.AsActiveLow)
	case BiasPullDown:
		options = append(options, gpiocdev.WithPullDown)
	case BiasOff:
		options = append(options, gpiocdev.WithBiasDisabled)
	case BiasAsIs:
	}
	return options
}

// requestLines requests one line after another, so that an error names the line. What it returns with
// an error must be closed as well.
func requestLines(chip *gpiocdev.Chip, offsets []int, options ...gpiocdev.LineReqOption) ([]*gpiocdev.Line, error) {
	var lines []*gpiocdev.Line
	for _, offset := range offsets {
		line, err := chip.RequestLine(offset, options...)
		if err != nil {
			user := ""
			if info, infoErr := chip.LineInfo(offset); infoErr == nil {
				user = info.Consumer
			}
			return lines, lineError(lineFault{chip: chip.Name, lines: chip.Lines(), offset: offset, user: user}, err)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// chipError says what a person can do about a chip that cannot be opened.
func chipError(chip string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no chip %q, gpiodetect lists them: %w", chip, err)
	case errors.Is(err, os.ErrPermission), errors.Is(err, gpiocdev.ErrPermissionDenied):
		return fmt.Errorf("no permission for chip %q, add the user to the group of its device, often gpio: %w", chip, err)
	case errors.Is(err, gpiocdev.ErrNotCharacterDevice), errors.Is(err, syscall.ENOTTY):
		return fmt.Errorf("%q is no GPIO chip, gpiodetect lists them: %w", chip, err)
	}
	return fmt.Errorf("chip %q: %w", chip, err)
}

// lineFault is what is known of a line that cannot be had.
type lineFault struct {
	chip   string
	lines  int // of the chip
	offset int
	user   string // who has it, as far as the kernel says
}

// lineError says what a person can do about it.
func lineError(f lineFault, err error) error {
	switch {
	case errors.Is(err, syscall.EBUSY) && f.user != "":
		return fmt.Errorf("line %d of %s is in use by %q, stop it or take another line: %w", f.offset, f.chip, f.user, err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("line %d of %s is in use, gpioinfo says by whom: %w", f.offset, f.chip, err)
	case errors.Is(err, gpiocdev.ErrInvalidOffset), errors.Is(err, syscall.EINVAL) && f.offset >= f.lines:
		return fmt.Errorf("%s has no line %d, it has 0 to %d: %w", f.chip, f.offset, f.lines-1, err)
	case errors.Is(err, syscall.EINVAL), errors.As(err, &gpiocdev.ErrUapiIncompatibility{}):
		return fmt.Errorf("line %d of %s cannot be used so, perhaps it has no bias; set bias to as-is: %w",
			f.offset, f.chip, err)
	}
	return fmt.Errorf("line %d of %s: %w", f.offset, f.chip, err)
}

func (p *chipPins) Count() (outputs, inputs int) { return len(p.outputs), len(p.inputs) }

func (p *chipPins) Set(ch board.Channel, on bool) error {
	value := 0
	if on {
		value = 1
	}
	line := p.outputs[ch-1]
	if err := line.SetValue(value); err != nil {
		return fmt.Errorf("set line %d: %w", line.Offset(), err)
	}
	return nil
}

func (p *chipPins) Get(ch board.Channel) (bool, error) {
	line := p.inputs[ch-1]
	value, err := line.Value()
	if err != nil {
		return false, fmt.Errorf("read line %d: %w", line.Offset(), err)
	}
	return value == 1, nil
}

// Close gives the lines back.
func (p *chipPins) Close() error {
	var errs []error
	for _, lines := range [][]*gpiocdev.Line{p.outputs, p.inputs} {
		for _, line := range lines {
			errs = append(errs, line.Close())
		}
	}
	return errors.Join(errs...)
}
