# SPDX-License-Identifier: ISC
# Second factors behind the gate: it sees whose a connection is, not of which
# login, and goes by all of those that the user has.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
K=$T/keys
SSH_SK_PROVIDER=$(find "$LAB_REPO/.cache/openssh-tests" -name sk-dummy.so \
    2>/dev/null)
if [ -z "$SSH_SK_PROVIDER" ]; then
	skip "no software security key on this system"
	finish
fi
export SSH_SK_PROVIDER LAB_USER=nokey
mkdir -p "$K"
ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -f "$K/touch"
ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -O verify-required \
    -f "$K/pin"
ssh-keygen -q -t ed25519 -N '' -f "$K/plain"

blob() {
	cut -d' ' -f1,2 "$K/$1.pub"
}

policy <<-END
	set nft "/usr/sbin/nft"
	set gate 422
	set exempt admin
	key alice "$(blob touch)"
	key alice "$(blob plain)"
	key alice "$(blob pin)" verify-required
	net nets 10.2.0.12/32 ssh 22
	allow nets: alice to { nets web1 }
	require factor: any to nets mfa
END
check "the gate is up" gate_up
run lab on jump jumpctl sweep
check "a sweep finds it" gave 0

# key NAME OPTION...: ssh with this key alone.
key() {
	name=$1
	shift
	run ssh -F "$C" -o SecurityKeyProvider="$SSH_SK_PROVIDER" \
	    -o IdentityFile="$K/$name" -o User=alice "$@" </dev/null
}

# No word of the gate's can be heard: sshd has said that it is open.
closed() {
	silent && [ "$status" -ne 124 ]
}
open_by_gate() {
	printed '^SSH-2\.0'
}

key touch -W 10.2.0.12:22 jump
check "a touch: closed" closed
check "a touch: by the gate" logged \
    '"jump.road":"forward","jump.verdict":"ask".*something is to be done first'
key pin -W 10.2.0.12:22 jump
check "a PIN: open" open_by_gate
check "a PIN: as by all logins" logged '"event.action":"open".*"jump.mfa":"logins"'

key touch -fN -o ControlMaster=yes -o ControlPath="$T/other" jump
key pin -W 10.2.0.12:22 jump
check "a PIN, beside a login by touch: closed" closed
key pin -W 10.2.0.10:22 jump
check "what wants none: open" open_by_gate
key touch -o ControlPath="$T/other" -O exit jump
key pin -W 10.2.0.12:22 jump
check "a PIN alone again: open" open_by_gate

# Who has broken out, and whose process outlives the login.
left() {
	run lab on -u alice jump nc -w 2 10.2.0.12 22 </dev/null
}
key pin -fN -o ControlMaster=yes -o ControlPath="$T/pin" jump
left
check "a process beside such a login: open, for whose it is nobody tells" \
    open_by_gate
key pin -o ControlPath="$T/pin" -O exit jump
left
check "a process without a login: closed" closed

# A login that would have a second factor, and waits for it.
cat >"$J/etc/ssh/sshd_config.d/40-jump-mfa.conf" <<-'END'
	Match User alice
	    AuthenticationMethods publickey,keyboard-interactive:pam
	    KbdInteractiveAuthentication yes
	    AuthorizedKeysCommand /usr/local/libexec/jump/jump-authkeys --mfa %u %t %k %f
END
: >"$T/mark"
lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'
within test "$J/run/sshd.pid" -nt "$T/mark"
mkfifo "$T/never"
printf '#!/bin/sh\necho >%s/asked\nread -r _ <%s/never\n' "$T" "$T" \
    >"$T/askpass"
chmod 755 "$T/askpass"
env SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force \
    ssh -F "$C" -o BatchMode=no -o IdentityFile="$K/plain" -o User=alice \
    -N jump </dev/null >/dev/null 2>&1 &
waiting=$!
within test -e "$T/asked"
check "a login waits for its second factor" test -e "$T/asked"
left
check "it gives nobody one" closed
: >"$T/never" &
kill "$waiting"
finish
