package wire

import (
	"encoding/json"
	"fmt"
	"strconv"

	"cubby/internal/locker"
)

// Type is the first byte of a frame: which message it holds. The zero value is invalid. Numbers
// are stable for ever.
type Type uint8

// The types of message.
const (
	TypeHello          Type = 1
	TypeChallenge      Type = 2
	TypeProof          Type = 3
	TypeWelcome        Type = 4
	TypeUploadBatch    Type = 5
	TypeAck            Type = 6
	TypeDirectoryBatch Type = 7
	TypeDirectoryAck   Type = 8
	TypeIntents        Type = 9
	TypeStatus         Type = 10
	TypeHead           Type = 11
	TypeCountersigned  Type = 12
	TypeRefuse         Type = 13
	TypeNotice         Type = 14
	TypeBeat           Type = 15
	TypeRecall         Type = 16
)

// String returns the name of the type.
func (t Type) String() string {
	switch t {
	case TypeHello:
		return "hello"
	case TypeChallenge:
		return "challenge"
	case TypeProof:
		return "proof"
	case TypeWelcome:
		return "welcome"
	case TypeUploadBatch:
		return "upload"
	case TypeAck:
		return "ack"
	case TypeDirectoryBatch:
		return "directory"
	case TypeDirectoryAck:
		return "directory_ack"
	case TypeIntents:
		return "intents"
	case TypeStatus:
		return "status"
	case TypeHead:
		return "head"
	case TypeCountersigned:
		return "countersigned"
	case TypeRefuse:
		return "refuse"
	case TypeNotice:
		return "notice"
	case TypeBeat:
		return "beat"
	case TypeRecall:
		return "recall"
	}
	return "type " + strconv.Itoa(int(t))
}

// Message is one message of the link.
type Message interface {
	// Type returns which message it is.
	Type() Type
}

type (
	// Hello opens a session: site to server.
	Hello struct {
		Versions []int         `json:"versions"` // that the site speaks
		Key      string        `json:"key"`      // fingerprint of the controller's key
		Site     locker.SiteID `json:"site"`
		Nonce    []byte        `json:"nonce"`    // 32 random bytes
		Host     string        `json:"host"`     // by which the site reached the server, in lower case
		Instance string        `json:"instance"` // random, one per start of the controller
		Software string        `json:"software"` // version of the program
	}

	// Challenge answers Hello: the server proves its key first.
	Challenge struct {
		Version   int    `json:"version"` // chosen out of Hello's
		Nonce     []byte `json:"nonce"`   // 32 random bytes
		Binding   string `json:"binding"` // what both signatures are bound to: tls-exporter, host
		Signature []byte `json:"signature"`
	}

	// Proof answers Challenge: the site proves its key.
	Proof struct {
		Signature []byte `json:"signature"`
	}

	// Welcome answers Proof and begins the session.
	Welcome struct {
		DirectoryEpoch uint64        `json:"directory_epoch"`
		Acked          Position      `json:"acked"`       // highest operation that the server committed
		ServerTime     locker.Millis `json:"server_time"` // when it was sent
		Head           string        `json:"head,omitempty"`
	}

	// UploadBatch is operations in order: site to server.
	UploadBatch struct {
		Items []Upload
	}

	// Ack says which operation is the highest that the server committed. It is cumulative.
	Ack struct {
		Position
		ServerTime locker.Millis `json:"server_time,omitempty"`
	}

	// DirectoryBatch is the changes of a directory after revision From up to To. Revisions that
	// were overtaken may be left out. A batch applies to a replica at exactly Epoch and From;
	// From 0 is the whole directory from the start and replaces what was there.
	DirectoryBatch struct {
		Epoch   uint64   `json:"epoch"` // changes when the server was restored: start again
		From    uint64   `json:"from"`
		To      uint64   `json:"to"`
		Changes []Change `json:"changes"`
		More    bool     `json:"more,omitempty"` // further batches wait
	}

	// DirectoryAck says which revision a site has; the server goes on from there.
	DirectoryAck struct {
		Epoch uint64 `json:"epoch"`
		Rev   uint64 `json:"rev"`
	}

	// Intents are what the server asks of a site.
	Intents struct {
		ServerTime locker.Millis `json:"server_time"` // when it was sent
		Items      []Intent      `json:"items"`
	}

	// Head is a tree head of the site's journal, as a signed note.
	Head struct {
		Note string `json:"note"`
	}

	// Countersigned is a head with the server's signature added.
	Countersigned struct {
		Note string `json:"note"`
	}

	// Refuse ends a session or an attempt at one, with the reason.
	Refuse struct {
		Code    locker.Code `json:"code"`
		Message string      `json:"message"`
	}

	// Notice tells the other half of something that a person should know; the session goes on.
	Notice struct {
		Code    locker.Code `json:"code"`
		Message string      `json:"message"`
	}

	// Beat is the pulse of a session: the site sends one, the server sends it back with its time.
	Beat struct {
		Seq        uint64        `json:"seq"`
		ServerTime locker.Millis `json:"server_time,omitempty"` // in the answer
	}

	// Recall asks for the server's copy of the site's record after a position: a computer that takes
	// another's place knows nothing. It goes by POST only. The answer is the acknowledgement, which says
	// how far the copy goes, the last countersigned head, and as [UploadBatch] the next operations
	// without their annexes.
	Recall struct {
		After Position `json:"after"`
	}

	// Unrecognized is a message of a type that a newer version added. A receiver ignores it.
	Unrecognized struct {
		Number  Type
		Payload []byte
	}
)

// Type returns TypeHello.
func (Hello) Type() Type { return TypeHello }

// Type returns TypeChallenge.
func (Challenge) Type() Type { return TypeChallenge }

// Type returns TypeProof.
func (Proof) Type() Type { return TypeProof }

// Type returns TypeWelcome.
func (Welcome) Type() Type { return TypeWelcome }

// Type returns TypeUploadBatch.
func (UploadBatch) Type() Type { return TypeUploadBatch }

// Type returns TypeAck.
func (Ack) Type() Type { return TypeAck }

// Type returns TypeDirectoryBatch.
func (DirectoryBatch) Type() Type { return TypeDirectoryBatch }

// Type returns TypeDirectoryAck.
func (DirectoryAck) Type() Type { return TypeDirectoryAck }

// Type returns TypeIntents.
func (Intents) Type() Type { return TypeIntents }

// Type returns TypeStatus.
func (Status) Type() Type { return TypeStatus }

// Type returns TypeHead.
func (Head) Type() Type { return TypeHead }

// Type returns TypeCountersigned.
func (Countersigned) Type() Type { return TypeCountersigned }

// Type returns TypeRefuse.
func (Refuse) Type() Type { return TypeRefuse }

// Type returns TypeNotice.
func (Notice) Type() Type { return TypeNotice }

// Type returns TypeBeat.
func (Beat) Type() Type { return TypeBeat }

// Type returns TypeRecall.
func (Recall) Type() Type { return TypeRecall }

// Type returns the number under which the message came.
func (u Unrecognized) Type() Type { return u.Number }

// Reason returns the reason as a *[locker.Error].
func (r Refuse) Reason() *locker.Error { return &locker.Error{Code: r.Code, Message: r.Message} }

// frameHead is the type and the version in front of every payload.
const frameHead = 2

// Encode returns the frame of a message: its type, the version, and the payload, which is JSON for
// all but [UploadBatch]. It returns [ErrTooLarge] above a limit.
func Encode(m Message) ([]byte, error) {
	if err := checkCounts(m); err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.Type(), err)
	}
	frame := []byte{byte(m.Type()), Version}
	switch m := m.(type) {
	case UploadBatch:
		frame = m.appendTo(frame)
	case Unrecognized:
		frame = append(frame, m.Payload...)
	default:
		payload, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", m.Type(), err)
		}
		frame = append(frame, payload...)
	}
	if len(frame) > MaxFrameSize {
		return nil, fmt.Errorf("encode %s: %d bytes: %w", m.Type(), len(frame), ErrTooLarge)
	}
	return frame, nil
}

// Decode reads one frame. The operations of an upload share the frame's memory. A type that this
// version does not know gives [Unrecognized]. It returns [ErrMalformed], [ErrTooLarge], or a
// *[locker.Error] with VERSION_UNSUPPORTED.
func Decode(frame []byte) (Message, error) {
	switch {
	case len(frame) > MaxFrameSize:
		return nil, fmt.Errorf("decode a frame of %d bytes: %w", len(frame), ErrTooLarge)
	case len(frame) < frameHead || frame[0] == 0:
		return nil, fmt.Errorf("decode a frame of %d bytes: %w", len(frame), ErrMalformed)
	case frame[1] != Version:
		return nil, errVersion("a message", int(frame[1]))
	}
	number, payload := Type(frame[0]), frame[frameHead:]
	m, err := decodePayload(number, payload)
	if err == nil {
		err = checkCounts(m)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", number, err)
	}
	return m, nil
}

func decodePayload(number Type, payload []byte) (Message, error) {
	switch number {
	case TypeHello:
		return parseMessage[Hello](payload)
	case TypeChallenge:
		return parseMessage[Challenge](payload)
	case TypeProof:
		return parseMessage[Proof](payload)
	case TypeWelcome:
		return parseMessage[Welcome](payload)
	case TypeUploadBatch:
		return decodeUploads(payload)
	case TypeAck:
		return parseMessage[Ack](payload)
	case TypeDirectoryBatch:
		return parseMessage[DirectoryBatch](payload)
	case TypeDirectoryAck:
		return parseMessage[DirectoryAck](payload)
	case TypeIntents:
		return parseMessage[Intents](payload)
	case TypeStatus:
		return parseMessage[Status](payload)
	case TypeHead:
		return parseMessage[Head](payload)
	case TypeCountersigned:
		return parseMessage[Countersigned](payload)
	case TypeRefuse:
		return parseMessage[Refuse](payload)
	case TypeNotice:
		return parseMessage[Notice](payload)
	case TypeBeat:
		return parseMessage[Beat](payload)
	case TypeRecall:
		return parseMessage[Recall](payload)
	}
	return Unrecognized{Number: number, Payload: payload}, nil
}

func parseMessage[M Message](payload []byte) (Message, error) {
	var m M
	if len(payload) == 0 || payload[0] != '{' || json.Unmarshal(payload, &m) != nil {
		return nil, ErrMalformed // what was wrong may name people: it stays out of errors
	}
	return m, nil
}

// checkCounts holds the limits that are not bytes.
func checkCounts(m Message) error {
	over := false
	switch m := m.(type) {
	case UploadBatch:
		over = len(m.Items) > MaxBatch
	case DirectoryBatch:
		over = len(m.Changes) > MaxChanges
	case Intents:
		over = len(m.Items) > MaxIntents
	}
	if over {
		return ErrTooLarge
	}
	return nil
}
