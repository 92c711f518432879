# jumpctl kick: what it ends, what ends with that, and what stays.
. "$(dirname "$0")/lib.sh"

cp "$LAB_BUILD/hold" "$T/hold"
GID=990

who() {
	run lab on jump jumpctl who "$@"
}

kick() {
	run lab on jump jumpctl kick "$@"
}

# hold NAME OPTION...: see who.sh.
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

kicked() {
	within grep -qx "kicked by 0: $2" "$T/$1.out"
}

# recorded WHO SESSION: of the last kick.
record() {
	logged "\"event.action\":\"kick\",\"event.outcome\":\"$1\".*$2"
}

sessions() {
	who
	[ "$(grep -c "$1" "$T/out")" -eq "$2" ]
}

policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
END

kick alice
check "nobody to kick" gave 1 ""
check "says so" said 'no such session is live'
check "and is recorded" record failure '"jump.reason":"no such session".*"jump.request":"alice"'

# --- relays ------------------------------------------------------------------

hold a -u 2001 -i aaaaaaaa -t web1
hold b -u 2001 -i bbbbbbbb -t db1 -a 10.2.0.11
hold c -u 2002 -i cccccccc -t web1
hold d -u 2003 -i dddddddd -t alice -a 10.2.0.12
kick aaaaaaaa 'laptop "lost"'
check "a session: ended" gave 0 \
    "ended: alice to web1:22 by connect, session aaaaaaaa, from 192.0.2.10"
check "by the signal of a kick, from root" kicked a aaaaaaaa
check "recorded" record success '"user.name":"root.*"destination.address":"web1".*"jump.session":"aaaaaaaa".*"jump.reason":"kicked".*"jump.who":"alice","jump.note":"laptop \\"lost\\"".*"process.pid":[0-9]+,"jump.request":"aaaaaaaa"'
check "the others stay" sessions connect 3
kick aaaaaaaa
check "ended already" gave 1 ""
kick alice
check "a user and a target: usage" gave 64 ""
check "says so" said "is several things"
check "nothing is ended" sessions connect 3
kick --target web1
check "a target: ended" printed '^ended: bob to web1:22 by connect, session cccccccc'
kick --user alice
check "a user: ended" printed '^ended: alice to db1:22 by connect, session bbbbbbbb'
check "another's stays" sessions connect 1
kick alice
check "not ambiguous any more" printed '^ended: vend1 to alice:22'
for name in a b c d; do
	unhold $name
done

# One that does not hear, and one that is stopped.
hold deaf -u 2001 -i aaaaaaaa -s
kick aaaaaaaa
check "who does not hear is killed" gave 0 \
    "killed: alice to web1:22 by connect, session aaaaaaaa, from 192.0.2.10"
unhold deaf
hold stopped -u 2001 -i aaaaaaaa
who --json
lab on jump kill -STOP "$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$T/out")"
kick aaaaaaaa
check "who is stopped is killed" printed '^killed: alice to web1:22'
unhold stopped

# A file that names a process of somebody else is nobody's session.
hold thief -u 2001 -i aaaaaaaa
lab on jump sh -c 'cd /run/jump/sessions && mv 2001.0 2002.0 && chown 2002 2002.0'
kick aaaaaaaa
check "a process of somebody else: exit 70" gave 70
check "a process of somebody else: not ended" printed '^NOT ended: bob'
check "and is recorded" record failure '"jump.session":"aaaaaaaa".*"jump.reason":"not kicked"'
check "and lives" sessions connect 1
unhold thief
lab on jump rm -f /run/jump/sessions/2002.0

hold many -u 5000 -U 40 -n 10
kick web1:22
check "400 of one target: all ended" [ "$(grep -c '^ended: ' "$T/out")" -eq 400 ]
check "400: exit 0" gave 0
unhold many

# The record is wanted, but holds nothing up.
hold mute -u 2001 -i aaaaaaaa
lab on jump sh -c 'mv /dev/log /dev/log.away'
kick aaaaaaaa
check "without a log: ended" gave 0
check "says so" said 'the log does not take the record'
lab on jump sh -c 'mv /dev/log.away /dev/log'
unhold mute

# --- forwards ----------------------------------------------------------------

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
mkfifo "$T/in.fifo"
ssh -F "$C" -S "$T/one" jump connect db1 5432 <"$T/in.fifo" >"$T/relay" &
exec 7>"$T/in.fifo"
echo hello >&7
check "a program beside them" within grep -q hello "$T/relay"

kick db1:5432 enough
check "a forward: ended" printed '^ended: alice to db1:5432 by forward, from 192\.0\.2\.10$'
check "and what else its connection has" printed '^ended too: alice to web1:80 by forward'
check "is counted" printed '^and 1 other program of the same SSH connections$'
check "exit 0" gave 0
check "no more than that" [ "$(wc -l <"$T/out")" -eq 3 ]
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

# A shared account: whose it is, nobody knows.
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
kick alice
check "an sshd that its user stopped is killed" printed '^killed: alice to web1:80 by forward'
check "it has ended" ended "$a3"
who
check "nothing is left" silent

# A relay ends with the forward of its own SSH connection, and no other does.
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

# --- arguments ---------------------------------------------------------------

run lab on -u alice jump /usr/local/sbin/jumpctl kick bob
check "not by users" gave 73 ""
for wrong in '' '-x' 'a because of' '--user' '--user a b c'; do
	kick $wrong
	check "kick $wrong: usage" gave 64 ""
done
kick ''
check "kick '': usage" gave 64 ""
kick alice "$(head -c 129 /dev/zero | tr '\0' x)"
check "a REASON too long: usage" gave 64 ""
finish
