package gpio_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/warthog618/go-gpiocdev"

	"cubby/board"
	"cubby/board/gpio"
)

// TestOpen_NoChip asks the kernel itself.
func TestOpen_NoChip(t *testing.T) {
	t.Parallel()
	for chip, want := range map[string]string{
		"gpiochip4095": `there is no chip "gpiochip4095", gpiodetect lists them`,
		"/dev/null":    `"/dev/null" is no GPIO chip`,
		"null":         `"null" is no GPIO chip`,
	} {
		_, err := gpio.Open(gpio.Options{Now: time.Now, Chip: chip, Outputs: []int{17}})
		if !errors.Is(err, board.ErrLost) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", chip, err, want)
		}
	}
	_, err := gpio.Open(gpio.Options{Now: time.Now, Outputs: []int{17}})
	if err == nil || !strings.Contains(err.Error(), "Chip and Now are required") {
		t.Errorf("no chip: %v", err)
	}
}

// TestOpen_ErrorTexts: the errors of the kernel that only hardware gives, as a person reads them.
func TestOpen_ErrorTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{gpio.ChipError("gpiochip0", os.ErrPermission), "no permission for chip"},
		{gpio.ChipError("gpiochip0", gpiocdev.ErrPermissionDenied), "often gpio"},
		{gpio.ChipError("gpiochip0", syscall.EIO), `chip "gpiochip0": input/output error`},
		{gpio.LineError("gpiochip0", 54, 8, "spi0 CS0", syscall.EBUSY), `line 8 of gpiochip0 is in use by "spi0 CS0"`},
		{gpio.LineError("gpiochip0", 54, 8, "", syscall.EBUSY), "is in use, gpioinfo says by whom"},
		{gpio.LineError("gpiochip0", 54, 99, "", gpiocdev.ErrInvalidOffset), "gpiochip0 has no line 99, it has 0 to 53"},
		{gpio.LineError("gpiochip0", 54, 99, "", syscall.EINVAL), "gpiochip0 has no line 99, it has 0 to 53"},
		{gpio.LineError("gpiochip0", 54, 5, "", syscall.EINVAL), "set bias to as-is"},
		{
			gpio.LineError("gpiochip0", 54, 5, "", gpiocdev.ErrUapiIncompatibility{Feature: "bias", AbiVersion: 1}),
			"set bias to as-is",
		},
		{gpio.LineError("gpiochip0", 54, 5, "", syscall.EIO), "line 5 of gpiochip0: input/output error"},
	} {
		if !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
}
