# SPDX-License-Identifier: ISC
# Sessions in a terminal of jump-record: what is recorded, and how it ends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/record.lib.sh"

policy <<'END'
hostkey web1 "ssh-ed25519 AAAA"
hostkey web2 "ssh-ed25519 AAAA"
require told: alice to web2 consent
allow one: alice to web1:22 record
allow two: alice to web2:22 as alice
allow three: alice to db1:22
END

# --- what is recorded ---------------------------------------------------------

new_id
run term '?\$ $' '>tty; stty size\r' '?24 80' '=100x40' \
    '>until stty size | grep "^40"; do sleep .1; done\r' '?40 100' \
    '>printf "\\303\\251\\377|"; stty -echo; echo rea""dy; read x\r' '?ready' \
    '>sesame\r' '?\$ $' '>exit 7\r' -- \
    $R --session="$id" --login=alice --from=192.0.2.9 --record --agent web1 22
check "the exit status is the command's" gave 7
check "the user is told first" [ "$(head -n 1 "$T/out" | tr -d '\r')" = \
    "jump: this session is recorded." ]
check "a terminal, with its sizes" printed '40 100'
check "all that was shown is recorded, as asciicast" python3 -c '
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1], encoding="utf-8")]
head, events = lines[0], lines[1:]
jump = head["jump"]
assert head["version"] == 2 and head["width"] == 80 and head["height"] == 24
assert head["title"] == "alice alice@web1:22", head
assert head["env"] == {"TERM": "xterm"}
assert len(jump["policy"]) == 16
assert {k: jump[k] for k in jump if k != "policy"} == {
    "session": sys.argv[3], "user": "alice", "account": "alice",
    "source": "192.0.2.9", "target": "web1", "port": 22, "login": "alice"}
shown = open(sys.argv[2], "rb").read().split(b"\n", 1)[1]
shown = shown.decode("utf-8", "replace")
said = "".join(e[2] for e in events if e[1] == "o")
assert said == shown, (said, shown)
assert "\u00e9\ufffd|" in said and "sesame" not in said
assert [e[2] for e in events if e[1] == "r"] == ["100x40"]
assert events[-1][1:] == ["m", "end: done"]
' "$casts/$id.cast" "$T/out" "$id"
check "it is the user's, in a folder that is not" [ \
    "$(stat -c '%U:%G %a' "$casts/$id.cast")" = "#2001:_jump 600" -o \
    "$(stat -c '%u:%g %a' "$casts/$id.cast")" = "2001:990 600" ]
check "the log says so" logged \
    "\"event.action\":\"open\".*\"source.ip\":\"192.0.2.9\".*\"jump.session\":\"$id\",\"jump.road\":\"shell\".*\"jump.recording\":\"asciicast\""
check "and how it ended" logged \
    "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"(client|done)\""
if command -v asciinema >/dev/null; then
	run python3 "$LAB/tmp/term.py" -- asciinema cat "$casts/$id.cast"
	check "asciinema shows it" printed '40 100'
	run asciinema play -s 100 "$casts/$id.cast"
	check "asciinema plays it" printed '40 100'
else
	skip "asciinema"
fi

new_id
run term -- $R --session="$id" --login=alice --record --agent web1 22 -- \
    echo 'one  two;' 'id' -un
check "a command" printed '^alice'
check "is recorded" recorded '"one two'
new_id
run term -- $R --session="$id" --login=alice --record --agent web1 22 -- \
    -oProxyCommand=id
check "no word is an option of ssh" printed 'sh: 0: Illegal option'

# --- consent ------------------------------------------------------------------

new_id
run term '?go on: ' '>yes\r' '?\$ $' '>exit\r' -- \
    $R --session="$id" --login=alice --consent --record --agent web2 22
check "who agrees" gave 0
check "has it on record" recorded '"m", "the user agrees"'
for answer in 'no\r' 'YES\r' ' yes\r' '\r' '\x03' '\x04'; do
	new_id
	run term '?go on: ' ">$answer" -- \
	    $R --session="$id" --login=alice --consent --agent web2 22
	check "who does not agree ($answer)" gave 77
	check "is refused, on record" logged \
	    "\"event.action\":\"decision\",\"event.outcome\":\"failure\".*\"jump.session\":\"$id\".*\"jump.reason\":\"the user has not consented\""
done
run term -- $R --session="$id" --login=alice --agent web2 22
check "who is not asked is refused" printed 'this session needs your consent'

# --- no terminal --------------------------------------------------------------

new_id
run lab on -u alice jump $R --session="$id" --login=alice --record web1 22
check "recorded sessions need a terminal" gave 77 ""
check "and say so" said '^jump: recorded sessions need a terminal: ssh -t\.'
check "in the log too" logged \
    "\"jump.session\":\"$id\".*\"jump.reason\":\"there is no terminal to record\""
new_id
typed "what is typed" lab on -u alice jump env SSH_AUTH_SOCK=/home/alice/agent \
    $R --session="$id" --login=alice --agent --consent web2 22 -- cat
check "nor is anybody asked without one" gave 77 ""

# --- decided anew -------------------------------------------------------------

new_id
run term -- $R --session="$id" --login=alice --agent web1 22
check "what is to be recorded must be" printed 'this session is to be recorded'
check "on record" logged \
    "\"jump.session\":\"$id\",\"jump.road\":\"shell\",\"jump.verdict\":\"deny\".*\"the terminal is not recorded\""
new_id
run term '?go on: ' '>yes\r' -- \
    $R --session="$id" --login=root --consent --agent web2 22
check "as somebody else" printed 'web2:22 is not open to you'
new_id
run term -- $R --session="$id" --login=alice --agent web1 80
check "another port" printed 'web1:80 is not open to you'
new_id
run term -- $R --session="$id" --login=alice --agent db1 22
check "a target without hostkey" \
    printed 'no host key of this target is in the policy'
for words in '-c exec' -k; do
	run lab on -u alice jump setsid -w \
	    /usr/local/libexec/jump/jump-connect $words
	check "jump-connect $words by hand" gave 77 ""
	check "jump-connect $words says" said 'for jump-record only'
done

# --- one session --------------------------------------------------------------

begin --record
who
check "who shows one session" [ "$(grep -c "$id" "$T/out")" -eq 1 ]
check "by shell" printed "^$id +alice .* web1:22 +shell "
kick "$id"
check "kick ends it" gave 0
end
check "kicked" ended_by kick
check "the user is told" printed 'an administrator has ended it'
check "nothing is left" within gone

begin --record
LAB_LOAD= policy <<'END'
hostkey web1 "ssh-ed25519 AAAA"
allow two: alice to web2:22 as alice
END
end
check "a sweep ends it" ended_by sweep
check "nothing is left of it" within gone

# --- options ------------------------------------------------------------------

while read -r words; do
	run lab on -u alice jump $R $words
	check "usage: $words" gave 64 ""
done <<'END'
web1 22
--session=abcdefgh web1 22
--login=alice web1 22
--session=abcdefg1 --login=alice web1 22
--session=../../xy --login=alice web1 22
--session=abcdefgh --login=-oProxyCommand=id web1 22
--session=abcdefgh --login=a;b web1 22
--session=abcdefgh --login=alice --login=bob web1 22
--session=abcdefgh --login=alice -oProxyCommand=id 22
--session=abcdefgh --login=alice web1 022
--session=abcdefgh --login=alice web1 22 id
--session=abcdefgh --login=alice /run/x 22
--session=abcdefgh --login=alice --from=nowhere web1 22
--session=abcdefgh --login=alice --mfa=magic web1 22
--session=abcdefgh --login=alice --ticket=-x web1 22
--session=abcdefgh --login=alice --bogus web1 22
END
finish
