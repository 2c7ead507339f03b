package app

import (
	"fmt"
	"net"

	"cubby/internal/cloud/desk"
	"cubby/internal/text"
)

// buildDesk builds the front desk. Its label printers are reached from here.
func (s *Server) buildDesk(catalog *text.Catalog) error {
	var err error
	s.faces.desk, err = desk.New(desk.Options{
		Cloud: s.Cloud, Store: s.store, Text: catalog, Now: s.opts.Now, NewID: s.opts.NewID,
		Dial: new(net.Dialer).DialContext, Printed: s.faces.notifier.Printed,
	})
	if err != nil {
		return fmt.Errorf("build the front desk: %w", err)
	}
	return nil
}

// Desk returns the front desk.
func (s *Server) Desk() *desk.Desk { return s.faces.desk }
