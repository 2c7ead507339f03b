package cloud

import "context"

// Reply is the stored answer to a request that changed something.
type Reply struct {
	Status int
	Body   []byte
}

// Once runs do for the first request with a key and gives every later one the same reply. The same
// key with another request is CONFLICT, as is one that is still at work. Keys live for 24 hours.
func (c *Cloud) Once(ctx context.Context, p Principal, key string, request []byte, do func(context.Context) (Reply, error)) (Reply, error) {
	return Reply{}, errLater
}
