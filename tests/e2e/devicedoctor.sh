# SPDX-License-Identifier: ISC
# What devices lack on this machine: check warns, doctor names it, with the
# line of sshd's configuration that won and a remedy; mended, both are content.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
ssh_d=$J/etc/ssh/sshd_config.d
d=/run/jump/devices

on() {
	lab on jump "$@"
}

doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd" "$@"
}

# says LEVEL TEXT [PLACE]: in one finding, and a remedy with it.
says() {
	awk -v want="$1" -v text="$2" -v place="${3:-}" '
	    /^ (ok  |warn|FAIL) / {
		here = index($0, " " want " ") == 1 && index($0, text)
		set = 0
	    }
	    here && place != "" && index($0, "set by") && index($0, place) {
		set = 1
	    }
	    here && index($0, "remedy: ") { found += place == "" || set }
	    END { exit !found }' "$T/out"
}

# both NAME LEVEL TEXT: doctor says so, and check warns in the same words.
both() {
	doctor
	check "$1: doctor" says "$2" "$3"
	run lab on jump jumpctl check
	check "$1: check warns" warned "$3"
}

# warned TEXT: check did.
warned() {
	grep -Fq -- "$1" "$T/err"
}

# content: nothing about devices.
content() {
	doctor
	printed "^ ok    $1 devices*: sshd holds " || return 1
	run lab on jump jumpctl check
	not said "warning: (host|rtu)"
}

account() {
	echo "$1:x:$2:$2::/home/$1:/bin/sh" >>"$J/etc/passwd"
	echo "$1:*:19000:0:99999:7:::" >>"$J/etc/shadow"
	echo "$1:x:$2:" >>"$J/etc/group"
	install -d -m "$3" -o "$2" -g "$2" "$J/home/$1"
}

members() {
	sed -i "s/^jump-devices:.*/jump-devices:x:2101:$1/" "$J/etc/group"
}

policy <<END
device rtu1 127.77.0.1 ssh 2222
device rtu2 "$d/rtu2/ssh.sock" ssh
device rtu3 "/home/host/rtu3.sock" ssh account "host"
device rtu4 "/home/host/rtu4.sock" ssh account "host"
allow web: alice to web1
END
check "a device without a key: how it gets one" \
    said 'hint: jumpctl export device rtu1 tells how it gets one'
check "none of the accounts: check is quiet, as in a CI job" \
    not said 'warning: (host|rtu)'
doctor
check "... doctor names them" says warn \
    'host, rtu1, rtu2: account of devices in the policy, but not on this'

account rtu1 2201 700
account rtu2 2202 700
account host 2203 700
run lab on jump jumpctl load
check "load makes the folder, and does not warn of it" \
    not said 'rtu2.*folder'
both "no member of the group" FAIL \
    'account of devices, but not in the group jump-devices'
members rtu1,rtu2,host
both "the old recipe: group" FAIL \
    'host: /home/host is not of the group _jump'
both "the old recipe: mode" FAIL 'host: /home/host has mode 700, want g+xs'
run lab on jump jumpctl check
check "check says where, once for all devices of it" \
    warned '/etc/jump/policy:13:1: warning: host: /home/host has mode 700'
check "... and the remedy" said 'hint: chmod g\+xs /home/host'
on chgrp _jump /home/host
on chmod g+xs /home/host
check "mended: content" content 4

# --- accounts -----------------------------------------------------------------

sed -i 's/^jump:.*/&,rtu1/' "$J/etc/group"
both "also a user" FAIL 'rtu1: account of devices, and in the group jump too'
doctor
check "... and names no line of a snippet to be deleted for that" \
    [ "$(grep -Ec '^ (warn|FAIL) +.*rtu1' "$T/out")" -eq 1 ]
sed -i 's/^jump:\(.*\),rtu1$/jump:\1/' "$J/etc/group"
echo 'sudo:x:27:rtu1' >>"$J/etc/group"
both "also an administrator" warn 'rtu1: account of devices, and in the group sudo'
sed -i '/^sudo:/d' "$J/etc/group"
mv "$J/home/rtu1" "$J/home/away"
both "no home" warn 'rtu1: account of devices, but no home directory'
mv "$J/home/away" "$J/home/rtu1"
account stray 2204 700
members rtu1,rtu2,host,stray
doctor
check "a member without a device" says warn \
    'stray: in the group jump-devices, but no device of the policy has it'
members rtu1,rtu2,host
check "accounts as they were: content" content 4

# --- folders and sockets ------------------------------------------------------

# broken NAME TEXT COMMAND...
broken() {
	name=$1 text=$2
	shift 2
	on "$@"
	both "$name" FAIL "$text"
}

broken "a folder of jumpctl's that is gone" \
    'rtu2: its folder in /run/jump/devices is not as' chmod 711 $d/rtu2
rmdir "$J$d/rtu2"
doctor
check "one that is missing" says FAIL 'rtu2: its folder in /run/jump/devices is missing'
on jumpctl sweep
check "sweep makes it: content" content 4
on chmod 755 $d
doctor
check "the folder above" says FAIL "$d is not a folder of root and _jump with mode 2711"
on chmod 2711 $d
broken "others write to the folder" 'host: others can write to /home/host' \
    chmod g+w /home/host
on chmod g-w /home/host
broken "another's folder" 'host: sshd cannot make the sockets: /home/host' \
    chown root /home/host
on chown host /home/host
broken "a folder above that nobody passes" \
    'host: the group _jump cannot pass /home (mode 750)' chmod 750 /home
broken "one that others write to" 'host: others can write to /home (mode 777)' \
    chmod 777 /home
on chmod 755 /home
mv "$J/home/host" "$J/home/real"
ln -s real "$J/home/host"
both "a link" FAIL 'host: /home/host is no folder'
rm "$J/home/host"
mv "$J/home/real" "$J/home/host"
check "folders as they were: content" content 4

bound() {
	rm -f "$J/home/host/rtu3.sock"
	on setpriv --reuid "$1" --regid "$1" --clear-groups python3 -c "
import os, socket
os.umask($2)
socket.socket(socket.AF_UNIX).bind('/home/host/rtu3.sock')"
}

bound host 0o117
check "a socket as sshd makes it: content" content 4
bound host 0o177
both "a socket with the mode of before" FAIL \
    'rtu3: its socket is not of the group _jump with mode 660'
rm "$J/home/host/rtu3.sock"
echo >"$J/home/host/rtu3.sock"
both "a file" FAIL 'rtu3: what is at its path is no socket'
bound host 0o117
ln "$J/home/host/rtu3.sock" "$J/home/host/other.sock"
both "a second name" FAIL 'rtu3: the socket at its path has another name too'
rm "$J/home/host/other.sock"
on chown rtu1 /home/host/rtu3.sock
both "another's socket" FAIL "rtu3: the socket at its path is another account's"
rm "$J/home/host/rtu3.sock"

# --- sshd ---------------------------------------------------------------------

# line KEYWORD VALUE: in a block before ours.
line() {
	printf 'Match User host\n    %s %s\n' "$1" "$2" >"$ssh_d/00-cis.conf"
	doctor
	check "sshd: $1 $2" says "${3:-FAIL}" "host: $1 is $2, want" \
	    "/etc/ssh/sshd_config.d/00-cis.conf:2"
	rm "$ssh_d/00-cis.conf"
}

line AuthorizedKeysFile .ssh/authorized_keys
line AuthorizedKeysCommand "/usr/local/libexec/jump/jump-authkeys %u %t %k %f"
line PasswordAuthentication yes
line ForceCommand /usr/local/libexec/jump/jump-shell
line AllowTcpForwarding yes
line AllowTcpForwarding no
line AllowStreamLocalForwarding no
line GatewayPorts no
line GatewayPorts yes
line StreamLocalBindUnlink no
line PermitListen none
line PermitOpen any
line ClientAliveInterval 0
line PermitTTY yes warn
line ChannelTimeout forwarded-tcpip=5m warn
line ClientAliveCountMax 0
line MaxSessions 0 warn
line DisableForwarding yes
line ChrootDirectory /srv
line PubkeyAuthentication no
# Of this keyword, the last line counts.
printf 'Match User host\n    StreamLocalBindMask 0177\n' >"$ssh_d/99-cis.conf"
doctor
check "sshd: StreamLocalBindMask" says FAIL \
    'host: StreamLocalBindMask is 0177, want' /etc/ssh/sshd_config.d/99-cis.conf:2
check "... is to be read last" printed \
    'remedy: mv /etc/ssh/sshd_config.d/99-cis.conf /etc/ssh/sshd_config.d/00-cis.conf, or'
rm "$ssh_d/99-cis.conf"
mv "$ssh_d/70-jump-devices.conf" "$T/"
doctor
check "sshd: no snippet" says FAIL 'no block of 70-jump-devices.conf is in force'
mv "$T/70-jump-devices.conf" "$ssh_d/"
echo 'MaxStartups 3' >"$ssh_d/99-cis.conf"
doctor
check "sshd: fewer logins at once than devices" says warn \
    'MaxStartups is 3:30:3: when all 4 devices' 99-cis.conf:1
rm "$ssh_d/99-cis.conf"
check "sshd as it was: content" content 4

# --- ProxyJump ----------------------------------------------------------------

members rtu1
policy <<'END'
device rtu1 127.77.0.1 ssh 2222 tag ot
allow web: alice to web1
allow ot: alice to @ot via { connect shell }
END
check "no device by ProxyJump: content" content 1
sed -i 's/ via.*//' "$T/policy"
run lab load "$T/policy"
check "by ProxyJump, and no firewall table: load warns" \
    said 'warning: devices are reached by ProxyJump'
doctor
check "by ProxyJump, and no firewall table" says warn \
    'devices are reached by ProxyJump, and without the firewall table'
on sh -c 'jumpctl export nft | nft -f -'
check "with one: content" content 1
printf 'Match User rtu1\n    AllowStreamLocalForwarding no\n' \
    >"$ssh_d/00-cis.conf"
check "without paths, UNIX sockets may be refused: content" content 1
rm "$ssh_d/00-cis.conf"
finish
