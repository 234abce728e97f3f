// Package qrcode draws texts as QR codes (ISO/IEC 18004): as a path of SVG for pages, as a
// picture, and in half blocks for terminals. Each has the light margin that readers need.
package qrcode

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// margin is the light space on every side in modules (ISO/IEC 18004 §5.3.8).
const margin = 4

// Code is a drawn text.
type Code struct{ bars barcode.Barcode }

// New draws a text. It fails on one that is too long for any code.
func New(text string) (Code, error) {
	bars, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Code{}, fmt.Errorf("draw QR code: %w", err)
	}
	return Code{bars}, nil
}

// Size is how many modules a side has, the margin included.
func (c Code) Size() int { return c.bars.Bounds().Dx() + 2*margin }

// dark tells of a module, counted from the corner of the margin.
func (c Code) dark(x, y int) bool {
	at := image.Pt(x-margin, y-margin)
	if !at.In(c.bars.Bounds()) {
		return false
	}
	r, _, _, _ := c.bars.At(at.X, at.Y).RGBA()
	return r == 0
}

// Path is the dark modules as the data of an SVG path, one run of a row at a time, in a
// box of Size by Size.
func (c Code) Path() string {
	var b strings.Builder
	for y := range c.Size() {
		for x := 0; x < c.Size(); {
			run := 0
			for c.dark(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, run, run)
			}
			x += max(run, 1)
		}
	}
	return b.String()
}

// PNG is a picture with so many pixels a module.
func (c Code) PNG(scale int) ([]byte, error) {
	side := c.Size() * scale
	sheet := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			if !c.dark(x/scale, y/scale) {
				sheet.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, sheet); err != nil {
		return nil, fmt.Errorf("write QR code: %w", err)
	}
	return file.Bytes(), nil
}

// Blocks are lines of text with two modules a character, dark where there is ink.
func (c Code) Blocks() []string {
	var lines []string
	for y := 0; y < c.Size(); y += 2 {
		var b strings.Builder
		for x := range c.Size() {
			switch up, low := c.dark(x, y), c.dark(x, y+1); {
			case up && low:
				b.WriteRune('█')
			case up:
				b.WriteRune('▀')
			case low:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
