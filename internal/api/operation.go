package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Limits of a request.
const (
	maxBody   = 64 << 10 // bytes: a layout of some hundred doors is the largest
	bodyWait  = 10 * time.Second
	maxLayout = 1 << 20
)

// operation is one line of routes.go.
type operation struct {
	method  string
	path    string // below Prefix
	id      string
	summary string
	more    string // description
	tag     string
	scopes  []auth.Scope
	status  int    // of success; 0: 200
	body    int64  // largest; 0: maxBody
	stream  bool   // the answer goes on: it has no ETag
	media   string // of such an answer; empty: server-sent events
	secret  bool   // the answer shows a secret: it is never stored for a repeat
}

// handler is what serves an operation for somebody who is known.
type handler[I, O any] func(ctx context.Context, who cloud.Principal, in *I) (*O, error)

// add registers an operation with its guards.
func add[I, O any](a *API, op operation, handle handler[I, O]) {
	path := Prefix + op.path
	a.routes = append(a.routes, Route{Method: op.method, Path: path, Operation: op.id, Scopes: op.scopes})
	body := op.body
	if body == 0 {
		body = maxBody
	}
	guards := huma.Middlewares{a.authenticate(op.scopes)}
	switch {
	case op.stream:
	case op.method == http.MethodGet:
		guards = append(guards, etag)
	case op.method == http.MethodPost && !op.secret:
		guards = append(guards, a.once)
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: op.id, Method: op.method, Path: path, Summary: op.summary, Tags: []string{op.tag},
		Description: describe(op), DefaultStatus: op.status, MaxBodyBytes: body, BodyReadTimeout: bodyWait,
		Middlewares: guards, Security: []map[string][]string{{securityScheme: scopeNames(op.scopes)}},
		Parameters: op.parameters(), Responses: a.responses(op),
	}, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, callerOf(ctx).Principal, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

func describe(op operation) string {
	names := scopeNames(op.scopes)
	for i, name := range names {
		names[i] = "`" + name + "`"
	}
	needs := "Needs the scope " + strings.Join(names, " and ") + "."
	if op.more == "" {
		return needs
	}
	return op.more + "\n\n" + needs
}

func scopeNames(scopes []auth.Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return names
}

// parameters are the headers that guards read.
func (op operation) parameters() []*huma.Param {
	text := func(name, doc string, longest int) []*huma.Param {
		return []*huma.Param{{
			Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
		}}
	}
	switch {
	case op.stream:
	case op.method == http.MethodGet:
		return text("If-None-Match", "ETag of an answer that you have: 304 when it is still the same.", maxETags)
	case op.method == http.MethodPost && !op.secret:
		return text(keyHeader, "Names this request: a repeat with the same key gets the first answer again.", maxKey)
	}
	return nil
}

const maxETags = 1000 // bytes of the header, as documented

// responses documents the errors that any operation may give.
func (a *API) responses(op operation) map[string]*huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	responses := map[string]*huma.Response{
		"default": {
			Description: "A problem, told by its code.",
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		},
	}
	if op.media != "" {
		responses["200"] = &huma.Response{
			Description: "The file.",
			Content:     map[string]*huma.MediaType{op.media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}
		return responses
	}
	if op.stream {
		responses["200"] = &huma.Response{
			Description: "Server-sent events: each has an id, the type `fact` and one fact as its data.",
			Content:     map[string]*huma.MediaType{streamType: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}
		return responses
	}
	if op.method == http.MethodGet {
		responses["304"] = &huma.Response{Description: "What you have is still the same."}
	}
	return responses
}

// What many operations take. The names begin with a capital because huma looks into exported
// embedded structs only.
type (
	// OfSite names a site in the path.
	OfSite struct {
		Site locker.SiteID `path:"site" maxLength:"200" doc:"Id of the site." example:"harbour-view"`
	}
	// OfPlace names a place in the path.
	OfPlace struct {
		OfSite
		Place locker.PlaceID `path:"place" maxLength:"200" doc:"Id of the place; a slash in it is written %2F." example:"main/B07"`
	}
	// OfStay names a stay in the path.
	OfStay struct {
		OfSite
		Stay locker.StayID `path:"stay" maxLength:"200" doc:"Id of the stay." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b22"`
	}
	// OfIncident names an incident in the path.
	OfIncident struct {
		Incident string `path:"incident" maxLength:"200" doc:"Id of the incident." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b23"`
	}
	// OfResident names a resident in the path.
	OfResident struct {
		Resident locker.RecipientID `path:"resident" maxLength:"200" doc:"Id of the resident." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b24"`
	}
)

// What operations give.
type (
	none struct{}

	reply[T any] struct{ Body T }

	// made is the answer to what made something, or asked a site for something.
	made[T any] struct {
		Location string `header:"Location" doc:"Path of it."`
		Body     T
	}
)

func answer[T any](v T, err error) (*reply[T], error) {
	if err != nil {
		return nil, err
	}
	return &reply[T]{Body: v}, nil
}

func done(err error) (*none, error) {
	if err != nil {
		return nil, err
	}
	return &none{}, nil
}

// Named is what a new object is called.
type Named struct {
	ID string `json:"id" doc:"Id of what was made." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b21"`
}

// named answers with the id of something new and where it is: format has one %s.
func named[ID ~string](id ID, err error, format string) (*made[Named], error) {
	if err != nil {
		return nil, err
	}
	return &made[Named]{Location: Prefix + fmt.Sprintf(format, url.PathEscape(string(id))), Body: Named{ID: string(id)}}, nil
}

// asked answers with an intent.
func asked(id locker.IntentID, err error) (*made[Named], error) { return named(id, err, "/intents/%s") }

// Reasoned is a body with a reason.
type Reasoned struct {
	Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why; it stands in the record." example:"resident forgot a bag"`
}

// only returns text when people may be seen, and nothing otherwise.
func only(people bool, text string) string {
	if people {
		return text
	}
	return ""
}

// segment writes an id as one segment of a path. A percent sign stays one through named's format.
func segment[ID ~string](id ID) string {
	return strings.ReplaceAll(url.PathEscape(string(id)), "%", "%%")
}
