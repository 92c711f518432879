# SPDX-License-Identifier: ISC
# The program that is asked about tickets, whatever it does.
# runs: once
# lab: LAB_NFT=1
. "$(dirname "$0")/lib.sh"

export LAB_USER=alice
host=$LAB/hosts/jump
program=$host/local/libexec/check-ticket
said_what=$host/tmp/said

# program: standard input is what is asked.
program() {
	rm -f "$program" "$said_what"
	{ echo '#!/bin/sh'; cat; } >"$program.new"
	chmod 755 "$program.new"
	mv "$program.new" "$program"
}

# rules [SETTING]
rules() {
	policy <<-END
		${1:-}
		host plc7 10.50.1.7 tcp 502 alias pump.corp.example
		net lab 10.9.0.0/16 ssh 22
		domain dev "*.dev.corp.example" in 10.8.0.0/16 ssh 22
		allow web: { alice carol } to { web1 web2 plc7 metr lab dev }
		require change: any to { web1 plc7 metr lab dev } ticket "CHG????"
	END
}

# with OPTION REQUEST...: ssh with that option, for the request to jump.
with() {
	option=$1
	shift
	run ssh -F "$C" -o "$option" jump "$@" </dev/null
}

# wants TEXT [REASON]: refused, for a sentence that begins so, with a reference
# that is in the log with this reason; and nothing on the wire.
wants() {
	[ "$status" -eq "${3:-77}" ] && silent && wire_silent &&
	    [ "$(grep -c . "$T/err")" -eq 1 ] && said "^jump: $1" || return 1
	reference=$(sed 's/.*reference \(........\)\.$/\1/' "$T/err")
	logged "\"jump.session\":\"$reference\".*\"jump.reason\":\"$2\""
}

connected() {
	printed '^SSH-2\.0-'
}

wire_tap
# What it is asked, and how.
rules 'set ticket-program "/usr/local/libexec/check-ticket"'
check "the policy loads, and warns that there is no program" \
    said 'ticket-program is not run: there is no such file'
wire_reset
jump connect --ticket CHG1234 web1 22
check "no program: refused" wants 'the ticket CHG1234 cannot be checked now\.' \
    "ticket-program: not an executable file of root's alone" 69
program <<'END'
{ echo "$@"; echo "$0"; id -u; id -g; pwd; umask; env; ls /proc/self/fd
grep -E '^(Uid|Gid|SigIgn|SigBlk)' /proc/self/status; } >/tmp/said 2>&1
END
rules 'set ticket-program "/usr/local/libexec/check-ticket"'
check "a good one: no warning" not said ticket-program
jump connect --ticket CHG1234 web1 22
check "yes: connected" connected
run head -n 1 "$said_what"
check "the arguments" gave 0 "CHG1234 alice web1 22 192.0.2.10"
cat "$said_what" >"$T/out"
check "the path" printed '^/usr/local/libexec/check-ticket$|^/dev/fd/3$'
check "the user's uid" printed '^2001$'
check "our group: real, effective, saved" printed '^Gid:	990	990	990	990'
check "its folder" printed '^/$'
check "its umask" printed '^0077$'
check "nobody's home" printed '^HOME=/$'
check "nothing else of the user's" not printed 'SSH_|JUMP_|USER=|alice=|TMPDIR'
check "no signals blocked" printed '^SigBlk:	0*$'
check "none ignored" printed '^SigIgn:	0*$'
# asked NAME WANT REQUEST...
asked() {
	name=$1 want=$2
	shift 2
	rm -f "$said_what"
	jump connect --ticket CHG1234 "$@"
	status=0
	check "$name" test "$(head -n 1 "$said_what")" = "CHG1234 alice $want"
}
asked "an alias is the host" "plc7 502 192.0.2.10" pump.corp.example 502
asked "an address is the host" "web1 22 192.0.2.10" 10.2.0.10 22
asked "a net is the address" "10.9.0.2 22 192.0.2.10" 10.9.0.2 22
asked "a domain is the name" "app1.dev.corp.example 22 192.0.2.10" \
    app1.dev.corp.example 22
asked "a socket has no port" "metr - 192.0.2.10" -U /run/metrics/api.sock
rm -f "$said_what"
LAB_USER=carol
jump connect --ticket CHG1234 web1 22
LAB_USER=alice
check "on a shared account it is the person" \
    test "$(head -n 1 "$said_what")" = "CHG1234 carol web1 22 192.0.2.10"
rm -f "$said_what"
jump connect web2 22
jump connect --ticket CHG1234 web2 22
jump connect web1 22
jump connect --ticket CHG1 web1 22
jump connect --ticket CHG1234 db1 22
with SetEnv=JUMP_TICKET=CHG1234 why web1:22
check "nobody asks where all else is not met, or no ticket is wanted" \
    test ! -e "$said_what"
run lab on -u alice jump /usr/local/libexec/jump/jump-connect \
    --ticket=CHG1234 web1 22 </dev/null
check "by hand: no address" \
    test "$(head -n 1 "$said_what")" = "CHG1234 alice web1 22 -"

# The firewall, which holds the user's own programs, lets it pass.
program <<'END'
exec python3 -c 'import socket
socket.create_connection(("10.2.0.11", 5432), 3)'
END
run lab on -u alice jump python3 -c 'import socket
socket.create_connection(("10.2.0.11", 5432), 3)'
check "control: the firewall holds the user's programs" not gave 0
jump connect --ticket CHG1234 web1 22
check "the firewall lets it pass" connected

# What python3 loads from the home of whom it runs for is not the user's.
customs=$host/home/alice/.local/lib/python$(python3 -c 'import sys
print("%d.%d" % sys.version_info[:2])')/site-packages
mkdir -p "$customs"
echo 'import os; os._exit(0)' >"$customs/usercustomize.py"
chown -R 2001:2001 "$host/home/alice/.local"
program <<'END'
exec python3 -c 'import sys; sys.exit(3)'
END
run lab on -u alice jump env HOME=/home/alice python3 -c 'import sys; sys.exit(3)'
check "control: python3 loads a file of the user's" gave 0
wire_reset
jump connect --ticket CHG1234 web1 22
check "for the program it does not" wants \
    'the ticket CHG1234 cannot be checked now\.' \
    'ticket-program: exit status 3' 69
rm "$customs/usercustomize.py"

# Its time is not that of connecting; and when it has answered, who asked has
# gone, also of a ticket that nobody wants.
echo 'sleep 2' | program
jump connect -w 1 --ticket CHG1234 web1 22
check "its time is not that of -w" connected
echo 'exit 0' | program
# alone HOST: a session with a ticket has no child.
alone() {
	sleep 60 | ssh -F "$C" jump connect --ticket CHG1234 "$1" 22 \
	    >/dev/null 2>&1 &
	within sessions " $1:22 " 1 || return 1
	run lab on jump jumpctl who --json
	pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$T/out" | head -n 1)
	tasks=$(cat "/proc/$pid/task/$pid/children") || return 1
	kick "$(sed -n 's/.*"id":"\([a-z2-7]*\)".*/\1/p' "$T/out")"
	[ -z "$tasks" ]
}
check "a relay has no child" alone web1
check "a relay has no child, with a ticket for nothing" alone web2

# Whatever it does.
failed() {
	wants 'the ticket CHG1234 cannot be checked now\.' "ticket-program: $1" 69
}
# answers NAME TEST... : the program is standard input.
answers() {
	name=$1
	shift
	program
	wire_reset
	jump connect --ticket CHG1234 web1 22
	check "$name" "$@"
	check "$name: nothing is left" within nothing_left
}
nothing_left() {
	! grep -zlx -e /dev/fd/3 -e 987654 /proc/[0-9]*/cmdline >/dev/null 2>&1
}
echo 'exit 1' | answers "no" wants \
    'the ticket CHG1234 does not open web1:22\.' 'ticket-program: no'
echo 'exit 2' | answers "junk" failed 'exit status 2'
echo 'exit 255' | answers "more junk" failed 'exit status 255'
echo 'nosuchcommand' | answers "a mistake" failed 'exit status 127'
echo 'kill -SEGV $$' | answers "a crash" failed 'signal 11'
echo 'kill -9 0' | answers "a kill of its group" failed 'signal 9'
echo 'sleep 987654' | answers "it hangs" failed 'no end in 5 s'
answers "it hangs, and will not hear of it" failed 'no end in 5 s' <<'END'
trap '' TERM INT HUP
while :; do sleep 987654; done
END
answers "a flood" connected <<'END'
head -c 104857600 /dev/zero
head -c 104857600 /dev/zero >&2
END
answers "a daemon that keeps all open" connected <<'END'
setsid sh -c 'trap "" HUP TERM; sleep 987654' &
sleep 987654 &
exit 0
END
answers "daemons of daemons" connected <<'END'
for i in 1 2 3 4 5; do
	setsid sh -c 'setsid sh -c "sleep 987654 & sleep 987654 & wait" & wait' &
done
sleep 0.2
exit 0
END
echo 'exit 0' | program
chmod 775 "$program"
wire_reset
jump connect --ticket CHG1234 web1 22
check "group-writable" failed "not an executable file of root's alone"
chmod 644 "$program"
jump connect --ticket CHG1234 web1 22
check "not executable" failed "not an executable file of root's alone"
run lab on jump jumpctl doctor
check "doctor says so" printed 'FAIL.*ticket-program: /usr/local/libexec/check-ticket is not an executable'
chown 0:0 "$program"
chmod 700 "$program"
jump connect --ticket CHG1234 web1 22
check "root's alone" failed 'exit status 127'
run lab on jump jumpctl doctor
check "doctor says so" printed 'FAIL.*ticket-program: .* cannot be executed by the group'
chown 0:990 "$program"
chmod 750 "$program"
jump connect --ticket CHG1234 web1 22
check "the group's: a program that users cannot read" connected
run lab on -u alice jump cat /usr/local/libexec/check-ticket
check "... which they cannot" not gave 0
run lab on jump jumpctl doctor
check "doctor is content" printed "ok .*tickets: /usr/local/libexec/check-ticket is root"

# What else runs as the user, while the program does.
program <<'END'
echo $$ >/tmp/said.new && mv /tmp/said.new /tmp/said
sleep 987654
exit 1
END
# begin [OUT]: a request that is being asked about; $asker asks, $asked is asked.
begin() {
	rm -f "$said_what"
	wire_reset
	lab on -u alice jump /usr/local/libexec/jump/jump-connect \
	    --ticket=CHG1234 web1 22 </dev/null >"${1:-$T/bg.out}" 2>"$T/bg.err" &
	request=$!
	within test -e "$said_what"
	asked=$(cat "$said_what")
	asker=$(lab on jump sed -n 's/^PPid:	//p' "/proc/$asked/status")
}
ended() {
	wait $request
	status=$?
	: >"$T/out"
	cp "$T/bg.err" "$T/err"
}
begin
cp "$LAB_REPO/tests/e2e/grasp.py" "$host/local/grasp.py"
run lab on -u alice jump python3 /usr/local/grasp.py "$asked" "$asker"
check "the user's other processes have no hold on it" gave 0
grep '^not' "$T/out" || :
check "... though they would have, of one of the user's" \
    test "$(grep -c '^control: .*: done' "$T/out")" -ge 6
ended
check "... and it was not disturbed" failed 'no end in 5 s'
begin
lab on -u alice jump kill -KILL "$asked"
ended
check "to kill it only refuses" failed 'signal 9'
begin
lab on -u alice jump kill -TERM "$asked"
ended
check "to end it only refuses" failed 'signal 15'
begin
lab on -u alice jump kill -KILL "$asker"
ended
check "to kill who asks only refuses" failed 'ended from outside'
check "... and nothing is left" within nothing_left
begin
lab on -u alice jump kill -STOP "$asker"
ended
check "to stop who asks only refuses" failed 'ended from outside'
check "nothing is left" within nothing_left
begin
kill -KILL "$(sed -n 's/^PPid:	//p' "/proc/$asker/status")"
ended
check "with who wants to know, it ends" within nothing_left
mkfifo "$T/fifo"
cat "$T/fifo" >/dev/null &
reader=$!
begin "$T/fifo"
kill "$reader"
ended
check "without its client, it is refused" wants 'nobody reads what comes\.' \
    'the client is gone' 76
check "without its client, it ends" within nothing_left

# Many at once: the program waits until there were too many.
program <<'END'
: >/tmp/many/$$
ls /tmp/many | wc -l >>/tmp/counts
late=$(($(date +%s) + 3))
until [ -e /tmp/full ] || [ "$(date +%s)" -ge "$late" ]; do sleep 0.05; done
rm /tmp/many/$$
END
lab on -u alice jump mkdir /tmp/many
{
	logged '"jump.reason":"too many tickets are being checked"'
	lab on jump touch /tmp/full
} &
lab on -u alice jump sh -c 'for i in $(seq 64); do
	(/usr/local/libexec/jump/jump-connect --ticket=CHG1234 web1 22 \
	    </dev/null >/dev/null 2>&1; echo $?) & done; wait' >"$T/out"
most=$(sort -n "$host/tmp/counts" | tail -n 1)
check "64 at once: at most 20 of one user are asked about" \
    test "$most" -le 20 -a "$most" -ge 2
check "64 at once: all end, in order" test "$(grep -cx -e 0 -e 75 "$T/out")" -eq 64
check "64 at once: some were too many" logged \
    '"jump.reason":"too many tickets are being checked"'
check "64 at once: nothing is left" within nothing_left

finish
