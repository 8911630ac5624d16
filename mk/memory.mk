# SPDX-License-Identifier: BSD-2-Clause
# clang's memory sanitizer: nothing is read that nobody wrote. The libraries beside ours
# are not built with it; tests/msan.c says what they fill.

ifneq ($(filter memory,$(SAN)),)
FILLING := fstat64 lstat64 stat64 fstatat64 randombytes_buf sodium_memzero crypto_shorthash_keygen \
           crypto_shorthash crypto_generichash crypto_generichash_final crypto_pwhash \
           crypto_scalarmult_base crypto_box_seal crypto_box_seal_open crypto_secretbox_easy \
           crypto_secretbox_open_easy sodium_bin2hex sodium_bin2base64 crypto_box_keypair \
           sodium_base642bin
$(TEST_PROGS) $(FUZZ_PROGS): $(B)/tests/msan.o
$(TEST_PROGS) $(FUZZ_PROGS): private LDFLAGS += $(FILLING:%=-Wl,--wrap=%)
endif

# Those that need no SQLite: it asks libc about memory of its own, which the sanitizer
# then takes for ours. With -O2 clang drops reads of what nobody wrote before the sanitizer
# sees them.
MEMORY := $(addprefix tests/unit/,address% decide% mint% pam_stack% reason% recovery_file% scan% \
            token% usage_record% when% words%) \
          $(addprefix fuzz/fuzz_,options% record% scan% stack% text% token% when%)

.PHONY: memory memory-run
memory: ## tests of pure code under clang's memory sanitizer
	@mk/setup.sh ci
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang SAN=memory CFLAGS='-O1 -g' ONLY='$(MEMORY)' memory-run
memory-run: $(TEST_PROGS) $(FUZZ_PROGS)
	@status=0; $(RUN) $^ || status=$$?; $(YIELD); exit $$status
