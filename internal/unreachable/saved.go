package unreachable

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Saved keeps what is known of each user in a file, as it comes, so that a run that was
// cut off goes on where it was. One line is one user; of addresses it holds marks only.
type Saved struct {
	file  *os.File
	known map[string]line // by instance and user
}

// line is what is known of a user.
type line struct {
	Instance string `json:"i"`
	User     string `json:"u"`
	Username string `json:"n"`
	Reason   Reason `json:"r,omitempty"`
	Detail   string `json:"d,omitempty"`
	Mark     string `json:"k,omitempty"`
	Domain   string `json:"m,omitempty"`

	Profiles []string `json:"p,omitempty"`
}

// header is the first line.
type header struct {
	Version int    `json:"aikagi_unreachable"`
	Source  string `json:"source"`
}

const savedVersion = 2

// OpenSaved opens or begins the file of a run on a source. One of another source, or of
// another version, is begun anew; a last line that was cut off is not known.
func OpenSaved(path, source string) (*Saved, error) {
	s := &Saved{known: map[string]line{}}
	whole, err := s.read(path, source)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of saved run: %w", err)
	}
	if s.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("open saved run: %w", err)
	}
	if err := s.file.Truncate(whole); err != nil {
		return nil, fmt.Errorf("open saved run: %w", err)
	}
	if _, err := s.file.Seek(whole, 0); err != nil {
		return nil, fmt.Errorf("open saved run: %w", err)
	}
	if whole == 0 {
		return s, s.write(header{savedVersion, source})
	}
	return s, nil
}

// read takes in the lines that are whole, and tells where they end; 0 if the file is
// another run's.
func (s *Saved) read(path, source string) (whole int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open saved run: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	lines := bufio.NewReader(f)
	for n := 0; ; n++ {
		text, err := lines.ReadBytes('\n')
		if err != nil { // the end, or a line without one
			return whole, nil //nolint:nilerr // what is not whole is asked for again
		}
		if n == 0 {
			var h header
			if json.Unmarshal(text, &h) != nil || h != (header{savedVersion, source}) {
				return 0, nil
			}
		} else {
			var l line
			if json.Unmarshal(text, &l) != nil {
				return whole, nil
			}
			s.known[l.Instance+" "+l.User] = l
		}
		whole += int64(len(text))
	}
}

func (s *Saved) write(v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = s.file.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// find tells what is known of a user.
func (s *Saved) find(instance, user string) (line, bool) {
	l, ok := s.known[instance+" "+user]
	return l, ok
}

// keep notes what was found out.
func (s *Saved) keep(l line) error {
	s.known[l.Instance+" "+l.User] = l
	return s.write(l)
}

// keepLook keeps what a whole look at an instance told, beside the run.
func (s *Saved) keepLook(l *Look) error { return l.write(filepath.Dir(s.file.Name())) }

// Known is how many users need not be asked for.
func (s *Saved) Known() int { return len(s.known) }

// Close keeps the file for the next run.
func (s *Saved) Close() error { return s.file.Close() }

// Remove ends the run: nothing is left to go on with.
func (s *Saved) Remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }

// StateDir is where runs are kept until they end, and looks until the next.
func StateDir() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a place for the run: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "aikagi"), nil
}

func savedPath(dir, source string) string {
	return filepath.Join(dir, "unreachable-"+fileName(source)+".jsonl")
}

// fileName is a name for what is kept of a source: the same each time, and no path.
func fileName(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:8])
}
