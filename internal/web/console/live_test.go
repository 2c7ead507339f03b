package console_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/console/consoletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watcher is an open page that follows the wall.
type watcher struct {
	mu     sync.Mutex
	header http.Header
	status int
	body   bytes.Buffer
	fail   bool
	stop   context.CancelFunc
	done   chan struct{}
}

func (w *watcher) Header() http.Header { return w.header }
func (w *watcher) Flush()              {}

func (w *watcher) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail {
		return 0, errors.New("gone")
	}
	return w.body.Write(p)
}

// take returns what arrived since the last call, without pings.
func (w *watcher) take() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	text := strings.ReplaceAll(w.body.String(), ":\n\n", "")
	w.body.Reset()
	return text
}

func watch(t *testing.T, b *bench, path, lang string) *watcher {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &watcher{header: http.Header{}, stop: stop, done: make(chan struct{})}
	r := consoletest.Fixture{Path: path}.Request(b.fake, lang, "").WithContext(ctx)
	go func() {
		defer close(w.done)
		b.Handler().ServeHTTP(w, r)
	}()
	return w
}

func (w *watcher) leave() {
	w.stop()
	<-w.done
}

const streamPath = "/sites/harbour/wall/stream"

func occupy(w *cloud.Wall) {
	door := &w.Banks[0].Columns[0].Doors[0]
	door.Status, door.Unit, door.Parcels = cloud.PlaceOccupied, "777", 1
}

func TestStream_SendsTheWallThenWhatChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, streamPath, "en")
		first := w.take()
		for _, part := range []string{`hx-target="#tiles"`, `hx-target="#walls"`, `hx-target="#activity"`, "Need attention", "door-main-B04"} {
			if !strings.Contains(first, part) {
				t.Errorf("the first message lacks %s", part)
			}
		}
		if w.header.Get("Content-Type") != "text/event-stream" || w.header.Get("Cache-Control") != "no-store" {
			t.Errorf("header %v", w.header)
		}
		b.fake.Change(occupy, cloud.Change{Site: "harbour", Places: []locker.PlaceID{"main/A01"}})
		if second := w.take(); !strings.Contains(second, "777") {
			t.Errorf("the change did not arrive: %.200s", second)
		}
		b.fake.Change(func(*cloud.Wall) {}, cloud.Change{Site: "harbour", Incidents: true})
		time.Sleep(time.Second)
		third := w.take()
		if !strings.Contains(third, `"#tiles"`) || strings.Contains(third, `"#walls"`) {
			t.Errorf("an incident changes the tiles alone: %.200s", third)
		}
		w.leave()
	})
}

func TestStream_SaysWhenTheSiteIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, streamPath, "en")
		if strings.Contains(w.take(), "not connected") {
			t.Error("a connected site reads as gone")
		}
		b.fake.Change(func(w *cloud.Wall) { w.Site.Link = cloud.LinkSilent }, cloud.Change{Site: "harbour", Health: true})
		if !strings.Contains(w.take(), "The site is not connected.") {
			t.Error("nobody learns that the wall is old")
		}
		w.leave()
	})
}

func TestStream_GathersABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, streamPath, "en")
		w.take()
		for range 6 {
			b.fake.Change(occupy, cloud.Change{Site: "harbour", Places: []locker.PlaceID{"main/A01"}})
		}
		if n := strings.Count(w.take(), `"#walls"`); n != 1 {
			t.Errorf("six changes at once were sent %d times", n)
		}
		time.Sleep(5 * time.Second)
		w.leave()
	})
}

func TestStream_SpeaksEachLanguageAndForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		english, arabic, list := watch(t, b, streamPath, "en"), watch(t, b, streamPath, "ar"), watch(t, b, streamPath+"?view=list", "en")
		if text := english.take(); !strings.Contains(text, "Free doors") || strings.Contains(text, "<table") {
			t.Error("English is wrong")
		}
		if text := arabic.take(); !strings.Contains(text, "أبواب فارغة") {
			t.Error("Arabic is wrong")
		}
		if text := list.take(); !strings.Contains(text, "<table") {
			t.Error("the list is wrong")
		}
		english.leave()
		b.fake.Change(occupy, cloud.Change{Site: "harbour", All: true})
		if !strings.Contains(arabic.take(), "777") {
			t.Error("who stays hears nothing after somebody left")
		}
		arabic.leave()
		list.leave()
		again := watch(t, b, streamPath, "en")
		if !strings.Contains(again.take(), "777") {
			t.Error("a new room does not begin with the present")
		}
		again.leave()
	})
}

func TestStream_EndsWithTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, streamPath, "en")
		w.take()
		b.fake.EndSession()
		time.Sleep(16 * time.Second)
		synctest.Wait()
		select {
		case <-w.done:
		default:
			t.Error("the stream outlives the session")
		}
		w.leave()
	})
}

func TestStream_KeepsGoingWhenLoadingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, streamPath, "en")
		w.take()
		b.fake.Fail("Activity", errors.New("busy"))
		b.fake.Change(occupy, cloud.Change{Site: "harbour", All: true})
		time.Sleep(time.Second)
		if text := w.take(); text != "" {
			t.Errorf("half a wall was sent: %.100s", text)
		}
		b.fake.Fail("Activity", nil)
		b.fake.Change(func(*cloud.Wall) {}, cloud.Change{Site: "harbour", All: true})
		time.Sleep(time.Second)
		if !strings.Contains(w.take(), "777") {
			t.Error("the next change did not bring the wall up to date")
		}
		w.leave()
	})
}

func TestStream_LosesNobodyElseToABrokenConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		broken, good := watch(t, b, streamPath, "en"), watch(t, b, streamPath, "en")
		broken.take()
		good.take()
		broken.mu.Lock()
		broken.fail = true
		broken.mu.Unlock()
		b.fake.Change(occupy, cloud.Change{Site: "harbour", All: true})
		time.Sleep(time.Second)
		if !strings.Contains(good.take(), "777") {
			t.Error("the good page heard nothing")
		}
		<-broken.done
		good.leave()
	})
}
