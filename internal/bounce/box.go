package bounce

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
)

// Each calls do with every mail of a stream: an mbox, whose mails begin with lines
// "From …" (RFC 4155), or one mail. A mail longer than a report can be is cut.
func Each(in io.Reader, do func(raw []byte) error) error {
	lines := bufio.NewReader(in)
	var one bytes.Buffer
	flush := func() error {
		defer one.Reset()
		if len(bytes.TrimSpace(one.Bytes())) == 0 {
			return nil
		}
		return do(one.Bytes())
	}
	empty, whole := true, true // the line before, and whether this begins one
	for {
		line, err := lines.ReadSlice('\n')
		starts := whole
		whole = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && whole && !errors.Is(err, io.EOF) {
			return unreadable(err)
		}
		if starts && empty && bytes.HasPrefix(line, []byte("From ")) {
			if err := flush(); err != nil {
				return err
			}
		} else if one.Len()+len(line) <= maxReport {
			one.Write(line)
		}
		empty = starts && len(bytes.TrimRight(line, "\r\n")) == 0
		if errors.Is(err, io.EOF) {
			return flush()
		}
	}
}

// EachIn calls do with every mail at a path: a file as Each reads it, or a maildir
// (new and cur, each mail a file).
func EachIn(path string, do func(raw []byte) error) error {
	about, err := os.Stat(path)
	if err != nil {
		return unreadable(err)
	}
	if !about.IsDir() {
		return eachInFile(path, do)
	}
	found := false
	for _, below := range []string{"new", "cur"} {
		entries, err := os.ReadDir(filepath.Join(path, below))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return unreadable(err)
		}
		found = true
		slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			if err := oneInFile(filepath.Join(path, below, e.Name()), do); err != nil {
				return err
			}
		}
	}
	if !found {
		return unreadable(errNoMaildir)
	}
	return nil
}

var errNoMaildir = errors.New("neither new nor cur is in the directory")

func unreadable(err error) error {
	return &aikagi.Error{Code: aikagi.NotFound, Subject: "mails", Reason: "unreadable", Err: err}
}

func eachInFile(path string, do func(raw []byte) error) error {
	f, err := os.Open(path) // #nosec G304 -- the operator names it
	if err != nil {
		return unreadable(err)
	}
	defer func() { _ = f.Close() }() // only read
	return Each(f, do)
}

// oneInFile reads one mail: in a maildir, "From " begins none.
func oneInFile(path string, do func(raw []byte) error) error {
	f, err := os.Open(path) // #nosec G304 -- it lies in the directory that the operator names
	if err != nil {
		return unreadable(err)
	}
	defer func() { _ = f.Close() }() // only read
	raw, err := io.ReadAll(io.LimitReader(f, maxReport))
	if err != nil {
		return unreadable(err)
	}
	return do(raw)
}
