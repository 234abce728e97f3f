package awsapi

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
)

// The query protocol of AWS, as far as STS's GetCallerIdentity needs it: a form
// in the body of POST / or, in a presigned URL, in the query; answered in XML.
// Clients of every service ask it first.

const (
	xmlKind      = "text/xml"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	// stsHome is where STS lives for clients that sign for no region.
	stsHome = "us-east-1"
)

// isQuery reports whether a request speaks the query protocol.
func isQuery(r *http.Request) bool {
	return r.URL.Path == "/" && (r.Method == http.MethodPost || r.Method == http.MethodGet)
}

type identityAnswer struct {
	XMLName xml.Name `xml:"GetCallerIdentityResponse"`
	Space   string   `xml:"xmlns,attr"`
	ARN     string   `xml:"GetCallerIdentityResult>Arn"`
	UserID  string   `xml:"GetCallerIdentityResult>UserId"`
	Account string   `xml:"GetCallerIdentityResult>Account"`
	Request string   `xml:"ResponseMetadata>RequestId"`
}

// answerQuery tells callers who they are; nobody needs a right for that, as on
// AWS.
func (s *Server) answerQuery(r *http.Request, x *exchange, body []byte) ([]byte, string, error) {
	_, err := s.authenticate(r, x, body, "sts")
	if err != nil {
		return nil, "", err
	}
	text := string(body)
	if text == "" {
		text = r.URL.RawQuery
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, "", fault(Serialization, "The form cannot be read.")
	}
	if form.Get("Action") != "GetCallerIdentity" {
		return nil, "", fault(UnknownOperation, "There is no such operation.")
	}
	x.op = "GetCallerIdentity"
	if err := s.limits.take(x.caller.Principal.ID, x.op, x.began); err != nil {
		return nil, "", err
	}
	answer, err := xml.Marshal(identityAnswer{
		Space: stsNamespace, ARN: x.caller.ARN(), Account: string(x.caller.Account), Request: x.id,
		UserID: "AIDA" + strings.ToUpper(strings.ReplaceAll(string(x.caller.Principal.ID), "-", ""))[:16],
	})
	return answer, xmlKind, err
}

type queryError struct {
	XMLName xml.Name  `xml:"ErrorResponse"`
	Space   string    `xml:"xmlns,attr"`
	Type    string    `xml:"Error>Type"`
	Code    FaultName `xml:"Error>Code"`
	Message string    `xml:"Error>Message"`
	Request string    `xml:"RequestId"`
}

func queryFault(f *Fault, id string) []byte {
	who := "Sender"
	if f.Name.Status() >= http.StatusInternalServerError {
		who = "Receiver"
	}
	// STS drops the word Exception from the names of the common errors.
	code := FaultName(strings.TrimSuffix(string(f.Name), "Exception"))
	text, err := xml.Marshal(queryError{Space: stsNamespace, Type: who, Code: code, Message: f.Message, Request: id})
	if err != nil {
		return nil
	}
	return text
}
