package api

import (
	"context"
	"net/url"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
)

func (a *API) registerAudits() {
	const base = "/sites/{site}/audit/rounds"
	add(a, operation{
		method: get, path: "/sites/{site}/audit", id: "get-audit", tag: tagAudit, scopes: read(),
		summary: "Get what the last audit of a site found", more: "NOT_FOUND before the first one.",
	}, a.getAudit)
	add(a, operation{
		method: post, path: "/sites/{site}/audit", id: "run-audit", tag: tagAudit, scopes: write(),
		summary: "Audit a site now", more: "Each site is audited hourly and after it came back; nothing is changed by it.",
	}, a.runAudit)
	add(a, operation{
		method: get, path: base, id: "list-rounds", tag: tagAudit, scopes: read(),
		summary: "List the latest guided audits of a site",
	}, a.listRounds)
	add(a, operation{
		method: post, path: base, id: "begin-round", tag: tagAudit, scopes: write(), status: createdStatus,
		summary: "Begin a guided audit", more: "Of all places, or of the doubtful ones.",
	}, a.beginRound)
	add(a, operation{
		method: get, path: base + "/{round}", id: "get-round", tag: tagAudit, scopes: read(),
		summary: "Get a guided audit, place by place",
	}, a.getRound)
	add(a, operation{
		method: post, path: base + "/{round}/finish", id: "finish-round", tag: tagAudit, scopes: write(), status: doneStatus,
		summary: "Finish a guided audit", more: "Places that nobody looked into stay so.",
	}, a.finishRound)
	add(a, operation{
		method: post, path: base + "/{round}/places/{place}/open", id: "open-round-place", tag: tagAudit, scopes: []auth.Scope{auth.ScopeOpen, auth.ScopeWrite},
		status: doneStatus, summary: "Open the door of a place of a guided audit", more: "As every remote opening: the site's governor allows few a minute.",
	}, a.openRoundPlace)
	add(a, operation{
		method: post, path: base + "/{round}/places/{place}/answer", id: "answer-round-place", tag: tagAudit, scopes: write(), status: doneStatus,
		summary: "Say what is in a place of a guided audit", more: "The site records it. A new answer replaces the one before.",
	}, a.answerRoundPlace)
	add(a, operation{
		method: post, path: base + "/{round}/places/{place}/skip", id: "skip-round-place", tag: tagAudit, scopes: write(), status: doneStatus,
		summary: "Leave a place of a guided audit out",
	}, a.skipRoundPlace)
}

// Audit is what an audit found.
type Audit struct {
	At          time.Time    `json:"at" doc:"When it was."`
	Epoch       uint64       `json:"epoch" doc:"Up to where the record was compared: epoch."`
	Number      uint64       `json:"number" doc:"Up to where the record was compared: number."`
	Entered     int64        `json:"entered" doc:"Parcels that the record ever began."`
	Stored      int64        `json:"stored" doc:"There now, but for those in incident."`
	Collected   int64        `json:"collected" doc:"Collected by their recipients."`
	Returned    int64        `json:"returned" doc:"Taken out by staff, or back by whoever brought them."`
	Held        int64        `json:"held" doc:"In incident."`
	Differences []Difference `json:"differences" doc:"None: nothing is amiss."`
	Skipped     []string     `json:"skipped" doc:"What could not be compared: tables, controller."`
}

// Difference is one contradiction of the books.
type Difference struct {
	Kind   audit.Kind      `json:"kind" doc:"What contradicts what; the incident's kind is the same after audit_." example:"ghost"`
	Place  locker.PlaceID  `json:"place,omitempty" doc:"Id of the place." example:"main/B07"`
	Stay   locker.StayID   `json:"stay,omitempty" doc:"Id of the stay."`
	Parcel locker.ParcelID `json:"parcel,omitempty" doc:"Id of the parcel."`
	Detail string          `json:"detail,omitempty" doc:"A word or figures that say more." example:"sensor_empty"`
}

func auditOf(r audit.Report) Audit {
	return Audit{
		At: r.At, Epoch: r.Position.Epoch, Number: r.Position.Number, Entered: r.Entered, Stored: r.Stored, Collected: r.Collected,
		Returned: r.Returned, Held: r.Held, Skipped: each(r.Skipped, func(s string) string { return s }),
		Differences: each(r.Differences, func(d audit.Difference) Difference {
			return Difference{Kind: d.Kind, Place: d.Place, Stay: d.Stay, Parcel: d.Parcel, Detail: d.Detail}
		}),
	}
}

func (a *API) getAudit(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Audit], error) {
	r, ok, err := a.audits.Last(ctx, who, in.Site)
	if err == nil && !ok {
		err = locker.Errorf(locker.CodeNotFound, "this site was not audited yet")
	}
	return answer(auditOf(r), err)
}

func (a *API) runAudit(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Audit], error) {
	r, err := a.audits.Run(ctx, who, in.Site)
	return answer(auditOf(r), err)
}

// Round is a guided audit in a list.
type Round struct {
	ID      string        `json:"id" doc:"Id."`
	Scope   round.Scope   `json:"scope" enum:"all,doubtful" doc:"Which places."`
	Bank    locker.BankID `json:"bank,omitempty" doc:"Id of the bank or room; missing: the whole site."`
	Reason  string        `json:"reason,omitempty" doc:"Why; with the scope pii."`
	By      string        `json:"by,omitempty" doc:"Who began it; with the scope pii."`
	Began   time.Time     `json:"began" doc:"When."`
	EndedAt time.Time     `json:"ended_at,omitzero" doc:"When it was finished."`
	Done    int           `json:"done" doc:"Places that are over."`
	Of      int           `json:"of" doc:"Places."`
	Amiss   int           `json:"amiss" doc:"Places that were not as booked, or could not be seen."`
}

func roundOf(s round.Summary, people bool) Round {
	return Round{
		ID: s.ID, Scope: s.Scope, Bank: s.Bank, Reason: only(people, s.Reason), By: only(people, s.By), Began: s.Began, EndedAt: s.Ended,
		Done: s.Done, Of: s.Of, Amiss: s.Amiss,
	}
}

// Rounds are the latest guided audits.
type Rounds struct {
	Items []Round `json:"items" doc:"Newest first."`
}

func (a *API) listRounds(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Rounds], error) {
	list, err := a.rounds.List(ctx, who, in.Site)
	people := seesPeople(who)
	return answer(Rounds{Items: each(list, func(s round.Summary) Round { return roundOf(s, people) })}, err)
}

func (a *API) beginRound(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body struct {
		Scope  round.Scope   `json:"scope" enum:"all,doubtful" doc:"Which places."`
		Bank   locker.BankID `json:"bank,omitempty" maxLength:"200" doc:"Id of a bank or room; missing: the whole site."`
		Reason string        `json:"reason" minLength:"3" maxLength:"200" doc:"Why: it stands beside each opening." example:"Weekly look"`
	}
},
) (*made[Named], error) {
	id, err := a.rounds.Begin(ctx, who, in.Site, round.Draft{Scope: in.Body.Scope, Bank: in.Body.Bank, Reason: in.Body.Reason})
	return named(id, err, "/sites/"+url.PathEscape(string(in.Site))+"/audit/rounds/%s")
}

// RoundDetail is a guided audit with its places.
type RoundDetail struct {
	Round
	Places []RoundPlace `json:"places" doc:"In the order in which they are looked into."`
}

// RoundPlace is one place of a guided audit.
type RoundPlace struct {
	Place     locker.PlaceID `json:"place" doc:"Id of the place." example:"main/B07"`
	Name      string         `json:"name" doc:"What stands on it." example:"B07"`
	State     round.State    `json:"state" enum:"todo,sent,done,refused,skipped" doc:"How far it is."`
	Said      round.Said     `json:"said,omitempty" enum:"empty,as_booked,differs,unseen" doc:"What was said."`
	Booked    int            `json:"booked" doc:"Parcels in the books when it was said."`
	Seen      int            `json:"seen" doc:"Of them, seen."`
	Missing   []string       `json:"missing" doc:"Ids of parcels that were booked and not seen."`
	Found     []string       `json:"found" doc:"Ids of parcels that are booked somewhere else."`
	Strangers int            `json:"strangers" doc:"Parcels that are booked nowhere."`
	Code      locker.Code    `json:"code,omitempty" doc:"Why the site did not take it."`
	At        time.Time      `json:"at,omitzero" doc:"When it was said."`
}

func (a *API) getRound(ctx context.Context, who cloud.Principal, in *OfRound) (*reply[RoundDetail], error) {
	v, err := a.rounds.View(ctx, who, in.Site, in.Round, "")
	text := func(s string) string { return s }
	return answer(RoundDetail{Round: roundOf(v.Summary, seesPeople(who)), Places: each(v.Steps, func(s round.Step) RoundPlace {
		return RoundPlace{
			Place: s.Place, Name: s.Name, State: s.State, Said: s.Said, Booked: s.Booked, Seen: s.Seen, Missing: each(s.Missing, text),
			Found: each(s.Found, text), Strangers: s.Strangers, Code: s.Code, At: s.At,
		}
	})}, err)
}

func (a *API) finishRound(ctx context.Context, who cloud.Principal, in *OfRound) (*none, error) {
	return done(a.rounds.Finish(ctx, who, in.Site, in.Round))
}

func (a *API) openRoundPlace(ctx context.Context, who cloud.Principal, in *OfRoundPlace) (*none, error) {
	return done(a.rounds.Open(ctx, who, in.Site, in.Round, in.Place))
}

func (a *API) answerRoundPlace(ctx context.Context, who cloud.Principal, in *struct {
	OfRoundPlace
	Body struct {
		Said   round.Said      `json:"said" enum:"empty,as_booked,differs,unseen" doc:"What is in it."`
		Seen   []locker.StayID `json:"seen,omitempty" maxItems:"200" doc:"Of what is booked here, what is here: stays. With differs."`
		Found  []locker.StayID `json:"found,omitempty" maxItems:"50" doc:"What is here and booked somewhere else: stays. With differs."`
		Labels []string        `json:"labels,omitempty" maxItems:"20" doc:"Labels of parcels that are booked nowhere. With differs."`
		More   int             `json:"more,omitempty" minimum:"0" maximum:"50" doc:"Parcels that are booked nowhere and have no label. With differs."`
		Note   string          `json:"note,omitempty" maxLength:"500" doc:"What there is to say."`
	}
},
) (*none, error) {
	b := in.Body
	return done(a.rounds.Answer(ctx, who, in.Site, in.Round, in.Place, round.Answer{
		Said: b.Said, Seen: b.Seen, Found: b.Found, Labels: b.Labels, More: b.More, Note: b.Note,
	}))
}

func (a *API) skipRoundPlace(ctx context.Context, who cloud.Principal, in *OfRoundPlace) (*none, error) {
	return done(a.rounds.Skip(ctx, who, in.Site, in.Round, in.Place))
}

// OfRound names a guided audit of a site.
type OfRound struct {
	OfSite
	Round string `path:"round" maxLength:"200" doc:"Id of the guided audit."`
}

// OfRoundPlace names a place of a guided audit.
type OfRoundPlace struct {
	OfPlace
	Round string `path:"round" maxLength:"200" doc:"Id of the guided audit."`
}
