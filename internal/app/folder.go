package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DemoFile marks a data folder that the demo made. What stands in it is invented.
const DemoFile = "demo-data"

// Errors of a folder that is not for this use.
var (
	// ErrDemoData means that a real server or controller was pointed at the demo's data.
	ErrDemoData = errors.New("this folder holds the data of cubby demo: choose another data_dir")
	// ErrRealData means that the demo was pointed at data that it did not make.
	ErrRealData = errors.New("this folder holds data that cubby demo did not make: choose an empty one")
)

const demoNote = "The data in this folder was invented by cubby demo. Real servers and controllers refuse it.\n"

// claimFolder makes a data folder, or takes one that is there for the same use: data of the demo never
// mixes with real data.
func claimFolder(dir string, demo bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	mark := filepath.Join(dir, DemoFile)
	_, err := os.Stat(mark)
	marked := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look at the data folder: %w", err)
	case marked && !demo:
		return fmt.Errorf("data folder %s: %w", dir, ErrDemoData)
	case marked || !demo:
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("data folder %s: %w", dir, ErrRealData)
	}
	if err := os.WriteFile(mark, []byte(demoNote), 0o600); err != nil {
		return fmt.Errorf("mark the data folder: %w", err)
	}
	return nil
}
