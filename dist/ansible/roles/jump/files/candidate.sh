#!/bin/sh
# SPDX-License-Identifier: ISC
# candidate.sh: what the role writes, as it is to be, in a folder beside; and as
# it was.
#
#   candidate.sh make DIR [STALE...]      what is there now, less STALE
#   candidate.sh foreign DIR MARK PATH... prints those PATHs that are neither
#                                         the role's nor what it would write
#   candidate.sh check DIR JUMPCTL SSHD   of the policy, then of sshd
#   candidate.sh people DIR               fails if there are users now, and none
#                                         are to be
#   candidate.sh away DIR SSHD [LIBEXEC]  of sshd alone, which is not to need
#                                         what is in LIBEXEC
#   candidate.sh restore DIR PATH...      each PATH as it was
#
# DIR is root's alone, and made for this.
set -eu
umask 077
export LC_ALL=C
policy=/etc/jump
config=/etc/ssh/sshd_config
cron=/etc/cron.d/jump-sweep

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

make() {
	mkdir "$dir/before" "$dir/after"
	for side in before after; do
		mkdir -p "$dir/$side$policy/policy.d" "$dir/$side$config.d" \
		    "$dir/$side${cron%/*}"
		for f in $policy/policy $policy/policy.d/* $config $config.d/* \
		    $cron; do
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
include() {
	cd "$dir/after/etc/ssh"
	for f in sshd_config sshd_config.d/*; do
		[ ! -f "$f" ] || sed -i -E "/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]/ \
		    s,([[:space:]=\"])(/etc/ssh/)?sshd_config\.d/,\1$dir/after/etc/ssh/sshd_config.d/,g" "$f"
	done
}

accepted() {
	[ -x "$1" ] || die "$1: no sshd is there; nothing is changed"
	"$1" -t -f "$dir/after$config" ||
	    die "sshd refuses this configuration; nothing is changed"
}

check() {
	cd "$dir/after$policy"
	set -- "$1" "$2" policy policy.d/*.conf
	[ -e "$4" ] || set -- "$1" "$2" policy
	ctl=$1 sshd=$2
	shift 2
	"$ctl" check "$@" || die "this policy cannot be loaded; nothing is changed"
	include
	grep -q "^[[:space:]]*[Ii][Nn][Cc].*$dir/after/etc/ssh/sshd_config.d/" \
	    sshd_config || die "$config does not Include $config.d: nothing is changed"
	accepted "$sshd"
}

# With a user, or a Unix group of them; neither is in a text, or a comment.
peopled() {
	cd "$dir/$1$policy"
	cat policy policy.d/*.conf 2>/dev/null |
	    sed 's/"[^"]*"//g; s/#.*//' |
	    grep -Eq '^[[:space:]]*user[[:space:]]|%'
}

people() {
	! peopled before || peopled after ||
	    die "nobody would be a user any more; if that is meant," \
	    "jump_policy_empty: true; nothing is changed"
}

away() {
	include
	[ -z "${2:-}" ] || for f in sshd_config sshd_config.d/*.conf; do
		! grep -qs "^[^#]*$2/" "$f" ||
		    die "/etc/ssh/$f is not the role's, and needs what is in" \
		    "$2; nothing is changed"
	done
	accepted "$1"
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
make|foreign|check|people|away|restore) "$verb" "$@" ;;
*) die "candidate.sh: $verb" ;;
esac
