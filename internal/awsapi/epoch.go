package awsapi

import (
	"strconv"
	"time"
)

// Epoch is a time as restJson writes it: seconds since 1970, with a fraction.
type Epoch time.Time

// MarshalJSON writes the seconds, to the millisecond.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(e).UnixMilli())/1000, 'f', -1, 64), nil
}

// IsZero reports whether there is no time to write.
func (e Epoch) IsZero() bool { return time.Time(e).IsZero() }
