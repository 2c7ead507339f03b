package cli

import (
	"runtime"
	"runtime/debug"

	"cubby/internal/app"
)

type versionCmd struct{}

// Run prints the version, the commit when it is known, and what it was built with.
func (versionCmd) Run(e *env) error {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return e.print("cubby %s (commit %s, %s, %s/%s)", app.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
