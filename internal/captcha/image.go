package captcha

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

const (
	width, height = 200, 64
	margin        = 26.0 // from the left edge to the middle of the first character
	step          = 29.4
	widest        = 30.0
)

func loadFonts() ([]*sfnt.Font, error) {
	var fonts []*sfnt.Font
	for _, ttf := range [][]byte{gobold.TTF, gobolditalic.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("parse font: %w", err)
		}
		fonts = append(fonts, f)
	}
	return fonts, nil
}

// point is a place on the picture, in pixels, y downwards.
type point struct{ x, y float64 }

// canvas collects ink, 0 to 255 a pixel, through a warp that bends all of it.
type canvas struct {
	ink  *image.Alpha
	warp func(point) point
	dice *rand.Rand
}

// draw writes text with every character turned, leaning and bent, behind
// curves and specks.
func draw(text string, fonts []*sfnt.Font, dice *rand.Rand) ([]byte, error) {
	c := canvas{ink: image.NewAlpha(image.Rect(0, 0, width, height)), dice: dice}
	c.warp = c.waves()
	var buf sfnt.Buffer
	for i, char := range text {
		font := fonts[dice.IntN(len(fonts))]
		if err := c.glyph(font, &buf, char, margin+step*float64(i)); err != nil {
			return nil, err
		}
	}
	c.erase(c.curve(1.3))
	for range 2 {
		c.paint(c.curve(1.6))
	}
	c.specks(110)
	return c.encode()
}

// glyph draws one character around x in the middle of the height.
func (c canvas) glyph(font *sfnt.Font, buf *sfnt.Buffer, char rune, x float64) error {
	index, err := font.GlyphIndex(buf, char)
	if err != nil {
		return fmt.Errorf("find glyph: %w", err)
	}
	segments, err := font.LoadGlyph(buf, index, fixed.I(40), nil)
	if err != nil {
		return fmt.Errorf("load glyph: %w", err)
	}
	box := segments.Bounds()
	middle := point{float64(box.Min.X+box.Max.X) / 128, float64(box.Min.Y+box.Max.Y) / 128}
	wide := float64(box.Max.X-box.Min.X) / 64
	size, lean := c.between(0.95, 1.15), c.between(-0.2, 0.2)
	narrow := min(1, widest/(wide*size)) // M and W must leave room for their neighbours
	sin, cos := math.Sincos(c.between(-0.3, 0.3))
	at := point{x + c.between(-2.5, 2.5), height/2 + c.between(-5, 5)}
	place := func(p fixed.Point26_6) point {
		px := (float64(p.X)/64 - middle.x) * size * narrow
		py := (float64(p.Y)/64 - middle.y) * size
		px -= lean * py
		return c.warp(point{at.x + px*cos - py*sin, at.y + px*sin + py*cos})
	}
	c.paint(outline(segments, place))
	return nil
}

// outline hands the segments of a glyph to a rasterizer, each point moved by
// place. Control points are moved like the others: bent curves stay smooth.
func outline(segments sfnt.Segments, place func(fixed.Point26_6) point) *vector.Rasterizer {
	r := vector.NewRasterizer(width, height)
	arg := func(s sfnt.Segment, i int) (x, y float32) {
		p := place(s.Args[i])
		return float32(p.x), float32(p.y)
	}
	for _, s := range segments {
		x0, y0 := arg(s, 0)
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			r.ClosePath()
			r.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			r.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := arg(s, 1)
			r.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := arg(s, 1)
			x2, y2 := arg(s, 2)
			r.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	r.ClosePath()
	return r
}

// curve is a wavy ribbon across the whole width.
func (c canvas) curve(thick float64) *vector.Rasterizer {
	from, to := c.between(12, height-12), c.between(12, height-12)
	swing, period, phase := c.between(6, 14), c.between(50, 120), c.between(0, 2*math.Pi)
	y := func(x float64) float64 {
		return from + (to-from)*x/width + swing*math.Sin(2*math.Pi*x/period+phase)
	}
	r := vector.NewRasterizer(width, height)
	r.MoveTo(-4, float32(y(-4)-thick/2))
	for x := 0.0; x <= width+4; x += 4 {
		r.LineTo(float32(x), float32(y(x)-thick/2))
	}
	for x := width + 4.0; x >= -4; x -= 4 {
		r.LineTo(float32(x), float32(y(x)+thick/2))
	}
	r.ClosePath()
	return r
}

// waves moves points along two sine waves.
func (c canvas) waves() func(point) point {
	ax, ay := c.between(1, 2.5), c.between(1.5, 3.5)
	px, py := c.between(30, 50), c.between(45, 80)
	fx, fy := c.between(0, 2*math.Pi), c.between(0, 2*math.Pi)
	return func(p point) point {
		return point{p.x + ax*math.Sin(2*math.Pi*p.y/px+fx), p.y + ay*math.Sin(2*math.Pi*p.x/py+fy)}
	}
}

func (c canvas) specks(n int) {
	for range n {
		x, y, a := c.dice.IntN(width), c.dice.IntN(height), uint8(60+c.dice.IntN(140)) // #nosec G115 -- below 200
		for dx := range 1 + c.dice.IntN(2) {
			c.ink.SetAlpha(x+dx, y, color.Alpha{A: a})
		}
	}
}

func (c canvas) paint(r *vector.Rasterizer) { r.Draw(c.ink, c.ink.Rect, image.Opaque, image.Point{}) }

func (c canvas) erase(r *vector.Rasterizer) {
	gone := image.NewAlpha(c.ink.Rect)
	r.Draw(gone, gone.Rect, image.Opaque, image.Point{})
	for i, a := range gone.Pix {
		c.ink.Pix[i] = uint8(uint16(c.ink.Pix[i]) * (255 - uint16(a)) / 255) // #nosec G115 -- at most 255
	}
}

func (c canvas) between(low, high float64) float64 { return low + (high-low)*c.dice.Float64() }

// encode uses sixteen shades, so that a picture is about 3 KB.
func (c canvas) encode() ([]byte, error) {
	shades := make(color.Palette, 16)
	for i := range shades {
		mix := func(paper, ink int) uint8 { return uint8(paper + (ink-paper)*i/15) } // #nosec G115 -- between two bytes
		shades[i] = color.RGBA{mix(0xf5, 0x16), mix(0xf7, 0x23), mix(0xfa, 0x3f), 0xff}
	}
	picture := image.NewPaletted(c.ink.Rect, shades)
	for i, a := range c.ink.Pix {
		picture.Pix[i] = a >> 4
	}
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, picture)
	return out.Bytes(), err
}
