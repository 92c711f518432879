# SPDX-License-Identifier: ISC
# Relays in the registry: who and kick see them, limits hold, and what the log
# has of them.
. "$(dirname "$0")/lib.sh"

policy <<'END'
set sessions 3
user bob
key bob "ssh-ed25519 AAAA"
allow web: { alice carol } to web1:80
allow log: { alice carol } to web1:22 idle 1h duration 2h until 2099-01-01T00:00Z
allow db:  { alice carol } to db1:5432
allow two: any to web2:80 max 1
require few: alice to db1:5432 max 2
require more: alice to db1:5432 max 9
END

# A session stays as long as 8 is open.
mkfifo "$T/open"
exec 8<>"$T/open"

# begin NAME USER HOST PORT [INPUT]: a session that stays; its ssh is $T/NAME.pid.
begin() {
	LAB_USER=$2 ssh -F "$C" jump connect "$3" "$4" <"${5:-$T/open}" \
	    >"$T/$1.out" 2>"$T/$1.err" 8<&- &
	echo $! >"$T/$1.pid"
}

# live USER N: so many relays of that user.
live() {
	who --user "$1"
	[ "$(grep -c ' connect ' "$T/out")" -eq "$2" ]
}

# ends NAME STATUS: its ssh, so.
ends() {
	wait "$(cat "$T/$1.pid")"
	status=$?
	cp "$T/$1.out" "$T/out"
	cp "$T/$1.err" "$T/err"
	[ $status -eq "$2" ]
}

# busy: refused for a limit, in one line.
busy() {
	gave 75 "" && [ "$(grep -c . "$T/err")" -eq 1 ] &&
	    said "^jump: $1 must wait: you have $2 open, \`who' lists [a-z]*\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.\$"
}

# pid_of_relay USER: one of them.
pid_of_relay() {
	who --json --user "$1"
	sed -n 's/.*"pid":\([0-9]*\),.*"road":"connect".*/\1/p' "$T/out" |
	    head -n 1
}

kick_relay() {
	lab on jump kill "-$1" "$(pid_of_relay alice)"
}

# --- who ---------------------------------------------------------------------

begin one alice web1 22
check "a session is seen" within live alice 1
# Its first bytes are the target's banner, which comes when it comes.
described() {
	run lab on jump jumpctl who --user alice
	printed '^[a-z2-7]{8} alice 192\.0\.2\.10 web1:22 connect [0-9:]+ +0 +[1-9][0-9]* +[0-9]+s open$'
}
check "with what it is" within described
id=$(sed -n 's/^\([a-z2-7]\{8\}\) alice.*/\1/p' "$T/out")
who --json "$id"
check "its rule" printed '"address":"10\.2\.0\.10","port":22,"road":"connect","rule":"log"'
check "its limits are in the record" logged "\"event.action\":\"open\".*\"jump.session\":\"$id\".*\"jump.limit.idle\":3600,\"jump.limit.duration\":7200,\"jump.limit.until\":\"2099-01-01T00:00:00Z\""
begin two carol db1 5432
check "a shared account: by name" within live carol 1
check "others are others" live alice 1

# --- ssh jump who ------------------------------------------------------------

hold dave -u 2010 -w dave -t db1 -i dddddddd
check "another of the shared account" within live dave 1
jump who
check "a user's own" printed "^$id 192\.0\.2\.10 web1:22 connect [0-9:]+ +0 +[1-9][0-9]* +[0-9]+s open\$"
check "its titles" printed '^SESSION  FROM       TARGET  ROAD    SINCE +IN +OUT IDLE STATE$'
check "and nothing else" [ "$(grep -c . "$T/out")" -eq 2 ]
as carol jump who
check "on a shared account: the user's own" printed ' db1:5432 connect '
check "and not another's" [ "$(grep -c . "$T/out")" -eq 2 ]
as bob jump who
check "of a user who has none: nothing" gave 0 ""
as alice jump who is there
check "without arguments" gave 64 ""
unhold dave
check "dave goes" within live dave 0

# --- kick --------------------------------------------------------------------

kick "$id" "a test"
check "kick: ended" gave 0 "ended: alice to web1:22 by connect, session $id, from 192.0.2.10"
check "kick: who was kicked is told" ends one 77
check "in words" said '^jump: the connection has ended: an administrator has ended it\.$'
check "kick: in its closing record" logged "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"kick\""
check "kick: the other stays" live carol 1
check "kick: and is no more" live alice 0

# sweep and signals of the user's own
begin one alice web1 22
check "one for the sweep" within live alice 1
kick_relay USR2
check "a sweep's signal: told" ends one 77
check "a sweep's signal: in words" said 'it is not permitted any more'
check "a sweep's signal: recorded" logged '"jump.end":"sweep"'
begin one alice web1 22
check "one for its user" within live alice 1
before=$(count_log '"jump.end":"kick"')
relay=$(pid_of_relay alice)
lab on -u alice jump kill -USR1 "$relay"
check "the user's own USR1" ends one 76
check "is a signal" logged '"jump.end":"signal"'
check "and no kick" [ "$(count_log '"jump.end":"kick"')" -eq "$before" ]

# --- limits ------------------------------------------------------------------

begin a alice db1 5432
begin b alice db1 5432
check "two of two" within live alice 2
jump connect db1 5432
check "max: no third" busy db1:5432 '2 sessions of 2'
check "max: recorded" logged '"event.action":"open","event.outcome":"failure".*"destination.address":"db1".*"jump.rule":"few","jump.reason":"too many sessions at once".*"jump.limit.max":2'
check "max: carol is another" live carol 1
begin c alice web2 80
check "another rule: another place" within live alice 3
jump connect web1 80
check "sessions: no fourth" busy web1:80 '3 sessions of 3'
check "sessions: recorded" logged '"destination.address":"web1".*"jump.reason":"too many sessions at once".*"jump.limit.max":3'
begin d carol web2 80
check "carol has her own" within live carol 2
as carol jump connect web2 80
check "max 1" busy web2:80 '1 session of 1'
LAB_USER=alice

# --- any death frees the place -----------------------------------------------

check "kill -9 of the relay" kick_relay KILL
check "its row goes" within live alice 2

# The N-th process of sshd above a relay: 1 is alice's own, 2 the monitor.
sshd_of() {
	p=$1
	n=$2
	for _ in 1 2 3 4 5; do
		p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status")
		case $(cat "/proc/$p/comm") in
		sshd*) n=$((n - 1)) ;;
		esac
		[ $n -gt 0 ] || break
	done
	echo "$p"
}

session=$(sshd_of "$(pid_of_relay alice)" 1)
check "kill -9 of its sshd" lab on jump kill -9 "$session"
check "kill -9 of its sshd: the row goes" within live alice 1
monitor=$(sshd_of "$(pid_of_relay alice)" 2)
check "kill -9 of the monitor" lab on jump kill -9 "$monitor"
check "kill -9 of the monitor: the row goes" within live alice 0
check "kill -9 of the monitor: recorded" logged '"event.action":"close".*"user.name":"alice".*"jump.end":"login"'
for name in a b c; do
	kill "$(cat "$T/$name.pid")" 2>/dev/null # two have gone
done
begin a alice db1 5432
begin b alice db1 5432
begin c alice web1 80
check "the places are free" within live alice 3
for name in a b c; do
	kill "$(cat "$T/$name.pid")"
done
check "all end" within live alice 0

# Where /proc hides who is the monitor, a sweep sees that there is none.
lab on jump mount -t proc -o hidepid=2 proc /proc
begin h alice db1 5432
check "hidepid: a session" within live alice 1
lab on jump umount /proc
before=$(count_log '"jump.end":"login"')
check "hidepid: kill -9 of the monitor" \
    lab on jump kill -9 "$(sshd_of "$(pid_of_relay alice)" 2)"
# One sees it once sshd has learnt that its monitor is no more.
sweeps() {
	run lab on jump jumpctl sweep
	printed '^ended: login of alice, '
}
check "hidepid: the sweep ends it" within sweeps
check "hidepid: the row goes" within live alice 0
check "hidepid: nothing was watched" \
    [ "$(count_log '"jump.end":"login"')" -eq "$before" ]
kill "$(cat "$T/h.pid")" 2>/dev/null

# --- without a log -----------------------------------------------------------

mkfifo "$T/own"
exec 7<>"$T/own"
begin l alice db1 5432 "$T/own"
check "a session before the log goes" within live alice 1
lab on jump mv /dev/log /dev/log.away
echo hello >&7
check "without a log it goes on" within grep -qx hello "$T/l.out"
kill "$(cat "$T/l.pid")"
sleep 3
check "it waits with its record" live alice 1
lab on jump jumpctl lock --no-sweep alice >"$T/out" 2>&1
lab on jump jumpctl sweep >"$T/out" 2>&1
check "which no sweep takes away" live alice 1
lab on jump jumpctl unlock alice >"$T/out" 2>&1
lab on jump mv /dev/log.away /dev/log
check "the log is back: its end, late" logged '"destination.address":"db1".*"jump.end":"client","jump.lost":[1-9]'
check "and then it goes" within live alice 0

# --- a policy that comes while the connection is made ------------------------

lab on jump nft -f - <<'END'
table inet hole {
	chain output {
		type filter hook output priority 0
		tcp dport 5432 drop
	}
}
END
before=$(count_log '"jump.end":"sweep"')
decided() {
	[ "$(count_log '"decision","event.outcome":"success".*"db1"')" -gt "$n" ]
}
n=$(count_log '"decision","event.outcome":"success".*"db1"')
begin s alice db1 5432 "$T/own"
check "it is decided" within decided
policy <<'END'
allow all: { alice carol } to { web1 db1 }
END
lab on jump nft delete table inet hole
check "a new policy meanwhile: no session" ends s 77
check "in words" said 'the connection has ended: the policy has changed, try again'
check "and nothing came through" silent
swept() {
	[ "$(count_log '"jump.end":"sweep"')" -gt "$before" ]
}
check "recorded" within swept

# --- without a registry ------------------------------------------------------

lab on jump mv /run/jump/sessions /run/jump/away
jump connect web1 80
check "no registry: exit 73" gave 73 ""
check "no registry: in one line" said '^jump: the session cannot be registered: No such file or directory\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.$'
check "no registry: recorded" logged '"event.action":"decision","event.outcome":"failure".*"jump.reason":"the session cannot be registered: No such file or directory"'
lab on jump mv /run/jump/away /run/jump/sessions
finish
