package main

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/app"
)

// devCommand emulates Amazon Connect for tests.
func devCommand(t *terminal) *cobra.Command {
	o := app.DevOptions{Ready: t.announceDev}
	c := &cobra.Command{
		Use: "dev", Short: t.T("cli.dev"), Long: t.T("cli.dev.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			roomForOthers()
			ids := &seeded{seed: o.Seed}
			ids.rewind()
			uuid.SetRand(ids) // of the whole process, which does nothing else (ADR 0006)
			o.Rewind = ids.rewind
			o.Log = slog.New(slog.NewJSONHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return app.RunDev(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8480", t.T("cli.dev.flag.listen"))
	c.Flags().StringVar(&o.Region, "region", "ap-northeast-1", t.T("cli.dev.flag.region"))
	c.Flags().StringVar(&o.Account, "account", "123456789012", t.T("cli.dev.flag.account"))
	c.Flags().StringVar(&o.Seed, "seed", "1", t.T("cli.dev.flag.seed"))
	return c
}

// announceDev says where the emulator is, when it answers.
func (t *terminal) announceDev(d app.Dev) {
	_ = t.answer(d, func() { // nobody may be reading
		t.line("")
		t.pairs(
			t.T("cli.dev.endpoint"), d.Endpoint,
			t.T("cli.dev.account"), d.AccountID+" "+d.Region,
			t.T("cli.dev.instance"), d.Instance.ARN,
		)
		t.line("\n" + t.T("cli.dev.next"))
		t.line(fmt.Sprintf("  AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s \\\n"+
			"  aws connect list-users --endpoint-url %s --region %s --instance-id %s",
			d.KeyID, d.Secret, d.Endpoint, d.Region, d.Instance.ID))
		t.line("\n" + t.T("cli.dev.reset"))
		t.line("  curl -X POST " + d.Endpoint + "/aikagi/dev/reset")
		t.line("\n" + t.T("cli.demo.stop"))
	})
}

// seeded is where the ids of dev come from: the same ones in the same order for
// the same seed.
type seeded struct {
	seed string
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (s *seeded) rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = rand.NewChaCha8(sha256.Sum256([]byte(s.seed)))
}

// Read fills p; it never fails.
func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.Read(p)
}
