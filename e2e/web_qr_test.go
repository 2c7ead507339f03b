package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
)

// webReadQR reads the text of a clean QR picture in black and white with its quiet zone: versions 1
// to 3 in byte or alphanumeric mode, which is all that the program draws. It corrects no errors: a
// picture out of a mail has none. Source: ISO/IEC 18004:2015 §7.
func webReadQR(picture []byte) (string, error) {
	const quiet, smallest = 4, 21
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	dark := func(x, y int) bool { r, _, _, _ := img.At(x, y).RGBA(); return r < 0x8000 }
	first := 0
	for ; first < img.Bounds().Dx() && !dark(first, first); first++ {
	}
	scale := first / quiet
	if scale == 0 {
		return "", errors.New("qr: no picture with a quiet zone")
	}
	n := img.Bounds().Dx()/scale - 2*quiet
	if n < smallest || n > smallest+8 || (n-smallest)%4 != 0 {
		return "", fmt.Errorf("qr: %d modules: more than version 3", n)
	}
	at := func(row, col int) bool { return dark(first+col*scale+scale/2, first+row*scale+scale/2) }
	bits := webQRBits(n, at)
	return webQRText(bits, n)
}

// webQRBits reads the data modules in their zigzag, unmasked.
func webQRBits(n int, at func(row, col int) bool) []bool {
	mask := 0
	for i, col := range []int{2, 3, 4} { // the three bits of the mask beside the upper left corner
		if at(8, col) != (i != 1) { // the format's own mask has 101 there
			mask |= 4 >> i
		}
	}
	masks := []func(i, j int) bool{
		func(i, j int) bool { return (i+j)%2 == 0 },
		func(i, _ int) bool { return i%2 == 0 },
		func(_, j int) bool { return j%3 == 0 },
		func(i, j int) bool { return (i+j)%3 == 0 },
		func(i, j int) bool { return (i/2+j/3)%2 == 0 },
		func(i, j int) bool { return i*j%2+i*j%3 == 0 },
		func(i, j int) bool { return (i*j%2+i*j%3)%2 == 0 },
		func(i, j int) bool { return ((i+j)%2+i*j%3)%2 == 0 },
	}
	fixed := func(i, j int) bool {
		switch {
		case i <= 8 && j <= 8, i <= 8 && j >= n-8, i >= n-8 && j <= 8, i == 6, j == 6:
			return true
		case n > 21: // the alignment pattern of versions 2 and 3
			return i >= n-9 && i <= n-5 && j >= n-9 && j <= n-5
		}
		return false
	}
	var bits []bool
	up := true
	for right := n - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for k := range n {
			i := k
			if up {
				i = n - 1 - k
			}
			for _, j := range []int{right, right - 1} {
				if !fixed(i, j) {
					bits = append(bits, at(i, j) != masks[mask](i, j))
				}
			}
		}
		up = !up
	}
	return bits
}

func webQRText(bits []bool, n int) (string, error) {
	take := func(count int) int {
		v := 0
		for range count {
			v <<= 1
			if len(bits) > 0 && bits[0] {
				v |= 1
			}
			if len(bits) > 0 {
				bits = bits[1:]
			}
		}
		return v
	}
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var text []byte
	switch mode := take(4); mode {
	case 2:
		left := take(9)
		for ; left > 1; left -= 2 {
			v := take(11)
			if v >= 45*45 {
				return "", fmt.Errorf("qr: bad pair %d", v)
			}
			text = append(text, alphanumeric[v/45], alphanumeric[v%45])
		}
		if left == 1 {
			text = append(text, alphanumeric[take(6)%45])
		}
	case 4:
		for range take(8) {
			text = append(text, byte(take(8)))
		}
	default:
		return "", fmt.Errorf("qr: mode %d of a code of %d modules", mode, n)
	}
	return string(text), nil
}
