#!/bin/sh
# SPDX-License-Identifier: ISC
# machine.sh: questions to the machine, and what ends on it.
#
#   machine.sh members GROUP...   prints "GROUP NAME SHELL" for each member
#                                 with an account
#   machine.sh unfit UID NAME...  prints why each NAME cannot be a user; UID has
#                                 logged in for Ansible
#   machine.sh plain GONE GROUP...  prints those members who could log in if
#                                 GONE, a shell, and these groups were no more
#   machine.sh unread SSHD [WAIT] prints what of its configuration is newer than
#                                 the sshd that runs; for WAIT seconds, waits
#                                 until nothing is
#   machine.sh end JUMPCTL        ends what is open by the policy
#   machine.sh firewall           takes the table away, and says so
set -eu
export LC_ALL=C

# By the group file, and by their own group.
members() {
	for group; do
		line=$(getent group "$group") || continue
		gid=${line#*:*:}
		{
			printf '%s\n' "${line##*:}" | tr , '\n'
			getent passwd |
			    awk -F: -v gid="${gid%%:*}" '$4 == gid { print $1 }'
		} | sort -u | while read -r name; do
			[ -n "$name" ] && account=$(getent passwd "$name") ||
			    continue
			shell=${account##*:}
			printf '%s %s %s\n' "$group" "$name" "${shell:-/bin/sh}"
		done
	done
}

# Who runs this: as who has logged in, and become root since.
runners() {
	echo "$1"
	for became in "${SUDO_USER:-}" "${DOAS_USER:-}"; do
		[ -z "$became" ] || id -u "$became" 2>/dev/null || :
	done
}

# Of two accounts with one uid, each is the other.
misfit() {
	account=$(getent passwd "$1") && [ "${account%%:*}" = "$1" ] || {
		echo "has no account"
		return
	}
	uid=$(id -u "$1")
	if [ "$uid" -eq 0 ]; then
		echo "has uid 0"
	elif runners "$2" | grep -qx "$uid"; then
		echo "is who runs this"
	else
		id -Gn "$1" | tr ' ' '\n' |
		    sed -n -E '/^(sudo|wheel)$/{ s/^/is in the group /p; q; }'
	fi
}

unfit() {
	login=$1
	shift
	for name; do
		why=$(misfit "$name" "$login")
		[ -z "$why" ] || printf '%s: %s\n' "$name" "$why"
	done
}

# A shell that is not there lets nobody in; any other, nologin too, forwards.
plain() {
	gone=$1
	shift
	members "$@" | while read -r _ name shell; do
		[ "$shell" = "$gone" ] || [ ! -x "$shell" ] ||
		    printf '%s\n' "$name"
	done
}

# sshd writes its PidFile when it starts and when it is reloaded.  The folder is
# newer too if something has been removed.
newer() {
	pid=$("$1" -T | sed -n 's/^pidfile //p')
	[ ! -f "$pid" ] ||
	    find /etc/ssh/sshd_config /etc/ssh/sshd_config.d -newer "$pid"
}

# Between two of them there is no such file for a moment.
unread() {
	left=$((${2:-0} * 5))
	while files=$(newer "$1") && [ -n "$files" ] && [ $left -gt 0 ]; do
		left=$((left - 1))
		sleep 0.2
	done
	[ -z "$files" ] || printf '%s\n' "$files"
}

# Unless all are locked already: nothing is open then, and that lock stays.  70:
# they are locked, but not all has ended.
end() {
	[ -e /var/lib/jump/policy.db ] || return 0
	! "$1" lock | grep -q '^any ' || return 0
	ended=$("$1" lock any 'the jump host is taken away') && status=0 ||
	    status=$?
	printf '%s\n' "$ended" | sed '/^any is locked$/d; /^$/d'
	"$1" unlock any >/dev/null && return "$status"
}

firewall() {
	loaded=/run/jump/jumphost.listed
	if command -v nft >/dev/null && nft list table inet jumphost \
	    >/dev/null 2>&1; then
		nft delete table inet jumphost
		echo "the table jumphost"
	fi
	rm -f "$loaded"
}

verb=$1
shift
case $verb in
members|unfit|plain|unread|end|firewall) "$verb" "$@" ;;
*) exit 64 ;;
esac
