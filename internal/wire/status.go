package wire

import "cubby/internal/locker"

// Status is what a site says of its own health, for remote diagnostics. It is a snapshot, not a
// record: only the newest counts.
type Status struct {
	Version   string        `json:"version"`
	Boot      string        `json:"boot"`
	At        locker.Millis `json:"at"`        // by the site's clock
	Started   locker.Millis `json:"started"`   // by the site's clock
	UptimeMS  int64         `json:"uptime_ms"` // monotonic, since the controller started
	Clock     Clock         `json:"clock"`
	Disk      Disk          `json:"disk"`
	Journal   JournalStatus `json:"journal"`
	Directory uint64        `json:"directory"` // revision of the replica
	Buses     []BusStatus   `json:"buses,omitempty"`
	Boards    []BoardStatus `json:"boards,omitempty"`
	Doors     DoorSummary   `json:"doors"`
	Readings  []Reading     `json:"readings,omitempty"`
	KioskSeen locker.Millis `json:"kiosk_seen,omitempty"` // last word of a kiosk; zero: never
	Link      LinkStatus    `json:"link"`
	Audit     bool          `json:"audit,omitempty"`         // places are unverified until seen
	Service   locker.Millis `json:"service_until,omitempty"` // end of a service session
	State     *StateSum     `json:"state,omitempty"`         // since v3
}

// StateSum is custody in short after one operation of the record. The server folds the same record up
// to it and compares.
type StateSum struct {
	At Position `json:"at"`
	Sum
}

// Clock is what a site thinks of its wall clock.
type Clock struct {
	Wall     locker.Millis `json:"wall"`
	Trusted  bool          `json:"trusted"`
	OffsetMS int64         `json:"offset_ms"` // server's clock minus the site's; zero when unknown
}

// Disk is the file system that holds the journal.
type Disk struct {
	FreeBytes  uint64 `json:"free_bytes"`
	TotalBytes uint64 `json:"total_bytes"`
}

// JournalStatus is how far the record is, and how much of it the server has.
type JournalStatus struct {
	Last   Position `json:"last"`
	Acked  Position `json:"acked"`
	Sealed string   `json:"sealed,omitempty"` // name of a journal that was sealed
}

// BoardState says how a lock board is. The zero value is invalid.
type BoardState string

// The states of a board.
const (
	BoardOK      BoardState = "ok"
	BoardSilent  BoardState = "silent"  // does not answer
	BoardMissing BoardState = "missing" // in the layout, never answered
)

// BusStatus is one line that lock boards hang on. Counters only grow while a controller runs.
type BusStatus struct {
	Name     string            `json:"name"`
	Family   string            `json:"family,omitempty"`   // protocol, e.g. "rs485"
	Counters map[string]uint64 `json:"counters,omitempty"` // by name, e.g. "requests", "reconnects"
}

// BoardStatus is one lock board.
type BoardStatus struct {
	Bus      string            `json:"bus"`
	Address  uint8             `json:"addr"`
	State    BoardState        `json:"state"`
	Counters map[string]uint64 `json:"counters,omitempty"` // by name, e.g. "requests", "timeouts"
}

// DoorSummary counts doors.
type DoorSummary struct {
	Total    int `json:"total"`
	Open     int `json:"open"`
	Occupied int `json:"occupied"`
	Out      int `json:"out"`     // out of service
	Faulty   int `json:"faulty"`  // with a fault
	Doubted  int `json:"doubted"` // unverified
}

// Reading is one measurement of a sensor.
type Reading struct {
	Name  string        `json:"name"`  // e.g. "cabinet"
	Kind  string        `json:"kind"`  // with its unit, e.g. "temperature_celsius"
	Milli int64         `json:"milli"` // thousandths of the unit
	At    locker.Millis `json:"at,omitempty"`
}

// LinkStatus is how a site reaches the server.
type LinkStatus struct {
	Via       string        `json:"via,omitempty"` // websocket, https
	Since     locker.Millis `json:"since,omitempty"`
	Attempts  uint64        `json:"attempts"` // connections tried since the controller started
	LastError string        `json:"last_error,omitempty"`
}
