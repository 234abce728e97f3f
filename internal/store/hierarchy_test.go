package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func TestLevelsAreReplacedInOneInstance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i, next := storetest.Instance(t, s, "sakura"), storetest.Instance(t, s, "momiji")
		at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		beside := []store.HierarchyLevel{{"隣", at}}
		for _, levels := range [][]store.HierarchyLevel{
			{{"支社", at}, {"部", at}, {"課", at}}, {{"部", at.Add(time.Hour)}, {"支社", at}}, nil, {{"a", at}},
		} {
			storetest.Update(t, s, func(tx *store.Tx) error {
				if err := tx.ReplaceHierarchyLevels(ctx, next.ID, beside); err != nil {
					return err
				}
				return tx.ReplaceHierarchyLevels(ctx, i.ID, levels)
			})
			storetest.View(t, s, func(tx *store.Tx) error {
				here, err := tx.ListHierarchyLevels(ctx, i.ID)
				if err != nil {
					return err
				}
				there, err := tx.ListHierarchyLevels(ctx, next.ID)
				if !slices.Equal(here, levels) || !slices.Equal(there, beside) {
					t.Errorf("levels %v and %v, want %v and those of the neighbour", here, there, levels)
				}
				return err
			})
		}
	})
}

func TestTagsOfAKind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i, next := storetest.Instance(t, s, "sakura"), storetest.Instance(t, s, "momiji")
		profile, group := aikagi.ResourceSecurityProfile, aikagi.ResourceHierarchyGroup
		want := map[string][]aikagi.Tag{"a": {{Key: "1"}, {Key: "2", Value: "x"}}, "b": {{Key: "1", Value: "東京"}}}
		storetest.Update(t, s, func(tx *store.Tx) error {
			for id, tags := range want {
				if err := tx.ReplaceTags(ctx, i.ID, aikagi.Resource{Kind: profile, ID: id}, tags); err != nil {
					return err
				}
			}
			if err := tx.ReplaceTags(ctx, i.ID, aikagi.Resource{Kind: group, ID: "a"}, []aikagi.Tag{{Key: "group"}}); err != nil {
				return err
			}
			return tx.ReplaceTags(ctx, next.ID, aikagi.Resource{Kind: profile, ID: "a"}, []aikagi.Tag{{Key: "next"}})
		})
		storetest.View(t, s, func(tx *store.Tx) error {
			got, err := tx.ListTagsOfKind(ctx, i.ID, profile)
			if !maps.EqualFunc(got, want, slices.Equal[[]aikagi.Tag]) {
				t.Errorf("tags %v, want %v", got, want)
			}
			return err
		})
	})
}
