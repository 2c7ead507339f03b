package cloud

import (
	"context"
	"fmt"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// follow draws the consequences of one fact that was folded in: incidents where facts contradict
// permission or something is wrong, answers to intents, and jobs.
func (p *projection) follow(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.IntentAnswered:
		return p.answer(ctx, f)
	case locker.ParcelStored, locker.DepositSettled, locker.CodeReissued:
		return p.announce(ctx, stayOf(f))
	case locker.DepositBegun, locker.ParcelCollected, locker.ParcelRemoved, locker.DepositUndone, locker.ProblemReported:
		return p.followStay(ctx, f)
	case locker.DoorOpened, locker.OpenUnconfirmed, locker.OpenFailed, locker.PlaceDoubted, locker.PlaceVerified:
		return p.followPlace(ctx, f)
	case locker.FaultRaised:
		return p.raise(ctx, faultIncident(f.Fault, f.Place, f.Part))
	case locker.FaultCleared:
		return p.over(ctx, faultIncident(f.Fault, f.Place, f.Part))
	case locker.DropRefused:
		return p.raise(ctx, incident{
			kind: IncidentDropRefused, severity: SeverityLow, detail: string(f.Reason), key: string(f.Reason),
		})
	case locker.CodeRefused:
		if f.Reason != locker.CodeCodeFlooded && f.Reason != locker.CodeHolderLocked {
			return nil
		}
		return p.raise(ctx, incident{
			kind: IncidentLockout, severity: SeverityHigh, detail: string(f.Reason), key: string(f.Reason) + "|" + string(f.Unit),
		})
	case locker.EpochBegan:
		if f.Sealed == "" {
			return nil
		}
		return p.raise(ctx, incident{
			kind: IncidentJournalSealed, severity: SeverityUrgent, detail: f.Sealed, key: f.Sealed,
		})
	case locker.ClockDoubted:
		return p.raise(ctx, incident{kind: IncidentClockDoubted, severity: SeverityHigh})
	case locker.ClockTrusted:
		return p.over(ctx, incident{kind: IncidentClockDoubted})
	}
	return nil
}

// over resolves the incident of a cause that is over by itself.
func (p *projection) over(ctx context.Context, i incident) error {
	i.site = p.site
	p.incidents, p.tiles = true, true
	return p.cloud.settle(ctx, p.q, i, "cleared")
}

func (p *projection) answer(ctx context.Context, f locker.IntentAnswered) error {
	state := IntentDone
	if !f.Done {
		state = IntentRefused
	}
	n, err := p.q.AnswerIntent(ctx, db.AnswerIntentParams{
		State: string(state), Code: string(f.Reason), AnsweredAt: p.cloud.millis(), ID: string(f.Intent), Site: p.site,
	})
	if err != nil {
		return fmt.Errorf("write the answer to intent %s: %w", f.Intent, err)
	}
	if n > 0 {
		p.answered = append(p.answered, f.Intent)
	}
	return nil
}

// announce makes the job of the first notice once a parcel is stored and the courier's undo has
// closed.
func (p *projection) announce(ctx context.Context, id locker.StayID) error {
	row, err := p.stay(ctx, id)
	if err != nil || row == nil {
		return err
	}
	if row.State != string(locker.StayStored) || !row.Settled || row.Recipient == "" || row.Revoked {
		return nil
	}
	return p.cloud.announce(ctx, p.q, row.Stay)
}

func (c *Cloud) announce(ctx context.Context, q *db.Queries, row db.Stay) error {
	job := StayJob{
		Site: locker.SiteID(row.Site), Stay: locker.StayID(row.ID), Recipient: locker.RecipientID(row.Recipient),
		Generation: uint32(row.Generation),
	}
	key := fmt.Sprintf("%s|%s|%s|%d", row.Site, row.ID, row.Recipient, row.Generation)
	return c.enqueue(ctx, q, JobFirstNotice, key, job)
}

func (p *projection) followStay(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.DepositBegun:
		if f.Recipient != "" {
			return nil
		}
		return p.raise(ctx, unknownParcel(f.Stay, f.Place))
	case locker.ParcelCollected:
		if err := p.known(ctx, f.Stay, f.Place); err != nil {
			return err
		}
		return p.checkCollected(ctx, f)
	case locker.DepositUndone:
		return p.known(ctx, f.Stay, f.Place)
	case locker.ParcelRemoved:
		if f.Reason == "missing" {
			return p.raise(ctx, incident{
				kind: IncidentMissing, severity: SeverityUrgent, place: string(f.Place), stay: string(f.Stay), key: string(f.Stay),
			})
		}
		return p.known(ctx, f.Stay, f.Place)
	case locker.ProblemReported:
		return p.raise(ctx, incident{
			kind: IncidentProblem, severity: SeverityHigh, place: string(f.Place), stay: string(f.Stay),
			detail: string(f.Problem), key: string(f.Problem) + "|" + string(f.Place) + "|" + string(f.Stay),
		})
	}
	return nil
}

// known ends the incident of a parcel that came for nobody known.
func (p *projection) known(ctx context.Context, stay locker.StayID, place locker.PlaceID) error {
	row, err := p.stay(ctx, stay)
	if err != nil || row == nil || row.FirstRecipient != "" {
		return err
	}
	return p.over(ctx, unknownParcel(stay, place))
}

func unknownParcel(stay locker.StayID, place locker.PlaceID) incident {
	return incident{
		kind: IncidentUnknownParcel, severity: SeverityLow, place: string(place), stay: string(stay), key: string(stay),
	}
}

// checkCollected raises an incident when a parcel left with somebody who had lost the right to it.
func (p *projection) checkCollected(ctx context.Context, f locker.ParcelCollected) error {
	if f.By.Kind == locker.ActorStaff {
		return nil
	}
	row, err := p.stay(ctx, f.Stay)
	if err != nil || row == nil {
		return err
	}
	reassigned := f.By.Kind == locker.ActorRecipient && row.Recipient != row.FirstRecipient &&
		f.By.ID == row.FirstRecipient
	if !row.Revoked && !reassigned {
		return nil
	}
	detail := "revoked"
	if reassigned {
		detail = "reassigned"
	}
	return p.raise(ctx, incident{
		kind: IncidentRevokedCollected, severity: SeverityUrgent, place: string(f.Place), stay: string(f.Stay),
		detail: detail, key: string(f.Stay),
	})
}

func (p *projection) followPlace(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.DoorOpened:
		row, err := p.place(ctx, f.Place)
		if err != nil || !row.Unasked || p.raised(IncidentOpenUnconfirmed, f.Place) {
			return err
		}
		return p.raise(ctx, placeIncident(IncidentUnexpectedOpen, SeverityUrgent, f.Place, ""))
	case locker.OpenUnconfirmed:
		return p.raise(ctx, placeIncident(IncidentOpenUnconfirmed, SeverityHigh, f.Place, ""))
	case locker.OpenFailed:
		if f.Reason != "jammed" {
			return nil // it is tried again, or the fault of the lock or board says so
		}
		return p.raise(ctx, placeIncident(IncidentOpenFailed, SeverityHigh, f.Place, f.Reason))
	case locker.PlaceDoubted:
		if p.raised(IncidentUnexpectedOpen, f.Place) || p.raised(IncidentProblem, f.Place) ||
			p.raised(IncidentOpenUnconfirmed, f.Place) {
			return nil // the same cause
		}
		return p.raise(ctx, placeIncident(IncidentPlaceDoubted, SeverityHigh, f.Place, f.Reason))
	case locker.PlaceVerified:
		for _, kind := range []IncidentKind{IncidentPlaceDoubted, IncidentOpenUnconfirmed, IncidentOpenFailed} {
			if err := p.over(ctx, placeIncident(kind, SeverityHigh, f.Place, "")); err != nil {
				return err
			}
		}
	}
	return nil
}

func placeIncident(kind IncidentKind, severity Severity, place locker.PlaceID, detail string) incident {
	return incident{kind: kind, severity: severity, place: string(place), detail: detail, key: string(place)}
}

func faultIncident(f locker.Fault, place locker.PlaceID, part string) incident {
	severity := SeverityHigh
	switch f {
	case locker.FaultBusLost, locker.FaultBoardSilent, locker.FaultDisk:
		severity = SeverityUrgent
	case locker.FaultLock, locker.FaultAjar, locker.FaultSensor, locker.FaultLayout:
	}
	return incident{
		kind: IncidentFault, severity: severity, place: string(place), detail: string(f),
		key: string(f) + "|" + string(place) + "|" + part,
	}
}
