package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Mark names a checkpoint so that it can be kept elsewhere, on paper or in a
// ticket: it is what shows that the end of the record was cut off together with
// its checkpoints.
type Mark struct {
	Sequence int64
	MAC      []byte
}

func (m Mark) String() string {
	return strconv.FormatInt(m.Sequence, 10) + "-" + hex.EncodeToString(m.MAC)
}

// ParseMark reads what String wrote.
func ParseMark(s string) (Mark, error) {
	sequence, mac, found := strings.Cut(strings.TrimSpace(s), "-")
	n, err := strconv.ParseInt(sequence, 10, 64)
	raw, hexErr := hex.DecodeString(mac)
	if !found || err != nil || hexErr != nil || n < 1 || len(raw) == 0 {
		return Mark{}, aikagi.Because(aikagi.Invalid, "audit_mark", "shape")
	}
	return Mark{n, raw}, nil
}

// Flaw is a place where the record is not what was written.
type Flaw struct {
	Kind     string // one of the words below
	Sequence int64
	EventID  string // empty where no event is left
}

// The kinds of flaws.
const (
	FlawAltered    = "altered"    // the event is not what was chained
	FlawMissing    = "missing"    // no event has this number
	FlawExtra      = "extra"      // an event that was never chained has a number
	FlawCheckpoint = "checkpoint" // a checkpoint that this key did not make, or made over something else
	FlawMark       = "mark"       // the checkpoint that was kept elsewhere is gone or differs
)

// Report says how far the record can be trusted.
type Report struct {
	Events    int64     // that were looked at
	Vouched   Mark      // the last checkpoint before the first flaw; zero if none
	VouchedAt time.Time // when that was made
	Unchained time.Time // when the oldest event without a number was written; zero if none
	Flaws     []Flaw
}

// maxFlaws bounds what a report lists; one is enough to distrust the rest.
const maxFlaws = 100

const verifyPage = 1000

// Verify recomputes the whole chain and checks every checkpoint with the key
// (case I09). With a mark, that checkpoint must be among them.
func Verify(ctx context.Context, s *store.Store, ring *secret.Ring, kept *Mark) (Report, error) {
	v := &verifier{ring: ring, kept: kept}
	err := s.View(ctx, func(tx *store.Tx) (err error) {
		if v.report.Unchained, err = tx.OldestUnchained(ctx); err != nil {
			return err
		}
		return v.run(ctx, tx)
	})
	return v.report, err
}

type verifier struct {
	ring   *secret.Ring
	kept   *Mark
	report Report
	seen   store.AuditRow // the last row looked at
	at     int64          // number of the last event
	chain  []byte         // as stored with it
}

func (v *verifier) flaw(kind string, sequence int64, id string) {
	if len(v.report.Flaws) < maxFlaws {
		v.report.Flaws = append(v.report.Flaws, Flaw{kind, sequence, id})
	}
}

func (v *verifier) run(ctx context.Context, tx *store.Tx) error {
	stray, err := tx.ListChained(ctx, store.AuditRow{Sequence: math.MinInt64}, -1, 1)
	if err != nil {
		return err
	}
	for _, row := range stray {
		v.flaw(FlawExtra, row.Sequence, row.ID)
	}
	marked := v.kept == nil
	for after := int64(0); ; {
		checkpoints, err := tx.ListCheckpoints(ctx, after, verifyPage)
		if err != nil {
			return err
		}
		for _, c := range checkpoints {
			if err := v.upTo(ctx, tx, c); err != nil {
				return err
			}
			if v.kept != nil && c.Sequence == v.kept.Sequence {
				marked = bytes.Equal(c.MAC, v.kept.MAC)
			}
			after = c.Sequence
		}
		if len(checkpoints) < verifyPage {
			break
		}
	}
	if !marked {
		v.flaw(FlawMark, v.kept.Sequence, "")
	}
	return v.beyond(ctx, tx)
}

// upTo checks the events up to a checkpoint, and the checkpoint.
func (v *verifier) upTo(ctx context.Context, tx *store.Tx, c store.Checkpoint) error {
	for {
		rows, err := tx.ListChained(ctx, v.seen, c.Sequence, verifyPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			v.event(row)
		}
		if len(rows) < verifyPage {
			break
		}
	}
	if v.at < c.Sequence {
		v.flaw(FlawMissing, v.at+1, "") // and all up to the checkpoint
		v.at, v.chain = c.Sequence, c.Chain
	}
	if !bytes.Equal(v.chain, c.Chain) || !v.ring.Matches(c.MAC, macPurpose, checkpointParts(c)...) {
		v.flaw(FlawCheckpoint, c.Sequence, "")
		v.chain = c.Chain
	}
	if len(v.report.Flaws) == 0 {
		v.report.Vouched, v.report.VouchedAt = Mark{c.Sequence, c.MAC}, c.CreatedAt
	}
	return nil
}

// event checks one event against the one before. After a gap the stored chain
// is taken as it is: what follows is judged by itself and by the checkpoint.
func (v *verifier) event(row store.AuditRow) {
	v.report.Events++
	v.seen = row
	switch {
	case row.Sequence == v.at:
		v.flaw(FlawExtra, row.Sequence, row.ID)
		return
	case row.Sequence > v.at+1:
		v.flaw(FlawMissing, v.at+1, "")
	case !bytes.Equal(link(v.chain, row.Sequence, row), row.Chain):
		v.flaw(FlawAltered, row.Sequence, row.ID)
	}
	v.at, v.chain = row.Sequence, row.Chain
}

// beyond looks for events that have a number and no checkpoint. The chain may
// have grown meanwhile, so the newest checkpoint is read after them.
func (v *verifier) beyond(ctx context.Context, tx *store.Tx) error {
	rows, err := tx.ListChained(ctx, v.seen, math.MaxInt64, maxFlaws)
	if err != nil || len(rows) == 0 {
		return err
	}
	last, err := tx.LastCheckpoint(ctx)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return err
	}
	for _, row := range rows {
		if row.Sequence > last.Sequence {
			v.flaw(FlawExtra, row.Sequence, row.ID)
		}
	}
	return nil
}
