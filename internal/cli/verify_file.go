package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"cubby/internal/cloud/evidence"
	"cubby/internal/journal"
)

// fileKind is what a file to verify holds.
type fileKind uint8

const (
	kindDatabase fileKind = iota + 1
	kindExport
	kindPack
	kindArchive
	kindPublication
)

// kindOf looks at the beginning of a file.
func kindOf(path string) (fileKind, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	begin := make([]byte, 64)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, err
	}
	begin = begin[:n]
	switch {
	case bytes.HasPrefix(begin, []byte("SQLite format 3")):
		return kindDatabase, nil
	case bytes.HasPrefix(begin, []byte("PK\x03\x04")):
		return kindArchive, nil
	case evidence.Is(begin):
		return kindPack, nil
	case journal.IsPublication(begin):
		return kindPublication, nil
	case bytes.HasPrefix(bytes.TrimSpace(begin), []byte("<")):
		return 0, errors.New("the file is a web page, perhaps what the server answered instead: open it in a browser and read why")
	}
	return kindExport, nil
}

const (
	mostFetched   = 64 << 30 // bytes of a record: a hundred million operations
	mostPublished = 96 << 20 // bytes of a publication: the heads of 20,000 sites
	fetchWait     = time.Minute
)

func isAddress(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// published reads the files of --published, from addresses too. The token goes to one server only: the one of the
// record when that has an address.
func (cmd verifyCmd) published(ctx context.Context) ([]string, error) {
	all := make([]string, 0, len(cmd.Published))
	for _, from := range cmd.Published {
		name, fetched := from, isAddress(from)
		if fetched {
			token := cmd.TokenFile
			if isAddress(cmd.File) && !sameHost(cmd.File, from) {
				token = ""
			}
			var err error
			if name, err = cmd.fetch(ctx, from, token, mostPublished); err != nil {
				return nil, err
			}
		}
		data, err := os.ReadFile(name)
		if fetched {
			err = errors.Join(err, os.Remove(name))
		}
		if err != nil {
			return nil, usageError{err}
		}
		all = append(all, string(data))
	}
	return all, nil
}

func sameHost(a, b string) bool {
	u, uerr := url.Parse(a)
	v, verr := url.Parse(b)
	return uerr == nil && verr == nil && u.Scheme == v.Scheme && u.Host == v.Host
}

// fetch brings a file from an address into a temporary one, which the caller removes.
func (cmd verifyCmd) fetch(ctx context.Context, address, tokenFile string, most int64) (name string, err error) {
	from, err := url.Parse(address)
	if err != nil {
		return "", usageError{fmt.Errorf("address: %w", err)}
	}
	host := from.Hostname()
	if from.Scheme != "https" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return "", usageError{errors.New("the address must begin with https: a token must not travel in clear")}
	}
	client, err := cmd.client()
	if err != nil {
		return "", usageError{err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", usageError{err}
	}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return "", usageError{err}
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("fetch the file: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return "", refused(host, answer)
	}
	f, err := os.CreateTemp("", "cubby-verify-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, io.LimitReader(answer.Body, most))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("fetch the file: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// refused says why a server gave no file.
func refused(host string, answer *http.Response) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	const mostRead = 16 << 10
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("fetch the file: %s answers %s; it needs a token with the scope read: --token-file", host, answer.Status)
	case json.NewDecoder(io.LimitReader(answer.Body, mostRead)).Decode(&problem) == nil && problem.Detail != "":
		return fmt.Errorf("fetch the file: %s answers %s: %s", host, answer.Status, problem.Detail)
	}
	return fmt.Errorf("fetch the file: %s answers %s", host, answer.Status)
}

func (cmd verifyCmd) client() (*http.Client, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: fetchWait}
	if cmd.CAFile != "" {
		pem, err := os.ReadFile(cmd.CAFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", cmd.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport: transport,
		// A token is for the server that was named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
