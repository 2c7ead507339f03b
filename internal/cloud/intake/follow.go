package intake

import (
	"context"
	"fmt"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// follow draws the consequences of one fact that was folded in: incidents where facts contradict
// permission or something is wrong, answers to intents, and jobs.
func (p *projection) follow(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.IntentAnswered:
		return p.answer(ctx, f)
	case locker.ParcelStored, locker.DepositSettled, locker.CodeReissued:
		return p.announce(ctx, StayOf(f))
	case locker.DepositBegun, locker.ParcelCollected, locker.ParcelRemoved, locker.DepositUndone, locker.ProblemReported:
		return p.followStay(ctx, f)
	case locker.DoorOpened, locker.OpenUnconfirmed, locker.OpenFailed, locker.PlaceDoubted, locker.PlaceVerified:
		return p.followPlace(ctx, f)
	case locker.FaultRaised:
		return p.raise(ctx, faultIncident(f.Fault, f.Place, f.Part))
	case locker.FaultCleared:
		return p.over(ctx, faultIncident(f.Fault, f.Place, f.Part))
	case locker.DropRefused:
		return p.raise(ctx, incident.Incident{
			Kind: incident.DropRefused, Severity: incident.Low, Detail: string(f.Reason), Key: string(f.Reason),
		})
	case locker.CodeRefused:
		if f.Reason != locker.CodeCodeFlooded && f.Reason != locker.CodeHolderLocked {
			return nil
		}
		return p.raise(ctx, incident.Incident{
			Kind: incident.Lockout, Severity: incident.High, Detail: string(f.Reason), Key: string(f.Reason) + "|" + string(f.Unit),
		})
	case locker.EpochBegan:
		return p.followEpoch(ctx, f)
	case locker.ClockDoubted:
		return p.raise(ctx, incident.Incident{Kind: incident.ClockDoubted, Severity: incident.High})
	case locker.ClockTrusted:
		return p.over(ctx, incident.Incident{Kind: incident.ClockDoubted})
	}
	return nil
}

// over resolves the incident of a cause that is over by itself.
func (p *projection) over(ctx context.Context, i incident.Incident) error {
	i.Site = p.site
	p.incidents, p.tiles = true, true
	return p.intake.book.Settle(ctx, p.q, i, "cleared")
}

func (p *projection) answer(ctx context.Context, f locker.IntentAnswered) error {
	state := "done"
	if !f.Done {
		state = "refused"
	}
	n, err := p.q.AnswerIntent(ctx, db.AnswerIntentParams{
		State: state, Code: string(f.Reason), AnsweredAt: p.intake.millis(), ID: string(f.Intent), Site: p.site,
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
	job, err := announcement(row.Stay)
	if err != nil {
		return err
	}
	p.jobs = append(p.jobs, job)
	return nil
}

// JobFirstNotice is the kind of the job that a parcel waits and nobody told its recipient yet. Its
// body is a StayJob; the key names stay, recipient and generation.
const JobFirstNotice = "notice.first"

// StayJob is the body of jobs about a stay.
type StayJob struct {
	Site       locker.SiteID      `json:"site"`
	Stay       locker.StayID      `json:"stay"`
	Recipient  locker.RecipientID `json:"recipient"`
	Generation uint32             `json:"generation"`
}

// Announce makes the job of the first notice of a stay, unless there is one.
func (in *Intake) Announce(ctx context.Context, q *db.Queries, row db.Stay) error {
	job, err := announcement(row)
	if err != nil {
		return err
	}
	_, err = in.store.Enqueue(ctx, q, job)
	return err
}

func announcement(row db.Stay) (store.Job, error) {
	body, err := rows.Encode(StayJob{
		Site: locker.SiteID(row.Site), Stay: locker.StayID(row.ID), Recipient: locker.RecipientID(row.Recipient),
		Generation: uint32(row.Generation),
	})
	key := fmt.Sprintf("%s|%s|%s|%d", row.Site, row.ID, row.Recipient, row.Generation)
	return store.Job{Kind: JobFirstNotice, Key: key, Body: body}, err
}

func (p *projection) followStay(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.DepositBegun:
		if f.Recipient != "" {
			return nil
		}
		return p.raise(ctx, UnknownParcel(f.Stay, f.Place))
	case locker.ParcelCollected:
		if err := p.known(ctx, f.Stay, f.Place); err != nil {
			return err
		}
		return p.checkCollected(ctx, f)
	case locker.DepositUndone:
		return p.known(ctx, f.Stay, f.Place)
	case locker.ParcelRemoved:
		if f.Reason == "missing" {
			return p.raise(ctx, incident.Incident{
				Kind: incident.Missing, Severity: incident.Urgent, Place: string(f.Place), Stay: string(f.Stay), Key: string(f.Stay),
			})
		}
		return p.known(ctx, f.Stay, f.Place)
	case locker.ProblemReported:
		return p.raise(ctx, incident.Reported(p.site, string(f.Place), string(f.Stay), string(f.Problem)))
	}
	return nil
}

// known ends the incident of a parcel that came for nobody known.
func (p *projection) known(ctx context.Context, stay locker.StayID, place locker.PlaceID) error {
	row, err := p.stay(ctx, stay)
	if err != nil || row == nil || row.FirstRecipient != "" {
		return err
	}
	return p.over(ctx, UnknownParcel(stay, place))
}

// UnknownParcel is the incident of a parcel that came for nobody known.
func UnknownParcel(stay locker.StayID, place locker.PlaceID) incident.Incident {
	return incident.Incident{
		Kind: incident.UnknownParcel, Severity: incident.Low, Place: string(place), Stay: string(stay), Key: string(stay),
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
	return p.raise(ctx, incident.Incident{
		Kind: incident.RevokedCollected, Severity: incident.Urgent, Place: string(f.Place), Stay: string(f.Stay),
		Detail: detail, Key: string(f.Stay),
	})
}

func (p *projection) followPlace(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.DoorOpened:
		row, err := p.place(ctx, f.Place)
		if err != nil || !row.Unasked || p.raised(incident.OpenUnconfirmed, f.Place) {
			return err
		}
		return p.raise(ctx, placeIncident(incident.UnexpectedOpen, incident.Urgent, f.Place, ""))
	case locker.OpenUnconfirmed:
		return p.raise(ctx, placeIncident(incident.OpenUnconfirmed, incident.High, f.Place, ""))
	case locker.OpenFailed:
		if f.Reason != "jammed" {
			return nil // it is tried again, or the fault of the lock or board says so
		}
		return p.raise(ctx, placeIncident(incident.OpenFailed, incident.High, f.Place, f.Reason))
	case locker.PlaceDoubted:
		if p.raised(incident.UnexpectedOpen, f.Place) || p.raised(incident.Problem, f.Place) ||
			p.raised(incident.OpenUnconfirmed, f.Place) {
			return nil // the same cause
		}
		return p.raise(ctx, placeIncident(incident.PlaceDoubted, incident.High, f.Place, f.Reason))
	case locker.PlaceVerified:
		for _, kind := range []incident.Kind{incident.PlaceDoubted, incident.OpenUnconfirmed, incident.OpenFailed} {
			if err := p.over(ctx, placeIncident(kind, incident.High, f.Place, "")); err != nil {
				return err
			}
		}
	}
	return nil
}

func placeIncident(kind incident.Kind, severity incident.Severity, place locker.PlaceID, detail string) incident.Incident {
	return incident.Incident{Kind: kind, Severity: severity, Place: string(place), Detail: detail, Key: string(place)}
}

func faultIncident(f locker.Fault, place locker.PlaceID, part string) incident.Incident {
	severity := incident.High
	switch f {
	case locker.FaultBusLost, locker.FaultBoardSilent, locker.FaultDisk:
		severity = incident.Urgent
	case locker.FaultLock, locker.FaultAjar, locker.FaultSensor, locker.FaultLayout:
	}
	return incident.Incident{
		Kind: incident.Fault, Severity: severity, Place: string(place), Detail: string(f),
		Key: incident.FaultKey(string(f), string(place), part),
	}
}
