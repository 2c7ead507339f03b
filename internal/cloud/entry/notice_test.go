package entry_test

import (
	"slices"
	"strings"
	"testing"

	"cubby/internal/cloud/entry"
)

// A secret that was cut for reading comes back whole when it is written again.
func TestChats_KeepTheirSecrets(t *testing.T) {
	t.Parallel()
	known := []string{"slack://a@b", "generic+https://x.example.org/s3", "slack://c@d"}
	shown := entry.MaskChats(known)
	if strings.Contains(strings.Join(shown, " "), "@") || strings.Contains(strings.Join(shown, " "), "s3") {
		t.Errorf("shown as %q", shown)
	}
	if got := entry.KeepChats(shown, known); !slices.Equal(got, known) {
		t.Errorf("kept %q", got)
	}
	got := entry.KeepChats([]string{"slack://…", "telegram://n@telegram", "matrix://…"}, known)
	if !slices.Equal(got, []string{"slack://a@b", "telegram://n@telegram"}) {
		t.Errorf("kept %q", got)
	}
	if err := (entry.NoticeSettings{Chat: known}).Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"file:///etc/passwd", "slack", "smtp://x"} {
		if (entry.NoticeSettings{Chat: []string{bad}}).Check() == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
