# SPDX-License-Identifier: ISC
# jumpctl log --refused: the reason of every refusal of a user, also where the
# client was told "administratively prohibited" or "Permission denied".
. "$(dirname "$0")/lib.sh"

list() {
	run lab on jump jumpctl log "$@" </dev/null
}

lists_once() {
	list --refused --user bob
	printed "$1"
}

# because ROAD TARGET REASON: a line says so, sooner or later.
because() {
	within lists_once "^[ ~]..:..:.. refused +bob +192\.0\.2\.10 +$2 +$1 +.*$3"
}

forward() {
	as bob run ssh -F "$C" -W "$1" jump </dev/null
}

# story TARGET STATUS: that of the last refusal ends with a question that runs.
story() {
	list --refused --user bob --json
	ref=$(sed -n 's/.*"ref":"\([^"]*\)".*/\1/p' "$T/out" | tail -n 1)
	list "$ref" --target "$1"
	asked=$(sed -n '$s/^ask again: //p' "$T/out")
	[ -n "$asked" ] || return 1
	run lab on jump sh -c "$asked"
	[ "$status" -eq "$2" ]
}

prohibited() {
	[ "$status" -eq 255 ] && said 'administratively prohibited'
}

denied() {
	[ "$status" -eq 255 ] && said 'Permission denied'
}

take_dev_log
start_rsyslog

policy <<END
user bob
key bob "ssh-ed25519 AAAA"
window w $(day 3) 08:00-09:00
window all $(day 0) 00:00-24:00
net lab 10.9.0.0/16 ssh 22
allow web: bob to web1:22
allow later: bob to db1:5432 when w
allow few: bob to web2:22 max 2
allow near: bob to web2:80 from 192.0.2.0/24
allow nets: bob to lab
allow ends: bob to db1:22 when all
END

as alice run ssh -F "$C" -l bob jump list </dev/null
check "an unknown key: all that sshd says" denied
check "an unknown key" because - - 'the policy has no such key for this account'
set --
for i in 1 2 3 4 5 6 7; do
	ssh-keygen -q -t ed25519 -N '' -f "$T/key$i"
	set -- "$@" -i "$T/key$i"
done
as bob run ssh -F "$C" -o IdentityFile=none "$@" jump list </dev/null
check "too many keys" because - - 'Too many authentication failures; the last key: the policy has no such key for this account'
as bob run ssh -F "$C" -o PreferredAuthentications=password jump list </dev/null
check "no key at all: all that sshd says" denied
check "no key at all" because - - 'sshd tells of no key: none was offered, or LogLevel is not VERBOSE'
forward web1:80
check "no rule: all that sshd says" prohibited
check "no rule" because forward web1:80 'policy now: no allow rule matches$'
check "no rule: its story" story web1:80 1
forward db1:5432
check "a window" because forward db1:5432 'later allows it only when w$'
check "a window: its story" story db1:5432 1
forward web2:22
check "max" because forward web2:22 'an obligation cannot be held on this road: max'
check "max: its story" story web2:22 1
forward web2:80
check "from on a rule" because forward web2:80 'policy now: .*near.* from .*, which this road cannot tell$'
forward 10.9.0.1:22
check "a net" because forward 10.9.0.1:22 'policy now: no allow rule matches; nets allows it, but not on this road$'
forward db1:22
check "no sweeps: prohibited" prohibited
check "no sweeps" because forward db1:22 'if no sweep ran then: '
as bob run ssh -F "$C" jump connect db1 5432 </dev/null
check "connect: a window" because connect db1:5432 'no allow rule matches; policy now: later allows it only when w$'
check "connect: its story" story db1:5432 1
as bob run ssh -F "$C" jump connect web1 80 </dev/null
check "connect: no rule" because connect web1:80 'no allow rule matches$'

as bob run ssh -F "$C" jump ssh nothere </dev/null
check "shell: not granted there" because shell nothere:22 'no allow rule matches$'
as bob run ssh -F "$C" jump ssh root@web1 </dev/null
check "shell: no host key" because shell web1:22 'no host key in the policy$'
as bob run ssh -F "$C" jump why web1:8080 </dev/null
check "a question" not lists_once '.* web1:8080'

# path: a forward to a socket, which any ssh can ask for by -L.
path() {
	as bob ssh -F "$C" -N -L "$T/local:$1" jump </dev/null 2>/dev/null &
	client=$!
	within test -S "$T/local"
	run python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.recv(1)' "$T/local"
	kill "$client"
	wait "$client" 2>/dev/null
}
path /run/metrics/api.sock
check "a socket" because forward /run/metrics/api.sock 'policy now: no allow rule matches$'
check "a socket: its story" story /run/metrics/api.sock 1

# The last sweep is all that is known of sweeps.
run lab on jump jumpctl sweep
check "sweeps run now" gave 0
check "before is not known" because forward db1:22 'if no sweep ran then: '
lab on jump touch -d '10 minutes ago' /run/jump/swept
check "after the last one it is" because forward db1:22 'policy now: no allow rule matches; ends allows it only when all$'

policy <<END
user bob
key bob "ssh-ed25519 AAAA"
allow few: bob to web1:22 max 2
END
forward web1:22
check "no right to any forward: all that sshd says" prohibited
check "no right to any forward" because forward web1:22 'an obligation cannot be held on this road: max'
check "no right to any forward: its story" story web1:22 1
policy <<END
user bob until 2026-01-01T00:00Z
key bob "ssh-ed25519 AAAA"
allow web: bob to web1:22
END
as bob run ssh -F "$C" jump list </dev/null
check "expired: all that sshd says" denied
check "expired" because - - 'the user has expired'
policy <<END
user bob
key bob "ssh-ed25519 AAAA" from { 198.51.100.0/24 }
allow web: bob to web1:22
END
as bob run ssh -F "$C" jump list </dev/null
check "from of the key" because - - 'the key is not for the address of the client'
policy <<END
user bob
key bob "ssh-ed25519 AAAA"
allow web: bob to web1:22
END
lab on jump jumpctl lock bob
as bob run ssh -F "$C" jump list </dev/null
check "locked" because - - 'the user is locked'
lab on jump jumpctl unlock bob
policy <<END
allow web: alice to web1:22
END
as bob run ssh -F "$C" jump list </dev/null
check "not of the policy: all that sshd says" denied
check "not of the policy" because - - 'the policy has no such key for this account'
finish
