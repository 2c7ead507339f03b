package client

import (
	"encoding/json"
	"time"
)

// Property is a building or community.
type Property struct {
	ID       string `json:"id"`                // id
	Name     string `json:"name"`              // name
	Address  string `json:"address,omitempty"` // postal address
	TimeZone string `json:"time_zone"`         // IANA name
	Phone    string `json:"phone,omitempty"`   // whom residents call
	Mail     string `json:"mail,omitempty"`    // whom residents write to
}

// PropertyDraft is a property to create.
type PropertyDraft struct {
	Name     string `json:"name"`              // name
	Address  string `json:"address,omitempty"` // postal address
	TimeZone string `json:"time_zone"`         // IANA name
	Phone    string `json:"phone,omitempty"`   // whom residents call
	Mail     string `json:"mail,omitempty"`    // whom residents write to
}

// Site is a site in a list.
type Site struct {
	ID            string    `json:"id"`               // id
	Name          string    `json:"name"`             // name
	Property      string    `json:"property"`         // id of its property
	PropertyName  string    `json:"property_name"`    // name of its property
	TimeZone      string    `json:"time_zone"`        // IANA name
	Hosted        bool      `json:"hosted"`           // runs inside the server, without a controller
	Link          string    `json:"link"`             // how it stands with the server
	SeenAt        time.Time `json:"seen_at,omitzero"` // last word of the site
	Stale         bool      `json:"stale"`            // what the API shows of it does not follow its record now
	OpenIncidents int       `json:"open_incidents"`   // how many
}

// SiteDetail is a site with its settings and policy.
type SiteDetail struct {
	Site
	Settings      Settings `json:"settings"`                 // settings
	Policy        Policy   `json:"policy"`                   // rules of the site
	Rev           uint64   `json:"rev"`                      // revision of its directory
	Enrolled      bool     `json:"enrolled"`                 // a controller is enrolled
	ControllerKey string   `json:"controller_key,omitempty"` // fingerprint of the controller's key
}

// Settings are the settings of a site.
type Settings struct {
	Phone            string   `json:"phone,omitempty"`             // whom residents call; empty: the property's
	Mail             string   `json:"mail,omitempty"`              // whom residents write to; empty: the property's
	Languages        []string `json:"languages,omitempty"`         // BCP 47; the first is the default
	OnDuty           []string `json:"on_duty,omitempty"`           // mail addresses that incidents go to; shown with the scope pii only
	Holidays         []string `json:"holidays,omitempty"`          // days without reminders: 2026-12-25, or 12-25 for every year
	ConfirmCollected bool     `json:"confirm_collected,omitempty"` // send a message when a parcel was collected
	Chat             []string `json:"chat,omitempty"`              // rooms of the staff that hear of incidents; read, each is cut to its service
}

// SiteDraft is a site to create.
type SiteDraft struct {
	ID       string   `json:"id,omitempty"`      // empty: a new id
	Property string   `json:"property"`          // id of its property
	Name     string   `json:"name"`              // name
	Hosted   bool     `json:"hosted,omitempty"`  // without hardware: runs inside the server
	Settings Settings `json:"settings,omitzero"` // settings
	Layout   Layout   `json:"layout"`            // what the site consists of
	Policy   *Policy  `json:"policy,omitempty"`  // rules; missing: the defaults
}

// SiteHealth is how a site is.
type SiteHealth struct {
	Site       Site                `json:"site"`                 // the site
	Controller *Controller         `json:"controller,omitempty"` // what the controller last said of itself; missing: it never did
	ClockBad   bool                `json:"clock_doubted"`        // its clock cannot be trusted
	Audit      bool                `json:"audit"`                // places are unverified until somebody looked
	Parts      map[string][]string `json:"parts"`                // faults of buses and boards, by name
	Record     Record              `json:"record"`               // what the server has of its record
}

// Controller is what a controller last said of itself.
type Controller struct {
	At            time.Time     `json:"at"`                       // when the server heard it
	Version       string        `json:"version"`                  // of the program
	UptimeSeconds int64         `json:"uptime_seconds"`           // since it started
	ClockTrusted  bool          `json:"clock_trusted"`            // it trusts its clock
	ClockOffsetMS int64         `json:"clock_offset_ms"`          // server's clock minus its own, in milliseconds; 0: unknown
	DiskFree      uint64        `json:"disk_free_bytes"`          // of the file system that holds the journal
	DiskTotal     uint64        `json:"disk_total_bytes"`         // of the file system that holds the journal
	Directory     uint64        `json:"directory_rev"`            // revision of its replica
	Sealed        string        `json:"sealed_journal,omitempty"` // name of a journal that was sealed
	Doors         Doors         `json:"doors"`                    // counts of doors
	Buses         []Bus         `json:"buses"`                    // lines that lock boards hang on
	Boards        []Board       `json:"boards"`                   // lock boards
	Readings      []Measurement `json:"readings"`                 // measurements
	KioskSeenAt   time.Time     `json:"kiosk_seen_at,omitzero"`   // last word of a kiosk, by the site's clock
	Via           string        `json:"via,omitempty"`            // how it reaches the server: websocket or https
}

// Doors counts doors.
type Doors struct {
	Total    int `json:"total"`          // all
	Open     int `json:"open"`           // stand open
	Occupied int `json:"occupied"`       // hold a parcel
	Out      int `json:"out_of_service"` // out of service
	Faulty   int `json:"faulty"`         // with a fault
	Doubted  int `json:"doubted"`        // unverified
}

// Bus is a line that lock boards hang on.
type Bus struct {
	Name     string            `json:"name"`               // as the layout and the settings name it
	Family   string            `json:"family,omitempty"`   // protocol of its boards
	Counters map[string]uint64 `json:"counters,omitempty"` // since the controller started, by name
}

// Board is a lock board.
type Board struct {
	Bus      string            `json:"bus"`                // name of its bus
	Address  uint8             `json:"address"`            // on the bus
	State    string            `json:"state"`              // how it is
	Counters map[string]uint64 `json:"counters,omitempty"` // by name
}

// Measurement is one reading of a sensor.
type Measurement struct {
	Name  string    `json:"name"`        // of the sensor
	Kind  string    `json:"kind"`        // with its unit
	Value float64   `json:"value"`       // in that unit
	At    time.Time `json:"at,omitzero"` // by the site's clock
}

// Record is what the server has of a site's record.
type Record struct {
	Epoch      uint64    `json:"epoch"`                // of the newest operation
	Number     uint64    `json:"number"`               // of the newest operation
	Operations uint64    `json:"operations"`           // how many the server has
	Facts      uint64    `json:"facts"`                // how many are in them
	ReceivedAt time.Time `json:"received_at,omitzero"` // when the newest came
	Head       string    `json:"head,omitempty"`       // latest tree head, countersigned: a signed note
	HeadAt     time.Time `json:"head_at,omitzero"`     // when it was countersigned
}

// Fact is one fact of a site's record. Its body holds ids, never personal data.
type Fact struct {
	Cursor string          `json:"cursor"` // after, for what follows this one
	Epoch  uint64          `json:"epoch"`  // of the record
	Number uint64          `json:"number"` // of the operation in its epoch
	Index  int             `json:"index"`  // within the operation
	At     time.Time       `json:"at"`     // by the site's clock; the order is that of the numbers
	Kind   string          `json:"kind"`   // which fact
	Body   json.RawMessage `json:"body"`   // the fact, as the site wrote it
}

// Act is a privileged act: who did what, and why.
type Act struct {
	At       time.Time `json:"at"`                  // when
	User     string    `json:"user,omitempty"`      // id of the user; missing: the command line
	UserName string    `json:"user_name,omitempty"` // with the scope pii
	Via      string    `json:"via"`                 // console, api, cli or enrolment
	Kind     string    `json:"kind"`                // what
	Subject  string    `json:"subject,omitempty"`   // id of the stay, place, person or token
	Reason   string    `json:"reason,omitempty"`    // why; with the scope pii
}

// Codes is how hard the codes of a site are to guess.
type Codes struct {
	Scheme    string  `json:"scheme"`          // what a code consists of
	Live      int     `json:"live_codes"`      // most codes that are valid at a time
	PerNumber int     `json:"codes_of_a_unit"` // most under one unit's number
	Guesses   float64 `json:"guesses_a_day"`   // wrong codes that the site takes in a day
	Most      int     `json:"guesses_allowed"` // the most that its policy may name; 0: there are too many codes
	Chance    float64 `json:"chance"`          // that a stranger opens anything in a year, 0 to 1
	MaxChance float64 `json:"max_chance"`      // the greatest that is allowed
	Wrong     string  `json:"wrong,omitempty"` // why that is too easy, and what to change
}

// Publication is a day whose tree heads were published.
type Publication struct {
	Day string    `json:"day"` // of UTC, as 2026-11-25
	Sum string    `json:"sum"` // hash of its text, in base64; the next one holds the same
	At  time.Time `json:"at"`
}

// SiteHead is the newest tree head of a site: what its record was when the head was signed.
type SiteHead struct {
	Site  string    `json:"site"`
	Epoch uint64    `json:"epoch"`
	Size  uint64    `json:"size"` // how many records of the epoch it covers
	Note  string    `json:"note"` // signed, for "cubby verify --head"
	At    time.Time `json:"at"`
}
