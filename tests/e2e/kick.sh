# SPDX-License-Identifier: ISC
# jumpctl kick: relays.
# runs: once
. "$(dirname "$0")/lib.sh"

# kicked NAME ID: the session of hold NAME was told so, by root.
kicked() {
	within grep -qx "kicked by 0: $2" "$T/$1.out"
}

# record OUTCOME REGEX: of a kick.
record() {
	logged "\"event.action\":\"kick\",\"event.outcome\":\"$1\".*$2"
}

policy <<'END'
device rtu17 127.77.0.17 ssh 2222
key rtu17 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
allow all: { alice carol } to { web1 web2 db1 }
END

kick alice
check "nobody to kick" gave 1 ""
check "says so" said 'no such session is live'
check "and is recorded" record failure '"jump.reason":"no such session".*"jump.request":"alice"'

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
check "says which" said "^jumpctl: \`alice' is a user and a target: say --user or --target; nothing is ended\$"
check "in one line" [ "$(grep -c . "$T/err")" -eq 1 ]
check "nothing is ended" sessions connect 3
kick --target web1
check "a target: ended" printed '^ended: bob to web1:22 by connect, session cccccccc'
kick --user alice
check "a user: ended" printed '^ended: alice to db1:22 by connect, session bbbbbbbb'
check "another's stays" sessions connect 1
kick alice
check "a user who has gone is a user still" gave 64 ""
check "that one is not ended" sessions connect 1
kick alice:22
check "what only a target is called" printed '^ended: vend1 to alice:22'
for name in a b c d; do
	unhold $name
done

# An id that is a user's name, or a target's, or both.
hold e -u 2002 -i alice -t web1
kick alice
check "a session and a user: usage" gave 64 ""
check "says which" said "is a session and a user: say --session or --user; nothing is ended\$"
kick --user alice
check "the user has none" gave 1 ""
kick --session alice
check "the session" printed '^ended: bob to web1:22 by connect, session alice'
unhold e
hold e -u 2002 -i web2 -t web1
kick web2
check "a session and a target: usage" gave 64 ""
check "says which" said "is a session and a target: say --session or --target; nothing is ended\$"
hold f -u 2003 -i ffffffff -t alice -a 10.2.0.12
hold g -u 2001 -i alice -t web1
kick alice
check "all three: usage" gave 64 ""
check "says which" said "is a session, a user and a target: say --session, --user or --target; nothing is ended\$"
check "nothing is ended" sessions connect 3
for name in e f g; do
	unhold $name
done
hold e -u 2001 -i aaaaaaaa -t rtu17 -a 127.77.0.17
kick rtu17
check "a device is a target" printed '^ended: alice to rtu17:22'
unhold e

# One that does not hear, and one that is stopped.
hold deaf -u 2001 -i aaaaaaaa -s
kick aaaaaaaa
check "who does not hear is killed" gave 0 \
    "killed: alice to web1:22 by connect, session aaaaaaaa, from 192.0.2.10"
unhold deaf
hold stopped -u 2001 -i aaaaaaaa
who --json
pid=$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$T/out")
lab on jump kill -STOP "$pid"
within halted "$pid"
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

# Arguments.
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
