package mailcatch

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxDepth = 8   // multiparts within multiparts
	maxParts = 100 // in one mail
)

var errTooComplex = errors.New("mailcatch: too many parts")

// Part is a picture or an attachment of a mail.
type Part struct {
	ContentID string // without angle brackets, "" for an attachment
	Name      string
	Type      string // media type without parameters
	Data      []byte
}

// Mail is one mail that was caught.
type Mail struct {
	ID   int       // counts from 1
	At   time.Time // when it was taken
	From string    // envelope sender
	To   []string  // envelope recipients

	MessageID string // without angle brackets
	Subject   string
	Lang      string
	Header    textproto.MIMEHeader
	Text      string
	HTML      string
	Inline    []Part
	Raw       []byte
	// ParseError says why parts are missing; the rest is kept.
	ParseError string
}

// Parse reads a mail as it came over the wire. It never fails: what cannot be read is missing, and
// ParseError says why.
func Parse(raw []byte) Mail {
	m := Mail{Raw: raw}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.ParseError = fmt.Sprintf("read header: %v", err)
		return m
	}
	m.Header = textproto.MIMEHeader(msg.Header)
	m.Subject = decodeWords(m.Header.Get("Subject"))
	m.Lang = m.Header.Get("Content-Language")
	m.MessageID = strings.Trim(m.Header.Get("Message-Id"), "<> ")
	p := parser{mail: &m}
	if err := p.part(m.Header, msg.Body, 0); err != nil {
		m.ParseError = err.Error()
	}
	return m
}

// parser collects the parts of one mail.
type parser struct {
	mail  *Mail
	parts int
}

func (p *parser) part(header textproto.MIMEHeader, body io.Reader, depth int) error {
	if p.parts++; p.parts > maxParts || depth > maxDepth {
		return errTooComplex
	}
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		mediaType, params = "text/plain", nil // Source: RFC 2045 §5.2
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		return p.multipart(multipart.NewReader(body, params["boundary"]), depth)
	}
	data, err := io.ReadAll(decodeTransfer(header.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return fmt.Errorf("read %s: %w", mediaType, err)
	}
	disposition, dparams, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil {
		disposition = ""
	}
	switch {
	case disposition != "attachment" && mediaType == "text/plain" && p.mail.Text == "":
		p.mail.Text = decodeText(params["charset"], data)
	case disposition != "attachment" && mediaType == "text/html" && p.mail.HTML == "":
		p.mail.HTML = decodeText(params["charset"], data)
	default:
		name := dparams["filename"]
		if name == "" {
			name = params["name"]
		}
		p.mail.Inline = append(p.mail.Inline, Part{
			ContentID: strings.Trim(header.Get("Content-Id"), "<> "),
			Name:      decodeWords(name), Type: mediaType, Data: data,
		})
	}
	return nil
}

func (p *parser) multipart(r *multipart.Reader, depth int) error {
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read parts: %w", err)
		}
		if err := p.part(part.Header, part, depth+1); err != nil {
			return err
		}
	}
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// decodeText turns Latin-1 into UTF-8; what is no text otherwise gets replacement characters.
func decodeText(charset string, data []byte) string {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	if utf8.ValidString(text) {
		return text
	}
	if strings.EqualFold(charset, "iso-8859-1") {
		var b strings.Builder
		for i := range len(text) {
			b.WriteRune(rune(text[i]))
		}
		return b.String()
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

func decodeWords(text string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(text)
	if err != nil {
		decoded = text
	}
	return strings.ToValidUTF8(decoded, "\ufffd")
}
