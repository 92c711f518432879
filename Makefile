# SPDX-License-Identifier: ISC
# jump: GNU make.  `make help` lists the targets; README.md the variables.

PREFIX     ?= /usr/local
LIBEXECDIR ?= $(PREFIX)/libexec/jump
SBINDIR    ?= $(PREFIX)/sbin
LIBDIR     ?= $(PREFIX)/lib
DATADIR    ?= $(PREFIX)/share/jump
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/jump
UNITDIR    ?= $(LIBDIR)/systemd/system
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
FISHDIR    ?= $(PREFIX)/share/fish/vendor_completions.d
SYSCONFDIR ?= /etc
STATEDIR   ?= /var/lib/jump
DESTDIR    ?=
SSH_KEYGEN ?= /usr/bin/ssh-keygen
SSH        ?= /usr/bin/ssh

# Only DESTDIR may have any name: shells read it from the environment.  The
# others stand in sshd_config(5) and in units.
export DESTDIR
ODD := ' " , ; & | < > ( ) ` * ? [ ] { } ~ ! $$ \ %
$(foreach v,LIBEXECDIR SBINDIR LIBDIR DATADIR MANDIR DOCDIR UNITDIR BASHDIR \
	ZSHDIR FISHDIR SYSCONFDIR STATEDIR,$(if $(or $(filter-out 1,$(words $($v))),\
	$(filter-out /%,$($v)),$(strip $(foreach c,$(ODD),$(findstring $c,$($v))))),\
	$(error $v=$($v) is not a plain path)))

VERSION := $(shell cat VERSION)
BUILD   ?= build$(if $(SAN),-san)$(if $(COVERAGE),-cov)

CC     ?= cc
CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla
# $(call takes,FLAG): the flag, if the compiler knows it for this machine.
takes   = $(shell $(CC) $(1) -Werror -fsyntax-only -x c /dev/null \
	2>/dev/null && echo $(1))
HARDEN := -fstack-protector-strong -fPIE -fno-plt \
	$(call takes,-fstack-clash-protection) $(call takes,-fcf-protection) \
	$(call takes,-mbranch-protection=standard)
ifdef SAN
INSTRUMENT := -fsanitize=address,undefined
HARDEN += -fno-sanitize-recover=all -fno-omit-frame-pointer
else
HARDEN += -D_FORTIFY_SOURCE=2
endif
ifdef FUZZ
INSTRUMENT += -fsanitize=fuzzer-no-link
endif
# Counters live in mapped files: what confinement leaves of a process, and a
# kill, cannot lose them, so the plug-ins are measured as they are shipped.
ifdef COVERAGE
INSTRUMENT += -fprofile-instr-generate=$(abspath $(BUILD))/profiles/%m%c
HARDEN += -fcoverage-mapping -mllvm -runtime-counter-relocation
endif
HARDEN += $(INSTRUMENT)
ifdef WERROR
WARN += -Werror
endif
CPPFLAGS += -Ilib -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DSTATEDIR='"$(STATEDIR)"' -DDATADIR='"$(DATADIR)"' \
	-DSSH_KEYGEN='"$(SSH_KEYGEN)"' -DSSH='"$(SSH)"'
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(INSTRUMENT)
COMPILE   = $(CC) -std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(CPPFLAGS) -MMD -MP

# V=1 shows the commands.
Q := $(if $(V),,@)

# What each program is made of.
POLICY  := lib/policy.c lib/policy_eval.c lib/policy_db.c lib/match.c
PARSE   := lib/policy_parse.c lib/policy_lex.c lib/policy_index.c \
	lib/policy_read.c lib/policy_people.c lib/policy_targets.c \
	lib/policy_rules.c lib/policy_check.c lib/policy_print.c \
	lib/policy_save.c lib/pubkey.c
GRANT   := lib/grant.c lib/grant_text.c lib/grant_judge.c \
	lib/grant_verify.c lib/signature.c lib/program.c
PLUGIN  := lib/audit.c lib/process.c lib/sandbox.c lib/decide.c lib/target.c

# Notes of logins.
LOGIN    := lib/login.c lib/login_device.c lib/monitor.c lib/procfs.c

IDENTIFY := jump-authkeys/identify.c jump-authkeys/keys.c \
	jump-authkeys/cert.c jump-authkeys/directory.c jump-authkeys/fence.c \
	lib/probe.c

LOG      := jumpctl/log.c jumpctl/log_json.c jumpctl/log_entry.c \
	jumpctl/log_record.c jumpctl/log_sshd.c jumpctl/log_trust.c \
	jumpctl/log_join.c jumpctl/log_gate.c jumpctl/log_queue.c \
	jumpctl/log_memory.c jumpctl/log_hosts.c jumpctl/log_source.c \
	jumpctl/log_why.c \
	jumpctl/log_filter.c jumpctl/log_print.c

LIVE     := jumpctl/who.c jumpctl/kick.c jumpctl/watch.c jumpctl/live.c \
	jumpctl/end.c jumpctl/table.c jumpctl/legs.c jumpctl/forwards.c \
	jumpctl/sockets.c jumpctl/device.c jumpctl/devices.c lib/listener.c \
	jumpctl/sweep.c jumpctl/sweep_judge.c jumpctl/judge.c jumpctl/within.c lib/session.c \
	$(LOGIN) lib/factor.c lib/swept.c

SEALS    := jumpctl/recordings.c jumpctl/verify.c jumpctl/verify_log.c jumpctl/replay.c \
	jumpctl/play.c jumpctl/escape.c jumpctl/plain.c jumpctl/seals.c \
	jumpctl/seal.c jumpctl/seal_log.c jumpctl/recording.c \
	jumpctl/asciicast.c jumpctl/utf8.c

NOTIFY   := jumpctl/notify.c jumpctl/notify_events.c jumpctl/notify_run.c \
	lib/notice.c

CLIENT   := lib/client.c lib/client_ssh.c lib/client_ansible.c \
	lib/client_tunnel.c lib/known.c

jump-authkeys_SRC := jump-authkeys/main.c jump-authkeys/confine.c \
	jump-authkeys/text.c $(IDENTIFY) lib/pubkey.c $(LOGIN) \
	lib/swept.c \
	$(GRANT) $(POLICY) $(PLUGIN)
jump-shell_SRC    := jump-shell/main.c jump-shell/command.c jump-shell/config.c \
	jump-shell/visit.c jump-shell/device.c jump-shell/online.c lib/listener.c \
	jump-shell/register.c jump-authkeys/keys.c jump-shell/terminal.c jump-shell/road.c \
	jump-shell/known_hosts.c jump-shell/menu.c jump-shell/layout.c \
	jump-shell/rows.c jump-shell/wish.c jump-shell/advice.c \
	jump-shell/answer.c lib/grant_print.c jump-shell/request.c jump-shell/who.c jump-shell/auth.c jumpctl/table.c \
	lib/factor.c $(LOGIN) lib/unmet.c \
	$(CLIENT) lib/pubkey.c jumpctl/legs.c jumpctl/sockets.c $(GRANT) \
	$(POLICY) \
	lib/audit.c lib/decide.c lib/process.c lib/session.c \
	lib/probe.c lib/swept.c lib/target.c
jump-connect_SRC  := jump-connect/main.c jump-connect/dial.c \
	jump-connect/confine.c jump-connect/lookup.c jump-connect/options.c \
	jump-connect/request.c jump-connect/gate.c jump-connect/capture.c \
	jump-connect/reach.c jump-connect/device.c lib/listener.c \
	lib/keeper.c lib/record.c $(LOGIN) jump-connect/relay.c jump-connect/hostkey.c \
	jump-connect/limits.c lib/factor.c jump-connect/asker.c \
	jump-connect/ticket.c lib/unmet.c lib/session.c \
	lib/notice.c $(GRANT) $(POLICY) $(PLUGIN)
jump-record_SRC   := jump-record/main.c jump-record/options.c \
	jump-record/copy.c jump-record/terminal.c jump-record/cast.c \
	lib/record.c lib/keeper.c lib/session.c $(LOGIN) \
	lib/factor.c lib/audit.c lib/process.c lib/decide.c \
	lib/target.c $(POLICY)
# process.c is for builds with ASan, whose leak checker cannot run there.
jump-ssh_SRC      := jump-ssh/main.c lib/process.c
jumpctl_SRC       := jumpctl/main.c jumpctl/complete.c jumpctl/source.c jumpctl/check.c \
	jumpctl/rights.c jumpctl/hosts.c jumpctl/ask.c jump-authkeys/keys.c \
	jumpctl/requests.c jumpctl/approvers.c lib/grant_print.c \
	jumpctl/load.c jumpctl/folders.c jumpctl/explain.c jumpctl/export.c jumpctl/export_client.c \
	jumpctl/init.c jumpctl/init_accounts.c jumpctl/init_users.c \
	jumpctl/init_places.c \
	jumpctl/init_targets.c jumpctl/init_print.c jumpctl/authorized.c \
	jumpctl/places.c jumpctl/foreign.c \
	jumpctl/export_device.c jumpctl/device_unit.c jumpctl/export_sshd.c jumpctl/openssh.c jumpctl/factors.c jumpctl/nft.c jumpctl/nft_print.c lib/probe.c \
	jumpctl/gate.c jumpctl/state.c $(NOTIFY) $(SEALS) \
	jumpctl/lock.c jumpctl/locks.c jumpctl/doctor.c \
	jumpctl/doctor_members.c jumpctl/doctor_machine.c \
	jumpctl/doctor_devices.c jumpctl/doctor_entries.c \
	jumpctl/doctor_inner.c jumpctl/doctor_clock.c \
	jumpctl/doctor_log.c jumpctl/doctor_traps.c jumpctl/doctor_firewall.c \
	jumpctl/doctor_config.c jumpctl/doctor_reach.c jumpctl/doctor_beside.c \
	jumpctl/doctor_pam.c jumpctl/doctor_registry.c \
	jumpctl/doctor_running.c jumpctl/doctor_programs.c jumpctl/doctor_needs.c \
	jumpctl/lacks.c \
	jumpctl/doctor_admins.c jumpctl/doctor_factors.c jumpctl/accounts.c jumpctl/sshd.c \
	jumpctl/edit.c jumpctl/diff.c jumpctl/diff_terms.c \
	jumpctl/diff_cells.c jumpctl/diff_people.c jumpctl/diff_groups.c \
	jumpctl/diff_judge.c jumpctl/diff_facts.c $(LOG) $(LIVE) \
	$(GRANT) $(POLICY) \
	$(CLIENT) lib/unmet.c jump-shell/road.c jump-shell/command.c \
	$(PARSE) lib/audit.c lib/target.c lib/decide.c lib/process.c
jump-authkeys_LIB :=
jump-shell_LIB    :=
jump-connect_LIB  :=
jump-record_LIB   :=
jump-ssh_LIB      :=
jumpctl_LIB       := -lbsd -lmd -lz

PROGRAMS := jump-authkeys jump-shell jump-connect jump-record jump-ssh jumpctl

# Unit tests link only the files that they name.
UNIT := layout rows wish match pubkey parse deny eval db print target audit command answer \
	keys process sandbox relay dial lookup options hostkey cert \
	directory identify program session login login_device limits monitor auth factors factor \
	capture
test_match_SRC   := lib/match.c
test_pubkey_SRC  := lib/pubkey.c lib/match.c
test_parse_SRC   := $(PARSE) $(POLICY)
test_deny_SRC    := $(PARSE) $(POLICY)
test_eval_SRC    := $(PARSE) $(POLICY)
test_db_SRC      := jump-authkeys/keys.c lib/decide.c lib/target.c $(PARSE) \
	$(POLICY)
test_print_SRC   := $(PARSE) $(POLICY)
test_target_SRC  := lib/decide.c lib/target.c $(PARSE) $(POLICY)
test_audit_SRC   := lib/audit.c
test_layout_SRC  := jump-shell/layout.c lib/audit.c
test_wish_SRC    := jump-shell/wish.c jump-shell/command.c lib/target.c $(POLICY)
test_rows_SRC    := jump-shell/online.c lib/listener.c jump-shell/rows.c jump-shell/advice.c jump-shell/layout.c \
	jump-shell/answer.c jump-shell/road.c jump-shell/command.c \
	lib/grant_text.c lib/unmet.c lib/audit.c lib/decide.c lib/target.c \
	$(PARSE) $(POLICY)
test_command_SRC := jump-shell/command.c lib/target.c $(POLICY)
test_answer_SRC  := jump-shell/online.c lib/listener.c jump-shell/road.c jump-shell/command.c lib/grant_text.c jump-shell/answer.c lib/unmet.c lib/audit.c lib/decide.c lib/target.c \
	$(PARSE) $(POLICY)
test_keys_SRC    := jump-authkeys/keys.c lib/target.c $(PARSE) $(POLICY)
test_sandbox_SRC := lib/sandbox.c jump-connect/confine.c \
	jump-authkeys/confine.c
test_relay_SRC   := jump-connect/relay.c jump-connect/hostkey.c \
	jump-connect/capture.c lib/record.c jump-connect/confine.c lib/sandbox.c lib/match.c
test_capture_SRC := jump-connect/capture.c lib/record.c lib/match.c
UNIT += cast
test_cast_SRC    := jump-record/cast.c lib/record.c
test_hostkey_SRC := jump-connect/hostkey.c
test_monitor_SRC := lib/monitor.c lib/procfs.c
test_auth_SRC    := jump-shell/auth.c
test_factors_SRC := jumpctl/factors.c jumpctl/accounts.c jumpctl/ask.c \
	jumpctl/sshd.c lib/decide.c lib/target.c $(PARSE) $(POLICY)
test_dial_SRC    := jump-connect/dial.c
test_lookup_SRC  := jump-connect/lookup.c jump-connect/dial.c lib/match.c
test_options_SRC := jump-connect/options.c lib/match.c
test_process_SRC := lib/process.c
UNIT += probe gate asker unmet
test_asker_SRC   := jump-connect/asker.c jump-connect/dial.c lib/process.c \
	lib/program.c lib/match.c
test_unmet_SRC   := lib/unmet.c
test_probe_SRC   := lib/probe.c
test_gate_SRC    := jump-connect/gate.c lib/match.c
UNIT += locks sshd person sockets forwards legs table
test_locks_SRC   := lib/audit.c jumpctl/locks.c jumpctl/source.c $(PARSE) $(POLICY)
test_sshd_SRC    := jumpctl/sshd.c lib/match.c
test_sockets_SRC := jumpctl/sockets.c lib/match.c
test_legs_SRC    := jumpctl/legs.c lib/match.c
test_table_SRC   := jumpctl/table.c jumpctl/legs.c lib/match.c lib/audit.c
test_forwards_SRC := jumpctl/forwards.c jumpctl/sockets.c lib/procfs.c \
	lib/match.c
UNIT += listener device online
test_online_SRC := jump-shell/online.c lib/listener.c $(PARSE) $(POLICY)
test_device_SRC := jump-connect/device.c jump-connect/dial.c lib/listener.c \
	$(LOGIN) $(PARSE) $(POLICY)
test_listener_SRC := lib/listener.c lib/match.c
UNIT += within judge swept log
test_judge_SRC   := jumpctl/judge.c jumpctl/within.c jump-authkeys/keys.c \
	$(GRANT) lib/decide.c lib/process.c lib/target.c $(PARSE) $(POLICY)
test_within_SRC  := jumpctl/within.c
test_swept_SRC   := lib/swept.c
LOG_LINES        := $(filter jumpctl/log_json.c jumpctl/log_entry.c \
	jumpctl/log_record.c jumpctl/log_sshd.c jumpctl/log_trust.c \
	jumpctl/log_join.c jumpctl/log_gate.c jumpctl/log_queue.c \
	jumpctl/log_memory.c,$(LOG))
test_log_SRC     := $(LOG_LINES) jumpctl/log_filter.c $(PARSE) $(POLICY)
UNIT += device_unit
test_device_unit_SRC := jumpctl/device_unit.c lib/match.c
UNIT += asciicast escape seals
test_seals_SRC   := jumpctl/seals.c jumpctl/seal.c jumpctl/recording.c \
	jumpctl/asciicast.c jumpctl/utf8.c lib/audit.c lib/session.c lib/procfs.c
test_asciicast_SRC := jumpctl/asciicast.c jumpctl/utf8.c
test_escape_SRC  := jumpctl/escape.c jumpctl/plain.c jumpctl/utf8.c
UNIT += openssh authorized places
test_places_SRC := jumpctl/places.c jumpctl/foreign.c jumpctl/authorized.c \
	lib/pubkey.c lib/match.c
test_authorized_SRC := jumpctl/authorized.c lib/pubkey.c lib/match.c
test_openssh_SRC := jumpctl/openssh.c
UNIT += client
test_client_SRC  := $(CLIENT) jump-shell/road.c jump-shell/command.c \
	lib/unmet.c lib/audit.c lib/decide.c lib/target.c $(PARSE) $(POLICY)
UNIT += notify
test_notify_SRC  := jumpctl/notify_events.c jumpctl/notify_run.c \
	jumpctl/log_json.c jumpctl/log_record.c lib/notice.c lib/program.c \
	lib/match.c
test_cert_SRC    := jump-authkeys/cert.c
test_directory_SRC := jump-authkeys/directory.c jump-authkeys/fence.c lib/program.c
test_person_SRC  := lib/decide.c lib/target.c $(PARSE) $(POLICY)
test_identify_SRC := $(IDENTIFY) lib/program.c lib/decide.c lib/target.c $(PARSE) $(POLICY)
test_program_SRC := lib/program.c
test_login_SRC  := $(LOGIN)
test_login_device_SRC := $(LOGIN)
test_factor_SRC := lib/factor.c $(LOGIN)
test_session_SRC := lib/session.c lib/procfs.c
test_limits_SRC  := jump-connect/limits.c lib/session.c lib/procfs.c \
	lib/decide.c lib/target.c $(PARSE) $(POLICY)
UNIT += grant road
test_road_SRC    := jump-shell/road.c jump-shell/command.c lib/decide.c \
	lib/target.c $(PARSE) $(POLICY)
test_grant_SRC   := $(GRANT) lib/process.c lib/decide.c lib/target.c $(PARSE) $(POLICY)
UNITS := $(UNIT:%=test_%)
$(foreach t,$(UNITS),$(eval $(t)_SRC += tests/unit/$(t).c) \
	$(eval $(t)_LIB := -lcheck -lsubunit -lm -lrt -lpthread -lseccomp \
	-lbsd -lmd))
test_hostkey_LIB += -lresolv
# The tests of the sandbox, without one: test_sandbox looks how they fail.
open_sandbox_SRC := tests/unit/no_filter.c $(test_sandbox_SRC)
open_sandbox_LIB := $(test_sandbox_LIB) -Wl,--wrap=prctl
reference_SRC := tests/reference/evaluate.c jumpctl/locks.c jumpctl/source.c \
	lib/audit.c lib/decide.c lib/target.c $(PARSE) $(POLICY)
reference_LIB := -lbsd -lmd

# Fuzz targets: with FUZZ=1 (make fuzz) they are libFuzzer's, else they only
# replay inputs.
FUZZERS := fuzz_policy fuzz_image fuzz_command fuzz_target fuzz_keys \
	fuzz_pubkey fuzz_home fuzz_hostkey fuzz_cert fuzz_log fuzz_grant fuzz_cast
fuzz_policy_SRC  := tests/fuzz/judge.c jump-authkeys/keys.c lib/decide.c \
	lib/target.c $(PARSE) $(POLICY)
fuzz_image_SRC   := $(filter-out lib/policy_db.c,$(fuzz_policy_SRC))
fuzz_command_SRC := jump-shell/command.c lib/target.c $(POLICY)
fuzz_target_SRC  := lib/target.c $(POLICY)
fuzz_pubkey_SRC  := lib/pubkey.c lib/match.c
fuzz_home_SRC    := jumpctl/authorized.c jumpctl/places.c jumpctl/foreign.c \
	lib/pubkey.c lib/match.c
fuzz_grant_SRC   := lib/grant_text.c lib/target.c $(POLICY)
fuzz_cast_SRC    := jumpctl/asciicast.c jumpctl/escape.c jumpctl/plain.c \
	jumpctl/utf8.c
fuzz_cert_SRC    := jump-authkeys/cert.c
fuzz_hostkey_SRC := jump-connect/hostkey.c
fuzz_log_SRC     := $(LOG_LINES) jumpctl/log_filter.c jumpctl/log_print.c \
	jumpctl/table.c jumpctl/legs.c lib/audit.c $(PARSE) $(POLICY)
fuzz_keys_SRC    := jump-authkeys/keys.c $(PARSE) $(POLICY)
$(foreach t,$(FUZZERS),\
	$(eval $(t)_SRC += $(t:fuzz_%=tests/fuzz/%.c)) \
	$(eval $(t)_SRC += $(if $(FUZZ),,tests/fuzz/replay.c)) \
	$(eval $(t)_LIB := -lbsd -lmd $(if $(FUZZ),-fsanitize=fuzzer)))

ALL := $(PROGRAMS) $(UNITS) open_sandbox reference $(FUZZERS) inject hold older later
inject_SRC := tests/faults/inject.c
hold_SRC := tests/e2e/hold.c lib/session.c lib/procfs.c
older_SRC := tests/e2e/older.c
later_SRC := tests/e2e/later.c $(PARSE) $(POLICY)
later_LIB := -lmd
older_LIB := -lseccomp
BENCH := bench_drive bench_empty
bench_drive_SRC := tests/bench/drive.c
bench_empty_SRC := tests/bench/empty.c

all: $(PROGRAMS:%=$(BUILD)/%)			## build the programs
tests: $(ALL:%=$(BUILD)/%) $(BUILD)/alloc.so	## build the tests too

define link
$(BUILD)/$(1): $($(1)_SRC:%.c=$(BUILD)/obj/%.o)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $$@ $$^ $($(1)_LIB)
endef
$(foreach p,$(ALL) $(BENCH),$(eval $(call link,$(p))))

$(BUILD)/alloc.so: tests/faults/alloc.c
	$(Q)$(COMPILE) -MF $(BUILD)/obj/alloc.d -fPIC -shared -fno-sanitize=all \
	    -o $@ $<

# What is compiled in.  This file changes only when one of these does, and all
# objects with it: `make && make PREFIX=/usr install` builds again.
SETTINGS := $(VERSION) $(LIBEXECDIR) $(SYSCONFDIR) $(STATEDIR) $(DATADIR)

$(BUILD)/obj/settings: always
	@mkdir -p $(@D)
	@echo '$(SETTINGS)' | cmp -s - $@ || echo '$(SETTINGS)' >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/settings
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')

check: tests					## all tests (root; see README)
	tests/run $(BUILD)

check-clients: tests				## real clients, after bootstrap clients
	tests/run $(BUILD) clients

fuzz:						## fuzz each target for FUZZ_SECONDS (60)
	$(Q)$(MAKE) -s CC=clang SAN=1 FUZZ=1 BUILD=build-fuzz fuzzers
	tests/fuzz/run build-fuzz

fuzzers: $(FUZZERS:%=$(BUILD)/%)

# BENCH_FLAGS: --json, --rounds N, names of sections.
bench: all $(BENCH:%=$(BUILD)/%)		## speed and memory beside peers
	LAB_BUILD=$(BUILD) tests/lab/lab run -- tests/bench/run $(BUILD) \
	    $(BENCH_FLAGS)

# FLEET: numbers of devices, and options of tests/bench/devices.
fleet: all					## 1,000 devices online at once (root)
	LAB_BUILD=$(BUILD) LAB_POLICY=none tests/lab/lab run -- \
	    tests/bench/devices $(FLEET)

coverage:					## what the tests reach (root)
	$(Q)$(MAKE) -s CC=clang COVERAGE=1 BUILD=build-cov tests
	tests/coverage run build-cov

format:						## format the sources in place
	clang-format -i $$(git ls-files '*.[ch]')

lint:						## static checks and manuals
	tests/lint

# What is installed, by folder.  Texts get the paths of this installation in
# place of the default ones.
DATA     := $(wildcard sshd_config.d/*.conf) docs/example.policy \
	dist/rsyslog.conf dist/logrotate.conf \
	dist/jump-sweep.cron
EXAMPLES := $(wildcard dist/examples/*)
UNITFILES := $(wildcard dist/systemd/*)
DEVICEFILES := $(wildcard dist/device/*)
# Documents lie as they do here, so that their links lead somewhere; dist beside
# them is a link to DATADIR.
PAGES    := $(wildcard README.md NEWS.md LICENSE docs/*.md)
ROLE     := $(shell find dist/ansible ! -name '.*' -type f | sort)
ROLEDIRS := $(shell find dist/ansible -type d | sort -r)
PLUGINS  := $(filter-out jumpctl,$(PROGRAMS))
SETGID   := jump-shell jump-connect jump-record
PLACES    = $(LIBEXECDIR) $(SBINDIR) $(LIBDIR)/sysusers.d $(LIBDIR)/tmpfiles.d \
	$(UNITDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR) \
	$(DATADIR)/examples $(DATADIR)/device $(MANDIR)/man5 $(MANDIR)/man8 \
	$(DOCDIR)/docs $(ROLEDIRS:dist/%=$(DATADIR)/%) $(SYSCONFDIR)/jump/policy.d
# Which folders install has made: uninstall removes those.
FOLDERS   = $(DATADIR)/folders
INSTALLED = $(PLUGINS:%=$(LIBEXECDIR)/%) $(LIBEXECDIR)/ssh_config \
	$(LIBEXECDIR)/owners $(LIBEXECDIR)/renew $(SBINDIR)/jumpctl \
	$(BASHDIR)/jumpctl $(ZSHDIR)/_jumpctl $(FISHDIR)/jumpctl.fish \
	$(LIBDIR)/sysusers.d/jump.conf $(LIBDIR)/tmpfiles.d/jump.conf \
	$(addprefix $(DATADIR)/,$(notdir $(DATA))) \
	$(addprefix $(UNITDIR)/,$(notdir $(UNITFILES))) \
	$(EXAMPLES:dist/%=$(DATADIR)/%) $(DEVICEFILES:dist/%=$(DATADIR)/%) \
	$(ROLE:dist/%=$(DATADIR)/%) $(PAGES:%=$(DOCDIR)/%) $(DOCDIR)/dist \
	$(patsubst docs/%,$(MANDIR)/man5/%,$(wildcard docs/*.5)) \
	$(patsubst docs/%,$(MANDIR)/man8/%,$(wildcard docs/*.8))
# Of live sessions: gone with each boot, and made again by tmpfiles.d(5) or owners.
SESSIONS  = /run/jump/sessions
LOGINS    = /run/jump/logins
DEVICES   = /run/jump/devices
REQUESTS  = $(STATEDIR)/requests
# Of what somebody is to be told, and of what was said.
SPOOL     = /var/spool/jump
RECORDS   = /var/log/jump
# Removed by uninstall, where they are empty.
OWN       = $(LIBEXECDIR) $(DATADIR)/examples $(DATADIR)/device \
	$(ROLEDIRS:dist/%=$(DATADIR)/%) $(DATADIR) $(DOCDIR)/docs $(DOCDIR) \
	$(SYSCONFDIR)/jump/policy.d $(SYSCONFDIR)/jump $(REQUESTS) $(STATEDIR) $(SESSIONS) $(LOGINS) $(DEVICES) $(dir $(SESSIONS)) \
	$(SPOOL)/events $(SPOOL) $(RECORDS)

# Each file is made beside the one before and renamed: who starts a program
# meanwhile finds one of the two, and who runs one keeps it.
# $(call put,OPTIONS,FILES,FOLDER)
define put
	set -e; echo install $(1) $(2) "$$DESTDIR$(3)"; \
	    for f in $(2); do to=$$DESTDIR$(3)/$${f##*/}; \
	    install $(1) $$f "$$to.new"; mv -f "$$to.new" "$$to"; done
endef

# $(call texts,OPTIONS,FILES,FOLDER[,NAME])
define texts
	set -e; echo install $(1) $(2) "$$DESTDIR$(3)"; \
	    for f in $(2); do \
	    to=$$DESTDIR$(3)/$(if $(4),$(4),$${f##*/}); \
	    install $(1) /dev/null "$$to.new"; \
	    sed -e 's,/usr/local/libexec/jump,$(LIBEXECDIR),g' \
		-e 's,/usr/local/sbin,$(SBINDIR),g' \
		-e 's,/usr/local/share/jump,$(DATADIR),g' \
		-e 's,/usr/local/lib/tmpfiles.d,$(LIBDIR)/tmpfiles.d,g' \
		-e 's,/var/lib/jump,$(STATEDIR),g' \
		-e 's,/etc/jump,$(SYSCONFDIR)/jump,g' $$f >"$$to.new"; \
	    mv -f "$$to.new" "$$to"; done
endef

# What is setgid to a group, in the end; under DESTDIR, others see to it.
setgid = $(if $(DESTDIR),-m 755,-g $(1) -m 2755)

# The accounts come first: without them, nothing is replaced.
install: all $(if $(DESTDIR),,accounts)		## install; under DESTDIR, files only
	@umask 022; new=; $(if $(DESTDIR),,for d in $(PLACES); do \
	    while [ ! -d $$d ]; do new="$$new $$d"; d=$${d%/*}; done; done;) \
	    for d in $(PLACES); do mkdir -p "$$DESTDIR$$d" || exit; done; \
	    { [ -z "$$new" ] || printf '%s\n' $$new >>$(FOLDERS); }
	@$(call put,$(call setgid,_jump),$(SETGID:%=$(BUILD)/%),$(LIBEXECDIR))
	@$(call put,$(call setgid,_jump-ssh),$(BUILD)/jump-ssh,$(LIBEXECDIR))
	@$(call put,-m 711,$(BUILD)/jump-authkeys,$(LIBEXECDIR))
	@$(call put,-m 755,$(BUILD)/jumpctl,$(SBINDIR))
	@$(call texts,-m 644,dist/ssh_config,$(LIBEXECDIR))
	@$(call texts,-m 755,dist/owners dist/renew,$(LIBEXECDIR))
	@$(call texts,-m 644,dist/sysusers.d/jump.conf,$(LIBDIR)/sysusers.d)
	@$(call texts,-m 644,dist/tmpfiles.d/jump.conf,$(LIBDIR)/tmpfiles.d)
	@$(call texts,-m 644,$(DATA),$(DATADIR))
	@$(call texts,-m 755,$(filter-out %.yml,$(EXAMPLES)),$(DATADIR)/examples)
	@$(call texts,-m 644,$(filter %.yml,$(EXAMPLES)),$(DATADIR)/examples)
	@$(call put,-m 644,$(DEVICEFILES),$(DATADIR)/device)
	@$(call texts,-m 644,$(UNITFILES),$(UNITDIR))
	@$(call texts,-m 644,dist/completions/jumpctl.bash,$(BASHDIR),jumpctl)
	@$(call texts,-m 644,dist/completions/_jumpctl,$(ZSHDIR))
	@$(call texts,-m 644,dist/completions/jumpctl.fish,$(FISHDIR))
	@set -e; for p in $(ROLE); do \
	    to=$$DESTDIR$(DATADIR)/$${p#dist/}; \
	    install -m 644 $$p "$$to.new"; mv -f "$$to.new" "$$to"; done
	@$(call texts,-m 644,$(filter-out docs/%,$(PAGES)),$(DOCDIR))
	@$(call texts,-m 644,$(filter docs/%,$(PAGES)),$(DOCDIR)/docs)
	@ln -sfn $(DATADIR) "$$DESTDIR$(DOCDIR)/dist"
	@$(call texts,-m 644,docs/*.5,$(MANDIR)/man5)
	@$(call texts,-m 644,docs/*.8,$(MANDIR)/man8)
	$(if $(DESTDIR),,$(MAKE) owners && $(LIBEXECDIR)/renew)

accounts:					## make _jump and the groups, if missing
	dist/accounts

owners:						## give _jump its programs and folders
	dist/owners "$$DESTDIR$(LIBDIR)/tmpfiles.d/jump.conf" "$$DESTDIR"

uninstall:					## remove what install has put there
	@set -e; folders=$$([ ! -f "$$DESTDIR$(FOLDERS)" ] || \
	    sort -ur "$$DESTDIR$(FOLDERS)"); \
	    for f in $(INSTALLED) $(FOLDERS); do rm -f "$$DESTDIR$$f"; done; \
	    for d in $(OWN); do d=$$DESTDIR$$d; [ ! -d "$$d" ] || \
		rmdir "$$d" 2>/dev/null || echo "left: $$d"; done; \
	    for d in $$folders; do \
		[ ! -d $$d ] || rmdir $$d 2>/dev/null || :; done
	@echo "left: what is in $(SYSCONFDIR)/ssh, and the accounts"

clean:						## remove what make built
	rm -rf build build-*

help:						## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

.PHONY: all tests check check-clients bench fleet fuzz fuzzers coverage format lint install uninstall accounts \
	owners clean help always
