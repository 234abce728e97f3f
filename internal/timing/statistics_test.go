package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestAUC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b []sample
		want float64
	}{
		{"above", []sample{1, 2}, []sample{3, 4}, 1},
		{"below", []sample{3, 4}, []sample{1, 2}, 0},
		{"the same", []sample{1, 2, 3}, []sample{3, 1, 2}, 0.5},
		{"all equal", []sample{7, 7}, []sample{7, 7, 7}, 0.5},
		{"one tie of four", []sample{1, 2}, []sample{2, 3}, 0.875},
		{"unsorted", []sample{5, 1}, []sample{4, 2, 3}, 0.5},
	} {
		if got := auc(c.a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if !math.IsNaN(auc(nil, []sample{1})) {
		t.Error("nothing to compare with, and yet a figure")
	}
}

// noisy makes blocks of samples that are shifted by so much: what is usual of a
// server, a lump with a long tail, on a machine that gets slower and quicker.
func noisy(dice *rand.Rand, drift []float64, each int, shift float64) [][]sample {
	blocks := make([][]sample, len(drift))
	for n := range blocks {
		for range each {
			blocks[n] = append(blocks[n], drift[n]+shift+0.3*dice.ExpFloat64()+0.1*dice.NormFloat64())
		}
	}
	return blocks
}

// TestC02AShiftIsFoundAndNoShiftIsNot, also where the machine drifts by far more
// than the shift.
func TestC02AShiftIsFoundAndNoShiftIsNot(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // G404: the same each time
	drift := make([]float64, 100)
	for n := range drift {
		drift[n] = 5 + 3*math.Sin(float64(n)/10)
	}
	baseline := noisy(dice, drift, 50, 0)
	for shift, want := range map[float64]string{0: "yes", 0.003: "yes", 0.2: "**no**", -0.2: "**no**", 2: "**no**"} {
		c := compare("state", baseline, noisy(dice, drift, 50, shift))
		if c.verdict() != want || c.n != 5000 {
			t.Errorf("shift of %v ms, %d samples: difference %+v, AUC %+v, holds: %s", shift, c.n, c.difference, c.auc, c.verdict())
		}
		if math.Abs(c.difference.value-shift) > 0.02 || c.difference.within > 0.03 || c.auc.within > 0.02 {
			t.Errorf("shift of %v ms is measured as %+v, AUC %+v", shift, c.difference, c.auc)
		}
	}
	// A slower state that a threshold does not separate is found by its median.
	wide := [][]sample{make([]sample, 1000), make([]sample, 1000)}
	slow := [][]sample{make([]sample, 1000), make([]sample, 1000)}
	for b := range wide {
		for n := range wide[b] {
			wide[b][n], slow[b][n] = 1000*dice.Float64(), 1000*dice.Float64()+20
		}
	}
	if c := compare("wide", wide, slow); c.verdict() == "yes" {
		t.Errorf("20 ms in a second: %+v", c)
	}
	few := compare("few", baseline[:2], noisy(dice, drift[:2], 50, 0))
	if got := few.verdict(); got != "cannot be told" {
		t.Errorf("two blocks: %s, %+v", got, few)
	}
}

func TestMedianOfBlocks(t *testing.T) {
	t.Parallel()
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median %v, want 2.5", got)
	}
	if got := over(make([]float64, fewestBlocks)); got.value != 0 || got.within != 0 {
		t.Errorf("equal blocks: %+v", got)
	}
	if got := over([]float64{3}); got.value != 3 || !math.IsNaN(got.within) {
		t.Errorf("one block: %+v", got)
	}
}
