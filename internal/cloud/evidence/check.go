package evidence

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"

	"cubby/internal/cloud/timeline"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Fault is why a pack does not prove what it says.
type Fault struct {
	Epoch  uint64 // 0 when the pack as a whole is meant
	Number uint64 // 0 when no single record is meant
	Reason string
	cause  error
}

// Error says which record is wrong, and why, in a sentence.
func (f *Fault) Error() string {
	text := f.Reason
	switch {
	case f.Number > 0:
		text = fmt.Sprintf("record %d of epoch %d: %s", f.Number, f.Epoch, f.Reason)
	case f.Epoch > 0:
		text = fmt.Sprintf("epoch %d: %s", f.Epoch, f.Reason)
	}
	if f.cause != nil {
		text += fmt.Sprintf(" (%v)", f.cause)
	}
	return text
}

// Unwrap returns ErrBadPack.
func (f *Fault) Unwrap() error { return ErrBadPack }

// Wanted says what a pack must be about. Key is needed; empty fields accept any.
type Wanted struct {
	Key    Key
	Site   locker.SiteID
	Parcel locker.ParcelID
	Stay   locker.StayID
	// SiteKeys are the keys of the site's computers, each of 32 bytes: one of them must have signed each
	// head too. None: that is not checked.
	SiteKeys []ed25519.PublicKey
}

// Proven is what a pack proves.
type Proven struct {
	Pack    *Pack
	Records int
	Heads   []journal.Checkpoint // one for each part
	Entries []timeline.Entry     // what happened to the parcel, without names
}

// Check reads a pack and checks all of it: its form, the operator's signature over the whole, each
// signed head, the proof of each record, and that each record is about the parcel. The error wraps
// ErrBadPack and is a *Fault where one thing is wrong.
func Check(data []byte, want Wanted) (Proven, error) {
	p, err := decode(data)
	if err != nil {
		return Proven{}, err
	}
	if err := checkAbout(p, want); err != nil {
		return Proven{}, err
	}
	if err := checkSeal(p, want.Key); err != nil {
		return Proven{}, err
	}
	c := packCheck{pack: p, want: want, reader: timeline.New(ids{}), begun: map[locker.StayID]bool{}, proven: Proven{Pack: p}}
	for i, part := range p.Parts {
		if i > 0 && part.Epoch <= p.Parts[i-1].Epoch {
			return Proven{}, &Fault{Epoch: part.Epoch, Reason: "it stands in the wrong order"}
		}
		if err := c.part(part); err != nil {
			return Proven{}, err
		}
	}
	for _, stay := range p.Stays {
		if !c.begun[stay] && len(p.Pending) == 0 {
			return Proven{}, &Fault{Reason: fmt.Sprintf("no record says that the stay %s is one of the parcel %s", stay, p.Parcel)}
		}
	}
	if c.proven.Records == 0 {
		return Proven{}, &Fault{Reason: "it holds no record"}
	}
	c.proven.Entries = c.reader.Entries()
	return c.proven, nil
}

func checkAbout(p *Pack, want Wanted) error {
	switch {
	case want.Site != "" && want.Site != p.Site:
		return &Fault{Reason: fmt.Sprintf("it is of the site %s, not of %s", p.Site, want.Site)}
	case want.Parcel != "" && want.Parcel != p.Parcel:
		return &Fault{Reason: fmt.Sprintf("it is about the parcel %s, not about %s", p.Parcel, want.Parcel)}
	case want.Stay != "" && !slices.Contains(p.Stays, want.Stay):
		return &Fault{Reason: fmt.Sprintf("the stay %s is none of the parcel %s", want.Stay, p.Parcel)}
	case want.Key.Fingerprint() != p.Fingerprint:
		return &Fault{Reason: fmt.Sprintf("it names the operator's key %s, the given key is %s", p.Fingerprint, want.Key.Fingerprint())}
	case want.Key.Name != p.Operator:
		return &Fault{Reason: fmt.Sprintf("it names the key %q, operators sign as %q", p.Operator, want.Key.Name)}
	}
	return nil
}

func checkSeal(p *Pack, key Key) error {
	v, err := journal.NewVerifier(key.Name, key.Key)
	if err != nil {
		return fmt.Errorf("operator's key: %w", err)
	}
	text, err := p.sealText()
	if err != nil {
		return err
	}
	signed, err := openNote(p.Seal, v)
	if err != nil {
		return &Fault{Reason: "the seal is not signed by the operator's key", cause: err}
	}
	if signed != text {
		return &Fault{Reason: "the seal is that of another pack, or this one was changed after it was signed"}
	}
	return nil
}

type packCheck struct {
	pack   *Pack
	want   Wanted
	reader *timeline.Reader
	begun  map[locker.StayID]bool
	proven Proven
}

// signedBySite checks that one of the site's computers has signed the head of a part.
func (c *packCheck) signedBySite(part Part) error {
	var bad error
	for _, key := range c.want.SiteKeys {
		v, err := journal.NewVerifier(journal.SiteKeyName(string(c.pack.Site)), key)
		if err != nil {
			return fmt.Errorf("site's key: %w", err)
		}
		if _, bad = openNote(part.Head, v); bad == nil {
			return nil
		}
	}
	if bad != nil {
		return &Fault{Epoch: part.Epoch, Reason: "its tree head is not signed by the site's key", cause: bad}
	}
	return nil
}

func (c *packCheck) part(part Part) error {
	head, err := c.want.Key.openHead(c.pack.Site, part.Head)
	if err != nil {
		return &Fault{Epoch: part.Epoch, Reason: "its tree head is not signed by the operator's key", cause: err}
	}
	if head.Site != string(c.pack.Site) || head.Epoch != part.Epoch {
		return &Fault{Epoch: part.Epoch, Reason: fmt.Sprintf("its tree head is of %s, epoch %d", head.Site, head.Epoch)}
	}
	if err := c.signedBySite(part); err != nil {
		return err
	}
	before := uint64(0)
	for _, item := range part.Records {
		if item.Number <= before {
			return &Fault{Epoch: part.Epoch, Number: item.Number, Reason: "it stands in the wrong order"}
		}
		before = item.Number
		if err := journal.CheckRecord(item.Proof, head, item.Number, []byte(item.Body)); err != nil {
			return &Fault{Epoch: part.Epoch, Number: item.Number, Reason: "it is not what the signed tree head covers", cause: err}
		}
		if err := c.about(part.Epoch, item); err != nil {
			return err
		}
		c.proven.Records++
	}
	c.proven.Heads = append(c.proven.Heads, head)
	return nil
}

// about checks that a record is one of the parcel.
func (c *packCheck) about(epoch uint64, item Item) error {
	op, err := wire.DecodeOperation([]byte(item.Body))
	if err != nil {
		return &Fault{Epoch: epoch, Number: item.Number, Reason: "it cannot be read", cause: err}
	}
	if op.Site != c.pack.Site || op.Epoch != epoch || op.Number != item.Number {
		return &Fault{
			Epoch: epoch, Number: item.Number,
			Reason: fmt.Sprintf("it calls itself record %d of epoch %d of the site %s", op.Number, op.Epoch, op.Site),
		}
	}
	for _, f := range op.Facts {
		if f, ok := f.(locker.DepositBegun); ok && f.Parcel == c.pack.Parcel && slices.Contains(c.pack.Stays, f.Stay) {
			c.begun[f.Stay] = true
		}
	}
	if !addEntries(c.reader, []byte(item.Body), nil, c.pack.Stays) {
		return &Fault{Epoch: epoch, Number: item.Number, Reason: "it is not about the parcel " + string(c.pack.Parcel)}
	}
	return nil
}

// addEntries adds what an operation says of stays, and reports whether it says anything.
func addEntries(r *timeline.Reader, body, annex []byte, stays []locker.StayID) bool {
	before := len(r.Entries())
	for _, stay := range stays {
		r.AddStay(context.Background(), body, annex, stay)
	}
	return len(r.Entries()) > before
}

// ids names nobody: a pack holds no names.
type ids struct{}

var _ timeline.Names = ids{}

// Actor implements timeline.Names.
func (ids) Actor(context.Context, locker.Actor) string { return "" }

// Place implements timeline.Names.
func (ids) Place(id locker.PlaceID) string { return string(id) }
