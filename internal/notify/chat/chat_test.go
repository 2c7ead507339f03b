package chat_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cubby/internal/notify/chat"
	"cubby/internal/notify/email"
)

func TestSend(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	var body string
	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		w.WriteHeader(status)
	}))
	defer room.Close()
	address := "generic+" + room.URL + "/s3cr3t?disabletls=yes"
	c := chat.Client{Private: true}
	if err := c.Send(t.Context(), address, "Door A01 is stuck"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(body, "Door A01 is stuck") {
		t.Errorf("the room was told %q", body)
	}
	status = http.StatusServiceUnavailable
	err := c.Send(t.Context(), address, "again")
	var e *chat.Error
	if !errors.As(err, &e) || e.Fate() != email.ClassTemporary || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("a room that is away: %v", err)
	}
	for _, bad := range []string{"pigeon://x", "slack://"} {
		if err := c.Send(t.Context(), bad, "x"); !errors.As(err, &e) || e.Fate() != email.ClassPermanent {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := (chat.Client{}).Send(t.Context(), address, "x"); !errors.As(err, &e) || e.Fate() != email.ClassPermanent {
		t.Errorf("a generic address is told: %v", err)
	}
}
