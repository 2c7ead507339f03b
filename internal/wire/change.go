package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"cubby/internal/locker"
)

// Kinds of directory changes, stable for ever.
const (
	KindSite      = "site"
	KindLayout    = "layout"
	KindPolicy    = "policy"
	KindUnit      = "unit"
	KindRecipient = "recipient"
	KindCourier   = "courier"
	KindStaff     = "staff"
	KindGrant     = "grant"
	KindOrder     = "order"     // ID is the stay
	KindCodeKey   = "code_key"  // Body is a Key
	KindProofKey  = "proof_key" // Body is a Key
)

// Change is one object of a site's directory as it is from Rev on. Applying it twice is harmless.
type Change struct {
	Rev     uint64          `json:"rev"`
	Kind    string          `json:"kind"`
	ID      string          `json:"id,omitempty"` // empty for site, layout and policy
	Deleted bool            `json:"deleted,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"` // the object; none when deleted
}

// Secret is bytes that print as "redacted". In JSON they are base64.
type Secret []byte

// Format prints "redacted" for every verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

const redacted = "redacted"

// Key is a key of a site: codes and passes are derived under it (code_key), or the proofs that a
// kiosk shows (proof_key).
type Key struct {
	ID     locker.KeyID `json:"id"`
	Secret Secret       `json:"secret"` // 32 bytes
}

// Keys are the secrets of a site's directory, apart from it because the rules never see them.
type Keys struct {
	Code  map[locker.KeyID]Secret // old ones stay until their last stay has ended
	Proof map[locker.KeyID]Secret
}

// NewKeys returns no keys.
func NewKeys() *Keys {
	return &Keys{Code: map[locker.KeyID]Secret{}, Proof: map[locker.KeyID]Secret{}}
}

// Objects that a change carries. The ID of Order is its stay.
type object interface {
	locker.Site | locker.Layout | locker.Policy | locker.Unit | locker.Recipient | locker.Courier |
		locker.Staff | locker.Grant | locker.Order | Key
}

func newChange[O object](kind, id string, o O) (Change, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return Change{}, fmt.Errorf("encode %s %s: %w", kind, id, err)
	}
	return Change{Kind: kind, ID: id, Body: body}, nil
}

// The constructors below return a change without a Rev: whoever stores it numbers it.

// EncodeSite returns the change that sets the site.
func EncodeSite(s locker.Site) (Change, error) { return newChange(KindSite, "", s) }

// EncodeLayout returns the change that replaces the layout.
func EncodeLayout(l locker.Layout) (Change, error) { return newChange(KindLayout, "", l) }

// EncodePolicy returns the change that replaces the policy.
func EncodePolicy(p locker.Policy) (Change, error) { return newChange(KindPolicy, "", p) }

// EncodeUnit returns the change that sets a unit.
func EncodeUnit(u locker.Unit) (Change, error) { return newChange(KindUnit, string(u.ID), u) }

// EncodeRecipient returns the change that sets a recipient.
func EncodeRecipient(r locker.Recipient) (Change, error) {
	return newChange(KindRecipient, string(r.ID), r)
}

// EncodeCourier returns the change that sets a courier's access.
func EncodeCourier(c locker.Courier) (Change, error) { return newChange(KindCourier, string(c.ID), c) }

// EncodeStaff returns the change that sets a person of the staff.
func EncodeStaff(s locker.Staff) (Change, error) { return newChange(KindStaff, string(s.ID), s) }

// EncodeGrant returns the change that sets a pass.
func EncodeGrant(g locker.Grant) (Change, error) { return newChange(KindGrant, string(g.ID), g) }

// EncodeOrder returns the change that sets what the cloud decided about a stay.
func EncodeOrder(o locker.Order) (Change, error) { return newChange(KindOrder, string(o.Stay), o) }

// EncodeCodeKey returns the change that sets a key of codes.
func EncodeCodeKey(k Key) (Change, error) { return newChange(KindCodeKey, string(k.ID), k) }

// EncodeProofKey returns the change that sets a key of proofs.
func EncodeProofKey(k Key) (Change, error) { return newChange(KindProofKey, string(k.ID), k) }

// EncodeDeletion returns the change that removes an object.
func EncodeDeletion(kind, id string) Change { return Change{Kind: kind, ID: id, Deleted: true} }

// KnownKind reports whether this version applies changes of that kind. A replica keeps the others
// for the version that does.
func KnownKind(kind string) bool {
	switch kind {
	case KindSite, KindLayout, KindPolicy, KindUnit, KindRecipient, KindCourier, KindStaff, KindGrant,
		KindOrder, KindCodeKey, KindProofKey:
		return true
	}
	return false
}

// ApplyChange folds one change into a directory and its keys, and moves the directory's Rev up to
// the change's. A kind that this version does not know only moves Rev: the caller keeps the change.
// It returns [ErrMalformed] for a body that is not the object, and a *[locker.Error] with
// LAYOUT_INVALID for a layout that contradicts itself; the directory is then as it was.
func ApplyChange(d *locker.Directory, keys *Keys, c Change) error {
	if err := applyChange(d, keys, c); err != nil {
		return fmt.Errorf("apply %s %s of rev %d: %w", c.Kind, c.ID, c.Rev, err)
	}
	d.Rev = max(d.Rev, c.Rev)
	return nil
}

func applyChange(d *locker.Directory, keys *Keys, c Change) error {
	switch c.Kind {
	case KindSite:
		return single(c, func(s locker.Site) error { d.Site = s; return nil })
	case KindLayout:
		return single(c, func(l locker.Layout) error {
			if err := l.Validate(); err != nil {
				return err
			}
			d.SetLayout(l)
			return nil
		})
	case KindPolicy:
		if c.Deleted {
			d.Policy = locker.DefaultPolicy()
			return nil
		}
		return single(c, func(p locker.Policy) error { d.Policy = p.WithDefaults(); return nil })
	case KindUnit:
		return entry(c, d.Units, func(u locker.Unit) locker.UnitID { return u.ID })
	case KindRecipient:
		return entry(c, d.Recipients, func(r locker.Recipient) locker.RecipientID { return r.ID })
	case KindCourier:
		return entry(c, d.Couriers, func(c locker.Courier) locker.CourierID { return c.ID })
	case KindStaff:
		return entry(c, d.Staff, func(s locker.Staff) locker.StaffID { return s.ID })
	case KindGrant:
		return entry(c, d.Grants, func(g locker.Grant) locker.GrantID { return g.ID })
	case KindOrder:
		return entry(c, d.Orders, func(o locker.Order) locker.StayID { return o.Stay })
	case KindCodeKey:
		return secret(c, keys.Code)
	case KindProofKey:
		return secret(c, keys.Proof)
	}
	return nil
}

// single applies a change of which a site has one; deleting it gives the zero value.
func single[O object](c Change, set func(O) error) error {
	o, err := body[O](c)
	if err != nil {
		return err
	}
	return set(o)
}

// entry applies a change of which a site has many.
func entry[ID ~string, O object](c Change, to map[ID]O, id func(O) ID) error {
	if c.Deleted {
		delete(to, ID(c.ID))
		return nil
	}
	o, err := body[O](c)
	if err != nil {
		return err
	}
	if c.ID == "" || id(o) != ID(c.ID) {
		return ErrMalformed
	}
	to[ID(c.ID)] = o
	return nil
}

func secret(c Change, to map[locker.KeyID]Secret) error {
	if c.Deleted {
		delete(to, locker.KeyID(c.ID))
		return nil
	}
	k, err := body[Key](c)
	if err != nil {
		return err
	}
	if c.ID == "" || string(k.ID) != c.ID || len(k.Secret) == 0 {
		return ErrMalformed
	}
	to[k.ID] = k.Secret
	return nil
}

func body[O object](c Change) (O, error) {
	var o O
	if c.Deleted {
		return o, nil
	}
	if len(c.Body) == 0 || c.Body[0] != '{' || json.Unmarshal(c.Body, &o) != nil {
		return o, ErrMalformed // the text stays out of errors: it names people
	}
	return o, nil
}
