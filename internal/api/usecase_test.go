package api_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/round"
)

// unreachable are the use cases that the API does not offer, with the reason.
func unreachable() map[string]string {
	const (
		person   = "people sign in with a password and a session; a token must make neither people nor tokens"
		resident = "for whoever holds a resident's link: internal/web/resident"
		inside   = "composition and background work of this process"
		page     = "for one part of a page; the API gives the whole"
	)
	return map[string]string{
		"CreateOwner": person, "SignIn": person, "SignOut": person, "Session": person, "Users": person, "PutUser": person,
		"SetPassword": person, "StaffCode": person, "CreateAPIToken": person, "APITokens": person, "RevokeAPIToken": person,
		"Operator":     "whoever works on the server itself",
		"ResidentPage": resident, "ResidentOpen": resident, "ResidentAwait": resident,
		"Reportable": resident, "Report": resident, "Send": resident, "SentBy": resident, "End": resident, "DelegatePage": resident,
		"Keep": resident, "KeepUntil": resident, "Away": resident, "Wishes": resident, "SetWishes": resident, "AddBrowser": resident, "RemoveBrowsers": resident,
		"LostPhone": resident, "Tick": inside,
		"Start": inside, "StartWriters": inside, "Writable": inside, "Stop": inside, "OnWake": inside, "Hub": inside, "HostedStorage": inside, "HostedSites": inside, "Post": inside, "Holders": inside,
		"Raise": inside, "Rebuild": inside, "Sweep": inside, "Stats": inside, "Ready": inside, "Publish": inside,
		"OpenIncidents": page, "Activity": page, "WallPlace": page, "Tiles": page, "DeliveriesOf": page, "Preview": page,
		"FindRecipients": "list-residents with q",
		"RunDue":         inside, "Counts": inside,
		"Scan": "list-parcels with q and state waiting",
		"Act":  "each kind of intent has an operation of its own, with its own input",
	}
}

// TestUseCases holds the API to what pages can do: a method of Cloud is called by a handler or stands in
// the table above.
func TestUseCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	must(t, err)
	call := regexp.MustCompile(`a\.(?:cloud|audits|rounds|desk|holders)\.([A-Z]\w*)`)
	called := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		must(t, err)
		for _, m := range call.FindAllStringSubmatch(string(source), -1) {
			called[m[1]] = true
		}
	}
	reasons := unreachable()
	var names []string
	for _, of := range []reflect.Type{reflect.TypeFor[*cloud.Cloud](), reflect.TypeFor[*audit.Auditor](), reflect.TypeFor[*round.Desk](), reflect.TypeFor[*desk.Desk](), reflect.TypeFor[*holder.Desk]()} {
		for i := range of.NumMethod() {
			names = append(names, of.Method(i).Name)
		}
	}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
		switch {
		case called[name] && reasons[name] != "":
			t.Errorf("%s is offered: take it out of the table", name)
		case !called[name] && reasons[name] == "":
			t.Errorf("no operation offers %s: add one to routes.go, or say here why not", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		if !known[name] {
			t.Errorf("the table names %s, which no use case has", name)
		}
	}
}
