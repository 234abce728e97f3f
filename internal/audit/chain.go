package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Chainer gives events their number and chain. One node at a time does it.
type Chainer struct {
	Store *store.Store
	Clock clock.Clock
	Ring  *secret.Ring
	Node  string // tells the nodes apart
}

const (
	chainJob   = "audit.chain"
	chainBatch = 500
	// A node that died holds the others up for this long. Correctness does not
	// hang on it: the row of the lease is locked while a batch is written.
	chainLease = 15 * time.Second
)

// Chain chains one batch of events and signs a checkpoint, all in one
// transaction. It is the work of a job, and takes its lease only when an event
// waits: a server that nobody uses writes nothing (P19).
func (c *Chainer) Chain(ctx context.Context) (found bool, err error) {
	if found, err = c.waiting(ctx); err != nil || !found {
		return false, err
	}
	err = c.Store.Claim(ctx, func(tx *store.Tx) error {
		found = false
		now := c.Clock.Now()
		ours, err := tx.TakeLease(ctx, chainJob, c.Node, now, now.Add(chainLease))
		if err != nil || !ours {
			return err
		}
		rows, err := tx.ListUnchained(ctx, chainBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		head, err := tx.LastCheckpoint(ctx)
		if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
			return err
		}
		found = true
		return c.extend(ctx, tx, head, rows, now)
	})
	if err != nil {
		return false, fmt.Errorf("chain audit events: %w", err)
	}
	return found, nil
}

// waiting reports whether an event is not chained yet.
func (c *Chainer) waiting(ctx context.Context) (bool, error) {
	var rows []store.AuditRow
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.ListUnchained(ctx, 1)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for audit events to chain: %w", err)
	}
	return len(rows) > 0, nil
}

func (c *Chainer) extend(ctx context.Context, tx *store.Tx, head store.Checkpoint, rows []store.AuditRow, now time.Time) error {
	for _, row := range rows {
		head.Sequence++
		head.Chain = link(head.Chain, head.Sequence, row)
		if err := tx.SetChain(ctx, row.ID, head.Sequence, head.Chain); err != nil {
			return err
		}
	}
	head.CreatedAt = now
	head.MAC = c.Ring.MAC(macPurpose, checkpointParts(head)...)
	return tx.InsertCheckpoint(ctx, head)
}

const macPurpose = "audit"

// link is the chain after a row: SHA-256 over the chain before it, its number
// and every stored field, each after its length, so that no two rows give the
// same bytes.
func link(before []byte, sequence int64, row store.AuditRow) []byte {
	h := sha256.New()
	write := func(part []byte) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	write([]byte("aikagi-audit-v1"))
	write(before)
	write(number(sequence))
	for _, value := range row.Values {
		write([]byte(value))
	}
	return h.Sum(nil)
}

func checkpointParts(c store.Checkpoint) [][]byte {
	return [][]byte{number(c.Sequence), c.Chain, number(c.CreatedAt.UnixMilli())}
}

func number(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // G115: the bits are what counts
}
