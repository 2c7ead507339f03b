package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/locker"
)

// Property is a building or community.
type Property struct {
	ID       string `json:"id" doc:"Id."`
	Name     string `json:"name" doc:"Name." example:"Harbour View"`
	Address  string `json:"address,omitempty" doc:"Postal address."`
	TimeZone string `json:"time_zone" doc:"IANA name." example:"Europe/Madrid"`
	Phone    string `json:"phone,omitempty" doc:"Whom residents call."`
	Mail     string `json:"mail,omitempty" doc:"Whom residents write to."`
}

func (a *API) listProperties(ctx context.Context, who cloud.Principal, in *Paging) (*reply[List[Property]], error) {
	all, err := a.cloud.Properties(ctx, who)
	if err != nil {
		return nil, err
	}
	page, err := cut(all, *in, func(p cloud.PropertyView) string { return p.ID })
	return answer(listOf(page, func(p cloud.PropertyView) Property { return Property(p) }), err)
}

// PropertyDraft is a property to create.
type PropertyDraft struct {
	Name     string `json:"name" minLength:"1" maxLength:"200" doc:"Name." example:"Harbour View"`
	Address  string `json:"address,omitempty" maxLength:"500" doc:"Postal address."`
	TimeZone string `json:"time_zone" minLength:"1" maxLength:"100" doc:"IANA name." example:"Europe/Madrid"`
	Phone    string `json:"phone,omitempty" maxLength:"50" doc:"Whom residents call."`
	Mail     string `json:"mail,omitempty" maxLength:"254" doc:"Whom residents write to."`
}

func (a *API) createProperty(ctx context.Context, who cloud.Principal, in *struct{ Body PropertyDraft }) (*made[Named], error) {
	id, err := a.cloud.CreateProperty(ctx, who, cloud.PropertyDraft(in.Body))
	if err != nil {
		return nil, err
	}
	return &made[Named]{Location: Prefix + "/properties", Body: Named{ID: id}}, nil
}

// Site is a site in a list.
type Site struct {
	ID            locker.SiteID   `json:"id" doc:"Id." example:"harbour-view"`
	Name          string          `json:"name" doc:"Name." example:"Lobby"`
	Property      string          `json:"property" doc:"Id of its property."`
	PropertyName  string          `json:"property_name" doc:"Name of its property."`
	TimeZone      string          `json:"time_zone" doc:"IANA name." example:"Europe/Madrid"`
	Hosted        bool            `json:"hosted" doc:"Runs inside the server, without a controller."`
	Link          cloud.LinkState `json:"link" enum:"never,up,down,silent,hosted" doc:"How it stands with the server."`
	SeenAt        time.Time       `json:"seen_at,omitzero" doc:"Last word of the site."`
	Stale         bool            `json:"stale" doc:"What the API shows of it does not follow its record now."`
	OpenIncidents int             `json:"open_incidents" doc:"How many."`
}

func siteOf(s cloud.SiteSummary) Site {
	return Site{
		ID: s.ID, Name: s.Name, Property: s.Property, PropertyName: s.PropertyName, TimeZone: s.TimeZone,
		Hosted: s.Hosted, Link: s.Link, SeenAt: s.SeenAt, Stale: s.Stale != "", OpenIncidents: s.Incidents,
	}
}

func (a *API) listSites(ctx context.Context, who cloud.Principal, in *Paging) (*reply[List[Site]], error) {
	all, err := a.cloud.Sites(ctx, who)
	if err != nil {
		return nil, err
	}
	page, err := cut(all, *in, func(s cloud.SiteSummary) string { return string(s.ID) })
	return answer(listOf(page, siteOf), err)
}

// SiteDetail is a site with its settings and policy.
type SiteDetail struct {
	Site
	Settings      Settings      `json:"settings" doc:"Settings."`
	Policy        locker.Policy `json:"policy" doc:"Rules of the site."`
	Rev           uint64        `json:"rev" doc:"Revision of its directory."`
	Enrolled      bool          `json:"enrolled" doc:"A controller is enrolled."`
	ControllerKey string        `json:"controller_key,omitempty" doc:"Fingerprint of the controller's key."`
}

// Settings are the settings of a site.
type Settings struct {
	Phone            string   `json:"phone,omitempty" maxLength:"50" doc:"Whom residents call; empty: the property's."`
	Mail             string   `json:"mail,omitempty" maxLength:"254" doc:"Whom residents write to; empty: the property's."`
	Languages        []string `json:"languages,omitempty" maxItems:"20" doc:"BCP 47; the first is the default." example:"[\"en\",\"es\"]"`
	OnDuty           []string `json:"on_duty,omitempty" maxItems:"20" doc:"Mail addresses that incidents go to; shown with the scope pii only."`
	Holidays         []string `json:"holidays,omitempty" maxItems:"200" doc:"Days without reminders: 2026-12-25, or 12-25 for every year."`
	ConfirmCollected bool     `json:"confirm_collected,omitempty" doc:"Send a message when a parcel was collected."`
	Chat             []string `json:"chat,omitempty" maxItems:"10" doc:"Rooms of the staff that incidents go to, as addresses of shoutrrr. They hold secrets: read, each is cut to its service; written back like that, it stays as it was." example:"[\"slack://…\"]"`
}

func (a *API) getSite(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[SiteDetail], error) {
	v, err := a.cloud.Site(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	settings := settingsOf(v.Settings)
	if !seesPeople(who) {
		settings.OnDuty = nil
	}
	return answer(SiteDetail{
		Site: siteOf(v.SiteSummary), Settings: settings, Policy: v.Policy, Rev: v.Rev, Enrolled: v.Enrolled,
		ControllerKey: v.Key,
	}, nil)
}

func settingsOf(s cloud.SiteSettings) Settings {
	return Settings{
		Phone: s.Phone, Mail: s.Mail, Languages: s.Languages, OnDuty: s.OnDuty, Holidays: s.Holidays,
		ConfirmCollected: s.ConfirmCollected, Chat: entry.MaskChats(s.Chat),
	}
}

func (s Settings) toCloud() cloud.SiteSettings {
	return cloud.SiteSettings{
		Phone: s.Phone, Mail: s.Mail, Languages: s.Languages, OnDuty: s.OnDuty,
		NoticeSettings: cloud.NoticeSettings{Holidays: s.Holidays, ConfirmCollected: s.ConfirmCollected, Chat: s.Chat},
	}
}

// SiteDraft is a site to create.
type SiteDraft struct {
	ID       locker.SiteID `json:"id,omitempty" maxLength:"100" doc:"Empty: a new id."`
	Property string        `json:"property" minLength:"1" doc:"Id of its property."`
	Name     string        `json:"name" minLength:"1" maxLength:"200" doc:"Name." example:"Lobby"`
	Hosted   bool          `json:"hosted,omitempty" doc:"Without hardware: runs inside the server."`
	Settings Settings      `json:"settings,omitzero" doc:"Settings."`
	Layout   locker.Layout `json:"layout" doc:"What the site consists of."`
	Policy   *PolicyDraft  `json:"policy,omitempty" doc:"Rules; missing: the defaults."`
}

// PolicyDraft is a policy to set. Times of 0 are the defaults.
type PolicyDraft = locker.Policy

func (a *API) createSite(ctx context.Context, who cloud.Principal, in *struct{ Body SiteDraft }) (*made[Named], error) {
	d := cloud.SiteDraft{
		ID: in.Body.ID, Property: in.Body.Property, Name: in.Body.Name, Hosted: in.Body.Hosted,
		Settings: in.Body.Settings.toCloud(), Layout: in.Body.Layout, Policy: locker.DefaultPolicy(),
	}
	if in.Body.Policy != nil {
		d.Policy = *in.Body.Policy
	}
	id, err := a.cloud.CreateSite(ctx, who, d)
	return named(id, err, "/sites/%s")
}

// SettingsDraft is the name and the settings of a site.
type SettingsDraft struct {
	Name string `json:"name" minLength:"1" maxLength:"200" doc:"Name." example:"Lobby"`
	Settings
}

func (a *API) setSettings(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body SettingsDraft
},
) (*none, error) {
	before, err := a.cloud.Site(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	settings := in.Body.toCloud()
	settings.Chat = entry.KeepChats(settings.Chat, before.Settings.Chat)
	settings.Desk = before.Settings.Desk // set-desk changes them
	return done(a.cloud.SetSettings(ctx, who, in.Site, in.Body.Name, settings))
}

func (a *API) setPolicy(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body PolicyDraft
},
) (*none, error) {
	return done(a.cloud.SetPolicy(ctx, who, in.Site, in.Body))
}

func (a *API) getLayout(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[locker.Layout], error) {
	v, err := a.cloud.Site(ctx, who, in.Site)
	return answer(v.Layout, err)
}

func (a *API) setLayout(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body locker.Layout
},
) (*none, error) {
	return done(a.cloud.SetLayout(ctx, who, in.Site, in.Body))
}

// Enrolment is what enrols one controller.
type Enrolment struct {
	Token string `json:"token" doc:"For cubby enrol; shown once."`
}

func (a *API) createEnrolment(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Enrolment], error) {
	token, err := a.cloud.CreateEnrolToken(ctx, who, in.Site)
	return answer(Enrolment{Token: string(token)}, err)
}
