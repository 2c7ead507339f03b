package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Frontier is the right edge of a Merkle tree: the roots of its complete subtrees, largest first.
// It is all that is needed to append leaves and to know the root, in at most 64 hashes, so a site's
// tree fits one column of one row. The zero value is the empty tree. It is not safe for concurrent
// use.
type Frontier struct {
	size  uint64
	nodes []tlog.Hash // one for each bit of size, highest first
}

// Size returns the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds a leaf, given its LeafHash.
func (f *Frontier) Append(leaf tlog.Hash) {
	// Each trailing 1 of the size is a complete subtree that the new leaf completes to the next
	// larger one, as a carry does in addition.
	for n := f.size; n&1 == 1; n >>= 1 {
		leaf = nodeHash(f.nodes[len(f.nodes)-1], leaf)
		f.nodes = f.nodes[:len(f.nodes)-1]
	}
	f.nodes = append(f.nodes, leaf)
	f.size++
}

// AppendBody adds the leaf of a record with that body.
func (f *Frontier) AppendBody(body []byte) { f.Append(LeafHash(body)) }

// Root returns the tree hash. Source: RFC 6962 §2.1.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		return tlog.Hash(sha256.Sum256(nil))
	}
	root := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		root = nodeHash(f.nodes[i], root)
	}
	return root
}

// Clone returns a copy that shares nothing with f.
func (f *Frontier) Clone() *Frontier {
	nodes := make([]tlog.Hash, len(f.nodes), len(f.nodes)+1)
	copy(nodes, f.nodes)
	return &Frontier{size: f.size, nodes: nodes}
}

// Equal reports whether both are the same tree.
func (f *Frontier) Equal(g *Frontier) bool {
	return f.size == g.size && slices.Equal(f.nodes, g.nodes)
}

// MarshalBinary returns the size in 8 bytes, big-endian, and the hashes, at most 8 + 64*32 bytes.
// It never fails.
func (f *Frontier) MarshalBinary() ([]byte, error) { return f.bytes(), nil }

func (f *Frontier) bytes() []byte {
	data := make([]byte, 8, 8+len(f.nodes)*tlog.HashSize)
	binary.BigEndian.PutUint64(data, f.size)
	for i := range f.nodes {
		data = append(data, f.nodes[i][:]...)
	}
	return data
}

// UnmarshalBinary reads what MarshalBinary wrote. Empty data is the empty tree.
func (f *Frontier) UnmarshalBinary(data []byte) error {
	if len(data) == 0 {
		*f = Frontier{}
		return nil
	}
	if len(data) < 8 {
		return fmt.Errorf("frontier has %d bytes, at least 8: %w", len(data), ErrBadHead)
	}
	size := binary.BigEndian.Uint64(data)
	data = data[8:]
	if want := bits.OnesCount64(size) * tlog.HashSize; len(data) != want {
		return fmt.Errorf("frontier of size %d has %d bytes of hashes instead of %d: %w", size, len(data), want, ErrBadHead)
	}
	nodes := make([]tlog.Hash, 0, len(data)/tlog.HashSize+1)
	for len(data) > 0 {
		nodes = append(nodes, tlog.Hash(data[:tlog.HashSize]))
		data = data[tlog.HashSize:]
	}
	*f = Frontier{size: size, nodes: nodes}
	return nil
}

// nodeHash is tlog.NodeHash without its allocation; a test holds them equal.
func nodeHash(left, right tlog.Hash) tlog.Hash {
	var buf [1 + 2*tlog.HashSize]byte
	buf[0] = 0x01
	copy(buf[1:], left[:])
	copy(buf[1+tlog.HashSize:], right[:])
	return sha256.Sum256(buf[:])
}
