package publish

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cubby/internal/journal"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/text"
)

// mostMailed is how large a file may be in a mail, in bytes: above it, of more than ten thousand sites, the hashes alone
// are sent, and the heads are in the folder.
const mostMailed = 4 << 20

// mailJob is the body of jobs of kind JobMail.
type mailJob struct {
	Day string `json:"day"`
	To  string `json:"to"`
}

func (p *Publisher) enqueue(ctx context.Context, q *db.Queries, day string) error {
	for _, to := range p.opts.Mail {
		body, err := json.Marshal(mailJob{day, to})
		if err != nil {
			return fmt.Errorf("write job %s: %w", JobMail, err)
		}
		job := store.Job{Kind: JobMail, Key: day + "|" + strings.ToLower(to), Body: string(body)}
		if _, err := p.opts.Store.Enqueue(ctx, q, job); err != nil {
			return err
		}
	}
	return nil
}

// Handlers returns what a store.Worker runs. Without a mail server, mails are left to wait.
func (p *Publisher) Handlers() map[string]store.Handler {
	if p.opts.Mailer == nil {
		return nil
	}
	return map[string]store.Handler{JobMail: p.mail}
}

// mail sends the publication of a day, with the heads of all sites, to one address.
func (p *Publisher) mail(ctx context.Context, job store.Job) error {
	var body mailJob
	if err := json.Unmarshal([]byte(job.Body), &body); err != nil {
		return fmt.Errorf("read job %s: %w", JobMail, errors.Join(err, store.ErrPermanent))
	}
	row, err := p.opts.Store.Read().FindPublication(ctx, body.Day)
	if err != nil {
		return fmt.Errorf("read the publication of %s: %w", body.Day, err)
	}
	file, err := p.file(ctx, row, nil)
	if err != nil {
		return err
	}
	m, err := p.letters.Write(email.Message{ID: JobMail + "|" + job.Key, To: body.To}, p.letter(row))
	if err != nil {
		return fmt.Errorf("write the mail of %s: %w", body.Day, err)
	}
	if len(file) > mostMailed {
		file = row.Note
	}
	m.Files = []email.File{{Name: FileName(row.Day), Type: "text/plain", Data: file}}
	err = p.opts.Mailer.Send(ctx, m)
	if err != nil && email.ClassOf(err) == email.ClassPermanent {
		return fmt.Errorf("%w: %w", store.ErrPermanent, err)
	}
	return err
}

func (p *Publisher) letter(row db.Publication) email.Letter {
	t := p.opts.Texts.For(p.opts.Texts.Negotiate(p.opts.Language, ""))
	day := row.Day
	brand := p.opts.Brand
	if t.Dir() == "rtl" {
		day, brand = text.LTR(day), "\u2068"+brand+"\u2069"
	}
	return email.Letter{
		Lang: t.Lang(), RTL: t.Dir() == "rtl", Subject: t.T("mail.heads.subject", "day", day),
		Lines: []string{t.T("mail.heads.line", "day", day), t.T("mail.heads.keep"), t.T("mail.heads.check")},
		Details: []email.Detail{
			{Label: t.T("mail.heads.command"), Value: "cubby verify RECORD --key operator.pub --published " + FileName(row.Day), LTR: true},
			{Label: t.T("mail.heads.hash"), Value: hashText(row.Note), LTR: true},
		},
		LinkLabel: t.T("mail.heads.link"), Link: p.opts.PublicURL + Path, Footer: t.T("mail.heads.footer", "brand", brand),
	}
}

// hashText is the hash that the next publication holds.
func hashText(signed []byte) string {
	sum := journal.HashHead(signed)
	return base64.StdEncoding.EncodeToString(sum[:])
}
