package exchange

import (
	"slices"

	"cubby/board"
)

// Explain splits what was seen on a line into explanations, as board.Codec.Explain wants them. read
// says what starts at p[0] as a Splitter does, with a sentence for a person; it sees the frames of
// both directions, and quiet is always true for it. n of BadChecksum is the length of the whole
// frame here. Bytes that belong to no frame are put together into one explanation.
func Explain(seen []byte, read Splitter[string]) []board.Explanation {
	var list []board.Explanation
	noise := 0 // seen[noise:at] is not explained yet
	flush := func(at int, text string) {
		if at > noise {
			list = append(list, board.Explanation{Bytes: slices.Clone(seen[noise:at]), Text: text})
		}
	}
	for at := 0; at < len(seen); {
		text, n, v := read(seen[at:], true)
		n = min(max(1, n), len(seen)-at)
		switch v {
		case Valid, BadChecksum:
			if v == BadChecksum && framed(seen[at+1:], n-1, read) {
				at++ // chance made it look like one; the whole frame inside it is the better reading
				continue
			}
			flush(at, noFrame)
			list = append(list, board.Explanation{
				Bytes: slices.Clone(seen[at : at+n]), Valid: v == Valid, Text: text,
			})
			at += n
			noise = at
			continue
		case Incomplete:
			if !framed(seen[at+1:], len(seen), read) {
				flush(at, noFrame)
				noise = at
				flush(len(seen), "the start of a frame, the rest is missing")
				return list
			}
		case Garbage:
		}
		at++
	}
	flush(len(seen), noFrame)
	return list
}

const noFrame = "no frame"

// framed reports whether a whole frame starts in the first n bytes of p.
func framed(p []byte, n int, read Splitter[string]) bool {
	for at := range p[:min(n, len(p))] {
		if _, _, v := read(p[at:], true); v == Valid {
			return true
		}
	}
	return false
}
