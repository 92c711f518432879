# SPDX-License-Identifier: ISC
# Traps of this version of sshd: doctor names each that bites with this
# configuration, and none that does not.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/doctor.lib.sh"

# What it says with an option that it has not got.
version=$("$LAB/openssh/usr/sbin/sshd" -Z 2>&1 |
    sed -n 's/^OpenSSH_\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
echo "# OpenSSH $version"

# between FROM TO: this version is one of them, each as 902 for 9.2.
number=$((${version% *} * 100 + ${version#* }))
between() {
	[ $number -ge "$1" ] && [ $number -le "$2" ]
}

# trap_is FROM TO LEVEL TEXT PLACE LINES...: with these lines in a file that is
# read first, which is 00-cis.conf, or last, 99-cis.conf.
trap_is() {
	from=$1 to=$2 level=$3 text=$4 place=$5
	shift 5
	printf '%s\n' "$@" >"$ssh_d/${place%%:*}"
	name=$(echo "$*" | tr -s ' \n' ' ')
	if between "$from" "$to"; then
		broken "$level" "$text" "$place" "$name"
	else
		doctor
		check "$name: no trap of this version" not printed "$text"
	fi
	rm "$ssh_d/${place%%:*}"
	mended "$name"
}

steady
device_account host 2203
policy <<END
device rtu1 "/run/jump/devices/rtu1/ssh.sock" ssh account "host"
$(device_key rtu1)
user visitor until 2050-01-01T00:00Z
key visitor "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxbTMmsDHoGnmGqNn2JKXQlnnhYvQq8yqGlVOqxzr9Q"
allow all: alice to any
END
on sh -c 'sed -i /web1/d /etc/hosts; jumpctl export hosts >>/etc/hosts
    jumpctl load; jumpctl sweep' 2>/dev/null
printf '%s\n' 'LoginGraceTime 0' 'PerSourcePenalties no' >"$ssh_d/05-ours.conf"
[ $number -ge 908 ] || sed -i /PerSource/d "$ssh_d/05-ours.conf"
at_first
check "no trap that does not bite" not printed 'OpenSSH [0-9.]*[: ]'

trap_is 807 907 note "CVE-2024-6387, as LoginGraceTime is 60" 00-cis.conf:1 \
    'LoginGraceTime 60'
if [ $number -ge 908 ]; then
	sed -i '/PerSource/d' "$ssh_d/05-ours.conf"
	broken note 'has PerSourcePenalties: who fails keeps out' '' \
	    "PerSourcePenalties are on"
	echo 'PerSourcePenaltyExemptList 192.0.2.0/24' >>"$ssh_d/05-ours.conf"
	mended "some are exempt"
	sed -i '/PerSource/d' "$ssh_d/05-ours.conf"
	echo 'PerSourcePenalties no' >>"$ssh_d/05-ours.conf"
	mended "PerSourcePenalties are off"
fi
trap_is 807 903 FAIL 'ends each login at %C and %D in AuthorizedKeysCommand' \
    00-cis.conf:1 'AuthorizedKeysCommand /usr/bin/keys %u %C' \
    'AuthorizedKeysCommandUser nobody'
trap_is 807 903 FAIL 'ends each login at %C and %D in AuthorizedPrincipalsC' \
    00-cis.conf:1 'AuthorizedPrincipalsCommand /usr/bin/keys %u %D' \
    'AuthorizedPrincipalsCommandUser nobody'
trap_is 807 903 warn 'ignores this AuthorizedPrincipalsCommand' 00-cis.conf:3 \
    'AuthorizedKeysCommand /usr/bin/true %u' 'AuthorizedKeysCommandUser nobody' \
    'AuthorizedPrincipalsCommand /usr/bin/true %u' \
    'AuthorizedPrincipalsCommandUser nobody'
trap_is 902 1004 warn 'does nothing about ChannelTimeout session=5m' \
    00-cis.conf:2 'Match User alice' 'ChannelTimeout session=5m'
trap_is 902 1004 warn "ends devices' connections by ChannelTimeout" \
    00-cis.conf:1 'ChannelTimeout forwarded-tcpip=5m' \
    'Match User host' 'ChannelTimeout none'
trap_is 902 1005 warn 'ends ssh -N of users after 600 seconds' 00-cis.conf:1 \
    'UnusedConnectionTimeout 600'

# One that is not here: this sshd, with another number.
cat >"$T/sshd-8.7" <<END
#!/bin/sh
"$LAB/openssh/usr/sbin/sshd" "\$@" 2>/tmp/sshd.err
status=\$?
sed 's/OpenSSH_[0-9.]*/OpenSSH_8.7/' /tmp/sshd.err >&2
exit \$status
END
chmod 755 "$T/sshd-8.7"
run lab on jump jumpctl doctor -v --sshd "$T/sshd-8.7" --no-record
check "8.7: until is none: no key line has it" not printed 'visitor: OpenSSH|UTC'
check "8.7: the groups of a command" printed '^ note  OpenSSH 8.7: CVE-2021-41617'
check "8.7: that is no failure" gave 0
printf '%s\n' 'AuthorizedKeysCommand /usr/bin/keys %u %C' \
    'AuthorizedKeysCommandUser nobody' >"$ssh_d/00-cis.conf"
run lab on jump jumpctl doctor -v --sshd "$T/sshd-8.7" --no-record
check "8.7: what ends logins" printed '^ FAIL  OpenSSH 8.7 ends each login at %C'
check "8.7: is a failure" gave 1
rm "$ssh_d/00-cis.conf"
sed -i 's/8\.7/11.0/' "$T/sshd-8.7"
run lab on jump jumpctl doctor -v --sshd "$T/sshd-8.7" --no-record
check "11.0: not looked at" printed '^ warn  OpenSSH 11.0 is not one of 8.7 to'
finish
