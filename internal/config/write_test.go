package config_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/config"
)

// What is written is read back as the same settings, without the secrets.
func TestWrite_IsReadBack(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Server.PublicURL = "https://parcels.example.org"
	cfg.Server.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8"}
	cfg.Server.SMTP.Password = config.NewSecret("hunter2")
	cfg.Controller.Buses = []config.Bus{
		{Name: "left", Port: "serial:/dev/ttyUSB0?baud=9600", Family: "rs485", Boards: []int{1, 2}},
		{Name: "right", Port: "tcp:192.0.2.1:4196", Family: "kerong", Boards: []int{3}},
	}
	cfg.Controller.Sensors = []config.Sensor{{Name: "cabinet", Kind: "temperature", File: "/sys/x"}}
	var b bytes.Buffer
	if err := config.Write(&b, cfg); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("hunter2")) {
		t.Error("a secret is in it")
	}
	got, err := config.Parse("written.yaml", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	cfg.Server.SMTP.Password = config.Secret{}
	if diff := cmp.Diff(cfg, got, cmp.Comparer(func(a, b config.Secret) bool { return a == b })); diff != "" {
		t.Errorf("read back differs (-want +got):\n%s\n%s", diff, b.String())
	}
}
