// Package sensor reads what the operating system of a site computer measures. It must not know what is done
// with a reading.
package sensor
