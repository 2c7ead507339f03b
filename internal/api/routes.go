package api

import (
	"net/http"

	"cubby/internal/auth"
)

// Methods, short for the table.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// Scopes, short for the table.
func read() []auth.Scope  { return []auth.Scope{auth.ScopeRead} }
func write() []auth.Scope { return []auth.Scope{auth.ScopeWrite} }
func open() []auth.Scope  { return []auth.Scope{auth.ScopeOpen} }
func pii() []auth.Scope   { return []auth.Scope{auth.ScopePII} }

const (
	createdStatus  = http.StatusCreated
	acceptedStatus = http.StatusAccepted
	doneStatus     = http.StatusNoContent
)

// register adds every operation: method, path, id, words, scopes, handler.
func (a *API) register() {
	a.registerSites()
	a.registerRecord()
	a.registerPlaces()
	a.registerPeople()
	a.registerCouriers()
	a.registerParcels()
	a.registerIntents()
	a.registerIncidents()
	a.registerWebhooks()
	a.registerAudits()
	a.registerDesk()
	a.registerReports()
}

const adviceWords = "From the site's own record, by simulation: other doors in the same columns, another hold, one more column; in a normal " +
	"and in the peak week. It takes some seconds. A record that says too little yet is a CONFLICT that says how much is missing."

func (a *API) registerSites() {
	add(a, operation{
		method: get, path: "/properties", id: "list-properties", tag: tagSites, scopes: read(),
		summary: "List properties",
	}, a.listProperties)
	add(a, operation{
		method: post, path: "/properties", id: "create-property", tag: tagSites, scopes: write(), status: createdStatus,
		summary: "Create a property",
	}, a.createProperty)
	add(a, operation{
		method: get, path: "/sites", id: "list-sites", tag: tagSites, scopes: read(),
		summary: "List sites", more: "All sites that the token sees, by name.",
	}, a.listSites)
	add(a, operation{
		method: post, path: "/sites", id: "create-site", tag: tagSites, scopes: write(), status: createdStatus, body: maxLayout,
		summary: "Create a site", more: "The site gets keys of its own and the people of its property.",
	}, a.createSite)
	add(a, operation{
		method: get, path: "/sites/{site}", id: "get-site", tag: tagSites, scopes: read(),
		summary: "Get a site with its settings and policy",
	}, a.getSite)
	add(a, operation{
		method: put, path: "/sites/{site}/settings", id: "set-settings", tag: tagSites, scopes: write(), status: doneStatus,
		summary: "Replace the name and the settings of a site",
	}, a.setSettings)
	add(a, operation{
		method: put, path: "/sites/{site}/policy", id: "set-policy", tag: tagSites, scopes: write(), status: doneStatus,
		summary: "Replace the policy of a site",
	}, a.setPolicy)
	add(a, operation{
		method: get, path: "/sites/{site}/codes", id: "get-codes", tag: tagSites, scopes: read(),
		summary: "Get how hard the codes of a site are to guess",
		more:    "The policy refuses a number of wrong codes a day under which `chance` would be above `max_chance`.",
	}, a.getCodes)
	add(a, operation{
		method: get, path: "/sites/{site}/layout", id: "get-layout", tag: tagSites, scopes: read(),
		summary: "Get the layout of a site",
	}, a.getLayout)
	add(a, operation{
		method: put, path: "/sites/{site}/layout", id: "set-layout", tag: tagSites, scopes: write(), status: doneStatus, body: maxLayout,
		summary: "Replace the layout of a site", more: "A place that holds a parcel cannot be taken out: CONFLICT.",
	}, a.setLayout)
	add(a, operation{
		method: post, path: "/sites/{site}/enrolments", id: "create-enrolment", tag: tagSites, scopes: write(), status: createdStatus,
		summary: "Make a token that enrols one controller, once", secret: true,
	}, a.createEnrolment)
	add(a, operation{
		method: get, path: "/sites/{site}/health", id: "get-health", tag: tagSites, scopes: read(),
		summary: "Get the health of a site", more: "What the controller last said of itself, and how far its record has come.",
	}, a.getHealth)
	add(a, operation{
		method: get, path: "/sites/{site}/advice", id: "get-advice", tag: tagSites, scopes: read(),
		summary: "Ask whether other doors would help a site",
		more:    adviceWords,
	}, a.getAdvice)
	add(a, operation{
		method: get, path: "/sites/{site}/facts", id: "list-facts", tag: tagRecord, scopes: read(),
		summary: "List the facts of a site after a cursor",
		more:    "In the order of the record. `next` is always there: ask again with it later for what is new.",
	}, a.listFacts)
	add(a, operation{
		method: get, path: "/sites/{site}/facts/stream", id: "stream-facts", tag: tagRecord, scopes: read(), stream: true,
		summary: "Follow the facts of a site as server-sent events",
		more:    "Begins after a cursor and goes on with what happens. It ends after ten minutes: connect again with the header Last-Event-ID, as browsers do by themselves.",
	}, a.streamFacts)
	add(a, operation{
		method: get, path: "/sites/{site}/acts", id: "list-acts", tag: tagRecord, scopes: read(),
		summary: "List the privileged acts on a site", more: "Newest first. Names and reasons need the scope `pii` too.",
	}, a.listActs)
}

func (a *API) registerPlaces() {
	add(a, operation{
		method: get, path: "/sites/{site}/wall", id: "get-wall", tag: tagPlaces, scopes: read(),
		summary: "Get the live wall of a site",
	}, a.getWall)
	add(a, operation{
		method: get, path: "/sites/{site}/banks", id: "list-banks", tag: tagPlaces, scopes: read(),
		summary: "List the banks of a site", more: "Each with the count of its compartments in each state.",
	}, a.listBanks)
	add(a, operation{
		method: get, path: "/sites/{site}/compartments", id: "list-compartments", tag: tagPlaces, scopes: read(),
		summary: "List the compartments of a site",
	}, a.listCompartments)
	add(a, operation{
		method: get, path: "/sites/{site}/compartments/{place}", id: "get-compartment", tag: tagPlaces, scopes: read(),
		summary: "Get a compartment with its stays and its timeline",
	}, a.getCompartment)
	add(a, operation{
		method: patch, path: "/sites/{site}/compartments/{place}", id: "set-service", tag: tagPlaces, scopes: write(), status: acceptedStatus,
		summary: "Take a compartment out of service, or put it back", more: "The site answers the intent.",
	}, a.setService)
	add(a, operation{
		method: get, path: "/sites/{site}/places", id: "list-places", tag: tagPlaces, scopes: read(),
		summary: "List the places of a site", more: "Compartments, shelves and the desk.",
	}, a.listPlaces)
	add(a, operation{
		method: get, path: "/sites/{site}/places/{place}", id: "get-place", tag: tagPlaces, scopes: read(),
		summary: "Get a place with its stays and its timeline",
	}, a.getPlace)
	add(a, operation{
		method: post, path: "/sites/{site}/places/{place}/open", id: "open-place", tag: tagIntents, scopes: open(), status: acceptedStatus,
		summary: "Open a door from afar", more: "The reason stands in the record. The site's governor allows few a minute.",
	}, a.openPlace)
	add(a, operation{
		method: post, path: "/sites/{site}/places/{place}/verify", id: "verify-place", tag: tagIntents, scopes: write(), status: acceptedStatus,
		summary: "Tell the site what somebody saw in a place",
	}, a.verifyPlace)
}

func (a *API) registerPeople() {
	add(a, operation{
		method: get, path: "/sites/{site}/units", id: "list-units", tag: tagPeople, scopes: read(), summary: "List units",
	}, a.listUnits)
	add(a, operation{
		method: post, path: "/sites/{site}/units", id: "create-unit", tag: tagPeople, scopes: pii(), status: createdStatus,
		summary: "Create a unit",
	}, a.createUnit)
	add(a, operation{
		method: put, path: "/sites/{site}/units/{unit}", id: "update-unit", tag: tagPeople, scopes: pii(), status: doneStatus,
		summary: "Replace a unit",
	}, a.updateUnit)
	add(a, operation{
		method: get, path: "/sites/{site}/residents", id: "list-residents", tag: tagPeople, scopes: pii(),
		summary: "List residents, employees and offices",
	}, a.listResidents)
	add(a, operation{
		method: post, path: "/sites/{site}/residents", id: "create-resident", tag: tagPeople, scopes: pii(), status: createdStatus,
		summary: "Create a resident",
	}, a.createResident)
	add(a, operation{
		method: get, path: "/residents/{resident}", id: "get-resident", tag: tagPeople, scopes: pii(),
		summary: "Get a resident",
	}, a.getResident)
	add(a, operation{
		method: patch, path: "/residents/{resident}", id: "update-resident", tag: tagPeople, scopes: pii(), status: doneStatus,
		summary: "Change a resident", more: "Fields that are missing stay as they are; null takes a value away.",
	}, a.updateResident)
	add(a, operation{
		method: post, path: "/residents/{resident}/deactivate", id: "deactivate-resident", tag: tagPeople, scopes: pii(), status: doneStatus,
		summary: "Make a resident inactive", more: "Nothing new is stored for them; what waits can still be collected.",
	}, a.deactivateResident)
	add(a, operation{
		method: post, path: "/residents/{resident}/link", id: "show-resident-link", tag: tagPeople, scopes: pii(), secret: true,
		summary: "Show the address of a resident's page",
	}, a.showResidentLink)
	add(a, operation{
		method: post, path: "/residents/{resident}/link/renew", id: "renew-resident-link", tag: tagPeople, scopes: pii(), secret: true,
		summary: "Make the old address of a resident's page worthless and show a new one",
	}, a.renewResidentLink)
	add(a, operation{
		method: post, path: "/sites/{site}/residents/imports", id: "plan-import", tag: tagPeople, scopes: pii(), status: createdStatus,
		summary: "Say what importing a list of residents would change", body: maxImport, secret: true,
		more: "Nothing is written before the plan is applied.",
	}, a.planImport)
	add(a, operation{
		method: post, path: "/imports/{plan}/apply", id: "apply-import", tag: tagPeople, scopes: pii(),
		summary: "Do what the plan of an import says",
	}, a.applyImport)
}

func (a *API) registerCouriers() {
	add(a, operation{
		method: get, path: "/carriers", id: "list-carriers", tag: tagPeople, scopes: read(), summary: "List carriers",
	}, a.listCarriers)
	add(a, operation{
		method: put, path: "/carriers/{carrier}", id: "put-carrier", tag: tagPeople, scopes: write(), status: doneStatus,
		summary: "Add or rename a carrier",
	}, a.putCarrier)
	add(a, operation{
		method: get, path: "/sites/{site}/couriers", id: "list-couriers", tag: tagPeople, scopes: read(),
		summary: "List the couriers of a site", more: "Their names need the scope `pii` too.",
	}, a.listCouriers)
	add(a, operation{
		method: post, path: "/sites/{site}/couriers", id: "create-courier", tag: tagPeople, scopes: write(), status: createdStatus,
		summary: "Give a courier access to a site",
	}, a.createCourier)
	add(a, operation{
		method: patch, path: "/sites/{site}/couriers/{courier}", id: "update-courier", tag: tagPeople, scopes: write(), status: doneStatus,
		summary: "Change or revoke a courier's access", more: "Fields that are missing stay as they are; null takes a value away.",
	}, a.updateCourier)
	add(a, operation{
		method: post, path: "/sites/{site}/couriers/{courier}/code", id: "show-courier-code", tag: tagPeople, scopes: write(), secret: true,
		summary: "Show the code of a courier", more: "That it was shown is recorded.",
	}, a.showCourierCode)
}

func (a *API) registerRecord() {
	add(a, operation{
		method: get, path: "/heads", id: "list-heads", tag: tagRecord, scopes: read(),
		summary: "List the newest signed tree head of each site",
		more:    "Keep them somewhere else, each day: whoever has one can show later that nothing before it was changed.",
	}, a.listHeads)
	add(a, operation{
		method: get, path: "/publications", id: "list-publications", tag: tagRecord, scopes: read(),
		summary: "List the days whose tree heads were published",
		more:    "Newest first. The same list stands at `/heads`, for anybody, and each day's hashes at `/heads/DAY`.",
	}, a.listPublications)
	add(a, operation{
		method: get, path: "/publications/{day}", id: "get-publication", tag: tagRecord, scopes: read(), stream: true, media: plainType,
		summary: "Get the tree heads that were published on a day",
		more: "A signed text with the hashes of the heads of all sites, and the heads of those that you see. Keep it elsewhere: " +
			"`cubby verify RECORD --published FILE` shows with it whether a record was changed since.",
	}, a.getPublication)
	add(a, operation{
		method: get, path: "/sites/{site}/record", id: "export-record", tag: tagRecord, scopes: read(), stream: true, media: linesType,
		summary: "Get the whole record of a site", more: "Lines of JSON for `cubby verify`, without personal data.",
	}, a.exportRecord)
}

func (a *API) registerParcels() {
	add(a, operation{
		method: get, path: "/parcels", id: "list-all-parcels", tag: tagParcels, scopes: read(),
		summary: "List parcels of all sites", more: "Newest first. Searching, names and tracking numbers need the scope `pii` too.",
	}, a.listAllParcels)
	add(a, operation{
		method: get, path: "/sites/{site}/parcels", id: "list-parcels", tag: tagParcels, scopes: read(),
		summary: "List parcels of a site", more: "Newest first. Searching, names and tracking numbers need the scope `pii` too.",
	}, a.listParcels)
	add(a, operation{
		method: get, path: "/sites/{site}/parcels/{parcel}", id: "get-parcel", tag: tagParcels, scopes: read(),
		summary: "Get a parcel with its custody record", more: "Names, the tracking number and what people typed need the scope `pii` too.",
	}, a.getParcel)
	add(a, operation{
		method: get, path: "/sites/{site}/parcels/{parcel}/evidence", id: "get-evidence", tag: tagParcels, scopes: read(), stream: true,
		media:   zipType,
		summary: "Get the evidence about a parcel",
		more: "An archive (ZIP): `evidence.json` with the records of this parcel, their proofs and the signed tree heads, for " +
			"`cubby verify`, and the timeline in plain words as a PDF, or as a page for printing. Names and what people typed " +
			"need the scope `pii` too.",
	}, a.getEvidence)
	add(a, operation{
		method: get, path: "/sites/{site}/refusals", id: "list-refusals", tag: tagParcels, scopes: read(),
		summary: "List the latest parcels that were not taken", more: "Tracking numbers need the scope `pii` too.",
	}, a.listRefusals)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/reassign", id: "reassign-stay", tag: tagParcels, scopes: write(), status: doneStatus,
		summary: "Make a parcel another resident's", more: "Whoever held the old code loses it.",
	}, a.reassignStay)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/revoke", id: "revoke-stay", tag: tagParcels, scopes: write(), status: doneStatus,
		summary: "Take the right to collect a parcel away", more: "Only staff may open it then.",
	}, a.revokeStay)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/restore", id: "restore-stay", tag: tagParcels, scopes: write(), status: doneStatus,
		summary: "Give the right to collect a parcel back",
	}, a.restoreStay)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/hold", id: "hold-stay", tag: tagParcels, scopes: write(), status: doneStatus,
		summary: "Move the \"collect by\" of a parcel",
	}, a.holdStay)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/reissue", id: "reissue-code", tag: tagParcels, scopes: write(), status: acceptedStatus,
		summary: "Ask the site for a new code", more: "The old code is worthless from then on.",
	}, a.reissueCode)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/code", id: "show-stay-code", tag: tagParcels, scopes: open(), secret: true,
		summary: "Show the code of a parcel that waits", more: "That it was shown, and why, is recorded.",
	}, a.showStayCode)
}

func (a *API) registerIntents() {
	add(a, operation{
		method: get, path: "/intents/{intent}", id: "get-intent", tag: tagIntents, scopes: read(),
		summary: "Get an intent and its answer", more: "With `wait`, the answer comes as soon as the site has answered.",
	}, a.getIntent)
	add(a, operation{
		method: post, path: "/sites/{site}/reservations", id: "reserve", tag: tagIntents, scopes: write(), status: acceptedStatus,
		summary: "Keep a compartment free for a unit or a courier",
	}, a.reserve)
	add(a, operation{
		method: remove, path: "/sites/{site}/reservations/{reservation}", id: "cancel-reservation", tag: tagIntents, scopes: write(),
		status: acceptedStatus, summary: "Free a reserved compartment",
	}, a.cancelReservation)
	add(a, operation{
		method: post, path: "/sites/{site}/reboot", id: "reboot", tag: tagIntents, scopes: write(), status: acceptedStatus,
		summary: "Restart the controller of a site",
	}, a.reboot)
}

func (a *API) registerIncidents() {
	add(a, operation{
		method: get, path: "/incidents", id: "list-incidents", tag: tagIncidents, scopes: read(),
		summary: "List incidents", more: "The open ones, or with `resolved` the others; newest first.",
	}, a.listIncidents)
	add(a, operation{
		method: get, path: "/incidents/{incident}", id: "get-incident", tag: tagIncidents, scopes: read(),
		summary: "Get an incident with its notes",
	}, a.getIncident)
	add(a, operation{
		method: post, path: "/incidents/{incident}/assign", id: "assign-incident", tag: tagIncidents, scopes: write(), status: doneStatus,
		summary: "Give an incident an owner",
	}, a.assignIncident)
	add(a, operation{
		method: post, path: "/incidents/{incident}/notes", id: "note-incident", tag: tagIncidents, scopes: write(), status: doneStatus,
		summary: "Add a note to an incident",
	}, a.noteIncident)
	add(a, operation{
		method: post, path: "/incidents/{incident}/resolve", id: "resolve-incident", tag: tagIncidents, scopes: write(), status: doneStatus,
		summary: "Resolve an incident",
	}, a.resolveIncident)
}
