# SPDX-License-Identifier: ISC
# The gate goes away and comes back: what stands then, and what passes.
# runs: once
. "$(dirname "$0")/lib.sh"

trap '' PIPE
export LAB_USER=bob
cp "$LAB_REPO/tests/e2e/gateload.py" "$T/"
py="python3 $T/gateload.py"

on() {
	lab on jump "$@"
}

# rules [STATEMENT]
rules() {
	policy <<-END
		set nft "/usr/sbin/nft"
		set exempt admin
		$*
		user bob
		key bob "ssh-ed25519 AAAA"
		net dbs 10.2.0.11/32 tcp { 5432 6000 }
		allow dbs: bob to { dbs web2 }
	END
}

sweep() {
	run lab on jump jumpctl sweep
}

# permits: a login of bob's would be given any address now.
permits() {
	on setpriv --reuid _jump --regid _jump --clear-groups \
	    /usr/local/libexec/jump/jump-authkeys bob \
	    $(cut -d' ' -f1,2 "$LAB/keys/bob.pub") \
	    "$(ssh-keygen -lf "$LAB/keys/bob.pub" | cut -d' ' -f2)" |
	    grep -Fq 'permitopen="*:6000"'
}

# keep FD ADDRESS:PORT: a connection that stays, by a login of its own.
keep() {
	rm -f "$T/$1.fifo"
	mkfifo "$T/$1.fifo"
	ssh -F "$C" -W "$2" jump <"$T/$1.fifo" >"$T/$1.out" 2>"$T/$1.err" &
	echo $! >"$T/$1.pid"
	eval "exec $1>\"$T/$1.fifo\""
	goes_on "$1"
}

# goes_on FD: what is said now comes back.
goes_on() {
	count=$((${count:-0} + 1))
	echo "word $count" >&"$1"
	within grep -q "word $count\$" "$T/$1.out"
}

has_ended() {
	within not kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

let_go() {
	eval "exec $1>&-"
	has_ended "$1"
}

# load SECONDS: in the background, as bob's own processes.
load() {
	lab on -u bob jump $py load 40 "$1" 15 10.2.0.11 6000 >"$T/load" &
	loader=$!
}
answers() {
	lab on -u bob jump $py load 1 1 5 10.2.0.11 6000 | grep -q '"answered": 1'
}
loaded() {
	wait $loader
	echo "# load: $(cat "$T/load")"
}
of() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1])).get(sys.argv[2], 0))' "$T/load" "$1"
}

# direct: a connection of a shell of bob's that stays; its last word.
direct() {
	lab on -u bob jump python3 -c '
import socket, time
s = socket.create_connection(("10.2.0.11", 5432), 5)
s.settimeout(1)
while True:
    try:
        s.send(b"x")
        print("answered" if s.recv(1) else "ended", flush=True)
    except OSError as e:
        print("not", flush=True)
    time.sleep(0.1)' >"$T/direct" 2>&1 &
	direct=$!
	within last answered
}
last() {
	[ "$(tail -n 1 "$T/direct" 2>/dev/null)" = "$1" ]
}

lab on db1 $py serve 6000 0 >"$T/serve" &
within grep -qs ready "$T/serve"
rules set gate 422
check "the gate is up" gate_up
sweep
check "wide lines" permits
[ "$failures" -eq 0 ] || finish

# --- the listener ends, and another comes -------------------------------------

check "listener: one stands" keep 5 10.2.0.11:5432
load 8
sleep 1
gate_down
check "listener: narrow lines at once" not permits
check "listener: what stands goes on" goes_on 5
check "listener: it is up again" gate_up
check "listener: wide lines again" permits
loaded
check "listener: none past it, only refused" \
    [ "$(($(of answered) + $(of ECONNREFUSED) + $(of ended)))" -eq "$(of started)" ]
check "listener: some were refused" [ "$(of ECONNREFUSED)" -gt 0 ]
check "listener: and some answered" [ "$(of answered)" -gt 0 ]
sweep
check "listener: a sweep finds nothing amiss" gave 0 ""
check "listener: what stood goes on" goes_on 5
let_go 5

# --- the table goes, and comes --------------------------------------------------

check "flushed: one stands" keep 5 10.2.0.11:5432
load 8
sleep 1
on nft flush ruleset
check "flushed: narrow lines at once" not permits
check "flushed: a shell passes" direct
echo more >&5
check "flushed: what stands breaks" has_ended 5
exec 5>&-
sweep
check "swept: wide lines again" permits
check "swept: what has been made past it is held" within last not
kill $direct
check "swept: whoever asked the gate is answered" within answers
loaded
# Who was between the first packet and the second is not known to anybody.
check "flushed: nobody waits for nothing" [ "$(of waited)" -le 5 ]

# --- a policy without a gate ------------------------------------------------------

check "no gate: a net stands" keep 5 10.2.0.11:5432
load 8
sleep 1
rules
check "no gate: the load ends it" \
    printed '^ended: bob to db1:5432 by forward, session .*: the policy has no gate any more$'
check "no gate: and its login" printed '^ended: login of bob'
check "no gate: which is gone" has_ended 5
check "no gate: narrow lines" not permits
loaded
check "no gate: no connection has passed since" \
    [ "$(of answered)" -lt "$(of started)" ]
run ssh -F "$C" -W 10.2.0.11:5432 jump </dev/null
check "no gate: no net" said 'administratively prohibited'
run ssh -F "$C" -W 10.2.0.12:22 jump </dev/null
check "no gate: a host" printed '^SSH-2.0-'
sweep
check "no gate: nothing is left" sessions '^[a-z2-7]{8} ' 0
exec 5>&-
gate_down
finish
