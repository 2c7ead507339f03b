package console

import (
	"net/http"

	"cubby/internal/web/console/advice"
	"cubby/internal/web/console/said"
)

// Route is one address of the console.
type Route struct {
	Method string
	Path   string       // as net/http's ServeMux reads it
	handle handle       // of an address that needs a sign-in
	open   http.Handler // of an address that needs none
}

// Open reports whether the address needs no sign-in.
func (r Route) Open() bool { return r.open != nil }

// Routes lists every address. What a person may do is decided by the use cases.
func (c *Console) Routes() []Route {
	routes := []Route{
		{Method: "GET", Path: "/sign-in", open: http.HandlerFunc(c.signInForm)},
		{Method: "POST", Path: "/sign-in", open: http.HandlerFunc(c.signIn)},
		{Method: "POST", Path: "/sign-out", open: http.HandlerFunc(c.signOut)},
		{Method: "POST", Path: "/preferences", open: http.HandlerFunc(c.preferences)},
		{Method: "GET", Path: "/help", open: http.HandlerFunc(c.helpPage)},

		{Method: "GET", Path: "/{$}", handle: c.home},
		{Method: "GET", Path: "/sites/{site}/wall", handle: c.wall},
		{Method: "GET", Path: "/sites/{site}/wall" + streamSuffix, handle: c.wallStream},
		{Method: "GET", Path: "/sites/{site}/doors/{place}", handle: c.door},
		{Method: "GET", Path: "/sites/{site}/doors/{place}/{act}", handle: c.doorAsk},
		{Method: "POST", Path: "/sites/{site}/doors/{place}/open", handle: c.doorOpen},
		{Method: "POST", Path: "/sites/{site}/doors/{place}/out", handle: c.doorOut},
		{Method: "POST", Path: "/sites/{site}/doors/{place}/back", handle: c.doorBack},
		{Method: "POST", Path: "/sites/{site}/doors/{place}/verify", handle: c.doorVerify},
		{Method: "POST", Path: "/sites/{site}/doors/{place}/unreserve", handle: c.doorUnreserve},

		{Method: "GET", Path: "/deliveries", handle: c.deliveries},
		{Method: "GET", Path: "/sites/{site}/parcels/{parcel}", handle: c.parcel},
		{Method: "GET", Path: "/sites/{site}/parcels/{parcel}/{act}", handle: c.parcelAsk},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/code", handle: c.parcelCode},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/reissue", handle: c.parcelReissue},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/reassign", handle: c.parcelReassign},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/revoke", handle: c.parcelRevoke},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/restore", handle: c.parcelRestore},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/clear", handle: c.parcelClear},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/extend", handle: c.parcelExtend},
		{Method: "POST", Path: "/sites/{site}/parcels/{parcel}/notices/{notice}/retry", handle: c.parcelRetryNotice},

		{Method: "GET", Path: "/incidents", handle: c.incidents},
		{Method: "GET", Path: "/incidents/{incident}", handle: c.incident},
		{Method: "POST", Path: "/incidents/{incident}/assign", handle: c.incidentAssign},
		{Method: "POST", Path: "/incidents/{incident}/note", handle: c.incidentNote},
		{Method: "POST", Path: "/incidents/{incident}/resolve", handle: c.incidentResolve},

		{Method: "GET", Path: "/sites/{site}/residents", handle: c.residents},
		{Method: "GET", Path: "/sites/{site}/residents/new", handle: c.residentNew},
		{Method: "POST", Path: "/sites/{site}/residents/new", handle: c.residentAdd},
		{Method: "GET", Path: "/sites/{site}/residents/import", handle: c.importForm},
		{Method: "POST", Path: "/sites/{site}/residents/import", handle: c.importPlan},
		{Method: "POST", Path: "/sites/{site}/residents/import/apply", handle: c.importApply},
		{Method: "GET", Path: "/sites/{site}/residents/{resident}", handle: c.resident},
		{Method: "POST", Path: "/sites/{site}/residents/{resident}", handle: c.residentChange},
		{Method: "POST", Path: "/sites/{site}/residents/{resident}/link", handle: c.residentLink},

		{Method: "GET", Path: "/sites/{site}/couriers", handle: c.couriers},
		{Method: "POST", Path: "/sites/{site}/couriers", handle: c.courierAdd},
		{Method: "POST", Path: "/sites/{site}/couriers/{courier}/code", handle: c.courierCode},
		{Method: "GET", Path: "/sites/{site}/couriers/{courier}/revoke", handle: c.courierRevokeAsk},
		{Method: "POST", Path: "/sites/{site}/couriers/{courier}/revoke", handle: c.courierRevoke},

		{Method: "GET", Path: "/settings", handle: c.settings},
		{Method: "POST", Path: "/settings/test-mail", handle: c.settingsTestMail},
		{Method: "GET", Path: "/hardware", handle: c.hardware},
	}
	routes = append(routes, c.siteRoutes()...)
	routes = append(routes, c.auditRoutes()...)
	routes = append(routes, c.frontRoutes()...)
	if c.tests != nil {
		routes = append(routes, c.testRoutes()...)
	}
	return routes
}

// testRoutes are the addresses of the test of a bank.
func (c *Console) testRoutes() []Route {
	const base = "/sites/{site}" + testPath
	return []Route{
		{Method: "GET", Path: base, handle: c.commission},
		{Method: "GET", Path: base + streamSuffix, handle: c.commissionStream},
		{Method: "POST", Path: base + "/begin", handle: c.commissionBegin},
		{Method: "POST", Path: base + "/open", handle: c.commissionOpen},
		{Method: "POST", Path: base + "/answer", handle: c.commissionAnswer},
		{Method: "POST", Path: base + "/undo", handle: c.commissionUndo},
		{Method: "POST", Path: base + "/repeat", handle: c.commissionRepeat},
		{Method: "POST", Path: base + "/apply", handle: c.commissionApply},
		{Method: "GET", Path: base + "/doors", handle: c.commissionDoors},
		{Method: "GET", Path: base + "/sheet", handle: c.commissionSheet},
		{Method: "GET", Path: base + "/layout.yaml", handle: c.commissionLayout},
	}
}

func (c *Console) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range c.Routes() {
		h := r.open
		if r.handle != nil {
			h = c.signedIn(r.handle)
		}
		mux.Handle(r.Method+" "+r.Path, h)
	}
	mux.Handle("/", c.signedIn(c.lost))
	return mux
}

// siteRoutes are the addresses of the sites themselves.
func (c *Console) siteRoutes() []Route {
	routes := []Route{
		{Method: "GET", Path: "/sites", handle: c.siteList},
		{Method: "GET", Path: planPath, handle: c.planForm},
		{Method: "POST", Path: planPath, handle: c.planMake},
		{Method: "GET", Path: "/sites/{site}/parcels/{parcel}/evidence", handle: c.parcelEvidence},
		{Method: "GET", Path: "/sites/{site}" + said.PhotoPath, handle: c.saidPhoto},
		{Method: "GET", Path: "/sites/{site}/health", handle: c.siteHealth},
		{Method: "GET", Path: "/sites/{site}/codes", handle: c.siteCodes},
		{Method: "POST", Path: "/sites/{site}/codes", handle: c.siteCodes},
		{Method: "POST", Path: "/sites/{site}/enrol", handle: c.siteEnrol},
		{Method: "GET", Path: "/sites/{site}/reboot", handle: c.siteRebootAsk},
		{Method: "POST", Path: "/sites/{site}/reboot", handle: c.siteReboot},
	}
	if c.advice != nil {
		routes = append(routes,
			Route{Method: "GET", Path: "/sites/{site}" + advicePath, handle: c.siteAdvice},
			Route{Method: "GET", Path: "/sites/{site}" + advicePath + "/{file}", handle: c.siteAdvice},
			Route{Method: "GET", Path: advice.StylePath, open: http.HandlerFunc(advice.Style)})
	}
	return routes
}
