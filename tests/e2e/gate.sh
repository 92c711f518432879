# SPDX-License-Identifier: ISC
# The gate: plain ProxyJump, with all that the policy says.
. "$(dirname "$0")/lib.sh"

connect=/usr/local/libexec/jump/jump-connect
# Clients end while this script writes to them.
trap '' PIPE
as_gate='setpriv --reuid _jump --regid _jump --clear-groups'

rules() {
	{
		cat <<-'END'
			set nft "/usr/sbin/nft"
			set gate 422
			set exempt admin
			user bob
			key bob "ssh-ed25519 AAAA"
			net lab2 10.2.0.12/32 ssh 22
			net dbs { 10.2.0.11/32 2001:db8::11/128 } tcp 5432
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

# to ADDRESS:PORT [SSH OPTION...]: by ProxyJump, with $T/in to it.
to() {
	where=$1
	shift
	run ssh -F "$C" "$@" -W "$where" jump <"$T/in"
}

# keep NAME ADDRESS:PORT: a connection that stays; its client in NAME.pid.
keep() {
	rm -f "$T/$1.fifo"
	mkfifo "$T/$1.fifo"
	ssh -F "$C" -W "$2" jump <"$T/$1.fifo" >"$T/$1.out" 2>"$T/$1.err" &
	echo $! >"$T/$1.pid"
	eval "exec $3>\"$T/$1.fifo\""
	echo "hello $1" >&"$3"
	within grep -q "hello $1" "$T/$1.out"
}

runs() {
	kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

gone() {
	within not runs "$1"
}

# event ACTION REGEX: of the road forward.
has_event() {
	grep "\"event.action\":\"$1\".*\"jump.road\":\"forward\"" \
	    "$LAB/jump.log" | grep -Eq "$2"
}
event() {
	within has_event "$@"
}

rows() {
	run lab on jump jumpctl who
	[ "$(grep -Ec -- "$1" "$T/out")" -eq "$2" ]
}

export LAB_USER=bob
echo hello >"$T/in"

# --- what it opens -----------------------------------------------------------

rules <<'END'
allow dbs: bob to { dbs lab2 web1 }
END
check "without the gate: the load says nothing of it" gave 0
to 10.2.0.11:5432
check "without the gate: no net by ProxyJump" said 'administratively prohibited'
check "the gate is up" gate_up
run lab on jump jumpctl sweep
check "a sweep finds it" gave 0
to 10.2.0.11:5432
check "a net by ProxyJump" gave 0 hello
check "recorded: decision" event decision '"jump.verdict":"allow","jump.rule":"dbs"'
check "recorded: end, with its bytes" event close \
    '"user.name":"bob".*"destination.ip":"10.2.0.11","destination.port":5432.*"source.bytes":6,"destination.bytes":6'
to '[2001:db8::11]:5432'
check "by IPv6" gave 0 hello
to 10.2.0.12:22
check "another net" printed '^SSH-2.0-'
run ssh -F "$C" -J jump web1 hostname </dev/null
check "ssh -J to a host" gave 0 web1
to 10.2.0.11:22
check "a port that nothing gives: an open channel that ends" gave 0 ""
check "recorded: why" event decision '"destination.port":22.*"jump.verdict":"deny","jump.reason":"no allow rule matches"'
to 10.2.0.11:502
check "a port that is nowhere in the policy: sshd refuses" \
    said 'administratively prohibited'
ssh -F "$C" -M -S "$T/mux" -fN -L 7001:10.2.0.11:5432 -D 7002 jump
run nc -N 127.0.0.1 7001 <"$T/in"
check "ssh -L" gave 0 hello
run nc -N -X 5 -x 127.0.0.1:7002 10.2.0.11 5432 <"$T/in"
check "ssh -D" gave 0 hello
run ssh -F "$C" -S "$T/mux" -O exit jump

# Bulk, both ways.
head -c 20000000 /dev/urandom >"$T/bulk"
timeout 60 ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/bulk" >"$T/bulk.out"
check "20 MB there and back" cmp "$T/bulk" "$T/bulk.out"
check "recorded: as many" event close '"source.bytes":20000000,"destination.bytes":20000000'

# --- one row, and its end -----------------------------------------------------

keep one 10.2.0.11:5432 5
keep two 10.2.0.11:5432 6
check "who: a row each, with who and whence" \
    rows '^[a-z2-7]{8} bob +192\.0\.2\.10 +db1:5432 +forward' 2
check "and no other" rows bob 2
run lab on jump jumpctl who -v
for leg in user target; do
	check "who -v: the $leg of each, and how far" [ "$(grep -Ec \
	    "^[a-z2-7]{8} bob +db1:5432 $leg +open +[0-9.]+[mu]s " "$T/out")" -eq 2 ]
done
id=$(sed -n 's/^\([a-z2-7]*\) bob .*/\1/p' "$T/out" | head -n 1)
run lab on jump jumpctl kick "$id"
check "kick: that one" printed "^ended: .*session $id"
check "kick: the other stays" rows bob 1
one_of_two() {
	{ runs one && gone_now two; } || { runs two && gone_now one; }
}
gone_now() {
	! runs "$1"
}
check "kick: in its connection" within one_of_two
exec 5>&- 6>&-
check "ends with its client" within rows bob 0

# --- conditions ----------------------------------------------------------------

rules <<'END'
allow dbs: bob to dbs max 1
END
run lab on jump jumpctl sweep
keep one 10.2.0.11:5432 5
to 10.2.0.11:5432
check "max: no second" gave 0 ""
check "max: recorded" event open '"jump.rule":"dbs".*too many|too many.*"jump.rule":"dbs"'
run ssh -F "$C" jump connect db1 5432 <"$T/in"
check "max: counts on both roads" gave 75
exec 5>&-
check "one ends" gone one
check "and its row" within rows bob 0
to 10.2.0.11:5432
check "max: and another may" gave 0 hello

rules <<'END'
allow dbs: bob to dbs idle 2s duration 5s
END
run lab on jump jumpctl sweep
keep idle 10.2.0.11:5432 5
check "idle: ends it" gone idle
check "idle: recorded" event close '"jump.end":"idle"'
exec 5>&-
keep long 10.2.0.11:5432 5
for i in 1 2 3 4 5 6; do
	(echo $i >&5) 2>/dev/null # nobody reads it any more
	sleep 1
done
check "duration: ends it" gone long
check "duration: recorded" event close '"jump.end":"deadline"'
exec 5>&-

brief() {
	rules <<-END
		allow dbs: bob to dbs until $ends
		allow lab: bob to lab2
	END
	run lab on jump jumpctl sweep
	keep brief 10.2.0.11:5432 5
}
check "until: one that is there" in_time 5 brief
check "until: ends it, without a sweep" gone brief
exec 5>&-
check "until: not before" past
to 10.2.0.11:5432
check "until: and no new one" gave 0 ""
to 10.2.0.12:22
check "until: the rest stays" printed '^SSH-2.0-'

# A rule that goes: its session goes, and its login stays for others.
rules <<'END'
allow dbs: bob to dbs
allow lab: bob to lab2
END
run lab on jump jumpctl sweep
ssh -F "$C" -M -S "$T/mux" -fN -L 7001:10.2.0.11:5432 -L 7003:10.2.0.12:22 jump
mkfifo "$T/a" "$T/b"
nc 127.0.0.1 7001 <"$T/a" >"$T/a.out" &
nc 127.0.0.1 7003 <"$T/b" >"$T/b.out" &
exec 5>"$T/a" 6>"$T/b"
echo a >&5
within grep -q a "$T/a.out"
within grep -q SSH "$T/b.out"
check "two by one login" rows '^[a-z2-7]{8} bob' 2
rules <<'END'
allow lab: bob to lab2
deny no: bob to dbs
END
check "a deny: ends its session" printed '^ended: bob to .*:5432 by forward, session .*: a deny rule matches$'
check "a deny: not the login" not printed 'login of bob'
check "a deny: the other stays" rows '^[a-z2-7]{8} bob +192\.0\.2\.10 +web2:22' 1
check "a deny: nothing else" within rows bob 1
exec 5>&- 6>&-
run ssh -F "$C" -S "$T/mux" -O exit jump

# --- who is not behind it -------------------------------------------------------

rules <<'END'
allow web: carol to web1
allow lab: { bob carol } to lab2
END
run lab on jump jumpctl sweep
LAB_USER=carol to 10.2.0.10:22
check "a shared account goes by address, past it" printed '^SSH-2.0-'
LAB_USER=carol to 10.2.0.12:22
check "a shared account has no nets" said 'administratively prohibited'
run lab on -u bob jump nc -w 2 10.2.0.12 22 </dev/null
check "a shell of bob's: what the policy says" printed '^SSH-2.0-'
run lab on -u bob jump nc -w 2 10.2.0.10 22 </dev/null
check "a shell of bob's: and no more" not printed SSH
run lab on -u bob jump sh -c "exec $connect -G </dev/null"
check "nobody else is the gate" gave 64
lab on jump sh -c "nc -w 2 127.0.0.1 422 </dev/null" >"$T/out"
check "who was not turned around gets nothing" [ ! -s "$T/out" ]
check "and is recorded" logged 'whose connection it is cannot be told'

# --- without its rules, or without it ---------------------------------------------

permits() {
	as_jump=$(lab on jump sh -c "$as_gate /usr/local/libexec/jump/jump-authkeys \
	    bob $(cut -d' ' -f1,2 "$LAB/keys/bob.pub") \
	    $(ssh-keygen -lf "$LAB/keys/bob.pub" | cut -d' ' -f2)")
	case $as_jump in
	*permitopen=\"\*:22\"*) true ;;
	*) false ;;
	esac
}
check "with both: wide lines" permits
ssh -F "$C" -M -S "$T/mux" -fN jump
run lab on jump nft flush ruleset
check "flushed: narrow lines" not permits
run lab on jump jumpctl sweep
check "flushed: wide logins end" printed '^ended: login of bob, .*: no right to \*:22 while the gate does not answer$'
check "flushed: all of it" within not ssh -F "$C" -S "$T/mux" -O check jump
check "and the table is back" permits
ssh -F "$C" -M -S "$T/mux" -fN jump
gate_down
check "no gate: narrow lines" within not permits
run lab on jump jumpctl sweep
check "no gate: wide logins end" printed '^ended: login of bob'
to 10.2.0.12:22
check "no gate: nothing passes" not printed SSH
lab on -u bob jump nc -w 2 10.2.0.12 22 </dev/null >"$T/out" 2>&1
check "no gate: nor for a shell" not printed SSH
gate_up
run lab on jump jumpctl sweep
to 10.2.0.12:22
check "it is up again" printed '^SSH-2.0-'
gate_down
finish
