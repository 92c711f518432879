# SPDX-License-Identifier: ISC
# jumpctl who: relays of the registry, as they are.
# runs: once
. "$(dirname "$0")/lib.sh"

# json: every line is an object of version 1.
json() {
	python3 -c 'import json, sys
for line in open(sys.argv[1]):
	assert json.loads(line)["version"] == 1' "$T/out"
}

# is KEY VALUE: of the only line of --json; VALUE is JSON.
is() {
	python3 -c 'import json, sys
[o] = [json.loads(line) for line in open(sys.argv[1])]
assert o[sys.argv[2]] == json.loads(sys.argv[3]), o' "$T/out" "$1" "$2" \
	    2>"$T/err"
}

policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

who
check "nobody: nothing" gave 0 ""
check "nobody: no word" [ ! -s "$T/err" ]
who alice
check "nobody: alice is not" gave 1 ""
check "nobody: and that is told" said '^jumpctl: no such session is live$'

# --- relays ------------------------------------------------------------------

hold one -u 2001 -w mallory -b 1234 -t db1 -a 10.2.0.11 -p 5432
who
check "a relay" printed "^k3f9abcd alice 192\.0\.2\.10 db1:5432 connect [0-9:]+ 1\.2K 1\.2K +[0-9]s -$"
check "its titles" printed '^SESSION  USER  FROM       TARGET   ROAD    SINCE +IN  OUT IDLE STATE$'
for word in k3f9abcd alice db1 DB1 db1:5432 10.2.0.11 10.2.0.11:5432; do
	who "$word"
	check "who $word" printed '^k3f9abcd'
done
for word in k3f9abc mallory bob web1 db1:22 10.2.0.12 '' ':5432'; do
	who "$word"
	check "who '$word': nothing" gave 1 ""
done
who --user alice --target web1
check "both must match" gave 1 ""
who --json
check "--json" json
check "--json: session" is session '"k3f9abcd"'
check "--json: the user is the kernel's" is user '"alice"'
check "--json: uid" is uid 2001
check "--json: from" is from '"192.0.2.10"'
check "--json: address" is address '"10.2.0.11"'
check "--json: port" is port 5432
check "--json: rule" is rule '"all"'
check "--json: sent" is sent 1234
unhold one
check "ended: gone" within sessions . 0

# On a shared account the page says who it is, and a path has no port.
hold carol -u 2010 -w carol -t /run/metrics/api.sock -a '' -p 0 -f ''
who
check "a shared account: by name" printed '^k3f9abcd carol - +/run/metrics/api.sock connect'
who jump
check "and by account" printed '^k3f9abcd carol'
who --json
check "--json: account" is account '"jump"'
check "--json: no address" is address null
check "--json: a path" is port 0
unhold carol

# What a relay says is escaped, and cut where it is too long.
hold evil -u 2010 -w "$(printf 'e\033[2J\nil"\\')" \
    -t "$(head -c 250 /dev/zero | tr '\0' x)" -i "$(printf '\033]0;x')"
who
check "odd words: one line" [ "$(wc -l <"$T/out")" -eq 2 ]
check "odd words: printable" not grep -q "[^ -~]" "$T/out"
check "odd words: escaped" printed ' e\\x1b\[2J\\x0ail"\\ '
check "odd words: cut" printed ' x{37}\.\.\.:22 '
who --json
check "odd words: JSON" json
check "odd words: as they are" is user '"e\u001b[2J\nil\"\\"'
unhold evil

# Odd files are counted, once.
lab on jump sh -c 'cd /run/jump/sessions && ln -s /etc/passwd 2001.7 &&
    mkdir x && echo junk >2002.3'
who
check "odd files: a warning" said '/run/jump/sessions: 3 files in it are no session'
check "odd files: one" [ "$(wc -l <"$T/err")" -eq 1 ]
check "odd files: nothing else" gave 0 ""
lab on jump sh -c 'cd /run/jump/sessions && rm -r 2001.7 x 2002.3'

# Very many.
hold many -u 5000 -U 100 -n 20
quick() {
	start=$(date +%s%N)
	who
	ms=$((($(date +%s%N) - start) / 1000000))
	[ "$ms" -lt 1000 ]
}
check "2,000 relays: in less than a second" within quick
check "2,000 relays: all of them ($ms ms)" [ "$(wc -l <"$T/out")" -eq 2001 ]
who --user '#5003'
check "2,000 relays: 20 of one" [ "$(wc -l <"$T/out")" -eq 21 ]
unhold many

# --- who may, and how --------------------------------------------------------

run lab on -u alice jump /usr/local/sbin/jumpctl who
check "not by users" gave 73 ""
for wrong in '-x' '--json -w' '--json -v' 'a b' '--user' '--frob'; do
	who $wrong
	check "who $wrong: usage" gave 64 ""
done
who -w
check "-w without a terminal" gave 64 ""
check "and says so" said 'wants a terminal'
lab on jump mv /run/jump/sessions /run/jump/away
who
check "no registry: says so" said 'sessions is not there'
check "no registry: exit 0" gave 0 ""
lab on jump mv /run/jump/away /run/jump/sessions
finish
