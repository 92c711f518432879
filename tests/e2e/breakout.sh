# SPDX-License-Identifier: ISC
# Somebody who has got around jump-shell and runs programs on the jump host:
# what rests on the uid and the kernel still holds.
. "$(dirname "$0")/lib.sh"

connect=/usr/local/libexec/jump/jump-connect
policy <<'END'
allow web: { alice carol } to web1:22
allow far: { alice carol } to db1:22 from 192.0.2.0/24
END
wire_tap

# by USER ARGUMENT...: jump-connect by hand.
by() {
	who=$1
	shift
	wire_reset
	typed "" lab on -u "$who" jump $connect "$@"
}

# nobody: refused, as somebody who is no user.
nobody() {
	gave 77 "" && said '^jump: you are no user of this host\.' && wire_silent
}

by alice web1 22
check "alice gets what the policy grants" printed '^SSH-2\.0-'
by alice web2 22
check "alice gets nothing else" refused
by alice db1 22
check "alice: without a source, from is not met" refused
by alice --id=carol web1 22
check "alice is not carol" not printed '^SSH-2\.0-'
by jump web1 22
check "the shared account without --id gets nothing" nobody
by jump --id=alice web1 22
check "the shared account is not alice" nobody
by jump --id=carol web1 22
check "the shared account is carol, if it says so" printed '^SSH-2\.0-'
for who in mallory admin; do
	by $who web1 22
	check "$who, whom the policy does not know, gets nothing" refused
done
by alice -n web1 22
check "no plain netcat on the jump host" not printed '^SSH-2\.0-'
check "which sends nothing" wire_silent

run lab on -u alice jump cat /var/lib/jump/policy.db
check "alice cannot read the image" not gave 0
run lab on -u alice jump sh -c 'echo x >/var/lib/jump/x'
check "alice cannot write beside it" not gave 0
run lab on -u alice jump setpriv --groups "$(lab on jump id -g _jump)" true
check "alice cannot take the group" not gave 0

# The group is given up before the connection is there.
state() {
	lab on jump grep -hE '^(Uid|Gid|Seccomp|NoNewPrivs):' \
	    "/proc/$1/status" | tr '\n\t' '  '
}
sleep 5 | timeout 10 lab on -u alice jump $connect web1 22 >/dev/null 2>&1 &
relay() {
	pid=$(grep -lz "$connect" /proc/[0-9]*/cmdline 2>/dev/null |
	    sed -n 's,/proc/\([0-9]*\)/cmdline,\1,p' | while read -r p; do
		[ "$(readlink "/proc/$p/exe")" != "$connect" ] ||
		    ! state "$p" | grep -q 'Seccomp: 2' || echo "$p"
	    done | head -n 1)
	[ -n "$pid" ]
}
within relay
check "a relay is running" test -n "$pid"
state "${pid:-1}" >"$T/out"
check "the relay has no group of ours" \
    printed 'Gid: 2001 2001 2001 2001 '
check "the relay is confined" printed 'NoNewPrivs: 1 Seccomp: 2'
wait
finish
