package holder

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a screen shot is a report too

	"cubby/internal/locker"
)

const (
	// MaxPhoto bounds a picture as it is sent, in bytes: what phones make.
	MaxPhoto = 12 << 20
	// maxPixels bounds a picture in memory: 4 bytes each.
	maxPixels = 24 << 20
	// longest is the longer side of a picture as it is kept: a label can be read on it.
	longest = 1600
	quality = 80
)

// develop makes the picture that is kept: smaller, upright, and without what a camera writes beside it, such
// as where it was taken.
func (d *Desk) develop(ctx context.Context, raw []byte) ([]byte, error) {
	if len(raw) > MaxPhoto {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture is larger than %d MB", MaxPhoto>>20)
	}
	head, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || head.Width < 1 || head.Height < 1 {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture is neither JPEG nor PNG")
	}
	if head.Width > maxPixels/head.Height {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture has more than %d million pixels", maxPixels>>20)
	}
	select {
	case d.darkroom <- struct{}{}:
		defer func() { <-d.darkroom }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture cannot be read")
	}
	turn := 1
	if kind == "jpeg" {
		turn = orientation(raw)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(shrink(img), turn), &jpeg.Options{Quality: quality}); err != nil {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture cannot be kept")
	}
	return out.Bytes(), nil
}

// shrink returns a picture whose longer side has at most so many pixels, each the mean of those it
// stands for.
func shrink(img image.Image) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if m := max(w, h); m > longest {
		w, h = max(1, w*longest/m), max(1, h*longest/m)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := b.Min.Y+y*b.Dy()/h, b.Min.Y+(y+1)*b.Dy()/h
		for x := range w {
			x0, x1 := b.Min.X+x*b.Dx()/w, b.Min.X+(x+1)*b.Dx()/w
			out.SetRGBA(x, y, mean(img, image.Rect(x0, y0, max(x1, x0+1), max(y1, y0+1))))
		}
	}
	return out
}

func mean(img image.Image, r image.Rectangle) color.RGBA {
	var sum [3]uint64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+uint64(red), sum[1]+uint64(green), sum[2]+uint64(blue)
		}
	}
	n := uint64(r.Dx()*r.Dy()) << 8
	return color.RGBA{R: uint8(sum[0] / n), G: uint8(sum[1] / n), B: uint8(sum[2] / n), A: 255}
}

// upright turns a picture as its camera says it was held. Source: Exif 2.32 §4.6.4, tag Orientation.
func upright(img *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ow, oh := w, h
	if turn >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turn {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, img.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads how a camera was held from a JPEG; 1, upright, when it does not say. Source: Exif 2.32
// §4.5.2 (APP1 holds a TIFF file), TIFF 6.0 §2.
func orientation(raw []byte) int {
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		size := int(binary.BigEndian.Uint16(raw[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(raw) || raw[at+1] == 0xda {
			return 1
		}
		if body := raw[at+4 : end]; raw[at+1] == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at = end
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := uint64(order.Uint16(tiff[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > uint64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[e:]) == 0x0112 {
			return int(order.Uint16(tiff[e+8:]))
		}
	}
	return 1
}
