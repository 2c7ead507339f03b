package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cubby/internal/locker"
)

// description is the first thing that a reader of the API's documentation sees.
const description = "What staff do in the console, for programs.\n\n" +
	"**Tokens.** Send `Authorization: Bearer cubby_…`. A token belongs to an organization, sees its sites and those of " +
	"the organizations below it, and has scopes: `read`, `pii` (names, contacts, tracking numbers), `write`, `open` " +
	"(doors). Everything else is NOT_FOUND.\n\n" +
	"**Intents.** A site decides what happens at its doors. Whatever asks something of a site answers 202 with an " +
	"intent; `GET /api/v1/intents/{intent}?wait=10` waits for the site's answer.\n\n" +
	"**Retries.** Send `Idempotency-Key` with every POST. The same key with the same request gets the first answer " +
	"again for 24 hours, with `Idempotency-Replayed: true`; with another request it is CONFLICT. A request that was refused " +
	"changed nothing, and its key may be used again.\n\n" +
	"**Lists.** `limit` is 1 to 200; `next` of a page is the `cursor` of the following one, and opaque.\n\n" +
	"**Errors.** `application/problem+json` with a stable `code` and the `number` that kiosks show. Quote `request` when you " +
	"ask for help."

// config is huma's configuration. It starts from nothing instead of huma.DefaultConfig, whose hooks
// put links into every answer that echo the Host header, and whose pages load scripts from
// elsewhere.
func (a *API) config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Cubby", Version: Version, Description: description,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					securityScheme: {
						Type: "http", Scheme: "bearer", BearerFormat: "cubby_…",
						Description: "An API token. An owner makes it in the console; it is shown once.",
					},
				},
			},
			Tags: tags(),
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{a.transform},
	}
}

const securityScheme = "token"

// schemaName names a schema by its type. The parts of a layout come from locker as they are and carry
// its name, because a bank of the wall is not a bank of the layout.
func schemaName(t reflect.Type, hint string) string {
	name := camel(huma.DefaultSchemaNamer(t, hint))
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() != reflect.TypeFor[locker.Layout]().PkgPath() {
		return name
	}
	switch name {
	case "Layout", "Policy", "Features":
		return name
	}
	return "Layout" + name
}

// Tags group operations in the documentation.
const (
	tagSites     = "Sites"
	tagPlaces    = "Places"
	tagPeople    = "People"
	tagParcels   = "Parcels"
	tagIntents   = "Intents"
	tagIncidents = "Incidents"
	tagRecord    = "Record"
	tagAudit     = "Audit"
	tagDesk      = "Front desk"
	tagWebhooks  = "Webhooks"
)

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagSites, Description: "What one controller looks after: banks, rooms and doors of a property."},
		{Name: tagPlaces, Description: "Compartments, shelves and the desk: whatever can hold a parcel."},
		{Name: tagPeople, Description: "Units, residents (employees and offices too), couriers and carriers."},
		{Name: tagParcels, Description: "Items with a custody record, and their stays in places."},
		{Name: tagIntents, Description: "What was asked of a site. It expires, and the site may refuse."},
		{Name: tagIncidents, Description: "What a person must look at, with a clock and an owner."},
		{Name: tagRecord, Description: "Facts: the numbered record of what happened on site."},
		{Name: tagDesk, Description: "What staff do at the front desk: log, hand over, print."},
		{Name: tagAudit, Description: "Whether the books agree, and guided audits: what staff saw, place by place."},
		{Name: tagWebhooks, Description: "Programs elsewhere that are told what happens: signed by Standard Webhooks, at least once, in any order."},
	}
}

// camel writes the names that huma makes out of operations as types are written: open-place becomes
// OpenPlace.
func camel(name string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			out.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return out.String()
}
