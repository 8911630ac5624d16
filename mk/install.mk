# SPDX-License-Identifier: BSD-2-Clause
# PREFIX is for the tool and the man pages; the module goes where this system's libpam
# looks for modules, which is where its own pam_permit.so lies. DESTDIR stands before all.

PREFIX  ?= /usr/local
sbindir ?= $(PREFIX)/sbin
mandir  ?= $(PREFIX)/share/man
unitdir ?= $(PREFIX)/lib/systemd/system

# Where Debian's shells look for completions of packages, and for others below /usr/local.
bashcompdir ?= $(PREFIX)/share/bash-completion/completions
zshcompdir  ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
fishcompdir ?= $(PREFIX)/share/fish/vendor_completions.d

MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
PAMDIRS   := $(MULTIARCH:%=/usr/lib/%/security) /usr/lib64/security /usr/lib/security \
             $(MULTIARCH:%=/lib/%/security) /lib64/security /lib/security
pamdir    ?= $(patsubst %/,%,$(dir $(firstword $(wildcard $(PAMDIRS:=/pam_permit.so)) \
             /usr/lib/security/)))

MAN8 := docs/man/authkey.8 docs/man/pam_authkey.8 docs/man/pam_authkey_passwd.8
MAN5 := docs/man/authkey-store.5

MODULES := pam_authkey.so pam_authkey_passwd.so

TIMER := /etc/systemd/system/timers.target.wants/authkey-fold.timer
UNITS := $(wildcard packaging/systemd/*)

INSTALLED := $(MODULES:%=$(pamdir)/%) $(sbindir)/authkey $(UNITS:packaging/systemd/%=$(unitdir)/%) \
             $(MAN8:docs/man/%=$(mandir)/man8/%) $(MAN5:docs/man/%=$(mandir)/man5/%) \
             $(bashcompdir)/authkey $(zshcompdir)/_authkey $(fishcompdir)/authkey.fish

# dpkg may know the folder by the other of its two names, with /usr and without.
OF_DEBIAN = dpkg -S $(foreach d,$(pamdir:/usr/%=/%),$(d)/pam_authkey.so /usr$(d)/pam_authkey.so) 2>/dev/null

# What a package has put there is dpkg's to replace and to take away.
.PHONY: not-of-debian
not-of-debian:
	@$(if $(DESTDIR),:,! $(OF_DEBIAN) | grep -q . || { \
	  echo "make: $(pamdir)/pam_authkey.so belongs to the Debian package libpam-authkey: nothing is changed."; \
	  echo "make: Either take the package away, apt-get remove libpam-authkey, or let this goal leave its"; \
	  echo "make: modules alone: pamdir=/usr/local/lib/security"; exit 1; } >&2)

.PHONY: install
install: not-of-debian all ## PREFIX=/usr/local, DESTDIR=, pamdir=, sbindir=, mandir=, unitdir=, bash-, zsh-, fishcompdir=
	install -d $(sort $(dir $(INSTALLED:%=$(DESTDIR)%)))
	install -m 644 $(MODULES:%=$(B)/%) $(DESTDIR)$(pamdir)/
	install -m 755 $(B)/authkey $(DESTDIR)$(sbindir)/
	for unit in $(UNITS); do \
	  sed 's|@sbindir@|$(sbindir)|' $$unit >$(B)/unit && \
	  install -m 644 $(B)/unit $(DESTDIR)$(unitdir)/$${unit##*/} || exit; done
	install -m 644 $(MAN8) $(DESTDIR)$(mandir)/man8/
	install -m 644 $(MAN5) $(DESTDIR)$(mandir)/man5/
	install -m 644 packaging/completions/authkey.bash $(DESTDIR)$(bashcompdir)/authkey
	install -m 644 packaging/completions/_authkey $(DESTDIR)$(zshcompdir)/
	install -m 644 packaging/completions/authkey.fish $(DESTDIR)$(fishcompdir)/

.PHONY: uninstall
uninstall: not-of-debian ## take away what install has put there; keys stay
	@$(if $(DESTDIR),:,! [ $(TIMER) -ef $(unitdir)/$(notdir $(TIMER)) ] || systemctl disable --now $(notdir $(TIMER)) || [ ! -d /run/systemd/system ])
	rm -f $(INSTALLED:%=$(DESTDIR)%)

.PHONY: deb
deb: ## the Debian packages, in build/deb/
	@mk/setup.sh deb
	@status=0; mk/deb.sh $(B)/deb || status=$$?; $(YIELD); exit $$status
