package api

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Limits of the series: what a site says must not fill the server's memory.
const (
	// maxBoardSites bounds the sites whose lines and boards have series of their own: about 30 series
	// each. Beyond it new sites count in the totals only.
	maxBoardSites = 500
	maxSiteBuses  = 16
	maxSiteBoards = 256
)

// boardMetrics keeps what each site last said of its lock boards. It is safe for concurrent use.
type boardMetrics struct {
	bus, board, states *prometheus.Desc

	mu    sync.Mutex // guards what follows
	sites map[locker.SiteID]siteBoards
}

// siteBoards is what counts of a site's last word: known names only, each line and board once.
type siteBoards struct {
	own    bool // it has series of its own
	states map[wire.BoardState]int
	buses  map[string]map[string]uint64
	boards map[boardKey]map[string]uint64
}

type boardKey struct {
	bus  string
	addr uint8
}

var _ prometheus.Collector = (*boardMetrics)(nil)

func newBoardMetrics() *boardMetrics {
	return &boardMetrics{
		bus: prometheus.NewDesc("cubby_bus_events_total",
			"What happened on a line to lock boards since its controller started: requests, timeouts, checksums, echoes, late, refused, reconnects.",
			[]string{"site", "bus", "event"}, nil),
		board: prometheus.NewDesc("cubby_board_events_total",
			"What happened to the requests to one lock board since its controller started.",
			[]string{"site", "bus", "board", "event"}, nil),
		states: prometheus.NewDesc("cubby_boards", "Lock boards of all sites by how they are.", []string{"state"}, nil),
		sites:  map[locker.SiteID]siteBoards{},
	}
}

// keep takes a site's word. A line or board that is named twice would make the registry refuse to
// show anything of any site, so the first one counts.
func (b *boardMetrics) keep(site locker.SiteID, s wire.Status) {
	said := siteBoards{
		states: map[wire.BoardState]int{}, buses: map[string]map[string]uint64{}, boards: map[boardKey]map[string]uint64{},
	}
	for _, line := range s.Buses {
		if _, twice := said.buses[line.Name]; !twice && len(said.buses) < maxSiteBuses {
			said.buses[line.Name] = knownEvents(line.Counters)
		}
	}
	for _, one := range s.Boards {
		key := boardKey{bus: one.Bus, addr: one.Address}
		if _, twice := said.boards[key]; !twice && len(said.boards) < maxSiteBoards {
			said.boards[key] = knownEvents(one.Counters)
			said.states[one.State]++
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.sites[site]
	said.own = before.own || !known && len(b.sites) < maxBoardSites
	b.sites[site] = said
}

// knownEvents leaves out counters that a controller of another version may have.
func knownEvents(counters map[string]uint64) map[string]uint64 {
	known := map[string]uint64{}
	for _, event := range []string{"requests", "timeouts", "checksums", "echoes", "late", "refused", "reconnects"} {
		if n, ok := counters[event]; ok {
			known[event] = n
		}
	}
	return known
}

// Describe implements prometheus.Collector.
func (b *boardMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- b.bus
	out <- b.board
	out <- b.states
}

// Collect implements prometheus.Collector.
func (b *boardMetrics) Collect(out chan<- prometheus.Metric) {
	b.mu.Lock()
	defer b.mu.Unlock()
	states := map[wire.BoardState]int{wire.BoardOK: 0, wire.BoardSilent: 0, wire.BoardMissing: 0}
	for site, s := range b.sites {
		for state := range states {
			states[state] += s.states[state]
		}
		if !s.own {
			continue
		}
		for name, counters := range s.buses {
			for event, n := range counters {
				out <- prometheus.MustNewConstMetric(b.bus, prometheus.CounterValue, float64(n), string(site), name, event)
			}
		}
		for key, counters := range s.boards {
			for event, n := range counters {
				out <- prometheus.MustNewConstMetric(b.board, prometheus.CounterValue, float64(n), string(site), key.bus,
					strconv.Itoa(int(key.addr)), event)
			}
		}
	}
	for state, n := range states {
		out <- prometheus.MustNewConstMetric(b.states, prometheus.GaugeValue, float64(n), string(state))
	}
}
