package publish

import (
	"fmt"
	"strings"
)

// Path is where a server lists what it published, to anybody, and Path + "/DAY" is the publication of a day.
const Path = "/heads"

// Index is the list as a text: it is for programs and for whoever keeps it, and the same in all languages.
func Index(days []Day) string {
	var b strings.Builder
	b.WriteString("# Published tree heads of this Cubby server: one line for each day (UTC), newest first, with the hash of its text.\n" +
		"# Get a day at " + Path + "/DAY and keep it elsewhere; check a record with: cubby verify RECORD --key operator.pub --published FILE\n")
	for _, d := range days {
		fmt.Fprintf(&b, "%s %s\n", d.Day, d.Sum)
	}
	if len(days) == MostListed {
		fmt.Fprintf(&b, "# older ones: %s?before=%s\n", Path, days[len(days)-1].Day)
	}
	return b.String()
}
