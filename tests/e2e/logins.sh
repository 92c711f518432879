# SPDX-License-Identifier: ISC
# Notes about logins: each sshd process that asked has one, of the key that
# was accepted; without a note nobody gets in.
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow web: { alice carol } to web1
END
logins=$LAB/hosts/jump/run/jump/logins
wire_tap
ssh-keygen -q -t ed25519 -N '' -f "$T/stranger"

# held USER: a connection that stays, with its monitor's pid in $pid.
held() {
	before=$(count_log 'User child is on pid')
	LAB_USER=$1 ssh -F "$C" -i "$T/stranger" -M -S "$T/$1" -fN jump \
	    2>"$T/err"
	within more 'User child is on pid' "$before"
	pid=$(sed -n 's/.*\[\([0-9]*\)\]: User child is on pid.*/\1/p' \
	    "$LAB/jump.log" | tail -n 1)
}

more() {
	[ "$(count_log "$1")" -gt "$2" ]
}

# notes TEXT: the monitor's note has it.
notes() {
	lab on jump grep -aq "$1" "/run/jump/logins/$pid"
}

fingerprint() {
	ssh-keygen -lf "$LAB/keys/$1.pub" | cut -d' ' -f2
}

for user in alice carol; do
	held $user
	check "$user: the monitor has a note" notes "$user"
	check "$user: with the key that was accepted" \
	    notes "$(fingerprint $user)"
	check "$user: that is _jump's, and the group reads it" [ "$(lab on jump stat -c '%U %a' \
	    "/run/jump/logins/$pid")" = "_jump 640" ]
	run ssh -F "$C" -S "$T/$user" -O exit jump
done

# Who knows a public key can have notes made without end: nobody sweeps here.
ended() {
	! lab on jump test -e "/proc/$last"
}
last=$pid
check "a connection ends" within ended
check "its note is there" lab on jump test -e "/run/jump/logins/$last"
lab on jump rm -f /run/jump/logins/.cleaned # some seconds later
held alice
check "the next who asks removes it" \
    not lab on jump test -e "/run/jump/logins/$last"
check "and not their own" notes alice
run ssh -F "$C" -S "$T/alice" -O exit jump
run lab on -u alice jump ls /run/jump/logins
check "users do not read them" not gave 0

# The end of a user, to the second, and in no form that a version, or a zone of
# sshd's, could take for another time.
LAB_USER=bob
brief() {
	policy <<-END
		user bob until $ends
		key bob "ssh-ed25519 AAAA"
		allow web: { alice bob carol } to web1
	END
	line=$(lab on -u _jump jump /usr/local/libexec/jump/jump-authkeys bob \
	    $(cut -d' ' -f1,2 "$LAB/keys/bob.pub") "$(fingerprint bob)")
	[ "${line%%,*}" = restrict ] || return 1
	run ssh -F "$C" jump list </dev/null
	gave 0
}
check "who has an end has a line, and gets in" in_time 5 brief
check "without a time" [ "${line%expiry-time*}" = "$line" ]
refused() {
	wire_reset
	run ssh -F "$C" jump list </dev/null
	no_login
}
check "until then" within refused
check "which the log has" \
    logged '"event.outcome":"failure".*"jump.reason":"the user has expired"'
LAB_USER=alice
policy <<'END'
allow web: { alice carol } to web1
END

# What is decided after the login rests on the uid.
J=$LAB/hosts/jump
cp -p "$J/etc/passwd" "$T/passwd"
cp -p "$J/etc/shadow" "$T/shadow"
sed -n '/^alice:/s/^alice:/eve:/p' "$T/passwd" >>"$J/etc/passwd"
sed -n '/^alice:/s/^alice:/eve:/p' "$T/shadow" >>"$J/etc/shadow"
sed -i '/^jump:/s/$/,eve/' "$J/etc/group"
policy <<EOF
user eve
key eve "$(cut -d' ' -f1,2 "$T/stranger.pub")"
allow web: { alice eve carol } to web1
EOF
wire_reset
run ssh -F "$C" -o User=eve -i "$T/stranger" -o IdentitiesOnly=yes \
    -o IdentityAgent=none jump list </dev/null
check "with the uid of another nobody gets in" no_login
check "and the log says why" logged \
    '"event.outcome":"failure".*"user.name":"eve".*"jump.reason":"the account.s uid is another.s"'
run ssh -F "$C" jump list </dev/null
check "but whose it is does" gave 0
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "doctor: names both" \
    printed '^ FAIL +eve: uid 2001 is alice.s, so jump-authkeys lets nobody in'
sed -i '/^jump:/s/,eve$//' "$J/etc/group"
cp -p "$T/passwd" "$J/etc/passwd"
cp -p "$T/shadow" "$J/etc/shadow"
policy <<'EOF'
allow web: { alice carol } to web1
EOF

# Whoever is in a group of the programs may what they may.  As a directory says
# it: by the number, and under another name.
cp -p "$J/etc/group" "$T/group"
for group in _jump _jump-ssh _jump-notify; do
	gid=$(sed -n "s/^$group:[^:]*:\([0-9]*\):.*/\1/p" "$T/group")
	echo "people:x:$gid:alice" >>"$J/etc/group"
	wire_reset
	run ssh -F "$C" jump list </dev/null
	check "in the group $group nobody gets in" no_login
	check "... and the log says why" logged \
	    "\"event.outcome\":\"failure\".*\"user.name\":\"alice\".*\"jump.reason\":\"the account is in the group $group\""
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
	check "... and doctor too" \
	    printed "^ FAIL +alice: in the group $group: "
	cp -p "$T/group" "$J/etc/group"
done
run ssh -F "$C" jump list </dev/null
check "out of it, they do" gave 0

lab on jump mv /run/jump/logins /run/jump/away
wire_reset
run ssh -F "$C" jump list </dev/null
check "no folder: nobody gets in" no_login
check "no folder: the log says so" \
    logged '"event.outcome":"failure".*"jump.reason":"the login cannot be noted"'
lab on jump mv /run/jump/away /run/jump/logins
run ssh -F "$C" jump list </dev/null
check "and then again" gave 0
finish
