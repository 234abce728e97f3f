package main

import (
	"cmp"
	"slices"
	"time"
)

// median is the middle one of values, or the mean of the middle two.
func median[T time.Duration | float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// percentile is the smallest value that p of 100 do not exceed.
func percentile[T cmp.Ordered](values []T, p int) T {
	var none T
	if len(values) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// limit is what a goal asks of a ratio.
type limit struct{ least, most float64 }

func atLeast(n float64) limit { return limit{least: n} }
func atMost(n float64) limit  { return limit{most: n} }

func (l limit) holds(ratio float64) bool {
	return ratio >= l.least && (l.most == 0 || ratio <= l.most)
}

// over is a ÷ b; 0 without b, so that no goal holds by accident of a failure.
func over[T time.Duration | float64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
