# SPDX-License-Identifier: ISC
# The forwards of sshd: jumpctl who finds them, jumpctl kick ends them.
. "$(dirname "$0")/lib.sh"

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

# record OUTCOME REGEX: of a kick.
record() {
	logged "\"event.action\":\"kick\",\"event.outcome\":\"$1\".*$2"
}

policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

# --- who ---------------------------------------------------------------------

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
    '^- +alice 192\.0\.2\.10 db1:5432 forward [0-9:]+ +97K +97K +[0-9]+s open$'

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
check "on a shared account: by the note of the login" within has carol web1 1
who --json jump
check "--json: user" is user '"carol"'
check "--json: account" is account '"jump"'
lab on jump sh -c 'cd /run/jump/logins && a=$(grep -l alice * | head -n 1) &&
    for f in *; do [ $f = $a ] || dd if=$a of=$f conv=nocreat status=none; done'
check "a note of another account: none" within has carol web1 0
lab on jump sh -c 'rm /run/jump/logins/*'
check "without a note: the account" within has jump web1 1
check "in parentheses" printed '^- +\(jump\) 192\.0\.2\.10 web1:80 forward'
check "and why" said 'no note whose forward'
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
run env LAB_LOAD=--no-sweep "$LAB_REPO/tests/lab/lab" load "$T/nobody"
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

# --- kick --------------------------------------------------------------------

run lab load "$T/policy"
# master NAME USER OPTION...: a connection with forwards.
master() {
	socket=$T/$1
	LAB_USER=$2
	export LAB_USER
	shift 2
	ssh -F "$C" -fNT -M -S "$socket" "$@" jump </dev/null
}

# through PORT: a connection that stays; its pid is in $client.
through() {
	socat -u "TCP:127.0.0.1:$1" "CREATE:$T/$1.out" &
	client=$!
}

ended() {
	within not kill -0 "$1" 2>/dev/null
}

master one alice -L 8001:10.2.0.10:80 -L 8002:10.2.0.11:5432
through 8001
a1=$client
through 8002
a2=$client
master two alice -L 8003:10.2.0.10:80
through 8003
a3=$client
master three carol -L 8004:10.2.0.10:22
through 8004
c1=$client
check "four forwards" within sessions forward 4

# A program of the first connection, and a relay below it.
run ssh -F "$C" -S "$T/one" -O check jump
LAB_USER=alice
mkfifo "$T/kick.fifo"
ssh -F "$C" -S "$T/one" jump connect db1 5432 <"$T/kick.fifo" >"$T/relay" &
exec 7>"$T/kick.fifo"
echo hello >&7
check "a relay beside them" within grep -q hello "$T/relay"

# And one that has no connection yet: it is in no list.
lab on jump nft -f - <<'END'
table inet hole {
	chain output {
		type filter hook output priority 0
		ip daddr 10.2.0.12 drop
	}
}
END
ssh -F "$C" -S "$T/one" jump connect -4 web2 22 </dev/null >/dev/null 2>&1 &
check "a program beside them" logged \
    '"decision","event.outcome":"success".*"destination.address":"web2"'

kick db1:5432 enough
check "a forward: ended" printed '^ended: alice to db1:5432 by forward, from 192\.0\.2\.10$'
check "and what else its connection has" printed '^ended too: alice to web1:80 by forward'
check "and a relay, by name" \
    printed '^ended: alice to db1:5432 by connect, session [a-z2-7]{8}, from'
check "what is in no list is counted" printed '^and 1 other program of the same SSH connections$'
check "exit 0" gave 0
check "no more than that" [ "$(wc -l <"$T/out")" -eq 4 ]
check "the forward has ended" ended "$a2"
check "the other one too" ended "$a1"
check "the program too" ended $!
exec 7>&-
check "recorded" record success '"source.ip":"192.0.2.10","destination.address":"db1","destination.ip":"10.2.0.11","destination.port":5432.*"jump.road":"forward".*"jump.reason":"kicked".*"jump.who":"alice","jump.note":"enough".*"jump.request":"db1:5432"'
check "the other one too" record success '"destination.address":"web1".*"jump.road":"forward".*"jump.request":"db1:5432"'
check "sshd closed the session in order" logged 'session closed for user alice'
check "the user's other connection stays" kill -0 "$a3"
check "and so do those of others" kill -0 "$c1"
check "as who says" sessions forward 2

# A shared account, with a note and without.
master five carol -L 8006:10.2.0.10:22
through 8006
c2=$client
check "two forwards of the account" within sessions 'carol .* forward ' 2
kick --user carol --target web1
check "a user of a shared account: ended" [ "$(grep -c '^ended: carol to web1:22' "$T/out")" -eq 2 ]
check "and gone" ended "$c1"
check "the other too" ended "$c2"
check "recorded" record success '"jump.account":"jump".*"jump.who":"carol"'
master six carol -L 8007:10.2.0.10:22
through 8007
c1=$client
check "a forward of the account" within sessions 'carol .* forward ' 1
lab on jump sh -c 'rm /run/jump/logins/*'
kick carol
check "a user of a shared account: none" gave 1 ""
check "says what could be" said '1 forward of the shared account jump can be of carol too'
kick jump
check "the account: ended" printed '^ended: \(jump\) to web1:22 by forward'
check "recorded as the account's" record success '"jump.account":"jump".*"jump.who":"jump"'
check "it has ended" ended "$c1"

# Stopped by its user.
pid=$(lab on jump jumpctl who --json | sed 's/.*"pid":\([0-9]*\).*/\1/')
lab on -u alice jump kill -STOP "$pid"
within halted "$pid"
kick alice
check "an sshd that its user stopped is killed" printed '^killed: alice to web1:80 by forward'
check "it has ended" ended "$a3"
nothing() {
	who
	silent
}
check "nothing is left" within nothing

# A relay ends with the forward of its own SSH connection, and no other does.
cp "$LAB_BUILD/hold" "$T/hold"
lab on jump sh -c "cd /usr/local/libexec/jump && mv jump-connect away &&
    cp $T/hold jump-connect && chgrp _jump jump-connect &&
    chmod 2755 jump-connect"
master four alice -L 8005:10.2.0.10:80
through 8005
LAB_USER=alice
: >"$T/four.out"
ssh -F "$C" -S "$T/four" jump connect web1 22 >"$T/four.out" </dev/null &
relay=$!
check "a relay of that connection" within grep -q ready "$T/four.out"
hold other -u 2001 -i aaaaaaaa -t db1 -a 10.2.0.11
kick --target web1:80
check "a forward: ended" printed '^ended: alice to web1:80 by forward'
check "its relay too" printed '^ended too: alice to web1:22 by connect, session k3f9abcd'
check "and nothing else" not printed '^and'
check "its record" record success '"jump.session":"k3f9abcd".*"jump.request":"web1:80"'
check "a relay elsewhere stays" sessions aaaaaaaa 1
check "the client's end" ended $relay
unhold other
lab on jump sh -c 'cd /usr/local/libexec/jump && mv away jump-connect'

finish
