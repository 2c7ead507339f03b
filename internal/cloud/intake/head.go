package intake

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"

	"cubby/internal/cloud/feed"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Head compares a tree head that a site signed with the tree of what the server holds, and returns
// it countersigned when they agree. A head that differs is an incident and JOURNAL_FORK.
func (in *Intake) Head(ctx context.Context, site locker.SiteID, key ed25519.PublicKey, note string) (string, error) {
	verifier, err := journal.NewVerifier(journal.SiteKeyName(string(site)), key)
	if err != nil {
		return "", fmt.Errorf("read the key of site %s: %w", site, err)
	}
	checkpoint, err := journal.OpenCheckpoint([]byte(note), verifier)
	if err != nil || checkpoint.Site != string(site) {
		return "", locker.Errorf(locker.CodeInputInvalid, "the tree head is not signed by this site")
	}
	if have, err := in.store.Read().FindHead(ctx, db.FindHeadParams{
		Site: string(site), Epoch: int64(checkpoint.Epoch), Size: int64(checkpoint.Size),
	}); err == nil && journal.HashHead(have.Note) == journal.HashHead([]byte(note)) {
		return string(have.Note), nil
	}
	frontier, err := in.treeAt(ctx, site, checkpoint)
	if err != nil {
		return "", err
	}
	if frontier.Root() != checkpoint.Root {
		return "", in.headMismatch(ctx, site, checkpoint, "root")
	}
	previous, err := in.checkPrevious(ctx, site, checkpoint)
	if err != nil {
		return "", err
	}
	signed, err := journal.Countersign([]byte(note), verifier, in.signer)
	if err != nil {
		return "", fmt.Errorf("countersign the head of site %s: %w", site, err)
	}
	return string(signed), in.keepHead(ctx, site, checkpoint, keptHead{signed: signed, previous: previous, tree: frontier})
}

// treeAt returns the tree of the server's copy at the size of a head.
func (in *Intake) treeAt(ctx context.Context, site locker.SiteID, at journal.Checkpoint) (*journal.Frontier, error) {
	q := in.store.Read()
	epoch, err := q.FindEpoch(ctx, db.FindEpochParams{Site: string(site), Number: int64(at.Epoch)})
	if err != nil && !rows.None(err) {
		return nil, fmt.Errorf("read epoch %d of site %s: %w", at.Epoch, site, err)
	}
	if uint64(epoch.Size) < at.Size || rows.None(err) && at.Size > 0 {
		return nil, locker.Errorf(locker.CodeConflict, "the server has not got everything that this head covers")
	}
	frontier := new(journal.Frontier)
	if uint64(epoch.Size) == at.Size {
		return frontier, frontier.UnmarshalBinary(epoch.Frontier)
	}
	return frontier, in.replayTree(ctx, site, at, frontier)
}

// replayTree hashes the server's copy from the last head before a size up to it: operations came
// while the head was on its way.
func (in *Intake) replayTree(ctx context.Context, site locker.SiteID, at journal.Checkpoint, frontier *journal.Frontier) error {
	q := in.store.Read()
	heads, err := q.ListHeads(ctx, db.ListHeadsParams{Site: string(site), Epoch: int64(at.Epoch)})
	if err != nil {
		return fmt.Errorf("read heads of site %s: %w", site, err)
	}
	for _, head := range heads {
		if uint64(head.Size) <= at.Size && len(head.Frontier) > 0 {
			if err := frontier.UnmarshalBinary(head.Frontier); err != nil {
				return fmt.Errorf("read the tree of site %s: %w", site, err)
			}
		}
	}
	for frontier.Size() < at.Size {
		rows, err := q.ListEpochOperations(ctx, db.ListEpochOperationsParams{
			Site: string(site), Epoch: int64(at.Epoch), First: int64(frontier.Size() + 1),
			Page: int32(min(at.Size-frontier.Size(), commitCap)),
		})
		if err != nil {
			return fmt.Errorf("read operations of site %s: %w", site, err)
		}
		if len(rows) == 0 {
			return locker.Errorf(locker.CodeConflict, "the server has not got everything that this head covers")
		}
		for _, row := range rows {
			frontier.AppendBody(row.Body)
		}
	}
	return nil
}

// checkPrevious checks that a head of a continued epoch names a head that the server knows, and returns
// that one.
func (in *Intake) checkPrevious(ctx context.Context, site locker.SiteID, at journal.Checkpoint) ([]byte, error) {
	if at.Prev == [32]byte{} {
		return nil, nil
	}
	q := in.store.Read()
	epochs, err := q.ListEpochs(ctx, string(site))
	if err != nil {
		return nil, fmt.Errorf("read epochs of site %s: %w", site, err)
	}
	for _, epoch := range epochs {
		if uint64(epoch.Number) >= at.Epoch {
			continue
		}
		heads, err := q.ListHeads(ctx, db.ListHeadsParams{Site: string(site), Epoch: epoch.Number})
		if err != nil {
			return nil, fmt.Errorf("read heads of site %s: %w", site, err)
		}
		for _, head := range heads {
			if journal.HashHead(head.Note) == at.Prev {
				return head.Note, nil
			}
		}
	}
	return nil, in.headMismatch(ctx, site, at, "previous")
}

func (in *Intake) headMismatch(ctx context.Context, site locker.SiteID, at journal.Checkpoint, what string) error {
	in.log.ErrorContext(ctx, "tree head differs from the server's copy", slog.String("site", string(site)),
		slog.Uint64("epoch", at.Epoch), slog.Uint64("size", at.Size), slog.String("what", what))
	detail := fmt.Sprintf("%s %d/%d", what, at.Epoch, at.Size)
	err := in.store.Tx(ctx, func(q *db.Queries) error {
		return in.book.Raise(ctx, q, incident.Incident{
			Site: string(site), Kind: incident.HeadMismatch, Severity: incident.Urgent, Detail: detail, Key: detail,
		})
	})
	if err != nil {
		return err
	}
	in.feed.Publish(feed.Change{Site: site, Incidents: true, Tiles: true})
	return locker.Errorf(locker.CodeJournalFork, "the tree head %d/%d does not fit the server's copy", at.Epoch, at.Size)
}

// keptHead is a head that fits the server's copy.
type keptHead struct {
	signed   []byte // by both
	previous []byte // head that its epoch continues; nil: none
	tree     *journal.Frontier
}

func (in *Intake) keepHead(ctx context.Context, site locker.SiteID, at journal.Checkpoint, head keptHead) error {
	tree, err := head.tree.MarshalBinary()
	if err != nil {
		return fmt.Errorf("write the tree of site %s: %w", site, err)
	}
	err = in.store.Guarded(ctx, func(q *db.Queries) error {
		if head.previous != nil {
			err := q.SetEpochPrevious(ctx, db.SetEpochPreviousParams{Prev: head.previous, Site: string(site), Number: int64(at.Epoch)})
			if err != nil {
				return err
			}
		}
		return q.PutHead(ctx, db.PutHeadParams{
			Site: string(site), Epoch: int64(at.Epoch), Size: int64(at.Size), Note: head.signed, Countersigned: true,
			Frontier: tree, At: in.millis(),
		})
	})
	if err != nil {
		return fmt.Errorf("keep the head of site %s: %w", site, err)
	}
	return nil
}
