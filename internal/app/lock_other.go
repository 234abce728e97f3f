//go:build !unix

package app

import (
	"os"

	"github.com/aikagi/aikagi"
)

// lockFile keeps the file open; systems outside Unix are for trials only.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- beside the operator's own database
	if err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "data_directory", err)
	}
	return func() { _ = f.Close() }, nil // the process ends
}
