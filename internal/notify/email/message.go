package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

const (
	maxSubject = 250     // characters
	maxBody    = 1 << 20 // bytes of text or HTML
	maxInline  = 10      // pictures
	maxFiles   = 5
	maxMail    = 5 << 20          // bytes of all parts; many servers refuse 10 MB
	idBytes    = 16               // of the hash that becomes the Message-ID
	headerAuto = "Auto-Submitted" // Source: RFC 3834 §5
)

// Inline is a picture within the HTML, shown by <img src="cid:ContentID">.
type Inline struct {
	ContentID string
	Name      string
	Type      string // such as "image/png"
	Data      []byte
}

// File goes with a mail, for whoever gets it to keep.
type File struct {
	Name string
	Type string // such as "text/plain"
	Data []byte
}

// Message is one mail to one address. Text is required, HTML is not.
type Message struct {
	// ID names the message for ever: the outbox row's key. A repeat with the same ID carries the
	// same Message-ID.
	ID      string
	To      string // "name@example.com" or "Name <name@example.com>"
	Subject string
	Text    string
	HTML    string
	Inline  []Inline
	Files   []File
	Lang    string // BCP 47, such as "es"
	// Unsubscribe is an https address that ends this kind of mail at one click; "" = none.
	Unsubscribe string
}

// LogValue shows the id only: the rest is personal.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.ID) }

// MessageID returns the Message-ID header that a message with this id gets from a sender's domain,
// without angle brackets.
func MessageID(id, domain string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:idBytes]) + "@" + domain
}

// check refuses what no server should see. Line breaks in a header would let whoever writes a
// parcel's description write headers.
func (m Message) check() error {
	size := len(m.Text) + len(m.HTML)
	for _, in := range m.Inline {
		size += len(in.Data)
		if in.ContentID == "" || hasControl(in.ContentID+in.Name+in.Type) {
			return errors.New("a picture has no content id, or line breaks in its names")
		}
	}
	for _, f := range m.Files {
		size += len(f.Data)
		if f.Name == "" || hasControl(f.Name+f.Type) {
			return errors.New("a file has no name, or line breaks in it")
		}
	}
	switch {
	case m.ID == "":
		return errors.New("the message has no id")
	case m.Text == "":
		return errors.New("the message has no text")
	case m.Subject == "", utf8.RuneCountInString(m.Subject) > maxSubject:
		return fmt.Errorf("the subject does not have 1 to %d characters", maxSubject)
	case hasControl(m.Subject + m.To + m.Lang + m.Unsubscribe):
		return errors.New("a header contains line breaks")
	case len(m.Text) > maxBody, len(m.HTML) > maxBody, len(m.Inline) > maxInline, len(m.Files) > maxFiles, size > maxMail:
		return errors.New("the message is too large")
	case m.Unsubscribe != "" && !strings.HasPrefix(m.Unsubscribe, "https://"):
		return errors.New("the address to unsubscribe is not https")
	}
	return nil
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// build turns the message into the library's.
func (m Message) build(from *netmail.Address, now time.Time) (*mail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil {
		return nil, errors.New("the recipient's address cannot be read") // the cause would repeat it
	}
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	out.FromMailAddress(from)
	out.AddToMailAddress(to)
	out.Subject(m.Subject)
	out.SetDateWithValue(now)
	out.SetMessageIDWithValue(MessageID(m.ID, domainOf(from.Address)))
	out.SetGenHeader(headerAuto, "auto-generated")
	out.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	if m.Lang != "" {
		out.SetGenHeader(mail.HeaderContentLang, m.Lang)
	}
	if m.Unsubscribe != "" {
		if err := out.SetListUnsubscribeOneClick(m.Unsubscribe); err != nil {
			return nil, fmt.Errorf("unsubscribe header: %w", err)
		}
	}
	out.SetBodyString(mail.TypeTextPlain, m.Text)
	for _, f := range m.Files {
		// Base64 keeps every byte: a signature holds over the text as it is.
		err := out.AttachReader(f.Name, bytes.NewReader(f.Data), mail.WithFileContentType(mail.ContentType(f.Type)),
			mail.WithFileEncoding(mail.EncodingB64))
		if err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	if m.HTML == "" {
		return out, nil
	}
	out.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	for _, in := range m.Inline {
		err := out.EmbedReader(in.Name, bytes.NewReader(in.Data),
			mail.WithFileContentID(in.ContentID), mail.WithFileContentType(mail.ContentType(in.Type)))
		if err != nil {
			return nil, fmt.Errorf("embed %s: %w", in.Name, err)
		}
	}
	return out, nil
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}
