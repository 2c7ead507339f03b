package app

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"cubby/internal/config"
	"cubby/internal/controller/sensor"
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

// readSensors returns how to read the configured sensors. A sensor that cannot be read is left out:
// it is missing in the status, which is what an operator looks at.
func readSensors(sensors []config.Sensor, now func() time.Time) func() []wire.Reading {
	files := make([]sensor.File, 0, len(sensors))
	for _, s := range sensors { // the settings allow temperatures only
		files = append(files, sensor.File{Name: s.Name, Path: s.File})
	}
	return func() []wire.Reading { return sensor.Temperatures(files, os.ReadFile, locker.At(now())) }
}
