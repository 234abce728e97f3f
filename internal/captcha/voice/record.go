//go:build ignore

// Record makes the spoken digits of the sound challenge: it lets espeak-ng say
// each, filters and resamples to 8 kHz, trims silence, levels, and writes 8-bit
// WAV files. Run it in this directory: go run record.go
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	rate   = 8000
	cutoff = 3700.0 // Hz; below half the rate, so that nothing folds back
	taps   = 96     // samples of the source on each side
)

var voices = []struct {
	locale, voice, speed string
	words                [10]string
}{
	{"ja", "ja", "120", [10]string{"ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"}},
	{"en", "en-us", "130", [10]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}},
}

func main() {
	for _, v := range voices {
		for digit, word := range v.words {
			out, err := exec.Command("espeak-ng", "-v", v.voice, "-s", v.speed, "-a", "150", "--stdout", word).Output()
			if err != nil {
				log.Fatal(err)
			}
			samples := level(trim(resample(parse(out))))
			path := filepath.Join(v.locale, fmt.Sprintf("%d.wav", digit))
			if err := os.MkdirAll(v.locale, 0o755); err != nil {
				log.Fatal(err)
			}
			if err := os.WriteFile(path, wav(samples), 0o644); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s %s: %.2f s\n", path, word, float64(len(samples))/rate)
		}
	}
}

// parse reads the 22,050 Hz 16-bit mono WAV that espeak-ng writes to a pipe;
// the sizes in its header are unknown to it and wrong, so they are ignored.
func parse(b []byte) []float64 {
	if len(b) < 44 || binary.LittleEndian.Uint32(b[24:]) != 22050 || binary.LittleEndian.Uint16(b[34:]) != 16 {
		log.Fatal("espeak-ng wrote another format than expected")
	}
	b = b[44:]
	out := make([]float64, len(b)/2)
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(b[2*i:]))) / 32768
	}
	return out
}

// resample is a windowed-sinc filter evaluated at the new sampling times.
func resample(in []float64) []float64 {
	const source = 22050.0
	out := make([]float64, int(float64(len(in))*rate/source))
	for i := range out {
		at := float64(i) * source / rate
		for n := int(at) - taps; n <= int(at)+taps; n++ {
			if n < 0 || n >= len(in) {
				continue
			}
			d := at - float64(n)
			x := 2 * cutoff / source * d
			sinc := 1.0
			if x != 0 {
				sinc = math.Sin(math.Pi*x) / (math.Pi * x)
			}
			hann := 0.5 + 0.5*math.Cos(math.Pi*d/(taps+1))
			out[i] += in[n] * sinc * hann * 2 * cutoff / source
		}
	}
	return out
}

func trim(in []float64) []float64 {
	const quiet, margin = 0.01, rate / 50
	first, last := len(in), 0
	for i, s := range in {
		if math.Abs(s) > quiet {
			first, last = min(first, i), i
		}
	}
	return in[max(0, first-margin):min(len(in), last+margin)]
}

func level(in []float64) []float64 {
	peak := 0.0
	for _, s := range in {
		peak = max(peak, math.Abs(s))
	}
	for i := range in {
		in[i] *= 0.9 / peak
	}
	return in
}

func wav(samples []float64) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0, 1, 0, 1, 0)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate) // bytes a second
	b = append(b, 1, 0, 8, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, uint32(len(samples)))
	for _, s := range samples {
		b = append(b, byte(math.Round(127.5+s*127)))
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
