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

device_account rtu1 2201
device_account rtu2 2202
device_account boxes 2203

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

# --- real ones -----------------------------------------------------------------

keys=$(for d in rtu1 rtu2 box1; do device_key $d; done)
web1key=$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")
policy <<END
user root
device rtu1 127.77.0.1 ssh 2222 tcp 8080 account rtu1 tag ot comment "pump 1"
device rtu2 "/run/jump/devices/rtu2/ssh.sock" ssh account rtu2 tag ot
device box1 "/run/jump/devices/box1/ssh.sock" ssh account boxes replace
$keys
hostkey rtu1 "$web1key"
hostkey rtu2 "$web1key"
hostkey box1 "$web1key"
allow all: alice to { rtu1 rtu2 box1 web1 }
END

# up NAME ACCOUNT OPTION...: a connection that stays until down NAME.
up() {
	up=$1
	as_device "$@" -M -S "$T/s.$1" -fN jump >"$T/out" 2>"$T/err" </dev/null
	status=$?
	last="up $*"
}

down() {
	ssh -F "$C" -S "$T/s.$1" -O exit jump 2>/dev/null
}

tunnels() {
	up rtu1 rtu1 -R 127.77.0.1:2222:10.2.0.10:22 \
	    -R 127.77.0.1:8080:10.2.0.10:80
	up rtu2 rtu2 -R /run/jump/devices/rtu2/ssh.sock:10.2.0.10:22
	up box1 boxes -R /run/jump/devices/box1/ssh.sock:10.2.0.10:22
}

as alice jump list
check "list: offline, at the end" printed "^rtu1	2222	ssh	[a-z]+	open	pump 1	offline$"
check "list: not of hosts" printed "^web1	22	ssh	[a-z]+	open	$"
as alice jump why rtu1
check "why: offline" printed '^But rtu1 is offline now\.$'
tunnels
for d in rtu1 rtu2 box1; do
	check "$d is online" within state $d online
	check "$d: since, from, bytes" printed "^$d +online +[^ ]+ +[0-9:]+ +192\\.0\\.2\\.[0-9]+ +[0-9.]+K? +[0-9.]+K? +0$"
done
finish
