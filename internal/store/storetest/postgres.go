package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresOptions configure [StartPostgres].
type PostgresOptions struct {
	// NoSync leaves out fsync: for tests that pull no plug. What is measured or killed keeps it.
	NoSync bool
	// Settings are lines of postgresql.conf, e.g. "max_connections = 300".
	Settings []string
}

// Postgres is a server of PostgreSQL with throw-away data. It ends with this process, however that ends.
type Postgres struct {
	// Port is the TCP port on 127.0.0.1.
	Port int
	// Dir holds the data (data/), the log (log) and the socket.
	Dir string
	// Bin is the folder of the programs of PostgreSQL, e.g. pgbench.
	Bin string

	there string    // URL of a server that somebody else runs; empty: ours
	keep  io.Closer // the server ends when it closes
	cmd   *exec.Cmd
}

// startWithin is how long a server may take to answer on a machine with other work.
const startWithin = 60 * time.Second

// watchdog runs the server until its input ends, which it does with the process that started it, also
// when that is killed. Then it stops the server and removes what it left.
const watchdog = `"$1"/postgres -D "$2"/data >>"$2"/log 2>&1 & server=$!
cat >/dev/null
kill -INT $server; wait $server; cd /; rm -rf "$2"`

// StartPostgres starts a server on a free port of the loopback, as another user when this one is root.
// Its user is "cubby", without a password.
func StartPostgres(opts PostgresOptions) (*Postgres, error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, err
	}
	as, err := otherUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cubby-postgres-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	p := &Postgres{Dir: dir, Bin: bin}
	if err := p.init(opts, as); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := p.start(as); err != nil {
		return nil, err
	}
	return p, nil
}

// postgresFolder finds the newest version that Debian has put beside its others.
func postgresFolder() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		path, err := exec.LookPath("postgres")
		if err != nil {
			return "", fmt.Errorf("PostgreSQL is not installed (Debian package postgresql): %w", err)
		}
		return filepath.Dir(path), nil
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// otherUser returns whom the server runs as; nil: as this process. PostgreSQL refuses root.
func otherUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else is an answer
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is no user postgres or nobody to run PostgreSQL as")
}

func (p *Postgres) init(opts PostgresOptions, as *syscall.Credential) error {
	if as != nil {
		if err := os.Chown(p.Dir, int(as.Uid), int(as.Gid)); err != nil {
			return fmt.Errorf("give the folder away: %w", err)
		}
	}
	data := filepath.Join(p.Dir, "data")
	initdb := exec.Command(filepath.Join(p.Bin, "initdb"), "-D", data, "-U", "cubby", "-A", "trust",
		"--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = p.Dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	p.Port = port
	lines := append([]string{
		"listen_addresses = '127.0.0.1'", fmt.Sprintf("port = %d", p.Port),
		fmt.Sprintf("unix_socket_directories = '%s'", p.Dir), "max_connections = 300", "shared_buffers = 128MB",
	}, opts.Settings...)
	if opts.NoSync {
		lines = append(lines, "fsync = off", "full_page_writes = off", "synchronous_commit = off")
	}
	f, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("set PostgreSQL up: %w", err)
	}
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// freePort returns a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(errors.New("find a free port: no TCP address"), l.Close())
	}
	return addr.Port, l.Close()
}

func (p *Postgres) start(as *syscall.Credential) error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	p.keep = write
	p.cmd = exec.Command("/bin/sh", "-c", watchdog, "sh", p.Bin, p.Dir)
	// A group of its own: what interrupts the tests does not interrupt the cleaning up.
	p.cmd.Stdin, p.cmd.SysProcAttr = read, &syscall.SysProcAttr{Credential: as, Setpgid: true}
	p.cmd.Dir = p.Dir
	err = p.cmd.Start()
	if err := errors.Join(err, read.Close()); err != nil {
		return errors.Join(fmt.Errorf("start PostgreSQL: %w", err), write.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(filepath.Join(p.Dir, "log")) // it explains, if it is there
			return errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, text), p.Stop())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// URL returns the address of a database of the server.
func (p *Postgres) URL(database string) string {
	if p.there != "" {
		return p.there + "/" + database + "?sslmode=disable"
	}
	return fmt.Sprintf("postgres://cubby@127.0.0.1:%d/%s?sslmode=disable", p.Port, database)
}

// Stop ends the server and removes its data. It happens by itself when the process ends.
func (p *Postgres) Stop() error {
	err := p.keep.Close()
	if werr := p.cmd.Wait(); werr != nil {
		err = errors.Join(err, fmt.Errorf("stop PostgreSQL: %w", werr))
	}
	return err
}

// Exec runs statements in a database of the server.
func (p *Postgres) Exec(ctx context.Context, database, statements string) error {
	conn, err := pgx.Connect(ctx, p.URL(database))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, statements)
	return errors.Join(err, conn.Close(ctx))
}

// CreateDatabase makes an empty database of the name.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) error {
	return p.Exec(ctx, "postgres", "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// NeedPostgres returns the folder of the programs of PostgreSQL. Without them the test is skipped, or
// fails where tools are required.
func NeedPostgres(tb testing.TB) string {
	tb.Helper()
	bin, err := postgresFolder()
	if err == nil {
		return bin
	}
	if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" { //nolint:forbidigo // it chooses among tests, nothing else
		tb.Fatal(err)
	}
	tb.Skipf("!!!! SKIPPED for want of PostgreSQL: %v", err)
	return ""
}
