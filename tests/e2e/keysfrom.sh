# SPDX-License-Identifier: ISC
# keys-from: whom it serves, what of its answer counts, and that nothing it
# does holds up a login, or lets somebody in.
# runs: once
. "$(dirname "$0")/lib.sh"

export LAB_USER=nokey
K=$T/keys
host=$LAB/hosts/jump
program=$host/local/libexec/keys
mkdir -p "$K"
for k in bob other vend1; do
	ssh-keygen -q -t ed25519 -N '' -C $k -f "$K/$k"
done
ssh-keygen -q -t rsa -b 2048 -N '' -f "$K/rsa"
sed -i 's/^sysadmin:.*/sysadmin:x:2102:bob,jump,vend1/' "$host/etc/group"

# directory: the program is this script.
directory() {
	{ echo '#!/bin/sh'; cat; } >"$program.new"
	chmod 755 "$program.new"
	mv "$program.new" "$program"
}

# rules TEXT: and bob, who has no user line.
rules() {
	policy <<-END
		set keys-from "/usr/local/libexec/keys"
		user vend1
		allow web: { alice %sysadmin } to web1
		$1
	END
}

# with KEY USER ARGUMENT...: ssh to the jump host, with this key alone.
with() {
	key=$1 user=$2
	shift 2
	before=$(wc -l <"$LAB/jump.log")
	run ssh -F "$C" -o "User=$user" -o "IdentityFile=$K/$key" "$@" \
	    </dev/null
}

# reason TEXT: of the record that says why there was no line.
reason() {
	no_login && logged "\"user.name\":\"$user\".*\"jump.reason\":\"$1\""
}

answers() {
	for k in "$@"; do
		echo "echo '$(cut -d' ' -f1,2 "$K/$k.pub")'"
	done | directory
}

wire_tap
answers bob rsa
rules ''
check "the policy loads, and says nothing of keys-from" not said keys-from
with bob bob jump list
check "bob, who has no user line, by a key of the directory" gave 0
with bob bob -W 10.2.0.10:22 jump
check "bob: forward" printed '^SSH-2.0'
ssh -F "$C" -o User=bob -o "IdentityFile=$K/bob" -M -S "$T/mux" -fN jump \
    </dev/null
run lab on jump jumpctl sweep
check "bob: a sweep does not ask the directory, and ends nobody" gave 0 ""
sed '/^set keys-from/d' "$T/policy" >"$T/without"
run lab load "$T/without"
check "without keys-from: ended" printed \
    '^ended: login of bob, .*: keys-from serves this account no more$'
rules ''
with rsa bob jump connect web1 22
check "bob: connect, by another key" printed '^SSH-2.0'
wire_reset
with bob bob -W 10.2.0.11:22 jump
check "bob: nothing that the policy does not say" forward_refused
check "the record says who, with which key" logged \
    '"event.outcome":"success","user.name":"bob","user.id":"2002","jump.key":"SHA256:[^"]*","jump.policy"'

# The program is jump-authkeys's equal; a process that was started from a file
# that it cannot read, it can neither debug nor write to.
run lab on -u _jump jump test -r /usr/local/libexec/jump/jump-authkeys
check "what runs as _jump cannot read jump-authkeys" gave 1

# Whom it does not serve.
wire_reset
with other bob jump list
check "a key that is not there" reason "keys-from has no such key"
with vend1 vend1 jump list
check "vend1 has a user line, and no key" \
    reason "the policy has no such key for this account"
with bob alice jump list
check "alice has a user line, and keys" \
    reason "the policy has no such key for this account"
with bob jump jump list
check "a shared account has none" \
    reason "the policy has no such key for this account"
with bob mallory jump list
check "mallory is in no group of the policy" \
    reason "the policy has no such key for this account"
calls() {
	cat "$host/tmp/calls" 2>/dev/null | wc -l
}
directory <<-'END'
	echo "$@" >>/tmp/calls
END
for who in vend1 alice jump mallory; do
	with bob $who jump list
done
check "nor is it asked about them" test "$(calls)" -eq 0
with bob bob jump list
check "it is asked about bob, by name, once for the key" \
    test "$(cat "$host/tmp/calls")" = bob

# A key that is somebody's stays theirs.
cp "$LAB/keys/alice" "$LAB/keys/alice.pub" "$K/"
answers alice bob
with alice bob jump list
check "alice's key, in bob's entry of the directory" \
    reason "the key is somebody else's"
with alice alice jump list
check "alice is let in with it" gave 0
rules "ca corp \"$(cut -d' ' -f1,2 "$K/other.pub")\" for any"
answers other
with other bob jump list
check "an authority's key in the directory" reason "the key is somebody else's"

# Lines that give more, or something else, than a key.
bob=$(cut -d' ' -f1,2 "$K/bob.pub")
for line in "cert-authority $bob" "permitopen=\"10.2.0.11:22\" $bob" \
    "command=\"/bin/sh\" $bob" "restrict $bob" " $bob" "#$bob" \
    "${bob%??}" "${bob}A"; do
	printf "cat <<'X'\n%s\nX\n" "$line" | directory
	with bob bob jump list
	check "a line that is no bare key: $(echo "$line" | cut -c1-30)" \
	    reason "keys-from has no such key"
done
printf "cat <<'X'\n# keys\n%s\n%s bob@laptop\nX\n" "command=\"x\" $bob" \
    "$bob" | directory
with bob bob jump list
check "and the key itself among such" gave 0

# What it may do, and what becomes of that.
while IFS='|' read -r script text; do
	{ echo "echo '$bob'"; echo "$script"; } | directory
	wire_reset
	with bob bob jump list
	check "a program that does: $script" reason "$text"
done <<'END'
exit 1|keys-from: exit status 1
exit 127|keys-from: exit status 127
kill -9 $$|keys-from: signal 9
sleep 60|keys-from: no end in 3 s
cat /dev/zero|keys-from: too much output
END

# A descendant that stays keeps nobody.
{ echo "echo '$bob'"; echo 'sleep 600 & echo $! >/tmp/stays'; } | directory
with bob bob jump list
check "a descendant in its group: bob gets in" gave 0
gone() {
	! lab on jump kill -0 "$(cat "$host/tmp/stays")" 2>/dev/null
}
check "and the descendant is gone" gone
cat <<END | directory
echo '$bob'
setsid sh -c 'echo \$\$ >/tmp/escaped; exec sleep 20' &
until [ -s /tmp/escaped ]; do sleep 0.05; done
END
rm -f "$host/tmp/escaped"
with bob bob jump list
check "a descendant that has left the group: bob gets in" gave 0
before_it_ends() {
	lab on jump kill -0 "$(cat "$host/tmp/escaped")"
}
check "before that one ends" before_it_ends

# It has nothing of ours: no environment, no standard input, no descriptors.
cat <<END | directory
{ id -un; env | grep -v '^PWD=\|^OLDPWD=\|^SHLVL=\|^_='; cat
exec 3<&-; ls /proc/self/fd | tr -d '\n'; } >/tmp/has 2>&1
echo '$bob'
END
rm -f "$host/tmp/has"
with bob bob jump list
check "it runs" gave 0
has() {
	[ "$(cat "$host/tmp/has")" = "_jump
PATH=/usr/sbin:/usr/bin:/sbin:/bin
0123" ]
}
check "as _jump, with PATH alone" has

# What is _jump's, though it is _jump: it could give itself a note, or spoil
# those of others, and their sessions.
ssh -F "$C" -o User=alice -o "IdentityFile=$LAB/keys/alice" \
    -M -S "$T/alice" -fN jump </dev/null
cat <<END | directory
chmod 0 /run/jump/logins
cd /run/jump/logins || exit 1
chmod 0 [0-9]*
{ ls | grep -c .
echo x >1; cat [0-9]*; rm -f [0-9]*
for f in [0-9]*; do mv \$f x; : >>\$f; ln \$f /tmp/linked; done
cd /run/jump/sessions && echo x >2002.1
chmod 777 /run/jump/sessions/[0-9]*
kill -0 1; kill -0 \$PPID
} 2>&1 | grep -v 'denied\|not permitted\|cannot create' >/tmp/done
echo x >/tmp/mine && mv /tmp/mine /var/tmp/mine && rm /var/tmp/mine
echo \$? >>/tmp/done
grep NoNewPrivs: /proc/self/status >>/tmp/done
echo '$bob'
END
ssh -F "$C" -S "$T/mux" -O exit jump 2>/dev/null
lab on jump rm -f /run/jump/logins/.cleaned # what is dead is removed now
with bob bob jump list
check "it runs, and bob gets in" gave 0
did() {
	[ "$(cat "$host/tmp/done")" = "2
0
NoNewPrivs:	1" ]
}
check "notes, sessions and processes are out of its reach" did
run lab on jump jumpctl sweep
check "alice's login has its note" gave 0 ""
ssh -F "$C" -S "$T/alice" -O exit jump 2>/dev/null
run ssh -F "$C" -o User=alice -o "IdentityFile=$LAB/keys/alice" jump list \
    </dev/null
check "alice still gets in" gave 0

# Only a program of root's alone is run, however it became another.
answers bob
cp "$program" "$host/local/libexec/kept"
while IFS='|' read -r damage repair; do
	lab on jump sh -c "$damage"
	wire_reset
	with bob bob jump list
	check "$damage: nobody gets in" \
	    reason "keys-from: not an executable file of root's alone"
	run lab on jump jumpctl load
	check "$damage: load warns" said "keys-from is not run: "
	check "$damage: and loads" gave 0
	lab on jump sh -c "$repair"
	with bob bob jump list
	check "$repair: bob gets in" gave 0
done <<'END'
chmod 775 /usr/local/libexec/keys|chmod 755 /usr/local/libexec/keys
chown alice /usr/local/libexec/keys|chown root /usr/local/libexec/keys
chmod 1777 /usr/local/libexec|chmod 755 /usr/local/libexec
cd /usr/local/libexec; mv keys k; ln -s k keys|cd /usr/local/libexec; mv k keys
rm /usr/local/libexec/keys|cp /usr/local/libexec/kept /usr/local/libexec/keys
END
finish
