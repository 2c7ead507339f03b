package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

const (
	headerTimeout = 10 * time.Second // a client that sends its headers slower is cut off
	stopTimeout   = 5 * time.Second  // requests under way get so long at the end
)

// Start runs the site and returns once it has read its doors and the kiosk answers.
func (s *Site) Start(ctx context.Context) error {
	ctx, s.cancel = context.WithCancel(ctx)
	s.done.Go(func() {
		if err := s.Controller.Run(ctx); err != nil && ctx.Err() == nil {
			s.fail(fmt.Errorf("run the controller: %w", err))
		}
	})
	s.done.Go(func() {
		if err := s.kiosk.Serve(s.listen); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve the kiosk: %w", err))
		}
	})
	select {
	case <-s.Controller.Ready():
	case err := <-s.failed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("start the site: %w", ctx.Err())
	}
	if err := s.Link.Start(ctx); err != nil {
		return fmt.Errorf("start the link: %w", err)
	}
	return nil
}

func (s *Site) fail(err error) {
	s.opts.Logger.Error("the controller stops", slog.Any("error", err))
	select {
	case s.failed <- err:
	default: // the first reason counts
	}
}

// Failed tells what ended the site by itself. The process should exit then and be started again.
func (s *Site) Failed() <-chan error { return s.failed }

// KioskURL returns where the kiosk's pages are.
func (s *Site) KioskURL() string { return "http://" + s.listen.Addr().String() }

// Stop ends the site and closes its files.
func (s *Site) Stop() error {
	s.Link.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var err error
	if s.kiosk.Shutdown(ctx) != nil { // a kiosk page holds its stream open for ever
		err = s.kiosk.Close()
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.done.Wait()
	return errors.Join(err, s.close())
}

func (s *Site) close() error {
	var errs []error
	if s.listen != nil {
		_ = s.listen.Close() // closed by the server already, unless it never ran
	}
	errs = append(errs, closeBuses(s.buses))
	if s.Journal != nil {
		errs = append(errs, s.Journal.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
