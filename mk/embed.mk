# SPDX-License-Identifier: BSD-2-Clause
# schema/ becomes C: each file one array, the queries and both sets of migrations also
# a table.
# (od is everywhere and knows no limit on the length of a literal.)

GEN        := $(B)/gen
SQL        := $(sort $(wildcard schema/*.sql schema/*/*.sql))
QUERIES    := $(notdir $(basename $(filter schema/queries/%,$(SQL))))
MIGRATIONS := $(notdir $(basename $(filter schema/migrations/%,$(SQL))))
USAGE      := $(notdir $(basename $(filter schema/usage/%,$(SQL))))

# The list of names is an input too, so that a file taken away is noticed.
$(GEN)/sql.list: FORCE
	@mkdir -p $(@D)
	@echo '$(SQL)' | cmp -s - $@ || echo '$(SQL)' > $@

$(GEN)/sql.h: $(GEN)/sql.list mk/embed.mk
	@{ echo '/* Made from schema/ by mk/embed.mk. */'; \
	   echo '#ifndef AK_SQL_H'; echo '#define AK_SQL_H'; \
	   for f in $(notdir $(basename $(SQL))); do echo "extern const char ak_sql_$$f[];"; done; \
	   echo 'enum ak_query {'; \
	   for f in $(QUERIES); do echo "	AK_Q_$$f,"; done; echo '	AK_Q_COUNT'; echo '};'; \
	   echo 'extern const char *const ak_queries[AK_Q_COUNT];'; \
	   echo '#define AK_MIGRATION_COUNT $(words $(MIGRATIONS))'; \
	   echo 'extern const char *const ak_migrations[AK_MIGRATION_COUNT];'; \
	   echo '#define AK_USAGE_MIGRATION_COUNT $(words $(USAGE))'; \
	   echo 'extern const char *const ak_usage_migrations[AK_USAGE_MIGRATION_COUNT];'; \
	   echo '#endif'; } > $@

$(GEN)/sql.c: $(SQL) $(GEN)/sql.h
	@{ echo '/* Made from schema/ by mk/embed.mk. */'; echo '#include "sql.h"'; \
	   for f in $(SQL); do \
	     echo "const char ak_sql_$$(basename "$$f" .sql)[] = {"; \
	     od -An -v -tu1 "$$f" | sed 's/[0-9][0-9]*/&,/g'; echo '0 };'; \
	   done; \
	   echo 'const char *const ak_queries[AK_Q_COUNT] = {'; \
	   for f in $(QUERIES); do echo "	ak_sql_$$f,"; done; echo '};'; \
	   echo 'const char *const ak_migrations[AK_MIGRATION_COUNT] = {'; \
	   for f in $(MIGRATIONS); do echo "	ak_sql_$$f,"; done; echo '};'; \
	   echo 'const char *const ak_usage_migrations[AK_USAGE_MIGRATION_COUNT] = {'; \
	   for f in $(USAGE); do echo "	ak_sql_$$f,"; done; echo '};'; } > $@

.PHONY: FORCE
FORCE:
