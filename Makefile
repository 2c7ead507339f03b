# A thin table of what can be made; the work is done by ./test and deploy/release.sh.
.PHONY: all build test quick generate release install clean

all: build

build: ## the program, for this computer
	CGO_ENABLED=0 go build -trimpath -o cubby ./cmd/cubby

test: ## everything that must hold before a change goes in
	./test

quick: ## the same without the race detector and the browser
	./test quick

generate: ## writes the generated code
	./test generate

release: ## programs and Debian packages for amd64, arm64 and armv7 into dist/
	deploy/release.sh

install: build ## the program and the units, without a package; see docs/install.md
	install -D -m 0755 cubby $(DESTDIR)/usr/bin/cubby
	install -d $(DESTDIR)/usr/lib/systemd/system
	install -m 0644 docs/examples/cubby-server.service docs/examples/cubby-controller.service $(DESTDIR)/usr/lib/systemd/system/

clean: ## what release and build have made
	rm -rf dist cubby
