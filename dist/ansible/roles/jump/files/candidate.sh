#!/bin/sh
# SPDX-License-Identifier: ISC
# candidate.sh: the policy and the configuration of sshd as they are to be, in
# a folder beside, and as they were.
#
#   candidate.sh make DIR [STALE...]      what is there now, less STALE
#   candidate.sh foreign DIR MARK PATH... prints those PATHs that are neither
#                                         the role's nor what it would write
#   candidate.sh check DIR JUMPCTL SSHD   of the policy, then of sshd
#   candidate.sh restore DIR PATH...      each PATH as it was
#
# DIR is root's alone, and made for this.
set -eu
umask 077
export LC_ALL=C
policy=/etc/jump
config=/etc/ssh/sshd_config

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

make() {
	mkdir "$dir/before" "$dir/after"
	for side in before after; do
		mkdir -p "$dir/$side$policy/policy.d" "$dir/$side$config.d"
		for f in $policy/policy $policy/policy.d/* $config $config.d/*; do
			[ ! -f "$f" ] || cp -p "$f" "$dir/$side$f"
		done
	done
	for f; do
		rm -f "$dir/after$f"
	done
}

foreign() {
	mark=$1
	shift
	for f; do
		[ -e "$f" ] || [ -L "$f" ] || continue
		[ -f "$f" ] && [ ! -L "$f" ] && {
			[ "$(head -n 1 "$f")" = "$mark" ] ||
			    tail -n +2 "$dir/after$f" | cmp -s - "$f"
		} || printf '%s\n' "$f"
	done
}

# The lines that Include the folder lead to the candidate's.
check() {
	cd "$dir/after$policy"
	set -- "$1" "$2" policy policy.d/*.conf
	[ -e "$4" ] || set -- "$1" "$2" policy
	ctl=$1 sshd=$2
	shift 2
	"$ctl" check "$@" || die "this policy cannot be loaded; nothing is changed"
	cd "$dir/after/etc/ssh"
	for f in sshd_config sshd_config.d/*; do
		[ ! -f "$f" ] || sed -i -E "/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]/ \
		    s,([[:space:]=\"])(/etc/ssh/)?sshd_config\.d/,\1$dir/after/etc/ssh/sshd_config.d/,g" "$f"
	done
	grep -q "^[[:space:]]*[Ii][Nn][Cc].*$dir/after/etc/ssh/sshd_config.d/" \
	    sshd_config || die "$config does not Include $config.d: nothing is changed"
	"$sshd" -t -f "$dir/after$config" ||
	    die "sshd refuses this configuration; nothing is changed"
}

restore() {
	for f; do
		if [ -e "$dir/before$f" ]; then
			cp -p "$dir/before$f" "$f.new"
			mv -f "$f.new" "$f"
		else
			rm -f "$f"
		fi
	done
}

verb=$1 dir=$2
shift 2
case $dir in
/*/*) ;;
*) die "no folder: $dir" ;;
esac
case $verb in
make|foreign|check|restore) "$verb" "$@" ;;
*) die "candidate.sh: $verb" ;;
esac
