# SPDX-License-Identifier: ISC
# The connections of sessions: their state, and what the kernel says of them,
# as administrators and as users see it.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$(dirname "$0")/tunnels.py" "$T/"
policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
host db2 10.2.0.11 tcp { 5433 5434 5435 }
allow all: { alice carol bob } to { web1 db1 db2 }
END
[ "$status" -eq 0 ] || finish
for server in 'deaf 5433' 'patient 5434'; do
	lab on db1 python3 -B "$T/tunnels.py" $server >"$T/server.err" 2>&1 &
done
mkfifo "$T/open"
exec 8<>"$T/open"

# keep NAME USER COMMAND...: in the background, its input from a pipe that
# stays open; its ssh is $T/NAME.pid.
keep() {
	name=$1 LAB_USER=$2
	export LAB_USER
	shift 2
	"$@" <"$T/open" >"$T/$name.out" 2>"$T/$name.err" 8<&- &
	echo $! >"$T/$name.pid"
}

# leave NAME
leave() {
	kill "$(cat "$T/$1.pid")"
	wait "$(cat "$T/$1.pid")" 2>/dev/null
	rm -f "$T/$1.pid"
}

# is TARGET LEG EXPRESSION: of the only session there; o is the session, l its
# leg.
is() {
	who --json --target "$1"
	python3 -c 'import json, sys
[o] = [json.loads(line) for line in open(sys.argv[1])]
l = o[sys.argv[2] + "_leg"]
sys.exit(not eval("(" + sys.argv[3] + ")"))' "$T/out" "$2" "$3" 2>"$T/err"
}

# shows REGEX COMMAND...: on a line of what it prints.
shows() {
	regex=$1
	shift
	"$@"
	printed "$regex"
}

# slowly COMMAND...: it succeeds before 20 s are over.
slowly() {
	within "$@" || within "$@"
}

# lose HOST RULE: what the host drops, until found.
lose() {
	lost=$1
	lab on "$lost" nft -f - <<-END
		table inet lose {
			chain input {
				type filter hook input priority -300
				$2 drop
			}
			chain output {
				type filter hook output priority -300
				$2 drop
			}
		}
	END
}
found() {
	lab on "$lost" nft delete table inet lose
}

NUMBERS='[0-9.]+(us|ms) +[0-9]+ +[0-9.]+[KM]? +[0-9.]+[KM]? +([0-9.]+[KMG]?|-) +[0-9]+s'

# --- open --------------------------------------------------------------------

keep relay bob ssh -F "$C" jump connect db1 5432
keep forward alice ssh -F "$C" -W 10.2.0.11:5432 jump
check "both are there" within sessions 'db1:5432' 2
check "open, in the table" sessions ' +[0-9]+s open$' 2
check "the table: 80 columns" [ "$(wc -L <"$T/out")" -le 80 ]
for leg in user target; do
	check "-v: a line for the $leg" shows \
	    "^[a-z2-7]{8} bob +db1:5432 $leg +open +$NUMBERS\$" who -v
	check "-v: also of a forward" printed \
	    "^- +alice db1:5432 $leg +open +$NUMBERS\$"
done
check "-v: its titles" printed \
    '^SESSION +USER +TARGET +LEG +STATE +RTT RETR QUEUE UNREAD +RATE HEARD$'
check "-v: 80 columns" [ "$(wc -L <"$T/out")" -le 80 ]
check "-v: of a selection" shows '^[a-z2-7]{8} bob' who -v bob
check "-v: and no other" [ "$(wc -l <"$T/out")" -eq 3 ]
port=$(ss -Htn state established dst 192.0.2.1:22 | wc -l)
check "two SSH connections" [ "$port" -eq 2 ]
leave forward
check "one ended" within sessions db1:5432 1
for leg in user target; do
	check "--json: $leg" is db1 $leg 'o["state"] == l["state"] == "open" and
	    l["tcp"] == "ESTAB" and 0 < l["rtt_min_us"] <= 10**7 and
	    l["rtt_us"] > 0 and l["queued"] == l["unsent"] == l["unread"] == 0
	    and l["heard_ms"] <= l["received_ms"] and "lost" in l and
	    "delivery_rate" in l and "in_flight" in l and "sent_ms" in l and
	    "unanswered" in l and "rtt_var_us" in l'
done

# A path has no connection of TCP.
hold path -u 2001 -w alice -t /run/metrics/api.sock -a '' -p 0
check "a path: not known" shows 'target +-( +-){6}$' who -v /run/metrics/api.sock
check "a path: null" is /run/metrics/api.sock target 'l is None and
    o["state"] is None and o["user_leg"] is None'
unhold path

# --- users -------------------------------------------------------------------

as bob jump who
check "a user: state" printed ' db1:5432 connect [0-9:]+ +0 +0 +[0-9]+s open$'
as bob jump who -v
check "a user: -v" printed "^[a-z2-7]{8} db1:5432 target open +$NUMBERS\$"
check "a user: their own way here" printed "^- +- +user +open +$NUMBERS\$"
check "a user: nothing else" [ "$(wc -l <"$T/out")" -eq 3 ]
as alice jump who -v
check "another: only their own way" printed "^- +- +user +open +$NUMBERS\$"
check "another: nothing else" [ "$(wc -l <"$T/out")" -eq 2 ]
as alice jump who
check "another: nothing" gave 0 ""
as carol jump who -v
check "a shared account: nor there" not printed 5432
keep forward bob ssh -F "$C" -W 10.2.0.11:5432 jump
check "a user's forward" within sessions db1:5432 2
as bob jump who -v
check "a user's forward: -v" printed "^- +10\.2\.0\.11:5432 target +open +$NUMBERS\$"
check "and the relay to the same" printed "^[a-z2-7]{8} db1:5432 +target +open"
check "and each once" [ "$(wc -l <"$T/out")" -eq 4 ]
leave forward
keep carol carol ssh -F "$C" jump connect db1 5432
check "on a shared account" within shows ' carol ' who
hold dave -u 2010 -w dave -t db1 -a 10.2.0.11 -p 5432 -i dddddddd
as carol jump who -v
check "a shared account: -v" printed "^[a-z2-7]{8} db1:5432 target open +$NUMBERS\$"
check "a shared account: not another's" [ "$(grep -c db1 "$T/out")" -eq 1 ]
unhold dave
leave carol

# --- slow, lost, dead --------------------------------------------------------

if lab on db1 tc qdisc add dev eth0 root netem delay 60ms 2>/dev/null; then
	echo hello >&8
	check "slow: its round trip" within is db1 target 'l["rtt_us"] > 20000'
	check "slow: not the user's" is db1 user 'l["rtt_us"] < 20000'
	lab on db1 tc qdisc del dev eth0 root
else
	skip "slow: this kernel has no sch_netem"
fi
lose db1 'tcp dport 5432 numgen random mod 3 == 0'
head -c 300000 /dev/zero >&8
check "lossy: sent again" slowly is db1 target 'l["retransmitted"] > 3'
check "lossy: the table says so" shows \
    ' target +[a-z]+ +[0-9.]+[mu]s +[1-9][0-9]* ' who -v bob
found
arrived() {
	[ "$(wc -c <"$T/relay.out")" -ge 300000 ] &&
	    is db1 target 'l["queued"] == 0'
}
check "lossy: all comes" slowly arrived
lose db1 'tcp dport 5432'
echo hello >&8
check "lost: stalled" within sessions ' stalled$' 1
check "lost: that one" is db1 target 'l["state"] == "stalled" and
    l["queued"] == 6 and l["unsent"] == 0 and l["unanswered"] > 0'
check "lost: not the other" is db1 user 'l["state"] == "open"'
as bob jump who
check "lost: the user sees it" printed ' stalled$'
check "lost: dead" slowly sessions ' dead$' 1
as bob jump who
check "dead: the user sees it" printed ' dead$'
as bob jump who -v
check "dead: which" printed '^[a-z2-7]{8} db1:5432 target dead '
found
check "found: open" slowly sessions ' open$' 1
leave relay
check "ended" within sessions 5432 0

# --- nobody reads ------------------------------------------------------------

keep deaf bob ssh -F "$C" -W 10.2.0.11:5433 jump
check "a server" within sessions 5433 1
head -c 20000000 /dev/zero 1>&8 &
feeder=$!
check "deaf: stalled" slowly sessions 'db2:5433 .* stalled$' 1
check "deaf: what waits" is db2 target 'l["unsent"] > 100000 and
    l["queued"] == l["unsent"] and l["in_flight"] == 0'
check "deaf: in the table" shows ' target stalled +[0-9.]+[mu]s +[0-9]+ +[0-9.]+[KM] ' \
    who -v
kill $feeder
leave deaf
check "deaf: ended" within sessions 5433 0
exec 8>&-
rm "$T/open"
mkfifo "$T/open"
exec 8<>"$T/open"

# Nor the user: what comes waits at this end.
mkfifo "$T/flood"
LAB_USER=bob ssh -F "$C" jump connect db1 5432 </dev/zero 2>"$T/flood.err" \
    8<&- 7<>"$T/flood" >&7 &
flood=$!
check "not read: stalled" slowly sessions 'db1:5432 .* stalled$' 1
check "not read: here" is db1 target 'l["unread"] > 100000'
kill $flood
check "not read: ended" within sessions 5432 0

# --- the user's leg ----------------------------------------------------------

keep away bob ssh -F "$C" -W 10.2.0.11:5432 jump-elsewhere
check "from elsewhere" within sessions 'bob +198\.51\.100\.10 ' 1
echo hello >&8
check "it is said" within grep -q hello "$T/away.out"
lose jump 'meta oifname clients ip daddr 198.51.100.10'
echo hello >&8
check "the user is lost: stalled" within sessions ' stalled$' 1
check "the user is lost: that leg" is db1 user 'l["state"] == "stalled"'
check "the user is lost: not the target" is db1 target 'l["state"] == "open"'
found
check "the user is found" slowly sessions ' open$' 1
leave away

# --- begin and end -----------------------------------------------------------

keep half bob ssh -F "$C" -W 10.2.0.11:5434 jump
check "patient" within sessions 5434 1
leave half
LAB_USER=bob ssh -F "$C" -W 10.2.0.11:5434 jump </dev/null >"$T/half.out" \
    2>"$T/half.err" 8<&- &
half=$!
check "half-closed" within sessions 'db2:5434 .* half-closed$' 1
check "half-closed: by the user" is db2 target 'l["tcp"] == "FIN-WAIT-2"'
kill $half
lose db1 'tcp dport 5435'
keep waits bob ssh -F "$C" -W 10.2.0.11:5435 jump
check "connecting" within sessions 'db2:5435 forward .* connecting$' 1
as bob jump who
check "connecting: the user sees it" printed '^- +- +10\.2\.0\.11:5435 - .* connecting$'
found
leave waits

# --- how ---------------------------------------------------------------------

who -v --json
check "-v and --json" gave 64 ""
as bob jump who -w
check "a user: -w" gave 64 ""
finish
