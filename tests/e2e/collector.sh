# SPDX-License-Identifier: ISC
# A log daemon that stops: no new session, those that live go on, and their
# ends are recorded when it runs again, with what was lost.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow db:    { alice carol } to db1:5432
allow quiet: { alice carol } to web1:80 via connect idle 6s
allow web:   { alice carol } to web2:22
END
head -c 20000 /dev/urandom >"$T/chunk"
mkfifo "$T/open"
exec 8<>"$T/open"
wire_tap

# --- sessions ----------------------------------------------------------------

# flow NAME USER COMMAND...: bytes to a command that gives them back, until
# dry NAME, which tells whether all have come.
flow() {
	flow=$1
	LAB_USER=$2
	shift 2
	rm -f "$T/$flow.stop"
	: >"$T/$flow.out"
	(
		while [ ! -e "$T/$flow.stop" ]; do
			cat "$T/chunk"
			sleep 0.05
		done
	) | tee "$T/$flow.in" | "$@" >"$T/$flow.out" 2>"$T/$flow.err" 8<&- &
	echo $! >"$T/$flow.pid"
	LAB_USER=alice
	within [ -s "$T/$flow.out" ]
}

dry() {
	kill -0 "$(cat "$T/$1.pid")" || return 1
	touch "$T/$1.stop"
	wait "$(cat "$T/$1.pid")"
	[ -s "$T/$1.in" ] && cmp -s "$T/$1.in" "$T/$1.out"
}

# goes_on NAME: more comes than had come.
goes_on() {
	was=$(wc -c <"$T/$1.out")
	within more_than $((was + 60000)) "$1"
}

more_than() {
	[ "$(wc -c <"$T/$2.out")" -gt "$1" ]
}

# begin NAME HOST PORT: a session of alice that stays; its id is $NAME.
begin() {
	ssh -F "$C" jump connect "$2" "$3" <"$T/open" >"$T/$1.out" \
	    2>"$T/$1.err" 8<&- &
	echo $! >"$T/$1.pid"
	within id_of "$1" "$2:$3"
}

id_of() {
	who --user alice --target "$2"
	eval "$1=\$(sed -n 's/^\([a-z2-7]\{8\}\) alice.* connect .*/\1/p' '$T/out')"
	eval "[ -n \"\$$1\" ]"
}

# timed COMMAND...: run; took is how many milliseconds.
timed() {
	start=$(date +%s%N)
	run "$@" </dev/null
	took=$((($(date +%s%N) - start) / 1000000))
}

# A second is for the log; the rest is for a machine that is busy.
soon() {
	[ "$took" -lt 10000 ]
}

# --- the log daemon ----------------------------------------------------------

# records ID: what rsyslog or the journal has of it by now.
records() {
	if [ "$daemon" = rsyslog ]; then
		grep -a "\"jump.session\":\"$1\"" "$LAB/hosts/jump/var/log/raw"
	else
		lab on jump journalctl -q -o cat --no-pager -g "$1" 2>/dev/null
	fi
}

has_record() {
	records "$1" | grep -Eq "$2"
}

# recorded ID REGEX: sooner or later; the wait for the log grows to 16 s.
recorded() {
	within has_record "$@" || within has_record "$@" ||
	    within has_record "$@"
}

# lists_lost ID: jumpctl log says that records of it were lost.
lists_lost() {
	run lab on jump jumpctl log "$1" </dev/null
	printed "close .* $1 +kick, .*, lost [1-9]"
}

stopped() {
	grep -q '^State:.T' "/proc/$collector/status"
}

# Every process can fill the socket of a daemon that has stopped.
stop_it() {
	kill -STOP "$collector"
	within stopped
	lab on -u alice jump python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
s.setblocking(False)
full = 0
while full < 5:
    try:
        s.send(b"<38>Nov 20 16:02:11 alice: a line")
        full = 0
    except BlockingIOError:
        full += 1
        time.sleep(0.02)'
}

# refuses NAME: who asks by hand, or has a connection, gets nothing.
refuses() {
	libexec=/usr/local/libexec/jump
	wire_reset
	timed lab on -u alice jump $libexec/jump-connect db1 5432
	check "$1: jump-connect refuses ($took ms)" soon
	check "$1: in one line" [ "$(cat "$T/err")" = "$UNRECORDED" ]
	check "$1: exit 70" gave 70 ""
	timed lab on -u alice jump $libexec/jump-shell -c 'connect db1 5432'
	check "$1: jump-shell refuses ($took ms)" soon
	check "$1: exit 70" gave 70 ""
	timed lab on -u alice jump $libexec/jump-shell -c 'connect nowhere 1'
	check "$1: a refusal is none without its record ($took ms)" gave 70 ""
	timed lab on -u _jump jump $libexec/jump-authkeys alice \
	    $(cut -d' ' -f1,2 "$LAB/keys/alice.pub") \
	    "$(ssh-keygen -lf "$LAB/keys/alice.pub" | cut -d' ' -f2)"
	check "$1: jump-authkeys prints nothing" silent
	check "$1: soon ($took ms)" soon
	check "$1: nothing on the wire" wire_silent
}

UNRECORDED="jump: this cannot be recorded, and so not done. Ask ot-access@example.com."

# --- stopped -----------------------------------------------------------------

# through_a_stop: with each kind of session, and one that asks meanwhile.
through_a_stop() {
	check "$daemon: a relay flows" \
	    flow relay carol ssh -F "$C" jump connect db1 5432
	check "$daemon: a forward flows" \
	    flow forward alice ssh -F "$C" -W 10.2.0.11:5432 jump
	ssh -F "$C" -fNT -S "$T/control" -M jump </dev/null 8<&-
	check "$daemon: one to be kicked" begin kicked db1 5432
	check "$daemon: one whose client goes" begin left web2 22
	check "$daemon: one that is idle" begin idled web1 80
	stop_it
	refuses "$daemon stopped"

	ssh -F "$C" -S "$T/control" jump connect db1 5432 <"$T/open" \
	    >"$T/asks.out" 2>"$T/asks.err" 8<&- &
	echo $! >"$T/asks.pid"
	run lab on jump jumpctl kick "$kicked"
	check "$daemon stopped: kick works" printed \
	    "^ended, and waits for the log: alice to db1:5432 by connect, session $kicked"
	check "$daemon stopped: and says what is lacking" \
	    said 'the log does not take the record'
	kill "$(cat "$T/left.pid")"
	check "$daemon stopped: the idle one has ended" within \
	    grep -q 'its record waits for the log' "$T/idled.err"
	check "$daemon stopped: its row stays" id_of idled web1:80
	check "$daemon stopped: relays go on" goes_on relay
	check "$daemon stopped: and forwards" goes_on forward
	check "$daemon stopped: who asks by a connection of before, waits" \
	    kill -0 "$(cat "$T/asks.pid")"
	check "$daemon stopped: and is connected to nothing" wire_silent

	kill -CONT "$collector"
	check "$daemon goes on: the kick" recorded "$kicked" \
	    '"event.action":"close".*"jump.end":"kick","jump.lost":[1-9]'
	check "$daemon goes on: the idle one" recorded "$idled" \
	    '"event.action":"close".*"jump.end":"idle","jump.lost":[1-9]'
	check "$daemon goes on: the one that was left" recorded "$left" \
	    '"event.action":"close".*"jump.end":"client"'
	check "$daemon goes on: so says jumpctl log" within lists_lost "$kicked"
	for id in $kicked $idled $left; do
		check "$daemon goes on: one end each" \
		    [ "$(records "$id" | grep -c '"event.action":"close"')" -eq 1 ]
	done
	check "$daemon goes on: so does who waited" within id_of asked db1:5432
	kill "$(cat "$T/asks.pid")"
	check "$daemon: the relay has lost nothing" dry relay
	check "$daemon: the forward has lost nothing" dry forward
	run ssh -F "$C" -S "$T/control" -O exit jump
	check "$daemon: no row is left" within nobody
}

nobody() {
	who && gave 0 ""
}

# --- started again -----------------------------------------------------------

# Between the end of the one and the start of the other there is nobody.
restart_rsyslog() {
	check "a relay flows" \
	    flow relay carol ssh -F "$C" jump connect db1 5432
	check "one to be kicked" begin kicked db1 5432
	check "one to be kicked twice" begin twice web2 22
	check "one that is idle" begin idled web1 80
	ssh -F "$C" -fNT -S "$T/control" -M jump </dev/null 8<&-
	kill "$collector"
	wait "$collector" 2>/dev/null
	refuses "no rsyslog"
	timed ssh -F "$C" -S "$T/control" jump connect db1 5432
	check "no rsyslog: a connection of before is refused ($took ms)" soon
	check "no rsyslog: exit 70" gave 70 ""
	check "no rsyslog: in one line" [ "$(cat "$T/err")" = "$UNRECORDED" ]
	run lab on jump jumpctl kick "$kicked"
	run lab on jump jumpctl kick "$twice"
	check "no rsyslog: kick" printed '^ended, and waits for the log: '
	check "no rsyslog: its row stays" id_of twice web2:22
	run lab on jump jumpctl kick "$twice"
	check "no rsyslog: once more" printed '^killed: alice to web2:22 by'
	check "no rsyslog: its row is gone" not id_of twice web2:22
	check "no rsyslog: the idle one has ended" within \
	    grep -q 'its record waits for the log' "$T/idled.err"
	check "no rsyslog: relays go on" goes_on relay

	start_rsyslog
	check "a new rsyslog: the kick" recorded "$kicked" \
	    '"event.action":"close".*"jump.end":"kick","jump.lost":[1-9]'
	check "a new rsyslog: the idle one" recorded "$idled" \
	    '"event.action":"close".*"jump.end":"idle","jump.lost":[1-9]'
	timed ssh -F "$C" -S "$T/control" jump connect db1 5432
	check "a new rsyslog: a connection of before" gave 0 ""
	check "a new rsyslog: the relay has lost nothing" dry relay
	run ssh -F "$C" -S "$T/control" -O exit jump
	check "a new rsyslog: no row is left" within nobody
}

daemon=rsyslog
take_dev_log
start_rsyslog
through_a_stop
restart_rsyslog
if [ -x /lib/systemd/systemd-journald ] && [ -x /usr/bin/journalctl ]; then
	daemon=journald
	take_dev_log
	start_journald
	through_a_stop
else
	skip "no journald"
fi
finish
