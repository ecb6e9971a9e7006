# Secure Mail. `make run` starts everything, `make test` tests everything; both do their own set-up.
# A build lives in build/$(MODE): debug (default), release, testing (fail points), asan, tsan, fuzz.

MODE    ?= debug
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
OUT     := build/$(MODE)
Q       := $(if $(V),,@)
JOBS    := -j$(shell nproc)

WARNINGS := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef \
            -Wswitch-enum -Wnull-dereference -fno-common
HARDEN   := -fstack-protector-strong -fPIE
CFLAGS_debug   := -O1 -g3
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_testing := -O1 -g3 -D_FORTIFY_SOURCE=2 -DSM_FAIL_POINTS
SANITIZE_asan  := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_tsan  := -fsanitize=thread
SANITIZE_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS_asan    := -O1 -g3 -U_FORTIFY_SOURCE -DSM_FAIL_POINTS $(SANITIZE_asan)
CFLAGS_tsan    := -O1 -g3 -U_FORTIFY_SOURCE $(SANITIZE_tsan)
CFLAGS_fuzz    := -O1 -g3 -U_FORTIFY_SOURCE $(SANITIZE_fuzz)

CPPFLAGS := -std=c17 -D_GNU_SOURCE -Ilib -I. -isystem /usr/include/postgresql
CFLAGS   := $(WARNINGS) $(HARDEN) $(CFLAGS_$(MODE)) $(EXTRA_CFLAGS)
LDFLAGS  := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE_$(MODE))

# Which libraries a program may link: the reader sees who can speak what.
LIBS_base      := -lcrypto -lmsgpackc -lczmq -lzmq -lpq -pthread
LIBS_service   := $(LIBS_base) -lseccomp
LIBS_gateway   := $(LIBS_service) -lmicrohttpd -lcurl
LIBS_crypto    := $(LIBS_service) -largon2
LIBS_notifier  := $(LIBS_service) -lcurl
LIBS_retention := $(LIBS_service) -lcurl
LIBS_audit     := $(LIBS_service)
LIBS_cli       := $(LIBS_base) -lcurl -ljansson
LIBS_test      := $(LIBS_service) -lmicrohttpd -largon2 -lcurl -lcmocka -ljansson -lz

SERVICES := gateway crypto notifier retention audit
TOOLS    := $(patsubst cli/main_%.c,%,$(wildcard cli/main_*.c))
PRESENT  := $(foreach s,$(SERVICES),$(if $(wildcard services/$(s)/main.c),$(s)))
PROGRAMS := $(PRESENT:%=$(OUT)/bin/securemail-%-service) $(TOOLS:%=$(OUT)/bin/%)

objects  = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
LIB_OBJECTS := $(call objects,$(wildcard lib/*/*.c proto/*.c))
LIB      := $(OUT)/libsecuremail.a
UNITS    := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/*.c tests/unit/*/*.c))
CONTRACTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/contract/*.c))
INTEROP  := $(OUT)/tests/interop/envelope
ATTACKER := $(OUT)/tests/attack/malicious_gateway
FUZZERS  := $(patsubst %.c,$(OUT)/%,$(wildcard tests/fuzz/*.c))
# Each of bench/ and bench/limit/ is a program; bench/client/ is one, the load client.
BENCHES  := $(patsubst %.c,$(OUT)/%,$(wildcard bench/*.c bench/limit/*.c)) $(OUT)/bench/client/client
PRINTERS := $(patsubst docs/print/main_%.c,$(OUT)/print/%,$(wildcard docs/print/main_*.c))
# What has threads, for the thread sanitizer.
THREADED := $(filter $(addprefix %/test_,admin health metric condition bus server client wire zap lost_zap password outbox relay kept_lists workers writer held sender sweeper cut exports),$(UNITS))

.PHONY: all programs attacker web run start stop status backup restore test check asan asan-check asan-system tsan tsan-run fuzz fuzz-run lint static format docs \
        bench bench-run bench-large chaos master-key verify-bundle test-compose fresh clean
.SECONDARY:
.DELETE_ON_ERROR:

all: programs web
attacker: $(ATTACKER)
programs: $(PROGRAMS)

# The pages, once for all modes: types checked, bundled, hashed, compressed, listed.
WEB_LIST := build/web/files.msgpack
web: $(WEB_LIST)
$(WEB_LIST): $(shell find web -type f) package-lock.json tsconfig.json
	@$(if $(V),,echo "  WEB")
	$(Q)node web/build.mjs

# --- build -----------------------------------------------------------------------------------------
$(OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC $<")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Which schema a program was built for; a folder is newer when a name was added.
MIGRATIONS := $(basename $(notdir $(sort $(wildcard db/migrations/[0-9]*.sql))))
$(OUT)/obj/lib/runtime/schema.o: CPPFLAGS += -DSM_MIGRATIONS='"$(MIGRATIONS)"'
$(OUT)/obj/lib/runtime/schema.o: db/migrations
RELEASE := $(shell sed -n 's/^ *"version": "\([^"]*\)",/\1/p' package.json)
$(OUT)/obj/lib/runtime/report.o: CPPFLAGS += -DSM_RELEASE='"$(RELEASE)"'
$(OUT)/obj/lib/runtime/report.o: package.json

$(LIB): $(LIB_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

define service
$(OUT)/lib$(1).a: $(call objects,$(filter-out services/$(1)/main.c,$(wildcard services/$(1)/*.c)))
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
$(OUT)/bin/securemail-$(1)-service: $(call objects,services/$(1)/main.c) $(OUT)/lib$(1).a $(LIB)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(LDFLAGS) $$^ $(LIBS_$(1)) -o $$@
endef
$(foreach s,$(SERVICES),$(eval $(call service,$(s))))

$(OUT)/libcli.a: $(call objects,$(filter-out cli/main_%.c,$(wildcard cli/*.c)))
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/bin/%: $(OUT)/obj/cli/main_%.o $(OUT)/libcli.a $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_cli) -o $@

# The verifier stands alone: nothing of ours but its own folder, no library but libcrypto.
$(OUT)/libverify.a: $(call objects,$(wildcard cli/verify/*.c))
	@rm -f $@
	$(Q)ar rcs $@ $^
$(OUT)/bin/securemail-verify: $(OUT)/obj/cli/main_securemail-verify.o $(OUT)/libverify.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ -lcrypto -o $@

ARCHIVES := $(SERVICES:%=$(OUT)/lib%.a) $(OUT)/libcli.a $(OUT)/libverify.a
TEST_SUPPORT := $(OUT)/libtestsupport.a
$(TEST_SUPPORT): $(call objects,$(wildcard tests/support/*.c))
	@rm -f $@
	$(Q)ar rcs $@ $^
$(UNITS) $(CONTRACTS): $(OUT)/tests/%: $(OUT)/obj/tests/%.o $(TEST_SUPPORT) $(ARCHIVES) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_test) -o $@
$(OUT)/bench/client/client: $(call objects,$(wildcard bench/client/*.c))
$(filter-out %/client,$(BENCHES)): $(OUT)/bench/%: $(OUT)/obj/bench/%.o
$(BENCHES): $(call objects,bench/support/figure.c) $(ARCHIVES) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_test) -o $@
$(INTEROP): $(OUT)/tests/interop/%: $(OUT)/obj/tests/interop/main_%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_base) -o $@
$(ATTACKER): $(OUT)/tests/attack/%: $(OUT)/obj/tests/attack/main_%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_base) -o $@
$(FUZZERS): $(OUT)/tests/%: $(OUT)/obj/tests/%.o $(ARCHIVES) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_test) -o $@

$(PRINTERS): $(OUT)/print/%: $(OUT)/obj/docs/print/main_%.o $(OUT)/obj/docs/print/print.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_base) -o $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

clean:
	rm -rf build

# --- checks ----------------------------------------------------------------------------------------
check: $(UNITS) $(CONTRACTS) $(INTEROP) $(OUT)/bin/securemail-verify
	@node tests/check.mjs $(INTEROP) $(OUT)/bin/securemail-verify $(UNITS) $(CONTRACTS)

asan:
	@$(MAKE) asan-check
	@$(MAKE) asan-system
asan-check:
	@$(MAKE) $(JOBS) CC=clang MODE=asan all
	@$(MAKE) $(JOBS) CC=clang MODE=asan check
asan-system:
	@$(MAKE) $(JOBS) CC=clang MODE=asan attacker
	@SM_TEST_MODE=asan node tests/system/run.mjs

tsan:
	@$(MAKE) $(JOBS) CC=clang MODE=tsan tsan-run
tsan-run: $(THREADED)
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.suppressions exitcode=99" node tests/run-binaries.mjs $^

# A minute each; with SM_FUZZ_RUNS=10000000 so many executions each, or an hour.
SM_FUZZ_SECONDS ?= $(if $(SM_FUZZ_RUNS),3600,60)
fuzz:
	@$(MAKE) $(JOBS) CC=clang MODE=fuzz fuzz-run
fuzz-run: $(FUZZERS)
	@SM_FUZZ_RUNS=$(SM_FUZZ_RUNS) tests/fuzz/run $(SM_FUZZ_SECONDS) $^

lint: $(PRINTERS) all
	@tests/lint $(OUT)
	@git ls-files 'lib/*.c' 'proto/*.c' 'services/*.c' 'cli/*.c' | \
	  xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$$@" -- $(CPPFLAGS) 2>/dev/null' tidy && echo 'clang-tidy: nothing found'

# gcc's analyzer and cppcheck: minutes.
static:
	@tests/static

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

docs: $(PRINTERS) programs
	@for page in $(filter-out web_%,$(notdir $(PRINTERS))); do $(OUT)/print/$$page > docs/$$page.md; done
	@$(OUT)/print/web_protocol > web/protocol/protocol.ts
	@$(OUT)/print/web_declaration > web/declaration/declaration.json
	@docs/print/cli $(OUT)/bin > docs/cli.md

bench:
	@$(MAKE) $(JOBS) MODE=release bench-run
bench-run: $(BENCHES) all
	@node bench/run.mjs $(BENCHES)
# The same operations on a new database and on one with a million messages (SM_BENCH_LARGE).
bench-large:
	@$(MAKE) $(JOBS) MODE=release build/release/bench/client/client all
	@node bench/large/run.mjs

# --- running and testing ---------------------------------------------------------------------------
run start:
	@dev/setup run
	@echo 'Building (the first time takes a minute)'
	@$(MAKE) -s $(JOBS) MODE=release all
	@exec node dev/run.mjs $@

stop status:
	@node dev/run.mjs $@

# make backup [FOLDER=...]; make restore FILE=folder KEY=backup.key JOURNAL=erasures.journal
backup restore:
	@dev/setup run
	@$(MAKE) -s $(JOBS) MODE=release programs
	@node dev/run.mjs $@

# Work goes on while things break: SECONDS=3600 make chaos.
chaos:
	@dev/setup test
	@$(MAKE) -s $(JOBS) MODE=testing all
	@node tests/chaos/run.mjs $(or $(SECONDS),60)

master-key:
	@printf 'SECURE_MAIL_MASTER_KEY=%s\n' "$$(openssl rand -base64 32)"

# Whether the gateway at URL serves what was built here.
verify-bundle: web
	@node web/verify.mjs '$(URL)'

# On a Docker engine that is running: the containers, and the README's commands on a bare machine.
test-compose:
	@dev/setup run
	@$(MAKE) -s $(JOBS) MODE=release programs
	@node tests/compose/run.mjs
fresh:
	@tests/fresh/run

test:
	@dev/setup test
	@node tests/run.mjs
