package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// releaseArchs are the kinds of computers, with Debian's name and the program of qemu-user that plays it.
func releaseArchs() []releaseArch {
	return []releaseArch{
		{name: "amd64", debian: "amd64", emulator: "qemu-x86_64"},
		{name: "arm64", debian: "arm64", emulator: "qemu-aarch64"},
		{name: "armv7", debian: "armhf", emulator: "qemu-arm"},
	}
}

type releaseArch struct{ name, debian, emulator string }

// TestRelease makes what people install, starts each program, and installs the package into a root of
// its own.
func TestRelease(t *testing.T) {
	t.Parallel()
	if os.Getenv("CUBBY_RELEASE") == "" {
		t.Skip("!!!! SKIPPED: set CUBBY_RELEASE to build the release; ./test does so by itself, because it starves browsers beside it")
	}
	if testing.Short() || os.Getenv("CUBBY_QUICK") != "" {
		t.Skip("!!!! SKIPPED in a quick run: what is released is not built")
	}
	needTool(t, "dpkg-deb", "dpkg")
	needTool(t, "git", "git")
	out := t.TempDir()
	releaseRun(t, 10*time.Minute, nil, "../deploy/release.sh", "--here", out)
	for _, a := range releaseArchs() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			releaseStart(t, a, releaseFile(t, out, "cubby-*-linux-"+a.name))
			releasePackage(t, a, releaseFile(t, out, "cubby_*_"+a.debian+".deb"))
		})
	}
	t.Run("install", func(t *testing.T) {
		t.Parallel()
		releaseInstall(t, releaseFile(t, out, "cubby_*_"+releaseHost(t)+".deb"))
	})
	t.Run("units", func(t *testing.T) {
		t.Parallel()
		releaseUnits(t, releaseFile(t, out, "cubby_*_"+releaseHost(t)+".deb"))
	})
	t.Run("sums", func(t *testing.T) {
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
		cmd.Dir = out
		if said, err := cmd.CombinedOutput(); err != nil || strings.Count(string(said), ": OK") != 6 {
			t.Errorf("%v\n%s", err, said)
		}
	})
}

// The same commit gives the same bytes.
func TestRelease_IsReproducible(t *testing.T) {
	t.Parallel()
	if os.Getenv("CUBBY_RELEASE") == "" {
		t.Skip("!!!! SKIPPED: set CUBBY_RELEASE to compare two builds; ./test does so by itself")
	}
	if testing.Short() || os.Getenv("CUBBY_QUICK") != "" {
		t.Skip("!!!! SKIPPED in a quick run: releases are not compared")
	}
	needTool(t, "dpkg-deb", "dpkg")
	if err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Run(); err != nil {
		t.Skip("!!!! SKIPPED: this is no git repository, there is no commit to release")
	}
	arch := releaseHost(t)
	if arch == "armhf" {
		arch = "armv7"
	}
	var sums []string
	for range 2 {
		out := t.TempDir() // another folder each time
		releaseRun(t, 10*time.Minute, nil, "../deploy/release.sh", "--arch", arch, out)
		data, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, string(data))
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds differ:\n%s\n%s", sums[0], sums[1])
	}
}

// needTool skips loudly where a tool is missing, and fails where all must be there.
func needTool(t *testing.T, name, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
		t.Fatalf("%s is missing: install Debian's package %s", name, pkg)
	}
	t.Skipf("!!!! SKIPPED: %s is missing (Debian's package %s)", name, pkg)
}

func releaseHost(t *testing.T) string {
	t.Helper()
	switch runtime.GOARCH {
	case "amd64", "arm64":
		return runtime.GOARCH
	case "arm":
		return "armhf"
	}
	t.Skipf("!!!! SKIPPED: nothing is released for %s", runtime.GOARCH)
	return ""
}

func releaseFile(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: found %v, %v", pattern, found, err)
	}
	return found[0]
}

// releaseRun runs a program and returns what it printed.
func releaseRun(t *testing.T, within time.Duration, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s%s", filepath.Base(name), args, err, out, errs.String())
	}
	return string(out)
}

// releaseStart runs a program as its own computer would: it says who it is, runs parcels through a whole
// house with its database, journal and lock boards, and ends well.
func releaseStart(t *testing.T, a releaseArch, program string) {
	t.Helper()
	command := []string{program}
	if a.debian != releaseHost(t) {
		needTool(t, a.emulator, "qemu-user")
		command = []string{a.emulator, program}
	}
	run := func(args ...string) string {
		all := append(command[1:len(command):len(command)], args...)
		return releaseRun(t, 5*time.Minute, nil, command[0], all...)
	}
	if got, want := run("version"), "linux/"+strings.Replace(a.name, "armv7", "arm", 1)+")"; !strings.Contains(got, want) {
		t.Errorf("version says %q, want %q in it", got, want)
	}
	result := run("demo", "--headless", "--parcels", "2", "--dir", filepath.Join(t.TempDir(), "house"))
	for _, want := range []string{`"collected":2`, `"journal_verified":true`, `"opened_without_grant":0`} {
		if !strings.Contains(result, want) {
			t.Errorf("the demo of %s says %s, want %s", a.name, result, want)
		}
	}
}

// releasePackage looks into a package: what is there, whose it is, who may read it.
func releasePackage(t *testing.T, a releaseArch, deb string) {
	t.Helper()
	if got := strings.TrimSpace(releaseRun(t, time.Minute, nil, "dpkg-deb", "--field", deb, "Architecture")); got != a.debian {
		t.Errorf("architecture %q", got)
	}
	list := releaseRun(t, time.Minute, nil, "dpkg-deb", "--contents", deb)
	for path, mode := range map[string]string{
		"./usr/bin/cubby": "-rwxr-xr-x", "./etc/cubby/cubby.yaml": "-rw-r-----",
		"./usr/lib/systemd/system/cubby-server.service":     "-rw-r--r--",
		"./usr/lib/systemd/system/cubby-controller.service": "-rw-r--r--",
		"./usr/lib/udev/rules.d/60-cubby.rules":             "-rw-r--r--", "./usr/share/doc/cubby/copyright": "-rw-r--r--",
	} {
		found := false
		for line := range strings.Lines(list) {
			fields := strings.Fields(line)
			if fields[len(fields)-1] == path {
				found = fields[0] == mode && fields[1] == "root/root"
			}
		}
		if !found {
			t.Errorf("%s is not there as %s root/root:\n%s", path, mode, list)
		}
	}
	if got := releaseRun(t, time.Minute, nil, "dpkg-deb", "--info", deb, "conffiles"); got != "/etc/cubby/cubby.yaml\n" {
		t.Errorf("conffiles %q", got)
	}
}

// releaseInstall installs into a root of its own, removes and purges: data goes only with a purge.
func releaseInstall(t *testing.T, deb string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("!!!! SKIPPED: only root can install a package, also into a root of its own")
	}
	root := t.TempDir()
	for path, text := range map[string]string{
		"var/lib/dpkg/status": "", "var/lib/dpkg/info/format": "1\n", "var/lib/dpkg/updates/.keep": "",
		"var/lib/dpkg/triggers/Lock": "", "var/log/dpkg.log": "",
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": "root:*:19000:0:99999:7:::\n",
		"etc/gshadow": "root:*::\n", "etc/login.defs": "SYS_UID_MIN 100\nSYS_UID_MAX 999\nSYS_GID_MIN 100\nSYS_GID_MAX 999\n",
	} {
		releaseWrite(t, filepath.Join(root, path), text)
	}
	dpkg := func(args ...string) {
		t.Helper()
		all := append([]string{"--root=" + root, "--force-depends", "--force-script-chrootless", "--log=/dev/null"}, args...)
		releaseRun(t, 2*time.Minute, []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"}, "dpkg", all...)
	}
	dpkg("--install", deb)
	passwd, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil || !strings.Contains(string(passwd), "/var/lib/cubby:/usr/sbin/nologin") {
		t.Fatalf("no user: %s, %v", passwd, err)
	}
	data := filepath.Join(root, "var/lib/cubby")
	info, err := os.Stat(data)
	if err != nil || info.Mode().Perm() != 0o700 || info.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Errorf("the data folder: %v, %v", info, err)
	}
	settings := filepath.Join(root, "etc/cubby/cubby.yaml")
	info, err = os.Stat(settings)
	if err != nil || info.Mode().Perm() != 0o640 || info.Sys().(*syscall.Stat_t).Gid == 0 {
		t.Errorf("the settings: %v, %v", info, err)
	}
	releaseSettings(t, root, settings)
	wants, err := filepath.Glob(filepath.Join(root, "etc/systemd/system/*.wants/*"))
	if err != nil || len(wants) > 0 {
		t.Errorf("installing has enabled %v, %v", wants, err)
	}
	releaseWrite(t, filepath.Join(data, "server", "cubby.db"), "precious")
	dpkg("--install", deb) // an upgrade
	dpkg("--remove", "cubby")
	for path, want := range map[string]bool{"usr/bin/cubby": false, "var/lib/cubby/server/cubby.db": true, "etc/cubby/cubby.yaml": true} {
		if _, err := os.Stat(filepath.Join(root, path)); (err == nil) != want {
			t.Errorf("after removing, %s is there: %v", path, err == nil)
		}
	}
	dpkg("--purge", "cubby")
	for _, path := range []string{"var/lib/cubby", "etc/cubby"} {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			t.Errorf("after purging, %s is still there", path)
		}
	}
}

// releaseSettings has the installed program read the installed settings.
func releaseSettings(t *testing.T, root, settings string) {
	t.Helper()
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  data_dir: /var/lib/cubby/server\n", "  data_dir: /var/lib/cubby/controller\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the settings have no %q", want)
		}
	}
	releaseRun(t, time.Minute, nil, filepath.Join(root, "usr/bin/cubby"), "--config", settings, "config", "check")
}

func releaseWrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}

// releaseUnits has systemd read the units, and judge how much they may do.
func releaseUnits(t *testing.T, deb string) {
	t.Helper()
	needTool(t, "systemd-analyze", "systemd")
	root := t.TempDir()
	releaseRun(t, time.Minute, nil, "dpkg-deb", "--extract", deb, root)
	for _, target := range []string{"sysinit.target", "basic.target", "multi-user.target", "network-online.target", "shutdown.target"} {
		releaseWrite(t, filepath.Join(root, "usr/lib/systemd/system", target), "[Unit]\nDescription="+target+"\n")
	}
	for _, unit := range []string{"cubby-server.service", "cubby-controller.service"} {
		path := filepath.Join(root, "usr/lib/systemd/system", unit)
		cmd := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", "--root="+root, path)
		if said, err := cmd.CombinedOutput(); err != nil || bytes.Contains(said, []byte(unit+":")) {
			t.Errorf("systemd says about %s: %v\n%s", unit, err, said)
		}
		const worst = 25 // of 100: hardened
		cmd = exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--root="+root,
			fmt.Sprintf("--threshold=%d", worst), "--no-pager", unit)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s may do too much: %v\n%s", unit, err, said)
		}
	}
}
