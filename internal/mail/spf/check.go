package spf

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/aikagi/aikagi/internal/mail/dns"
)

// Result is what a receiver concludes (RFC 7208 §2.6).
type Result string

// The results.
const (
	None      Result = "none"
	Neutral   Result = "neutral"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Problem says what is wrong with a record.
type Problem string

// The problems.
const (
	NoProblem  Problem = ""
	Several    Problem = "several"    // records; receivers take none of them (§4.5)
	Syntax     Problem = "syntax"     // a term that cannot be read
	Lookups    Problem = "lookups"    // asks for more than 10 names
	Void       Problem = "void"       // asks for more than 2 names that do not exist
	NoInclude  Problem = "no_include" // includes a domain without a record (§5.2)
	TooLong    Problem = "too_long"   // longer than anybody reads
	Unanswered Problem = "unanswered" // a name server does not answer
)

// Limits of RFC 7208 §4.6.4, and one of ours: §3.4 asks for records of at most
// 450 octets.
const (
	maxLookups = 10
	maxVoid    = 2
	maxNames   = 10 // of an MX or PTR answer
	maxRecord  = 8192
)

// Verdict is a result and where it comes from.
type Verdict struct {
	Result  Result
	Record  string // of the domain itself
	Term    string // the term that decided, or that is wrong
	Problem Problem
	Lookups int
}

// Sender is the host and the envelope that are judged.
type Sender struct {
	Address netip.Addr
	From    string // MAIL FROM
	Helo    string
}

// Check judges a sender by the record of a domain.
func Check(ctx context.Context, names *dns.Client, s Sender, domain string) Verdict {
	s.Address = s.Address.Unmap()
	c := &check{names: names, sender: s}
	result := c.host(ctx, domain, true)
	if c.problem == Unanswered {
		result = TempError
	} else if c.problem != NoProblem {
		result = PermError
	}
	return Verdict{Result: result, Record: c.record, Term: c.term, Problem: c.problem, Lookups: c.lookups}
}

// check is one run. A problem anywhere ends it, whatever was found before.
type check struct {
	names         *dns.Client
	sender        Sender
	record, term  string
	problem       Problem
	lookups, void int
}

func (c *check) ill(p Problem, term string) {
	if c.problem == NoProblem {
		c.problem, c.term = p, term
	}
}

// host is check_host(). The record and the term of the verdict are those of the
// domain asked for first.
func (c *check) host(ctx context.Context, domain string, first bool) Result {
	text, found := c.published(ctx, domain)
	if first {
		c.record = text
	}
	if !found || c.problem != NoProblem {
		return None
	}
	terms, redirect, ok := parse(text)
	if !ok {
		c.ill(Syntax, terms[len(terms)-1].text)
		return PermError
	}
	for _, t := range terms {
		matched := c.matches(ctx, t, domain)
		if c.problem != NoProblem {
			return PermError
		}
		if matched {
			if first {
				c.term = t.text
			}
			return t.result()
		}
	}
	if redirect == "" {
		return Neutral // §4.7
	}
	return c.redirected(ctx, redirect, domain, first)
}

func (c *check) redirected(ctx context.Context, redirect, domain string, first bool) Result {
	text := "redirect=" + redirect
	target, ok := c.expand(redirect, domain)
	if !ok {
		c.ill(Syntax, text)
	}
	if !ok || !c.mayAsk(text) {
		return PermError
	}
	if first {
		c.term = text
	}
	result := c.host(ctx, target, false)
	if result == None {
		c.ill(NoInclude, text) // §6.1
	}
	return result
}

// published is the SPF record of a domain.
func (c *check) published(ctx context.Context, domain string) (string, bool) {
	all, err := c.names.TXT(ctx, domain)
	if errors.Is(err, dns.ErrNone) {
		return "", false
	}
	if err != nil {
		c.ill(Unanswered, domain)
		return "", false
	}
	records := slices.DeleteFunc(all, func(text string) bool { return !IsRecord(text) })
	switch {
	case len(records) == 0:
		return "", false
	case len(records) > 1:
		c.ill(Several, domain)
	case len(records[0]) > maxRecord:
		c.ill(TooLong, domain)
	}
	return records[0], true
}

// IsRecord reports whether a text record is one of SPF (§4.5).
func IsRecord(text string) bool {
	version, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(version, "v=spf1")
}

// mayAsk counts what asks for more names.
func (c *check) mayAsk(term string) bool {
	c.lookups++
	if c.lookups > maxLookups {
		c.ill(Lookups, term)
		return false
	}
	return true
}

// known turns an error of a look-up into what it means.
func (c *check) known(err error, term string) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, dns.ErrNone):
		if c.void++; c.void > maxVoid {
			c.ill(Void, term)
		}
	default:
		c.ill(Unanswered, term)
	}
	return false
}

func (c *check) matches(ctx context.Context, t term, domain string) bool {
	switch t.name {
	case "all":
		return true
	case "ip4", "ip6":
		return t.network.Contains(c.sender.Address)
	}
	if !c.mayAsk(t.text) {
		return false
	}
	target := domain
	if t.domain != "" {
		var ok bool
		if target, ok = c.expand(t.domain, domain); !ok {
			c.ill(Syntax, t.text)
			return false
		}
	}
	switch t.name {
	case "include":
		return c.includes(ctx, t, target)
	case "a":
		return c.isAddressOf(ctx, t, target)
	case "mx":
		return c.isServerOf(ctx, t, target)
	case "exists":
		_, err := c.names.Family(ctx, target, true)
		return c.known(err, t.text)
	}
	return c.isNamed(ctx, t, target) // ptr
}

// includes is the table of §5.2.
func (c *check) includes(ctx context.Context, t term, target string) bool {
	switch c.host(ctx, target, false) {
	case Pass:
		return true
	case None:
		c.ill(NoInclude, t.text)
	case Neutral, Fail, SoftFail, TempError, PermError:
	}
	return false
}

func (c *check) isAddressOf(ctx context.Context, t term, name string) bool {
	all, err := c.names.Family(ctx, name, c.sender.Address.Is4())
	return c.known(err, t.text) && slices.ContainsFunc(all, func(a netip.Addr) bool { return t.near(a, c.sender.Address) })
}

func (c *check) isServerOf(ctx context.Context, t term, name string) bool {
	servers, err := c.names.MX(ctx, name)
	if !c.known(err, t.text) {
		return false
	}
	if len(servers) > maxNames {
		c.ill(Lookups, t.text)
		return false
	}
	for _, server := range servers {
		if server != "" && c.isAddressOf(ctx, t, server) {
			return true
		}
		if c.problem != NoProblem {
			return false
		}
	}
	return false
}

// isNamed is "ptr", which nobody should use any more (§5.5): errors mean no.
func (c *check) isNamed(ctx context.Context, _ term, target string) bool {
	names, err := c.names.Names(ctx, c.sender.Address)
	if err != nil {
		return false
	}
	for _, name := range names[:min(len(names), maxNames)] {
		lower := strings.ToLower(name)
		if lower != strings.ToLower(target) && !strings.HasSuffix(lower, "."+strings.ToLower(target)) {
			continue
		}
		all, err := c.names.Family(ctx, name, c.sender.Address.Is4())
		if err == nil && slices.Contains(all, c.sender.Address) {
			return true
		}
	}
	return false
}
