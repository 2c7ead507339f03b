package notice

import (
	"context"
	"errors"
	"net/mail"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store/db"
)

// SendTestMail tries the mail server and sends one mail to an address: the test button. It returns
// INPUT_INVALID for what is no address, MAIL_UNREACHABLE when the server is not there or answers that
// it is busy, and MAIL_REFUSED when it refuses the sign-in, the encryption, the sender or the address.
// The message says what to look at.
func (n *Notifier) SendTestMail(ctx context.Context, p cloud.Principal, to string) error {
	if err := n.opts.Post.Permit(ctx, p, cloud.RoleManager, ""); err != nil {
		return err
	}
	address, err := mail.ParseAddress(strings.TrimSpace(to))
	if err != nil || address.Name != "" || strings.ContainsAny(address.Address, "\r\n") {
		return locker.Errorf(locker.CodeInputInvalid, "this is not an e-mail address")
	}
	if n.opts.Mailer == nil {
		return locker.Errorf(locker.CodeMailUnreachable, "no mail server is set: fill in server.smtp of the configuration")
	}
	if err := n.opts.Mailer.Check(ctx); err != nil {
		return mailProblem(err)
	}
	printer := n.opts.Texts.For(n.opts.Texts.Negotiate(n.opts.Language, ""))
	now := n.opts.Now()
	letter := email.Letter{
		Lang: printer.Lang(), RTL: printer.Dir() == "rtl",
		Subject: printer.T("mail.test.subject", "brand", own(printer, n.opts.Brand.Name)), Lines: []string{printer.T("mail.test.line")},
		Footer: printer.T("mail.test.footer", "brand", own(printer, n.opts.Brand.Name), "name", own(printer, p.Name)),
	}
	id := "test|" + p.User + "|" + address.Address + "|" + strconv.FormatInt(now.UnixNano(), 10)
	m, err := n.letters.Write(email.Message{ID: id, To: address.Address}, letter)
	if err != nil {
		return err
	}
	if err := n.opts.Mailer.Send(ctx, m); err != nil {
		return mailProblem(err)
	}
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error { return n.opts.Post.Wrote(ctx, q, p, "", "test") })
}

// mailProblem says what to look at when the mail server did not take a mail.
func mailProblem(cause error) error {
	var e *email.Error
	if !errors.As(cause, &e) {
		return locker.Errorf(locker.CodeMailUnreachable, "the mail server does not answer: %v", cause)
	}
	code, look := locker.CodeMailUnreachable, "try again in a few minutes"
	if e.Class != email.ClassTemporary {
		code = locker.CodeMailRefused
	}
	switch e.Step {
	case email.StepConnect:
		code, look = locker.CodeMailUnreachable, "check server.smtp.host and port, and that no firewall is in between"
	case email.StepHello:
		look = "check server.smtp.port and tls: 587 goes with starttls, 465 with tls"
	case email.StepTLS:
		look = "check server.smtp.tls and that the server's certificate names its host"
	case email.StepSignIn:
		look = "check server.smtp.username and password"
	case email.StepSender:
		look = "check server.smtp.from: the server does not send for this address"
	case email.StepRecipient:
		look = "check the address of the recipient, or whether the server may send to others"
	case email.StepMessage, email.StepContent:
	}
	return locker.Errorf(code, "%s; %s", strings.TrimPrefix(e.Error(), "email: "), look)
}
