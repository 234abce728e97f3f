package captcha

import (
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/aikagi/aikagi"
)

// Spoken digits; voice/README.md says where they come from.
//
//go:embed voice/ja/*.wav voice/en/*.wav
var recordings embed.FS

const (
	sampleRate = 8000 // Hz, 8 bit, mono
	wavHeader  = 44
	silence    = 128

	hiss    = 0.035 // loudness of the noise; speech reaches 0.9
	murmur  = 0.10  // loudness of the backward speech under it
	leadIn  = 0.6   // seconds before the first digit and after the last
	longest = 4 * (answerLength + 2) * sampleRate / 2
)

// voice holds the ten digits of a language as samples from -1 to 1.
type voice [10][]float64

func loadVoices() (map[aikagi.Locale]voice, error) {
	voices := map[aikagi.Locale]voice{}
	for _, locale := range aikagi.Locales {
		var v voice
		for digit := range v {
			path := fmt.Sprintf("voice/%s/%d.wav", locale, digit)
			b, err := recordings.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("read recording: %w", err)
			}
			if v[digit], err = samples(b); err != nil {
				return nil, fmt.Errorf("parse recording %s: %w", path, err)
			}
		}
		voices[locale] = v
	}
	return voices, nil
}

func samples(wav []byte) ([]float64, error) {
	if len(wav) <= wavHeader || string(wav[36:40]) != "data" || binary.LittleEndian.Uint32(wav[24:]) != sampleRate {
		return nil, errors.New("want WAV, 8 kHz, 8 bit, mono")
	}
	out := make([]float64, len(wav)-wavHeader)
	for i, b := range wav[wavHeader:] {
		out[i] = (float64(b) - silence) / silence
	}
	return out, nil
}

// speak says the digits of text one after the other, each a little faster or
// slower, louder or softer, after a pause of its own, over noise and backward
// speech.
func (v voice) speak(text string, dice *rand.Rand) []byte {
	mix := make([]float64, 0, longest)
	mix = append(mix, make([]float64, int(leadIn*sampleRate))...)
	for i := range len(text) {
		said := stretch(v[text[i]-'0'], 0.92+0.16*dice.Float64(), 0.75+0.25*dice.Float64())
		pause := make([]float64, int((0.35+0.4*dice.Float64())*sampleRate))
		mix = append(append(mix, said...), pause...)
	}
	mix = append(mix, make([]float64, int(leadIn*sampleRate/2))...)
	for at := dice.IntN(sampleRate / 2); at < len(mix); at += sampleRate/4 + dice.IntN(sampleRate/2) {
		other := v[dice.IntN(len(v))]
		for i := 0; i < len(other) && at+i < len(mix); i++ {
			mix[at+i] += murmur * other[len(other)-1-i]
		}
	}
	for i := range mix {
		mix[i] += hiss * dice.NormFloat64()
	}
	return encodeWAV(mix)
}

// stretch plays a recording at another speed and loudness.
func stretch(in []float64, speed, loudness float64) []float64 {
	out := make([]float64, int(float64(len(in)-1)/speed))
	for i := range out {
		at := float64(i) * speed
		n := int(at)
		part := at - float64(n)
		out[i] = loudness * (in[n]*(1-part) + in[n+1]*part)
	}
	return out
}

func encodeWAV(mix []float64) []byte {
	b := make([]byte, 0, wavHeader+len(mix)+1)
	b = append(b, "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...) // PCM, mono
	b = binary.LittleEndian.AppendUint32(b, sampleRate)
	b = binary.LittleEndian.AppendUint32(b, sampleRate) // bytes a second
	b = append(b, "\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(mix))) // #nosec G115 -- seconds, not days
	for _, s := range mix {
		b = append(b, uint8(silence+127*max(-1, min(1, s))))
	}
	if len(mix)%2 == 1 {
		b = append(b, 0) // RIFF chunks are padded to even length
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8)) // #nosec G115 -- as above
	return b
}
