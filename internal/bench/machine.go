package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// rawHashes is what the machine can do: Argon2id with the product's parameters
// on all cores, and nothing else.
type rawHashes struct {
	perSecond float64
	cpu       time.Duration // of one
	alone     time.Duration // one, with nothing beside it
}

func (b *bench) rawHashes(within time.Duration) (rawHashes, error) {
	var raw rawHashes
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the process instead
	hash := func() { _ = argon2.IDKey([]byte("a password of usual length"), salt, 2, 19456, 1, 32) }
	hash()
	start := b.now()
	hash()
	raw.alone = b.now().Sub(start)
	before, err := cpuOf(os.Getpid(), !family)
	if err != nil {
		return raw, err
	}
	began := b.now()
	counts := make([]int, runtime.NumCPU())
	var wait sync.WaitGroup
	for w := range counts {
		wait.Go(func() {
			for b.now().Sub(began) < within {
				hash()
				counts[w]++
			}
		})
	}
	wait.Wait()
	took := b.now().Sub(began)
	used, err := cpuOf(os.Getpid(), !family)
	n := 0
	for _, c := range counts {
		n += c
	}
	raw.perSecond = over(float64(n), took.Seconds())
	raw.cpu = (used - before) / time.Duration(max(n, 1))
	return raw, err
}

// flushesPerSecond writes 4 KiB and flushes, one after the other, on the file
// system of the database.
func (b *bench) flushesPerSecond(ctx context.Context, within time.Duration) (float64, error) {
	f, err := os.Create(filepath.Join(b.home, "flush"))
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = f.Close() // nothing in it matters
		_ = os.Remove(f.Name())
	}()
	page := make([]byte, 4096)
	began, n := b.now(), 0
	for b.now().Sub(began) < within && ctx.Err() == nil {
		if _, err := f.WriteAt(page, int64(n%1024)*4096); err != nil {
			return 0, err
		}
		if err := flush(f); err != nil {
			return 0, err
		}
		n++
	}
	return over(float64(n), b.now().Sub(began).Seconds()), nil
}
