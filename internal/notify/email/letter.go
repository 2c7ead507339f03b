package email

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed letter.html.tmpl letter.txt.tmpl
var letterFiles embed.FS

const qrContentID = "qr"

// Letter is what a mail to a person says. Every sentence is already in the reader's language;
// empty fields leave their part out.
type Letter struct {
	Lang     string // BCP 47, such as "ar"
	RTL      bool   // the language runs from right to left
	Subject  string
	Preview  string // what a list of mails shows behind the subject
	Greeting string
	Lines    []string // paragraphs before the code

	CodeLabel string // "Your code"
	Code      string // shown large, always left to right
	QR        []byte // PNG
	QRAlt     string // what the picture is for, such as "QR code that opens the door"

	Details   []Detail // door, collect by, keypad code ...
	LinkLabel string
	Link      string   // https address
	After     []string // paragraphs after the details
	Help      string   // whom to ask, with a name or number
	Footer    string   // who sends this and why
}

// Detail is one line of a letter's table.
type Detail struct {
	Label string
	Value string
	// LTR keeps codes, door names and tracking numbers left to right in every language.
	LTR bool
}

// Letters renders letters. It is safe for concurrent use.
type Letters struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// NewLetters reads the templates.
func NewLetters() (*Letters, error) {
	html, err := htmltemplate.ParseFS(letterFiles, "letter.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the letter template: %w", err)
	}
	text, err := texttemplate.ParseFS(letterFiles, "letter.txt.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the letter text template: %w", err)
	}
	return &Letters{html: html, text: text}, nil
}

// letterView is what the templates see.
type letterView struct {
	Letter
	Dir   string
	QRSrc htmltemplate.URL
}

// Write returns m with subject, language, text, HTML and picture of the letter. Id, recipient and
// the rest of m stay.
func (l *Letters) Write(m Message, letter Letter) (Message, error) {
	if letter.Subject == "" || letter.Lang == "" {
		return Message{}, errors.New("email: a letter needs a subject and a language")
	}
	if len(letter.QR) > 0 && letter.QRAlt == "" {
		return Message{}, errors.New("email: a letter's QR code needs a text for those who cannot see it")
	}
	view := letterView{Letter: letter, Dir: "ltr", QRSrc: "cid:" + qrContentID}
	if letter.RTL {
		view.Dir = "rtl"
	}
	var html, text bytes.Buffer
	if err := l.html.Execute(&html, view); err != nil {
		return Message{}, fmt.Errorf("write the letter: %w", err)
	}
	if err := l.text.Execute(&text, view); err != nil {
		return Message{}, fmt.Errorf("write the letter's text: %w", err)
	}
	m.Subject, m.Lang = letter.Subject, letter.Lang
	m.HTML, m.Text = html.String(), strings.TrimSpace(text.String())+"\n"
	if len(letter.QR) > 0 {
		m.Inline = append(m.Inline[:len(m.Inline):len(m.Inline)],
			Inline{ContentID: qrContentID, Name: "code.png", Type: "image/png", Data: letter.QR})
	}
	return m, nil
}
