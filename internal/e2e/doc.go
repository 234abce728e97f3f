// Package e2e tries the product from outside: people with browsers of their own
// walk through its pages in headless Chromium, their mail arrives by SMTP, and
// nothing is called that they could not reach themselves.
//
//	story    TestArticle…      what must always work
//	pages    TestPages…        every page × language × theme × width
//	habits   the rest          keyboard, paper, password managers, no scripts, rights,
//	                           what leaves the browser
//
// It holds tests only. Without Chromium they are skipped, or fail if
// AIKAGI_REQUIRE_BROWSER=1; AIKAGI_AXE names the file of axe-core;
// AIKAGI_SCREENSHOTS=DIR photographs every page into DIR, and AIKAGI_LOOK=full
// repeats every check in the dark.
package e2e
