# SPDX-License-Identifier: BSD-2-Clause
# What of core and of the modules the tests reach: built once more, in build/coverage.

# Of the tests of the tool those in which nobody else runs it: who may not write the
# counts there says so on stderr, at which other tests look.
COVERED ?= tests/unit/% tests/pam/% tests/fault/% fuzz/% \
           $(addprefix tests/cli/,backup% bulk% doctor% restore% rotate% states%)

ifdef COVERING
$(CORE) $(MODULE) $(PASSWD): private CFLAGS += -Og --coverage -fprofile-update=atomic
$(B)/tests/snapshot.o: private CFLAGS += -DCOVERING
endif

.PHONY: coverage
coverage: ## how many lines and branches the tests reach; fails below what is promised
	@mk/setup.sh check
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || :
	@status=0; $(MAKE) --no-print-directory $(PARALLEL) CC=gcc B=build/coverage COVERING=yes \
	  LDFLAGS=--coverage ONLY='$(COVERED)' check-run || status=$$?; \
	mk/coverage.sh build/coverage || status=1; exit $$status
