package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
)

// serviceRig is a new computer beside a new bank: the finished program, boards on a line, no server.
func serviceRig(t *testing.T) *killRig {
	t.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: 4}})
	killMust(t, err)
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityClosing})
	killMust(t, err)
	line, err := virtual.ListenTCP(context.WithoutCancel(t.Context()), "127.0.0.1:0", slave.Serve)
	killMust(t, err)
	t.Cleanup(func() { _ = line.Stop() }) // whatever the last connection said
	r := &killRig{t: t, dir: t.TempDir(), binary: killBinary(t), world: world, listen: killAddress(t)}
	r.config = filepath.Join(r.dir, "cubby.yaml")
	settings := fmt.Sprintf(`
controller:
  data_dir: %s
  kiosk: {listen: %s}
  service: {listen: %s}
  buses:
    - {name: left, port: %q, family: rs485, boards: [1, 2], options: {channels: 4}}
`, r.controllerDir(), killAddress(t), r.listen, line.Spec())
	killMust(t, os.WriteFile(r.config, []byte(settings), 0o600))
	return r
}

// An installer unpacks a controller that nobody has enrolled, reads the code on its terminal, and tests
// a bank with a phone: one door after another, two of them crossed, one stuck. It ends with a sheet and
// with a record that verifies; meanwhile nobody else gets at the boards.
func TestService_FromUnpackingToTheSheet(t *testing.T) {
	webShare(t)
	t.Parallel()
	r := serviceRig(t)
	killMust(t, r.world.SetBehaviour(1, 3, virtual.BehaviourStuck, 0))
	r.controller = r.start("controller")
	began := time.Now()
	var code []string
	killEventually(t, 20*time.Second, "the terminal shows a code", func() bool {
		code = regexp.MustCompile(`type the code (\d{4} \d{4})`).FindStringSubmatch(r.controller.output())
		return code != nil
	})
	tab := webOpen(t, "installer")
	tab.size(390, 844)
	tab.visit("http://" + r.listen)
	tab.sees("Enter the code")
	tab.tap("#code")
	tab.enter(code[1])
	tab.press("Enter")
	tab.sees("Look for boards")
	tab.tap(`form[action$="/probe"] button`)
	tab.sees("silent") // the settings name a board 2 that is not there
	tab.tap("#columns")
	tab.enter("3")
	tab.accessible("service-begin")
	tab.tap(`form[action$="/begin"] button`)
	tab.tap("#open button")
	tab.until(`document.querySelector('#yes button')`)
	t.Logf("the first door was open %v after the start of the controller", time.Since(began).Round(100*time.Millisecond))
	tab.accessible("service-asked")
	for _, label := range []string{"A02", "A01"} { // crossed
		tab.tap("#label")
		tab.enter(label)
		tab.tap("#other button")
		tab.tap("#open button")
		tab.until(`document.querySelector('#yes button')`)
	}
	tab.tap(`#answers button[value="nothing"]`)
	tab.tap("#open button") // a door is missing: perhaps it hangs on the output that is left
	tab.until(`document.querySelector('#answers')`)
	tab.tap(`#answers button[value="nothing"]`)
	tab.sees("Every door is tested")
	tab.visit("http://" + r.listen + "/service/doors")
	for _, found := range []string{"does not answer", "A01", "A02", "on each other", "did not open"} {
		tab.sees(found)
	}
	tab.accessible("service-doors")
	if out, err := r.run("board", "walk"); err == nil || !strings.Contains(out, "cubby controller service-code") {
		t.Errorf("a second walk beside the controller: %v\n%s", err, out)
	}
	tab.visit("http://" + r.listen + "/service/finish")
	_ = webEval[bool](tab, `document.querySelector('form[action$="/sheet"]').removeAttribute('target'), true`) // one tab is enough
	tab.tap(`form[action$="/sheet"] button`)
	tab.sees("Hand-over sheet")
	tab.accessible("service-sheet")
	tab.visit("http://" + r.listen + "/service/finish")
	tab.tap(`form[action$="/end"] button`)
	tab.sees("The session has ended")
	r.controller.stop(t)
	out, err := r.run("verify", filepath.Join(r.controllerDir(), app.CommissionFile), "--site-key", filepath.Join(r.controllerDir(), app.IdentityFile))
	if err != nil || !strings.Contains(out, "verified: 10 records") {
		t.Errorf("the record: %v\n%s", err, out)
	}
	if n := len(r.world.Pulses()); n != 4 {
		t.Errorf("%d pulses, want one for each output", n)
	}
}
