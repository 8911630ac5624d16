# SPDX-License-Identifier: BSD-2-Clause
# pam_authkey: API auth keys for every service that speaks PAM. `make help` lists goals.

MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/sh
PKG_CONFIG ?= pkg-config
comma     := ,

VERSION := 0.1.0

# All that is built lies below build/, one folder for each compiler and sanitizer.
B ?= build$(if $(filter-out cc gcc,$(CC)),/$(notdir $(CC)))$(if $(SAN),/$(subst $(comma),-,$(SAN)))

# `make V=1` shows whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# `env -i make` has no PATH; a root shell may lack the folders of system programs.
PATH ?= /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

include mk/embed.mk
include mk/flags.mk

# core/ has two halves: reading, which every login loads, and writing, for the tool.
CORE_READ  := address btree crc32 decide delta digest error escape log_line module_options name pack quiet reason store token \
              trusted usage_record usage_write verify when words
CORE_WRITE := $(filter-out $(CORE_READ),$(basename $(notdir $(wildcard core/*.c))))
CORE       := $(CORE_READ:%=$(B)/core/%.o) $(CORE_WRITE:%=$(B)/core/%.o) $(B)/gen/sql.o
# pam_module/ has two modules: the one that changes keys stands apart from logins.
PASSWD_OWN := pam_authkey_passwd passwd_change
PASSWD     := $(PASSWD_OWN:%=$(B)/pam_module/%.o) $(B)/pam_module/log.o $(B)/pam_module/talk.o
MODULE     := $(filter-out $(PASSWD_OWN:%=$(B)/pam_module/%.o), \
              $(patsubst %.c,$(B)/%.o,$(wildcard pam_module/*.c)))
TOOL       := $(patsubst %.c,$(B)/%.o,$(wildcard admin_tool/*.c))

.PHONY: all
all: $(B)/pam_authkey.so $(B)/pam_authkey_passwd.so $(B)/authkey ## build the modules and the tool

$(B)/%.o: %.c $(GEN)/sql.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) -DAK_VERSION='"$(VERSION)"' $(AK_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/gen/sql.o: $(GEN)/sql.c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(AK_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libauthkey.a: $(CORE)
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# -z nodelete: hosts unload modules after every login; to stay costs nothing and is faster.
$(B)/%.so: $(B)/libauthkey.a pam_module/%.map
	$(call say,LD)
	$(Q)$(CC) -shared -o $@ $(filter %.o,$^) $(B)/libauthkey.a $(AK_LDFLAGS) $(LDFLAGS) \
	  $(if $(SAN),,-Wl$(comma)-z$(comma)defs) -Wl,-z,nodelete \
	  -Wl,--version-script=pam_module/$*.map \
	  $(LIBS_PAM) $(if $(filter %_passwd,$*),$(LIBS_SQLITE)) $(LIBS_SODIUM)
$(B)/pam_authkey.so: $(MODULE)
$(B)/pam_authkey_passwd.so: $(PASSWD)

$(B)/authkey: $(TOOL) $(B)/libauthkey.a
	$(call say,LD)
	$(Q)$(CC) -pie -o $@ $(TOOL) $(B)/libauthkey.a $(AK_LDFLAGS) $(LDFLAGS) \
	  $(LIBS_SQLITE) $(LIBS_SODIUM) $(LIBS_TOOL)

-include $(CORE:.o=.d) $(MODULE:.o=.d) $(PASSWD:.o=.d) $(TOOL:.o=.d)

include mk/test.mk
include mk/coverage.mk
include mk/analyze.mk
include mk/memory.mk
include mk/install.mk

.PHONY: clean
clean: ## take away all that was built
	rm -rf build

.PHONY: help
help: ## list the goals
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
