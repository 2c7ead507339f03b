package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cubby/internal/sizing"
	"cubby/internal/text"
	planreport "cubby/internal/web/planner/report"
)

// planForm is how an answer leaves.
type planForm struct {
	JSON     bool   `help:"Write the whole answer as JSON (keys: docs/planner.md)." name:"json" xor:"form"`
	HTML     bool   `help:"Write the report as one page that is complete in itself." name:"html" xor:"form"`
	PDF      bool   `help:"Write the report as PDF." name:"pdf" xor:"form"`
	SVG      bool   `help:"Write one drawing; see --drawing." name:"svg" xor:"form"`
	XLSX     bool   `help:"Write all figures as a workbook." name:"xlsx" xor:"form"`
	CSV      string `help:"Write all figures into this folder, one file for each table." name:"csv" placeholder:"DIR" xor:"form" type:"path"`
	Drawing  string `help:"Drawing of --svg: elevation-1, floor, fan-normal, fan-peak, cost, tornado. The first when empty." placeholder:"NAME"`
	Out      string `help:"File to write; without it standard output." short:"o" placeholder:"FILE" type:"path"`
	Seed     uint64 `help:"Seed of the simulation: the same plan and seed give the same answer." default:"1"`
	Language string `help:"Language of the report." enum:"en,es,ar" default:"en"`
	Letter   bool   `help:"US Letter paper instead of A4."`
}

// write writes an answer in the form that was asked for. An answer that says that nothing holds the
// target ends with exit code 1.
func (f planForm) write(e *env, a sizing.Answer, warnings []string) error {
	catalog, err := text.New()
	if err != nil {
		return fmt.Errorf("load the catalogues: %w", err)
	}
	r, err := planreport.New(a, planreport.Options{Printer: catalog.For(f.Language), At: time.Now(), Letter: f.Letter, Warnings: warnings})
	if err != nil {
		return err
	}
	if f.CSV != "" {
		err = f.folder(e, r)
	} else {
		err = f.file(e, a, r)
	}
	if err != nil {
		return err
	}
	if a.Feasible {
		return nil
	}
	e.say("no plan that fits holds the target; what would have to give:")
	for _, reason := range a.WouldGive {
		e.say("  %s", reason.Text)
	}
	return errFailed
}

// file writes one document to --out or standard output.
func (f planForm) file(e *env, a sizing.Answer, r *planreport.Report) error {
	var out bytes.Buffer
	if err := f.form(&out, a, r); err != nil {
		return err
	}
	if f.Out != "" {
		if err := os.WriteFile(f.Out, out.Bytes(), 0o644); err != nil { //nolint:gosec // a report is for others
			return fmt.Errorf("write the report: %w", err)
		}
		e.say("wrote %s", f.Out)
		return nil
	}
	if (f.PDF || f.XLSX) && terminal(e.Out) {
		return usageError{errors.New("this form is not for a terminal: give --out FILE")}
	}
	_, err := e.Out.Write(out.Bytes())
	return err
}

func (f planForm) form(w io.Writer, a sizing.Answer, r *planreport.Report) error {
	switch {
	case f.JSON:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(a)
	case f.HTML:
		return r.HTML(w)
	case f.PDF:
		return r.PDF(w)
	case f.SVG:
		if err := r.SVG(w, f.Drawing); err != nil {
			return usageError{err}
		}
		return nil
	case f.XLSX:
		return r.XLSX(w)
	}
	return r.Text(w)
}

// folder writes one CSV file for each table.
func (f planForm) folder(e *env, r *planreport.Report) error {
	if f.Out != "" {
		return usageError{errors.New("--csv names its folder itself: leave --out away")}
	}
	files, err := r.CSV()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.CSV, 0o755); err != nil { //nolint:gosec // a report is for others
		return fmt.Errorf("make the folder: %w", err)
	}
	root, err := os.OpenRoot(f.CSV)
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a handle
	for _, t := range files {
		if err := root.WriteFile(t.Name, t.Data, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", t.Name, err)
		}
	}
	e.say("wrote %d tables to %s", len(files), f.CSV)
	return nil
}

// terminal reports whether people read a stream directly.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
