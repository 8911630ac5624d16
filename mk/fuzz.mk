# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets: fuzz/fuzz_NAME.c, its stored inputs fuzz/corpus/NAME, its words
# fuzz/NAME.dict. `make check` replays the stored inputs with the compiler of the build,
# and `make fuzz` looks for new ones with clang's libFuzzer.

FUZZ_SRC   := $(filter $(ONLY),$(wildcard fuzz/fuzz_*.c))
FUZZ_PROGS := $(FUZZ_SRC:%.c=$(B)/%)

# libFuzzer brings a main() of its own. SAN then is what objects are compiled with.
FUZZ_SAN   := fuzzer-no-link,address,undefined
FUZZ_MAIN  := $(if $(findstring fuzzer,$(SAN)),,replay)
FUZZ_PARTS := $(patsubst %,$(B)/fuzz/%.o,fuzz $(FUZZ_MAIN))

$(B)/fuzz/fuzz_%: $(B)/fuzz/fuzz_%.o $(FUZZ_PARTS) $(TEST_PARTS:%=$(B)/tests/%.o) $(B)/libauthkey.a
	$(call say,LD)
	$(Q)$(CC) -rdynamic -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	  $(subst fuzzer-no-link,fuzzer,$(SANITIZE)) $(FUZZ_WRAP) $(LDFLAGS) \
	  $(LIBS_CMOCKA) $(LIBS_PAM) $(LIBS_SQLITE) $(LIBS_SODIUM) $(FUZZ_LIBS)

# Whole logins: the module is linked in, since the linker makes its calls fail. libpam
# comes to it through the bridge.
FUZZ_LOGIN := $(B)/fuzz/fuzz_login
WRAPPED    := malloc open64 fstat64 lstat64 fcntl64 pread64 pwrite64 write clock_gettime pam_get_item \
              pam_set_item pam_set_data pam_putenv pam_get_user pam_modutil_getpwnam pam_syslog
$(FUZZ_LOGIN): private FUZZ_WRAP := $(WRAPPED:%=-Wl,--wrap=%)
$(FUZZ_LOGIN): $(MODULE) $(patsubst %,$(B)/fuzz/%.o,world wrap model login_check) | $(B)/fuzz/bridge.so
$(B)/fuzz/bridge.so: $(B)/fuzz/bridge.o
	$(call say,LD)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,nodelete $(LDFLAGS)

# What a delta says by its manual page.
$(B)/fuzz/fuzz_delta: $(B)/fuzz/delta_model.o

# What a message may say is the tool's matter.
$(B)/fuzz/fuzz_text: $(B)/admin_tool/text.o

# The reader of usage files works in tables of an installation.
$(B)/fuzz/fuzz_usage: $(B)/tests/records.o

# Those of the tool have all of it but its main().
FUZZ_TOOL := $(patsubst %,$(B)/fuzz/fuzz_%,apply import line)
$(FUZZ_TOOL): private FUZZ_LIBS := $(LIBS_TOOL)
$(FUZZ_TOOL): $(B)/fuzz/tool.o $(B)/fuzz/authkey.o $(filter-out %/authkey.o,$(TOOL))
$(B)/fuzz/authkey.o: admin_tool/authkey.c $(GEN)/sql.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) -DAK_VERSION='"$(VERSION)"' -Dmain=authkey_main $(AK_CFLAGS) -Wno-missing-prototypes \
	  $(CFLAGS) -MMD -MP -c $< -o $@

-include $(wildcard $(B)/fuzz/*.d)

# `make fuzz T=600 ONLY='fuzz/fuzz_token%'`
T ?= 60
.PHONY: fuzz fuzz-merge fuzz-run merge-run
fuzz: ## look for inputs that break what must hold, T seconds each target
	@mk/setup.sh ci
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang SAN=$(FUZZ_SAN) fuzz-run
fuzz-merge: ## store the inputs found so far that reach more, in fuzz/corpus
	@mk/setup.sh ci
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang SAN=$(FUZZ_SAN) merge-run

fuzz-run: $(FUZZ_PROGS)
	@status=0; fuzz/run -j $(JOBS) -t $(T) $(FUZZ_PROGS) || status=$$?; $(YIELD); exit $$status
merge-run: $(FUZZ_PROGS)
	@fuzz/run -m $(FUZZ_PROGS); $(YIELD)
