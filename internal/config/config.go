package config

import (
	"path/filepath"
	"time"
)

// Config is everything that can be set. The tags on the fields are the documentation:
//
//	doc      what it is, a full sentence; printed as a comment
//	unit     unit of a plain number
//	oneof    the words that are allowed, separated by commas
//	min, max the range of a number or a duration, both ends allowed
type Config struct {
	Log        Log        `yaml:"log" doc:"What the program says to its operator."`
	Server     Server     `yaml:"server" doc:"The server half: cubby serve."`
	Controller Controller `yaml:"controller" doc:"The on-site half: cubby controller."`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level" oneof:"debug,info,warn,error" doc:"The least level that is logged."`
	Format string `yaml:"format" oneof:"text,json" doc:"How a line is written."`
}

// Server are the settings of the server half.
type Server struct {
	Listen    string `yaml:"listen" doc:"Address and port of pages and API. Without tls, put a proxy that speaks TLS before anything but loopback."`
	PublicURL string `yaml:"public_url" doc:"How people and controllers reach this server: the start of every link in a message."`
	DataDir   string `yaml:"data_dir" doc:"Folder of everything the server keeps. Back up this folder, and the database when it is elsewhere."`

	Database Database `yaml:"database" doc:"Where the tables are."`
	TLS      TLS      `yaml:"tls" doc:"Who speaks TLS, and with which certificate."`

	TrustedProxies []string `yaml:"trusted_proxies" doc:"Addresses or networks of the proxies before this server, e.g. 127.0.0.1. X-Forwarded-For and X-Forwarded-Proto count from these only, and otherwise everybody behind a proxy shares its tries to sign in."`

	Language string   `yaml:"language" oneof:"en,es,ar" doc:"Language of people who have not chosen one."`
	Branding Branding `yaml:"branding" doc:"What residents and couriers see on every page and in every message."`

	SMTP     SMTP     `yaml:"smtp" doc:"The server that takes outgoing mail. Without a host no mail is sent, and messages wait in the outbox."`
	SMS      Gateway  `yaml:"sms" doc:"The gateway that takes short messages (SMS, WhatsApp) to residents. Without a preset or url there are none."`
	Voice    Gateway  `yaml:"voice" doc:"The gateway that calls residents and reads a message out. Without a preset or url there are no calls."`
	DutyMail []string `yaml:"duty_mail" doc:"Addresses that get a mail for each incident and for a site that is silent."`
	Notices  Notices  `yaml:"notices" doc:"When residents are told and reminded."`

	Publish  Publish  `yaml:"publish" doc:"Who gets, each day, the signed tree heads of the records of all sites. Their hashes stand at /heads for anybody."`
	Webhooks Webhooks `yaml:"webhooks" doc:"Programs elsewhere that are told what happens."`

	Planner       string        `yaml:"planner" oneof:"on,off" doc:"Whether anybody who reaches this server may plan lockers at /plan. Needs no sign-in, and works on two plans at a time at most."`
	LinkSilence   time.Duration `yaml:"link_silence" min:"1m" max:"24h" doc:"A site that says nothing for this long becomes an incident."`
	MetricsListen string        `yaml:"metrics_listen" doc:"Address and port of Prometheus metrics. Empty means none."`
}

// Database says where the server's tables are.
type Database struct {
	URL          string `yaml:"url" doc:"sqlite:PATH, or postgres://USER@HOST/NAME for PostgreSQL 15 or later; several hosts of a cluster stand with commas between them. Empty means the SQLite file cubby.db inside data_dir."`
	Password     Secret `yaml:"password" doc:"Password of the user of PostgreSQL."`
	PasswordFile string `yaml:"password_file" doc:"File that holds the password."`
}

// Publish says where the tree heads of a day go, beside the page.
type Publish struct {
	Mail   []string `yaml:"mail" doc:"Addresses that get each day's heads. Name some that this server's operator cannot delete from."`
	Folder string   `yaml:"folder" doc:"Folder that gets each day's heads as a file, e.g. one that another computer fetches. Empty means none."`
}

// Webhooks says where messages to other programs may go.
type Webhooks struct {
	Addresses string `yaml:"addresses" oneof:"public,any" doc:"public means HTTPS to public addresses only, so that nobody can make this server call what stands beside it. any also allows plain HTTP and addresses of private networks and of this computer."`
}

// Branding is what people see of the operator.
type Branding struct {
	Name  string `yaml:"name" doc:"Name of the service."`
	Phone string `yaml:"phone" doc:"Telephone number for help, as people should dial it. Empty means none is shown."`
	Mail  string `yaml:"mail" doc:"Mail address for help. Empty means none is shown."`
}

// SMTP is the server that takes outgoing mail.
type SMTP struct {
	Host         string        `yaml:"host" doc:"Host name of the mail server."`
	Port         int           `yaml:"port" min:"1" max:"65535" doc:"Port of the mail server: 587 for starttls, 465 for tls."`
	Username     string        `yaml:"username" doc:"User name. Empty means no authentication."`
	Password     Secret        `yaml:"password" doc:"Password of the user."`
	PasswordFile string        `yaml:"password_file" doc:"File that holds the password."`
	From         string        `yaml:"from" doc:"Sender of every message, e.g. Parcels <parcels@example.org>. Needed as soon as host is set."`
	TLS          string        `yaml:"tls" oneof:"starttls,tls,none" doc:"How the connection is protected. none is for a mail server on the same machine."`
	Timeout      time.Duration `yaml:"timeout" min:"1s" max:"5m" doc:"How long one delivery to the mail server may take."`
}

// Gateway is anybody who takes messages to telephones by HTTP. URL, headers and body are templates of Go
// with the fields .To .From .Text .ID .Lang .Account .Secret and the functions query, json and xml.
type Gateway struct {
	Preset     string        `yaml:"preset" oneof:",twilio,twilio-whatsapp,twilio-voice,json" doc:"A gateway that is known; it fills in what is empty below. Many gateways take the same requests as twilio."`
	Method     string        `yaml:"method" doc:"Method of the request. Empty means POST."`
	URL        string        `yaml:"url" doc:"Address of the request, a template."`
	Headers    []string      `yaml:"headers" doc:"Headers of the request, each a template like Name: value."`
	Body       string        `yaml:"body" doc:"Body of the request, a template, e.g. to={{query .To}}&text={{query .Text}}."`
	From       string        `yaml:"from" doc:"Sender that the gateway knows: a number or a name."`
	Account    string        `yaml:"account" doc:"Account or user name at the gateway."`
	Secret     Secret        `yaml:"secret" doc:"Token or password of the account."`
	SecretFile string        `yaml:"secret_file" doc:"File that holds the secret."`
	Retry      []string      `yaml:"retry" doc:"Statuses of HTTP that mean try again, beside 408, 425, 429 and 500 to 599."`
	Dead       []string      `yaml:"dead" doc:"Statuses of HTTP that mean never, where the gateway differs: 200 to 299 is sent, 401, 403 and 404 a mistake in these settings, all else never."`
	Region     string        `yaml:"region" doc:"Country of numbers that name none, two letters such as ES. Empty means that they are refused."`
	Timeout    time.Duration `yaml:"timeout" min:"1s" max:"1m" doc:"How long the gateway may take to answer."`
}

// Set reports whether there is a gateway.
func (g Gateway) Set() bool { return g.Preset != "" || g.URL != "" }

// Notices says when residents are told and reminded.
type Notices struct {
	Reminders  []time.Duration `yaml:"reminders" min:"1h" max:"720h" doc:"Reminders, counted from the deposit, in rising order."`
	Repeat     time.Duration   `yaml:"repeat" min:"0s" max:"720h" doc:"After the last of these, one more reminder each time this has passed. 0s means none."`
	QuietStart string          `yaml:"quiet_start" doc:"Start of the hours without reminders, HH:MM in the time zone of the property. Both empty means no quiet hours."`
	QuietEnd   string          `yaml:"quiet_end" doc:"End of the hours without reminders, HH:MM."`
}

// Controller are the settings of the on-site half.
type Controller struct {
	DataDir        string `yaml:"data_dir" doc:"Folder of the journal, the replica of the directory and the controller's own key."`
	ServerURL      string `yaml:"server_url" doc:"The server that this site belongs to. Empty until the controller is enrolled."`
	DiskReserveMiB int    `yaml:"disk_reserve_mib" unit:"MiB" min:"16" max:"65536" doc:"Space kept free for the journal. Below it everything else stops growing, collection goes on."`

	Kiosk   Kiosk   `yaml:"kiosk" doc:"The touch screen beside the lockers."`
	Service Service `yaml:"service" doc:"The page on which an installer tests the doors, with a one-time code."`
	Doors   Doors   `yaml:"doors" doc:"How doors are watched."`

	Buses   []Bus    `yaml:"buses" doc:"The lines that lock boards hang on. A room without lock boards has none."`
	Sensors []Sensor `yaml:"sensors" doc:"Sensors whose reading is shown in the site's status."`
}

// Kiosk are the settings of the touch screen.
type Kiosk struct {
	Listen        string  `yaml:"listen" doc:"Address and port of the kiosk's pages. Keep it on loopback when the screen is on the same machine."`
	PanelInches   float64 `yaml:"panel_inches" unit:"inches" min:"5" max:"100" doc:"Diagonal of the screen. Touch targets are sized in real millimetres from it."`
	PanelWidthPX  int     `yaml:"panel_width_px" unit:"pixels" min:"320" max:"16384" doc:"Width of the screen as it stands."`
	PanelHeightPX int     `yaml:"panel_height_px" unit:"pixels" min:"320" max:"16384" doc:"Height of the screen as it stands."`
}

// Service are the settings of the installer's page.
type Service struct {
	Listen string `yaml:"listen" doc:"Address and port of the page. 0.0.0.0:8481 lets a phone on the local network in. It answers while the controller belongs to no site, and otherwise only after cubby controller service-code. Empty means never."`
}

// Doors says how doors are watched.
type Doors struct {
	PollIdle time.Duration `yaml:"poll_idle" min:"100ms" max:"1m" doc:"Time between two looks at a board while nobody is there."`
	PollBusy time.Duration `yaml:"poll_busy" min:"20ms" max:"5s" doc:"Time between two looks at a board while a door is being opened or is open."`
}

// Bus is one line with lock boards of one protocol family.
type Bus struct {
	Name    string     `yaml:"name" doc:"Name that layouts and messages use."`
	Port    string     `yaml:"port" doc:"serial:DEVICE?baud=N, tcp:HOST:PORT, or gpio:/dev/gpiochipN for the lines of this computer. Without baud the model's or the family's rate is taken."`
	Model   string     `yaml:"model" doc:"Model of the boards, as cubby board models lists them. It brings family and options; what is set here beats it."`
	Family  string     `yaml:"family" oneof:",rs485,kerong,modbus,wkly,winnsen,usbrelay,gpio" doc:"Protocol of the boards. Empty means the model's, or rs485 without a model."`
	Boards  []int      `yaml:"boards" min:"0" max:"255" doc:"Addresses of the boards, as their switches set them."`
	Options BusOptions `yaml:"options" doc:"What the protocol leaves open. Empty, 0 or 0s means the model's value, or else the family's own."`
}

// Sensor is a reading that the operating system offers as a file.
type Sensor struct {
	Name string `yaml:"name" doc:"Name shown to operators."`
	Kind string `yaml:"kind" oneof:"temperature" doc:"What it measures. A temperature file holds thousandths of a degree Celsius, as Linux writes them."`
	File string `yaml:"file" doc:"The file to read."`
}

// Default returns the settings of a fresh installation. Lists of buses and sensors are empty.
func Default() Config {
	return Config{
		Log:        Log{Level: "info", Format: "text"},
		Server:     defaultServer(),
		Controller: defaultController(),
	}
}

func defaultServer() Server {
	return Server{
		Listen:    "127.0.0.1:8080",
		PublicURL: "http://localhost:8080",
		DataDir:   "cubby-data/server",
		TLS:       defaultTLS(),
		Language:  "en",
		Branding:  Branding{Name: "Cubby"},
		SMTP:      SMTP{Port: 587, TLS: "starttls", Timeout: 30 * time.Second},
		SMS:       Gateway{Timeout: 15 * time.Second},
		Voice:     Gateway{Timeout: 15 * time.Second},
		Notices: Notices{
			Reminders:  []time.Duration{24 * time.Hour, 48 * time.Hour},
			Repeat:     24 * time.Hour,
			QuietStart: "21:00",
			QuietEnd:   "08:00",
		},
		Webhooks:    Webhooks{Addresses: "public"},
		Planner:     "on",
		LinkSilence: 5 * time.Minute,
	}
}

func defaultController() Controller {
	return Controller{
		DataDir:        "cubby-data/controller",
		DiskReserveMiB: 64,
		Kiosk: Kiosk{
			Listen:        "127.0.0.1:8480",
			PanelInches:   10.1,
			PanelWidthPX:  1280,
			PanelHeightPX: 800,
		},
		Service: Service{Listen: "127.0.0.1:8481"},
		Doors: Doors{
			PollIdle: time.Second,
			PollBusy: 150 * time.Millisecond,
		},
	}
}

// defaultBus is what an entry of buses starts from, and the example in the printed file.
func defaultBus() Bus {
	return Bus{
		Name:   "left",
		Port:   "serial:/dev/ttyUSB0?baud=9600",
		Model:  "8a80-24",
		Boards: []int{1},
	}
}

// defaultSensor is the example in the printed file.
func defaultSensor() Sensor {
	return Sensor{Name: "cabinet", Kind: "temperature", File: "/sys/class/thermal/thermal_zone0/temp"}
}

// DatabaseURL returns where the tables are, with the default filled in.
func (s Server) DatabaseURL() string {
	if s.Database.URL != "" {
		return s.Database.URL
	}
	return "sqlite:" + filepath.Join(s.DataDir, "cubby.db")
}
