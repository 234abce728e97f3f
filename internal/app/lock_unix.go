//go:build unix

package app

import (
	"os"
	"syscall"

	"github.com/aikagi/aikagi"
)

// lockFile takes a lock that ends with the process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- beside the operator's own database
	if err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "data_directory", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { // #nosec G115 -- a descriptor is small
		_ = f.Close() // the lock is what matters
		return nil, &aikagi.Error{Code: aikagi.Conflict, Subject: "data_directory", Reason: "in_use", Err: err}
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}
