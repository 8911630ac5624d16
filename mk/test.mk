# SPDX-License-Identifier: BSD-2-Clause
# Tests and checks: all are programs that print TAP, and tests/run counts them.

# `make check ONLY='tests/pam/% tests/cli/%'` runs some of them.
ONLY       ?= %
CHECKS     := $(filter $(ONLY),$(addprefix mk/check-,deps.sh docs.sh format.sh threats.sh))
TEST_SRC   := $(filter $(ONLY),$(wildcard tests/pam/*.c tests/fault/*.c tests/unit/*.c))
TEST_PROGS := $(TEST_SRC:%.c=$(B)/%)
TEST_PAM   := $(filter $(B)/tests/pam/%,$(TEST_PROGS))
TEST_BATS  := $(filter $(ONLY),$(sort $(wildcard tests/*/*.bats tests/*/*/*.bats)))

# Two at a time on two processors. Sanitizers and valgrind need their time.
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
TIMEOUT ?= $(if $(SAN),1200,300)
RUN      = tests/run -j $(JOBS) -t $(TIMEOUT)
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

export CC
export AK_TOP    := $(CURDIR)
export AK_BUILD  := $(abspath $(B))
export AK_MODULE := $(AK_BUILD)/pam_authkey.so
export AK_TOOL   := $(AK_BUILD)/authkey
export AK_SAN    := $(SAN)
# Set when it is gcc -O2 and nothing more: instructions are counted then.
export AK_PLAIN  := $(if $(SAN)$(IS_CLANG),,$(filter -O2,$(CFLAGS)))

# What takes longest begins first: in the end no processor waits for another.
LONG       := $(addprefix tests/,scenario/year.bats cli/usage_fold.bats build/check-deps.bats \
                packages/deb.bats \
                cli/kills.bats cli/memory.bats cli/safety.bats cli/import.bats cli/backup.bats cli/examples.bats \
                pam/usage_together pam/usage_trouble pam/switched fault/usage fault/changes \
                services/key_or_password/key_or_password.bats) mk/check-format.sh
long_first  = $(foreach l,$(LONG),$(filter $(l) $(B)/$(l),$(1))) $(filter-out $(LONG) $(LONG:%=$(B)/%),$(1))

# What all tests share; a test of the module has a PAM host besides.
TEST_PARTS := fixture support forge
$(filter $(B)/tests/pam/% $(B)/tests/fault/%,$(TEST_PROGS)): $(B)/tests/host.o
# Tests of what a module leaves behind compare the whole host.
$(filter %traces,$(TEST_PROGS)): $(B)/tests/snapshot.o
# A test of usage reads usage files and folds them.
USAGE_PROGS := $(foreach t,$(TEST_PROGS),$(if $(filter usage%,$(notdir $(t))),$(t)))
$(USAGE_PROGS): $(B)/tests/records.o
$(filter $(B)/tests/fault/%,$(TEST_PROGS)): $(B)/tests/faults.o $(B)/tests/faults_libc.o
# There SQLite fails, too, as core calls it.
SQLITE_FAILS := step exec prepare_v2 prepare_v3 open_v2 bind_int64 bind_int bind_null bind_blob bind_text \
                busy_timeout backup_init backup_step
$(B)/tests/fault/changes: $(B)/tests/commands.o
$(B)/tests/fault/changes $(B)/tests/fault/passwd: $(B)/tests/whole.o
$(B)/tests/fault/changes $(B)/tests/fault/usage: $(B)/tests/faults_sqlite.o
$(B)/tests/fault/changes $(B)/tests/fault/usage: WRAPS := $(SQLITE_FAILS:%=-Wl,--wrap=sqlite3_%)

$(B)/tests/%: $(B)/tests/%.o $(TEST_PARTS:%=$(B)/tests/%.o) $(B)/libauthkey.a
	$(call say,LD)
	$(Q)$(CC) -rdynamic -o $@ $(filter %.o,$^) $(filter %.a,$^) $(WRAPS) $(SANITIZE) $(LDFLAGS) $(LIBS_CMOCKA) $(LIBS_PAM) \
	  $(LIBS_SQLITE) $(LIBS_SODIUM) -lpthread

-include $(TEST_PROGS:=.d) $(wildcard $(B)/tests/*.d)

include mk/fuzz.mk

# A scenario has the clock of its test in the tool, and so have days and hours that are
# counted; many logins in one process, as for the packages, too.
SCENARIO_PARTS := $(if $(filter tests/scenario/% tests/packages/%,$(TEST_BATS)), \
                  $(B)/tests/clock.so $(B)/tests/logins $(B)/tests/killer) \
                  $(if $(filter tests/cli/usage_stats.bats,$(TEST_BATS)),$(B)/tests/clock.so)

$(B)/tests/clock.so: $(B)/tests/clock.o
	$(call say,LD)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS)

# Loaded into the tool, one leaves it short of memory, the other is its clock.
PRELOADED := $(if $(filter tests/cli/%,$(TEST_BATS)),$(B)/tests/starve.so $(B)/tests/clock.so)
$(B)/tests/starve.o: private CFLAGS += -fno-builtin
$(B)/tests/starve.so: $(B)/tests/starve.o
	$(call say,LD)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS)

$(B)/tests/logins: $(B)/tests/logins.o
	$(call say,LD)
	$(Q)$(CC) -rdynamic -o $@ $^ $(SANITIZE) $(LDFLAGS) $(LIBS_PAM)

$(B)/tests/killer: $(B)/tests/killer.o
	$(call say,LD)
	$(Q)$(CC) -o $@ $^ $(SANITIZE) $(LDFLAGS)

# What is measured is tested, too.
BENCH_PROGS  := $(addprefix $(B)/bench/,bench keys login timed timing usage)
BENCH_NEEDED := $(if $(filter tests/build/bench.bats tests/build/cost.bats,$(TEST_BATS)),$(BENCH_PROGS))

# Packages come first: what pkg-config says of them is read when make starts, so each
# goal that installs some starts make anew.
.PHONY: setup
setup: ## install what a build needs (root on Debian), or say what is missing
	@mk/setup.sh build

.PHONY: demo demo-run
demo: ## the whole story in a throwaway folder: a key is made, used, disabled, enabled
	@mk/setup.sh build
	@$(MAKE) --no-print-directory $(PARALLEL) demo-run

demo-run: all $(B)/demo/login
	@status=0; demo/run.sh || status=$$?; $(YIELD); exit $$status

$(B)/demo/login: $(B)/demo/login.o
	$(call say,LD)
	$(Q)$(CC) -o $@ $^ $(SANITIZE) $(LDFLAGS) $(LIBS_PAM)

-include $(B)/demo/login.d

# What root has built in somebody's tree stays that somebody's.
YIELD = chown -R --reference=Makefile $(B) 2>/dev/null || :

.PHONY: check check-run
check: ## set up, build, run every check and every test
	@mk/setup.sh check
	@$(MAKE) --no-print-directory $(PARALLEL) check-run

check-run: all $(TEST_PROGS) $(FUZZ_PROGS) $(SCENARIO_PARTS) $(PRELOADED) $(BENCH_NEEDED) $(B)/demo/login
	@status=0; $(RUN) $(call long_first,$(CHECKS) $(TEST_BATS) $(TEST_PROGS) $(FUZZ_PROGS)) || status=$$?; $(YIELD); exit $$status

.PHONY: check-deps check-docs check-format check-threats
check-deps: all ## who may include whom
	@$(RUN) mk/check-deps.sh
check-docs: all ## every command and option stands in its man page, and the reverse
	@$(RUN) mk/check-docs.sh
check-format: ## clang-format, shellcheck, licence lines
	@$(RUN) mk/check-format.sh
check-threats: ## docs/THREATS.md, the tests and the list of mutants name each other
	@$(RUN) mk/check-threats.sh

# `make mutants GUARDS='R26'`
.PHONY: mutants
mutants: ## take each guard out of a copy of the code, and see its tests fail
	@mk/setup.sh check
	@tests/mutants/run -j $(JOBS) '$(GUARDS)'

# In `make check` some of them are tried.
FAULT_PROGS := $(patsubst %.c,$(B)/%,$(wildcard tests/fault/*.c))
.PHONY: faults
faults: all ## let each call of each command fail, one after the other, and count them
	@$(MAKE) --no-print-directory ONLY='tests/fault/%' $(FAULT_PROGS)
	@tests/faults.sh $(FAULT_PROGS)

.PHONY: kills
kills: all $(B)/tests/killer $(B)/tests/starve.so $(B)/demo/login ## commands are killed at each call; a thousand and logins at random, SEED=1
	@AK_KILLS=$(or $(KILLS),1000) AK_SEED=$(or $(SEED),1) bats tests/scenario/kills.bats
	@tests/kills.sh $(JOBS)

# SQLite keeps pointers into the middle of its blocks: "possibly lost" is no leak.
MEMCHECK := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
            --errors-for-leak-kinds=definite

.PHONY: valgrind
valgrind: all $(TEST_PAM) ## the tests of the module under valgrind
	@tests/run -j $(JOBS) -t 1800 -w '$(MEMCHECK)' $(call long_first,$(TEST_PAM))

BENCH_PARTS := bench common round_robin together transact converse

$(B)/bench/bench: $(BENCH_PARTS:%=$(B)/bench/%.o)
$(B)/bench/keys $(B)/bench/timed: $(B)/bench/common.o
$(B)/bench/timing: $(addprefix $(B)/bench/,common.o converse.o round_robin.o welch.o)
$(B)/bench/%: $(B)/bench/%.o $(B)/libauthkey.a
	$(call say,LD)
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(SANITIZE) $(LDFLAGS) $(LIBS_PAM) $(LIBS_SQLITE) \
	  $(LIBS_SODIUM) -lm

# As small as a service can be that speaks PAM.
$(B)/bench/login: $(B)/bench/login.o $(B)/bench/converse.o
	$(call say,LD)
	$(Q)$(CC) -o $@ $^ $(SANITIZE) $(LDFLAGS) $(LIBS_PAM)

-include $(wildcard $(B)/bench/*.d)

.PHONY: bench bench-full bench-readme bench-run timing
bench: ## what logins and commands cost, in a minute
	@$(MAKE) --no-print-directory $(PARALLEL) bench-run
bench-full: ## the same up to ten million keys, in ten minutes
	@$(MAKE) --no-print-directory $(PARALLEL) BENCH=full bench-run
bench-readme: ## bench-full, into README.md, docs/performance.md and its plot
	@$(MAKE) --no-print-directory $(PARALLEL) BENCH=full PAGES=1 bench-run
timing: ## whether the time of a refusal tells its reason (R10), T=20 seconds for each store
	@$(MAKE) --no-print-directory $(PARALLEL) BENCH=timing bench-run
bench-run: all $(BENCH_PROGS)
	@bench/run.sh $(or $(BENCH),short)
