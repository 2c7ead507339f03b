package api

import (
	"context"
	"encoding/json"
	"time"

	"cubby/internal/cloud"
)

// Fact is one fact of a site's record. Its body holds ids, never personal data.
type Fact struct {
	Cursor string          `json:"cursor" doc:"after, for what follows this one."`
	Epoch  uint64          `json:"epoch" doc:"Of the record."`
	Number uint64          `json:"number" doc:"Of the operation in its epoch."`
	Index  int             `json:"index" doc:"Within the operation."`
	At     time.Time       `json:"at" doc:"By the site's clock; the order is that of the numbers."`
	Kind   string          `json:"kind" doc:"Which fact." example:"parcel_stored"`
	Body   json.RawMessage `json:"body" doc:"The fact, as the site wrote it."`
}

func (a *API) listFacts(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	After string `query:"after" maxLength:"100" doc:"Cursor of a fact, or next of an earlier answer; empty: from the beginning."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Facts at most."`
},
) (*reply[List[Fact]], error) {
	after, err := reveal(in.After)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Facts(ctx, who, in.Site, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return answer(listOf(page, factOf), nil)
}

func factOf(f cloud.FactView) Fact {
	return Fact{
		Cursor: opaque(f.Cursor), Epoch: f.Epoch, Number: f.Number, Index: f.Index, At: f.At, Kind: f.Kind, Body: f.Body,
	}
}
