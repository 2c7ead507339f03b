package cli

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"cubby/board"
	"cubby/internal/app/lock"
)

type frameCmd struct {
	kindFlags
	Board   int    `help:"Address of the board." required:"" placeholder:"ADDRESS"`
	Channel *int   `help:"Output of the board, counted from 1. status without it asks for the whole board." placeholder:"CHANNEL"`
	Action  string `arg:"" enum:"open,status" help:"What the frame asks for: open or status."`
}

// Run prints the frame as one line of hex pairs.
func (cmd frameCmd) Run(e *env) error {
	s, err := cmd.bus()
	if err != nil {
		return err
	}
	codec, err := lock.NewCodec(s)
	if err != nil {
		return usageError{err}
	}
	addr, err := address(cmd.Board)
	if err != nil {
		return err
	}
	ch := board.Channel(0)
	switch {
	case cmd.Channel == nil && cmd.Action == "open":
		return usageError{errors.New("open needs --channel: which output, counted from 1")}
	case cmd.Channel == nil:
	case *cmd.Channel < 1 || *cmd.Channel > 255:
		return usageError{fmt.Errorf("channel %d: outputs count from 1, up to what the board has", *cmd.Channel)}
	default:
		ch = board.Channel(*cmd.Channel)
	}
	frame, err := codec.StatusFrame(addr, ch)
	if cmd.Action == "open" {
		frame, err = codec.OpenFrame(addr, ch)
	}
	if err != nil {
		return outOfRange(err)
	}
	return e.print("%s", hexPairs(frame))
}

// maxDecodeBytes bounds what decode takes in: an hour of a busy line at 9600 baud is 3.5 MB of text.
const maxDecodeBytes = 8 << 20

// maxHexColumn keeps the sentences beside the frames when one of them is very long.
const maxHexColumn = 44

type decodeCmd struct {
	kindFlags
	Hex []string `arg:"" optional:"" name:"hex" help:"Bytes as hex digits, in one piece or many, with or without blanks. None, or -, reads them from the input, where a # starts a comment."`
}

// Run prints one line for each frame, and says no when bytes belong to none.
func (cmd decodeCmd) Run(e *env) error {
	s, err := cmd.bus()
	if err != nil {
		return err
	}
	codec, err := lock.NewCodec(s)
	if err != nil {
		return usageError{err}
	}
	seen, err := cmd.bytes(e.In)
	if err != nil {
		return usageError{err}
	}
	frames := codec.Explain(seen)
	width := 0
	for _, x := range frames {
		width = max(width, len(hexPairs(x.Bytes)))
	}
	width = min(width, maxHexColumn)
	understood := true
	for _, x := range frames {
		understood = understood && x.Valid
		if err := e.print("%-*s  %s", width, hexPairs(x.Bytes), x.Text); err != nil {
			return err
		}
	}
	if !understood {
		return errFailed
	}
	return nil
}

func (cmd decodeCmd) bytes(in io.Reader) ([]byte, error) {
	text := strings.Join(cmd.Hex, " ")
	if len(cmd.Hex) == 0 || text == "-" {
		data, err := io.ReadAll(io.LimitReader(in, maxDecodeBytes+1))
		if err != nil {
			return nil, fmt.Errorf("read the bytes: %w", err)
		}
		if len(data) > maxDecodeBytes {
			return nil, fmt.Errorf("more than %d bytes of input: cut it into pieces", maxDecodeBytes)
		}
		text = withoutComments(string(data))
	}
	seen, err := parseHex(text)
	if err == nil && len(seen) == 0 {
		err = errors.New("no bytes: write them as hex digits, e.g. 8A 01 01 11 9B")
	}
	return seen, err
}

func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		b.WriteString(line + " ")
	}
	return b.String()
}

// parseHex reads hex digits. Blanks, commas, colons and 0x may stand between bytes.
func parseHex(text string) ([]byte, error) {
	split := func(r rune) bool { return strings.ContainsRune(" \t\r\n,:;-", r) }
	var out bytes.Buffer
	for word := range strings.FieldsFuncSeq(text, split) {
		digits := strings.TrimPrefix(strings.ToLower(word), "0x")
		if len(digits) == 1 {
			digits = "0" + digits
		}
		p, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("%q are no hex digits, two for each byte", word)
		}
		out.Write(p)
	}
	return out.Bytes(), nil
}
