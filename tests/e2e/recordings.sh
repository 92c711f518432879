# SPDX-License-Identifier: ISC
# jumpctl recordings and replay, and the seal that sweeps make.
# runs: once
. "$(dirname "$0")/lib.sh"

folder=$LAB/hosts/jump/var/log/jump
seals=$folder/SEALS

rec() {
	run lab on jump jumpctl recordings "$@"
}
replay() {
	run lab on jump jumpctl replay "$@" </dev/null
}
sweep() {
	run lab on jump jumpctl sweep "$@"
}
# as_unit: with no more powers than the unit of systemd has.
powers=$(sed -n 's/^CapabilityBoundingSet=//p' \
    "$LAB_REPO/dist/systemd/jump-sweep.service" |
    sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
as_unit() {
	run lab on jump setpriv --no-new-privs --bounding-set="-all,$powers" \
	    jumpctl sweep
}
# state ID WORD
state() {
	rec "$1"
	printed "^$1 .* $2\$"
}
owner() {
	stat -c '%u %a' "$folder/$1"
}
# cast ID USER: a recording that says it is of USER, of the uid of alice;
# events come from standard input.
cast() {
	{
		printf '{"version": 2, "width": 80, "height": 24, "timestamp": %s, ' 1795190400
		printf '"env": {"TERM": "xterm"}, "title": "%s root@plc7:22", ' "$2"
		printf '"jump": {"session": "%s", "user": "%s", "target": "plc7", "port": 22, "login": "root"}}\n' "$1" "$2"
		cat
	} >"$folder/$1.cast"
	lab on jump chown alice: "/var/log/jump/$1.cast"
	lab on jump chmod 600 "/var/log/jump/$1.cast"
}
# by_hand: the chain, as jump-audit(5) has it.
by_hand() {
	sed -n '/^prev=/,/^done/p' "$LAB_REPO/docs/jump-audit.5" \
	    >"$T/by_hand"
	[ -s "$T/by_hand" ] && (cd "$folder" && sh "$T/by_hand") >"$T/out"
}

sed 's/^allow all.*//' >"$T/rules" <<'END'
user bob
key bob "ssh-ed25519 AAAA"
allow db: bob to db1:5432
require seen: any to db1 record
END
policy <"$T/rules"

# --- nothing yet ---------------------------------------------------------------

rec
check "nothing: exit 0" gave 0 ""
rec --verify
check "nothing: is whole" gave 0
sweep
check "nothing: is sealed" [ ! -e "$seals" ]

# --- a capture, from its beginning to its seal -----------------------------------

mkfifo "$T/fifo"
LAB_USER=bob ssh -F "$C" jump connect db1 5432 <"$T/fifo" >"$T/stays" 2>/dev/null &
exec 5>"$T/fifo"
echo hello >&5
within grep -q hello "$T/stays"
id=$(ls "$folder" | sed -n 's/\.pcapng$//p')
sweep
check "live: it is not sealed" [ ! -e "$seals" ]
rec "$id"
check "live: is listed as such" printed \
    "^$id bob  db1:5432 -     20[0-9-]* [0-9:]* +[0-9:]+ +[0-9.K]+ capture live$"
exec 5>&-
wait $!
within state "$id" unsealed
check "ended: not sealed yet" state "$id" unsealed
# The row of the session goes a moment before the last who could write.
unit_seals() {
	as_unit
	gave 0 "" && [ ! -s "$T/err" ] && state "$id" sealed
}
check "sealed: by what the unit may, without a word" within unit_seals
check "sealed: it is root's" [ "$(owner "$id.pcapng")" = "0 400" ]
check "sealed: so are the seals" [ "$(owner SEALS)" = "0 600" ]
check "sealed: the line" grep -Eqx \
    "sealed [0-9TZ:-]+ $id\.pcapng 2002 [0-9]+ [0-9a-f]{64} [0-9a-f]{64}" "$seals"
head=$(sed 's/.* //' "$seals")
check "sealed: the log has it" logged \
    "\"event.action\":\"seal\",\"event.outcome\":\"success\".*\"jump.session\":\"$id\".*\"jump.who\":\"bob\".*\"file.name\":\"$id.pcapng\".*\"jump.seal\":\"$head\""
sweep
check "sealed: once" [ "$(wc -l <"$seals")" -eq 1 ]
rec --verify
check "verify: whole" gave 0
check "verify: says where the chain ends" printed "^head $head\$"
replay "$id"
check "a capture is for others to show" gave 64 ""
check "a capture: in words" said 'is a capture: tcpdump -nnr /var/log/jump/'

# --- recordings of terminals -------------------------------------------------------

cast aaaaaaaa alice <<'END'
[0.5, "o", "$ l\bls -l\r\n"]
[1.0, "o", "\u001b]0;title\u0007\u001b]52;c;cm0gLXJm\u0007\u001b[1mfile one\u001b[0m\r\n"]
[1.5, "r", "100x30"]
[2.0, "o", "10%\r100%\r\ngr\u00fcn \ud83d\ude00\r\n\u001b[c\u001b[?1000h$ exit\r\n"]
[3661.0, "o", "late\r\n"]
[3662.0, "m", "end: done"]
END
cast bbbbbbbb bob <<'END'
[0.5, "o", "lies\r\n"]
[NaN, "o", "x"]
[-1, "o", "x"]
[1e300, "o", "x"]
["a"]
[0.1, "o", "back\r\n"]
[1, "o", "\u0000\u001b[31mafter\u0000\r\n"]
[2, "o", "cut o
END
truncate -c -s -1 "$folder/bbbbbbbb.cast"
replay aaaaaaaa --text
check "text: what was seen" gave 0 "$(printf '$ ls -l\nfile one\n100%%\ngr\303\274n \360\237\230\200\n$ exit\nlate')"
check "text: no escapes" not grep -q "$(printf '\033')" "$T/out"
replay aaaaaaaa
check "without a terminal: the same" printed '^file one$'
replay --times --from 1:01:00 aaaaaaaa
check "text: from then on, with times" gave 0 "[1:01:01] late"
replay --text --search 'file o' aaaaaaaa
check "text: search" gave 0 "file one"
replay --text --search nothing aaaaaaaa
check "text: not found" gave 1 ""
replay bbbbbbbb
check "odd lines: the others are shown" gave 0 "$(printf 'lies\nback\nafter')"
check "odd lines: and counted" said '^jumpctl: 5 lines of bbbbbbbb are no events, or cut off$'
rec
check "the table" printed '^ID +USER +TARGET +LOGIN SINCE +DURATION +SIZE KIND +STATE$'
check "the table: a terminal" printed '^aaaaaaaa alice +plc7:22 +root +2026-11-20 [0-9:]* +[0-9:]+ +[0-9]+ terminal unsealed$'
check "who lies is marked" printed '^bbbbbbbb alice \(!\) +plc7:22'
check "who lies: in words" said '^jumpctl: bbbbbbbb belongs to alice, and says that it is of bob$'
rec --json
check "--json" python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert [r["version"] for r in rows] == [1, 1, 1]
assert {r["session"]: r["claims"] for r in rows}["bbbbbbbb"] == "bob"' "$T/out"
rec --user bob
check "--user" [ "$(grep -c "^$id" "$T/out")" -eq 1 -a "$(wc -l <"$T/out")" -eq 2 ]
rec --target plc7
check "--target" [ "$(wc -l <"$T/out")" -eq 3 ]
rec --since 2099-01-01
check "--since" gave 1 ""

# Whoever can still write keeps it from being sealed.
lab on jump python3 -c '
import sys
with open("/var/log/jump/aaaaaaaa.cast", "r+b"):
    print("open", flush=True)
    sys.stdin.read()' <"$T/fifo" >"$T/holds" &
exec 5>"$T/fifo"
within grep -q open "$T/holds"
sweep
check "who writes: not sealed" state aaaaaaaa unsealed
check "the other is" state bbbbbbbb sealed
exec 5>&-
wait $!
sweep
check "when that has ended: sealed" state aaaaaaaa sealed
check "the chain, by hand" by_hand
rec --verify
check "all are whole" gave 0
check "all are whole: three" printed '^3 whole, 0 altered, 0 missing, 0 not sealed yet$'
run lab on jump jumpctl log --file /run/lab/jump.log aaaaaaaa
check "jumpctl log tells of the seal" printed 'seal'
if command -v asciinema >/dev/null; then
	run script -qec "asciinema cat $folder/aaaaaaaa.cast" /dev/null
	check "asciinema reads it" gave 0
	check "asciinema shows the same" printed 'file one'
else
	skip "no asciinema"
fi

# On a terminal, which is left as it was.
cp "$LAB_REPO/tests/e2e/term.py" "$LAB/tmp/"
play() {
	run lab on jump env TERM=xterm python3 /run/lab/tmp/term.py "$@"
}
play '?q ends' -- jumpctl replay --idle-limit 0 aaaaaaaa
check "a terminal: exit 0" gave 0
check "a terminal: colours stay" grep -aFq "$(printf '\033[1mfile one\033[0m')" "$T/out"
check "a terminal: titles, questions and the mouse do not" not grep -aEq \
    "$(printf '\033')(\\]|\\[c|\\[\\?1000)" "$T/out"
check "a terminal: it is put right" grep -aFq "$(printf '\033[?25h')" "$T/out"
play '?file one' '> ' '?paused at 0:00:01, 1x' '>+' '?at 0:00:01, 2x' \
    '>/' '?/_' '>laty\x7fe\r' '?found at 1:01:01' '>\e[D' '?paused at 1:00:56' \
    '>n' '?found at 1:01:01' '>n' '?not found' '>q' -- jumpctl replay aaaaaaaa
check "a terminal: the keys" gave 0
play '?found at 1:01:01' '>q' -- jumpctl replay --search late aaaaaaaa
check "a terminal: --search" gave 0
play '?late' -- jumpctl replay --from 1:01:00 aaaaaaaa
check "a terminal: --from" gave 0
play '?this terminal has' '>q' -- \
    sh -c 'stty cols 60 rows 20; exec jumpctl replay aaaaaaaa'
check "a smaller terminal: says so, and waits" not printed 'file one'

# --- who is not believed ---------------------------------------------------------------

lab on jump sh -c 'cd /var/log/jump && ln -s /etc/passwd cccccccc.cast &&
    mkfifo dddddddd.cast && touch eeeeeeee.cast && chown alice eeeeeeee.cast &&
    ln eeeeeeee.cast ffffffff.cast && mkdir gggggggg.cast && touch odd'
n=$(wc -l <"$seals")
lab on jump rm -f /run/jump/swept
sweep
check "no recordings: exit 70" gave 70 ""
check "no recordings: in words" said \
    'cccccccc\.cast: not sealed: not a regular file with one link'
check "no recordings: no seals" [ "$(wc -l <"$seals")" -eq "$n" ]
check "no recordings: the mark of the sweep is there" \
    lab on jump test -e /run/jump/swept
rec
check "no recordings: counted" said '/var/log/jump: 6 files in it are no recordings'
for name in cccccccc dddddddd eeeeeeee; do
	replay $name
	check "$name: not shown" gave 70 ""
done
lab on jump sh -c 'cd /var/log/jump && rmdir gggggggg.cast &&
    rm cccccccc.cast dddddddd.cast eeeeeeee.cast ffffffff.cast odd'
printf 'no header\n' >"$folder/hhhhhhhh.cast"
replay hhhhhhhh
check "no header: not shown" gave 1 ""
rec --verify
check "root's without a seal" printed 'hhhhhhhh\.cast: altered: .* nothing has sealed it'
check "root's without a seal: exit 1" gave 1
rm "$folder/hhhhhhhh.cast"

# --- what is changed ---------------------------------------------------------------------

cp -a "$folder/aaaaaaaa.cast" "$T/whole.cast"
cp "$seals" "$T/whole.seals"
sed -i 's/late/LATE/' "$folder/aaaaaaaa.cast"
rec --verify
check "altered: exit 1" gave 1
check "altered: which" printed 'aaaaaaaa\.cast: altered: it is not what was sealed$'
mv "$folder/aaaaaaaa.cast" "$T/away"
rec --verify
check "missing: exit 1" gave 1
check "missing: which" printed 'aaaaaaaa\.cast: missing: sealed 20.*, and nobody removed it'
check "missing: is in the list" state aaaaaaaa missing
cp -a "$T/whole.cast" "$folder/aaaaaaaa.cast"
sed -i '2s/ alice\| 2001/ 2002/' "$seals"
sed -i '2s/^sealed 20../sealed 2001/' "$seals"
rec --verify
check "a line changed: exit 1" gave 1
check "a line changed: which" printed 'SEALS:2: the chain is broken'
sed '2d' "$T/whole.seals" >"$seals"
rec --verify
check "a line gone" printed 'SEALS:2: the chain is broken'
check "a line gone: by hand, too" not by_hand
cat "$T/whole.seals" >"$seals"
printf 'sealed 2026' >>"$seals"
rec --verify
check "a line cut off" printed 'SEALS:4: it is cut off'
cast iiiiiiii alice </dev/null
sweep
check "a line cut off: the next sweep goes on before it" gave 0
rec --verify
check "and all is whole" gave 0
check "and there are four" [ "$(wc -l <"$seals")" -eq 4 ]

# A crash after the line, before the file is root's.
lab on jump chown alice /var/log/jump/iiiiiiii.cast
sweep
check "after a crash: it is root's" [ "$(owner iiiiiiii.cast)" = "0 400" ]
check "after a crash: sealed once" [ "$(wc -l <"$seals")" -eq 4 ]

# --- the end of recordings -----------------------------------------------------------------

rec --remove-before 1d
check "too young to be removed" gave 0 ""
rm "$folder/bbbbbbbb.cast"
rec --remove-before 2099-01-01
check "removed: says which" printed "^removed: /var/log/jump/$id.pcapng, sealed"
check "removed: or that it was gone" printed '^missing: /var/log/jump/bbbbbbbb.cast'
check "removed: they are gone" [ "$(ls "$folder")" = SEALS ]
rec --verify
check "removed: the chain is whole" gave 0
check "removed: it tells of them" printed '^the chain has 8 lines, 4 of removals, 0 broken$'
check "removed: by hand" by_hand
check "removed: the log has it" logged \
    "\"event.action\":\"seal\".*\"jump.reason\":\"removed\".*\"file.name\":\"$id.pcapng\""
rec --remove-before 2099-01-01
check "removed: once" gave 0 ""
rec --verify --log /run/lab/jump.log
check "the log has all of the chain" gave 0
check "the log has all of the chain: counted" printed '^the log has [78] of the seals, and 0 others$'
cp "$seals" "$T/whole.seals"
: >"$seals"
rec --verify
check "the chain gone: it is whole" gave 0
rec --verify --log /run/lab/jump.log
check "the chain gone: the log says so" gave 1
check "the chain gone: and of which" printed "it was of session $id"
cat "$T/whole.seals" >"$seals"

# --- of a real session ---------------------------------------------------------------------------

. "$(dirname "$0")/record.lib.sh"
policy <<'END'
hostkey web1 "ssh-ed25519 AAAA"
allow one: alice to web1:22 record
END
begin --record
check "a session: live" state "$id" live
sweep
check "a session: not sealed while it lives" state "$id" live
replay "$id"
check "a session: is shown while it lives" gave 0
end
seals() {
	sweep
	state "$id" sealed
}
check "a session: sealed" within seals
rec "$id"
check "a session: whose, and where" printed "^$id alice web1:22 alice"
check "a session: nobody lies" [ ! -s "$T/err" ]
rec --verify
check "a session: whole" gave 0
replay --text --search AFTER-2 "$id"
check "a session: what was said" printed '^AFTER-2$'
check "a session: no odd lines" [ ! -s "$T/err" ]

# --- who may -----------------------------------------------------------------------------------

for verb in recordings "replay $id"; do
	run lab on -u alice jump /usr/local/sbin/jumpctl $verb
	check "$verb: not by users" gave 73 ""
done
for wrong in "x" "--json --verify" "--since x" "--log x" "--remove-before 1d aaaaaaaa"; do
	rec $wrong
	check "recordings $wrong: usage" gave 64 ""
done
for wrong in "" "x" "--speed 0 aaaaaaaa" "--from 1:99 aaaaaaaa" "../../x"; do
	replay $wrong
	check "replay $wrong: usage" gave 64 ""
done
finish
