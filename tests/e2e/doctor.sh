# SPDX-License-Identifier: ISC
# jumpctl doctor: break any one thing, and it names it, with what set it and
# a remedy; mend it, and it is content again.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
ssh_d=$J/etc/ssh/sshd_config.d
db=/var/lib/jump/policy.db
l=/usr/local/libexec/jump

doctor() {
	touch "$J/run/sshd.pid" # as if sshd had just been reloaded
	run lab on jump jumpctl doctor -v --sshd "$LAB/openssh/usr/sbin/sshd" "$@"
}

on() {
	lab on jump "$@"
}

healthy() {
	gave 0 && not printed '^ FAIL'
}

# says LEVEL TEXT [PLACE]: in one finding, and a remedy with it.
says() {
	awk -v want="$1" -v text="$2" -v place="${3:-}" '
	    /^ (ok  |note|warn|FAIL) / {
		here = index($0, " " want " ") == 1 && index($0, text)
		set = 0
	    }
	    here && place != "" && index($0, "set by") && index($0, place) {
		set = 1
	    }
	    here && index($0, "remedy: ") { found += place == "" || set }
	    END { exit !found }' "$T/out"
}

# names LEVEL TEXT [PLACE]: the last visit does, and its status says so.
names() {
	doctor
	if [ "$1" = FAIL ]; then
		check "$3" not gave 0
	else
		check "$3" gave 0
	fi
	check "$3: named" says "$1" "$2" "${4:-}"
}

# broken LEVEL TEXT COMMAND... : on the jump host; undone by the caller.
broken() {
	level=$1 text=$2
	shift 2
	on "$@"
	names "$level" "$text" "$*"
}

# line KEYWORD VALUE: in a block before ours.
line() {
	printf 'Match User alice\n    %s %s\n' "$1" "$2" >"$ssh_d/00-cis.conf"
	names "${3:-FAIL}" "alice: $1 is $2, want" "sshd: $1 $2" \
	    "/etc/ssh/sshd_config.d/00-cis.conf:2"
	rm "$ssh_d/00-cis.conf"
}

# Two administrators, nobody in the group jump who is not in the policy.
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1/' "$J/etc/group"
echo 'sudo:x:27:admin,root' >>"$J/etc/group"
install -d -m 700 "$J/root/.ssh"
cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"

doctor
check "no sweep, where something ends" says FAIL 'no sweep in the last 90 seconds: forward'
on jumpctl sweep
doctor
check "a healthy jump host" healthy
check "a sweep runs" printed '^ ok    jumpctl sweep runs'
check "administrators are named" printed 'plain sshd: admin, root$'
check "what is well is said" printed '^ ok    4 accounts: sshd holds each'
check "no firewall is a warning" says warn 'firewall table is not loaded'
on sh -c 'jumpctl export nft | nft -f -'
doctor
check "a firewall is none" printed '^ ok    the firewall table is loaded'
on nft delete table inet jumphost
doctor --json
check "--json is JSON" python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert d["version"] == 1 and d["failures"] == 0
assert all(f["remedy"] for f in d["findings"] if f["level"] != "ok")' "$T/out"
run lab on -u alice jump /usr/local/sbin/jumpctl doctor
check "only root" gave 73 ""
run lab on jump jumpctl lock mallory
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "notes are folded" printed '^ note  [1-9][0-9]* notes?, of .*locks.*: jumpctl doctor -v$'
check "... all of them" [ "$(grep -c '^ note' "$T/out")" -eq 1 ]
doctor
check "-v prints them" printed '^ note  mallory is locked since'
run lab on jump script -qc "stty cols 60; jumpctl doctor -v --no-record" /dev/null
# What it says to those who wait longer than a moment, it erases.
tr -d '\r' <"$T/out" | sed 's/.*\x1b\[K//; s/\x1b\[[0-9;]*m//g' >"$T/plain"
check "no line is longer than the terminal" [ -z "$(awk 'length > 60' "$T/plain")" ]
check "... and further ones are as far in" not grep -qv \
    '^ \(ok  \|note\|warn\|FAIL\)  [^ ]\|^       [^ ]' "$T/plain"
check "... and there are some" [ "$(wc -l <"$T/plain")" -gt 30 ]
run lab on jump jumpctl unlock mallory
doctor --from nowhere
check "--from wants an address" gave 64 ""

# --- sshd ---------------------------------------------------------------------

while read -r keyword value level; do
	line "$keyword" "$value" "$level"
done <<'END_LINES'
AuthorizedKeysCommandUser nobody
AuthenticationMethods any
PasswordAuthentication yes
KbdInteractiveAuthentication yes
HostbasedAuthentication yes
AuthorizedKeysFile .ssh/authorized_keys
AuthorizedPrincipalsFile /etc/ssh/principals
ChrootDirectory /srv
ExposeAuthInfo no warn
PermitTTY no warn
PermitUserRC yes
AcceptEnv *
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
PermitListen any
GatewayPorts yes
PermitTunnel yes
X11Forwarding yes
LogLevel INFO warn
ClientAliveInterval 0 warn
MaxSessions 0 warn
PubkeyAuthentication no
GSSAPIAuthentication yes
TrustedUserCAKeys /etc/ssh/ca.pub
AuthorizedKeysCommand /usr/bin/true
ForceCommand /bin/sh
DisableForwarding yes
PermitOpen 10.2.0.10:22 warn
LogVerbose kex.c:* warn
ClientAliveCountMax 0 warn
END_LINES
if "$LAB/openssh/usr/sbin/sshd" -Z 2>&1 | grep -q OpenSSH_9.2; then
	skip "RefuseConnection, of 9.9"
else
	line RefuseConnection yes
fi
printf 'Match User alice\n AllowTcpForwarding yes\n' >"$ssh_d/00-cis.conf"
doctor
check "nobody else is named" not printed 'bob.*AllowTcpForwarding'
printf 'Match Group jump\n AllowTcpForwarding yes\n' >"$ssh_d/00-cis.conf"
names FAIL "alice, bob, jump, vend1: AllowTcpForwarding is yes, want local" \
    "one finding for many" /etc/ssh/sshd_config.d/00-cis.conf:2
echo 'AllowTcpForwarding yes' >"$ssh_d/00-cis.conf"
on jumpctl sweep
doctor
check "a line outside of blocks changes nothing" healthy
methods() {
	printf 'Match User alice\n AuthenticationMethods %s\n%s\n' "$1" \
	    ' KbdInteractiveAuthentication yes' >"$ssh_d/00-cis.conf"
on jumpctl sweep
	doctor
}
methods 'publickey,keyboard-interactive publickey,password'
check "a second step after the key" healthy
methods 'publickey,keyboard-interactive publickey,publickey'
check "a second key" says FAIL "AuthenticationMethods is"
methods 'publickey,password keyboard-interactive'
check "an alternative without a key" says FAIL "AuthenticationMethods is"
methods 'publickey'
check "a method that no list has" says FAIL "KbdInteractiveAuthentication is"
echo 'PermitUserEnvironment yes' >"$ssh_d/00-cis.conf"
names FAIL "PermitUserEnvironment is yes, want no" "a global setting" \
    /etc/ssh/sshd_config.d/00-cis.conf:1
check "no line of ours helps against that" printed \
    '^       remedy: delete that line; reload sshd'
for keyword in $(sed -n '/others\[\] = /,/;/p' \
    "$LAB_REPO/jumpctl/doctor_needs.c" | grep -o '"[A-Za-z]*"' | tr -d '"')
do
	check "no line of ours has $keyword" not grep -q "^ *$keyword " \
	    "$LAB_REPO/sshd_config.d/60-jump.conf" \
	    "$LAB_REPO/sshd_config.d/50-jump-shared.conf"
done
cp "$J/etc/ssh/sshd_config" "$T/sshd_config"
sed -i '/^Include/d' "$J/etc/ssh/sshd_config"
names FAIL "no block of 60-jump.conf is in force" "no Include" ""
check "the remedy of that" printed 'remedy: begin sshd_config with: Include'
cp "$T/sshd_config" "$J/etc/ssh/sshd_config"
doctor
check "the remedy helps" not printed 'no block'
on chmod 777 $l
doctor
check "a finding stands once" [ "$(grep -c "FAIL  $l is writable" "$T/out")" = 1 ]
on chmod 755 $l
echo 'AllowUsers admin root' >"$ssh_d/00-cis.conf"
names FAIL "alice, bob, jump, vend1: kept out by AllowUsers" "AllowUsers" \
    /etc/ssh/sshd_config.d/00-cis.conf:1
echo 'DenyGroups jump' >"$ssh_d/00-cis.conf"
names FAIL "kept out by DenyGroups" "DenyGroups" \
    /etc/ssh/sshd_config.d/00-cis.conf:1
echo 'AllowGroups sysadmin' >"$ssh_d/00-cis.conf"
names FAIL "alice, bob, jump, vend1: kept out by AllowGroups" "AllowGroups" \
    /etc/ssh/sshd_config.d/00-cis.conf:1
check "the remedy of that" printed 'remedy: add jump to that line; reload'
on sed -i 's/$/ jump/' /etc/ssh/sshd_config.d/00-cis.conf
doctor
check "the remedy helps" not printed 'kept out'
doctor --sshd /nowhere
check "no such sshd" gave 64 ""
check "no such sshd: says so" said '/nowhere: No such file'
for local in nowhere 10.2.0.1 10.2.0.1:0 ::1:22 '[::1]' '[::1]22' web1:22; do
	doctor --local "$local"
	check "--local $local" gave 64 ""
done
doctor --from nowhere
check "from no address: says so" said 'takes an address, not .nowhere'
echo 'Frobnicate yes' >"$ssh_d/00-cis.conf"
names FAIL "sshd refuses its configuration" "a configuration that is none"
rm "$ssh_d/00-cis.conf"
for f in 50-jump-shared.conf 60-jump.conf; do
	cp -p "$ssh_d/$f" "$T/$f"
	sed -i 's/^ *PermitTunnel.*/    PermitTunnel ethernet/' "$ssh_d/$f"
	names FAIL "PermitTunnel is ethernet, want no" "a line of $f" "$f:"
	cp -p "$T/$f" "$ssh_d/$f"
done
sed -i '/PermitTunnel/d' "$ssh_d/60-jump.conf"
echo 'PermitTunnel yes' >"$ssh_d/99-local.conf"
names FAIL "PermitTunnel is yes, want no" "no line in 60-jump.conf" \
    99-local.conf:1
rm "$ssh_d/99-local.conf"
cp -p "$T/60-jump.conf" "$ssh_d/"
sed -i '/X11Forwarding/d' "$ssh_d/60-jump.conf"
names FAIL "X11Forwarding is yes, want no" "no line but sshd_config's" \
    /etc/ssh/sshd_config:
cp -p "$T/60-jump.conf" "$ssh_d/"
mv "$ssh_d/50-jump-shared.conf" "$ssh_d/70-jump-shared.conf"
names FAIL "jump: ForceCommand is $l/jump-shell, want none" \
    "the shared block behind the other" 60-jump.conf:
mv "$ssh_d/70-jump-shared.conf" "$ssh_d/50-jump-shared.conf"
rm "$ssh_d/60-jump.conf"
names FAIL "no block of 60-jump.conf is in force" "no 60-jump.conf"
cp -p "$T/60-jump.conf" "$ssh_d/"
on jumpctl sweep
doctor
check "sshd as it was: healthy" healthy

on sh -c 'exec setpriv --no-new-privs $(tr "\\0" " " \
    <"/proc/$(cat /run/sshd.pid)/cmdline" |
    sed "s/^sshd: //; s/ \\[listener\\].*//; s/ -o PidFile=[^ ]*//") \
    -p 2222 -o PidFile=/run/nnp.pid'
within on test -s /run/nnp.pid
cp "$J/run/sshd.pid" "$T/sshd.pid"
broken FAIL "sshd runs under no_new_privs" cp /run/nnp.pid /run/sshd.pid
on sh -c 'kill "$(cat /run/nnp.pid)"; while [ -e /run/nnp.pid ]; do
    sleep 0.1; done'
cp "$T/sshd.pid" "$J/run/sshd.pid"

# --- accounts -----------------------------------------------------------------

sed -i 's/^jump:.*/jump:x:2010:alice,vend1/' "$J/etc/group"
names FAIL "bob: in the policy, but not in the group jump" "bob is no member"
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1,mallory/' "$J/etc/group"
names warn "mallory: in the group jump, but not in the policy" "mallory is"
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1,eve/' "$J/etc/group"
names warn "eve: in the policy or the group jump, but no account" "eve is"
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1,admin/' "$J/etc/group"
names FAIL "admin: an administrator (group sudo) in the group jump: sshd keeps" \
    "an administrator is a member"
check "... with the way out" printed \
    'remedy: gpasswd -d NAME jump, before sshd reads 60-jump.conf'
on gpasswd -d admin jump >/dev/null
doctor
check "the remedy helps" not printed 'an administrator'
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1/' "$J/etc/group"
sed -i 's/^_jump:.*/_jump:x:990:bob/' "$J/etc/group"
names FAIL "bob: in the group _jump" "somebody is in _jump"
sed -i 's/^_jump:.*/_jump:x:990:/' "$J/etc/group"
sed -i 's/^sudo:.*/sudo:x:27:admin,root,bob/' "$J/etc/group"
names FAIL "bob: an administrator (group sudo) in the group jump: root is held" \
    "a user who is root"
check "... with the way out" printed 'remedy: gpasswd -d NAME sudo;'
sed -i 's/^sudo:.*/sudo:x:27:root/' "$J/etc/group"
names warn "root is the only administrator" "one administrator"
rm "$J/root/.ssh/authorized_keys"
names FAIL "no administrator gets in" "no administrator"
sed -i 's/^sudo:.*/sudo:x:27:admin,root/' "$J/etc/group"
cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"
cp -p "$J/etc/passwd" "$T/passwd"
sed -i '/^alice:/s,/bin/sh,/bin/bash,' "$J/etc/passwd"
names warn "alice: the login shell is /bin/bash" "a shell that reads files"
sed -i '/^alice:/s,/bin/bash,/usr/sbin/nologin,' "$J/etc/passwd"
names warn "alice: the login shell is /usr/sbin/nologin" "no shell"
sed -i '/^alice:/s,/usr/sbin/nologin,/nowhere/jump-shell,' "$J/etc/passwd"
names FAIL "alice: the login shell /nowhere/jump-shell is not there" "no such shell"
sed -i '/^alice:/s,/nowhere/jump-shell,/etc/passwd,' "$J/etc/passwd"
names FAIL "alice: the login shell /etc/passwd is not there, or cannot be run" \
    "a file that is no program"
sed -i '/^alice:/s,/etc/passwd,/usr/sbin/nologin,' "$J/etc/passwd"
sed -i '/^_jump:/d' "$J/etc/passwd"
names FAIL "there is no user or no group _jump" "no _jump"
cp -p "$T/passwd" "$J/etc/passwd"
mv "$J/home/bob" "$J/home/bob.away"
names warn "bob: no home directory /home/bob" "no home"
mv "$J/home/bob.away" "$J/home/bob"

# --- files --------------------------------------------------------------------

on jumpctl sweep
doctor
check "accounts as they were: healthy" healthy
broken FAIL "jump-shell is not setgid _jump" chmod 755 $l/jump-shell
on chmod 2755 $l/jump-shell
broken FAIL "jump-connect is not setgid _jump" chgrp jump $l/jump-connect
on chgrp _jump $l/jump-connect
on chmod 2755 $l/jump-connect
broken FAIL "jump-authkeys is setgid" chmod g+s $l/jump-authkeys
on chmod g-s $l/jump-authkeys
broken FAIL "jump-shell is setuid" chmod u+s $l/jump-shell
on chmod u-s $l/jump-shell
broken FAIL "jump-authkeys cannot be run by everybody" chmod 700 $l/jump-authkeys
broken warn "jump-authkeys can be read by others" chmod 755 $l/jump-authkeys
on chmod 711 $l/jump-authkeys
broken FAIL "/usr/local/libexec is writable by group" chmod 775 /usr/local/libexec
on chmod 755 /usr/local/libexec
broken FAIL "jump-shell belongs to uid 2001" chown alice $l/jump-shell
on chown root $l/jump-shell
on chmod 2755 $l/jump-shell
on cp -p $l/jump-shell $l/other
broken FAIL "$l/other is setgid" chmod 2755 $l/other
on rm $l/other
broken FAIL "jump-connect: No such file" mv $l/jump-connect $l/x
on mv $l/x $l/jump-connect
on mount --bind $l $l
broken FAIL "$l is mounted nosuid" mount -o remount,bind,nosuid $l
on umount $l

broken FAIL "/etc/jump/policy is writable" chmod 666 /etc/jump/policy
on chmod 644 /etc/jump/policy
broken FAIL "/etc/jump/policy.d is writable" chmod 777 /etc/jump/policy.d
on chmod 755 /etc/jump/policy.d
echo 'version 1' >"$J/etc/jump/policy.d/10-x.conf"
broken FAIL "10-x.conf belongs to uid 2001" chown alice /etc/jump/policy.d/10-x.conf
rm "$J/etc/jump/policy.d/10-x.conf"
cp -p "$J/etc/jump/policy" "$T/policy"
sed -i '$a deny late: any to db1' "$J/etc/jump/policy"
names warn "the text of the policy is not what is in force" "not loaded"
sed -i '$a frobnicate' "$J/etc/jump/policy"
names FAIL "the text of the policy has 1 error" "an error"
cp -p "$T/policy" "$J/etc/jump/policy"

on cp -p $db $db.kept
broken FAIL "_jump cannot read $db" chmod 600 $db
on chmod 640 $db
broken FAIL "readable by everybody" chmod 644 $db
on chmod 640 $db
broken FAIL "_jump cannot read $db" chgrp root /var/lib/jump
on chgrp _jump /var/lib/jump
broken FAIL "/var/lib/jump is writable by group" chmod 770 /var/lib/jump
broken warn "/var/lib/jump can be opened by others" chmod 750 /var/lib/jump
on chmod 710 /var/lib/jump
on touch /var/lib/jump/locks
broken FAIL "/var/lib/jump/locks is writable" chmod 666 /var/lib/jump/locks
on rm /var/lib/jump/locks
broken FAIL "$db: damaged" truncate -s 9000 $db
on cp -p $db.kept $db
printf '\377' | on dd of=$db bs=1 seek=8 conv=notrunc 2>/dev/null
names FAIL "made by another version" "an image of another version"
broken FAIL "no policy is loaded" rm $db
on mv $db.kept $db
on jumpctl sweep
doctor
check "files as they were: healthy" healthy

# A block for some clients only is not seen from elsewhere.
printf 'Match Address 10.7.0.0/16\n    PasswordAuthentication yes\n' \
    >"$ssh_d/00-where.conf"
names warn "sshd tells clients apart by Address" "Match Address"
doctor --from 10.7.1.1
check "from there: named" says FAIL "PasswordAuthentication is yes, want" \
    "00-where.conf:2"
check "from there: no such warning" not printed 'tells clients apart'
rm "$ssh_d/00-where.conf"

# own_keys CRITERION: for who comes that way, a shell by keys of their own.
own_keys() {
	printf 'Match %s\n ForceCommand none\n AuthorizedKeysCommand none\n' \
	    "$1" >"$ssh_d/00-where.conf"
}
cp "$J/etc/ssh/sshd_config" "$T/sshd_config"
own_keys 'LocalPort 2222'
doctor
check "a port that it does not listen on" healthy
sed -i '1i Port 22\nPort 2222' "$J/etc/ssh/sshd_config"
names FAIL "alice, bob, vend1: ForceCommand is none, want" "Match LocalPort" \
    00-where.conf:2
check "each port is asked about: no warning" not printed 'tells clients apart'
doctor --from 192.0.2.10
check "... with --from too" says FAIL "ForceCommand is none" 00-where.conf:2
doctor --local 10.2.0.1:22
check "the other port alone" healthy
doctor --local 10.2.0.1:2222
check "this port alone" says FAIL "ForceCommand is none" 00-where.conf:2
cp "$T/sshd_config" "$J/etc/ssh/sshd_config"
own_keys 'LocalAddress 10.2.0.1'
names warn "sshd tells clients apart by LocalAddress: what follows holds from 192.0.2.1 to port 22" \
    "Match LocalAddress"
check "... and how it can be told" printed 'remedy: run again with --local'
doctor --local 10.2.0.1:22
check "to that address" says FAIL "ForceCommand is none" 00-where.conf:2
doctor --local '[2001:db8::1]:22'
check "to another" healthy
check "... is no warning" not printed 'tells clients apart'
sed -i '1i ListenAddress 10.2.0.1\nListenAddress 10.2.0.9:2222' \
    "$J/etc/ssh/sshd_config"
names FAIL "ForceCommand is none" "one of those that it listens on" \
    00-where.conf:2
check "... is no warning: known" not printed 'tells clients apart'
cp "$T/sshd_config" "$J/etc/ssh/sshd_config"
own_keys 'Host *.example'
names warn "sshd tells clients apart by Host" "Match Host"
doctor --from 192.0.2.10
check "without UseDNS that is an address" not printed 'tells clients apart'
echo 'UseDNS yes' >"$ssh_d/01-dns.conf"
doctor --from 192.0.2.10
check "with it, it is none" says warn "sshd tells clients apart by Host"
rm "$ssh_d/01-dns.conf" "$ssh_d/00-where.conf"
own_keys 'RDomain blue'
doctor --from 192.0.2.10 --local 10.2.0.1:22
check "no option tells a routing domain" says warn "clients apart by RDomain"
rm "$ssh_d/00-where.conf"

# --- who could change what sshd reads -----------------------------------------

cp -p "$J/etc/passwd" "$T/passwd"
cp -p "$J/etc/group" "$T/group"
echo 'eve,user=alice:x:2801:2010::/home/alice:/bin/sh' >>"$J/etc/passwd"
printf 'Match User eve*\n ForceCommand none\n' >"$ssh_d/00-eve.conf"
names FAIL "eve,user=alice: sshd does not say what holds" "a name with a comma"
cp -p "$T/passwd" "$J/etc/passwd"
rm "$ssh_d/00-eve.conf"
: >"$J/home/alice/x.conf"
echo 'Include /home/alice/x.conf' >"$ssh_d/99-x.conf"
broken FAIL "/home/alice/x.conf belongs to uid 2001" \
    chown alice /home/alice/x.conf
rm "$ssh_d/99-x.conf"
broken FAIL "/etc/hosts is writable by group or others" chmod 666 /etc/hosts
on chmod 644 /etc/hosts
on jumpctl load 2>/dev/null

# --- the machine ----------------------------------------------------------------

broken warn "/etc/hosts has changed" touch /etc/hosts
sed -i '/web1/d' "$J/etc/hosts"
on jumpctl load 2>/dev/null
names warn "ProxyJump reaches 1 target only by address" "a name that is missing"
broken FAIL "/run/jump/sessions is not a folder of root and _jump" \
    chmod 1770 /run/jump/sessions
on chmod 1730 /run/jump/sessions
broken FAIL "/run/jump/sessions is not a folder of root and _jump" \
    chgrp root /run/jump/sessions
on chgrp _jump /run/jump/sessions
broken FAIL "/run/jump/logins is not a folder of root and _jump" \
    chmod 770 /run/jump/logins
on chmod 1770 /run/jump/logins
broken FAIL "/run/jump/logins is not a folder of root and _jump" \
    chown _jump /run/jump/logins
on chown root /run/jump/logins
broken FAIL "/run/jump is writable" chmod 777 /run/jump
on chmod 755 /run/jump
broken FAIL "/run/jump/sessions: No such file" mv /run/jump /run/jump.away
on mv /run/jump.away /run/jump
broken FAIL "/dev/log: No such file" mv /dev/log /dev/log.away
on mv /dev/log.away /dev/log
echo 1 >"$T/dumpable"
broken FAIL "fs.suid_dumpable is 1" \
    mount --bind "$T/dumpable" /proc/sys/fs/suid_dumpable
on umount /proc/sys/fs/suid_dumpable

# --- what sshd runs with --------------------------------------------------------

on sh -c 'kill -HUP $(cat /run/sshd.pid)'
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "just reloaded: healthy" healthy
mv "$ssh_d/60-jump.conf" "$T/60-jump.conf"
on sh -c 'kill -HUP $(cat /run/sshd.pid)'
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "without the snippet" says FAIL "no block of 60-jump.conf"
check "... which sshd knows" not printed 'sshd runs with what it read'
cp -p "$T/60-jump.conf" "$ssh_d/"
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "put back, but not reloaded" says FAIL "60-jump.conf has changed since"
check "... is a failure" not gave 0
check "... of sshd" printed 'remedy: sshd -t && systemctl reload'
on sh -c 'kill -HUP $(cat /run/sshd.pid)'
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "reloaded: healthy" healthy
touch "$ssh_d/00-gone.conf"
on sh -c 'kill -HUP $(cat /run/sshd.pid)'
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "a file more: healthy" healthy
rm "$ssh_d/00-gone.conf"
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "a file less, and not reloaded" says FAIL "/sshd_config.d has changed"
cp "$J/run/sshd.pid" "$T/sshd.pid"
# As it was started; its title has the words.
sshd=$(on sh -c 'cat "/proc/$(cat /run/sshd.pid)/cmdline"' | tr '\0' ' ' |
    sed 's/^sshd: //; s/ \[listener\].*//')
broken note "no process is that of PidFile" rm /run/sshd.pid
end_sshd() {
	on sh -c 'kill "$(cat /run/sshd.pid)" && while [ -e /run/sshd.pid ]; do
	    sleep 0.1; done'
}
# started OPTION...: sshd anew, with these too.
started() {
	end_sshd
	on $sshd "$@"
	within on test -s /run/sshd.pid
}
cp "$T/sshd.pid" "$J/run/sshd.pid"
on cp -p /etc/ssh/sshd_config /etc/ssh/other
started -f /etc/ssh/other
names FAIL "sshd was started with -f /etc/ssh/other" "another file"
started -f/etc/ssh/sshd_config
doctor
check "the same file: healthy" healthy
check "... and nothing of -f" not printed 'started with -f'
started -4 -o permittty=no
names FAIL "sshd was started with -o permittty=no" "an option above the files"
started -oPermitTTY=no
names FAIL "sshd was started with -o PermitTTY=no" "in one word"
started -4oLogLevel=ERROR
names FAIL "sshd was started with -o LogLevel=ERROR" "in one word with others"
started -p 22 -o MACs=hmac-sha2-256
doctor -v
check "an option that is nothing of users'" says note \
    "sshd was started with -o MACs=hmac-sha2-256"
check "... is no failure" healthy
lab on -u alice jump python3 -c '
import os
os.execv("/bin/sleep", ["sshd: /x [listener] 0 of 10-100 startups", "60"])' &
titled=$!
sleep 1
doctor
check "a user's title is no sshd" not printed 'another sshd'
check "... and healthy" healthy
kill $titled
end_sshd
names FAIL "sshd does not run: nobody listens" "sshd has ended"
finish
