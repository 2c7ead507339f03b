package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// BusOptions are what the protocols leave open, of all families together. The zero value of a field
// means the model's value, or else the family's own. The tag families names who takes a field; without
// it every family does. Words and ranges are the family's: it checks them at the start.
type BusOptions struct {
	Channels    int `yaml:"channels" families:"rs485,kerong,modbus,wkly,winnsen,usbrelay" unit:"outputs" min:"0" max:"255" doc:"Outputs of each board."`
	StatusBytes int `yaml:"status_bytes" families:"rs485" unit:"bytes" min:"0" max:"8" doc:"Status bytes in a board's answer. 0 takes the usual three or four."`

	Polarity      string `yaml:"polarity" families:"rs485,kerong,modbus,wkly,winnsen,gpio" oneof:",closing,opening" doc:"What the feedback of a door means: closing is a switch or a bit that is on while the door is shut, opening one that is on while it is open."`
	Echo          string `yaml:"echo" families:"rs485,kerong,modbus,wkly,winnsen" oneof:",auto,on,off" doc:"Whether the adapter returns what was sent. auto finds out at the start."`
	UnlockReplies string `yaml:"unlock_replies" families:"rs485,kerong,modbus" oneof:",true,false" doc:"Whether the boards answer an unlock; some firmwares never do."`
	Poll          string `yaml:"poll" families:"wkly" oneof:",all,one" doc:"Whether a board is asked for all its doors at once or for one after another."`
	FirstStation  int    `yaml:"first_station" families:"winnsen" min:"0" max:"1" doc:"The lowest address that the boards have: the last revision counts from 1."`
	Order         string `yaml:"order" families:"winnsen" oneof:",lock-first,state-first" doc:"What comes first in the answer to a question: the number of the lock, or its state in the last revision."`

	Framing     string `yaml:"framing" families:"modbus" oneof:",rtu,tcp" doc:"How frames are wrapped: rtu on serial lines and behind servers that pass bytes through, tcp for boards with a network plug of their own."`
	Inputs      string `yaml:"inputs" families:"modbus" oneof:",true,false" doc:"Whether door contacts hang on the inputs of the boards."`
	InputOffset int    `yaml:"input_offset" families:"modbus" unit:"inputs" min:"0" max:"65535" doc:"Number of the input of output 1, counted from 0."`

	Infrared string `yaml:"infrared" families:"kerong" oneof:",none,high,low" doc:"Presence sensors on the boards: none, or high or low for the bit of a compartment with something in it."`
	Wake     string `yaml:"wake" families:"kerong" oneof:",true,false" doc:"Whether a board that is silent after an unlock is asked for its unlock time, which wakes some of them."`

	Mode        string `yaml:"mode" families:"modbus" oneof:",flash,coil" doc:"How a pulse is made: flash is the board's own, coil switches on and off again and needs accept."`
	Accept      string `yaml:"accept" families:"modbus,usbrelay,gpio" doc:"For boards without a pulse of their own, the sentence: a crash may leave a coil energised."`
	OutputLines []int  `yaml:"output_lines" families:"gpio" min:"0" max:"65535" doc:"Lines of the chip that drive the locks, in the order of the outputs."`
	InputLines  []int  `yaml:"input_lines" families:"gpio" min:"0" max:"65535" doc:"Lines of the chip with the door contacts, in the same order. Empty means that there are none."`
	Bias        string `yaml:"bias" families:"gpio" oneof:",pull-up,pull-down,off,as-is" doc:"The resistor in the chip that holds an input while its contact is open."`
	ActiveLow   string `yaml:"active_low" families:"gpio" oneof:",true,false" doc:"Whether the relays switch on when their line is low."`

	Pulse          time.Duration `yaml:"pulse" min:"0s" max:"1m" doc:"Length of an unlock pulse. rs485: whole seconds up to 9s. modbus: steps of 100ms, or from 20ms in mode coil. usbrelay, gpio: from 20ms. kerong, wkly, winnsen: what the boards are set to, for information."`
	Deadline       time.Duration `yaml:"deadline" families:"rs485,kerong,modbus,wkly,winnsen,gpio" min:"0s" max:"10s" doc:"How long a board may take to answer an unlock, without the pulse."`
	StatusDeadline time.Duration `yaml:"status_deadline" families:"rs485,kerong,modbus,wkly,winnsen" min:"0s" max:"10s" doc:"How long a board may take to answer a question."`
}

// BusOption is one field of BusOptions.
type BusOption struct {
	Key      string   // as in the file, e.g. "status_bytes"
	Doc      string   // what it means and what may be written, full sentences
	Families []string // who takes it; empty means every family
}

// Takes reports whether a family takes the option.
func (o BusOption) Takes(family string) bool {
	return len(o.Families) == 0 || slices.Contains(o.Families, family)
}

// BusOptionList lists the options in the order of the printed file.
func BusOptionList() []BusOption {
	var all []BusOption
	for field := range fieldsOf(reflect.TypeFor[BusOptions]()) {
		s := settingFor(keyOf(field), field, reflect.Zero(field.Type), false)
		o := BusOption{Key: s.Key, Doc: strings.TrimSpace(s.Doc + " " + s.limits())}
		if families := field.Tag.Get("families"); families != "" {
			o.Families = strings.Split(families, ",")
		}
		all = append(all, o)
	}
	return all
}

// Given lists the keys of the fields that are set, in the order of the printed file.
func (o BusOptions) Given() []string {
	var keys []string
	for field := range fieldsOf(reflect.TypeFor[BusOptions]()) {
		if !reflect.ValueOf(o).FieldByIndex(field.Index).IsZero() {
			keys = append(keys, keyOf(field))
		}
	}
	return keys
}

// Words returns the fields that are set as they are written in the file; lists are words between commas.
func (o BusOptions) Words() map[string]string {
	words := map[string]string{}
	for field := range fieldsOf(reflect.TypeFor[BusOptions]()) {
		value := reflect.ValueOf(o).FieldByIndex(field.Index)
		if value.IsZero() {
			continue
		}
		text := written(value)
		if value.Kind() == reflect.String {
			text = value.String() // without the quotes of YAML
		}
		words[keyOf(field)] = strings.ReplaceAll(strings.Trim(text, "[]"), ", ", ",")
	}
	return words
}

// Set puts one value in, as it is written in the file; lists are words between commas. An unknown key
// is an error that names the nearest one.
func (o *BusOptions) Set(key, text string) error {
	var known []string
	for field := range fieldsOf(reflect.TypeFor[BusOptions]()) {
		if keyOf(field) != key {
			known = append(known, keyOf(field))
			continue
		}
		if err := setText(field, reflect.ValueOf(o).Elem().FieldByIndex(field.Index), text); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	}
	return fmt.Errorf("%s: %s", key, unknown(key, known))
}

// Or returns o with the unset fields taken from less.
func (o BusOptions) Or(less BusOptions) BusOptions {
	into, from := reflect.ValueOf(&o).Elem(), reflect.ValueOf(less)
	for field := range fieldsOf(into.Type()) {
		if f := into.FieldByIndex(field.Index); f.IsZero() {
			f.Set(from.FieldByIndex(field.Index))
		}
	}
	return o
}
