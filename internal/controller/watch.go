package controller

import "sync"

// watchers wakes those who wait for a panel to change.
type watchers struct {
	mu      sync.Mutex
	waiting map[PanelID]chan struct{}
}

// wait returns a channel that is closed at the panel's next change.
func (w *watchers) wait(panel PanelID) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, ok := w.waiting[panel]
	if !ok {
		ch = make(chan struct{})
		if w.waiting == nil {
			w.waiting = map[PanelID]chan struct{}{}
		}
		w.waiting[panel] = ch
	}
	return ch
}

// wake closes the panel's channel, if anybody waits for it.
func (w *watchers) wake(panel PanelID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ch, ok := w.waiting[panel]; ok {
		close(ch)
		delete(w.waiting, panel)
	}
}
