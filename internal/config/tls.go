package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Ways in which a server speaks TLS, the values of TLS.Mode.
const (
	TLSOff   = "off"   // it does not: a proxy does
	TLSFiles = "files" // with a certificate in files
	TLSACME  = "acme"  // with a certificate that an ACME server issues
)

// TLS says where the certificate of the server comes from.
type TLS struct {
	Mode     string `yaml:"mode" oneof:",off,files,acme" doc:"off: a proxy before this server speaks TLS. files: cert_file and key_file. acme: certificates are fetched and renewed by themselves for the host of public_url, and kept in data_dir/acme. Empty means files when cert_file is set, otherwise off."`
	CertFile string `yaml:"cert_file" doc:"PEM file with the certificate and its chain. It is read again when it changes."`
	KeyFile  string `yaml:"key_file" doc:"PEM file with the private key."`
	ACME     ACME   `yaml:"acme" doc:"How certificates are fetched in mode acme."`
}

// ACME are the settings of fetching certificates (RFC 8555).
type ACME struct {
	Directory  string `yaml:"directory" doc:"Address of the ACME server's directory. To use it is to accept its terms of service."`
	Mail       string `yaml:"mail" doc:"Address that the ACME server may write to. Empty means none."`
	CAFile     string `yaml:"ca_file" doc:"PEM file with the root that signs the ACME server's own certificate, for a private one. Empty means the roots of the system."`
	HTTPListen string `yaml:"http_listen" doc:"Address and port of plain HTTP, by which the ACME server checks the name (HTTP-01) and people are sent on to https. It must be reachable as port 80. Empty means none: then server.listen must be reachable as port 443 (TLS-ALPN-01)."`
}

func defaultTLS() TLS {
	return TLS{ACME: ACME{Directory: "https://acme-v02.api.letsencrypt.org/directory", HTTPListen: ":80"}}
}

// Effective returns how the server speaks TLS: off, files or acme.
func (t TLS) Effective() string {
	switch {
	case t.Mode != "":
		return t.Mode
	case t.CertFile != "":
		return TLSFiles
	}
	return TLSOff
}

// validate checks what the mode needs. public is the server's public address.
func (t TLS) validate(p *problems, public string) {
	if (t.CertFile == "") != (t.KeyFile == "") {
		p.add("server.tls", "cert_file and key_file are needed together")
	}
	switch t.Effective() {
	case TLSOff:
		if t.CertFile != "" {
			p.add("server.tls.mode", "is off, and cert_file is set: write files, or take the file away")
		}
	case TLSFiles:
		if t.CertFile == "" {
			p.add("server.tls.mode", "files needs cert_file and key_file")
		}
	case TLSACME:
		t.ACME.validate(p, public)
	}
}

func (a ACME) validate(p *problems, public string) {
	u, err := url.Parse(public)
	switch {
	case err != nil: // public_url has its own line
	case u.Scheme != "https":
		p.add("server.tls.mode", "acme needs an https address in server.public_url, got %q", public)
	case net.ParseIP(u.Hostname()) != nil || !strings.Contains(u.Hostname(), "."):
		p.add("server.tls.mode", "acme needs a public host name in server.public_url, got %q", u.Hostname())
	}
	if d, err := url.Parse(a.Directory); err != nil || d.Scheme != "https" || d.Host == "" {
		p.add("server.tls.acme.directory", "%q is no https address", a.Directory)
	}
	if a.Mail != "" {
		p.check("server.tls.acme.mail", mailAddress(a.Mail))
	}
	if a.HTTPListen != "" {
		p.check("server.tls.acme.http_listen", listenAddress(a.HTTPListen))
	}
}

// ParseProxy reads an entry of trusted_proxies: an address or a network, like 127.0.0.1 or 10.0.0.0/8.
func ParseProxy(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}
