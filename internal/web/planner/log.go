package planner

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"cubby/internal/sizing/planfile"
	"cubby/internal/web/ui"
)

// log reads a log of deliveries and shows what it says. It keeps figures only: they go into the
// address that the page offers.
func (f *Face) log(w http.ResponseWriter, r *http.Request, v visit) error {
	if ok := f.allow(r); !ok {
		return errRate
	}
	view := f.view(v)
	raw, name, err := logOf(w, r)
	if err != nil {
		return f.logAgain(w, r, view, v.t.T("planner.log.large"))
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return f.logAgain(w, r, view, v.t.T("planner.log.missing"))
	}
	log, err := planfile.ReadLog(bytes.NewReader(raw), planfile.LogOptions{Name: name, Sizes: v.problem.Sizes, MaxRows: maxLogRows})
	if err != nil {
		return f.logAgain(w, r, view, firstLines(err))
	}
	next, warnings, err := v.state.FromLog(log.Deliveries)
	if err != nil {
		return f.logAgain(w, r, view, firstLines(err))
	}
	if _, wrong := Decode(mustQuery(next)); len(wrong) > 0 {
		return f.logAgain(w, r, view, v.t.T("planner.log.outside"))
	}
	v.state = next
	return ui.Write(w, r, http.StatusOK, logPage(f.logResult(v, append(log.Warnings, warnings...))))
}

// allow spends the allowance of an address for work that is not an answer.
func (f *Face) allow(r *http.Request) bool {
	ok, _ := f.asks.Allow(addressOf(r))
	return ok
}

func (f *Face) logAgain(w http.ResponseWriter, r *http.Request, view pageView, problem string) error {
	view.Log.Error = problem
	view.Errors = []ui.FormError{{Field: "file", Text: problem}}
	view.Summary = ui.ErrorSummaryView{Title: view.Summary.Title, Errors: view.Errors}
	view.Answer.Problems = view.Errors
	return ui.Write(w, r, http.StatusUnprocessableEntity, wizardPage(view))
}

var errLarge = errors.New("larger than 4 MB")

// logOf returns the file, or the text that was pasted.
func logOf(w http.ResponseWriter, r *http.Request) (raw []byte, name string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxLog+maxLog/16)
	const inMemory = maxLog
	if err := r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // bounded by the line above
		return nil, "", err
	}
	name = "log.csv"
	file, header, err := r.FormFile("file")
	if err == nil && header.Size > 0 {
		defer file.Close() //nolint:errcheck // read only
		raw, err = io.ReadAll(io.LimitReader(file, maxLog+1))
		if len(header.Filename) <= maxValue {
			name = header.Filename
		}
	} else {
		raw, err = []byte(r.PostFormValue("pasted")), nil
	}
	if err == nil && len(raw) > maxLog {
		err = errLarge
	}
	return raw, name, err
}

// firstLines shortens the errors of a log: one wrong column makes as many as there are rows.
func firstLines(err error) string {
	const most = 5
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > most {
		lines = append(lines[:most], "…")
	}
	return strings.Join(lines, " · ")
}
