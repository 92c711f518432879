# SPDX-License-Identifier: ISC
# What was tried once against recorded sessions, and then worked: never again.
# runs: once
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/record.lib.sh"
cp "$LAB_REPO"/tests/e2e/heir.py "$LAB_REPO"/tests/e2e/slack.py "$LAB/tmp/"
J=/usr/local/libexec/jump

policy <<'END2'
user bob
key bob "ssh-ed25519 AAAA"
host hidden 10.2.0.30 ssh 2222
host deeper 10.2.0.31 tcp 502
hostkey web1 "ssh-ed25519 AAAA"
allow one: alice to web1:22 record
allow two: alice to web1:80 idle 2s
END2

# --- whose pid it is -----------------------------------------------------------

# jump-record that waits for somebody to read its last line, with its page
# still there: whoever got the pid of its ssh was its terminal.
new_id
run lab on jump python3 /run/lab/tmp/heir.py $R $J/jump-connect "$id"
check "the pid of an ended ssh is nobody's while its page is there" \
    gave 0 "still taken"
check "nor does that keep its recording from being sealed" \
    [ "$(stat -c '%u %a' "$casts/$id.cast")" = "0 400" ]

# --- who makes recordings ------------------------------------------------------

new_id
run term -- $R --session="$id" --login=alice --id=bob --record --agent web1 22
check "a recording in somebody else's name" gave 77
check "is refused" printed '^jump: you are no user of this host\.'
check "on record" logged \
    "\"user.name\":\"alice\".*\"jump.session\":\"$id\",\"jump.road\":\"shell\",\"jump.verdict\":\"deny\""
check "and not made" [ ! -e "$casts/$id.cast" ]
for u in mallory admin; do
	new_id
	run lab on -u $u jump env TERM=xterm python3 /run/lab/tmp/term.py -- \
	    $R --session="$id" --login=alice --record web1 22
	check "who is no user of the policy ($u)" gave 77
	check "makes none ($u)" [ ! -e "$casts/$id.cast" ]
done
new_id
run term '?\$ $' '>exit\r' -- sh -c "umask 777
    exec $R --session=$id --login=alice --record --agent web1 22"
check "a recording under any umask" gave 0
check "has its mode" [ "$(stat -c %a "$casts/$id.cast")" = 600 ]

# --- what is told of targets -----------------------------------------------------

for name in nosuch hidden deeper; do
	as alice jump ssh $name
	check "the port of $name is not told" \
	    said "^jump: $name:22 is not open to you\."
done

# --- timers ----------------------------------------------------------------------

# As long as nothing else wakes it: a slack of 100 s made 2 s into 100.
sleep 60 | timeout 20 lab on -u alice jump python3 /run/lab/tmp/slack.py 100 \
    $J/jump-connect web1 80 2>"$T/err" >"$T/out" &
check "timers that are allowed to be late are in time" logged \
    '"destination.port":80.*"jump.end":"idle"'
kill $! 2>/dev/null || :

# --- what is to be recorded from now on -------------------------------------------

policy <<'END2'
hostkey web1 "ssh-ed25519 AAAA"
allow one: alice to web1:22
END2
begin
policy <<'END2'
hostkey web1 "ssh-ed25519 AAAA"
allow one: alice to web1:22 record
allow two: alice to web1:80 idle 2s
END2
lab on jump jumpctl sweep >/dev/null
end
check "a session that is to be recorded now ends" [ "$status" -ne 5 ]
check "by the sweep" logged '"jump.session":"'"$id"'".*"jump.end":"sweep"'
begin --record
lab on jump jumpctl sweep >/dev/null
end
check "one that is recorded does not" goes_on
finish
