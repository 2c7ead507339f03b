package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"cubby/internal/locker"
)

// Position is where an operation stands in the record of its site: by epoch, then by number. The
// zero Position is before the first operation.
type Position struct {
	Epoch  uint64 `json:"epoch"`
	Number uint64 `json:"n"`
}

// Compare returns -1, 0 or 1 when p is before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, q.Epoch), cmp.Compare(p.Number, q.Number))
}

// String returns the position as epoch/number.
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Epoch, p.Number) }

// Operation is the facts of one decision: they stand together or not at all.
type Operation struct {
	Site   locker.SiteID
	Epoch  uint64 // counted from 1
	Number uint64 // within the epoch, counted from 1
	Boot   string // id of the controller's boot that MonoMS counts from
	MonoMS int64  // milliseconds since that boot
	WallMS int64  // milliseconds since 1970-01-01 UTC by the site's clock, right or wrong
	// ClockTrusted says whether the site trusted its clock when it wrote WallMS.
	ClockTrusted bool
	Request      string // idempotency or request id of the command; may be empty
	Facts        []locker.Fact
}

// Position returns where the operation stands.
func (o Operation) Position() Position { return Position{Epoch: o.Epoch, Number: o.Number} }

// At returns the wall time of the operation.
func (o Operation) At() locker.Millis { return locker.Millis(o.WallMS) }

// operationHead is everything of an operation but its facts, in the order of the encoding.
type operationHead struct {
	Version int           `json:"v"`
	Site    locker.SiteID `json:"site"`
	Epoch   uint64        `json:"epoch"`
	Number  uint64        `json:"n"`
	Boot    string        `json:"boot"`
	MonoMS  int64         `json:"mono_ms"`
	WallMS  int64         `json:"wall_ms"`
	Trusted bool          `json:"clock_trusted"`
	Request string        `json:"request,omitempty"`
}

// EncodeOperation returns the bytes of an operation: one JSON object, fields in a fixed order,
// without spaces. Equal operations give equal bytes. It returns [ErrTooLarge] above
// [MaxOperationSize] or [MaxFacts], and [ErrMalformed] for an operation without site, epoch,
// number or facts.
func EncodeOperation(op Operation) ([]byte, error) {
	switch {
	case op.Site == "" || op.Epoch == 0 || op.Number == 0 || len(op.Facts) == 0:
		return nil, fmt.Errorf("encode operation %s: site, epoch, number and facts are needed: %w",
			op.Position(), ErrMalformed)
	case len(op.Facts) > MaxFacts:
		return nil, fmt.Errorf("encode operation %s: %d facts: %w", op.Position(), len(op.Facts), ErrTooLarge)
	}
	if data, ok := writeOperation(op); ok && len(data) <= MaxOperationSize {
		return data, nil
	}
	return marshalOperation(op)
}

// head returns everything of an operation but its facts.
func (o *Operation) head() operationHead {
	return operationHead{
		Version: Version, Site: o.Site, Epoch: o.Epoch, Number: o.Number, Boot: o.Boot,
		MonoMS: o.MonoMS, WallMS: o.WallMS, Trusted: o.ClockTrusted, Request: o.Request,
	}
}

func walkHead(p *plainer, h *operationHead) {
	number(p, "v", &h.Version)
	text(p, "site", &h.Site)
	number(p, "epoch", &h.Epoch)
	number(p, "n", &h.Number)
	text(p, "boot", &h.Boot)
	number(p, "mono_ms", &h.MonoMS)
	number(p, "wall_ms", &h.WallMS)
	p.truth("clock_trusted", &h.Trusted)
	optional(p, "request", &h.Request)
}

// writeOperation encodes an operation whose texts stand for themselves; false for any other.
func writeOperation(op Operation) ([]byte, bool) {
	p := plainer{out: make([]byte, 0, 160+200*len(op.Facts))}
	h := op.head()
	p.open()
	walkHead(&p, &h)
	p.literal(`,"facts":[`)
	for i, fact := range op.Facts {
		if fact == nil {
			return nil, false
		}
		if i > 0 {
			p.literal(",")
		}
		p.literal(`{"k":`)
		p.value(fact.Kind())
		p.literal(`,"d":`)
		writeFact(&p, fact)
		p.literal("}")
	}
	p.literal(`]}`)
	return p.out, !p.bad
}

// readOperation decodes an operation in the form that writeOperation gives it; false for any other.
func readOperation(data []byte) (Operation, bool) {
	p := plainer{in: string(data), reading: true}
	var h operationHead
	var facts []locker.Fact
	p.open()
	walkHead(&p, &h)
	p.literal(`,"facts":[`)
	for !p.bad && len(facts) < MaxFacts {
		p.literal(`{"k":`)
		kind := p.value("")
		p.literal(`,"d":`)
		fact := readFact(&p, kind)
		p.literal("}")
		if p.bad || !sound(fact) {
			return Operation{}, false
		}
		facts = append(facts, fact)
		if p.has("]}") {
			p.at += len("]}")
			break
		}
		p.literal(",")
	}
	if p.bad || p.at != len(p.in) || h.Version != Version || h.Site == "" || h.Epoch == 0 || h.Number == 0 {
		return Operation{}, false
	}
	return Operation{
		Site: h.Site, Epoch: h.Epoch, Number: h.Number, Boot: h.Boot, MonoMS: h.MonoMS, WallMS: h.WallMS,
		ClockTrusted: h.Trusted, Request: h.Request, Facts: facts,
	}, true
}

// marshalOperation encodes any operation.
func marshalOperation(op Operation) ([]byte, error) {
	head, err := json.Marshal(op.head())
	if err != nil {
		return nil, fmt.Errorf("encode operation %s: %w", op.Position(), err)
	}
	b := bytes.NewBuffer(make([]byte, 0, len(head)+160*len(op.Facts)))
	b.Write(head[:len(head)-1]) // without the closing brace
	b.WriteString(`,"facts":[`)
	for i, fact := range op.Facts {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := appendFact(b, fact); err != nil {
			return nil, fmt.Errorf("encode operation %s: fact %d: %w", op.Position(), i, err)
		}
	}
	b.WriteString(`]}`)
	if b.Len() > MaxOperationSize {
		return nil, fmt.Errorf("encode operation %s: %d bytes: %w", op.Position(), b.Len(), ErrTooLarge)
	}
	return b.Bytes(), nil
}

// DecodeOperation reads the bytes of an operation. Unknown fields are ignored; a fact that this
// version does not know is kept as [locker.Unknown]. It returns [ErrMalformed] when the operation
// itself cannot be read, [ErrTooLarge] above a limit, and a *[locker.Error] with
// VERSION_UNSUPPORTED for another version of the encoding.
func DecodeOperation(data []byte) (Operation, error) {
	if len(data) > MaxOperationSize {
		return Operation{}, fmt.Errorf("decode operation: %d bytes: %w", len(data), ErrTooLarge)
	}
	if op, ok := readOperation(data); ok {
		return op, nil
	}
	return scanOperation(data)
}

// scanOperation decodes an operation in any form.
func scanOperation(data []byte) (Operation, error) {
	var op Operation
	version := 0
	s := &scanner{data: data}
	err := s.object(func(key string) error {
		switch key {
		case "v":
			n, err := s.integer()
			version = int(n)
			return err
		case "facts":
			return s.array(func() error {
				fact, err := scanFact(s)
				if len(op.Facts) == MaxFacts {
					return ErrTooLarge
				}
				op.Facts = append(op.Facts, fact)
				return err
			})
		default:
			return op.scanField(s, key)
		}
	})
	if err == nil {
		err = s.end()
	}
	switch {
	case err != nil:
		return Operation{}, fmt.Errorf("decode operation at byte %d: %w", s.at, err)
	case version != Version:
		return Operation{}, errVersion("an operation", version)
	case op.Site == "" || op.Epoch == 0 || op.Number == 0:
		return Operation{}, fmt.Errorf("decode operation: no site, epoch or number: %w", ErrMalformed)
	}
	return op, nil
}

func (o *Operation) scanField(s *scanner, key string) (err error) {
	switch key {
	case "site":
		var site string
		site, err = s.text()
		o.Site = locker.SiteID(site)
	case "epoch":
		o.Epoch, err = s.unsigned()
	case "n":
		o.Number, err = s.unsigned()
	case "boot":
		o.Boot, err = s.text()
	case "mono_ms":
		o.MonoMS, err = s.integer()
	case "wall_ms":
		o.WallMS, err = s.integer()
	case "clock_trusted":
		o.ClockTrusted, err = s.boolean()
	case "request":
		o.Request, err = s.text()
	default: // a field of a newer version
		err = s.skip()
	}
	return err
}
