# SPDX-License-Identifier: BSD-2-Clause
# Warnings, hardening and sanitizers. CFLAGS, CPPFLAGS and LDFLAGS belong to the user.

CFLAGS ?= -O2 -g

IS_CLANG := $(shell $(CC) --version 2>/dev/null | grep -q clang && echo yes)
ARCH     := $(shell $(CC) -dumpmachine 2>/dev/null | sed 's/-.*//')

WARNINGS := -Wall -Wextra -Wformat=2 -Werror=format-security -Wconversion -Wshadow -Wvla \
            -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef \
            -Werror=switch-enum -Werror=implicit-function-declaration

HARDENING := -fstack-protector-strong -fstack-clash-protection -fno-strict-overflow \
             -fno-delete-null-pointer-checks
ifeq ($(IS_CLANG),yes)
# What is filled from the beginning hides from the memory sanitizer what is not.
HARDENING += $(if $(filter memory,$(SAN)),,-ftrivial-auto-var-init=pattern)
else
HARDENING += -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
endif
ifneq ($(filter x86_64 i686,$(ARCH)),)
HARDENING += -fcf-protection=full
endif
ifeq ($(ARCH),aarch64)
HARDENING += -mbranch-protection=standard
endif

# A sanitizer watches what fortified functions would hide from it.
ifdef SAN
SANITIZE := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
else
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif

LIBS_SQLITE := $(shell $(PKG_CONFIG) --libs sqlite3 2>/dev/null)
LIBS_SODIUM := $(shell $(PKG_CONFIG) --libs libsodium 2>/dev/null)
LIBS_PAM    := -lpam
LIBS_CMOCKA := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)
LIBS_TOOL   := $(shell $(PKG_CONFIG) --libs jansson smartcols libedit 2>/dev/null)
CFLAGS_LIBS := $(shell $(PKG_CONFIG) --cflags sqlite3 libsodium jansson smartcols libedit 2>/dev/null)

AK_CFLAGS := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -fPIC \
             -fvisibility=hidden -ffunction-sections -fdata-sections \
             $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS_LIBS) -Icore -I$(GEN)

AK_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed,--gc-sections \
              $(SANITIZE)
