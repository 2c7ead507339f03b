package journal

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint signs the tree head of what is appended now, stores it and returns it. It returns the
// last head again when nothing came since. The controller calls it after each 256 records and each
// 5 minutes.
func (l *Log) Checkpoint(ctx context.Context) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(ctx); err != nil {
		return Head{}, err
	}
	return l.sign(ctx)
}

func (l *Log) sign(ctx context.Context) (Head, error) {
	if l.head.Note != nil && l.head.Size == l.epoch.Tip.Size {
		return l.head, nil
	}
	c := Checkpoint{
		Site: l.site, Epoch: l.epoch.Number, Size: l.epoch.Tip.Size,
		Root: l.front.Root(), Prev: HashHead(l.epoch.Prev),
	}
	msg, err := note.Sign(&note.Note{Text: c.Text()}, l.signer)
	if err != nil {
		return Head{}, fmt.Errorf("sign head of epoch %d at %d: %w", c.Epoch, c.Size, err)
	}
	head := Head{Epoch: c.Epoch, Size: c.Size, Note: msg, Frontier: l.front.bytes()}
	if err := l.storeHead(ctx, head); err != nil {
		return Head{}, err
	}
	l.head = head
	return head, nil
}

func (l *Log) storeHead(ctx context.Context, head Head) error {
	if err := l.commit(ctx, Change{Head: &head}); err != nil {
		return fmt.Errorf("store head of epoch %d at %d: %w", head.Epoch, head.Size, err)
	}
	// After the database, so that the side file never claims more than is durable.
	return l.note(func() error { return l.side.signed(head) })
}

// AddCountersignature stores a head of this journal that the server has signed too. The error is
// ErrBadHead when a signature is missing or wrong, or when this journal never signed such a head.
func (l *Log) AddCountersignature(ctx context.Context, msg []byte, server note.Verifier) error {
	c, err := OpenCheckpoint(msg, l.self, server)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(ctx); err != nil {
		return err
	}
	heads, err := l.storage.Heads(ctx, c.Epoch)
	if err != nil {
		return fmt.Errorf("read heads of epoch %d: %w", c.Epoch, err)
	}
	i := slices.IndexFunc(heads, func(h Head) bool { return h.Size == c.Size })
	if i < 0 || HashHead(heads[i].Note) != HashHead(msg) {
		return fmt.Errorf("%w: no head of epoch %d at %d with that root was signed here", ErrBadHead, c.Epoch, c.Size)
	}
	head := heads[i]
	if head.Countersigned {
		return nil
	}
	head.Note, head.Countersigned = slices.Clone(msg), true
	if err := l.storeHead(ctx, head); err != nil {
		return err
	}
	if head.Epoch != l.epoch.Number {
		return nil
	}
	if head.Size >= l.cosig.Size {
		l.cosig = head
	}
	if head.Size == l.head.Size {
		l.head = head
	}
	return nil
}

// LastHead returns the newest signed head of the current epoch; false when there is none yet.
func (l *Log) LastHead() (Head, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head, l.head.Note != nil
}

// LastCountersigned returns the newest head of the current epoch that the server has signed; false
// when there is none yet.
func (l *Log) LastCountersigned() (Head, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cosig, l.cosig.Note != nil
}

// Heads returns all heads of an epoch, smallest first.
func (l *Log) Heads(ctx context.Context, epoch uint64) ([]Head, error) {
	if err := l.poisoned(); err != nil {
		return nil, err
	}
	heads, err := l.storage.Heads(ctx, epoch)
	if err != nil {
		return nil, fmt.Errorf("read heads of epoch %d: %w", epoch, err)
	}
	return heads, nil
}

// Verifier returns the verifier of the key that signs this journal's heads.
func (l *Log) Verifier() note.Verifier { return l.self }
