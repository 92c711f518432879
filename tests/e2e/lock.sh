# SPDX-License-Identifier: ISC
# jumpctl lock and unlock: an emergency deny that nothing holds up, and that
# no load loses.
# runs: once
. "$(dirname "$0")/lib.sh"

etc=$LAB/hosts/jump/etc/jump
state=/var/lib/jump

ctl() {
	run lab on jump jumpctl "$@"
}

# reaches USER: by both roads.
reaches() {
	LAB_USER=$1
	run ssh -F "$C" -J jump web1 hostname </dev/null
	gave 0 web1 || return 1
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    web1 hostname </dev/null
	gave 0 web1
}

# kept_out USER: cannot even log in, and the log says why.
kept_out() {
	LAB_USER=$1
	jump connect web1 22
	no_login || return 1
	jump list
	no_login || return 1
	run ssh -F "$C" -J jump web1 hostname </dev/null
	[ "$status" -eq 255 ] && wire_silent &&
	    logged "\"event.action\":\"login\".*\"user.name\":\"$1\".*\"jump.reason\":\"the user is locked\""
}
export LAB_USER=alice

wire_tap
policy <<'END'
group @ops { alice carol }
allow web: { any %sysadmin } to web1
test alice to web1 = allow
END
lab on jump cp -a /etc/jump "$T/good"
check "before: alice reaches web1" reaches alice
check "before: carol reaches web1" reaches carol

# A session that is there already: its next request is refused.
LAB_USER=alice
ssh -F "$C" -M -N -f -o ControlPath="$T/mux" jump </dev/null
run ssh -F "$C" -o ControlPath="$T/mux" jump list </dev/null
check "a session is there" gave 0

ctl lock --no-sweep alice 'laptop "lost", Gerät 7'
check "lock: done" gave 0
check "lock: says what it does not do" printed 'alice is locked; sessions'
check "lock: recorded" logged '"event.action":"lock","event.outcome":"success","user.name":"root".*"jump.reason":"locked".*"jump.who":"alice","jump.note":"laptop \\"lost\\", Ger.*t 7"'
wire_reset
run ssh -F "$C" -o ControlPath="$T/mux" jump connect web1 22 </dev/null
check "lock: a session that was there connects no more" refused
check "lock: with the reason" logged '"event.action":"decision".*"jump.reason":"the user is locked"'
run ssh -F "$C" -o ControlPath="$T/mux" jump list </dev/null
check "lock: nor lists" gave 77 ""
check "lock: nor learns why" not said lock
ctl lock alice 'laptop "lost", Gerät 7'
check "lock: ends that session" printed '^ended: login of alice, .*: the user is locked$'
check "lock: it is gone" within [ ! -S "$T/mux" ]
check "lock: alice is kept out" kept_out alice
check "lock: carol is not" reaches carol
ctl explain alice web1
check "explain: says so" printed '^lock    alice is locked since .*, by root: laptop "lost"'
check "explain: denies" printed 'verdict: deny'
ctl explain alice web1 --json
check "explain --json: says so" printed '"lock":\{"who":"alice","since":[0-9]+,"by":"root","reason":"laptop \\"lost\\"'
ctl lock
check "lock alone lists" printed '^alice  .* root  *laptop'

# What a load does with it.
ctl load
check "a load, and its test of alice: loads" gave 0
check "and says who is locked" said 'warning: alice is locked since .* by root'
wire_reset
check "and alice is kept out" kept_out alice
ctl check
check "check says who is locked" said 'alice is locked'
printf 'version 1\nuser zed\n' >"$T/nobody"
policy </dev/null
ctl load --previous
check "load --previous keeps the lock" said 'alice is locked'
wire_reset
check "and alice is kept out" kept_out alice
ctl lock alice "stolen, not lost"
ctl lock
check "locked again: one lock, the new reason" [ "$(grep -c alice "$T/out")" -eq 1 ]
check "with the new reason" printed 'stolen, not lost'
ctl unlock alice
check "unlock: done" gave 0 "alice is unlocked"
check "unlock: recorded" logged '"event.action":"unlock","event.outcome":"success".*"jump.who":"alice"'
check "unlock: alice reaches web1" reaches alice
ctl unlock alice
check "unlock: nobody to unlock" gave 1

# Broken text, and a test that fails, hold nothing up.
echo 'frobnicate' >>"$etc/policy"
ctl load
check "a broken text does not load" gave 1
ctl lock carol
check "a broken text: lock" gave 0
wire_reset
check "a broken text: carol is kept out" kept_out carol
check "a broken text: alice is not" reaches alice
ctl unlock carol
check "a broken text: unlock" gave 0
check "a broken text: carol is back" reaches carol
printf 'version 1\nallow more: any to any\ntest alice to web1 = deny\n' \
    >"$etc/policy.d/half-done.conf"
cp "$T/good/policy" "$etc/policy" 2>/dev/null || lab load "$T/policy"
ctl lock @ops
check "a test that fails: lock" gave 0
wire_reset
check "a test that fails: carol is kept out" kept_out carol
ctl explain bob web2:22
check "and nothing of the text comes into force" gave 1
rm "$etc/policy.d/half-done.conf"
ctl unlock @ops

# People whom the policy does not have, groups, everybody.
ctl lock alcie
check "somebody who is misspelt: exit 1" gave 1
check "and says so" said 'nobody of that name'
ctl lock @gone
check "a group that is not there: exit 1" gave 1
ctl load
check "neither rejects a load" gave 0
check "the load says so" said 'no such group: this locks nobody'
ctl unlock alcie
ctl unlock @gone
ctl lock jump
wire_reset
check "a shared account: carol is kept out" kept_out carol
ctl unlock jump
lab on jump sed -i 's/^sysadmin:.*/sysadmin:x:2102:alice/' /etc/group
ctl lock %sysadmin
wire_reset
check "a Unix group: alice is kept out" kept_out alice
check "a Unix group: carol is not" reaches carol
ctl unlock %sysadmin
ctl lock %syadmin
check "a Unix group that is not there: exit 1" gave 1
check "a Unix group that is not there: says whom it locks" said 'EVERYBODY may be'
wire_reset
check "a Unix group that is not there: alice is kept out" kept_out alice
ctl load
check "a load says so" said 'no such Unix group now: this locks everybody'
ctl unlock %syadmin
ctl lock any
wire_reset
check "any: alice is kept out" kept_out alice
check "any: carol is kept out" kept_out carol
LAB_USER=admin
jump id -un
check "any: an administrator is not" gave 0 admin
ctl unlock any
check "unlock any: alice" reaches alice

# No lock is lost: all at once, and while loads run.
lab on jump sh -c '
	for i in 1 2 3 4 5 6 7 8; do jumpctl lock "u$i" >/dev/null 2>&1 & done
	for i in 1 2 3; do jumpctl load 2>/dev/null & done
	wait'
ctl lock
check "eight at once, and loads: eight locks" [ "$(grep -c '^u[1-8] ' "$T/out")" -eq 8 ]
ctl load
check "and all of them in force" [ "$(grep -c '^warning: u[1-8] is locked' "$T/err")" -eq 8 ]
lab on jump rm "$state/locks"
ctl load

# A lock waits for a load, and is told of it.
lab on jump sh -c 'exec 7<'$state'; flock 7; : >'"$T"'/held; sleep 2' &
until [ -e "$T/held" ]; do sleep 0.05; done
ctl load
check "another load is refused" gave 75
ctl lock alice
wait
check "a lock waits for it" gave 0
check "and says so" said 'waiting for its end'

# Nobody else can make it wait.
run lab on -u _jump jump test -x "$state"
check "_jump gets at what is in $state" gave 0
run lab on -u _jump jump flock -n "$state" true
check "but cannot hold up a lock" not gave 0
check "for it cannot open the folder" said 'Permission denied'

# A file of locks that is broken.
lab on jump sh -c "echo frobnicate >>$state/locks"
ctl load
check "a broken file of locks: nothing loads" gave 1
check "and says where" said '/var/lib/jump/locks:4: not a lock'
ctl unlock alice
check "a broken file of locks: no unlock" gave 73
ctl lock carol
check "a broken file of locks: lock" gave 0
check "it is kept" [ -e "$LAB/hosts/jump$state/locks.bad" ]
wire_reset
check "and alice's lock is not lost" kept_out alice
check "nor carol's" kept_out carol
ctl load
check "now it loads" gave 0
lab on jump chmod 666 "$state/locks"
ctl load
check "a file of locks that others can write: nothing loads" gave 1
lab on jump chmod 600 "$state/locks"
ctl unlock alice
ctl unlock carol

# A full disk.  First, room that the previous image gives back.
size=$(lab on jump stat -c %s $state/policy.db)
pages=$(((size + 4095) / 4096))
lab on jump sh -c "
	cp -a $state $T/state
	mount -t tmpfs -o size=$(((2 * pages + 2) * 4))k,mode=750,gid=990 s $state
	cp -a $T/state/policy.db $state/
	cp -a $T/state/policy.db $state/policy.db.1
	head -c 4096 /dev/zero >$state/fill"
ctl lock alice
check "a disk nearly full: lock" gave 0
check "says what it cost" said 'policy.db.1: no room: removed for it'
wire_reset
check "a disk nearly full: alice is kept out" kept_out alice
ctl unlock alice
check "a disk too full to unlock: exit 73" gave 73
check "and says so" said 'alice is still locked'
lab on jump rm "$state/fill"
ctl unlock alice
check "with room: unlock" gave 0
lab on jump sh -c "rm -f $state/policy.db.1; cat /dev/zero >$state/fill" 2>/dev/null
ctl lock alice
check "a full disk: exit 73" gave 73
check "a full disk: says that it does not hold" said 'alice is NOT locked'
check "a full disk: recorded" logged '"event.action":"lock","event.outcome":"failure".*"jump.reason":"not locked"'
check "a full disk: alice reaches web1" reaches alice
lab on jump umount -l $state

# No policy at all.
lab on jump sh -c "mv $state/policy.db $state/policy.away"
ctl lock alice
check "no policy in force: the lock is kept" gave 0
check "and says so" printed 'from the next load on'
ctl load
check "and holds from then on" said 'alice is locked'
ctl unlock alice

# Arguments.
for wrong in '-x' '--help-me' 'a b' '@' '%' 'alice,carol'; do
	ctl lock "$wrong"
	check "lock '$wrong': usage" gave 64
done
ctl lock alice because of this
check "a REASON in several words: usage" gave 64
ctl lock alice "$(head -c 129 /dev/zero | tr '\0' x)"
check "a REASON too long: usage" gave 64
run lab on -u alice jump /usr/local/sbin/jumpctl lock bob
check "not by users" gave 73
ctl unlock
check "unlock whom?" gave 64
for wrong in -h --help; do
	ctl lock "$wrong"
	check "lock $wrong: prints the usage" printed '^usage: jumpctl lock '
done
check "none of these locked anybody" reaches alice
for reason in help --help -h; do
	ctl lock alice "$reason"
	wire_reset
	check "locked for the reason '$reason'" kept_out alice
	ctl unlock alice
done
finish
