package main

import (
	"math"
	"slices"
)

// sample is one measured answer, in milliseconds.
type sample = float64

// median is the middle one, or the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// auc is the chance that a sample of b is above one of a, ties counted half:
// Mann and Whitney's U divided by the number of pairs. Whoever guesses by a
// threshold is right so often at best; 0.5 is no better than a coin.
func auc(a, b []sample) float64 {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN()
	}
	below := slices.Sorted(slices.Values(a))
	wins := 0.0
	for _, x := range b {
		first, _ := slices.BinarySearch(below, x)
		last, _ := slices.BinarySearchFunc(below, x, func(y, x float64) int {
			if y <= x {
				return -1
			}
			return 1
		})
		wins += float64(first) + float64(last-first)/2
	}
	return wins / float64(len(a)) / float64(len(b))
}

// estimate is a figure and how far it may be off, with 95 of 100.
type estimate struct{ value, within float64 }

// fewestBlocks is of how many a deviation can be told.
const fewestBlocks = 10

// over makes an estimate of one figure a block. Blocks are taken one after the
// other and share nothing, so their mean strays by their deviation divided by the
// root of their number.
func over(blocks []float64) estimate {
	n := float64(len(blocks))
	if n < fewestBlocks {
		return estimate{median(blocks), math.NaN()}
	}
	mean, squares := 0.0, 0.0
	for _, b := range blocks {
		mean += b / n
	}
	for _, b := range blocks {
		squares += (b - mean) * (b - mean)
	}
	return estimate{mean, 1.96 * math.Sqrt(squares/(n-1)/n)}
}

// contrast is how a state differs from its baseline.
type contrast struct {
	state      string
	n          int
	median     float64
	difference estimate // of medians, in ms
	auc        estimate
}

// compare contrasts the samples of a state with those of the baseline, block by
// block.
func compare(state string, baseline, samples [][]sample) contrast {
	c := contrast{state: state}
	var all, differences, areas []float64
	for n := range samples {
		c.n += len(samples[n])
		all = append(all, samples[n]...)
		differences = append(differences, median(samples[n])-median(baseline[n]))
		areas = append(areas, auc(baseline[n], samples[n]))
	}
	c.median, c.difference, c.auc = median(all), over(differences), over(areas)
	return c
}

// The goals of A02 and C02.
const (
	mostDifference = 1.0 // ms
	leastAUC       = 0.47
	mostAUC        = 0.53
)

// verdict tells whether a contrast is within the goals, where its interval allows
// to tell.
func (c contrast) verdict() string {
	d, a := c.difference, c.auc
	switch {
	case math.Abs(d.value)+d.within <= mostDifference && a.value-a.within >= leastAUC && a.value+a.within <= mostAUC:
		return "yes"
	case math.Abs(d.value)-d.within > mostDifference || a.value+a.within < leastAUC || a.value-a.within > mostAUC:
		return "**no**"
	}
	return "cannot be told"
}
