package qr_test

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"cubby/internal/notify/qr"
)

func TestMatrix_HasTheFinderPatterns(t *testing.T) {
	t.Parallel()
	rows, err := qr.Matrix("C1.0123456789ABCDEFGHIJKLMNOP")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 25 { // version 2: 38 alphanumeric characters at level M
		t.Errorf("%d modules wide, want 25", len(rows))
	}
	// Seven by seven: a dark ring, a light ring, a dark core. Source: ISO/IEC 18004:2015 §6.3.3.
	for _, corner := range [][2]int{{0, 0}, {0, len(rows) - 7}, {len(rows) - 7, 0}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(max(3-y, y-3), max(3-x, x-3))
				if got := rows[corner[0]+y][corner[1]+x]; got != (ring != 2) {
					t.Fatalf("finder at %v, module %d,%d is %t", corner, y, x, got)
				}
			}
		}
	}
}

func TestPNG_AndPath_DrawTheMatrix(t *testing.T) {
	t.Parallel()
	const content, scale = "https://cubby.example/p/abcdefgh", 3
	rows, err := qr.Matrix(content)
	if err != nil {
		t.Fatal(err)
	}
	data, err := qr.PNG(content, scale)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	side := (len(rows) + 2*qr.QuietZone) * scale
	if b := img.Bounds(); b.Dx() != side || b.Dy() != side {
		t.Fatalf("picture is %v, want %d wide", b, side)
	}
	for y := range side {
		for x := range side {
			row, column := y/scale-qr.QuietZone, x/scale-qr.QuietZone
			dark := row >= 0 && column >= 0 && row < len(rows) && column < len(rows) && rows[row][column]
			if got := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y == 0; got != dark {
				t.Fatalf("pixel %d,%d is dark: %t", x, y, got)
			}
		}
	}
	path, size, err := qr.Path(content)
	if err != nil || size != side/scale {
		t.Fatalf("path of size %d, %v", size, err)
	}
	runs := 0
	for _, row := range rows {
		for x, dark := range row {
			if dark && (x == 0 || !row[x-1]) {
				runs++
			}
		}
	}
	if got := strings.Count(path, "M"); got != runs {
		t.Errorf("%d runs in the path, want %d", got, runs)
	}
}

func TestRefusesWhatItCannotDraw(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", strings.Repeat("x", 1025)} {
		if _, err := qr.Matrix(content); !errors.Is(err, qr.ErrContent) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
	if _, err := qr.Matrix(strings.Repeat("x", 1024)); err != nil {
		t.Error(err)
	}
	for _, scale := range []int{0, -1, 41} {
		if _, err := qr.PNG("x", scale); err == nil {
			t.Errorf("scale %d was taken", scale)
		}
	}
}
