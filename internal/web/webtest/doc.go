// Package webtest checks pages in tests: what the shells and partials promise
// must hold for every page that is built with them.
//
// It looks at the HTML alone; contrast and layout need a browser.
package webtest
