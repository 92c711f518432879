# SPDX-License-Identifier: ISC
# The gate and mfa: somebody who offers a user's security key, and cannot prove
# that they have it, gives a process that the user has left behind nothing; nor
# does somebody who offers another key take anything from them.
# runs: once
. "$(dirname "$0")/lib.sh"

export LAB_USER=nokey
K=$T/keys
SSH_SK_PROVIDER=$(find "$LAB_REPO/.cache/openssh-tests" -name sk-dummy.so \
    2>/dev/null)
if [ -z "$SSH_SK_PROVIDER" ]; then
	skip "no software security key on this system"
	finish
fi
export SSH_SK_PROVIDER
mkdir -p "$K"
ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -O verify-required \
    -f "$K/pin"
# Public keys of bob's, and private ones that ask for a passphrase.
ssh-keygen -q -t ed25519 -N secret -f "$K/stolen"
cp "$K/stolen" "$K/plain"
cp "$K/pin.pub" "$K/stolen.pub"
cp "$LAB/keys/bob.pub" "$K/plain.pub"
printf '#!/bin/sh\nsleep 60\n' >"$K/ask"
chmod 755 "$K/ask"

policy <<POLICY
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
user bob
key bob "$(cut -d' ' -f1,2 "$LAB/keys/bob.pub")"
key bob "$(cut -d' ' -f1,2 "$K/pin.pub")" verify-required
net dbs 10.2.0.11/32 tcp 5432
allow dbs: bob to dbs mfa
POLICY
check "the gate is up" gate_up
echo hello >"$T/in"

left_behind() {
	run lab on -u bob jump nc -N -w 5 10.2.0.11 5432 <"$T/in"
}

# offer NAME: its public key, and no signature.
offer() {
	SSH_ASKPASS=$K/ask SSH_ASKPASS_REQUIRE=force ssh -v -F "$C" \
	    -o User=bob -o BatchMode=no -o "IdentityFile=$K/$1" jump true \
	    >"$T/offer.out" 2>"$T/offer.err" </dev/null &
	offer=$!
	check "$1: is offered" \
	    within grep -q 'Server accepts key' "$T/offer.err"
}

left_behind
check "nobody is logged in: refused" gave 0 ""
offer stolen
check "and jump-authkeys has said yes to it" logged \
    '"event.action":"login","event.outcome":"success","user.name":"bob"'
left_behind
check "offered, and not proven: refused" gave 0 ""
kill $offer
note() {
	[ -n "$(lab on jump ls /run/jump/logins)" ] &&
	    lab on jump sh -c 'for n in /run/jump/logins/*; do
		[ -e "/proc/${n##*/}" ] && exit; done; exit 1'
}
check "it has gone" within not note
ssh -F "$C" -o User=bob -o "SecurityKeyProvider=$SSH_SK_PROVIDER" \
    -o "IdentityFile=$K/pin" -M -S "$T/mux" -fN jump
# Once sshd has made its process one of bob's, which ssh does not wait for.
passes() {
	left_behind
	gave 0 hello
}
check "logged in with it: passes" within passes
offer plain
left_behind
check "another one is offered, and not proven: passes" gave 0 hello
kill $offer
run ssh -F "$C" -S "$T/mux" -O exit jump
check "it has ended" within not note
left_behind
check "and no more" gave 0 ""
gate_down
finish
