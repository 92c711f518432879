# SPDX-License-Identifier: ISC
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

# on_host FILE
on_host() {
	last="the README on the jump host: $1"
	lab on jump env PATH="$T/stub:$PATH" CFLAGS=-O1 MAKEFLAGS=-j2 \
	    sh -euc "cd $T/src; . $1" >"$T/out" 2>"$T/err" &&
	    status=0 || status=$?
}

on_host "$T/on_host"
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

# --- a device ---------------------------------------------------------------

steps README.md 'A device behind NAT'
block 1 >"$T/device"
on_host "$T/device"
check "a device: the commands on the jump host" gave 0
unit=$T/src/jump-device@rtu17.service
check "the file says what is to be typed, and which lines the policy gets" \
    [ "$(grep -c '^#     \(ssh-keygen\|key rtu17\|hostkey rtu17\) ' "$unit")" -eq 3 ]

# What the file says, in another folder; its sshd is web1's, in name.
ssh-keygen -q -t ed25519 -N '' -C rtu17 -f "$T/rtu17.key"
sed -n 's/^#: //p' "$unit" >"$T/rtu17.known_hosts"
sed -e ':a' -e '/\\$/{N;s/\\\n//;ta' -e '}' "$unit" |
    sed -n "s,/etc/jump-device,$T,g; s/^ExecStart=/exec /p" >"$T/tunnel"
cat >>"$J/etc/jump/policy" <<END
key rtu17 "$(cat "$T/rtu17.key.pub")"
hostkey rtu17 "$(cat "$LAB/keys/host_web1.pub")"
END
run lab on jump sh -c 'jumpctl check && jumpctl load'
check "its two lines" gave 0
run lab on jump jumpctl doctor
check "doctor finds no fault of it" not printed '^ FAIL'
check "... nor warns of its account" not printed '^ warn  rtu17'
socat TCP-LISTEN:22,bind=127.0.0.1,fork,reuseaddr EXEC:'echo SSH-2.0-rtu17' &
server=$!
sh "$T/tunnel" >"$T/tunnel.log" 2>&1 &
tunnel=$!
online() {
	run lab on jump jumpctl devices
	printed '^rtu17 online '
}
check "it is online" within online
run "$T/client/ssh" alice@jump.example.com config </dev/null
check "alice's file has it" printed '^Host rtu17$'
run "$T/client/ssh" -W 127.77.0.17:2222 alice@jump.example.com </dev/null
check "and she gets there" printed '^SSH-2\.0-rtu17'
kill "$tunnel" "$server"

# What the README says about later.
run lab on jump sh -c "cd $T/src; make -s -o all uninstall"
check "make uninstall" gave 0
check "says what it leaves" printed '^left: /etc/jump$'
check "keeps the policy" [ -s "$J/etc/jump/policy" ]
finish
