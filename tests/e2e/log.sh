# SPDX-License-Identifier: ISC
# jumpctl log: one list from our records and sshd's lines, by rsyslog and by
# the journal, and nothing that a user writes passes for one of them.
. "$(dirname "$0")/lib.sh"

# --- the list ------------------------------------------------------------------

list() {
	run lab on jump jumpctl log "$@" </dev/null
}

# lists REGEX ARGUMENT...: a line of the list, sooner or later.
lists() {
	regex=$1
	shift
	within lists_once "$@"
}

lists_once() {
	list "$@"
	printed "$regex"
}

# The columns of a line: MARK OUTCOME USER FROM TARGET ROAD, and the rest.
line() {
	printf '^%s..:..:.. %s +%s +%s +%s +%s +' "$@"
}

HERE=192\\.0\\.2\\.10
ID='[a-z2-7]{8}'

# --- what happens ----------------------------------------------------------------

# say TEXT: as alice, from a process that is still there when it is read.
say() {
	printf '%s' "$1" >"$LAB/hosts/jump/tmp/said"
	lab on -u alice jump python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
s.send(open("/tmp/said", "rb").read())
time.sleep(0.5)'
}

record() {
	echo "<36>Nov 20 16:02:11 $1: @cee: {\"@timestamp\":\"x\",\"event.action\":\"open\",\"event.outcome\":\"success\",$2\"destination.address\":\"evil\"}"
}

traffic() {
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" web1 \
	    hostname </dev/null
	run ssh -F "$C" -J jump web1 hostname </dev/null
	as carol run ssh -F "$C" -J jump web1 hostname </dev/null
	as carol run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    web1 hostname </dev/null
	LAB_USER=alice
	run ssh -F "$C" -W db1:22 jump </dev/null
	run ssh -F "$C" -W db1:5432 jump </dev/null
	run ssh -F "$C" -W web2:22 jump </dev/null
	run ssh -F "$C" -W shut:81 jump </dev/null
	as bob run ssh -F "$C" -l alice jump list </dev/null
	LAB_USER=alice
	run ssh -F "$C" -l 'x from 192.0.2.99 port 1 ssh2' jump list </dev/null
	run ssh -F "$C" jump connect db1 5432 </dev/null
	run ssh -F "$C" jump connect db1 22 </dev/null
}

forgeries() {
	say "$(record 'jump-connect[1]' '"user.id":"2001","user.name":"alice",')"
	say "$(record 'jump-connect[1]' '"user.id":"2002","user.name":"bob",')"
	say "$(record 'jumpctl[1]' '"user.id":"0","user.name":"root",')"
	say "$(record 'jump-authkeys[1]' '"user.id":"2001","user.name":"bob",')"
	for kind in load lock unlock kick sweep login; do
		say "$(record 'jump-connect[1]' '"user.id":"2001","user.name":"alice",' | sed "s/\"open\"/\"$kind\"/")"
	done
	say "$(record 'jump-connect[1]' '"user.id":"2001","user.name":"bob","jump.account":"alice",')"
	say '<38>Nov 20 16:02:11 sshd[1]: Accepted publickey for bob from 192.0.2.66 port 1 ssh2'
	say '<38>Nov 20 16:02:11 sshd[1]: debug1: channels.c:channel_post_connecting():1 (pid=1): channel 0: connected to evil port 22'
	say "$(printf '<36>Nov 20 16:02:11 jump-connect[1]: @cee: {"a":"\033[31m\n<36>x sshd[1]: \303\244"}')"
	say "<36>Nov 20 16:02:11 jump-connect[1]: @cee: $(printf '%010000d' 0)"
	lab on -u alice jump logger -t jump-connect '@cee: {"event.action":"open","event.outcome":"success","user.id":"2001","user.name":"alice","destination.address":"evil"}'
}

no_admin() {
	list --outcome admin --since "${1:-1d}"
	! grep -Eq ' admin +(alice|bob) ' "$T/out"
}

no_evil_believed() {
	list
	! grep -E '^ ' "$T/out" | grep -Eq 'evil|192\.0\.2\.66'
}

clean() {
	! LC_ALL=C grep -q '[^ -~]' "$T/out"
}

# The bytes of the record are those of the list.
bytes_agree() {
	list --json --outcome close --road connect
	python3 - "$T/out" "$LAB/hosts/jump/var/log/auth.log" <<-'END'
		import json, sys
		listed = [(r["ref"], r["sent"], r["received"])
		    for r in map(json.loads, open(sys.argv[1]))]
		logged = []
		for l in open(sys.argv[2], errors="replace"):
		    if '"event.action":"close"' in l:
		        r = json.loads(l[l.index("{"):])
		        logged.append((r["jump.session"], r["source.bytes"],
		            r["destination.bytes"]))
		sys.exit(listed != logged or not listed)
	END
}

is_json() {
	list --json "$@"
	python3 -c '
import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
times = [r["time"] for r in rows]
assert rows and all(r["version"] == 1 and r["time"].endswith("Z") for r in rows)
assert {"user", "from", "target", "port", "road", "ref"} <= set().union(*rows)
' "$T/out"
}

# judge NAME: what the list of either daemon must be.
judge() {
	check "$1: a session, opened" lists "$(line ' ' open alice $HERE web1:22 connect)$ID"
	check "$1: and closed" lists "$(line '[ ~]' close alice $HERE web1:22 connect)$ID .*sent [0-9.]+K, received "
	check "$1: a login" lists "$(line ' ' login alice $HERE - -)p[0-9]+ +key SHA256:"
	check "$1: ProxyJump, opened" lists "$(line ' ' open alice $HERE web1:22 forward)p[0-9]+"
	check "$1: and closed" lists "$(line ' ' close alice $HERE web1:22 forward)p[0-9]+ +client, [0-9]"
	check "$1: who it is on a shared account" lists "$(line ' ' open carol $HERE web1:22 forward)p"
	check "$1: and by connect" lists "$(line '[ ~]' open carol $HERE web1:22 connect)$ID"
	check "$1: what sshd refused, and why" lists "$(line ' ' refused alice $HERE db1:22 forward)p[0-9]+ +policy now: no allow rule matches"
	check "$1: a window" lists "$(line ' ' refused alice $HERE db1:5432 forward)p[0-9]+ +policy now: no allow rule matches; later allows it only when w$"
	check "$1: what the road cannot hold" lists "$(line ' ' refused alice $HERE web2:22 forward)p[0-9]+ +policy now: an obligation cannot be held on this road: record"
	check "$1: nobody answers" lists "$(line ' ' failed alice $HERE shut:81 forward)p[0-9]+ +Connection refused"
	check "$1: an unknown key" lists "$(line ' ' refused alice $HERE - -)- +the policy has no such key for this account"
	check "$1: an unknown account, and where it really came from" lists "$(line ' ' refused 'x.x20from.x20192\.0\.2\.99.x20port.x201.x20ssh2' $HERE - -)- +no such account"
	check "$1: a request that was refused" lists "$(line '[ ~]' refused alice $HERE db1:22 connect)$ID +no allow rule matches"
	check "$1: and one out of its window" lists "$(line '[ ~]' refused alice $HERE db1:5432 connect)$ID +no allow rule matches; policy now: later allows it only when w$"
	check "$1: a record of another uid is forged" lists '^!.* forged +alice .*python.*bob.*evil' --outcome forged
	check "$1: one of another program is marked" lists '^!.* open +alice +- +evil .*written by .*python'
	check "$1: root's" lists '^!.* forged +alice .*"root".*evil'
	for kind in load lock unlock kick sweep login; do
		check "$1: $kind, by no program that writes it" lists "^!.* forged +alice .*\"event.action\":\"$kind\"" --outcome forged
	done
	check "$1: nobody but root is an administrator" no_admin
	check "$1: somebody else of one's own account" lists '^[!?].* bob .*evil'
	check "$1: that of jump-authkeys" lists '^!.* forged +alice .*"user.id":"2001","user.name":"bob"'
	check "$1: sshd's" lists '^!.* forged +alice .*Accepted publickey for bob from 192'
	check "$1: that of a connection" lists '^!.* open +alice +- +evil:22 .*written by .*python'
	check "$1: nothing of them is believed" no_evil_believed
	check "$1: all is clean" clean
	check "$1: and told how" said '^!  not from the user, or the program, of which it speaks$'
	check "$1: --json" is_json
}

# --- rsyslog -----------------------------------------------------------------------

policy <<END
host shut 10.8.0.10 tcp 81
window w $(day 3) 08:00-09:00
allow web: { alice carol } to web1:22
allow open: alice to shut
allow later: alice to db1:5432 when w
allow seen: alice to web2:22 record
END
take_dev_log
start_rsyslog
traffic
reference=$(sed -n 's/.*reference \(........\)\.$/\1/p' "$T/err")
forgeries
judge rsyslog
check "the bytes are those that were recorded" bytes_agree

# --- administrators ------------------------------------------------------------------

mkfifo "$T/typing"
ssh -F "$C" jump connect web1 22 <"$T/typing" >/dev/null 2>&1 &
client=$!
exec 3>"$T/typing"
id_of_it() {
	lab on jump jumpctl who >"$T/out" 2>&1 </dev/null
	id=$(sed -n 's/^ *\([a-z2-7]\{8\}\) .*/\1/p' "$T/out" | head -n 1)
	[ -n "$id" ]
}
check "a session that lives" within id_of_it
run lab on jump jumpctl kick "$id" </dev/null
exec 3>&-
wait "$client" 2>/dev/null
check "a kick is root's, of its session" lists "^ ..:..:.. admin +root +$HERE +web1:22 +connect +$id kick alice, kicked" "$id"
check "and its end is that of the same process" lists "^[ ~]..:..:.. close +alice +$HERE +web1:22 +connect +$id kick," "$id"
run lab on jump jumpctl kick zzzzzzzz </dev/null
check "a kick of nothing: what was asked for" lists " admin +root .* kick, no such session, asked for: zzzzzzzz" --outcome admin

# --- filters -------------------------------------------------------------------------

# only REGEX: each line is one of these, and there are some.
only() {
	grep -v '^-- \|^ TIME ' "$T/out" >"$T/lines"
	[ "$status" -eq 0 ] && [ -s "$T/lines" ] &&
	    ! grep -Evq -- "$1" "$T/lines"
}

list --user carol
check "--user" only '^.{18}carol '
list --user jump --outcome login
check "--user, by the account" only ' login +carol '
list --target web1:22 --road forward
check "--target and --road" only ' web1:22 +forward '
list --target 10.2.0.10
check "--target, by address" only ' web1:22 +(connect|forward) '
run ssh -F "$C" -W 10.2.0.10:22 jump </dev/null
by_address() {
	list --target web1 --road forward --outcome open
	printed ' 10.2.0.10:22 +forward '
}
check "--target, by name: what was asked for by address" within by_address
check "and by name" printed ' web1:22 +forward '
check "and no other" only ' (10.2.0.10|web1):22 +forward '
list --target 10.2.0.10 --road forward --outcome open
check "--target, by address: what was asked for by name" printed ' web1:22 '
list --target 10.2.0.12 --road forward --outcome open
check "another address: nothing of it" not printed 'web1|10\.2\.0\.10'
list --refused --user alice
check "--refused" only ' refused +alice '
list --since 2h --until 1h
check "--until: nothing is left" gave 1 ""
check "and that is told" said '^jumpctl: nothing of that is in the log$'
list --since 1h --until 2h
check "an end before the beginning: exit 64" gave 64
check "said so" said '^jumpctl: --until is before --since$'
list --since today --outcome open
check "--since" only ' open '
run lab on jump sh -c 'jumpctl log >/dev/full'
check "no room for the list" gave 70 ""
check "is told" said '^jumpctl: standard output: No space left'
list --road tunnel
check "a road that is none" gave 64
check "is told" said '^jumpctl: --road takes forward, connect or shell, not .tunnel'

# --- stories -------------------------------------------------------------------------

# ask_again: the last line of the story is a question with this answer.
ask_again() {
	asked=$(sed -n 's/^ask again: //p' "$T/out")
	[ -n "$asked" ] || return 1
	run lab on jump sh -c "$asked"
	[ "$status" -eq "$1" ]
}

list "$reference"
cp "$T/out" "$T/story"
list "$(echo "$reference" | tr a-z A-Z)"
check "a reference in capitals" cmp "$T/story" "$T/out"
check "a reference: the login" printed "login +alice .*key SHA256:"
check "a reference: the refusal" printed " refused +alice +$HERE +db1:22 +connect $reference +no allow rule"
check "a reference: the question" printed "^ask again: jumpctl explain alice db1:22 --via connect --from 192.0.2.10 --at ....-..-..T..:..Z$"
check "which can be asked" ask_again 1
run ssh -F "$C" jump whoami </dev/null
other=$(sed -n 's/.*reference \(........\)\.$/\1/p' "$T/err")
lists ' refused ' "$other"
check "a request that is none: the login" printed 'login +alice .*key SHA256:'
check "and what was asked for" printed "refused +alice .* $other +no such request, asked for: whoami"
list --outcome open --road connect --json
id=$(sed -n 's/.*"ref":"\([a-z2-7]*\)".*/\1/p' "$T/out" | head -n 1)
list "$id"
check "a session: decided, open, close" [ "$(sed -n "s/^.*..:..:.. \([a-z]*\) .* $id.*/\1/p" "$T/out" | tr '\n' ' ')" = "decided open close " ]
check "which is open now as well" ask_again 0
list --outcome open --road forward --json
id=$(sed -n 's/.*"ref":"\(p[0-9]*\)".*/\1/p' "$T/out" | head -n 1)
list "$id"
check "a login of sshd" [ "$(sed -n "s/^.*..:..:.. \([a-z]*\) .* $id.*/\1/p" "$T/out" | tr '\n' ' ')" = "login open close logout " ]

list --outcome login --user alice --json
list "$(sed -n 's/.*"ref":"\(p[0-9]*\)".*/\1/p' "$T/out" | head -n 1)"
check "a login that forwarded nothing: the question" printed "^ask again: jumpctl explain alice any --from 192.0.2.10 --at ....-..-..T..:..Z$"
check "which can be asked, too" ask_again 0

# --- files ---------------------------------------------------------------------------

# events FILE: what happened, without marks and times.
events() {
	lab on jump jumpctl log --file "$1" 2>/dev/null </dev/null |
	    sed -n 's/^.\(..:..:..\) \([a-eg-z][a-z]* .*\|failed .*\)/\1 \2/p' |
	    sed 's/, [0-9.]*s$//' | grep -v '192.0.2.66\|evil'
}

L=$LAB/hosts/jump/var/log
BEFORE='^jumpctl: /var/log/jump.log begins at ....-..-.. ..:..; what was before may be in --file /var/log/auth.log$'
list
check "a file that is new: there may be another" said "$BEFORE"
list --since '2h'
check "before its beginning, too" said "$BEFORE"
list --since "$(date -d "$(head -n 1 "$L/jump.log" |
    sed 's/.*"time":"\([^"]*\)".*/\1/') + 1 second" +%FT%T%:z)"
check "but not after it" not said 'begins at'
: >"$L/jump.log.1"
touch "$L/jump.log.1"
list
check "nor when there is an older one" not said 'begins at'
list --since '2h'
check "but if that was asked for" said "$BEFORE"
rm "$L/jump.log.1"
mv "$L/auth.log" "$L/away"
list
check "and not when there is no other" not said 'begins at'
mv "$L/away" "$L/auth.log"
list --file /var/log/jump.log
check "nor of a file that is named" not said 'begins at'
list "$reference"
check "nor when what was asked for is there" not said 'begins at'
list zzzzzzzz
check "but when it is not" said "$BEFORE"
list --file /var/log/jump.log
check "a file that is named: what it says of senders is its word" \
    only '^[?^]|^!'
check "which is told" said '^\^  as it was shipped: nobody here saw'
list --file /var/log/jump.log --json
check "in JSON too" not printed '"trust":"(kernel|uid)"'
check "some of it" printed '"trust":"shipped"'
list --file /var/log/jump.log --attested --json
check "unless somebody says that it is to be believed" printed '"trust":"kernel"'
check "which makes nothing good that is not" printed '"trust":"forged"'
events /var/log/jump.log >"$T/events"
check "there are events" [ "$(grep -c . "$T/events")" -ge 15 ]
for f in auth old; do
	list --file /var/log/$f.log
	check "$f.log: nothing in it is attested" only '^\?|^!.* forged '
	check "$f.log: and that is told" said 'nothing says who wrote it'
	events /var/log/$f.log >"$T/events.$f"
	check "$f.log: the same events" cmp -s "$T/events" "$T/events.$f"
done

# Cut in three, of which two are old.
mkdir "$L/old"
n=$(($(grep -c . "$L/jump.log") / 3))
head -n $n "$L/jump.log" | gzip >"$L/old/jump.log.2.gz"
touch -d '2 hours ago' "$L/old/jump.log.2.gz"
sed -n "$((n + 1)),$((2 * n))p" "$L/jump.log" >"$L/old/jump.log.1"
touch -d '1 hour ago' "$L/old/jump.log.1"
tail -n +$((2 * n + 1)) "$L/jump.log" >"$L/old/jump.log"
events /var/log/old/jump.log >"$T/events.cut"
check "rotated and compressed: the same events" \
    cmp -s "$T/events" "$T/events.cut"

# What cannot be read is told: it is not the same as that there is nothing.
mkdir "$L/cut"
cp "$L/old/jump.log" "$L/cut/"
list --file /var/log/cut/jump.log
check "a file alone is whole" gave 0
head -c 300 "$L/old/jump.log.2.gz" >"$L/cut/jump.log.2.gz"
list --file /var/log/cut/jump.log
check "a file that is cut off" gave 70
check "is told" said '^jumpctl: /var/log/cut/jump\.log\.2\.gz: cut off'
check "and the rest is listed" printed ' (open|refused) '
mv "$L/cut/jump.log.2.gz" "$L/cut/jump.log.2.xz"
list --file /var/log/cut/jump.log
check "compressed in another way" gave 70
check "is told" said '^jumpctl: /var/log/cut/jump\.log\.2\.xz: compressed'
list --file /var/log/none
check "no such file: not the same as nothing found" gave 70 ""

rotate=$LAB_REPO/.cache/logrotate/usr/sbin/logrotate
[ -x "$rotate" ] || rotate=$(command -v logrotate || :)
if [ -n "$rotate" ]; then
	lab on jump sh -c 'sed s/jump.log/old\\/jump.log/ \
	    /usr/local/share/jump/logrotate.conf >/tmp/rotate'
	run lab on jump "$rotate" -d /usr/local/share/jump/logrotate.conf
	check "logrotate takes the shipped file" gave 0
	check "and finds nothing wrong" not said 'error|rror:'
	sed -i '/postrotate/,/endscript/d' "$LAB/hosts/jump/tmp/rotate"
	run lab on jump "$rotate" -f -s /tmp/rotate.state /tmp/rotate
	events /var/log/old/jump.log >"$T/events.cut"
	check "after it: the same events" cmp -s "$T/events" "$T/events.cut"
else
	skip "no logrotate"
fi

# --- following -----------------------------------------------------------------------

lab on jump jumpctl log -f </dev/null >"$T/followed" 2>"$T/followed.err" &
follower=$!
again() {
	run ssh -F "$C" -W db1:22 jump </dev/null
	grep -Eq 'refused +alice.*db1:22 +forward' "$T/followed"
}
check "-f: what happens now" within again
check "-f: nothing of before" not grep -q 'web2' "$T/followed"
mv "$L/jump.log" "$L/jump.log.1"
lab on jump sh -c 'for p in /proc/[0-9]*; do
	tr "\\0" " " <$p/cmdline | grep -q "rsyslogd.*e2e" &&
	    kill -HUP ${p#/proc/}; done' 2>/dev/null
again_web2() {
	run ssh -F "$C" -W web2:22 jump </dev/null
	grep -Eq 'refused +alice.*web2:22 +forward' "$T/followed"
}
check "-f: and in the file after it was rotated" within again_web2
kill "$follower" 2>/dev/null

# --- the journal ---------------------------------------------------------------------

if [ -x /lib/systemd/systemd-journald ] && [ -x /usr/bin/journalctl ]; then
	take_dev_log
	start_journald
	traffic
	forgeries
	judge journald
	lab on jump jumpctl log </dev/null >"$T/own" 2>/dev/null
	lab on jump sh -c 'journalctl -o json | jumpctl log --file - \
	    --attested' \
	    >"$T/piped" 2>/dev/null
	check "journald: journalctl -o json" cmp -s "$T/own" "$T/piped"
	lab on jump jumpctl log -f </dev/null >"$T/followed" 2>&1 &
	follower=$!
	check "journald: -f" within again
	check "journald: -f: nothing of before" not grep -q web2 "$T/followed"
	kill "$follower" 2>/dev/null
else
	skip "no journald"
fi
finish
