package iam

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Parse reads a policy document. It is stricter than a JSON decoder: UTF-8
// only, names exactly as IAM spells them, none twice, nothing after the
// document, and no value that an operator could never match, because such a
// value in a Deny would quietly deny nothing. The error is a *SyntaxError.
func Parse(data []byte) (Document, error) {
	switch {
	case len(data) > MaxDocument:
		return Document{}, &SyntaxError{1, "Policy", "too_large"}
	case !utf8.Valid(data):
		return Document{}, &SyntaxError{1, "Policy", "not_utf8"}
	}
	p := &parser{data: data, dec: jsontext.NewDecoder(bytes.NewReader(data))}
	doc, err := p.document()
	if err != nil {
		return Document{}, err
	}
	return doc, nil
}

type parser struct {
	data      []byte
	dec       *jsontext.Decoder
	variables []placed // checked at the end, when the version is known
}

type placed struct {
	text, element string
	line          int
}

func (p *parser) document() (doc Document, err error) {
	doc.Version = version2008
	err = p.object("Policy", func(name string) (err error) {
		switch name {
		case "Version":
			doc.Version, err = p.text(name)
			if err == nil && doc.Version != version2012 && doc.Version != version2008 {
				err = p.fail(name, "bad_version")
			}
		case "Id":
			doc.ID, err = p.text(name)
		case "Statement":
			doc.Statements, err = p.statements()
		default:
			err = p.fail("Policy", "unknown_element")
		}
		return err
	})
	if err != nil {
		return doc, err
	}
	if len(doc.Statements) == 0 {
		return doc, p.fail("Statement", "missing_element")
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return doc, p.fail("Policy", "trailing")
	}
	return doc, p.checkVariables(doc.Version)
}

func (p *parser) statements() ([]Statement, error) {
	var all []Statement
	sids := map[string]bool{}
	err := p.list("Statement", func() error {
		s, err := p.statement()
		if err != nil {
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return p.fail("Sid", "duplicate_sid")
		}
		sids[s.Sid] = true
		all = append(all, s)
		return nil
	})
	return all, err
}

func (p *parser) statement() (s Statement, err error) {
	err = p.object("Statement", func(name string) error {
		if s.Line == 0 {
			s.Line = p.line()
		}
		return p.element(&s, name)
	})
	if err != nil {
		return s, err
	}
	return s, p.complete(s)
}

func (p *parser) element(s *Statement, name string) (err error) {
	switch name {
	case "Sid":
		if s.Sid, err = p.text(name); err == nil && !onlyWords(s.Sid, "") {
			err = p.fail(name, "bad_sid")
		}
	case "Effect":
		var effect string
		effect, err = p.text(name)
		s.Effect = Effect(effect)
		if err == nil && s.Effect != Allow && s.Effect != Deny {
			err = p.fail(name, "bad_effect")
		}
	case "Action":
		s.Action, err = p.values(name, p.checkAction)
	case "NotAction":
		s.NotAction, err = p.values(name, p.checkAction)
	case "Resource":
		s.Resource, err = p.values(name, p.checkResource)
	case "NotResource":
		s.NotResource, err = p.values(name, p.checkResource)
	case "Condition":
		s.Conditions, err = p.conditions()
	case "Principal", "NotPrincipal":
		// IAM: identity-based policies have no Principal.
		err = p.fail(name, "principal_not_allowed")
	default:
		err = p.fail("Statement", "unknown_element")
	}
	return err
}

func (p *parser) complete(s Statement) error {
	line := max(s.Line, 1)
	switch {
	case s.Effect == "":
		return &SyntaxError{line, "Effect", "missing_element"}
	case len(s.Action) > 0 && len(s.NotAction) > 0:
		return &SyntaxError{line, "NotAction", "contradictory"}
	case len(s.Action) == 0 && len(s.NotAction) == 0:
		return &SyntaxError{line, "Action", "missing_element"}
	case len(s.Resource) > 0 && len(s.NotResource) > 0:
		return &SyntaxError{line, "NotResource", "contradictory"}
	case len(s.Resource) == 0 && len(s.NotResource) == 0:
		return &SyntaxError{line, "Resource", "missing_element"}
	}
	return nil
}

// checkAction wants "*" or service:name with wildcards in the name only.
func (p *parser) checkAction(element, value string) error {
	if value == "*" {
		return nil
	}
	service, name, ok := strings.Cut(value, ":")
	if !ok || service == "" || name == "" || !onlyWords(service, "-") || !onlyWords(name, "*?") {
		return p.fail(element, "bad_action")
	}
	return nil
}

// checkResource wants "*" or an ARN with its six parts.
func (p *parser) checkResource(element, value string) error {
	if value == "*" {
		return nil
	}
	if !strings.HasPrefix(value, "arn:") || len(value) > 2048 || len(splitARN(value)) != 6 {
		return p.fail(element, "bad_resource")
	}
	p.variables = append(p.variables, placed{value, element, p.line()})
	return nil
}

func (p *parser) conditions() ([]Condition, error) {
	var all []Condition
	err := p.object("Condition", func(name string) error {
		cond, ok := parseOperator(name)
		if !ok {
			return p.fail("Condition", "unknown_operator")
		}
		keys := map[string]bool{}
		return p.object("Condition."+name, func(key string) error {
			// IAM: condition keys are not case-sensitive, so two spellings are one key.
			folded := strings.ToLower(key)
			if !validConditionKey(key) {
				return p.fail("Condition."+name, "bad_condition_key")
			}
			if keys[folded] {
				return p.fail("Condition."+name, "duplicate_key")
			}
			keys[folded] = true
			c := cond
			c.Key = key
			var err error
			c.Values, err = p.values("Condition."+name, func(element, value string) error {
				return p.checkOperand(c.Operator, element, value)
			})
			all = append(all, c)
			return err
		})
	})
	return all, err
}

func (p *parser) checkOperand(operator, element, value string) error {
	kind := operatorKind(operator)
	if kind == "String" || kind == "Arn" {
		p.variables = append(p.variables, placed{value, element, p.line()})
	}
	ok := true
	switch kind {
	case "Arn":
		ok = len(splitARN(value)) == 6 || strings.HasPrefix(value, "${")
	case "Numeric":
		_, ok = parseNumber(value)
	case "Date":
		_, ok = parseTime(value)
	case "IpAddress":
		_, ok = parsePrefix(value)
	case "Bool", "Null":
		ok = strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	}
	if !ok {
		return p.fail(element, "bad_condition_value")
	}
	return nil
}

func (p *parser) checkVariables(version string) error {
	if version != version2012 {
		return nil
	}
	for _, v := range p.variables {
		for rest := v.text; ; {
			_, after, found := strings.Cut(rest, "${")
			if !found {
				break
			}
			var ok bool
			if _, rest, ok = cutVariable("${" + after); !ok {
				return &SyntaxError{v.line, v.element, "bad_variable"}
			}
		}
	}
	return nil
}

// object reads an object and calls each after every name; each reads the value.
func (p *parser) object(element string, each func(name string) error) error {
	if err := p.open(element, '{'); err != nil {
		return err
	}
	for p.dec.PeekKind() != '}' {
		name, err := p.text(element)
		if err != nil {
			return err
		}
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := p.token(element)
	return err
}

// list calls each for every item of a list, or once for a single value.
func (p *parser) list(element string, each func() error) error {
	if p.dec.PeekKind() != '[' {
		return each()
	}
	if err := p.open(element, '['); err != nil {
		return err
	}
	if p.dec.PeekKind() == ']' {
		return p.fail(element, "empty")
	}
	for p.dec.PeekKind() != ']' {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := p.token(element)
	return err
}

func (p *parser) values(element string, check func(element, value string) error) ([]string, error) {
	var all []string
	err := p.list(element, func() error {
		tok, err := p.token(element)
		if err != nil {
			return err
		}
		switch kind := tok.Kind(); {
		case kind == '"':
		case strings.HasPrefix(element, "Condition.") && (kind == 't' || kind == 'f' || kind == '0'):
			// IAM takes true and 5 for "true" and "5" in conditions.
		default:
			return p.fail(element, "wrong_type")
		}
		all = append(all, tok.String())
		return check(element, tok.String())
	})
	return all, err
}

func (p *parser) text(element string) (string, error) {
	tok, err := p.token(element)
	if err != nil {
		return "", err
	}
	if tok.Kind() != '"' {
		return "", p.fail(element, "wrong_type")
	}
	return tok.String(), nil
}

func (p *parser) open(element string, kind jsontext.Kind) error {
	tok, err := p.token(element)
	if err == nil && tok.Kind() != kind {
		err = p.fail(element, "wrong_type")
	}
	return err
}

func (p *parser) token(element string) (jsontext.Token, error) {
	tok, err := p.dec.ReadToken()
	if err == nil {
		return tok, nil
	}
	bad := &SyntaxError{p.line(), element, "not_json"}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		bad.Reason = "duplicate_key"
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		bad.Line = p.lineAt(syntactic.ByteOffset)
	}
	return tok, bad
}

func (p *parser) fail(element, reason string) *SyntaxError {
	return &SyntaxError{p.line(), element, reason}
}

// line returns the line of the token read last; no token spans lines.
func (p *parser) line() int { return p.lineAt(p.dec.InputOffset()) }

func (p *parser) lineAt(offset int64) int {
	return 1 + bytes.Count(p.data[:min(int(offset), len(p.data))], []byte("\n"))
}
