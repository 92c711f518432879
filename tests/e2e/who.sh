# jumpctl who: relays of the registry, and the forwards of sshd, as they are.
. "$(dirname "$0")/lib.sh"

cp "$LAB_BUILD/hold" "$T/hold"
GID=990

who() {
	run lab on jump jumpctl who "$@"
}

# hold NAME OPTION...: sessions in the background, until unhold NAME.
hold() {
	name=$1
	shift
	lab on jump "$T/hold" "$@" $GID >"$T/$name.out" 2>"$T/$name.err" &
	echo $! >"$T/$name.pid"
	until grep -q ready "$T/$name.out"; do
		kill -0 $! 2>/dev/null || { cat "$T/$name.err"; return 1; }
		sleep 0.05
	done
}

unhold() {
	kill "$(cat "$T/$1.pid")"
	wait "$(cat "$T/$1.pid")" 2>/dev/null
}

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

# has USER TARGET N: forwards of that user to that target, sooner or later.
has() {
	who --user "$1" --target "$2"
	[ "$(grep -c forward "$T/out")" -eq "$3" ]
}

policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

who
check "nobody: nothing" gave 0 ""
check "nobody: no word" [ ! -s "$T/err" ]
who alice
check "nobody: alice is not" gave 1 ""

# --- relays ------------------------------------------------------------------

hold one -u 2001 -w mallory -b 1234 -t db1 -a 10.2.0.11 -p 5432
who
check "a relay" printed "^k3f9abcd alice 192\.0\.2\.10 db1:5432 connect [0-9:]+ 1\.2K 1\.2K +[0-9]s$"
check "its titles" printed '^SESSION  USER  FROM       TARGET   ROAD    SINCE +IN  OUT IDLE$'
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
who
check "ended: gone" gave 0 ""

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
start=$(date +%s%N)
who
ms=$((($(date +%s%N) - start) / 1000000))
check "2,000 relays: all of them" [ "$(wc -l <"$T/out")" -eq 2001 ]
check "2,000 relays: in less than a second ($ms ms)" [ "$ms" -lt 1000 ]
who --user '#5003'
check "2,000 relays: 20 of one" [ "$(wc -l <"$T/out")" -eq 21 ]
unhold many

# --- forwards ----------------------------------------------------------------

# What db1 echoes, through a forward that stays.
LAB_USER=alice
export LAB_USER
head -c 100000 /dev/urandom >"$T/data"
mkfifo "$T/in.fifo"
ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/in.fifo" >"$T/back" 2>"$T/ssh.err" &
forward=$!
exec 7>"$T/in.fifo"
cat "$T/data" >&7
check "a forward" within has alice db1 1
check "it echoes" within cmp -s "$T/data" "$T/back"
bytes_are() {
	who --json alice && is sent 100000 && is received 100000
}
check "a forward: its bytes, exactly" within bytes_are
check "a forward: no session" is session null
check "a forward: user" is user '"alice"'
check "a forward: from" is from '"192.0.2.10"'
check "a forward: target" is target '"db1"'
check "a forward: address" is address '"10.2.0.11"'
check "a forward: port" is port 5432
check "a forward: road" is road '"forward"'
pid=$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$T/out")
check "a forward: the pid that sshd logged" \
    logged "User child is on pid $pid\$"
who db1:5432
check "a forward in the table" printed \
    '^- +alice 192\.0\.2\.10 db1:5432 forward [0-9:]+ +97K +97K +[0-9]+s$'

# Half closed it is still one.
exec 7>&-
wait "$forward" 2>/dev/null
check "ended: gone" within has alice db1 0

# Several of one connection, from the other address and by IPv6; a shared
# account; somebody who is no jump user; a target of no name.
ssh -F "$C" -fNT -M -S "$T/control" -L 8001:10.2.0.10:80 -L '8002:[2001:db8::12]:80' \
    jump-elsewhere </dev/null
socat -u TCP:127.0.0.1:8001 "CREATE:$T/s1" &
socat -u TCP:127.0.0.1:8002 "CREATE:$T/s2" &
as carol ssh -F "$C" -fNT -M -S "$T/control2" -L 8003:10.2.0.10:80 jump </dev/null
socat -u TCP:127.0.0.1:8003 "CREATE:$T/s3" &
as admin ssh -F "$C" -fNT -M -S "$T/control3" -L 8004:10.2.0.10:80 jump </dev/null
socat -u TCP:127.0.0.1:8004 "CREATE:$T/s4" &
check "two forwards of one connection" within has alice web1 1
check "the other, by IPv6" within has alice web2 1
check "from the other address" printed ' 198\.51\.100\.10 web2:80 '
who '[2001:db8::12]:80'
check "selected by its address" printed ' web2:80 '
check "on a shared account: the account" within has jump web1 1
check "in parentheses" printed '^- +\(jump\) 192\.0\.2\.10 web1:80 forward'
check "and why" said 'sshd does not tell'
who --json --user jump
check "--json: no user" is user null
check "--json: account" is account '"jump"'
who --user carol
check "carol's name does not find it" gave 1 ""
who
check "administrators are no jump users" not printed admin
check "three in all" [ "$(grep -c ' forward ' "$T/out")" -eq 3 ]

# An upgrade of sshd replaces the file of processes that live.
exe=$(lab on jump readlink "/proc/$(lab on jump pgrep -f 'alice' | head -1)/exe")
case $exe in
/*)
	lab on jump sh -c "cp -p $exe $exe.new && mv $exe.new $exe"
	who
	check "sshd upgraded: still three" \
	    [ "$(grep -c ' forward ' "$T/out")" -eq 3 ]
	;;
esac

# A user who has left the policy, and one whose account is gone.
printf 'version 1\nuser zed\n' >"$T/nobody"
run lab load "$T/nobody"
who
check "out of the policy: still there" \
    [ "$(grep -c 'alice.* forward ' "$T/out")" -eq 2 ]
check "by address now" printed 'alice 198\.51\.100\.10 10\.2\.0\.10:80 '
lab on jump sed -i.bak '/^alice:/d' /etc/passwd
who '#2001'
check "without an account: still there" [ "$(grep -c ' forward ' "$T/out")" -eq 2 ]
lab on jump mv /etc/passwd.bak /etc/passwd
lab on jump mv /var/lib/jump/policy.db /var/lib/jump/away
who
check "no policy: says so" said 'policy\.db'
check "no policy: still there" [ "$(grep -c ' forward ' "$T/out")" -eq 3 ]
lab on jump mv /var/lib/jump/away /var/lib/jump/policy.db
for c in control control2 control3; do
	ssh -F "$C" -S "$T/$c" -O exit jump 2>/dev/null
done
gone() {
	who
	silent
}
check "ended: all gone" within gone

# --- who may, and how --------------------------------------------------------

run lab on -u alice jump /usr/local/sbin/jumpctl who
check "not by users" gave 73 ""
for wrong in '-x' '--json -w' 'a b' '--user' '--frob'; do
	who $wrong
	check "who $wrong: usage" gave 64 ""
done
who -w
check "-w without a terminal" gave 64 ""
check "and says so" said 'wants a terminal'
lab on jump mv /run/jump/sessions /run/jump/away
who
check "no registry: says so" said 'sessions is not there'
check "no registry: forwards are listed" gave 0 ""
lab on jump mv /run/jump/away /run/jump/sessions
finish
