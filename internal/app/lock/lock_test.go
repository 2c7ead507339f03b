package lock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/app/lock"
	"cubby/internal/config"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want config.Bus }{
		"nothing set": {
			config.Bus{Port: "tcp:lock:4001", Boards: []int{1}},
			config.Bus{Port: "tcp:lock:4001", Boards: []int{1}, Family: "rs485"},
		},
		"a model brings family, options and rate": {
			config.Bus{Port: "serial:/dev/ttyUSB0", Model: "8a80-12", Boards: []int{1}},
			config.Bus{
				Port: "serial:/dev/ttyUSB0?baud=9600", Model: "8a80-12", Boards: []int{1}, Family: "rs485",
				Options: config.BusOptions{Channels: 12, Polarity: "closing"},
			},
		},
		"what is set beats the model": {
			config.Bus{
				Port: "serial:/dev/ttyUSB0?baud=19200", Model: "8a80-12",
				Options: config.BusOptions{Polarity: "opening", Deadline: time.Second},
			},
			config.Bus{
				Port: "serial:/dev/ttyUSB0?baud=19200", Model: "8a80-12", Family: "rs485",
				Options: config.BusOptions{Channels: 12, Polarity: "opening", Deadline: time.Second},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := lock.Resolve(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheck_Problems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bus  config.Bus
		want string
	}{
		"no family":       {config.Bus{Family: "osdp"}, `no protocol family "osdp"; known are rs485`},
		"no model":        {config.Bus{Model: "8a80-13"}, `no model "8a80-13"; known are`},
		"another family":  {config.Bus{Model: "8a80-12", Family: "kerong"}, "leave family out"},
		"address":         {config.Bus{Boards: []int{1, 32}}, "board 32: boards of the family rs485 have addresses 1 to 31"},
		"part of seconds": {config.Bus{Options: config.BusOptions{Pulse: 1500 * time.Millisecond}}, "want whole seconds"},
		"too many":        {config.Bus{Options: config.BusOptions{Channels: 51}}, "51 channels"},
		"polarity":        {config.Bus{Options: config.BusOptions{Polarity: "both"}}, "want closing or opening"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.bus.Port = "tcp:lock:4001"
			err := lock.Check(tt.bus)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}
