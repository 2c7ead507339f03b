package planfile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cubby/internal/sizing"
	"cubby/internal/sizing/planfile"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func readLog(text string, z *time.Location) (planfile.Log, error) {
	return planfile.ReadLog(strings.NewReader(text), planfile.LogOptions{
		Name: "log.csv", Location: z, Sizes: sizing.Defaults().Sizes,
	})
}

func TestReadLog(t *testing.T) {
	t.Parallel()
	log, err := readLog("\uFEFFunit,Arrived,collected,size,carrier\n"+
		"12,2025-03-03T10:00:00-05:00,2025-03-03T18:30:00-05:00,s,UPS\n"+
		"13,2025-03-03T11:00:00-05:00,,M,USPS\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Warnings) != 0 || len(log.Deliveries) != 2 {
		t.Fatalf("got %d deliveries and %q, want two and no warning", len(log.Deliveries), log.Warnings)
	}
	d := log.Deliveries[0]
	if d.Line != 2 || d.Size != "S" || d.Carrier != "UPS" || d.Unit != "12" || d.Collected.Sub(d.Arrived) != 8*time.Hour+30*time.Minute {
		t.Errorf("got %+v", d)
	}
	if !log.Deliveries[1].Collected.IsZero() {
		t.Errorf("got %v, want not collected", log.Deliveries[1].Collected)
	}
}

// The smallest class that takes a parcel, however it is turned.
func TestReadLog_Dimensions(t *testing.T) {
	t.Parallel()
	log, err := readLog("arrived,width_mm,height_mm,depth_mm\n2025-03-03 10:00,100,380,450\n2025-03-03 10:00,190,300,300\n"+
		"2025-03-03 10:00,2000,900,900\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(log.Deliveries[0].Size, log.Deliveries[1].Size, log.Deliveries[2].Size)
	if got != "SM" {
		t.Errorf("got sizes %q, want S, M and unknown", got)
	}
	if len(log.Warnings) != 1 || !strings.HasPrefix(log.Warnings[0], "log.csv:4: ") {
		t.Errorf("got %q, want a warning about line 4", log.Warnings)
	}
}

func TestReadLog_Problems(t *testing.T) {
	t.Parallel()
	chicago := zone(t, "America/Chicago")
	tests := []struct {
		name string
		text string
		zone *time.Location
		want string
	}{
		{"empty", "", nil, "log.csv:1: the log is empty"},
		{"head only", "arrived\n", nil, "log.csv:2: the log has no deliveries"},
		{"no arrival", "unit,size\n1,S\n", nil, "log.csv:1: there is no column arrived"},
		{"unknown column", "arrived,colour\n", nil, `log.csv:1: unknown column "colour"`},
		{"column twice", "arrived,arrived\n", nil, "log.csv:1: column \"arrived\" stands twice"},
		{"missing cell", "arrived,unit\n2025-03-03 10:00,1\n,2\n", nil, "log.csv:3: arrived is empty"},
		{"missing column", "arrived,unit\n2025-03-03 10:00,1\n2025-03-03 11:00\n", nil, "log.csv:3: wrong number of fields"},
		{"quote", "arrived,unit\n2025-03-03 10:00,\"1\n", nil, "log.csv:2: extraneous or missing"},
		{"no time", "arrived\n3/3/25 10am\n", nil, "log.csv:2: arrived: \"3/3/25 10am\" is not a time"},
		{"year", "arrived\n0025-03-03 10:00\n", nil, "log.csv:2: arrived: the year of"},
		{"size", "arrived,size\n2025-03-03 10:00,XXL\n", nil, `log.csv:2: size "XXL" is not one of`},
		{"dimension", "arrived,width_mm,height_mm,depth_mm\n2025-03-03 10:00,10,-3,5\n", nil, "log.csv:2: height_mm: \"-3\""},
		{"two dimensions", "arrived,width_mm,height_mm,depth_mm\n2025-03-03 10:00,10,,5\n", nil, "log.csv:2: give width_mm, height_mm and depth_mm"},
		{"backwards", "arrived,collected\n2025-03-03 10:00,2025-03-02 10:00\n", nil, "log.csv:2: collected 24h0m0s before it arrived"},
		{"years", "arrived,collected\n2025-03-03 10:00,2027-03-02 10:00\n", nil, "log.csv:2: collected after 729 days"},
		{"id", "arrived,id\n2025-03-03 10:00,a\n2025-03-03 10:00,a\n", nil, "log.csv:3: id \"a\" stood in line 2 already"},
		{"mixed", "arrived\n2025-03-03 10:00\n2025-03-03T11:00:00Z\n", nil, "log.csv:3: arrived has an offset, but the time in line 2 has none"},
		{"mixed back", "arrived\n2025-03-03T11:00:00Z\n2025-03-03 10:00\n", nil, "log.csv:3: arrived has no offset, but the time in line 2 has one"},
		{
			"two zones", "arrived\n2025-03-03T10:00:00-05:00\n2025-03-03T11:00:00-08:00\n", nil,
			"log.csv:3: arrived: the offset -08:00 differs from that of line 2: two time zones",
		},
		{
			"another zone", "arrived\n2025-03-03T10:00:00-05:00\n", chicago,
			"log.csv:2: arrived: 2025-03-03T10:00:00-05:00 has the offset of another time zone",
		},
		{"skipped hour", "arrived\n2025-03-09 02:30\n", chicago, "log.csv:2: arrived: 2025-03-09 02:30:00 does not exist in America/Chicago"},
		{"hole", "arrived\n2025-03-03 10:00\n2025-03-13 10:00\n", nil, "log.csv:3: nothing arrived in the 10 days since line 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readLog(tt.text, tt.zone)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadLog_Warnings(t *testing.T) {
	t.Parallel()
	chicago := zone(t, "America/Chicago")
	tests := []struct {
		name string
		text string
		zone *time.Location
		want string
	}{
		{"order", "arrived\n2025-03-03 11:00\n2025-03-03 10:00\n", nil, "log.csv:3: arrived before the row above it"},
		{"equal", "arrived,unit\n2025-03-03 10:00,4\n2025-03-03 10:00,4\n", nil, "log.csv:3: the same as line 2"},
		{"long weekend", "arrived\n2025-03-03 10:00\n2025-03-07 10:00\n", nil, "log.csv:3: nothing arrived in the 4 days"},
		{"clock change", "arrived\n2025-03-08T10:00:00-06:00\n2025-03-09T10:00:00-05:00\n", nil, "log.csv:3: the offset changes by an hour"},
		{"hour twice", "arrived\n2025-11-02 01:30\n", chicago, "log.csv:2: arrived: 2025-11-02 01:30:00 happened twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, err := readLog(tt.text, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			if len(log.Warnings) != 1 || !strings.HasPrefix(log.Warnings[0], tt.want) {
				t.Errorf("got %q, want %q", log.Warnings, tt.want)
			}
			for i := 1; i < len(log.Deliveries); i++ {
				if log.Deliveries[i].Arrived.Before(log.Deliveries[i-1].Arrived) {
					t.Error("the deliveries are not in order")
				}
			}
		})
	}
}

func TestReadLog_MaxRows(t *testing.T) {
	t.Parallel()
	text := "arrived\n" + strings.Repeat("2025-03-03 10:00\n", 6)
	for most, good := range map[int]bool{5: false, 6: true, 0: true, -1: true} {
		_, err := planfile.ReadLog(strings.NewReader(text), planfile.LogOptions{Name: "log.csv", MaxRows: most})
		if (err == nil) != good {
			t.Errorf("at most %d rows: got %v", most, err)
		}
		if !good && !strings.HasPrefix(err.Error(), "log.csv:7: more than 5 rows") {
			t.Errorf("got %v, want the line", err)
		}
	}
}

func BenchmarkReadLog(b *testing.B) {
	var text strings.Builder
	text.WriteString("arrived,collected,size,carrier,unit\n")
	at := time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)
	for i := range 100_000 {
		fmt.Fprintf(&text, "%s,%s,S,UPS,%d\n", at.Format(time.RFC3339), at.Add(20*time.Hour).Format(time.RFC3339), i%400)
		at = at.Add(5 * time.Minute)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := readLog(text.String(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	for _, seed := range []string{
		"arrived,unit\n2025-03-03 10:00,4\n", "arrived\n2025-03-03T10:00:00-05:00\n", "arrived,size\n2025-11-02 01:30,S\n",
		"", "arrived\n\"", "\uFEFFarrived\n2025-03-09 02:30\n", "arrived,width_mm,height_mm,depth_mm\n2025-03-03 10:00,1,2,3\n",
	} {
		f.Add([]byte(seed))
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := planfile.ReadLog(strings.NewReader(string(data)), planfile.LogOptions{
			Name: "log.csv", Location: paris, Sizes: sizing.Defaults().Sizes,
		})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "log.csv:") {
				t.Errorf("the error does not begin with the file and line: %v", err)
			}
			return
		}
		last := time.Time{}
		for _, d := range log.Deliveries {
			if d.Arrived.Before(last) || d.Line < 2 || !d.Collected.IsZero() && d.Collected.Before(d.Arrived) {
				t.Fatalf("accepted %+v after %v", d, last)
			}
			last = d.Arrived
		}
	})
}
