package unreachable

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Undo keeps, before each step, what there was before it.
type Undo struct{ file *os.File }

// NewUndo begins a file that is not there yet.
func NewUndo(path string) (*Undo, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // G304: the file that was named
	if err != nil {
		return nil, fmt.Errorf("make undo file: %w", err)
	}
	return &Undo{f}, nil
}

// Keep notes a step, on the disk before it is taken.
func (u *Undo) Keep(s Step) error {
	text, err := json.Marshal(s)
	if err == nil {
		_, err = u.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = u.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write undo file: %w", err)
	}
	return nil
}

// Close ends the file.
func (u *Undo) Close() error { return u.file.Close() }

// ReadUndo reads the steps that take back those of a file, the last one first. A last
// line that was cut off was of a step that was not taken.
func ReadUndo(path string) ([]Step, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the file that was named
	if err != nil {
		return nil, fmt.Errorf("read undo file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	var steps []Step
	for lines := bufio.NewReader(f); ; {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			slices.Reverse(steps)
			return steps, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read undo file: %w", err)
		}
		var s Step
		if err := json.Unmarshal(text, &s); err != nil || s.UserID == "" {
			return nil, fmt.Errorf("read undo file: %s is none", path)
		}
		s.Before, s.After = s.After, s.Before
		steps = append(steps, s)
	}
}
