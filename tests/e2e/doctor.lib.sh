# SPDX-License-Identifier: ISC
# doctor.lib.sh: break any one thing; doctor names it and nothing else.  Read by
# the scripts break*.sh.
J=$LAB/hosts/jump
ssh_d=$J/etc/ssh/sshd_config.d
db=/var/lib/jump/policy.db
l=/usr/local/libexec/jump
D=/etc/ssh/sshd_config.d
S=/run/jump/sessions
SWEPT=/run/jump/swept
export l db D S SWEPT

on() {
	lab on jump "$@" 3<&-
}

# doctor [OPTION...]: as if sshd had just been reloaded.
doctor() {
	touch "$J/run/sshd.pid"
	look "$@"
}

look() {
	run lab on jump jumpctl doctor -v --sshd "$LAB/openssh/usr/sbin/sshd" \
	    "$@" 3<&-
}

# troubles: what is not well, and notes, a finding a line, with its place and its remedy.
troubles() {
	awk '
	    /^ (ok  |note|warn|FAIL) / {
		if (line != "") print line
		line = /^ ok / ? "" : $0
		next
	    }
	    line != "" { sub(/^ +/, " | "); line = line $0 }
	    END { if (line != "") print line }' "$T/out" | sort
}

quiet() {
	troubles >"$T/now"
	cmp -s "$T/now" "$T/quiet" && [ "$status" -eq 0 ]
}

# exactly LEVEL TEXT [PLACE]: of what is new, this is all; it has a remedy, and
# the status goes by its level, which may be `*'.
exactly() {
	troubles >"$T/now"
	comm -13 "$T/quiet" "$T/now" >"$T/new"
	[ "$(grep -c . "$T/new")" -eq 1 ] || return 1
	new=$(cat "$T/new")
	case $new in
	" "$1" "*"$2"*"set by "*"${3:-}"*" | remedy: "*) ;;
	" "$1" "*"$2"*" | remedy: "*) [ -z "${3:-}" ] || return 1 ;;
	*) return 1 ;;
	esac
	case $new in
	" warn "* | " note "*) gave 0 ;;
	*) gave 1 ;;
	esac
}

# broken LEVEL TEXT PLACE NAME: after one thing is.
broken() {
	doctor
	check "$4" exactly "$1" "$2" "$3"
	exactly "$1" "$2" "$3" || sed 's/^/# new: /' "$T/new"
}

mended() {
	on jumpctl sweep
	doctor
	check "mended: $1" quiet
	cmp -s "$T/now" "$T/quiet" ||
	    diff "$T/quiet" "$T/now" | sed 's/^/# differs: /'
}

# steady: two administrators, and alice alone in the group jump.
steady() {
	sed -i 's/^jump:.*/jump:x:2010:alice/' "$J/etc/group"
	echo 'sudo:x:27:admin,root' >>"$J/etc/group"
	install -d -m 700 "$J/root/.ssh"
	cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"
}

# at_first: what doctor says of a jump host on which nothing is broken.
at_first() {
	doctor
	troubles >"$T/quiet"
	check "a jump host without a fault" gave 0
	gave 0 || finish
	check "... fails in nothing" not grep -q '^ FAIL' "$T/quiet"
	sed 's/^/# at first: /' "$T/quiet"
}

# each 3<<TABLE: break and mend, on the jump host.  The lines of the table are
# LEVEL|TEXT|PLACE|how it breaks|how it is mended.
each() {
	while IFS='|' read -r level text place break mend <&3; do
		case $level in \#* | '') continue ;; esac
		on sh -c "$break" || check "can be broken: $break" false
		broken "$level" "$text" "$place" "$break"
		on sh -c "$mend" || check "can be mended: $mend" false
		mended "$break"
	done
}
