// Package ui is the look of every page: design tokens, stylesheets, scripts, icons, templ
// components and the helpers that serve them.
//
// It knows no domain and no language: a component receives one view struct whose texts are
// already translated and whose links are ready to use. It imports nothing of ours. README.md in
// this folder shows how to build a page, a form, a live region and a dialog from it.
//
// Everything works under the content security policy of Secure: no inline script, no style
// attribute, no event attribute, nothing from another host.
package ui
