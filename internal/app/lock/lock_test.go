package lock_test

import (
	"cmp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

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
			if diff := gocmp.Diff(tt.want, got); diff != "" {
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
		"not taken": {
			config.Bus{Family: "rs485", Options: config.BusOptions{Framing: "tcp"}},
			"the family rs485 does not take the option framing (it is for modbus): leave it out",
		},
		"not taken by a model":   {config.Bus{Model: "lcus-1", Options: config.BusOptions{Polarity: "closing"}}, "leave it out"},
		"a chip":                 {config.Bus{Port: "gpio:/dev/gpiochip0"}, "is for the family gpio, not rs485"},
		"no acceptance":          {config.Bus{Model: "lcus-1"}, lock.Acceptance},
		"no acceptance of coils": {config.Bus{Model: "modbus-coil-8"}, lock.Acceptance},
		"no acceptance of lines": {config.Bus{Model: "waveshare-rpi-relay-3"}, lock.Acceptance},
		"another acceptance": {
			config.Bus{Model: "lcus-1", Options: config.BusOptions{Accept: "yes"}}, lock.Acceptance,
		},
		"no lines":       {config.Bus{Family: "gpio", Options: config.BusOptions{Accept: lock.Acceptance}}, "0 output lines"},
		"fourth station": {config.Bus{Family: "winnsen", Boards: []int{4}}, "want 0 to 3 with first_station 0"},
		"hundredths":     {config.Bus{Family: "modbus", Options: config.BusOptions{Pulse: 150 * time.Millisecond}}, "steps of 100ms"},
		"infrared":       {config.Bus{Family: "kerong", Options: config.BusOptions{Infrared: "red"}}, "want none, high or low"},
		"polarity":       {config.Bus{Options: config.BusOptions{Polarity: "both"}}, "want closing or opening"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.bus.Port = cmp.Or(tt.bus.Port, "tcp:lock:4001")
			err := lock.Check(tt.bus)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// What an operator of version 0.1 wrote, or left to the defaults of then, gives the driver of then.
func TestResolve_OldFiles(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{File: "../../config/testdata/v0.1.yaml", Env: []string{}})
	fatal(t, err)
	for _, bus := range c.Controller.Buses {
		fatal(t, lock.Check(bus))
		info, err := lock.Info(bus)
		fatal(t, err)
		if info.Family != "rs485" || info.Channels != 24 || !info.Latch {
			t.Errorf("%s: %+v", bus.Name, info)
		}
	}
	info, err := lock.Info(config.Bus{Name: "right", Boards: []int{1}})
	fatal(t, err)
	if info.Deadline != 1900*time.Millisecond { // 1500 ms of an unlock, 400 ms of a status
		t.Errorf("the deadline is %v", info.Deadline)
	}
}

// Every family gets a driver, a codec and virtual boards from nothing but its name, or a model.
func TestFamilies_AreWhole(t *testing.T) {
	t.Parallel()
	for _, f := range lock.Families() {
		s := config.Bus{Family: f.Name}
		info, err := lock.Info(s)
		fatal(t, err)
		_, err = lock.NewCodec(s)
		fatal(t, err)
		if info.Family != f.Name || info.Channels < 1 || lock.FirstAddress(s) > f.MaxAddress {
			t.Errorf("%s: %+v", f.Name, info)
		}
	}
	if len(lock.Families()) < 7 {
		t.Errorf("%d families", len(lock.Families()))
	}
}
