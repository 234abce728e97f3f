package store_test

import (
	"context"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	s, err := store.Open(context.Background(), "sqlite:"+t.TempDir()+"/a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertInstance(t.Context(), aikagi.Instance{ID: "a", Alias: "sakura", Settings: aikagi.DefaultInstanceSettings()})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx *store.Tx) error {
		i, err := tx.FindInstanceByAlias(t.Context(), "sakura")
		t.Log(i)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
