# The README's commands, as they stand, on a jump host that has nothing yet.
# lab: LAB_POLICY=none
# runs: once
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guide.lib.sh"

nothing
stubs
source_tree "$T/src"
mkdir -p "$T/client"
printf '192.0.2.1 jump.example.com\n' >>/etc/hosts
{ printf 'Host jump.example.com\n\tHostKeyAlias jump\n'; cat "$C"; } >"$T/ssh"
cat >"$T/client/ssh" <<STUB
#!/bin/sh
exec $(command -v ssh) -F $T/ssh "\$@"
STUB
chmod +x "$T"/client/*

# --- the commands -------------------------------------------------------------

steps README.md 'ProxyJump in ten commands'
block 1 | sed "s,\"ssh-ed25519 [^\"]*\",\"$(cat "$LAB/keys/alice.pub")\"," \
    >"$T/on_host"
block 2 >"$T/on_client"
n=$(how_many 1 2)
check "$n commands are ten at most" [ "$n" -gt 5 -a "$n" -le 10 ]
check "the key is ours" grep -q alice@lab "$T/on_host"

on_host() {
	last="the README on the jump host"
	lab on jump env PATH="$T/stub:$PATH" CFLAGS=-O1 MAKEFLAGS=-j2 \
	    sh -euc "cd $T/src; . $T/on_host" >"$T/out" 2>"$T/err" &&
	    status=0 || status=$?
}

on_host
check "the commands on the jump host" gave 0
check "doctor finds no fault" not printed '^ FAIL'
check "doctor finds sshd's configuration as it should be" \
    printed '^ ok    1 account: sshd holds it to the policy'
run env PATH="$T/client:$PATH" sh -eu "$T/on_client" </dev/null
check "the commands on the workstation" gave 0
echo hostname >"$T/in"
run env PATH="$T/client:$PATH" sh -eu "$T/on_client" <"$T/in"
check "and they lead to web1" printed '^web1$'
wire_tap
run "$T/client/ssh" -W 10.2.0.11:22 alice@jump.example.com </dev/null
check "and nowhere else" forward_refused

# What the README says about later.
run lab on jump sh -c "cd $T/src; make -s -o all uninstall"
check "make uninstall" gave 0
check "says what it leaves" printed '^left: /etc/jump$'
check "keeps the policy" [ -s "$J/etc/jump/policy" ]
finish
