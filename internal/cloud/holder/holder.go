package holder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// JobLink is the kind of the job that tells a recipient their new link. Its body is a LinkJob, its key
// the recipient.
const JobLink = "resident.link"

// LinkJob is the body of a job of kind JobLink.
type LinkJob struct {
	Recipient  string `json:"recipient"`
	Generation int64  `json:"generation"` // of the link
}

// Options configure [New]. All are needed.
type Options struct {
	Cloud *cloud.Cloud
	Store *store.Store
	Now   func() time.Time
	NewID func() string
}

// Desk serves the holders of links. It is safe for concurrent use.
type Desk struct {
	cloud    *cloud.Cloud
	holders  cloud.Holders
	store    *store.Store
	now      func() time.Time
	newID    func() string
	darkroom chan struct{} // one picture at a time: each takes tens of megabytes
}

// New returns a Desk.
func New(o Options) (*Desk, error) {
	if o.Cloud == nil || o.Store == nil || o.Now == nil || o.NewID == nil {
		return nil, errors.New("holder: a cloud, a store, a clock and ids are needed")
	}
	return &Desk{
		cloud: o.Cloud, holders: o.Cloud.Holders(), store: o.Store, now: o.Now, newID: o.NewID, darkroom: make(chan struct{}, 1),
	}, nil
}

const (
	// maxPage bounds what one act looks at: nobody has more parcels that wait.
	maxPage = 50
	// maxTick is how much one round of [Desk.Tick] does; the next goes on.
	maxTick = 500
)

func (d *Desk) millis() int64 { return d.now().UnixMilli() }

// waiting returns the stays of a recipient that wait, stored and told.
func waiting(ctx context.Context, q *db.Queries, recipient string) ([]db.Stay, error) {
	rows, err := q.ListWaitingOfRecipient(ctx, db.ListWaitingOfRecipientParams{Recipient: recipient, Page: maxPage})
	if err != nil {
		return nil, fmt.Errorf("list what waits: %w", err)
	}
	var all []db.Stay
	for _, r := range rows {
		if r.State != string(locker.StayStored) && r.State != string(locker.StayHeld) || !r.Settled {
			continue
		}
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: r.Site, ID: r.ID})
		if err != nil {
			return nil, fmt.Errorf("find stay %s: %w", r.ID, err)
		}
		all = append(all, stay)
	}
	return all, nil
}

// mine returns a stay that waits for a recipient, else STAY_UNKNOWN.
func mine(ctx context.Context, q *db.Queries, recipient string, stay locker.StayID) (db.Stay, error) {
	all, err := waiting(ctx, q, recipient)
	if err != nil {
		return db.Stay{}, err
	}
	for _, s := range all {
		if s.ID == string(stay) {
			return s, nil
		}
	}
	return db.Stay{}, locker.Errorf(locker.CodeStayUnknown, "no such parcel")
}

// order changes the order of a stay.
func (d *Desk) order(ctx context.Context, q *db.Queries, stay db.Stay, change func(*db.StayOrder)) error {
	o, err := q.FindOrder(ctx, db.FindOrderParams{Site: stay.Site, Stay: stay.ID})
	if err != nil && !errors.Is(err, store.ErrNone) {
		return fmt.Errorf("read the order of stay %s: %w", stay.ID, err)
	}
	o.Site, o.Stay, o.ChangedAt = stay.Site, stay.ID, d.millis()
	change(&o)
	return d.holders.Order(ctx, q, stay, o)
}

// act is something that a holder did.
type act struct{ kind, site, recipient, about string }

// wrote writes down what a holder did. The person is the subject: there is no account to name.
func (d *Desk) wrote(ctx context.Context, q *db.Queries, a act) error {
	err := q.CreateAct(ctx, db.CreateActParams{
		ID: d.newID(), At: d.millis(), Via: viaLink, Kind: a.kind, Site: a.site, Subject: a.recipient, Reason: a.about,
	})
	if err != nil {
		return fmt.Errorf("write down the act: %w", err)
	}
	return nil
}

// viaLink says in the list of acts that somebody acted by their link.
const viaLink = "link"

// Tick looks after what time brings: parcels that came while somebody is away are held, those who are
// sent for all parcels get a pass for the new ones, and old reports are erased. One part that fails does
// not stop the others.
func (d *Desk) Tick(ctx context.Context) error {
	return errors.Join(d.holdForAway(ctx), d.passNew(ctx), d.forget(ctx))
}

func (d *Desk) forget(ctx context.Context) error {
	err := d.store.Tx(ctx, func(q *db.Queries) error { return q.ForgetReports(ctx, d.millis()) })
	if err != nil {
		return fmt.Errorf("erase old reports: %w", err)
	}
	return nil
}

// clean keeps a text within bounds and on one line.
func clean(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
