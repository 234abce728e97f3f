package unreachable

import (
	"encoding/json"
	"fmt"
	"os"
)

// Change is somebody about whom two reports differ: Before or After is empty if only one
// of them names him.
type Change struct {
	Instance string `json:"instance"` // alias
	UserID   string `json:"user_id"`
	Username string `json:"username"`
	Before   Reason `json:"before,omitempty"`
	After    Reason `json:"after,omitempty"`
}

// ReadReport reads a report that was written with --json.
func ReadReport(path string) (Report, error) {
	var r Report
	text, err := os.ReadFile(path) //nolint:gosec // G304: the file that was named
	if err != nil {
		return r, fmt.Errorf("read report: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read report %s: %w", path, err)
	}
	return r, nil
}

// Since tells what is new, gone and different since an earlier report, in the order of
// this one, and then of that.
func (r Report) Since(earlier Report) []Change {
	before := earlier.byUser()
	var all []Change
	for _, i := range r.Instances {
		for _, f := range i.Findings {
			was := before[i.ID+" "+f.UserID]
			delete(before, i.ID+" "+f.UserID)
			if was.Reason != f.Reason {
				all = append(all, Change{i.Alias, f.UserID, f.Username, was.Reason, f.Reason})
			}
		}
	}
	for _, i := range earlier.Instances {
		for _, f := range i.Findings {
			if _, left := before[i.ID+" "+f.UserID]; left {
				all = append(all, Change{i.Alias, f.UserID, f.Username, f.Reason, ""})
			}
		}
	}
	return all
}

func (r Report) byUser() map[string]Finding {
	all := map[string]Finding{}
	for _, i := range r.Instances {
		for _, f := range i.Findings {
			all[i.ID+" "+f.UserID] = f
		}
	}
	return all
}
