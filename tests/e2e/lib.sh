# SPDX-License-Identifier: ISC
# lib.sh: the words of the e2e scripts, which run inside a lab as its client.
#
#   run COMMAND...        run it; its status, $T/out and $T/err are kept
#   check NAME TEST...    one test: ok if the command TEST succeeds
#
# and the tests below.
set -u
: "${LAB:?run me with tests/lab/lab run -- sh SCRIPT}"
T=$LAB/tmp/e2e
C=$SSH_CONFIG
mkdir -p "$T"
failures=0

run() {
	last=$*
	timeout 60 "$@" >"$T/out" 2>"$T/err" && status=0 || status=$?
}

# typed TEXT COMMAND...: run, with TEXT and a newline as standard input.
typed() {
	printf '%s\n' "$1" >"$T/in"
	shift
	run "$@" <"$T/in"
}

check() {
	name=$1
	shift
	if "$@"; then
		printf 'ok - %s\n' "$name"
		return
	fi
	failures=$((failures + 1))
	printf 'not ok - %s\n# test: %s\n# ran: %s -> %s\n' "$name" "$*" \
	    "${last:-}" "${status:-}"
	sed 's/^/# out: /' "$T/out" | head -n 10
	sed 's/^/# err: /' "$T/err" | head -n 10
}

skip() {
	echo "skip - $1"
}

finish() {
	[ "$failures" -eq 0 ]
	exit
}

# --- users -------------------------------------------------------------------

# as USER COMMAND...
as() {
	LAB_USER=$1
	export LAB_USER
	shift
	"$@"
}

jump() {
	run ssh -F "$C" jump "$@" </dev/null
}

# --- tests of the last run ---------------------------------------------------

# gave STATUS [LINE]: the status, and standard output if LINE is there.
gave() {
	[ "$status" -eq "$1" ] || return 1
	[ $# -eq 1 ] || [ "$(cat "$T/out")" = "$2" ]
}

# said REGEX: a line of standard error.
said() {
	grep -Eq -- "$1" "$T/err"
}

printed() {
	grep -Eq -- "$1" "$T/out"
}

silent() {
	[ ! -s "$T/out" ]
}

not() {
	! "$@"
}

REFUSAL='^jump: .* is not open to you\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.$'

# refused: exit 77, nothing on standard output, the one line of a refusal, its
# reference in the log, and nothing on the wire.
refused() {
	gave 77 "" && silent || return 1
	[ "$(grep -c . "$T/err")" -eq 1 ] && said "$REFUSAL" || return 1
	reference=$(sed 's/.*reference \(........\)\.$/\1/' "$T/err")
	logged "\"jump.session\":\"$reference\".*\"jump.verdict\":\"deny\"" &&
	    wire_silent
}

# forward_refused: by sshd, whose text and status are its own.
forward_refused() {
	[ "$status" -eq 255 ] && silent &&
	    said 'administratively prohibited' && wire_silent
}

# no_login: the key was not accepted.
no_login() {
	[ "$status" -eq 255 ] && silent && said 'Permission denied' &&
	    wire_silent
}

# --- the log of the jump host ------------------------------------------------

# within COMMAND...: it succeeds before 30 s are over, however busy the machine.
within() {
	for _ in $(seq 150); do
		! "$@" || return 0
		sleep 0.2
	done
	return 1
}

# in_time SECONDS COMMAND...: it succeeds before $until, so many seconds from
# now, $ends as a policy has it; where the time was too short, again with more.
in_time() {
	seconds=$1
	shift
	for _ in 1 2 3; do
		until=$(($(date +%s) + seconds))
		ends=$(date -u -d "@$until" +%Y-%m-%dT%H:%M:%SZ)
		"$@" && [ "$(date +%s)" -lt "$until" ] && return
		[ "$(date +%s)" -ge "$until" ] || return
		seconds=$((seconds * 2))
	done
	return 1
}

past() {
	[ "$(date +%s)" -ge "$until" ]
}

# halted PID: all its threads are; a signal is no answer.
halted() {
	! sed 's/.*) //' "/proc/$1"/task/*/stat | grep -q '^[^T]'
}

# logged REGEX: sooner or later.
logged() {
	within grep -Eq -- "$1" "$LAB/jump.log"
}

# count_log REGEX
count_log() {
	grep -Ec -- "$1" "$LAB/jump.log"
}

# --- the wire of the jump host -----------------------------------------------

# Counts what leaves for the targets' network: each SYN, and each DNS query.
wire_tap() {
	lab on jump nft -f - <<-'END'
		table inet wire {
			counter syn { }
			counter dns { }
			chain output {
				type filter hook output priority -300
				oifname "targets" tcp flags & (syn | ack) == syn counter name "syn"
				meta l4proto { tcp, udp } th dport 53 counter name "dns"
			}
		}
	END
}

wire_reset() {
	lab on jump nft reset counters table inet wire >/dev/null
}

# wire_count syn|dns
wire_count() {
	lab on jump nft list counter inet wire "$1" |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

wire_silent() {
	[ "$(wire_count syn)" -eq 0 ] && [ "$(wire_count dns)" -eq 0 ]
}

# --- live sessions -----------------------------------------------------------

who() {
	run lab on jump jumpctl who "$@"
}

kick() {
	run lab on jump jumpctl kick "$@"
}

# sessions REGEX N: so many lines of who are of those.
sessions() {
	who
	[ "$(grep -Ec -- "$1" "$T/out")" -eq "$2" ]
}

# hold NAME OPTION...: a program that holds sessions, see hold.c, until unhold
# NAME; what it says is in $T/NAME.out.
hold() {
	[ -e "$T/hold" ] || cp "$LAB_BUILD/hold" "$T/hold"
	name=$1
	shift
	: >"$T/$name.out"
	lab on jump "$T/hold" "$@" 990 >"$T/$name.out" 2>"$T/$name.err" &
	echo $! >"$T/$name.pid"
	until grep -q ready "$T/$name.out"; do
		kill -0 "$(cat "$T/$name.pid")" || {
			cat "$T/$name.err"
			return 1
		}
		sleep 0.05
	done
}

unhold() {
	kill "$(cat "$T/$1.pid")"
	wait "$(cat "$T/$1.pid")" 2>/dev/null
}

# --- log daemons of the jump host --------------------------------------------

take_dev_log() {
	lab on jump mv /dev/log /dev/log.before
}

# Each stays; $collector is its process.  rsyslog has the shipped template,
# traditional files of both kinds, and /var/log/raw: what came, as it came.
start_rsyslog() {
	cat >"$T/rsyslog.conf" <<-'END'
		module(load="imuxsock" SysSock.Name="/dev/log" SysSock.Annotate="on"
		    SysSock.ParseTrusted="on" SysSock.RateLimit.Interval="0")
		include(file="/usr/local/share/jump/rsyslog.conf")
		template(name="raw" type="string" string="%rawmsg%\n")
		*.* action(type="omfile" file="/var/log/raw" template="raw")
		*.* action(type="omfile" file="/var/log/auth.log"
		    template="RSYSLOG_FileFormat")
		*.* action(type="omfile" file="/var/log/old.log"
		    template="RSYSLOG_TraditionalFileFormat")
	END
	lab on jump sh -c '
		d=$(command -v rsyslogd || echo /run/lab/rsyslog/usr/sbin/rsyslogd)
		m=$(echo /run/lab/rsyslog/usr/lib/*/rsyslog)
		[ -d "$m" ] && set -- "-M$m" || set --
		exec "$d" -n -iNONE -f /run/lab/tmp/e2e/rsyslog.conf "$@"' \
	    >"$T/rsyslogd.err" 2>&1 &
	collector=$!
	within lab on jump test -S /dev/log
}

# start_journald [SETTING]
start_journald() {
	lab on jump sh -c '
		echo 0123456789abcdef0123456789abcdef >/etc/machine-id
		mkdir -p /etc/systemd /run/systemd/journal /run/log/journal
		printf "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n" \
		    >/etc/systemd/journald.conf
		printf "%s\n" RateLimitIntervalSec=0 "$@" \
		    >>/etc/systemd/journald.conf
		exec /lib/systemd/systemd-journald' sh "$@" \
	    >"$T/journald.err" 2>&1 &
	collector=$!
	within lab on jump test -S /run/systemd/journal/dev-log
	lab on jump ln -sf /run/systemd/journal/dev-log /dev/log
}

# --- the gate ----------------------------------------------------------------

# gate_lines [OPTION...]: that inetd, and what it reads.
gate_lines() {
	inetd=$LAB_REPO/.cache/inetd/usr/sbin/inetd
	[ -e "$T/inetd" ] || cp "$inetd" "$T/inetd"
	sed -n "/stream tcp6* nowait/s/ -G\$/ -G $*/p" \
	    "$LAB_REPO/docs/jumpctl.8" >"$T/inetd.conf"
}

# gate_up [OPTION...]: the gate without systemd: an inetd, with the lines of the
# manual.
gate_up() {
	gate_lines "$@"
	lab on jump "$T/inetd" -i "$T/inetd.conf" >/dev/null 2>&1 &
	within gate_listens
}

gate_listens() {
	lab on jump sh -c "ss -ltn | grep -q '127.0.0.1:422' &&
	    ss -ltn | grep -q '\[::1\]:422'"
}

# gate_pids: whoever listens.
gate_pids() {
	lab on jump ss -Hltnp "sport = 422" |
	    sed -n 's/.*pid=\([0-9]*\).*/\1/p' | sort -u
}

# gate_down: connections that stand go on.
gate_down() {
	kill $(gate_pids)
}

# --- devices -----------------------------------------------------------------

# device_account NAME UID: an account of devices on the jump host, with its home.
device_account() {
	etc=$LAB/hosts/jump/etc
	echo "$1:x:$2:$2::/home/$1:/bin/sh" >>"$etc/passwd"
	echo "$1:*:19000:0:99999:7:::" >>"$etc/shadow"
	echo "$1:x:$2:" >>"$etc/group"
	sed -i "/^jump-devices:/s/:\\([^:]*\\)\$/:\\1,$1/; s/:,/:/" "$etc/group"
	lab on jump install -d -m 700 -o "$2" -g "$2" "/home/$1"
}

# device_key NAME: make its key, $T/NAME, and print the key statement.
device_key() {
	[ -e "$T/$1" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/$1"
	echo "key $1 \"$(cut -d' ' -f1,2 "$T/$1.pub")\""
}

# as_device NAME ACCOUNT OPTION...: ssh as the device would.
as_device() {
	name=$1 account=$2
	shift 2
	ssh -F "$C" -i "$T/$name" -l "$account" -o ExitOnForwardFailure=yes "$@"
}

# device_up NAME ACCOUNT OPTION...: a device that is web1, so that localhost is; it
# stays until device_down NAME.
device_up() {
	name=$1 account=$2
	shift 2
	last="device_up $name $account $*"
	lab on web1 env LAB_USER=device timeout 30 ssh -F "$C" -i "$T/$name" \
	    -l "$account" -o HostName=10.2.0.1 -o ExitOnForwardFailure=yes \
	    -M -S "/tmp/s.$name" -fN "$@" jump >"$T/out" 2>"$T/err" \
	    </dev/null && status=0 || status=$?
}

device_down() {
	lab on web1 ssh -F "$C" -S "/tmp/s.$1" -O exit jump 2>/dev/null
}

# --- policies ----------------------------------------------------------------

# policy: standard input, with the accounts of the lab, is put in force.
policy() {
	{
		cat <<-'END'
			version 1
			set contact "ot-access@example.com"
			user alice
			key alice "ssh-ed25519 AAAA"
			user carol account jump
			key carol "ssh-ed25519 AAAA"
			host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80
			host web2 { 10.2.0.12 2001:db8::12 } ssh 22 tcp 80
			host db1 { 10.2.0.11 2001:db8::11 } ssh 22 tcp 5432
			socket metr "/run/metrics/api.sock"
		END
		cat
	} >"$T/policy"
	run lab load "$T/policy"
	[ "$status" -eq 0 ] || check "the policy of this test loads" false
}

# day N: the name of the day N days from now (UTC), as windows call it.
day() {
	set -- $((($(date -u +%u) - 1 + $1) % 7)) mon tue wed thu fri sat sun
	shift "$1"
	echo "$2"
}
