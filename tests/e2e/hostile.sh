# SPDX-License-Identifier: ISC
# What users who have broken out, and strangers with a public key, do to the
# sweeps that are to end them.
# runs: once
. "$(dirname "$0")/lib.sh"

heartbeat() {
	lab on jump test -e /run/jump/swept
}

sweep() {
	lab on jump rm -f /run/jump/swept
	run lab on jump jumpctl sweep
}

fake=$T/fake/sshd
mkdir "$T/fake"
cp "$(readlink -f /bin/sleep)" "$fake"
chmod 755 "$T" "$T/fake" "$fake"

# --- a process that dies, and does not go ----------------------------------

# The first of a pid namespace goes when all in it have been reaped, which one
# of them never is: its parent is outside.
lab on -u bob jump unshare --user --pid \
    sh -c "'$fake' 300 & true & exec sleep 300" &
outside=$!
stuck() {
	lab on jump pgrep -u bob -x sshd >/dev/null
}
within stuck
sweep
check "stuck: killed" printed '^killed, but not gone: login of bob, .*: nothing says what it was given$'
check "stuck: it is there" stuck
check "stuck: no failure" gave 0
check "stuck: the mark is left" heartbeat
sweep
check "stuck: is no login any more" gave 0 ""
kill "$outside"
lab on jump pkill -KILL -u bob
check "stuck: gone" within not stuck

# --- strangers at the door -------------------------------------------------

# They need no key: the directory is asked about each that is offered.
program=$LAB/hosts/jump/local/libexec/keys
sed -i 's/^sysadmin:.*/sysadmin:x:2102:bob/' "$LAB/hosts/jump/etc/group"
printf '#!/bin/sh\nsleep 1\n' >"$program"
chmod 755 "$program"
policy <<'END'
set keys-from "/usr/local/libexec/keys"
allow web: { alice %sysadmin } to web1
END
ssh-keygen -q -t ed25519 -N '' -C nobody -f "$T/nokey"
for _ in 1 2 3 4 5 6 7 8; do
	sleep 0.2
	until [ -e "$T/stop" ]; do
		ssh -F "$C" -o User=bob -o "IdentityFile=$T/nokey" jump \
		    </dev/null 2>/dev/null
	done &
done
asks() {
	lab on jump pgrep -x jump-authkeys >/dev/null
}
check "strangers: ask" within asks
run lab on jump jumpctl load
check "strangers: a load waits for none who asks later" not said 'under way'
check "strangers: and is whole" gave 0
touch "$T/stop"
wait
finish
