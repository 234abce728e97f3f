package main

import (
	"strings"
	"testing"
	"time"
)

func TestMedianAndPercentile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		values      []time.Duration
		median, p99 time.Duration
	}{
		{"none", nil, 0, 0},
		{"one", []time.Duration{7}, 7, 7},
		{"even", []time.Duration{4, 1, 3, 2}, 2, 4}, // 2.5 cut to whole nanoseconds
		{"odd", []time.Duration{9, 1, 5}, 5, 9},
	} {
		if got := median(c.values); got != c.median {
			t.Errorf("%s: median %d, want %d", c.name, got, c.median)
		}
		if got := percentile(c.values, 99); got != c.p99 {
			t.Errorf("%s: p99 %d, want %d", c.name, got, c.p99)
		}
	}
}

func TestLimitNeedsAFigure(t *testing.T) {
	t.Parallel()
	if atLeast(0.4).holds(over(1.0, 0.0)) {
		t.Error("a goal without its comparison holds")
	}
	if !(limit{0.95, 1.05}).holds(1) || (limit{0.95, 1.05}).holds(1.06) {
		t.Error("a goal with two bounds is judged by one")
	}
}

func TestParseStatReadsBehindTheName(t *testing.T) {
	t.Parallel()
	got, err := parseStat([]byte("42 (a (b) c) S 7 1 1 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 9 0 1 2 3"))
	if err != nil || got.parent != 7 || got.cpu != 2*time.Second {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseStat([]byte("nonsense")); err == nil {
		t.Error("nonsense was read")
	}
}

func TestReportKeepsTheProse(t *testing.T) {
	t.Parallel()
	before := "# Title\n\nprose\n\n" + marker("sqlite") + "\nold\n" + endMarker("sqlite") + "\n\nbelow\n"
	after := replaceResults(before, "sqlite", "new\n")
	for _, want := range []string{"prose", "new", "below"} {
		if !strings.Contains(after, want) {
			t.Errorf("%q is gone from %q", want, after)
		}
	}
	if strings.Contains(after, "old") {
		t.Errorf("the old results stay in %q", after)
	}
	if again := replaceResults(after, "postgres", "other\n"); !strings.Contains(again, "new") || !strings.Contains(again, "other") {
		t.Errorf("results of another engine are not added: %q", again)
	}
}

func TestCopiesAreCountedByMessage(t *testing.T) {
	t.Parallel()
	var m mailbox
	for _, line := range []string{"1 a@x <1@x>", "2 a@x <2@x>", "3 b@x <3@x>", "4 b@x <3@x>", "5 c@x", "not a line"} {
		m.took(line)
	}
	for to, want := range map[string]int{"a@x": 1, "b@x": 2, "c@x": 1, "d@x": 0} {
		if got := m.mostCopies(to); got != want {
			t.Errorf("%s: one message came %d times, want %d", to, got, want)
		}
	}
}
