package sensor

import (
	"strconv"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// kindTemperature is the kind of a reading in degrees Celsius.
const kindTemperature = "temperature_celsius"

// Temperatures reads sensors that the operating system shows as files of thousandths of a degree,
// e.g. /sys/class/thermal/thermal_zone0/temp. files gives each file's name on the status page; read
// returns a file's content. A sensor that cannot be read is left out.
// Source: Linux kernel, Documentation/driver-api/thermal/sysfs-api.rst ("temp", millidegree Celsius).
func Temperatures(files []File, read func(path string) ([]byte, error), at locker.Millis) []wire.Reading {
	var readings []wire.Reading
	for _, f := range files {
		data, err := read(f.Path)
		if err != nil {
			continue
		}
		milli, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
		if err != nil {
			continue
		}
		readings = append(readings, wire.Reading{Name: f.Name, Kind: kindTemperature, Milli: milli, At: at})
	}
	return readings
}

// File is a temperature sensor as the operating system shows it.
type File struct {
	Name string // e.g. "cabinet"
	Path string
}
