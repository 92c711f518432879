# SPDX-License-Identifier: ISC
# Security keys: verify-required is the second factor that `mfa' wants, on a
# key line and in a certificate, and a touch alone is not.
. "$(dirname "$0")/lib.sh"

export LAB_USER=nokey
wire_tap
K=$T/keys
SSH_SK_PROVIDER=$(find "$LAB_REPO/.cache/openssh-tests" -name sk-dummy.so \
    2>/dev/null)
if [ -z "$SSH_SK_PROVIDER" ]; then
	skip "no software security key on this system"
	finish
fi
export SSH_SK_PROVIDER
mkdir -p "$K"
ssh-keygen -q -t ed25519 -N '' -f "$K/ca"
ssh-keygen -q -t ed25519 -N '' -f "$K/plain"

# key NAME OPTION...: a security key.
key() {
	name=$1
	shift
	ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" "$@" \
	    -f "$K/$name"
}

# certified NAME KEY OPTION...
certified() {
	cp "$K/$2" "$K/$1"
	cp "$K/$2.pub" "$K/$1.pub"
	name=$1
	shift 2
	ssh-keygen -q -s "$K/ca" -I "$name" -n alice "$@" "$K/$name.pub"
}

key touch
key pin -O verify-required
key claimed
key silent -O no-touch-required
key touch2 # these two are in no policy, only certified
key pin2 -O verify-required
certified plain-cert plain -O verify-required
certified touch-cert touch2
certified pin-cert pin2
certified pin-known pin
certified pin-strict pin2 -O verify-required
certified touch-strict touch2 -O verify-required

blob() {
	cut -d' ' -f1,2 "$K/$1.pub"
}

policy <<-END
	key alice "$(blob touch)"
	key alice "$(blob pin)" verify-required
	key alice "$(blob claimed)" verify-required
	key alice "$(blob silent)"
	ca corp "$(blob ca)" for alice
	allow web: alice to { web1 web2 }
	require factor: any to web2 mfa
END

# reach KEY ADDRESS: forward to its port 22, with this key alone.
reach() {
	wire_reset
	run ssh -F "$C" -o "User=alice" -o "SecurityKeyProvider=$SSH_SK_PROVIDER" \
	    -o "IdentityFile=$K/$1" -W "$2:22" \
	    jump </dev/null
}

reached() {
	printed '^SSH-2.0'
}

for k in touch touch-cert pin-cert; do
	reach $k 10.2.0.10
	check "$k: a touch reaches what wants no second factor" reached
	reach $k 10.2.0.12
	check "$k: and nothing that wants one" forward_refused
done
for k in pin pin-known pin-strict; do
	reach $k 10.2.0.10
	check "$k: a PIN reaches what wants none" reached
	reach $k 10.2.0.12
	check "$k: and what wants one" reached
done
for k in claimed touch-strict; do
	reach $k 10.2.0.12
	check "$k: a PIN that was not given is refused" no_login
done
reach plain-cert 10.2.0.12
check "verify-required is no second factor of a plain key" forward_refused
reach silent 10.2.0.10
check "a key that was not touched is refused" no_login

jump_with() {
	key=$1
	shift
	run ssh -F "$C" -o "User=alice" -o "SecurityKeyProvider=$SSH_SK_PROVIDER" \
	    -o "IdentityFile=$K/$key" jump "$@" \
	    </dev/null
}

wire_reset
jump_with touch connect web2 22
check "connect: a touch is not enough" gave 77 ""
check "connect: and reaches nothing" wire_silent
finish
