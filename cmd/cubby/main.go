// Command cubby is the whole system: the server, the controller beside the lockers, the demo, and
// the tools around them. Run it without arguments for help.
package main

import (
	"os"

	"cubby/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
