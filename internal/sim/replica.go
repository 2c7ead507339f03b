package sim

import (
	"slices"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// replica is the controller's memory beside the journal: it outlives the controller.
type replica struct {
	ack      wire.DirectoryAck
	objects  []wire.Change
	snapshot []byte
	acked    wire.Position
}

// apply takes a batch that follows on what is there. It reports whether it did.
func (r *replica) apply(b wire.DirectoryBatch) bool {
	switch {
	case b.From == 0:
		r.objects = nil
	case b.Epoch != r.ack.Epoch || b.From != r.ack.Rev:
		return false
	}
	for _, c := range b.Changes {
		r.objects = slices.DeleteFunc(r.objects, func(old wire.Change) bool { return old.Kind == c.Kind && old.ID == c.ID })
		if !c.Deleted {
			r.objects = append(r.objects, c)
		}
	}
	r.ack = wire.DirectoryAck{Epoch: b.Epoch, Rev: b.To}
	return true
}

// directory reads the replica.
func (r *replica) directory() (*locker.Directory, *wire.Keys, error) {
	dir, keys := locker.NewDirectory(), wire.NewKeys()
	for _, c := range r.objects {
		if err := wire.ApplyChange(dir, keys, c); err != nil {
			return nil, nil, err
		}
	}
	dir.Rev = r.ack.Rev
	return dir, keys, nil
}
