# SPDX-License-Identifier: ISC
# Every bad policy of tests/policy/bad: what check and load say, that load
# exits 1, and that what was in force stays, to the byte.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow web: { alice carol } to web1
END
cp -r "$(dirname "$0")/../policy" "$T/cases"
etc=$LAB/hosts/jump/etc/jump
cp "$etc/policy" "$T/good"
for how in '' --load; do
	timeout 200 "$LAB/bin/lab" on jump python3 "$T/cases/run" \
	    /usr/local/sbin/jumpctl $how >"$T/out" 2>"$T/err" &&
	    status=0 || status=$?
	sed "s/^\(ok\|not ok\) - /&${how:---check}: /" "$T/out"
	: >"$T/out"
	check "bad policies ${how:---check}" gave 0 ""
done
run ssh -F "$C" -J jump web1 hostname </dev/null
check "after all of them: the last good policy is in force" gave 0 web1
jump connect web2 22
check "and nothing else" gave 77 ""
check "each load is on record" \
    [ "$(count_log '"event.action":"load".*"jump.reason":"rejected"')" -gt 200 ]
finish
