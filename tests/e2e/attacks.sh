# SPDX-License-Identifier: ISC
# What a hostile review found once, and must not find again.
. "$(dirname "$0")/lib.sh"

connect=/usr/local/libexec/jump/jump-connect

policy <<'END'
allow a: alice to { web1 db1 }
deny contractors: %alice to db1
END
wire_tap

# A socket that is passed on would pass the firewall, wherever it is connected.
cat >"$T/pass.py" <<'END'
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
sys.exit(subprocess.run([sys.argv[1], "-F", "web1", "22"],
                        stdin=subprocess.DEVNULL, stdout=theirs).returncode)
END
wire_reset
run lab on -u alice jump python3 "$T/pass.py" $connect
check "no socket is passed on" gave 64
check "and none is connected" wire_silent

# sg(1) changes the real group; the one of passwd(5) counts.
wire_reset
typed "" lab on -u alice jump $connect db1 22
check "a primary group denies" refused
wire_reset
typed "" lab on -u alice jump sg jump -c "$connect db1 22"
check "and also after sg" refused

# Without root in a user namespace, every unknown group looks the same.
wire_reset
typed "" lab on -u alice jump unshare -U $connect web1 22
check "a user namespace is refused" gave 70
check "and sends nothing" wire_silent

# Names count only while /etc/hosts is as the load saw it.
run ssh -F "$C" -W web1:22 jump </dev/null
check "a name that the load has seen is forwarded" printed '^SSH-2\.0-'
lab on jump sh -c 'sed "s/^10\.2\.0\.10.*/10.2.0.11 web1/" /etc/hosts \
    >/tmp/hosts && cat /tmp/hosts >/etc/hosts'
wire_reset
run ssh -F "$C" -W web1:22 jump </dev/null
check "a name that leads elsewhere now is not" forward_refused

# A relay that is told to end leaves its closing record: one that is listed,
# which is when it hears of it.
more() {
	[ "$(count_log "$1")" -gt "$2" ]
}

for signal in HUP INT QUIT TERM; do
	before=$(count_log '"jump.end":"signal"')
	mkfifo "$T/silent"
	timeout 20 ssh -F "$C" jump connect web1 22 <"$T/silent" \
	    >/dev/null 2>&1 &
	exec 8>"$T/silent"
	within sessions 'alice .* web1:22 +connect' 1
	lab on jump pkill -"$signal" jump-connect
	check "$signal: the end is recorded" \
	    within more '"jump.end":"signal"' "$before"
	exec 8>&-
	wait
	rm "$T/silent"
done

# An account of the shared block that is nobody's shared account.
cat >"$T/policy" <<END
version 1
user jump
key jump "$(cat "$LAB/keys/carol.pub")"
host web1 10.2.0.10 ssh 22
allow a: jump to web1
END
run lab load "$T/policy"
check "a user of that name loads" gave 0
LAB_USER=carol run ssh -F "$C" jump 'id; echo shell' </dev/null
check "and gets no shell" not printed 'uid=|shell'
check "but jump-shell" said '^jump: '
finish
