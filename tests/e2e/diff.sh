# SPDX-License-Identifier: ISC
# jumpctl diff: files against the policy in force, images and folders.
# runs: once
. "$(dirname "$0")/lib.sh"

etc=$LAB/hosts/jump/etc/jump
state=/var/lib/jump

ctl() {
	run lab on jump jumpctl "$@"
}

policy <<'END'
user bob
group @ops { alice carol }
window office mon-fri 08:00-18:00
allow web: @ops to web1
deny  not: carol to web1:80
END
ctl diff
check "nothing changed" gave 0 ""
cp "$etc/policy" "$T/one"
sed -i '/^deny/d; s/^allow web: @ops to web1/allow www: @ops to { web1 db1 } when office/' "$etc/policy"
ctl diff
check "something changed" gave 1
check "who gains" printed '^@ops \(2 users\) gain'
check "what" printed '^  to    db1:22$'
check "by which road" printed '^  by    forward connect shell$'
check "what does not speak SSH" printed '^  to    db1:5432$'
check "has no road shell" printed '^  by    forward connect$'
check "when" printed '^  now   when office \(mon tue wed thu fri 08:00-18:00\)'
check "what a deny had held" printed '^carol gains'
check "who has less" printed '^@ops \(2 users\): less than before'
check "no colour but on a terminal" not grep -q "$(printf '\033')" "$T/out"
ctl diff --json
check "json: every line" [ "$(grep -c '^{"version":1,"change":"[a-z]*",.*}$' "$T/out")" -eq "$(grep -c . "$T/out")" ]
check "json: all by name" printed '"change":"gain","who":\["alice","carol"\]'
ctl diff /etc/jump
check "a folder is the same" printed '^@ops \(2 users\) gain'
cp "$T/one" "$LAB/hosts/jump/tmp/one"
ctl diff /tmp/one
check "a file against the policy in force" gave 0
ctl diff /tmp/one "$state/policy.db"
check "a file against an image" gave 0
ctl lock alice lost
ctl diff
check "a lock is none of it" not printed lock
ctl diff "$state/policy.db" "$state/policy.db"
check "an image against itself" gave 0

# Nor is a group that only a lock has: its members are no accounts by that.
policy <<-'END'
	allow web: any to web1
END
cp "$etc/policy" "$T/one"
ctl lock %sysadmin
echo 'deny other: %sysadmin to db1' >>"$etc/policy"
ctl diff
check "a lock makes no account of anybody" printed '^%sysadmin gains'
check "to what any may" printed 'to    web1:22'
ctl unlock %sysadmin
cp "$T/one" "$etc/policy"

# is OLD NEW REGEX...: the statements of each, after those common to both;
# each regex a line of what diff prints, or nothing at all.
is() {
	for side in old new; do
		cat >"$LAB/hosts/jump/tmp/$side" <<-END
			version 1
			user alice
			user bob
			group @ops { alice bob }
			host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tag web
			net lab 10.9.0.0/16 ssh 22
			domain dev "*.dev.example" in 10.8.0.0/16 ssh 22
			window day mon-fri 08:00-18:00
			$1
		END
		[ $side = new ] || { first=$1; shift; }
	done
	first="$(echo "$first' -> '$1" | tr '\n' ';')"
	shift
	ctl diff /tmp/old /tmp/new
	[ $# -gt 0 ] || { check "'$first': the same" gave 0 ""; return; }
	for regex; do
		check "'$first': $regex" printed "$regex"
	done
}
is 'allow a: @ops to web1' 'allow b: { bob alice } to @web:22'
is 'allow a: @ops to web1' 'allow a: alice to web1
allow b: bob to web1'
is 'allow a: alice to web1 mfa' 'allow a: alice to web1
require r: alice to web1 mfa'
is 'allow a: alice to web1' 'allow a: alice to web1
allow b: alice to web1 until 2036-01-01T00:00Z'
is '' 'allow a: alice to any' '^alice gains' '10\.9\.0\.0/16:22' \
    '\*\.dev\.example:22' 'web1:22'
is 'allow a: alice to dev' 'allow a: alice to dev
deny d: alice to dev' '^alice loses' 'to    \*\.dev\.example:22'
is 'allow a: alice to lab' 'allow a: alice to lab
host one 10.9.0.7 ssh 22
deny d: any to one' '^alice loses' 'to    one:22'
is 'allow a: any to web1' 'allow a: { any %wheel } to web1' '^%wheel gains'
is 'allow a: any to web1
deny d: %temp to web1' 'allow a: any to web1
deny d: %temp to lab' '^%temp gains'
is 'allow a: alice to web1
deny d: %temp to web1' 'allow a: alice to web1
deny d: %temp to lab' '^alice in %temp gains'
is 'allow a: %staff to web1
deny d: %temp to web1' 'allow a: %staff to web1
deny d: %temp to lab' '%staff with %temp gains'
is 'allow a: alice to web1 when day' 'allow a: alice to web1' \
    '^alice: more than before' 'was   when day' 'now   always'
is 'allow a: alice to web1 from 192.0.2.0/24' \
    'allow a: alice to web1 from 192.0.2.0/25' '^alice: less than before'
is 'allow a: alice to web1 ticket "CHG*"' 'allow a: alice to web1 ticket "*"' \
    '^alice: other conditions' 'now   needs ticket \*'
is 'allow a: alice to web1 approve @ops 2h' \
    'allow a: alice to web1 approve @ops 9h' 'now   needs approval by @ops for 9h'
is 'allow a: alice to web1 idle 10m' 'allow a: alice to web1 idle 20m' \
    '^alice: more than before'

is 'allow a: alice to web1' 'window late sat 22:00 - sun 04:00
allow a: alice to web1 when { day late } idle 10m duration 2h' \
    '^  now   when day \(mon tue wed thu fri 08:00-18:00\) or late \(sat 22:00 - sun$' \
    '^        04:00\); needs idle 10m duration 2h$'

# Many groups, and many users in a row: 0.2 s of a processor, not minutes.
for to in a b; do
	awk -v to=$to 'BEGIN {
		print "version 1\nuser z"
		print "host a 10.2.0.10 ssh 22\nhost b 10.2.0.11 ssh 22"
		for (k = 0; k < 5000; k++) {
			printf "user x%d\nuser y%d\n", k, k
			printf "group @g%d { x%d y%d }\n", k, k, k
			printf "allow r%d: @g%d to %s\n", k, k, to
		}
	}' >"$LAB/hosts/jump/tmp/many-$to"
done
run lab on jump sh -c 'ulimit -t 5
    exec jumpctl diff /tmp/many-a /tmp/many-b'
check "thousands of groups in time" gave 1
check "each by its name" [ "$(grep -o '@g[0-9]* (2 users)' "$T/out" |
    sort -u | wc -l)" -eq 5000 ]

# What is no right, but decides who is who, or what a target must show.
ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/key"
key=$(cut -d ' ' -f 1,2 "$T/key.pub")
is "ca corp \"$key\" for alice" "ca corp \"$key\" for { alice %ops }" \
    '^new     corp: certifies %ops'
is "ca corp \"$key\" for @ops" "ca corp \"$key\" for any" \
    '^new     corp: certifies any' '^gone    corp: certifies bob'
is "ca corp \"$key\" for @ops" "group @all { bob @ops }
ca corp \"$key\" for { @all alice }"
is "hostkey web1 \"$key\"" "hostkey web1 \"$key\"
host web2 10.2.0.11 ssh 22"
is "host web2 10.2.0.11 ssh { 22 2222 }
hostkey web2 \"$key\"" "host web2 10.2.0.11 ssh 22 tcp 2222
hostkey web2 \"$key\"" '^gone    web2:2222: host key SHA256:'
is 'group @boss { alice }
allow a: bob to web1 approve @boss 2h' 'group @boss { %alice }
allow a: bob to web1 approve @boss 2h' \
    '^new     @boss: approves, and has %alice' \
    '^gone    @boss: approves, and has alice'
# Groups in groups in groups, which approve.
for to in a b; do
	awk -v to=$to 'BEGIN {
		print "version 1\nuser a\nuser b\nhost w 10.2.0.10 ssh 22"
		print "group @g0 { a }"
		for (k = 1; k < 20000; k++)
			printf "group @g%d { @g%d }\n", k, k - 1
		print "allow x: " to " to w approve @g19999 2h"
	}' >"$LAB/hosts/jump/tmp/deep-$to"
done
run lab on jump sh -c 'ulimit -s 512
    exec jumpctl diff /tmp/deep-a /tmp/deep-b'
check "groups nested deep" gave 1

echo frobnicate >>"$etc/policy"
ctl diff
check "a policy that does not load" gave 78
check "says why" said 'unknown statement'
ctl diff /nowhere
check "none at all" gave 78
ctl diff a b c
check "too many" gave 64
ctl diff --yaml
check "unknown option" gave 64
finish
