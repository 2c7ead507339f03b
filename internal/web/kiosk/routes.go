package kiosk

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"cubby/internal/web/ui"
)

// routes lists everything that a panel may ask for. Nobody signs in: who stands at a panel proves
// it by a code, and the controller decides.
func (h *Handler) routes() (http.Handler, error) {
	worker, err := h.worker()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.front)
	mux.Handle("GET "+ui.AssetPrefix, ui.Handler())
	mux.Handle("GET /kiosk/sw.js", worker)
	mux.HandleFunc("GET /kiosk/{panel}", h.show)
	mux.HandleFunc("GET /kiosk/{panel}/stream", h.stream)
	mux.HandleFunc("GET /kiosk/{panel}/{what}", h.back) // a form's address, asked for again
	mux.HandleFunc("POST /kiosk/{panel}/act", h.act)
	mux.HandleFunc("POST /kiosk/{panel}/code", h.code)
	mux.HandleFunc("POST /kiosk/{panel}/scan", h.scan)
	mux.HandleFunc("POST /kiosk/{panel}/look", h.look)
	mux.HandleFunc("POST /kiosk/{panel}/beat", h.beat)
	guarded := http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(mux, maxBody))
	return ui.Secure(guarded, ui.StrictPolicy), nil
}

// worker serves "One moment" while the controller restarts, in the default language: nobody is
// left to ask for another.
func (h *Handler) worker() (http.Handler, error) {
	var page bytes.Buffer
	if err := ui.OneMoment(h.oneMoment(h.opts.Text.For(""))).Render(context.Background(), &page); err != nil {
		return nil, fmt.Errorf("render the waiting page: %w", err)
	}
	worker, err := ui.Worker("kiosk-sw.js", page.Bytes())
	if err != nil {
		return nil, fmt.Errorf("serve the waiting page: %w", err)
	}
	return worker, nil
}

func (h *Handler) front(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, base(h.opts.Default), http.StatusSeeOther)
}

func (h *Handler) back(w http.ResponseWriter, r *http.Request) {
	if panel, ok := panelOf(w, r); ok {
		http.Redirect(w, r, base(panel), http.StatusSeeOther) //nolint:gosec // panelOf lets only a plain name through
	}
}
