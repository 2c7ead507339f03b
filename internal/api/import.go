package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
)

// maxImport is the largest list of residents: what the use case takes.
const maxImport = cloud.MaxImportBytes

// ImportPlan is what importing a list would change.
type ImportPlan struct {
	ID        string          `json:"id,omitempty" doc:"For applying it; missing: it cannot be applied as it is, or there is nothing to do."`
	Rows      int             `json:"rows" doc:"Of the list, without the header."`
	Add       int             `json:"add" doc:"Residents that are new."`
	Change    int             `json:"change" doc:"Residents that change."`
	Unchanged int             `json:"unchanged" doc:"Residents that stay as they are."`
	Gone      int             `json:"gone" doc:"Known of the source, not in the list."`
	Faulty    int             `json:"faulty" doc:"Rows with problems."`
	UnitsAdd  int             `json:"units_add" doc:"Units that are new."`
	UnitsEdit int             `json:"units_change" doc:"Units whose number changes."`
	Problems  []ImportProblem `json:"problems" doc:"The first 200."`
	Mapping   []string        `json:"mapping" doc:"What each column was taken for."`
	ExpiresAt time.Time       `json:"expires_at,omitzero" doc:"When it can no longer be applied."`
}

// ImportProblem is one thing that is wrong with a row.
type ImportProblem struct {
	Line   int                  `json:"line" doc:"Of the list, counted from 1."`
	Column string               `json:"column,omitempty" doc:"Header of the column."`
	Code   importer.ProblemCode `json:"code" doc:"What is wrong."`
	Other  int                  `json:"other_line,omitempty" doc:"Line that this one repeats."`
}

func (a *API) planImport(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Source         string `query:"source" maxLength:"50" doc:"System that the list comes from; empty: csv." example:"yardi"`
	Mapping        string `query:"mapping" maxLength:"1000" doc:"What each column holds, by commas, empty: not imported. Missing: as the headers say." example:"unit,name,email"`
	SkipFaulty     bool   `query:"skip_faulty" doc:"Import the rows without problems; otherwise one problem stops all."`
	DeactivateGone bool   `query:"deactivate_gone" doc:"Make inactive whom the source brought before and the list lacks."`
	RawBody        []byte `contentType:"text/csv" doc:"The list; the first line names the columns."`
},
) (*reply[ImportPlan], error) {
	mapping, err := a.mapping(ctx, who, in.Mapping, in.RawBody)
	if err != nil {
		return nil, err
	}
	p, err := a.cloud.PlanImport(ctx, who, cloud.ImportInput{
		Site: in.Site, Data: in.RawBody, Mapping: mapping, Source: in.Source, SkipFaulty: in.SkipFaulty,
		DeactivateGone: in.DeactivateGone,
	})
	return answer(ImportPlan{
		ID: p.ID, Rows: p.Rows, Add: p.Add, Change: p.Change, Unchanged: p.Unchanged, Gone: p.Gone, Faulty: p.Faulty,
		UnitsAdd: p.UnitsAdd, UnitsEdit: p.UnitsEdit, ExpiresAt: p.ExpiresAt,
		Mapping: each(mapping, func(f importer.Field) string { return string(f) }),
		Problems: each(p.Problems, func(x importer.Problem) ImportProblem {
			return ImportProblem{Line: x.Line, Column: x.Column, Code: x.Code, Other: x.Other}
		}),
	}, err)
}

// mapping reads what the columns hold, or takes the headers' word for it.
func (a *API) mapping(ctx context.Context, who cloud.Principal, text string, list []byte) (importer.Mapping, error) {
	if text == "" {
		guess, err := a.cloud.GuessMapping(ctx, who, list)
		return guess.Mapping(), err
	}
	var m importer.Mapping
	for name := range strings.SplitSeq(text, ",") {
		field := importer.Field(strings.TrimSpace(name))
		if field != importer.FieldNone && !slices.Contains(importer.Fields(), field) {
			return nil, locker.Errorf(locker.CodeInputInvalid, "a column cannot hold %q", string(field))
		}
		m = append(m, field)
	}
	return m, nil
}

// ImportResult is what an import changed.
type ImportResult struct {
	Added        int `json:"added" doc:"Residents."`
	Changed      int `json:"changed" doc:"Residents."`
	Deactivated  int `json:"deactivated" doc:"Residents."`
	UnitsAdded   int `json:"units_added" doc:"Units."`
	UnitsChanged int `json:"units_changed" doc:"Units."`
}

func (a *API) applyImport(ctx context.Context, who cloud.Principal, in *struct {
	Plan string `path:"plan" maxLength:"200" doc:"Id of the plan."`
},
) (*reply[ImportResult], error) {
	r, err := a.cloud.ApplyImport(ctx, who, in.Plan)
	return answer(ImportResult(r), err)
}
