package text

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the language used when nothing better is known.
const Default = "en"

//go:embed catalog/*.json
var files embed.FS

// Language is a language that the product speaks.
type Language struct {
	Tag   string // BCP 47, e.g. "en"
	Name  string // its own name for itself, e.g. "Español"
	Short string // as short as a kiosk button allows, e.g. "ES"
	Dir   string // "ltr" or "rtl"
}

// Languages lists the languages in the order in which a person is offered them.
func Languages() []Language {
	return []Language{
		{Tag: "en", Name: "English", Short: "EN", Dir: "ltr"},
		{Tag: "es", Name: "Español", Short: "ES", Dir: "ltr"},
		{Tag: "ar", Name: "العربية", Short: "ع", Dir: "rtl"},
	}
}

// Catalog is the set of all sentences in all languages.
type Catalog struct {
	printers map[string]*Printer
	matcher  language.Matcher
	tags     []string
}

// New reads the embedded catalogues, or only the parts of these names, e.g. "kiosk" and "common": a
// small computer that shows a few pages starts sooner without the others. It returns an error when a file
// cannot be read, when there is no such part, or when two files of one language hold the same key.
func New(parts ...string) (*Catalog, error) {
	bundle := i18n.NewBundle(language.MustParse(Default))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	c := &Catalog{printers: map[string]*Printer{}}
	keys, err := load(bundle, parts)
	if err != nil {
		return nil, err
	}
	var known []language.Tag
	for _, l := range Languages() {
		tag, err := language.Parse(l.Tag)
		if err != nil {
			return nil, fmt.Errorf("parse language %q: %w", l.Tag, err)
		}
		known = append(known, tag)
		c.tags = append(c.tags, l.Tag)
		c.printers[l.Tag] = &Printer{
			language: l,
			keys:     keys[l.Tag],
			fallback: keys[Default],
			own:      i18n.NewLocalizer(bundle, l.Tag),
			english:  i18n.NewLocalizer(bundle, Default),
		}
	}
	c.matcher = language.NewMatcher(known)
	return c, nil
}

// namesOf lists the files of parts, or all of them.
func namesOf(parts []string) ([]string, error) {
	var names []string
	for _, part := range parts {
		for _, l := range Languages() {
			names = append(names, part+"."+l.Tag+".json")
		}
	}
	if len(parts) > 0 {
		return names, nil
	}
	entries, err := files.ReadDir("catalog")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// load adds the files of parts to the bundle and returns the keys of each language.
func load(bundle *i18n.Bundle, parts []string) (map[string]map[string]bool, error) {
	names, err := namesOf(parts)
	if err != nil {
		return nil, err
	}
	keys := map[string]map[string]bool{}
	for _, name := range names {
		raw, err := files.ReadFile(path.Join("catalog", name))
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		file, err := bundle.ParseMessageFileBytes(raw, name)
		if err != nil {
			return nil, fmt.Errorf("parse catalogue %s: %w", name, err)
		}
		lang := file.Tag.String()
		if keys[lang] == nil {
			keys[lang] = map[string]bool{}
		}
		for _, m := range file.Messages {
			if keys[lang][m.ID] {
				return nil, fmt.Errorf("catalogue %s repeats the key %s of another file", name, m.ID)
			}
			keys[lang][m.ID] = true
		}
	}
	return keys, nil
}

// For returns the printer of a language tag, or of the default language when the product does
// not speak it. "es-MX" gives Spanish.
func (c *Catalog) For(lang string) *Printer {
	if p, ok := c.printers[lang]; ok {
		return p
	}
	return c.printers[c.Negotiate(lang, "")]
}

// Speaks reports whether lang is exactly one of the product's languages.
func (c *Catalog) Speaks(lang string) bool { return slices.Contains(c.tags, lang) }

// Negotiate chooses a language: the explicit choice (a cookie, a setting) when the product
// speaks it, else the best match for an Accept-Language header, else the default. Neither
// argument needs to be well formed.
func (c *Catalog) Negotiate(explicit, acceptLanguage string) string {
	for _, wish := range []string{explicit, acceptLanguage} {
		if strings.TrimSpace(wish) == "" {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue // a malformed wish is no wish
		}
		if _, index, confidence := c.matcher.Match(tags...); confidence > language.No {
			return c.tags[index]
		}
	}
	return Default
}
