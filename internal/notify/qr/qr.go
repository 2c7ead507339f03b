package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

const (
	// QuietZone is the white border that scanners need, in modules on each side.
	// Source: ISO/IEC 18004:2015 §6.3.8.
	QuietZone = 4

	maxContent = 1024 // bytes; a token has 29, a link below 200
	maxScale   = 40   // pixels per module
)

// ErrContent means that there is nothing, or too much, to draw.
var ErrContent = errors.New("qr: content must have 1 to 1024 bytes")

// Matrix returns the modules of content row by row, true for dark, without the quiet zone. Error
// correction is level M (15 %): enough for a scratched screen, few modules for a cheap scanner.
func Matrix(content string) ([][]bool, error) {
	if content == "" || len(content) > maxContent {
		return nil, ErrContent
	}
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("encode a QR code: %w", err)
	}
	size := code.Bounds()
	rows := make([][]bool, size.Dy())
	for y := range rows {
		rows[y] = make([]bool, size.Dx())
		for x := range rows[y] {
			r, _, _, _ := code.At(size.Min.X+x, size.Min.Y+y).RGBA()
			rows[y][x] = r == 0
		}
	}
	return rows, nil
}

// PNG returns content as a black and white picture with its quiet zone, each module scale pixels
// wide (1 to 40).
func PNG(content string, scale int) ([]byte, error) {
	if scale < 1 || scale > maxScale {
		return nil, fmt.Errorf("draw a QR code: scale %d is not 1 to %d", scale, maxScale)
	}
	rows, err := Matrix(content)
	if err != nil {
		return nil, err
	}
	side := (len(rows) + 2*QuietZone) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for row := range rows {
		top := (row + QuietZone) * scale
		line := img.Pix[top*img.Stride : (top+1)*img.Stride]
		for column, dark := range rows[row] {
			if dark {
				for x := range scale {
					line[(column+QuietZone)*scale+x] = 1
				}
			}
		}
		for y := 1; y < scale; y++ { // the lines of one module are alike
			copy(img.Pix[(top+y)*img.Stride:], line)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("write a QR code: %w", err)
	}
	return out.Bytes(), nil
}

// Path returns content as the path data of an SVG whose view box is "0 0 size size", quiet zone
// included: one unit per module, to be filled with black on white.
func Path(content string) (path string, size int, err error) {
	rows, err := Matrix(content)
	if err != nil {
		return "", 0, err
	}
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			run := x
			for run < len(row) && row[run] {
				run++
			}
			if run == x {
				continue
			}
			b.WriteString("M" + strconv.Itoa(x+QuietZone) + " " + strconv.Itoa(y+QuietZone) +
				"h" + strconv.Itoa(run-x) + "v1h-" + strconv.Itoa(run-x) + "z")
			x = run
		}
	}
	return b.String(), len(rows) + 2*QuietZone, nil
}
