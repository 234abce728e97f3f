//go:build !linux

package main

import "os"

// flush is fsync where there is no fdatasync.
func flush(f *os.File) error { return f.Sync() }
