# SPDX-License-Identifier: ISC
# The gate under load: what it decides meanwhile, and what it leaves behind.
# GATELOAD=1 makes that 500 connections a second, for a minute.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$LAB_REPO/tests/e2e/gateload.py" "$T/"
py="python3 $T/gateload.py"
log=$LAB/jump.log
if [ -n "${GATELOAD:-}" ]; then
	rate=500 seconds=60 loads=100
else
	rate=50 seconds=4 loads=5
fi

on() {
	lab on jump "$@"
}

# Ten users: one alone may begin 100 a second.
seq 10 >"$T/crowd"
uids=
for n in $(cat "$T/crowd"); do
	echo "load$n:x:$((3100 + n)):2010::/home/load$n:/bin/sh"
	uids="$uids uid=$((3100 + n))"
done >>"$LAB/hosts/jump/etc/passwd"

# --- two policies ------------------------------------------------------------

# rules NAME PORT: all of bob's rights are by the rule NAME, PORT among them.
rules() {
	policy <<-END
		set nft "/usr/sbin/nft"
		set gate 422
		set exempt admin
		set sessions 1000
		$(sed 's/.*/user load&/' "$T/crowd")
		group @load { $(sed 's/^/load/' "$T/crowd") }
		net load 10.2.0.11/32 tcp { 6000 6001 6002 $2 }
		allow $1: @load to load
	END
	cp "$LAB/hosts/jump/etc/jump/policy" "$T/$1"
	grep -h '"event.action":"load"' "$log" | tail -n 1 |
	    sed 's/.*"jump.policy":"\([0-9a-f]*\)".*/\1/' >"$T/$1.hash"
}

# put NAME: in force, and the table loaded again.
put() {
	cp "$T/$1" "$LAB/hosts/jump/etc/jump/policy.new"
	mv "$LAB/hosts/jump/etc/jump/policy.new" "$LAB/hosts/jump/etc/jump/policy"
	on jumpctl load >>"$T/loads" 2>&1 &&
	    on nft -f /run/jump/jumphost.nft >>"$T/loads" 2>&1
}

# --- load --------------------------------------------------------------------

# load RATE SECONDS PATIENCE PORT...: in the background, by all of them.
load() {
	offset=$(stat -c %s "$log")
	lab on jump $py load "$1" "$2" "$3" 10.2.0.11 $4 $uids >"$T/load" &
	loader=$!
}

loaded() {
	wait $loader
	echo "# load: $(cat "$T/load")"
}

# of FILE KEY: a number of what load or judge printed; 0 if it is not there.
of() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1])).get(sys.argv[2], 0))' "$T/$1" "$2"
}

judge() {
	$py judge "$log" "$offset" \
	    "$(cat "$T/old.hash"):old:6000,6001,6002,6003" \
	    "$(cat "$T/new.hash"):new:6000,6001,6002,6004" >"$T/judge"
}

# all_told: each connection that the table has not refused has its decision,
# and what began has ended.
all_told() {
	judge
	[ $(($(of judge decisions) + $(of load ECONNREFUSED))) -ge \
	    "$(of load started)" ] && settled
}
settled() {
	judge
	[ "$(of judge 'open now')" -eq 0 ]
}
told() {
	echo "# records: $(cat "$T/judge")"
}

# --- what may leak -----------------------------------------------------------

gates_gone() {
	! pgrep -x jump-connect >/dev/null
}
slots() {
	find "$LAB/hosts/jump/run/jump/sessions" -name '*.*' | wc -l
}
descriptors() {
	ls "/proc/$1/fd" | wc -l
}
memory() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
children() {
	cat "/proc/$1/task/$1/children" | wc -w
}
# tracked: connections that the kernel still knows.  Reading them removes those
# whose time is over.
tracked() {
	on cat /proc/net/nf_conntrack | wc -l
}
few_tracked() {
	[ "$(tracked)" -le "$1" ]
}

# listeners FUNCTION: its sum, of all that listen.
listeners() {
	sum=0
	for p in $(gate_pids); do
		sum=$((sum + $($1 "$p")))
	done
	echo "$sum"
}

# --- the parts ---------------------------------------------------------------

echo 'table inet dead { chain input { type filter hook input priority 0
	tcp dport 6002 drop; }; }' | lab on db1 nft -f -
lab on db1 $py serve 6000 0 6001 0.3 6003 0 6004 0 >"$T/serve" &
within grep -qs ready "$T/serve"
for t in time_wait close close_wait last_ack fin_wait syn_sent; do
	on sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_$t=1
done
rules new 6004
rules old 6003
check "two policies" not cmp -s "$T/old.hash" "$T/new.hash"
check "the gate is up" gate_up -w 5
[ "$failures" -eq 0 ] || finish
load 20 1 20 6000
loaded
check "before: all are answered" [ "$(of load answered)" -eq 20 ]
check "before: and recorded" within all_told
check "before: none is left" within gates_gone
on jumpctl sweep
fds=$(listeners descriptors)
kib=$(listeners memory)

# --- policies and rules in turn -------------------------------------------------

load "$rate" "$seconds" 20 '6000*6 6001*2 6003 6004'
n=0
while [ "$n" -lt "$loads" ] || kill -0 $loader 2>/dev/null; do
	put new && put old || break
	n=$((n + 2))
	sleep 0.2
done
loaded
echo "# loads: $n"
check "loads: as many as there should be" [ "$n" -ge "$loads" ]
check "loads: a decision for each connection, and an end" within all_told
told
check "loads: each is of one of the two" [ "$(of judge odd)" -eq 0 ]
check "loads: some are of the one" [ "$(of judge 'by old')" -gt 0 ]
check "loads: some are of the other" [ "$(of judge 'by new')" -gt 0 ]
check "loads: what is on record is what was answered" \
    [ "$(of judge answers)" -eq "$(of load answered)" ]
# Where two connections have one source port, the table refuses one of them.
check "loads: most are answered" \
    [ "$(of load answered)" -gt $(($(of load started) / 2)) ]
check "loads: nobody waited in vain" [ "$(of load waited)" -eq 0 ]

# --- a dead target ---------------------------------------------------------------

load "$rate" "$seconds" 4 '6000*4 6002'
loaded
check "dead: the others are answered" \
    [ "$(of load answered)" -gt $(($(of load started) * 3 / 4)) ]
check "dead: who has gone is let go of when the wait is over" within gates_gone
check "dead: each is recorded" within all_told
told
check "dead: and that it failed" \
    [ "$(of judge 'open failed')" -gt $(($(of load started) / 6)) ]
check "dead: and no decision is odd" [ "$(of judge odd)" -eq 0 ]

# --- no collector -----------------------------------------------------------------

load "$rate" $((seconds < 10 ? seconds : 10)) 5 '6000*3 6001'
sleep 1
collector=$(pgrep -x rsyslogd)
kill -STOP $collector
check "stopped: the collector" within halted "$collector"
stopped=$(stat -c %s "$log")
loaded
check "stopped: nothing is on record meanwhile" \
    [ "$(stat -c %s "$log")" -eq "$stopped" ]
check "stopped: what cannot be recorded is not done" [ "$(of load ended)" -gt 0 ]
kill -CONT $collector
check "again: none is left" within gates_gone
check "again: each that was made has its records" within settled
told
check "again: and no decision is odd" [ "$(of judge odd)" -eq 0 ]
check "again: answered is only what is on record" \
    [ "$(of load answered)" -le "$(of judge answers)" ]
load 20 1 20 6000
loaded
check "again: they are answered" [ "$(of load answered)" -ge 18 ]
check "again: and recorded" within all_told

# --- what is left -------------------------------------------------------------------

check "after: no process" within gates_gone
run lab on jump jumpctl sweep
check "after: a sweep has nothing to say" gave 0 ""
no_slots() {
	[ "$(slots)" -eq 0 ]
}
check "after: no slots" within no_slots
check "after: no row" within sessions '^[a-z2-7]{8} ' 0
childless() {
	[ "$(listeners children)" -eq 0 ]
}
check "after: the listener has no child" within childless
check "after: the listener's descriptors" [ "$(listeners descriptors)" -eq "$fds" ]
echo "# listener: $kib KiB before, $(listeners memory) KiB after"
check "after: the listener's memory" \
    [ "$(listeners memory)" -le $((kib + 256)) ]
if [ -r /proc/net/nf_conntrack ]; then
	check "after: the kernel tracks no connection" within few_tracked 4
else
	skip "after: the kernel does not show what it tracks"
fi
gate_down
finish
