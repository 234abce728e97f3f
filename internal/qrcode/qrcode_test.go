package qrcode_test

import (
	"bytes"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/qrcode"
)

// TestAllDrawingsAreOfOneCode: path, picture and blocks show the same modules, with four
// light ones on every side.
func TestAllDrawingsAreOfOneCode(t *testing.T) {
	t.Parallel()
	c, err := qrcode.New("https://id.example.jp/i/sakura/reset/0123456789")
	if err != nil {
		t.Fatal(err)
	}
	size := c.Size()
	grid := func() [][]bool {
		g := make([][]bool, size+1)
		for y := range g {
			g[y] = make([]bool, size)
		}
		return g
	}
	path, picture, blocks := grid(), grid(), grid()
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(c.Path(), -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		run, _ := strconv.Atoi(m[3])
		for k := range run {
			path[y][x+k] = true
		}
	}
	file, err := c.PNG(3)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := png.Decode(bytes.NewReader(file))
	if err != nil || sheet.Bounds().Dx() != 3*size {
		t.Fatalf("%v, %v", sheet.Bounds(), err)
	}
	for n, text := range c.Blocks() {
		for x, r := range []rune(text) {
			blocks[2*n][x], blocks[2*n+1][x] = strings.ContainsRune("█▀", r), strings.ContainsRune("█▄", r)
		}
	}
	dark := 0
	for y := range size {
		for x := range size {
			r, _, _, _ := sheet.At(3*x+1, 3*y+2).RGBA()
			picture[y][x] = r == 0
			if path[y][x] != picture[y][x] || path[y][x] != blocks[y][x] {
				t.Fatalf("module %d, %d: path %v, picture %v, blocks %v", x, y, path[y][x], picture[y][x], blocks[y][x])
			}
			edge := x < 4 || y < 4 || x >= size-4 || y >= size-4
			if path[y][x] {
				dark++
			}
			if path[y][x] && edge {
				t.Fatalf("module %d, %d of the margin is dark", x, y)
			}
		}
	}
	if dark < size*size/5 {
		t.Errorf("%d dark modules of %d", dark, size*size)
	}
	if _, err := qrcode.New(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that no code can hold is drawn")
	}
}
