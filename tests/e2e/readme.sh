# The README's commands, as they stand, on a jump host that has nothing yet.
# lab: LAB_POLICY=none
# runs: once
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
mkdir -p "$T/src" "$T/host" "$T/client"

# --- nothing -----------------------------------------------------------------

for f in passwd shadow group; do
	sed -i '/^\(alice\|bob\|vend1\|mallory\|jump\|jump-devices\|_jump\):/d' \
	    "$J/etc/$f"
done
rm -rf "$J"/local/* "$J"/home/[b-z]* "$J/home/alice" "$J/var/lib/jump" \
    "$J/etc/jump" "$J"/etc/ssh/sshd_config.d/[567]0-*
(cd "$LAB_REPO" && tar -cf - --exclude='./build*' --exclude=./.cache \
    --exclude=./.git .) | tar -xf - -C "$T/src"

# Two administrators, as the README asks for.
echo 'sudo:x:27:admin,root' >>"$J/etc/group"
install -d -m 700 "$J/root/.ssh"
cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"

# What the lab has not got: a package manager that may change the machine, a
# service manager, and an sshd where one is installed.
cat >"$T/host/apt-get" <<'STUB'
#!/bin/sh
[ "$1" = install ]
STUB
cat >"$T/host/systemctl" <<'STUB'
#!/bin/sh
[ "$*" = 'reload ssh' ] || exit 1
pid=$(cat /run/sshd.pid)
rm /run/sshd.pid
kill -HUP "$pid"
until [ -s /run/sshd.pid ]; do sleep 0.1; done
STUB
lab on jump mkdir -p /usr/local/sbin
lab on jump ln -s "$LAB/openssh/usr/sbin/sshd" /usr/local/sbin/sshd
printf '192.0.2.1 jump.example.com\n' >>/etc/hosts
{ printf 'Host jump.example.com\n\tHostKeyAlias jump\n'; cat "$C"; } >"$T/ssh"
cat >"$T/client/ssh" <<STUB
#!/bin/sh
exec $(command -v ssh) -F $T/ssh "\$@"
STUB
chmod +x "$T"/host/* "$T"/client/*

# --- the commands -------------------------------------------------------------

# block N HEADING: the Nth block of code under the heading.
block() {
	awk -v n="$1" -v heading="$2" '/^## / { on = $0 ~ heading }
	    !on { next }
	    /^```/ { fence++; next }
	    fence == 2 * n - 1' "$LAB_REPO/README.md"
}

# commands: how many there are; a here-document belongs to its command.
commands() {
	awk '/^END$/ { inside = 0; next } inside { next } { n++ }
	    /<<.END/ { inside = 1 } END { print n + 0 }' "$@"
}

block 1 "in ten commands" | sed "s,\"ssh-ed25519 [^\"]*\",\"$(cat "$LAB/keys/alice.pub")\"," \
    >"$T/on_host"
block 2 "in ten commands" >"$T/on_client"
n=$(commands "$T/on_host" "$T/on_client")
check "$n commands are ten at most" [ "$n" -gt 5 -a "$n" -le 10 ]
check "the key is ours" grep -q alice@lab "$T/on_host"

# on_host FILE
on_host() {
	last="the README on the jump host: $1"
	lab on jump env PATH="$T/host:$PATH" CFLAGS=-O1 MAKEFLAGS=-j2 \
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

block 1 "A device behind NAT" >"$T/device"
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
