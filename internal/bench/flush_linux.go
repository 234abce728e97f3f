package main

import (
	"os"
	"syscall"
)

// flush is fdatasync, as SQLite calls it.
func flush(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) } // #nosec G115 -- a descriptor is small
