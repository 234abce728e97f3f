package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/aikagi/aikagi"
)

// Upload is a file that came with a form.
type Upload struct {
	Name string // without directories; for showing, never for opening
	Data []byte
}

// mostParts is more parts than any form of ours with a file has.
const mostParts = 8

// ParseUpload reads the one file of a multipart/form-data body (RFC 7578) of at
// most maxBytes. A form without a file gives an empty upload; one with two files,
// or with the field also in the address, is refused (S5). Nothing is written to
// the disk.
func ParseUpload(r *http.Request, maxBytes int64, field string) (Upload, error) {
	var u Upload
	if r.ContentLength > maxBytes {
		return u, refuse(http.StatusRequestEntityTooLarge)
	}
	if r.URL.Query().Has(field) {
		return u, aikagi.Because(aikagi.Invalid, "form", "repeated")
	}
	body, err := r.MultipartReader()
	if err != nil {
		return u, refuse(http.StatusUnsupportedMediaType)
	}
	found := false
	for range mostParts {
		part, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err != nil {
			return u, uploadError(err)
		}
		if part.FormName() != field {
			continue
		}
		if found {
			return u, aikagi.Because(aikagi.Invalid, "form", "repeated")
		}
		found = true
		if u, err = readPart(part, maxBytes); err != nil {
			return u, err
		}
	}
	return u, aikagi.Because(aikagi.Invalid, "form", "repeated")
}

func readPart(part *multipart.Part, maxBytes int64) (Upload, error) {
	data, err := io.ReadAll(io.LimitReader(part, maxBytes+1))
	if err != nil {
		return Upload{}, uploadError(err)
	}
	if int64(len(data)) > maxBytes {
		return Upload{}, refuse(http.StatusRequestEntityTooLarge)
	}
	name := path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))
	if name == "." || name == "/" {
		name = ""
	}
	if len(name) > 255 {
		name = strings.ToValidUTF8(name[:255], "")
	}
	return Upload{Name: strings.ToValidUTF8(name, "?"), Data: data}, nil
}

func uploadError(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return err
	}
	return aikagi.E(aikagi.Invalid, "form", err)
}
