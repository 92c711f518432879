# SPDX-License-Identifier: ISC
# jumpctl sweep, and the load, lock and edit that sweep: who may not any more
# is gone when they return, and nobody else loses a byte.
. "$(dirname "$0")/lib.sh"

head -c 20000 /dev/urandom >"$T/chunk"

# flow NAME USER COMMAND...: bytes to a command of USER that gives them back,
# until dry NAME.
flow() {
	name=$1
	LAB_USER=$2
	export LAB_USER
	shift 2
	rm -f "$T/$name.stop"
	: >"$T/$name.out"
	(
		while [ ! -e "$T/$name.stop" ]; do
			cat "$T/chunk"
			sleep 0.05
		done
	) | tee "$T/$name.in" | "$@" >"$T/$name.out" 2>"$T/$name.err" &
	echo $! >"$T/$name.pid"
	within [ -s "$T/$name.out" ] || {
		echo "# $name does not flow"
		cat "$T/$name.err"
	}
}

runs() {
	kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

gone() {
	within not runs "$1"
}

# dry NAME: all that went in has come out.
dry() {
	runs "$1" || return 1
	touch "$T/$1.stop"
	wait "$(cat "$T/$1.pid")" || return 1
	[ -s "$T/$1.in" ] && cmp -s "$T/$1.in" "$T/$1.out"
}

to_db1() {
	flow "$1" "$2" ssh -F "$C" -W 10.2.0.11:5432 jump
}

sweep() {
	run lab on jump jumpctl sweep "$@"
}

# as_unit: the same, with no more powers than the unit of systemd has.
powers=$(sed -n 's/^CapabilityBoundingSet=//p' \
    "$LAB_REPO/dist/systemd/jump-sweep.service" |
    sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
as_unit() {
	run lab on jump setpriv --no-new-privs --bounding-set="-all,$powers" \
	    jumpctl sweep "$@"
}

# rules: a policy with bob and vend1 too; what it loads is in $T/out.
rules() {
	{
		cat <<-'END'
			user bob
			key bob "ssh-ed25519 AAAA"
			user vend1
			key vend1 "ssh-ed25519 AAAA"
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

login_of() {
	lab on jump ps -o pid=,ruser:16=,args= -e |
	    sed -n "s/^ *\([0-9]*\) $1  *sshd.*: $1.*/\1/p" | head -n 1
}

swept() {
	logged "\"event.action\":\"sweep\",\"event.outcome\":\"success\".*$1"
}

heartbeat() {
	lab on jump stat -c '%U %a' /run/jump/swept 2>/dev/null
}

rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
sweep
check "nobody: nothing" gave 0 ""
check "nobody: no word" [ ! -s "$T/err" ]
check "it leaves its mark" [ "$(heartbeat)" = "root 644" ]

# --- who may stays, whole --------------------------------------------------

to_db1 bob bob
to_db1 carol carol
flow alice alice ssh -F "$C" -J jump web1 cat
flow relay vend1 ssh -F "$C" jump connect db1 5432
LAB_USER=admin
flow admin admin ssh -F "$C" jump cat
for i in 1 2 3 4 5; do
	rules <<-END
		allow all: { alice bob carol vend1 } to { web1 db1 }
		allow more$i: { alice bob } to { web2:80 }
	END
	check "load $i: ends nobody" silent
	sweep
	check "sweep $i: ends nobody" gave 0 ""
done
for name in bob carol alice relay admin; do
	check "$name: still runs" runs $name
done

# --- a rule that is denied -------------------------------------------------

rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
deny  out: bob to db1:5432
END
check "a deny: the load says whom it ends" printed \
    '^ended: login of bob, from 192\.0\.2\.10: no right to 10\.2\.0\.11:5432 any more$'
check "and what ends with it" printed '^ended: bob to db1:5432 by forward, from 192'
check "two lines" [ "$(wc -l <"$T/out")" -eq 2 ]
who bob
check "is gone when the load returns" gave 1 ""
check "bob: is gone" gone bob
check "recorded" swept '"source.ip":"192.0.2.10","destination.address":"db1".*"destination.port":5432,"jump.road":"forward".*"jump.reason":"no right to 10.2.0.11:5432 any more".*"jump.who":"bob","process.pid":[0-9]+'

# A key that is taken away, with all rights as they were.
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
to_db1 bob bob
policy <<'END'
user bob
user vend1
key vend1 "ssh-ed25519 AAAA"
allow all: { alice bob carol vend1 } to { web1 db1 }
END
check "a key removed" printed "^ended: login of bob.*: the key is the user's no more"
check "bob: is gone" gone bob

# A relay that would still be allowed, by a login that is not.
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
flow carried bob ssh -F "$C" jump connect db1 5432
flow other vend1 ssh -F "$C" jump connect db1 5432
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
deny  out: bob to web1
END
check "a relay of that login: is told" printed \
    '^ended: bob to db1:5432 by connect, session [a-z2-7]{8}, from 192.0.2.10: no right to 10\.2\.0\.10:22 any more$'
id=$(sed -n 's/.*by connect, session \(........\),.*/\1/p' "$T/out")
check "after its login" [ "$(sed -n '1s/, from .*//p' "$T/out")" = "ended: login of bob" ]
check "nothing else" [ "$(wc -l <"$T/out")" -eq 2 ]
check "is gone" gone carried
check "is recorded" swept "\"jump.session\":\"$id\".*\"jump.reason\":\"no right to 10.2.0.10:22 any more\""
check "as its end" logged "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"sweep\""
check "nobody else's relay" dry other

# A user who is removed, and the program of a relay.
policy <<'END'
user vend1
key vend1 "ssh-ed25519 AAAA"
allow all: { alice vend1 } to { web1 db1 }
allow less: carol to web1
END
check "a right less: carol" printed '^ended: login of carol.*: no right to'
check "carol: is gone" gone carol
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
to_db1 carol carol
sed '/carol/d' "$T/policy" >"$T/without"
echo 'allow all: { alice bob vend1 } to { web1 db1 }' >>"$T/without"
run lab load "$T/without"
check "a user removed" printed '^ended: login of carol.*: the user is of the policy no more'
check "carol: is gone" gone carol

# --- relays ----------------------------------------------------------------

rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
hold one -u 2002 -i aaaaaaaa -t db1 -a 10.2.0.11 -p 5432
hold two -u 2002 -i bbbbbbbb -t web1 -a 10.2.0.10
hold name -u 2002 -i cccccccc -t 10.2.0.10 -a 10.2.0.10
hold moved -u 2002 -i dddddddd -t web1 -a 10.2.0.99
hold shared -u 2010 -w carol -i eeeeeeee -t web1 -a 10.2.0.10
hold nobody -u 2010 -w mallory -i ffffffff -t web1 -a 10.2.0.10
held=$(date +%s)
sweep -n
check "dry: says what would end" gave 0
check "dry: an address that is not the target's" printed \
    '^would end: bob to web1:22 by connect, session dddddddd, from 192.0.2.10: the target does not have this address any more$'
check "dry: no such user" printed 'session ffffffff, .*: the user is of the policy no more$'
check "dry: no other" [ "$(wc -l <"$T/out")" -eq 2 ]
check "dry: ends nothing" sessions '^[a-f]{8} ' 6
sweep
check "relays: those two" [ "$(grep -c '^ended: .* by connect, session' "$T/out")" -eq 2 ]
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
deny  out: bob to db1:5432
END
check "a deny: the relay" printed '^ended: bob to db1:5432 by connect, session aaaaaaaa, from 192.0.2.10: a deny rule matches$'
check "only that" [ "$(grep -c 'by connect' "$T/out")" -eq 1 ]
check "recorded, with the rule" swept '"jump.session":"aaaaaaaa".*"jump.rule":"out".*"jump.reason":"a deny rule matches"'
check "others stay" sessions '^[a-f]{8} ' 3
until=$((held + 2))
within past
lab on jump rm -f /run/jump/swept
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
require short: bob to any duration 1s
END
check "less time than it has had" printed 'bbbbbbbb, .*: the rules give it less time now$'
check "a load leaves no mark" [ -z "$(heartbeat)" ]
as_unit
check "as the unit: exit 0" gave 0
check "as the unit: no word" [ ! -s "$T/err" ]
check "as the unit: leaves its mark" [ "$(heartbeat)" = "root 644" ]
for name in one two name moved shared nobody; do
	unhold $name
done

# --- without a note, and with a wrong one ----------------------------------

rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END
to_db1 bob bob
lab on jump sh -c 'rm -f /run/jump/logins/$(ps -o ppid= -p '"$(login_of bob)"' | tr -d " ")'
as_unit --json
check "no note: ended" printed '"result":"ended",.*"user":"bob","account":"bob",.*"reason":"nothing says what it was given"'
check "--json" python3 -c 'import json, sys
for line in open(sys.argv[1]):
	assert json.loads(line)["version"] == 1' "$T/out"
check "bob: is gone" gone bob
to_db1 bob bob
lab on jump sh -c 'f=/run/jump/logins/$(ps -o ppid= -p '"$(login_of bob)"' | tr -d " ");
    chown bob "$f"'
sweep
check "somebody else's note: ended" printed '^ended: login of bob.*: the note about it cannot be read$'
check "bob: is gone" gone bob

# Who stops does not stay, and what only looks like sshd is not sshd.
to_db1 bob bob
stopped=$(login_of bob)
lab on jump kill -STOP "$stopped"
check "bob: is stopped" within halted "$stopped"
lab on jump sh -c 'cp /bin/sleep /tmp/sshd && chown 2002 /tmp/sshd'
lab on -u bob jump /tmp/sshd 300 &
fake=$!
run lab on jump jumpctl lock bob
check "a lock: ends who is stopped" printed '^killed: login of bob.*: the user is locked$'
check "a lock: exit 0" gave 0
check "what looks like sshd is not touched" kill -0 $fake
kill $fake
lab on jump rm /tmp/sshd
run lab on jump jumpctl unlock bob
check "bob: is gone" gone bob

# Who comes back again and again does not slip in.
(
	export LAB_USER=bob
	while [ ! -e "$T/enough" ]; do
		for i in 1 2 3; do
			ssh -F "$C" -fN jump 2>/dev/null &
		done
		wait
	done
) &
insisting=$!
some() {
	[ -n "$(login_of bob)" ]
}
nobody() {
	! some
}
for i in 1 2 3; do
	check "again and again: $i" within some
	run lab on jump jumpctl lock bob
	check "again and again: locked" printed '^ended: login of bob'
	check "again and again: nobody is left" within nobody
	[ $i -ne 3 ] || touch "$T/enough"
	run lab on jump jumpctl unlock bob
done
wait $insisting
run lab on jump jumpctl lock bob
run lab on jump jumpctl unlock bob

# A load that is rejected ends nobody; an edit sweeps as a load does.
to_db1 bob bob
printf 'version 1\nnonsense\n' >"$T/bad"
run lab load "$T/bad"
check "rejected: ends nobody" gave 1 ""
check "rejected: bob runs" runs bob
run lab load "$T/policy"
run env EDITOR="sed -i /^allow/s/bob//" lab on jump jumpctl edit --no-sweep
check "edit --no-sweep: bob runs" runs bob
check "edit --no-sweep: ends nobody" not printed '^ended'
run env EDITOR="sed -i s/^#.*//;\$a#" lab on jump jumpctl edit
check "edit: ends what is not allowed" printed '^ended: login of bob.*: no right to'
check "bob: is gone" gone bob
rules <<'END'
allow all: { alice bob carol vend1 } to { web1 db1 }
END

# Two at once, and without a policy.
to_db1 bob bob
run lab on jump jumpctl lock --no-sweep bob
check "--no-sweep: says so" gave 0 "bob is locked; sessions that are open go on"
check "--no-sweep: bob runs" runs bob
lab on jump jumpctl sweep >"$T/second" 2>&1 &
second=$!
sweep
check "two at once" gave 0
check "two at once: the other" wait $second
check "two at once: it ends once" [ "$(cat "$T/out" "$T/second" | grep -c '^ended: login of bob')" -eq 1 ]
run lab on jump jumpctl unlock bob
check "bob: is gone" gone bob
to_db1 bob bob
lab on jump mv /var/lib/jump/policy.db /var/lib/jump/away
lab on jump rm -f /run/jump/swept
sweep
check "no policy: exit 78" gave 78 ""
check "no policy: ends nothing" runs bob
check "no policy: leaves no mark" [ -z "$(heartbeat)" ]
lab on jump mv /var/lib/jump/away /var/lib/jump/policy.db
lab on jump mv /run/jump/logins /run/jump/away
sweep
check "no folder of notes: exit 70" gave 70 ""
check "no folder of notes: says so" said 'logins are not judged'
check "no folder of notes: ends nobody" runs bob
check "no folder of notes: leaves no mark" [ -z "$(heartbeat)" ]
lab on jump mv /run/jump/away /run/jump/logins
lab on jump mv /run/jump/sessions /run/jump/away
sweep
check "no registry: exit 70" gave 70 ""
check "no registry: says so" said 'sessions can be missing'
lab on jump mv /run/jump/away /run/jump/sessions
lab on jump touch /run/jump/sessions/odd
sweep
check "an odd file: exit 70" gave 70 ""
check "an odd file: leaves no mark" [ -z "$(heartbeat)" ]
lab on jump rm /run/jump/sessions/odd
sweep
check "all is there: exit 0" gave 0 ""
lab on jump rm -f /run/jump/swept
check "bob: whole" dry bob

# --- rights that end -------------------------------------------------------

brief() {
	rules <<-END
		allow all: { alice carol vend1 } to { web1 db1 }
		allow brief: bob to db1:5432 until $ends
		allow login: bob to web1
	END
}
until=$(($(date +%s) + 3600)) ends=$(date -u -d '+1 hour' +%FT%TZ)
brief
check "no sweep: the load warns" said 'no sweep runs here'
run lab on jump jumpctl explain bob db1:5432 --via forward
check "no sweep: explain presumes one" gave 0
check "no sweep: and says that there is none" said 'no sweep runs here'
as bob run ssh -F "$C" -W 10.2.0.11:5432 jump </dev/null
check "no sweep: forward holds no end" said 'administratively prohibited'
as bob jump list
check "no sweep: and the list says so" printed '^db1	5432	tcp	command'
sweep
as bob jump list
check "a sweep: the list has both roads" printed '^db1	5432	tcp	both'
run lab on jump jumpctl explain bob db1:5432 --via forward
check "a sweep: explain has no more to say" not said 'no sweep'
lasts() {
	brief
	to_db1 bob bob
	sweep
	gave 0 "" && runs bob
}
check "while it lasts: ends nobody" in_time 6 lasts
within past
sweep
check "it ends" printed '^ended: login of bob.*: no right to 10.2.0.11:5432 any more$'
check "bob: is gone" gone bob

# --- the others ------------------------------------------------------------

for name in alice relay admin; do
	check "$name: not a byte lost" dry $name
done

# Relays of jump-connect: one that is ended, and its neighbour on the same
# connection, which is not.
LAB_USER=alice
ssh -F "$C" -M -S "$T/mux" -fN jump </dev/null
mkfifo "$T/silent"
sleep 300 >"$T/silent" &
silence=$!
ssh -F "$C" -S "$T/mux" jump connect web1 22 <"$T/silent" >"$T/first.out" 2>&1 &
echo $! >"$T/first.pid"
flow second alice ssh -F "$C" -S "$T/mux" jump connect db1 5432
within [ -s "$T/first.out" ]
run lab on jump jumpctl who --user alice --target web1
id=$(sed -n 's/^\([a-z2-7]*\) alice.* connect.*/\1/p' "$T/out")
rules <<'END'
allow all: { bob carol vend1 } to { web1 db1 }
allow one: alice to db1
allow by: alice to web1 via forward
END
check "a real relay: ended" printed "^ended: alice to web1:22 by connect, session $id, .*: no allow rule matches$"
check "a real relay: nothing else" [ "$(grep -c . "$T/out")" -eq 1 ]
check "a real relay: says that it was swept" logged \
    "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"sweep\""
check "a real relay: is gone" gone first
check "and says why" within grep -q 'connection has ended' "$T/first.out"
kill $silence
check "its neighbour: not a byte lost" dry second
ssh -F "$C" -S "$T/mux" -O exit jump 2>/dev/null

run lab on -u alice jump /usr/local/sbin/jumpctl sweep
check "not by users" gave 73 ""
for wrong in x -x --all -n\ x; do
	sweep $wrong
	check "sweep $wrong: usage" gave 64 ""
done
finish
