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
check "what" printed '^  to    db1:22, db1:5432'
check "by which road" printed '^  by    connect$'
check "when" printed '^  now   when office \(mon tue wed thu fri 08:00-18:00\)'
check "what a deny had held" printed '^carol gains'
check "what forward cannot hold" printed 'lose'
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
