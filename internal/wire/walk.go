package wire

import "cubby/internal/locker"

// How a plainer walks over the facts, in the order of their fields. A test compares each with what
// encoding/json makes of the same fact.

// readFact reads the body of a fact of a kind.
func readFact(p *plainer, kind string) locker.Fact {
	switch kind {
	case "epoch_began":
		return readPlain(p, walkEpochBegan)
	case "site_started":
		return readPlain(p, walkSiteStarted)
	case "directory_applied":
		return readPlain(p, walkDirectoryApplied)
	case "session_began":
		return readPlain(p, walkSessionBegan)
	case "session_ended":
		return readPlain(p, walkSessionEnded)
	case "code_refused":
		return readPlain(p, walkCodeRefused)
	case "open_requested":
		return readPlain(p, walkOpenRequested)
	case "door_opened":
		return readPlain(p, walkDoorOpened)
	case "open_failed":
		return readPlain(p, walkOpenFailed)
	case "open_unconfirmed":
		return readPlain(p, walkOpenUnconfirmed)
	case "door_closed":
		return readPlain(p, walkDoorClosed)
	case "deposit_begun":
		return readPlain(p, walkDepositBegun)
	case "parcel_stored":
		return readPlain(p, walkParcelStored)
	case "deposit_settled":
		return readPlain(p, walkDepositSettled)
	case "undo_requested":
		return readPlain(p, walkUndoRequested)
	case "deposit_undone":
		return readPlain(p, walkDepositUndone)
	}
	return readLaterFact(p, kind)
}

func readLaterFact(p *plainer, kind string) locker.Fact {
	switch kind {
	case "parcel_collected":
		return readPlain(p, walkParcelCollected)
	case "parcel_removed":
		return readPlain(p, walkParcelRemoved)
	case "problem_reported":
		return readPlain(p, walkProblemReported)
	case "code_reissued":
		return readPlain(p, walkCodeReissued)
	case "drop_refused":
		return readPlain(p, walkDropRefused)
	case "service_changed":
		return readPlain(p, walkServiceChanged)
	case "place_reserved":
		return readPlain(p, walkPlaceReserved)
	case "reservation_ended":
		return readPlain(p, walkReservationEnded)
	case "intent_answered":
		return readPlain(p, walkIntentAnswered)
	case "fault_raised":
		return readPlain(p, walkFaultRaised)
	case "fault_cleared":
		return readPlain(p, walkFaultCleared)
	case "place_doubted":
		return readPlain(p, walkPlaceDoubted)
	case "place_verified":
		return readPlain(p, walkPlaceVerified)
	case "place_audited":
		return readPlain(p, walkPlaceAudited)
	case "service_session_began":
		return readPlain(p, walkServiceSessionBegan)
	case "service_session_ended":
		return readPlain(p, walkServiceSessionEnded)
	case "clock_doubted":
		return readPlain(p, walkClockDoubted)
	case "clock_trusted":
		return readPlain(p, walkClockTrusted)
	}
	p.bad = true
	return nil
}

// writeFact writes the body of a fact.
func writeFact(p *plainer, fact locker.Fact) {
	switch f := fact.(type) {
	case locker.EpochBegan:
		writePlain(p, f, walkEpochBegan)
	case locker.SiteStarted:
		writePlain(p, f, walkSiteStarted)
	case locker.DirectoryApplied:
		writePlain(p, f, walkDirectoryApplied)
	case locker.SessionBegan:
		writePlain(p, f, walkSessionBegan)
	case locker.SessionEnded:
		writePlain(p, f, walkSessionEnded)
	case locker.CodeRefused:
		writePlain(p, f, walkCodeRefused)
	case locker.OpenRequested:
		writePlain(p, f, walkOpenRequested)
	case locker.DoorOpened:
		writePlain(p, f, walkDoorOpened)
	case locker.OpenFailed:
		writePlain(p, f, walkOpenFailed)
	case locker.OpenUnconfirmed:
		writePlain(p, f, walkOpenUnconfirmed)
	case locker.DoorClosed:
		writePlain(p, f, walkDoorClosed)
	case locker.DepositBegun:
		writePlain(p, f, walkDepositBegun)
	case locker.ParcelStored:
		writePlain(p, f, walkParcelStored)
	case locker.DepositSettled:
		writePlain(p, f, walkDepositSettled)
	case locker.UndoRequested:
		writePlain(p, f, walkUndoRequested)
	case locker.DepositUndone:
		writePlain(p, f, walkDepositUndone)
	default:
		writeLaterFact(p, fact)
	}
}

func writeLaterFact(p *plainer, fact locker.Fact) {
	switch f := fact.(type) {
	case locker.ParcelCollected:
		writePlain(p, f, walkParcelCollected)
	case locker.ParcelRemoved:
		writePlain(p, f, walkParcelRemoved)
	case locker.ProblemReported:
		writePlain(p, f, walkProblemReported)
	case locker.CodeReissued:
		writePlain(p, f, walkCodeReissued)
	case locker.DropRefused:
		writePlain(p, f, walkDropRefused)
	case locker.ServiceChanged:
		writePlain(p, f, walkServiceChanged)
	case locker.PlaceReserved:
		writePlain(p, f, walkPlaceReserved)
	case locker.ReservationEnded:
		writePlain(p, f, walkReservationEnded)
	case locker.IntentAnswered:
		writePlain(p, f, walkIntentAnswered)
	case locker.FaultRaised:
		writePlain(p, f, walkFaultRaised)
	case locker.FaultCleared:
		writePlain(p, f, walkFaultCleared)
	case locker.PlaceDoubted:
		writePlain(p, f, walkPlaceDoubted)
	case locker.PlaceVerified:
		writePlain(p, f, walkPlaceVerified)
	case locker.PlaceAudited:
		writePlain(p, f, walkPlaceAudited)
	case locker.ServiceSessionBegan:
		writePlain(p, f, walkServiceSessionBegan)
	case locker.ServiceSessionEnded:
		writePlain(p, f, walkServiceSessionEnded)
	case locker.ClockDoubted:
		writePlain(p, f, walkClockDoubted)
	case locker.ClockTrusted:
		writePlain(p, f, walkClockTrusted)
	default:
		p.bad = true
	}
}

func readPlain[F locker.Fact](p *plainer, walk func(*plainer, *F)) locker.Fact {
	var fact F
	p.open()
	walk(p, &fact)
	p.close()
	return fact
}

func writePlain[F locker.Fact](p *plainer, fact F, walk func(*plainer, *F)) {
	p.open()
	walk(p, &fact)
	p.close()
}

func walkEpochBegan(p *plainer, f *locker.EpochBegan) {
	text(p, "reason", &f.Reason)
	p.flag("audit", &f.Audit)
	optional(p, "sealed", &f.Sealed)
}

func walkSiteStarted(p *plainer, f *locker.SiteStarted) {
	text(p, "boot", &f.Boot)
	text(p, "version", &f.Version)
}

func walkDirectoryApplied(p *plainer, f *locker.DirectoryApplied) {
	number(p, "rev", &f.Rev)
}

func walkSessionBegan(p *plainer, f *locker.SessionBegan) {
	text(p, "session", &f.Session)
	p.actor("actor", &f.Actor)
	optional(p, "grant", &f.Grant)
}

func walkSessionEnded(p *plainer, f *locker.SessionEnded) {
	text(p, "session", &f.Session)
	text(p, "reason", &f.Reason)
}

func walkCodeRefused(p *plainer, f *locker.CodeRefused) {
	text(p, "form", &f.Form)
	optional(p, "unit", &f.Unit)
	text(p, "reason", &f.Reason)
	text(p, "purpose", &f.Purpose)
	optional(p, "source", &f.Source)
}

func walkOpenRequested(p *plainer, f *locker.OpenRequested) {
	text(p, "request", &f.Request)
	text(p, "place", &f.Place)
	text(p, "purpose", &f.Purpose)
	text(p, "cause", &f.Cause)
	text(p, "grant", &f.Grant)
	p.actor("actor", &f.Actor)
	optional(p, "session", &f.Session)
	list(p, "stays", &f.Stays)
	optional(p, "retries", &f.Retries)
	number(p, "attempt", &f.Attempt)
	optional(p, "note", &f.Note)
}

func walkDoorOpened(p *plainer, f *locker.DoorOpened) {
	text(p, "place", &f.Place)
	optional(p, "request", &f.Request)
	text(p, "evidence", &f.Evidence)
}

func walkOpenFailed(p *plainer, f *locker.OpenFailed) {
	text(p, "request", &f.Request)
	text(p, "place", &f.Place)
	text(p, "reason", &f.Reason)
}

func walkOpenUnconfirmed(p *plainer, f *locker.OpenUnconfirmed) {
	text(p, "request", &f.Request)
	text(p, "place", &f.Place)
}

func walkDoorClosed(p *plainer, f *locker.DoorClosed) {
	text(p, "place", &f.Place)
	optional(p, "request", &f.Request)
	optional(p, "occupancy", &f.Occupancy)
}

func walkDepositBegun(p *plainer, f *locker.DepositBegun) {
	text(p, "stay", &f.Stay)
	text(p, "parcel", &f.Parcel)
	text(p, "place", &f.Place)
	optional(p, "recipient", &f.Recipient)
	optional(p, "unit", &f.Unit)
	text(p, "size", &f.Size)
	p.actor("actor", &f.Actor)
	optional(p, "carrier", &f.Carrier)
	optional(p, "session", &f.Session)
	optional(p, "tracking", &f.Tracking)
	text(p, "key", &f.Key)
	number(p, "generation", &f.Generation)
	number(p, "collect_by", &f.CollectBy)
	p.flag("upgraded", &f.Upgraded)
	p.flag("shared", &f.Shared)
}

func walkParcelStored(p *plainer, f *locker.ParcelStored) {
	text(p, "stay", &f.Stay)
	text(p, "place", &f.Place)
	text(p, "evidence", &f.Evidence)
	p.actor("by", &f.By)
}

func walkDepositSettled(p *plainer, f *locker.DepositSettled) {
	text(p, "stay", &f.Stay)
}

func walkUndoRequested(p *plainer, f *locker.UndoRequested) {
	text(p, "stay", &f.Stay)
	text(p, "reason", &f.Reason)
}

func walkDepositUndone(p *plainer, f *locker.DepositUndone) {
	text(p, "stay", &f.Stay)
	text(p, "place", &f.Place)
	text(p, "reason", &f.Reason)
}

func walkParcelCollected(p *plainer, f *locker.ParcelCollected) {
	text(p, "stay", &f.Stay)
	text(p, "place", &f.Place)
	text(p, "evidence", &f.Evidence)
	p.actor("by", &f.By)
	optional(p, "to", &f.To)
	optional(p, "taker", &f.Taker)
	optional(p, "signature", &f.Signature)
}

func walkParcelRemoved(p *plainer, f *locker.ParcelRemoved) {
	text(p, "stay", &f.Stay)
	text(p, "place", &f.Place)
	p.actor("by", &f.By)
	text(p, "reason", &f.Reason)
	optional(p, "note", &f.Note)
}

func walkProblemReported(p *plainer, f *locker.ProblemReported) {
	optional(p, "stay", &f.Stay)
	text(p, "place", &f.Place)
	text(p, "problem", &f.Problem)
	p.actor("by", &f.By)
}

func walkCodeReissued(p *plainer, f *locker.CodeReissued) {
	text(p, "stay", &f.Stay)
	text(p, "key", &f.Key)
	number(p, "generation", &f.Generation)
	p.actor("by", &f.By)
	optional(p, "for", &f.For)
}

func walkDropRefused(p *plainer, f *locker.DropRefused) {
	optional(p, "session", &f.Session)
	p.actor("actor", &f.Actor)
	optional(p, "carrier", &f.Carrier)
	optional(p, "recipient", &f.Recipient)
	text(p, "reason", &f.Reason)
	optional(p, "size", &f.Size)
	optional(p, "tracking", &f.Tracking)
}

func walkServiceChanged(p *plainer, f *locker.ServiceChanged) {
	text(p, "place", &f.Place)
	p.truth("out", &f.Out)
	p.actor("by", &f.By)
	optional(p, "note", &f.Note)
}

func walkPlaceReserved(p *plainer, f *locker.PlaceReserved) {
	text(p, "reservation", &f.Reservation)
	text(p, "place", &f.Place)
	optional(p, "unit", &f.Unit)
	optional(p, "courier", &f.Courier)
	number(p, "until", &f.Until)
}

func walkReservationEnded(p *plainer, f *locker.ReservationEnded) {
	text(p, "reservation", &f.Reservation)
	text(p, "reason", &f.Reason)
}

func walkIntentAnswered(p *plainer, f *locker.IntentAnswered) {
	text(p, "intent", &f.Intent)
	p.truth("done", &f.Done)
	optional(p, "reason", &f.Reason)
}

func walkFaultRaised(p *plainer, f *locker.FaultRaised) {
	text(p, "fault", &f.Fault)
	optional(p, "place", &f.Place)
	optional(p, "part", &f.Part)
}

func walkFaultCleared(p *plainer, f *locker.FaultCleared) {
	text(p, "fault", &f.Fault)
	optional(p, "place", &f.Place)
	optional(p, "part", &f.Part)
}

func walkPlaceDoubted(p *plainer, f *locker.PlaceDoubted) {
	text(p, "place", &f.Place)
	text(p, "reason", &f.Reason)
}

func walkPlaceVerified(p *plainer, f *locker.PlaceVerified) {
	text(p, "place", &f.Place)
	p.truth("occupied", &f.Occupied)
	p.actor("by", &f.By)
}

func walkPlaceAudited(p *plainer, f *locker.PlaceAudited) {
	text(p, "place", &f.Place)
	p.actor("by", &f.By)
	list(p, "seen", &f.Seen)
	list(p, "missing", &f.Missing)
	list(p, "found", &f.Found)
	number(p, "strangers", &f.Strangers)
	list(p, "held", &f.Held)
	p.flag("unseen", &f.Unseen)
	list(p, "labels", &f.Labels)
	optional(p, "note", &f.Note)
}

func walkServiceSessionBegan(p *plainer, f *locker.ServiceSessionBegan) {
	text(p, "first", &f.First)
	text(p, "second", &f.Second)
	number(p, "until", &f.Until)
}

func walkServiceSessionEnded(p *plainer, f *locker.ServiceSessionEnded) {
	text(p, "reason", &f.Reason)
}

func walkClockDoubted(p *plainer, f *locker.ClockDoubted) {
	number(p, "jump_ms", &f.JumpMS)
}

func walkClockTrusted(p *plainer, f *locker.ClockTrusted) {
	number(p, "offset_ms", &f.OffsetMS)
}
