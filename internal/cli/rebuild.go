package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

type rebuildCmd struct {
	Site  string `arg:"" optional:"" help:"Id of the site; see 'cubby site list'. All sites of the owner when empty."`
	Owner string `help:"E-mail address of the owner whose sites are meant; the first when empty."`
}

// Run builds the server's tables again from the record of the sites. It may run beside the server: what arrives
// meanwhile is recorded as ever, and pages show the site as behind until it is done.
func (cmd rebuildCmd) Run(ctx context.Context, e *env) error {
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, cmd.Owner)
		if err != nil {
			return err
		}
		sites, err := c.Sites(ctx, p)
		if err != nil {
			return err
		}
		if cmd.Site != "" {
			sites = slices.DeleteFunc(sites, func(s cloud.SiteSummary) bool { return string(s.ID) != cmd.Site })
			if len(sites) == 0 {
				return usageError{fmt.Errorf("there is no site %s: see 'cubby site list'", cmd.Site)}
			}
		}
		var failed error
		for _, s := range sites {
			failed = errors.Join(failed, rebuildSite(ctx, e, c, s))
		}
		return failed
	})
}

func rebuildSite(ctx context.Context, e *env, c *cloud.Cloud, s cloud.SiteSummary) error {
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(e.bars()), progressbar.OptionSetDescription(s.Name),
		progressbar.OptionClearOnFinish())
	began, operations := time.Now(), int64(0)
	err := c.Rebuild(ctx, s.ID, func(done, total int64) {
		operations = done
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a picture only
	})
	_ = bar.Finish() // a picture only
	if errors.Is(err, &locker.Error{Code: locker.CodeNotFound}) {
		return e.print("%s: nothing is recorded yet", s.Name)
	}
	if err != nil {
		return err
	}
	return e.print("%s: tables built again from %d operations in %s", s.Name, operations, time.Since(began).Round(time.Millisecond))
}
