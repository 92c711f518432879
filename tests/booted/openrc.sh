#!/bin/sh
# SPDX-License-Identifier: ISC
# What happens on the machine of tests/booted/run openrc: one without systemd,
# where OpenRC runs what the package of Alpine has for it, and devices.
set -u
[ -e /booted/machine.sh ] && [ $$ -eq 1 ] && [ "$container" = booted ] || exit 64
cd /booted
export DEBIAN_FRONTEND=noninteractive HOME=/booted
exec >out 2>&1
. /booted/lib.sh

# boot: what OpenRC does at each.
boot() {
	openrc sysinit
	openrc boot
	openrc default
}

modes() {
	[ "$(stat -c '%U:%G %a' /run/jump /run/jump/devices /run/jump/logins \
	    /run/jump/sessions)" = 'root:root 755
root:_jump 2711
root:_jump 1770
root:_jump 1730' ]
}

public() {
	cut -d' ' -f1,2 "$1"
}

policy() {
	{
		echo version 1
		for d in rtu17 rtu18; do
			echo "device $d \"/run/jump/devices/$d/ssh.sock\" ssh"
			[ ! -e /etc/jump-device/$d.key.pub ] || {
				echo "key $d \"$(public /etc/jump-device/$d.key.pub)\""
				echo "hostkey $d \"$(public /etc/ssh/ssh_host_ed25519_key.pub)\""
			}
		done
		echo 'allow all: @staff to { rtu17 rtu18 }'
		echo 'group @staff { %sudo }'
	} >/etc/jump/policy
	jumpctl load
}

# whole FILE: its lines, those that go on in the next one as one.
whole() {
	sed -e ':a' -e '/\\$/{N;s/\\\n[# ]*/ /;ta' -e '}' "$1"
}

# exported NAME: as the head of its script says; of two ways to make the
# account, the one of this system.
exported() {
	jumpctl export device "$1" --init openrc --jump 127.0.0.1 \
	    --to localhost:22 >/etc/init.d/jump-device."$1" || return
	whole /etc/init.d/jump-device."$1" |
	    sed -n '/^# Once/,/^# The host keys/s/^#     //p' |
	    grep -v '^key \|^hostkey \|^addgroup\|^adduser' >"$1.typed"
	sh -e "$1.typed"
}

# shipped NAME: the script for all devices, with an ssh_config of its own.
shipped() {
	install -m 755 /usr/share/jump/device/jump-device.openrc \
	    /etc/init.d/jump-device
	ln -s jump-device /etc/init.d/jump-device."$1"
	ssh-keygen -q -t ed25519 -N '' -f /etc/jump-device/"$1".key
	chown jump-device /etc/jump-device/"$1".key
	cat >/etc/jump-device/"$1".conf <<-END
		Host jump
		HostName 127.0.0.1
		User $1
		IdentityFile /etc/jump-device/$1.key
		UserKnownHostsFile /etc/jump-device/rtu17.known_hosts
		HostKeyAlias jump+host
		BatchMode yes
		ExitOnForwardFailure yes
		RemoteForward /run/jump/devices/$1/ssh.sock localhost:22
	END
	rc-update add jump-device."$1" && rc-service jump-device."$1" start
}

online() {
	jumpctl devices | grep -q "^ *$1 .*online"
}

# tunnel NAME: its ssh.
tunnel() {
	pgrep -u jump-device -f "^[^ ]*ssh -N .*$1" | head -n 1
}

gone() {
	[ -z "$(tunnel "$1")" ]
}

other() {
	new=$(tunnel "$1")
	[ -n "$new" ] && [ "$new" != "$2" ] && online "$1"
}

device() {
	old=$(tunnel "$1")
	check "$1: its ssh is jump-device's" test -n "$old"
	kill -KILL "$old"
	check "$1: ended, it comes back" within 25 other "$1" "$old"
	check "$1: rc-service says so" rc-service jump-device."$1" status
	check "$1: it stops" rc-service jump-device."$1" stop
	check "$1: and no ssh is left" within 10 gone "$1"
}

echo 127.0.0.1 localhost >>/etc/hosts
ip link set lo up
check "dpkg -i, without systemd" dpkg -i jump_*.deb
install -m 755 /booted/jump/dist/alpine/jump.initd /etc/init.d/jump
# That of Debian has no localmount, which Alpine has.
printf '%s\n' '#!/sbin/openrc-run' 'start() {' ':' '}' >/etc/init.d/localmount
chmod 755 /etc/init.d/localmount
check "rc-update add" rc-update add jump default
rm -rf /run/jump
boot >boot 2>&1
check "the service has run" rc-service jump status
check "/run/jump is there after a boot" modes
rm -rf /run/jump
check "restart" rc-service jump restart
check "... makes it again" modes

for u in rtu17 rtu18; do
	useradd -m -p '*' -G jump-devices -s /bin/sh $u
done
install -m 644 /usr/share/jump/70-jump-devices.conf /etc/ssh/sshd_config.d/
pgrep -x sshd >/dev/null || { mkdir -p /run/sshd; /usr/sbin/sshd; }
pgrep -x rsyslogd >/dev/null || rsyslogd 2>/dev/null
kill -HUP "$(cat /run/sshd.pid)"
policy >last 2>&1
check "rtu17: what the head of its script says can be typed" exported rtu17
check "rtu18: the shipped script" shipped rtu18
check "their keys are loaded" policy
check "rtu17 comes online" within 40 online rtu17
check "rtu18 comes online" within 40 online rtu18
device rtu17
device rtu18
: >done
