package api

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cubby/internal/cloud"
	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/publish"
	"cubby/internal/locker"
)

const (
	zipType   = "application/zip"
	linesType = "application/jsonl"
	plainType = "text/plain"
)

// Evidence makes what anybody can verify; see bundle.Maker.
type Evidence interface {
	Bundle(ctx context.Context, who cloud.Principal, site locker.SiteID, parcel locker.ParcelID, language string) ([]byte, error)
	Export(ctx context.Context, who cloud.Principal, site locker.SiteID) (func(io.Writer) error, error)
	Heads(ctx context.Context, who cloud.Principal) ([]evidence.Head, error)
}

// Publisher gives out what was published of the records of all sites.
type Publisher interface {
	Days(ctx context.Context, before string) ([]publish.Day, error)
	File(ctx context.Context, who cloud.Principal, day string) ([]byte, error)
}

// errNoEvidence answers where a server makes none.
func errNoEvidence() error {
	return locker.Errorf(locker.CodeNotFound, "this server makes no evidence")
}

func (a *API) getEvidence(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Parcel   locker.ParcelID `path:"parcel" maxLength:"200" doc:"Id of the parcel." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b21"`
	Language string          `query:"lang" maxLength:"20" doc:"Of the words; empty: by Accept-Language." example:"es"`
},
) (*huma.StreamResponse, error) {
	if a.proofs == nil {
		return nil, errNoEvidence()
	}
	language := in.Language
	if !a.text.Speaks(language) {
		language = languageOf(ctx)
	}
	archive, err := a.proofs.Bundle(ctx, who, in.Site, in.Parcel, language)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", zipType)
		hc.SetHeader("Content-Length", strconv.Itoa(len(archive)))
		hc.SetHeader("Content-Disposition", `attachment; filename="evidence.zip"`)
		if _, err := hc.BodyWriter().Write(archive); err != nil {
			a.log.DebugContext(ctx, "evidence was not read to its end", slog.Any("error", err))
		}
	}}, nil
}

func (a *API) exportRecord(ctx context.Context, who cloud.Principal, in *OfSite) (*huma.StreamResponse, error) {
	if a.proofs == nil {
		return nil, errNoEvidence()
	}
	write, err := a.proofs.Export(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", linesType)
		hc.SetHeader("Content-Disposition", `attachment; filename="record.jsonl"`)
		// A record that ends early has no last line, which whoever checks it sees.
		if err := write(hc.BodyWriter()); err != nil {
			a.log.WarnContext(ctx, "a record was not sent to its end", slog.String("site", string(in.Site)), slog.Any("error", err))
		}
	}}, nil
}

// SiteHead is the newest tree head of a site.
type SiteHead struct {
	Site  locker.SiteID `json:"site" doc:"Id of the site." example:"harbour-view"`
	Epoch uint64        `json:"epoch" doc:"Epoch of its record."`
	Size  uint64        `json:"size" doc:"How many records of the epoch it covers."`
	Note  string        `json:"note" doc:"The head: a signed note, for cubby verify --head."`
	At    time.Time     `json:"at" doc:"When the server kept it."`
}

func (a *API) listHeads(ctx context.Context, who cloud.Principal, _ *struct{}) (*reply[List[SiteHead]], error) {
	if a.proofs == nil {
		return nil, errNoEvidence()
	}
	heads, err := a.proofs.Heads(ctx, who)
	return answer(List[SiteHead]{Items: each(heads, func(h evidence.Head) SiteHead { return SiteHead(h) })}, err)
}

// Publication is a day whose tree heads were published.
type Publication struct {
	Day string    `json:"day" format:"date" doc:"Day of UTC." example:"2026-11-25"`
	Sum string    `json:"sum" doc:"Hash (SHA-256, base64) of its text: the publication after it holds the same."`
	At  time.Time `json:"at" doc:"When it was published."`
}

func (a *API) listPublications(ctx context.Context, _ cloud.Principal, in *struct {
	Before string `query:"before" format:"date" doc:"Only days before this one." example:"2026-11-25"`
},
) (*reply[List[Publication]], error) {
	if a.published == nil {
		return nil, errNoEvidence()
	}
	days, err := a.published.Days(ctx, in.Before)
	return answer(List[Publication]{Items: each(days, func(d publish.Day) Publication { return Publication(d) })}, err)
}

func (a *API) getPublication(ctx context.Context, who cloud.Principal, in *struct {
	Day string `path:"day" format:"date" doc:"Day of UTC." example:"2026-11-25"`
},
) (*huma.StreamResponse, error) {
	if a.published == nil {
		return nil, errNoEvidence()
	}
	file, err := a.published.File(ctx, who, in.Day)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", plainType+"; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+publish.FileName(in.Day)+`"`)
		if _, err := hc.BodyWriter().Write(file); err != nil {
			a.log.DebugContext(ctx, "a publication was not read to its end", slog.Any("error", err))
		}
	}}, nil
}
