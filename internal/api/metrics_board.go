package api

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// maxBoardSites bounds the sites whose lines and boards have series of their own: about 30 series
// each. Beyond it new sites count in the totals only.
const maxBoardSites = 500

// boardMetrics keeps what each site last said of its lock boards. It is safe for concurrent use.
type boardMetrics struct {
	bus, board, states *prometheus.Desc

	mu    sync.Mutex // guards what follows
	sites map[locker.SiteID]wire.Status
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
		sites:  map[locker.SiteID]wire.Status{},
	}
}

func (b *boardMetrics) keep(site locker.SiteID, s wire.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sites[site] = wire.Status{Buses: s.Buses, Boards: s.Boards}
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
	own := 0
	for site, s := range b.sites {
		for _, one := range s.Boards {
			states[one.State]++
		}
		if own++; own > maxBoardSites {
			continue
		}
		for _, line := range s.Buses {
			for event, n := range line.Counters {
				out <- prometheus.MustNewConstMetric(b.bus, prometheus.CounterValue, float64(n), string(site), line.Name, event)
			}
		}
		for _, one := range s.Boards {
			for event, n := range one.Counters {
				out <- prometheus.MustNewConstMetric(b.board, prometheus.CounterValue, float64(n), string(site), one.Bus,
					strconv.Itoa(int(one.Address)), event)
			}
		}
	}
	for state, n := range states {
		out <- prometheus.MustNewConstMetric(b.states, prometheus.GaugeValue, float64(n), string(state))
	}
}
