# SPDX-License-Identifier: ISC
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
lab on -u alice jump socat TCP-LISTEN:2222,bind=127.77.0.1,reuseaddr,fork PIPE &
one=$!
check "another's listener: foreign" within state rtu1 foreign
check "and whose" printed '^  127\.77\.0\.1:2222: socat, pid [0-9]+, of alice \(uid 2001\), listens$'
kill $one
check "gone: offline" within state rtu1 offline
lab on -u alice jump socat TCP-LISTEN:8080,reuseaddr,fork PIPE &
one=$!
check "at any address: foreign" within state rtu1 foreign
check "and at which" printed '^  0\.0\.0\.0:8080: socat, '
kill $one
lab on jump socat UNIX-LISTEN:/run/jump/devices/rtu2/ssh.sock,fork PIPE &
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

as alice jump list
check "list: offline, at the end" printed "^rtu1	2222	ssh	[a-z]+	open	pump 1	offline$"
check "list: not of hosts" printed "^web1	22	ssh	[a-z]+	open	$"
as alice jump why rtu1
check "why: offline" printed '^But rtu1 is offline now\.$'
device_up rtu1 rtu1 -R 127.77.0.1:2222:localhost:22 \
    -R 127.77.0.1:8080:localhost:80
device_up rtu2 rtu2 -R /run/jump/devices/rtu2/ssh.sock:localhost:22
device_up box1 boxes -R /run/jump/devices/box1/ssh.sock:localhost:22
for d in rtu1 rtu2 box1; do
	check "$d is online" within state $d online
	check "$d: since, from, bytes" printed "^$d +online +[^ ]+ +[0-9:]+ +10\\.2\\.0\\.10 +[0-9.]+K? +[0-9.]+K? +0$"
done
as alice jump list
check "list: online, at the end" printed "^rtu2	/run/jump/devices/rtu2/ssh.sock	ssh	[a-z]+	open		online$"
as alice jump why rtu1
check "why: no word" not printed offline
as alice jump why rtu2
check "why: a path, by ssh from here" printed '^rtu2 is open to you by ssh from here: ssh -t JUMPHOST ssh alice@rtu2\.$'
run lab on jump jumpctl who --devices
check "who: each login" printed '^box1 +/run/jump/devices/box1/ssh\.sock +[0-9:]+ 10\.2\.0\.10 .* open$'
check "who: of all" [ "$(wc -l <"$T/out")" -eq 4 ]
run lab on jump jumpctl who --devices --json boxes
check "who: of an account" python3 -c 'import json, sys
[o] = [json.loads(line) for line in open(sys.argv[1])]
assert o["device"] == "box1" and o["account"] == "boxes" and o["uid"] == 2203, o
assert o["key"].startswith("SHA256:") and o["sent"] > 1000, o' "$T/out"
run lab on jump jumpctl who --devices nobody
check "who: of nobody" gave 1 ""
run lab on jump script -qec "jumpctl who" /dev/null
check "who on a terminal: how many" printed '^3 of 3 devices online: jumpctl devices'
run lab on jump jumpctl who
check "who: else not" gave 0 ""

# Sessions of users: each counts.
through() {
	devices "$1"
	printed " $2$"
}

mkfifo "$T/fifo"
cat >"$T/config" <<END
Host rtu1 rtu2
    HostKeyAlias web1
Host rtu1
    ProxyCommand ssh -F $C jump connect %h 2222
Host rtu2
    ProxyCommand ssh -F $C jump connect %h %p
Host *
    Include $C
END
ssh -F "$T/config" rtu1 cat <"$T/fifo" >/dev/null 2>&1 &
ssh -F "$T/config" rtu2 cat <"$T/fifo" >/dev/null 2>&1 &
exec 9>"$T/fifo"
check "a session by the address" within through rtu1 1
check "a session by the path" within through rtu2 1
exec 9>&-
check "and its end" within through rtu2 0

# An end, by an administrator.
run lab on jump jumpctl kick --device rtu2 "new firmware"
check "kick: its login" gave 0
check "kick: says which" printed '^ended: login of rtu2 from 10\.2\.0\.10, pid [0-9]+$'
check "kick: on record" logged '"event.action":"kick","event.outcome":"success".*"source.ip":"10.2.0.10".*"jump.who":"rtu2","jump.note":"new firmware"'
check "kick: offline" within state rtu2 offline
as alice jump list
check "list: offline again" printed '^rtu2	.*	offline$'

# Twice.
device_up box1 boxes
lab on web1 env LAB_USER=device ssh -F "$C" -i "$T/box1" -l boxes \
    -o HostName=10.2.0.1 -fN jump </dev/null >/dev/null 2>&1
check "a second login: duplicate" within state box1 duplicate
check "which listens" printed '^  login since .* from 10\.2\.0\.10, pid [0-9]+, listens at /run/jump/devices/box1/ssh\.sock$'
check "which does not" printed '^  login since .* from 10\.2\.0\.10, pid [0-9]+, listens nowhere$'
run lab on jump jumpctl kick --device box1
check "kick: all of them" [ "$(grep -c '^ended: login of box1' "$T/out")" -ge 2 ]
check "kick: none is left" within state box1 offline

# What goes wrong with sshd: it listens elsewhere; it does not listen.
lab on web1 env LAB_USER=device ssh -F "$C" -i "$T/box1" -l boxes \
    -o HostName=10.2.0.1 -fN jump </dev/null >/dev/null 2>&1
check "no -R: offline" within state box1 offline
# told NAME REGEX: below it in the table.
told() {
	devices "$1"
	printed "$2"
}
check "and why" within told box1 '^  logged in from 10\.2\.0\.10, pid [0-9]+, but not listening at /run/jump/devices/box1/ssh\.sock$'
run lab on jump jumpctl kick --device rtu1
device_up rtu1 rtu1 -R 127.77.0.1:2223:localhost:22
check "another port: refused" [ "$status" -ne 0 ]
device_up rtu1 rtu1 -R "*:2222:localhost:22"
check "all addresses: refused" [ "$status" -ne 0 ]
lab on jump socat TCP-LISTEN:2222,bind=127.77.0.1,reuseaddr PIPE &
one=$!
within state rtu1 foreign || :
device_up rtu1 rtu1 -R 127.77.0.1:2222:localhost:22
check "somebody is there: it cannot" [ "$status" -ne 0 ]
kill $one

# ports WORD: GatewayPorts of sshd.
ports() {
	lab on jump sh -c "sed -i 's/GatewayPorts .*/GatewayPorts $1/' \
	    /etc/ssh/sshd_config.d/70-jump-devices.conf
	    pid=\$(cat /run/sshd.pid); rm /run/sshd.pid; kill -HUP \$pid"
	within lab on jump test -s /run/sshd.pid
}

for word in no yes; do
	ports $word
	device_up rtu1 rtu1 -R 127.77.0.1:2222:localhost:22
	addr=$([ $word = no ] && echo '127\.0\.0\.1' || echo '0\.0\.0\.0')
	check "GatewayPorts $word: offline, and why" within told rtu1 \
	    "; it is at $addr:2222.*: GatewayPorts of sshd is"
	check "GatewayPorts $word: offline" printed '^rtu1 +offline '
	run lab on jump jumpctl kick --device rtu1
done
ports clientspecified

# The log.
log() {
	run lab on jump jumpctl log --file "$LAB/jump.log" "$@"
}
log
check "log: who listens" printed '^ ?[?]?..:..:.. listen +rtu1 +10\.2\.0\.10 +127\.77\.0\.1:2222 +- +p[0-9]+'
check "log: at a path, by the device's name" printed ' listen +box1 +10\.2\.0\.10 +/run/jump/devices/box1/ssh\.sock +- +p[0-9]+'
check "log: another port" printed 'refused +rtu1 +10\.2\.0\.10 +127\.77\.0\.1:2223 .*it may not listen there'
check "log: all addresses" printed 'refused +rtu1 +10\.2\.0\.10 +[*]:2222 .*it may not listen there'
check "log: somebody is there" printed 'failed +rtu1 +10\.2\.0\.10 +127\.77\.0\.1:2222 .*cannot listen: Address already in use'
log --outcome listen --user rtu2
check "log: only that" [ "$(grep -c ' listen ' "$T/out")" -eq 1 ]
ref=$(sed -n 's/.* \(p[0-9]*\).*/\1/p' "$T/out" | head -n 1)
log "$ref"
check "log: of one login" printed 'logout +rtu2 '
check "log: what to look at now" printed '^see now: jumpctl devices rtu2$'
finish
