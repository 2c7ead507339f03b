package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

type siteCmd struct {
	Add   siteAddCmd   `cmd:"" help:"Make a property with one site from a layout file."`
	Token siteTokenCmd `cmd:"" help:"Make an enrolment token for a site's controller. It works once."`
	List  siteListCmd  `cmd:"" help:"List the sites."`
}

type siteAddCmd struct {
	Name     string `arg:"" help:"Name of the site, as people say it."`
	Layout   string `help:"Layout file (YAML or JSON): banks, columns, doors and their wiring." type:"existingfile" required:""`
	TimeZone string `help:"Time zone of the property, e.g. America/Chicago." required:""`
	Property string `help:"Name of the property; the site's name when empty."`
	Address  string `help:"Address of the property."`
	Phone    string `help:"Whom residents and couriers call."`
	Mail     string `help:"Whom residents and couriers write to."`
	Hosted   bool   `help:"A room without hardware: it runs inside the server."`
	Owner    string `help:"E-mail address of the owner whose organization it belongs to; the first when empty."`
}

// Run makes the property and the site.
func (cmd siteAddCmd) Run(ctx context.Context, e *env) error {
	layout, err := readLayout(cmd.Layout)
	if err != nil {
		return usageError{err}
	}
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, cmd.Owner)
		if err != nil {
			return err
		}
		name := cmd.Property
		if name == "" {
			name = cmd.Name
		}
		property, err := c.CreateProperty(ctx, p, cloud.PropertyDraft{
			Name: name, Address: cmd.Address, TimeZone: cmd.TimeZone, Phone: cmd.Phone, Mail: cmd.Mail,
		})
		if err != nil {
			return err
		}
		site, err := c.CreateSite(ctx, p, cloud.SiteDraft{
			Property: property, Name: cmd.Name, Hosted: cmd.Hosted, Layout: layout, Policy: locker.DefaultPolicy(),
		})
		if err != nil {
			return err
		}
		return e.print("site %s (%s) in property %s", site, cmd.Name, property)
	})
}

// readLayout reads and checks a layout. JSON is YAML, and the keys are those of the API.
func readLayout(path string) (locker.Layout, error) {
	var layout locker.Layout
	data, err := os.ReadFile(path) // the operator names the file
	if err != nil {
		return layout, err
	}
	if err := yaml.UnmarshalWithOptions(data, &layout, yaml.UseJSONUnmarshaler(), yaml.Strict()); err != nil {
		return layout, fmt.Errorf("%s: %w", path, err)
	}
	if err := layout.Validate(); err != nil {
		return layout, fmt.Errorf("%s: %w", path, err)
	}
	return layout, nil
}

type siteTokenCmd struct {
	Site  string `arg:"" help:"Id of the site; see 'cubby site list'."`
	Owner string `help:"E-mail address of the owner; the first when empty."`
}

// Run makes the token.
func (cmd siteTokenCmd) Run(ctx context.Context, e *env) error {
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, cmd.Owner)
		if err != nil {
			return err
		}
		token, err := c.CreateEnrolToken(ctx, p, locker.SiteID(cmd.Site))
		if err != nil {
			return err
		}
		return e.print("%s", string(token))
	})
}

type siteListCmd struct{}

// Run lists the sites.
func (siteListCmd) Run(ctx context.Context, e *env) error {
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, "")
		if err != nil {
			return err
		}
		sites, err := c.Sites(ctx, p)
		if err != nil {
			return err
		}
		for _, s := range sites {
			if err := e.print("%s\t%s\t%s", s.ID, s.Name, s.Link); err != nil {
				return err
			}
		}
		return nil
	})
}
