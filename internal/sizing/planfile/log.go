package planfile

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// Limits on a log of deliveries.
const (
	MaxLogRows    = 2_000_000 // ten years of a building with 10,000 units
	maxLogBytes   = 512 << 20
	maxProblems   = 20 // errors that are told at once
	maxWarnings   = 20
	longestDwell  = 400 * 24 * time.Hour
	firstYear     = 2000 // of a parcel that a plan rests on; beyond these a clock was wrong
	lastYear      = 2100
	gapWarning    = 3 * 24 * time.Hour // a long weekend
	gapError      = 7 * 24 * time.Hour // days on which nobody wrote, not days without parcels
	columnsAtMost = 50
)

// LogOptions tell what a log does not say itself.
type LogOptions struct {
	Name     string             // stands in errors
	Location *time.Location     // of times without an offset; nil: they are taken as they stand
	Sizes    []sizing.SizeClass // classes by which dimensions become sizes
	MaxRows  int                // rows at most; 0 or more than MaxLogRows: MaxLogRows
}

// Log is a log of deliveries in the order of arrival, and what is odd about it.
type Log struct {
	Deliveries []sizing.Delivery
	Warnings   []string // each names file and line
}

// ReadLog reads deliveries from CSV. The first row names the columns: arrived is needed; collected,
// size or width_mm, height_mm and depth_mm, carrier, unit and id may stand beside it in any order.
// Times are like 2025-11-28T14:05:00-05:00, or 2025-11-28 14:05 without an offset.
//
// Errors name the line: cells that are missing or no time, two time zones in one log, a local time
// that does not exist, collection before arrival, an id twice, a week in which nothing arrived.
// Rows out of order, equal rows, the hour that a clock change repeats, and long weekends without
// deliveries are warnings.
func ReadLog(r io.Reader, o LogOptions) (Log, error) {
	limited := &io.LimitedReader{R: r, N: maxLogBytes + 1}
	buffered := bufio.NewReaderSize(limited, 1<<16)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\uFEFF" {
		_, _ = buffered.Discard(3) // the peek has shown that they are there
	}
	reader := csv.NewReader(buffered)
	reader.ReuseRecord = true
	reader.TrimLeadingSpace = true
	if o.MaxRows <= 0 || o.MaxRows > MaxLogRows {
		o.MaxRows = MaxLogRows
	}
	l := &logReader{options: o, csv: reader, ids: map[string]int{}, words: map[string]string{}}
	if err := l.header(); err != nil {
		return Log{}, err
	}
	if err := l.rows(); err != nil {
		return Log{}, err
	}
	if limited.N <= 0 {
		return Log{}, fmt.Errorf("%s has more than %d bytes: is it the right file?", o.Name, maxLogBytes)
	}
	return l.finish()
}

type logReader struct {
	options  LogOptions
	csv      *csv.Reader
	columns  map[string]int
	ids      map[string]int    // id => line
	words    map[string]string // names that stood before, so that each is kept once
	log      Log
	problems []error
	zones    zoneCheck
}

func (l *logReader) header() error {
	row, err := l.csv.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: the log is empty: the first row names the columns (arrived, collected, size, ...)", l.options.Name)
	}
	if err != nil {
		return fmt.Errorf("%s:%w", l.options.Name, csvProblem(err))
	}
	known := []string{"arrived", "collected", "size", "width_mm", "height_mm", "depth_mm", "carrier", "unit", "id"}
	l.columns = map[string]int{}
	for i, word := range row {
		word = strings.ToLower(strings.TrimSpace(word))
		switch _, twice := l.columns[word]; {
		case i >= columnsAtMost:
			return fmt.Errorf("%s:1: more than %d columns", l.options.Name, columnsAtMost)
		case twice:
			return fmt.Errorf("%s:1: column %q stands twice", l.options.Name, word)
		case !slices.Contains(known, word):
			return fmt.Errorf("%s:1: unknown column %q, known are %s", l.options.Name, word, strings.Join(known, ", "))
		}
		l.columns[word] = i
	}
	if _, ok := l.columns["arrived"]; !ok {
		return fmt.Errorf("%s:1: there is no column arrived", l.options.Name)
	}
	return nil
}

// csvProblem starts the error of the CSV reader with its line.
func csvProblem(err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%d: %w", parse.Line, parse.Err)
	}
	return fmt.Errorf("1: %w", err)
}

func (l *logReader) rows() error {
	for {
		row, err := l.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			l.problems = append(l.problems, fmt.Errorf("%s:%w", l.options.Name, csvProblem(err)))
			return errors.Join(l.problems...)
		}
		line, _ := l.csv.FieldPos(0)
		if len(l.log.Deliveries) >= l.options.MaxRows {
			return fmt.Errorf("%s:%d: more than %d rows: split the log by year", l.options.Name, line, l.options.MaxRows)
		}
		if err := l.row(line, row); err != nil {
			l.problems = append(l.problems, fmt.Errorf("%s:%d: %w", l.options.Name, line, err))
			if len(l.problems) >= maxProblems {
				return errors.Join(l.problems...)
			}
		}
	}
}

func (l *logReader) cell(row []string, column string) string {
	if i, ok := l.columns[column]; ok && i < len(row) {
		return strings.TrimSpace(row[i])
	}
	return ""
}

// word keeps a name: the memory of a record is used again for the next one.
func (l *logReader) word(text string) string {
	kept, ok := l.words[text]
	if !ok {
		kept = strings.Clone(text)
		l.words[kept] = kept
	}
	return kept
}

func (l *logReader) row(line int, row []string) error {
	d := sizing.Delivery{
		Line:    line,
		Carrier: l.word(l.cell(row, "carrier")),
		Unit:    l.word(l.cell(row, "unit")),
	}
	if id := l.cell(row, "id"); id != "" {
		if first, twice := l.ids[id]; twice {
			return fmt.Errorf("id %q stood in line %d already: one parcel, one row", id, first)
		}
		l.ids[strings.Clone(id)] = line
	}
	var err error
	if d.Arrived, err = l.moment(line, "arrived", l.cell(row, "arrived")); err != nil {
		return err
	}
	if text := l.cell(row, "collected"); text != "" {
		if d.Collected, err = l.moment(line, "collected", text); err != nil {
			return err
		}
		switch dwell := d.Collected.Sub(d.Arrived); {
		case dwell < 0:
			return fmt.Errorf("collected %s before it arrived", -dwell)
		case dwell > longestDwell:
			return fmt.Errorf("collected after %d days: look for a wrong year", int(dwell.Hours()/24))
		}
	}
	if d.Size, err = l.size(line, row); err != nil {
		return err
	}
	l.log.Deliveries = append(l.log.Deliveries, d)
	return nil
}

func (l *logReader) size(line int, row []string) (locker.Size, error) {
	if text := l.cell(row, "size"); text != "" {
		size := locker.Size(strings.ToUpper(strings.Clone(text)))
		if !size.Valid() {
			return "", fmt.Errorf("size %q is not one of S, M, L, XL", text)
		}
		return size, nil
	}
	var dims []int
	for _, column := range []string{"width_mm", "height_mm", "depth_mm"} {
		text := l.cell(row, column)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 5000 {
			return "", fmt.Errorf("%s: %q is not a whole number of mm between 1 and 5000", column, text)
		}
		dims = append(dims, n)
	}
	switch len(dims) {
	case 0:
		return "", nil
	case 3:
	default:
		return "", errors.New("give width_mm, height_mm and depth_mm, or none of them")
	}
	slices.Sort(dims)
	for _, class := range l.options.Sizes {
		room := []int{class.WidthMM, class.HeightMM, class.DepthMM}
		slices.Sort(room)
		if dims[0] <= room[0] && dims[1] <= room[1] && dims[2] <= room[2] {
			return class.Size, nil
		}
	}
	l.warn(line, "%d x %d x %d mm is larger than any size class; its size counts as unknown", dims[0], dims[1], dims[2])
	return "", nil
}

func (l *logReader) warn(line int, format string, args ...any) {
	switch {
	case len(l.log.Warnings) < maxWarnings:
		l.log.Warnings = append(l.log.Warnings, fmt.Sprintf("%s:%d: %s", l.options.Name, line, fmt.Sprintf(format, args...)))
	case len(l.log.Warnings) == maxWarnings:
		l.log.Warnings = append(l.log.Warnings, l.options.Name+": and more of the kind")
	}
}

// moment reads a time. All times of a log have an offset, or none has.
func (l *logReader) moment(line int, column, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, fmt.Errorf("%s is empty", column)
	}
	t, err := l.parse(line, column, text)
	if err == nil && (t.Year() < firstYear || t.Year() > lastYear) {
		return t, fmt.Errorf("%s: the year of %q is not between %d and %d", column, text, firstYear, lastYear)
	}
	return t, err
}

func (l *logReader) parse(line int, column, text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, l.zones.offset(line, column, t, l.options.Location)
		}
	}
	for _, form := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		wall, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		if err := l.zones.local(line, column); err != nil {
			return time.Time{}, err
		}
		return l.wall(line, column, wall)
	}
	return time.Time{}, fmt.Errorf("%s: %q is not a time: write 2025-11-28T14:05:00-05:00 or 2025-11-28 14:05", column, text)
}

// wall places a local time, which a change of the clock may have skipped or repeated.
func (l *logReader) wall(line int, column string, wall time.Time) (time.Time, error) {
	zone := l.options.Location
	if zone == nil {
		return wall, nil
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	const form = "2006-01-02 15:04:05"
	if t.Format(form) != wall.Format(form) {
		return t, fmt.Errorf("%s: %s does not exist in %s: the clock was put forward", column, wall.Format(form), zone)
	}
	for _, other := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if other.Format(form) == wall.Format(form) {
			l.warn(line, "%s: %s happened twice in %s, the clock was put back: the earlier is taken", column, wall.Format(form), zone)
			if other.Before(t) {
				t = other
			}
		}
	}
	return t, nil
}

// zoneCheck finds logs that mix time zones. One zone has at most two offsets an hour apart.
type zoneCheck struct {
	sawOffset, sawLocal int // line of the first of each
	offsets             []int
	first               []int // line of each offset
}

func (z *zoneCheck) local(line int, column string) error {
	if z.sawLocal == 0 {
		z.sawLocal = line
	}
	if z.sawOffset > 0 {
		return fmt.Errorf("%s has no offset, but the time in line %d has one: use one time zone throughout", column, z.sawOffset)
	}
	return nil
}

func (z *zoneCheck) offset(line int, column string, t time.Time, zone *time.Location) error {
	if z.sawOffset == 0 {
		z.sawOffset = line
	}
	if z.sawLocal > 0 {
		return fmt.Errorf("%s has an offset, but the time in line %d has none: use one time zone throughout", column, z.sawLocal)
	}
	_, seconds := t.Zone()
	if zone != nil {
		if _, want := t.In(zone).Zone(); want != seconds {
			return fmt.Errorf("%s: %s has the offset of another time zone: in %s it is %s",
				column, t.Format(time.RFC3339), zone, t.In(zone).Format(time.RFC3339))
		}
		return nil
	}
	if !slices.Contains(z.offsets, seconds) {
		z.offsets = append(z.offsets, seconds)
		z.first = append(z.first, line)
	}
	low, high := slices.Min(z.offsets), slices.Max(z.offsets)
	if len(z.offsets) > 2 || high-low > 3600 {
		return fmt.Errorf("%s: the offset %s differs from that of line %d: two time zones in one log; convert it to one",
			column, t.Format("-07:00"), z.first[0])
	}
	return nil
}

// finish puts the rows in order and looks at them together.
func (l *logReader) finish() (Log, error) {
	rows := l.log.Deliveries
	if len(l.problems) > 0 {
		return Log{}, errors.Join(l.problems...)
	}
	if len(rows) == 0 {
		return Log{}, fmt.Errorf("%s:2: the log has no deliveries", l.options.Name)
	}
	if len(l.zones.offsets) == 2 {
		l.warn(l.zones.first[1], "the offset changes by an hour here: taken for daylight saving time of one zone")
	}
	byArrival := func(a, b sizing.Delivery) int {
		return cmp.Or(a.Arrived.Compare(b.Arrived), cmp.Compare(a.Line, b.Line))
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].Arrived.Before(rows[i-1].Arrived) {
			l.warn(rows[i].Line, "arrived before the row above it: the log is put in order")
			slices.SortFunc(rows, byArrival)
			break
		}
	}
	for i := 1; i < len(rows); i++ {
		gap := rows[i].Arrived.Sub(rows[i-1].Arrived)
		switch {
		case gap >= gapError:
			return Log{}, fmt.Errorf("%s:%d: nothing arrived in the %d days since line %d: a week without any parcel is a hole in the log; "+
				"cut the log there or fill it in", l.options.Name, rows[i].Line, int(gap.Hours()/24), rows[i-1].Line)
		case gap >= gapWarning:
			l.warn(rows[i].Line, "nothing arrived in the %d days since line %d", int(gap.Hours()/24), rows[i-1].Line)
		case same(rows[i], rows[i-1]):
			l.warn(rows[i].Line, "the same as line %d: both are counted", rows[i-1].Line)
		}
	}
	l.log.Deliveries = rows
	return l.log, nil
}

func same(a, b sizing.Delivery) bool {
	return a.Arrived.Equal(b.Arrived) && a.Collected.Equal(b.Collected) && a.Size == b.Size &&
		a.Carrier == b.Carrier && a.Unit == b.Unit && a.Unit != ""
}
