# Devices in what people look at: jumpctl devices, who, kick; list, why; config;
# and the log.
# runs: once
. "$(dirname "$0")/lib.sh"

devices() {
	run lab on jump jumpctl devices "$@"
}

# state NAME STATE: as the table has it.
state() {
	devices "$1"
	printed "^$1 +$2 "
}

lab on jump sh -c 'set -eu
for i in 1 2 3 4; do
	echo "rtu$i:x:220$i:220$i::/home/rtu$i:/bin/sh" >>/etc/passwd
	echo "rtu$i:x:220$i:" >>/etc/group
	install -d -m 700 -o 220$i -g 220$i /home/rtu$i
done
sed -i "s/^jump-devices:.*/jump-devices:x:2101:rtu1,rtu2,rtu3,rtu4/" /etc/group'

policy <<'END'
allow all: alice to { web1 }
END
devices
check "no devices: nothing" gave 0 ""
run lab on -u alice jump /usr/local/sbin/jumpctl devices
check "not by users" gave 73 ""
devices --frob
check "usage" gave 64 ""

policy <<'END'
device rtu1 127.77.0.1 ssh 2222 tcp 8080 account rtu1 tag ot
device rtu2 "/run/jump/devices/rtu2/ssh.sock" ssh account rtu2
allow all: alice to { rtu1 rtu2 }
END
devices
check "nobody is there: offline" printed '^rtu1 offline 127\.77\.0\.1:2222,8080 +- +- +- +- +0$'
check "nor at a path" printed '^rtu2 offline /run/jump/devices/rtu2/ssh\.sock +- +- +- +- +0$'
check "exit 0" gave 0
devices rtu1
check "by name: not online" gave 1
devices nobody
check "by name: no such device" said '^jumpctl: nobody: no device of the policy$'
run lab on jump jumpctl kick --device rtu1
check "kick: nobody is there" said '^jumpctl: rtu1 is not logged in$'
check "kick: exit 1" gave 1 ""
check "kick: on record" logged '"event.action":"kick","event.outcome":"failure".*"jump.request":"rtu1"'

# Somebody else listens: at the address, at all addresses, at the path.
lab on -u alice jump socat TCP-LISTEN:2222,bind=127.77.0.1,fork PIPE &
one=$!
check "another's listener: foreign" within state rtu1 foreign
check "and whose" printed '^  127\.77\.0\.1:2222: socat, pid [0-9]+, of alice \(uid 2001\), listens$'
kill $one
check "gone: offline" within state rtu1 offline
lab on -u alice jump socat TCP-LISTEN:8080,fork PIPE &
one=$!
check "at any address: foreign" within state rtu1 foreign
check "and at which" printed '^  0\.0\.0\.0:8080: socat, '
kill $one
lab on jump sh -c 'install -d /run/jump/devices/rtu2 &&
    exec socat UNIX-LISTEN:/run/jump/devices/rtu2/ssh.sock,fork PIPE' &
one=$!
check "at the path: foreign" within state rtu2 foreign
devices --json rtu2
check "--json" python3 -c 'import json, sys
[o] = [json.loads(line) for line in open(sys.argv[1])]
assert o["version"] == 1 and o["device"] == "rtu2" and o["state"] == "foreign"
assert o["logins"] == [] and len(o["troubles"]) == 1, o' "$T/out"
kill $one
finish
