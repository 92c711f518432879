# SPDX-License-Identifier: ISC
# A load or a lock while somebody logs in: who was given more than there is now
# does not slip in, whoever is slow.
. "$(dirname "$0")/lib.sh"

program=$LAB/hosts/jump/local/libexec/keys
ssh-keygen -q -t ed25519 -N '' -C nobody -f "$T/nokey"
cp "$LAB/keys/bob" "$LAB/keys/bob.pub" "$T"
ssh-keygen -q -p -P '' -N secret -f "$T/bob"
sed -i 's/^sysadmin:.*/sysadmin:x:2102:vend1/' "$LAB/hosts/jump/etc/group"

# The passphrase of bob's key comes when $T/go is there: sshd has accepted the
# key by then, and waits for the signature.
cat >"$T/askpass" <<END
#!/bin/sh
touch "$T/asked"
until [ -e "$T/go" ]; do sleep 0.05; done
echo secret
END
chmod 755 "$T/askpass"

# arrive NAME ARGUMENT...: bob, at the door until go.
arrive() {
	name=$1
	shift
	rm -f "$T/asked" "$T/go" "$T/$name.out"
	SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=:0 \
	    LAB_USER=bob timeout 60 ssh -F "$C" -o "IdentityFile=$T/bob" \
	    -o BatchMode=no "$@" jump </dev/null >"$T/$name.out" 2>&1 &
	echo $! >"$T/$name.pid"
	within [ -e "$T/asked" ] || echo "# $name is not asked"
}

go() {
	touch "$T/go"
}

runs() {
	kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

# left NAME: the client is gone, without a login.
left() {
	within not runs "$1"
}

login_of() {
	lab on jump ps -o pid=,ruser:16=,args= -e |
	    sed -n "s/^ *\([0-9]*\) $1  *sshd.*: $1.*/\1/p" | head -n 1
}

rules() {
	{ echo 'user bob'; echo 'key bob "ssh-ed25519 AAAA"'; cat; } >"$T/rules"
	policy <"$T/rules"
}

both='allow both: { alice bob } to { web1 db1 }'
rules <<END
$both
END

# --- at the door ------------------------------------------------------------

arrive stays -N
run lab on jump jumpctl sweep -n
check "a sweep ends nobody who may" gave 0 ""
rules <<END
$both
allow more: { alice bob } to { web2:80 }
END
check "a load that gives more ends nobody" silent
check "and waits for nobody" not said 'a login is under way'
go
check "bob comes in" within eval '[ -n "$(login_of bob)" ]'
run lab on jump jumpctl lock bob
check "and is locked" printed '^ended: login of bob, from 192.0.2.10: the user is locked$'
check "and is gone" left stays
run lab on jump jumpctl unlock bob

arrive door -N
run lab on jump jumpctl sweep -n
check "unlocked: ends nobody" gave 0 ""
run lab on jump jumpctl lock bob
check "a lock ends who is at the door" printed '^ended: bob logging in, from [?]: the user is locked$'
check "once" [ "$(grep -c bob "$T/out")" -eq 2 ]
check "with exit 0" gave 0
go
check "the client is gone" left door
check "and was not let in" not grep -q secret "$T/door.out"
check "recorded" logged '"event.action":"sweep","event.outcome":"success".*"jump.reason":"the user is locked".*"jump.who":"bob"'
as bob run ssh -F "$C" -N jump </dev/null
check "who is locked does not come in" gave 255
run lab on jump jumpctl unlock bob

# Who asks again in time is given less, and stays.  The load has a second for
# them, in ten looks: it is stopped amid those until bob is in.
loads() {
	count_log '"event.action":"load","event.outcome":"success"'
}
more_loads() {
	[ "$(loads)" -gt "$before" ]
}
meanwhile() {
	arrive less -N
	before=$(loads)
	(
		rules <<-END
			$both
			deny out: bob to db1
		END
		cp "$T/out" "$T/load.out"
	) &
	loader=$!
	for _ in $(seq 3000); do
		! more_loads || break
		sleep 0.01
	done
	looks=$(pgrep -x jumpctl)
	kill -STOP $looks
	go
	within eval '[ -n "$(login_of bob)" ]'
	kill -CONT $looks
	wait $loader
	[ ! -s "$T/load.out" ]
}
in_a_second() {
	for _ in 1 2 3; do
		! meanwhile || return 0
		rules <<-END
			$both
		END
	done
	return 1
}
check "the load ends nobody" in_a_second
check "bob has come in" within eval '[ -n "$(login_of bob)" ]'
lab on jump jumpctl kick bob --user bob >/dev/null 2>&1
lab on jump kill "$(login_of bob)" 2>/dev/null
check "and goes" left less

# Whose jump-authkeys is at it again, between two looks of a sweep, is only
# asking: it holds the lock of the note that was there just now.
rules <<END
$both
END
arrive again -N
lab on jump timeout 60 python3 -c '
import fcntl, glob, time
notes = [open(n) for n in glob.glob("/run/jump/logins/*")]
while True:
    for how in (fcntl.LOCK_EX, fcntl.LOCK_UN):
        for n in notes: fcntl.flock(n, how)
        time.sleep(0.001)' &
asking=$!
for _ in $(seq 100); do
	lab on jump jumpctl sweep
done >"$T/out" 2>&1
check "a sweep ends nobody who asks again" silent
check "... who is still there" runs again
kill "$(lab on jump pgrep -f LOCK_EX | head -n 1)" "$asking" 2>/dev/null
go
check "... and comes in" within eval '[ -n "$(login_of bob)" ]'
lab on jump kill "$(login_of bob)" 2>/dev/null
check "... and goes" left again

# The timer's sweep, without a load.
brief() {
	rules <<-END
		allow brief: bob to db1:5432 until $ends
		allow login: { alice bob } to web1
	END
	run lab on jump jumpctl sweep # and whoever came before
	arrive timer -N
	run lab on jump jumpctl sweep
	gave 0 ""
}
check "while it lasts: ends nobody" in_time 6 brief
within past
run lab on jump jumpctl sweep -n
check "a right ends at the door: dry" printed '^would end: bob logging in, from [?]: no right to 10.2.0.11:5432 any more$'
check "dry: is there still" runs timer
run lab on jump jumpctl sweep --json
check "a right ends at the door" printed '"result":"ended",.*"user":"bob","account":"bob",.*"reason":"no right to 10.2.0.11:5432 any more"'
go
check "the client is gone" left timer

# --- jump-authkeys has still to answer --------------------------------------

# It holds the policy from before; its program takes its time.
cat >"$program" <<END
#!/bin/sh
touch /tmp/slow
sleep 2
echo '$(cut -d' ' -f1,2 "$T/nokey.pub")'
END
chmod 755 "$program"
slow='set keys-from "/usr/local/libexec/keys"'
rules <<END
$slow
allow slow: %sysadmin to { web1 db1 }
END
lab on jump rm -f /tmp/slow
LAB_USER=nokey timeout 60 ssh -F "$C" -o User=vend1 \
    -o "IdentityFile=$T/nokey" -N jump \
    </dev/null >"$T/slow.out" 2>&1 &
echo $! >"$T/slow.pid"
check "the program runs" within lab on jump test -e /tmp/slow
rules <<END
$slow
allow slow: %sysadmin to web1
END
check "the load waits for its answer" gave 0
# Who has asked again by then has the rights of now, and stays.
has_more() {
	lab on jump sh -c "grep -aq 10.2.0.11 /run/jump/logins/*"
}
check "nobody has what is gone" not has_more
run lab on jump jumpctl sweep
check "and nobody is to end" gave 0 ""
kill "$(cat "$T/slow.pid")" 2>/dev/null
check "vend1 is gone" left slow

# --- notes that say nothing --------------------------------------------------

rules <<END
$both
END
arrive damaged -N
lab on jump sh -c 'for f in /run/jump/logins/*; do truncate -c -s 40 "$f"; done'
lab on jump rm -f /run/jump/swept
run lab on jump jumpctl sweep
check "a damaged note: exit 70" gave 70 ""
check "a damaged note: says so" said 'sessions can be missing'
check "a damaged note: leaves no mark" not lab on jump test -e /run/jump/swept
go
check "the answer that counts makes it whole" within eval '[ -n "$(login_of bob)" ]'
run lab on jump jumpctl sweep
check "whole: exit 0" gave 0 ""
lab on jump sh -c 'for f in /run/jump/logins/*; do truncate -c -s 40 "$f"; done'
run lab on jump jumpctl sweep
check "a damaged note of a login: ended" printed '^ended: login of bob, .*: the note about it cannot be read$'
check "bob is gone" left damaged
finish
