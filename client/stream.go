package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"
)

// FollowFacts returns the facts of a site after a cursor, and then each as it happens, until the caller
// stops or ctx ends. It connects again by itself, and goes on after the last fact it gave. It ends with an
// error when the server refuses, e.g. because the token was revoked. Keep the cursor of what you have
// dealt with, and begin there next time. The timeout of Options.HTTP does not count here.
func (c *Client) FollowFacts(ctx context.Context, site, after string) iter.Seq2[Fact, error] {
	return func(yield func(Fact, error) bool) {
		pause := firstPause
		for {
			before := after
			more, err := c.stream(ctx, site, &after, yield)
			switch {
			case !more:
				return
			case ctx.Err() != nil:
				yield(Fact{}, ctx.Err())
				return
			case err != nil && !passing(err):
				yield(Fact{}, err)
				return
			case after != before:
				pause = firstPause
			}
			if err := sleep(ctx, pause); err != nil {
				yield(Fact{}, err)
				return
			}
			pause = min(2*pause, maxPause)
		}
	}
}

// passing reports whether an error may be over at the next try.
func passing(err error) bool {
	_, again := mayRetry(http.MethodGet, err)
	return again
}

// stream reads one connection. It reports false when the caller wants no more.
func (c *Client) stream(ctx context.Context, site string, after *string, yield func(Fact, error) bool) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+at("/sites/%s/facts/stream", site), nil)
	if err != nil {
		return true, fmt.Errorf("make the request: %w", err)
	}
	r.Header = http.Header{
		"Authorization": {"Bearer " + c.token}, "Accept": {"text/event-stream"}, "User-Agent": {c.agent},
	}
	if *after != "" {
		r.Header.Set("Last-Event-ID", *after)
	}
	open := *c.http
	open.Timeout = 0 // the stream goes on for minutes
	answer, err := open.Do(r)
	if err != nil {
		return true, fmt.Errorf("follow the facts of %s: %w", site, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		if err != nil {
			return true, fmt.Errorf("read the answer: %w", err)
		}
		return true, problem(answer, raw)
	}
	return read(answer.Body, func(id string, data []byte) (bool, error) {
		var f Fact
		if err := json.Unmarshal(data, &f); err != nil {
			return true, fmt.Errorf("read a fact: %w", err)
		}
		*after = id
		return yield(f, nil), nil
	})
}

// silent is how long nothing may come before a connection is taken for dead: the server writes a line every
// five seconds.
const silent = 30 * time.Second

// read takes server-sent events apart: https://html.spec.whatwg.org/multipage/server-sent-events.html.
func read(body io.ReadCloser, event func(id string, data []byte) (bool, error)) (bool, error) {
	watch := time.AfterFunc(silent, func() { body.Close() })
	defer watch.Stop()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxAnswer)
	var id string
	var data []byte
	for lines.Scan() {
		watch.Reset(silent)
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && data != nil:
			more, err := event(id, data)
			if !more || err != nil {
				return more, err
			}
			data = nil
		case field == "id":
			id = value
		case field == "data":
			data = append(data, value...)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		return true, fmt.Errorf("read the stream: %w", err)
	}
	return true, nil
}
