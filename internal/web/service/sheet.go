package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the sheet's style
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"cubby/internal/commission"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

//go:embed sheet.css
var sheetStyle string

// sheetPolicy allows the sheet's own style and nothing else: it must look right as a saved file too.
func sheetPolicy() ui.Policy {
	sum := sha256.Sum256([]byte(sheetStyle))
	return ui.Policy("default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}

// RenderSheet returns the hand-over sheet as a page that is complete in itself: it can be saved, mailed
// and printed. Times are in zone.
func RenderSheet(ctx context.Context, p *text.Printer, s commission.Sheet, zone *time.Location) ([]byte, error) {
	var page bytes.Buffer
	if err := sheetPage(newSheetView(p, s, zone)).Render(ctx, &page); err != nil {
		return nil, fmt.Errorf("render the hand-over sheet: %w", err)
	}
	return page.Bytes(), nil
}

// row is a term and what is said of it.
type row struct{ Term, Text string }

type sheetView struct {
	Lang, Dir, Title string
	Facts            []row
	Tally            string
	FindingsTitle    string
	NoFindings       string // "" when there are some
	Findings         []findingView
	BoardsTitle      string
	Boards           boardsView
	DoorsTitle       string
	Heads            [3]string
	Doors            []doorRow
	Record           *recordView
	Sign             []string
}

type doorRow struct{ Label, Output, Result, State string }

type recordView struct{ Title, Text, Root, KeyText, Key string }

func newSheetView(p *text.Printer, s commission.Sheet, zone *time.Location) sheetView {
	v := sheetView{
		Lang: p.Lang(), Dir: p.Dir(), Title: p.T("service.sheet.title"),
		FindingsTitle: p.T("service.findings.title"), Findings: findings(p, s.Findings),
		BoardsTitle: p.T("service.boards.title"), Boards: boardsOf(p, s.Boards),
		DoorsTitle: p.T("service.doors.title"),
		Heads:      [3]string{p.T("service.doors.door"), p.T("service.doors.output"), p.T("service.doors.result")},
		Sign:       []string{p.T("service.sheet.sign.installer"), p.T("service.sheet.sign.owner"), p.T("service.sheet.date")},
	}
	if len(v.Findings) == 0 {
		v.NoFindings = p.T("service.findings.none")
	}
	add := func(key, text string) {
		if text != "" {
			v.Facts = append(v.Facts, row{Term: p.T(key), Text: text})
		}
	}
	add("service.sheet.site", s.Site)
	add("service.sheet.by", s.Installer)
	add("service.sheet.began", moment(s.Began, zone))
	add("service.sheet.ended", moment(s.Ended, zone))
	add("service.sheet.session", string(s.Session))
	good := 0
	for _, d := range s.Doors {
		if d.State == commission.DoorGood {
			good++
		}
		v.Doors = append(v.Doors, doorRow{
			Label: d.Label, Output: d.Output.String(), State: string(d.State), Result: p.T("service.state." + string(d.State)),
		})
	}
	v.Tally = p.T("service.sheet.doors", "good", p.Number(good), "all", p.Number(len(s.Doors)))
	if r := s.Record; r.Root != "" {
		v.Record = &recordView{
			Title: p.T("service.sheet.record"), Root: r.Root, KeyText: p.T("service.sheet.record.key"), Key: r.Key,
			Text: p.T("service.sheet.record.text", "site", text.LTR(r.Site), "epoch", strconv.FormatUint(r.Epoch, 10),
				"size", strconv.FormatUint(r.Size, 10)),
		}
	}
	return v
}

// moment writes a time as every reader of the sheet reads it, whatever the language: ISO 8601 without
// the T.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04 MST")
}

// SheetPolicy is what the hand-over sheet may load: its own style and nothing else.
func SheetPolicy() ui.Policy { return sheetPolicy() }
