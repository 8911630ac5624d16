# SPDX-License-Identifier: BSD-2-Clause
# What finds flaws without running anything: gcc's analyzer, clang-tidy (.clang-tidy) and
# cppcheck over all that is installed.

ANALYZED := $(filter $(ONLY),$(wildcard core/*.c pam_module/*.c admin_tool/*.c))

# `make analyze ONLY='core/%'`
.PHONY: analyze analyze-run
analyze: ## gcc -fanalyzer, clang-tidy and cppcheck, each file a test
	@mk/setup.sh ci
	@$(MAKE) --no-print-directory $(PARALLEL) analyze-run

analyze-run: export AK_SOURCES := $(ANALYZED)
analyze-run: export AK_FLAGS   := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
                                  -DAK_VERSION='"$(VERSION)"' $(CFLAGS_LIBS) -Icore -I$(GEN)
analyze-run: export AK_JOBS    := $(JOBS)
analyze-run: $(GEN)/sql.h
	@status=0; tests/run -t 1800 mk/analyze.sh || status=$$?; $(YIELD); exit $$status
