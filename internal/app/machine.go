package app

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// diskOf returns how to ask for the space of the file system that holds a folder.
func diskOf(dir string) func() (wire.Disk, error) {
	return func() (wire.Disk, error) {
		var st syscall.Statfs_t
		if err := syscall.Statfs(dir, &st); err != nil {
			return wire.Disk{}, fmt.Errorf("ask for the space of %s: %w", dir, err)
		}
		size := uint64(st.Bsize) // a block size is positive
		return wire.Disk{FreeBytes: st.Bavail * size, TotalBytes: st.Blocks * size}, nil
	}
}

// readSensors returns how to read the configured sensors. A sensor that cannot be read is left out.
func readSensors(sensors []config.Sensor, now func() time.Time) func() []wire.Reading {
	return func() []wire.Reading {
		var readings []wire.Reading
		for _, s := range sensors {
			milli, err := readMilli(s.File)
			if err != nil {
				continue // it is missing in the status, which is what an operator looks at
			}
			readings = append(readings, wire.Reading{
				Name: s.Name, Kind: s.Kind + "_celsius", Milli: milli, At: locker.At(now()),
			})
		}
		return readings
	}
}

func readMilli(path string) (int64, error) {
	data, err := os.ReadFile(path) // the operator names the sensor's file
	if err != nil {
		return 0, fmt.Errorf("read sensor: %w", err)
	}
	milli, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read sensor %s: %w", path, err)
	}
	return milli, nil
}
