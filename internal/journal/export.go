package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

const (
	exportVersion = 1
	// maxExportLine bounds one line: a body and an annex of MaxBody in base64, and the rest.
	maxExportLine = 2*MaxBody*4/3 + 16<<10
)

// exportLine is one line of an export, told apart by Type:
//
//	journal  site, version          first line
//	epoch    epoch, reason, prev    before its records
//	head     note                   at the place where it was signed
//	record   number, body, chain, annex when asked for
//	end      records                last line; without it the export was cut off
type exportLine struct {
	Type         string `json:"type"`
	Version      int    `json:"version,omitempty"`
	Site         string `json:"site,omitempty"`
	Epoch        uint64 `json:"epoch,omitempty"`
	Reason       string `json:"reason,omitempty"`
	Prev         []byte `json:"prev,omitempty"`
	OpenedUnixMS int64  `json:"opened_ms,omitempty"`
	Size         uint64 `json:"size,omitempty"`
	Number       uint64 `json:"number,omitempty"`
	Body         []byte `json:"body,omitempty"`
	Annex        []byte `json:"annex,omitempty"`
	Chain        []byte `json:"chain,omitempty"`
	Note         string `json:"note,omitempty"`
	Records      uint64 `json:"records,omitempty"`
}

// ExportOptions say what an export holds.
type ExportOptions struct {
	WithAnnex bool // also write the personal data beside the records
}

// Export writes the whole journal as JSON lines that VerifyExport can check without this program's
// database. It stops at the tip that each epoch had when it was reached.
func (l *Log) Export(ctx context.Context, w io.Writer, opts ExportOptions) error {
	epochs, err := l.Epochs(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	e := &exporter{log: l, opts: opts, out: out, enc: json.NewEncoder(out)}
	if err := e.put(exportLine{Type: "journal", Version: exportVersion, Site: l.site}); err != nil {
		return err
	}
	for _, epoch := range epochs {
		if err := e.epoch(ctx, epoch); err != nil {
			return err
		}
	}
	if err := e.put(exportLine{Type: "end", Records: e.records}); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

type exporter struct {
	log     *Log
	opts    ExportOptions
	out     *bufio.Writer
	enc     *json.Encoder
	heads   []Head
	records uint64
}

func (e *exporter) put(line exportLine) error {
	if err := e.enc.Encode(line); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func (e *exporter) epoch(ctx context.Context, epoch Epoch) (err error) {
	if e.heads, err = e.log.Heads(ctx, epoch.Number); err != nil {
		return err
	}
	err = e.put(exportLine{
		Type: "epoch", Epoch: epoch.Number, Reason: epoch.Reason, Prev: epoch.Prev,
		OpenedUnixMS: epoch.OpenedUnixMS, Size: epoch.Tip.Size,
	})
	if err != nil {
		return err
	}
	if err := e.headsAt(0); err != nil {
		return err
	}
	for from := uint64(1); from <= epoch.Tip.Size; {
		limit := int(min(epoch.Tip.Size-from+1, verifyPage))
		rows, err := e.log.Read(ctx, epoch.Number, from, limit)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return &CorruptError{Fault{Kind: KindTruncated, Epoch: epoch.Number, Number: from}}
		}
		for i := range rows {
			if err := e.record(&rows[i]); err != nil {
				return err
			}
		}
		from += uint64(len(rows))
	}
	return nil
}

func (e *exporter) record(r *Record) error {
	line := exportLine{Type: "record", Epoch: r.Epoch, Number: r.Number, Body: r.Body, Chain: r.Chain[:]}
	if e.opts.WithAnnex {
		line.Annex = r.Annex
	}
	e.records++
	if err := e.put(line); err != nil {
		return err
	}
	return e.headsAt(r.Number)
}

// headsAt writes the heads that cover the records up to number.
func (e *exporter) headsAt(number uint64) error {
	for len(e.heads) > 0 && e.heads[0].Size <= number {
		h := e.heads[0]
		e.heads = e.heads[1:]
		if err := e.put(exportLine{Type: "head", Epoch: h.Epoch, Size: h.Size, Note: string(h.Note)}); err != nil {
			return err
		}
	}
	return nil
}

// VerifyExport checks an export. The report says what is wrong with the journal; the error says
// that the input is no export (ErrBadExport) or cannot be read.
func VerifyExport(r io.Reader, opts VerifyOptions) (Report, error) {
	v := &exportCheck{opts: opts}
	for line, err := range ahead(exportLines(r)) {
		if err != nil {
			return v.report, err
		}
		if err := v.read(line); err != nil {
			return v.report, fmt.Errorf("line %d: %w", line.at, err)
		}
	}
	if v.keys == nil {
		return v.report, fmt.Errorf("it is empty: %w", ErrBadExport)
	}
	v.endEpoch()
	if v.report.Fault() == nil {
		switch {
		case !v.ended:
			v.endFault(KindTruncated, "the last line is missing")
		case v.total != v.records:
			v.endFault(KindTip, fmt.Sprintf("the last line says %d records, there are %d", v.total, v.records))
		}
	}
	v.report.Epochs = append(v.report.Epochs, v.keys.missing(v.epochs)...)
	v.keys.checkPublished(&v.report)
	return v.report, nil
}

type exportCheck struct {
	opts    VerifyOptions
	keys    *keys
	report  Report
	epochs  []Epoch
	current *epochCheck
	size    uint64 // of the current epoch, as its line says
	records uint64
	total   uint64 // as the last line says
	ended   bool
}

func (v *exportCheck) read(line *numberedLine) error {
	if v.ended || (line.Type == "journal") != (v.keys == nil) {
		return fmt.Errorf("%q does not belong here: %w", line.Type, ErrBadExport)
	}
	switch line.Type {
	case "journal":
		return v.begin(&line.exportLine)
	case "epoch":
		return v.beginEpoch(&line.exportLine)
	case "head", typeRecord:
		if v.current == nil || line.Epoch != v.current.epoch.Number {
			return fmt.Errorf("%s of epoch %d is outside of its epoch: %w", line.Type, line.Epoch, ErrBadExport)
		}
		if line.Type == "head" {
			v.current.addHead(Head{Epoch: line.Epoch, Size: line.Size, Note: []byte(line.Note)})
			v.current.sortHeads()
			return nil
		}
		return v.record(line)
	case "end":
		v.ended, v.total = true, line.Records
		return nil
	}
	return fmt.Errorf("unknown line %q: %w", line.Type, ErrBadExport)
}

func (v *exportCheck) begin(line *exportLine) (err error) {
	if line.Version != exportVersion {
		return fmt.Errorf("format %d is not known, %d is: %w", line.Version, exportVersion, ErrBadExport)
	}
	if !validSite(line.Site) {
		return fmt.Errorf("site id %q: %w", line.Site, ErrBadExport)
	}
	v.report.Site = line.Site
	v.keys, err = newKeys(line.Site, v.opts)
	return err
}

func (v *exportCheck) beginEpoch(line *exportLine) error {
	if n := len(v.epochs); line.Epoch == 0 || n > 0 && line.Epoch <= v.epochs[n-1].Number {
		return fmt.Errorf("epoch %d is out of order: %w", line.Epoch, ErrBadExport)
	}
	v.endEpoch()
	e := Epoch{Number: line.Epoch, Reason: line.Reason, Prev: line.Prev, OpenedUnixMS: line.OpenedUnixMS}
	v.checkPrev(e)
	v.epochs = append(v.epochs, e)
	v.current, v.size = v.keys.newEpochCheck(e), line.Size
	v.current.sortHeads()
	return nil
}

// checkPrev compares the head that an epoch continues with the epoch before, which has been read
// already.
func (v *exportCheck) checkPrev(e Epoch) {
	c, err := OpenCheckpoint(e.Prev)
	if err != nil {
		return // the first epoch continues nothing; any other text fails at its heads
	}
	for i := range v.report.Epochs {
		r := &v.report.Epochs[i]
		if r.Epoch != c.Epoch || r.Fault != nil {
			continue
		}
		switch {
		case c.Size > r.Records:
			r.Fault = &Fault{Kind: KindTruncated, Epoch: r.Epoch, Number: r.Records + 1}
		case c.Size == r.Records && c.Root != r.Root:
			r.Fault = &Fault{Kind: KindRewritten, Epoch: r.Epoch, Number: r.Covered + 1, Through: c.Size}
		}
	}
}

func (v *exportCheck) record(line *numberedLine) error {
	if len(line.Chain) != 32 || len(line.Body) == 0 || len(line.Body) > MaxBody {
		return fmt.Errorf("record %d has no body or no chain value: %w", line.Number, ErrBadExport)
	}
	v.records++
	r := Record{Epoch: line.Epoch, Number: line.Number, Body: line.Body, Annex: line.Annex, Chain: [32]byte(line.Chain)}
	v.current.record(&r, &line.leaf)
	if v.opts.Each != nil {
		v.opts.Each(r)
	}
	if v.opts.Progress != nil && v.records%verifyPage == 0 {
		v.opts.Progress(v.records, v.records)
	}
	return nil
}

func (v *exportCheck) endEpoch() {
	if v.current == nil {
		return
	}
	s := v.current.scan
	tip := Tip{Size: v.size, Chain: s.chain, Frontier: s.front.bytes()} // an export has no tip beside its size
	v.report.Epochs = append(v.report.Epochs, v.current.end(tip))
	v.current = nil
}

// endFault reports a fault at the end of an export whose records all fit.
func (v *exportCheck) endFault(kind Kind, detail string) {
	fault := &Fault{Kind: kind, Detail: detail}
	if n := len(v.report.Epochs); n > 0 {
		fault.Epoch, fault.Number = v.report.Epochs[n-1].Epoch, v.report.Epochs[n-1].Records+1
		v.report.Epochs[n-1].Fault = fault
		return
	}
	v.report.Epochs = append(v.report.Epochs, EpochReport{Fault: fault})
}
