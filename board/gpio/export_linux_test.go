package gpio

// LineError is what Open says of a line that cannot be had.
func LineError(chip string, lines, offset int, user string, err error) error {
	return lineError(lineFault{chip: chip, lines: lines, offset: offset, user: user}, err)
}

// ChipError is what Open says of a chip that cannot be opened.
func ChipError(chip string, err error) error { return chipError(chip, err) }
