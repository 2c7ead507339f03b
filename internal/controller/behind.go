package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cubby/internal/journal"
	"cubby/internal/wire"
)

// ErrBehind means that the server holds records which this site's journal has not got: its disk lost
// what it had said was durable, or an old copy was put in its place. The next start seals the journal
// and goes on in a new epoch, with every place unverified until somebody has looked.
var ErrBehind = errors.New("the server holds records that this journal has lost")

// sealAgainAfter is how old an epoch that began with a loss must be before another is believed: two
// controllers with one identity would else seal each other's journals without end. Until then the newer
// epoch stands, this site doubts all its places, and the server raises JOURNAL_FORK (ADR 0013).
const sealAgainAfter = 24 * time.Hour

// condemner is a Journal that can be marked as bad, so that the next start seals it.
type condemner interface {
	Condemn(f journal.Fault) error
}

// acker is a Store that remembers what SetAcked was told: the highest number of an epoch.
type acker interface {
	Acked(ctx context.Context, epoch uint64) (uint64, error)
}

// Behind reports whether the server has more than a journal that ends at own: then the journal has lost
// it. It never has less than what was sent, so this is not a question of what is under way.
func Behind(own, server wire.Position) bool { return server.Compare(own) > 0 }

// checkBehind condemns the journal when the server has more than it. The error is ErrBehind then. It
// reports outrun when another controller with this one's key went on, and this one stands back.
func (c *Controller) checkBehind(ctx context.Context, server wire.Position) (outrun bool, err error) {
	epochs, err := c.opts.Journal.Epochs(ctx)
	if err != nil {
		return false, fmt.Errorf("read epochs: %w", err)
	}
	if len(epochs) == 0 {
		return false, nil
	}
	last := epochs[len(epochs)-1]
	own := wire.Position{Epoch: last.Number, Number: last.Tip.Size}
	log, ok := c.opts.Journal.(condemner)
	if !ok || !Behind(own, server) {
		return false, nil
	}
	age := c.opts.Now().Sub(time.UnixMilli(last.OpenedUnixMS))
	if lost := strings.HasPrefix(last.Reason, "sealed"); lost && age >= 0 && age < sealAgainAfter {
		c.opts.Logger.ErrorContext(ctx, "the server has records that this controller has not, once more: is there another with its key?",
			slog.String("journal", own.String()), slog.String("server", server.String()))
		return true, nil
	}
	fault := journal.Fault{
		Kind: journal.KindRolledBack, Epoch: server.Epoch, Number: own.Number + 1,
		Detail: fmt.Sprintf("the server has records up to %s, the journal ends at %s", server, own),
	}
	if err := log.Condemn(fault); err != nil {
		return false, fmt.Errorf("mark the journal as bad: %w", err)
	}
	err = fmt.Errorf("%w: %s", ErrBehind, fault.Detail)
	select {
	case c.behind <- err: // the run ends with it, so that the next start mends it
	default:
	}
	return false, err
}

// standBack leaves every place unverified, once for each epoch that another controller began: what this
// one believes of its doors is older than what happened to them.
func (c *Controller) standBack(ctx context.Context, server wire.Position) error {
	if c.outrun.Load() == server.Epoch {
		return nil
	}
	if _, err := ask[struct{}](ctx, c, Outrun{}); err != nil {
		return fmt.Errorf("doubt all places: %w", err)
	}
	c.outrun.Store(server.Epoch)
	return nil
}

// checkAcked is checkBehind with what this site remembers of the server: it needs no link.
func (c *Controller) checkAcked(ctx context.Context, epochs []journal.Epoch) error {
	store, ok := c.opts.Store.(acker)
	if !ok || len(epochs) == 0 {
		return nil
	}
	last := epochs[len(epochs)-1].Number
	number, err := store.Acked(ctx, last)
	if err != nil {
		return fmt.Errorf("read what the server has: %w", err)
	}
	_, err = c.checkBehind(ctx, wire.Position{Epoch: last, Number: number})
	return err
}
