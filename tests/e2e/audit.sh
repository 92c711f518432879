# SPDX-License-Identifier: ISC
# What cannot be recorded does not happen; and one session has one id.
. "$(dirname "$0")/lib.sh"

policy <<'END'
allow web: { alice carol } to web1:22
END
wire_tap

# Only a session that exists already can ask while nobody logs in.
master() {
	ssh -F "$C" -fNT -S "$T/control" -M jump </dev/null >/dev/null 2>&1
}

# shared WORDS...: over the master; took is how many milliseconds.
shared() {
	start=$(date +%s%N)
	run ssh -F "$C" -S "$T/control" jump "$@" </dev/null
	took=$((($(date +%s%N) - start) / 1000000))
}

records() {
	grep "\"jump.session\":\"$1\"" "$LAB/jump.log" |
	    sed 's/.*"event.action":"\([a-z]*\)".*/\1/' | tr '\n' ' '
}

three() {
	[ "$(records "$id")" = "decision open close " ]
}

run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" web1 hostname \
    </dev/null
check "a session" gave 0 web1
logged '"event.action":"close"'
id=$(sed -n 's/.*"event.action":"close".*"jump.session":"\([a-z2-7]*\)".*/\1/p' \
    "$LAB/jump.log" | tail -n 1)
check "has one id on decision, open and close" three
check "names user, source and target" logged "\"user.name\":\"alice\",\"user.id\":\"2001\",\"source.ip\":\"192.0.2.10\",\"destination.address\":\"web1\",\"destination.ip\":\"10.2.0.10\",\"destination.port\":22,\"jump.session\":\"$id\""
check "counts its bytes" logged "\"jump.session\":\"$id\".*\"source.bytes\":[1-9][0-9]*,\"destination.bytes\":[1-9]"

jump why db1:22
check "a question that is refused is recorded as a question" logged '"destination.address":"db1".*"jump.verdict":"deny".*"jump.request":"why db1:22"'
jump connect web1 99999
check "what is no port is named" said '^jump: 99999 is no port \(1 to 65535\)\. Ask '

# Whatever a user types comes out as printable ASCII, in one line.
jump connect "$(printf 'a\nb\033[31m\303\244')" 22
jump "$(printf 'x\n<36>Nov 20 16:02:11 jump-connect[1]: @cee: {\"forged\":1}')"
check "no control bytes in the log" \
    not grep -q "$(printf '[\001-\010\013-\037]')" "$LAB/jump.log"
check "no line of the user's own" \
    not grep -qE '^[^ ]+ jump jump-connect\[1\]' "$LAB/jump.log"

master
lab on jump mv /dev/log /dev/log.away
wire_reset
shared connect web1 22
check "no log: connect exits 70" gave 70 ""
check "no log: soon ($took ms)" [ $took -lt 10000 ]
check "no log: it says so" said '^jump'
check "no log: nothing on the wire" wire_silent
shared connect db1 22
check "no log: a refusal exits 70 too, or says that it is not recorded" \
    not gave 0
jump connect web1 22
check "no log: nobody logs in" no_login
lab on jump mv /dev/log.away /dev/log
typed "" ssh -F "$C" -S "$T/control" jump connect web1 22
check "the log is back: connect works" printed '^SSH-2\.0-'

# A log that is there and takes nothing.
lab on jump mv /dev/log /dev/log.away
lab on jump python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
import os
os.chmod("/dev/log", 0o666)
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.setblocking(False)
try:
    while True:
        c.sendto(b"x", "/dev/log")
except BlockingIOError:
    pass
open("/run/full", "w")
time.sleep(100)' &
within lab on jump test -e /run/full
wire_reset
# By hand: sshd itself waits for such a log, before it starts anything.
start=$(date +%s%N)
run lab on -u alice jump /usr/local/libexec/jump/jump-connect web1 22
took=$((($(date +%s%N) - start) / 1000000))
check "a full log: connect exits 70" gave 70 ""
check "a full log: nothing on the wire" wire_silent
check "a full log: soon ($took ms)" [ $took -lt 10000 ]
lab on jump mv /dev/log.away /dev/log
run ssh -F "$C" -S "$T/control" -O exit jump
finish
