# SPDX-License-Identifier: ISC
# Who stands in for a device: at its address, at its path, behind the name of
# another, with another's host key; by connect, shell, the gate and ProxyJump.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

# A newer sshd speaks to a newer ssh.
newer=$LAB_REPO/.cache/client-newer/usr/bin/ssh
if [ "$LAB_SSHD" != "$LAB_STOCK" ] && [ -x "$newer" ]; then
	lab on jump mount --bind "$newer" /usr/bin/ssh
fi
# The last of a connection would hold its port for a minute: tcp(7).
lab on jump sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_max_tw_buckets'
J=$LAB/hosts/jump
D=/run/jump/devices

account() {
	echo "$1:x:$2:$2::/home/$1:/bin/sh" >>"$J/etc/passwd"
	echo "$1:x:$2:" >>"$J/etc/group"
	echo "$1:*:19000:0:99999:7:::" >>"$J/etc/shadow"
	install -d -m 711 -o "$2" -g "$2" "$J/home/$1"
}
account rtu17 2117
account many 2118
sed -i 's/^jump-devices:.*/jump-devices:x:2101:rtu17,many/' "$J/etc/group"
for d in rtu17 rtu18 rtu19 rtu20; do
	ssh-keygen -q -t ed25519 -N '' -C "$d" -f "$T/$d"
done

# devices: standard input with the devices but those whose keys are not to be.
key() {
	printf 'key %s "%s"\n' "$1" "$(cat "$T/$1.pub")"
}
host_key() {
	printf 'hostkey %s "%s"\n' "$1" \
	    "$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")"
}
devices() {
	{
		cat <<-END
			device rtu17 127.77.0.17 ssh 2222 tcp 2223 agent
			device rtu18 "$D/rtu18/ssh.sock" ssh account many agent
			device rtu19 "$D/rtu19/ssh.sock" ssh account many
			device rtu20 "/home/many/rtu20.sock" tcp account many
			$(key rtu17)
			$(key rtu18)
			$(key rtu19)
			$(key rtu20)
			$(host_key rtu17)
			$(host_key rtu18)
			allow all: alice to any
		END
		cat
	} | sed "/^key ${1:-none}/d" >"$T/devices"
	policy <"$T/devices"
}

# online DEVICE ACCOUNT LISTEN [TO]: a device keeps its tunnel, from web1.
online() {
	install -m 600 "$T/$1" "$LAB/hosts/web1/root/$1"
	lab on web1 ssh -F none -i "/root/$1" -N -o BatchMode=yes \
	    -o UserKnownHostsFile=/run/lab/known_hosts -o HostKeyAlias=jump \
	    -o ExitOnForwardFailure=yes -o KexAlgorithms=curve25519-sha256 \
	    -R "$3:${4:-127.0.0.1:22}" "$2@10.2.0.1" 2>"$T/$1.err" &
	echo $! >"$T/$1.pid"
}
offline() {
	kill "$(cat "$T/$1.pid")"
	wait "$(cat "$T/$1.pid")" 2>/dev/null
}

on() {
	lab on jump "$@"
}

# reach NAME [PORT [OPTION...]]: by connect; what web1 says of itself.
reach() {
	to=$1 port=${2:-22}
	shift
	[ $# -eq 0 ] || shift
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    -o HostKeyAlias=web1 -p "$port" "$@" "$to" hostname </dev/null
}
there() {
	reach "$@"
	gave 0 web1
}

# refused_as REASON: exit 77 and the one line; and the record's own reason.
says='^jump: .* cannot be reached: who listens there is not the device\.'
off='^jump: .* is offline\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.'
# With a uid: that it names who it was.
recorded() {
	reference=$(sed -n 's/^jump: .*reference \(........\)\..*/\1/p' "$T/err")
	logged "\"event.action\":\"open\",\"event.outcome\":\"failure\",$2.*\"jump.session\":\"$reference\".*\"jump.reason\":\"$1\"${3:+.*\"jump.listener.uid\":$3[,\}]}"
}
denied='"event.type":"denied"'
refused_as() {
	said "$says" && silent && recorded "$1" "$denied" "${2:-}"
}
is_offline() {
	said "$off" && silent && recorded 'the device is offline' '"user.name"'
}
# ask NAME PORT: the same without ssh around it, for the exit status.
ask() {
	run lab on -u alice jump /usr/local/libexec/jump/jump-connect \
	    "$1" "${2:-22}" </dev/null
}

devices </dev/null
check "the policy loads" gave 0
wire_tap

# --- as it should be ----------------------------------------------------------

ask rtu17 2222
check "nobody there: offline" is_offline
check "... exit 69" gave 69 ""
ask rtu18
check "nobody at the path: offline" is_offline
check "... exit 69" gave 69 ""

online rtu17 rtu17 127.77.0.17:2222
online rtu18 many $D/rtu18/ssh.sock
online rtu19 many $D/rtu19/ssh.sock
online rtu20 many /home/many/rtu20.sock
check "a device at an address is reached" within there rtu17 2222
check "one at a path, by its name" within there rtu18
check "... with any port" there rtu18 4711
check "another of the same account" within there rtu19
check "and nothing else was sent" wire_silent

# --- at an address ------------------------------------------------------------

# as_uid UID: the words before a command.  kin: the account that several
# devices share.
as_uid() {
	echo "lab on jump setpriv --reuid $1 --regid $1 --clear-groups"
}
kin=$(as_uid 2118)

# listens UID ADDRESS:PORT [OPTIONS]: somebody of that uid; their number is
# $impostor.  Whoever talks to them gets web1's answer.
listens() {
	$(as_uid "$1") socat \
	    "TCP-LISTEN:${2##*:},bind=${2%:*},fork,reuseaddr${3:-}" \
	    TCP:10.2.0.10:22 2>/dev/null &
	impostor=$!
	within bound "${2##*:}"
}
bound() {
	on ss -Hltn "sport = $1" | grep -q .
}
unbound() {
	! bound "$1"
}
stop() {
	kill "$impostor"
	wait "$impostor" 2>/dev/null
	within unbound "${1:-2222}"
}

foreign='who listens there is not the device'
there rtu17 2222
listens 2002 127.77.0.17:2223
ask rtu17 2223
check "another user at a port that is free: refused" refused_as "$foreign"
check "... exit 77" gave 77 ""
stop 2223

# What stands where the device is cannot be taken: not with SO_REUSEPORT, nor
# by all addresses, nor bound to the interface.
cat >"$T/take.py" <<'END'
import socket
S, I6 = socket.SOL_SOCKET, socket.IPPROTO_IPV6
for family, address, options in (
        (socket.AF_INET, "127.77.0.17", []),
        (socket.AF_INET, "127.77.0.17", [(S, socket.SO_BINDTODEVICE, b"lo")]),
        (socket.AF_INET, "0.0.0.0", []),
        (socket.AF_INET, "0.0.0.0", [(S, socket.SO_BINDTODEVICE, b"lo")]),
        (socket.AF_INET6, "::", [(I6, socket.IPV6_V6ONLY, 0)]),
        (socket.AF_INET6, "::ffff:127.77.0.17", [(I6, socket.IPV6_V6ONLY, 0)])):
    for reuse in ([], [(S, socket.SO_REUSEADDR, 1)],
                  [(S, socket.SO_REUSEADDR, 1), (S, socket.SO_REUSEPORT, 1)]):
        s = socket.socket(family)
        try:
            for option in reuse + options:
                s.setsockopt(*option)
            s.bind((address, 2222))
            s.listen()
            print("taken:", address, reuse, options)
        except OSError as e:
            print("refused")
        s.close()
END
chmod 644 "$T/take.py"
run $(as_uid 2002) python3 "$T/take.py"
check "beside a device that is there, nobody listens" not printed taken
check "... 18 times" [ "$(grep -c refused "$T/out")" -eq 18 ]
offline rtu17
within unbound 2222
run $(as_uid 2002) python3 "$T/take.py"
check "(where it is not, they could)" [ "$(grep -c taken "$T/out")" -eq 18 ]

for where in 127.77.0.17 0.0.0.0; do
	listens 2002 $where:2222
	ask rtu17 2222
	check "another user at $where: refused, and named" \
	    refused_as "$foreign" 2002
	check "... exit 77" gave 77 ""
	stop
done
listens 2002 127.77.0.17:2222 ,so-bindtodevice=lo
ask rtu17 2222
check "... bound to the interface" refused_as "$foreign"
stop
$(as_uid 2002) socat TCP6-LISTEN:2222,bind=[::],ipv6only=0,fork,reuseaddr \
    TCP:10.2.0.10:22 2>/dev/null &
impostor=$!
within bound 2222
ask rtu17 2222
check "... of IPv6, for both" refused_as "$foreign"
stop
listens 2117 0.0.0.0:2222
ask rtu17 2222
check "the device's own account, at all addresses" \
    refused_as "$foreign" 2117
stop
listens 0 127.77.0.17:2222
ask rtu17 2222
check "root is not the device either" refused_as "$foreign" 0
stop
# By its address too, and the record has its user's session.
listens 2002 127.77.0.17:2222
ask 127.77.0.17 2222
check "by its address: refused" refused_as "$foreign"
stop
run lab on jump jumpctl log --file "$LAB/jump.log" --refused --target rtu17
check "who was refused has who it was" printed \
    'refused +alice .* rtu17:2222 +connect .*, listener uid 2002 \(bob\)'
run lab on jump jumpctl log --file "$LAB/jump.log" --json --refused --target rtu17
check "as JSON too" printed '"outcome":"refused".*"listener":2002[,}]'
online rtu17 rtu17 127.77.0.17:2222
check "the device comes back" within there rtu17 2222

# --- at a path ----------------------------------------------------------------

S=$D/rtu18/ssh.sock
mine="what is at the device's path is not its socket"
folder="the device's folder is not its own"

# tried NAME REASON: rtu18 is refused for it.
tried() {
	ask rtu18
	check "$1: refused" refused_as "$2" "${3:-}"
	check "... exit 77" gave 77 ""
}
on mv $S $S.away
$kin socat UNIX-LISTEN:$S,fork,mode=660 TCP:10.2.0.10:22 2>/dev/null &
impostor=$!
within on test -S $S
tried "a socket of the account's in its place" \
    'who listens there is no login of the device' \
    "2118,\"jump.listener.pid\":$(on pgrep -xf 'socat UNIX-LISTEN.*')"
kill "$impostor"
wait "$impostor" 2>/dev/null
on rm -f $S

$(as_uid 0) socat UNIX-LISTEN:$S,fork,mode=660 TCP:10.2.0.10:22 2>/dev/null &
impostor=$!
within on test -S $S
tried "a socket of another's" "$mine"
on chown 2118 $S
tried "... that has been given away" "$foreign" 0
kill "$impostor"
wait "$impostor" 2>/dev/null
on rm -f $S

$kin ln -s ../rtu19/ssh.sock $S
tried "a symbolic link to another device" "$mine"
$kin rm $S
$kin ln $D/rtu19/ssh.sock $S
tried "a hard link to another device" "$mine"
$kin rm $S
$kin mv $D/rtu19/ssh.sock $S
tried "another device's, moved there" 'who listens there is another device'
$kin mv $S $D/rtu19/ssh.sock
check "(moved back, it is itself)" there rtu19
on mv $S.away $S
check "the device's own, moved back, is reached" there rtu18

on install -d -o 2118 /run/many
$kin ln $S /run/many/rtu18
tried "a second name, in another folder" "$mine"
$kin rm /run/many/rtu18
check "... without it, it is reached" there rtu18

on chmod 2770 $D/rtu18
tried "a folder that the group can write to" "$folder"
on chmod 2712 $D/rtu18
tried "... or anybody" "$folder"
on chmod 2710 $D/rtu18
on chown 2117 $D/rtu18
tried "... or another device" "$folder"
on chown 2118 $D/rtu18
on mv $D/rtu18 $D/other
on ln -s other $D/rtu18
tried "... or by a link" "$folder"
on rm $D/rtu18
on mv $D/other $D/rtu18
check "as it was: reached" there rtu18

# A listener that outlives who made it.
cat >"$T/heir.py" <<'END'
import os, socket, sys, time
a, b = socket.socketpair()
s = socket.socket(socket.AF_UNIX)
os.umask(0o117)
s.bind(sys.argv[1])
if os.fork() == 0:
    heir = socket.socket(fileno=socket.recv_fds(a, 1, 1)[1][0])
    print("here", os.getppid(), flush=True)
    os.read(0, 1)
    os._exit(0)
s.listen()
socket.send_fds(b, [b"x"], [s.fileno()])
time.sleep(0.2)
END
chmod 644 "$T/heir.py"
$kin mv $S $S.away
mkfifo "$T/heir"
$kin python3 "$T/heir.py" $S <"$T/heir" >"$T/heir.out" 2>&1 &
heir=$!
exec 8>"$T/heir"
wait $heir
check "(somebody has inherited a listener)" grep -q here "$T/heir.out"
tried "one whose maker has ended" "who made the device's socket has ended"
exec 8>&-
$kin mv -f $S.away $S
check "the device's own again" there rtu18

# --- a kernel without SO_PEERPIDFD, as before Linux 6.5 ---------------------------

cp "$LAB_BUILD/older" "$T/older"
# ask_older NAME: as ask.
ask_older() {
	run lab on jump "$T/older" setpriv --reuid alice --regid alice \
	    --init-groups --reset-env \
	    /usr/local/libexec/jump/jump-connect "$1" 22 </dev/null
}
reached_older() {
	ask_older rtu18
	printed '^SSH-2\.0'
}
check "an older kernel: the device is reached" reached_older
on mv $S $S.away
$kin socat UNIX-LISTEN:$S,fork,mode=660 TCP:10.2.0.10:22 2>/dev/null &
impostor=$!
within on test -S $S
ask_older rtu18
check "... who has its uid is not" \
    refused_as 'who listens there is no login of the device'
kill "$impostor"
wait "$impostor" 2>/dev/null
on rm -f $S
$kin mv $D/rtu19/ssh.sock $S
ask_older rtu18
check "... another device is not" \
    refused_as 'who listens there is another device'
$kin mv $S $D/rtu19/ssh.sock
$kin python3 "$T/heir.py" $S <"$T/heir" >"$T/heir.out" 2>&1 &
heir=$!
exec 8>"$T/heir"
wait $heir
ask_older rtu18
check "... one whose maker has ended is not" \
    refused_as "who made the device's socket has ended"
exec 8>&-
$kin mv -f $S.away $S
check "... and the device is again" reached_older

# Another device of the account says that it is this one: its key says not.
offline rtu18
offline rtu19
online rtu19 many $S
other() {
	ask rtu18
	refused_as 'who listens there is another device'
}
check "rtu19 listens at the path of rtu18: refused" within other
offline rtu19
online rtu18 many $S
check "rtu18 is back" within there rtu18

# --- its key is taken away ------------------------------------------------------

sed -i '/^key rtu18/d' "$J/etc/jump/policy"
run lab on jump jumpctl load --no-sweep
tried "whose key is not in the policy any more" \
    'the key of who listens there is not in the policy'
devices </dev/null
check "whose key is in the policy again" there rtu18

# --- another's host key -----------------------------------------------------------

offline rtu17
within unbound 2222
offline rtu18
online rtu17 rtu17 127.77.0.17:2222 10.2.0.11:22
online rtu18 many $S 10.2.0.11:22
wrong='the host key of .* is not the one in the policy'
wrong_key() {
	reach "$@" -o HostKeyAlias=db1
	said "$wrong" && silent
}
check "a device that shows another's host key: ended" \
    within wrong_key rtu17 2222
check "... before the client sees it" not said 'Host key verification failed'
check "... at a path" within wrong_key rtu18 22

# --- the shell road -----------------------------------------------------------------

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/alice"
hop() {
	run ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" "$@" </dev/null
}
hopped() {
	hop jump ssh "$1" hostname
	gave 0 web1
}
hop jump ssh rtu17 hostname
check "shell: another's host key" eval 'said "$wrong" && silent'
hop jump ssh rtu18 hostname
check "... at a path" eval 'said "$wrong" && silent'
offline rtu17
offline rtu18
within unbound 2222
online rtu17 rtu17 127.77.0.17:2222
online rtu18 many $S
check "shell: a device at an address" within hopped rtu17
check "shell: a device at a path" within hopped rtu18
offline rtu18
offline rtu17
within unbound 2222
on rm -f $S
listens 2002 127.77.0.17:2222
hop jump ssh rtu17 hostname
check "shell: an impostor at the address" refused_as "$foreign"
stop
$kin socat UNIX-LISTEN:$S,fork,mode=660 TCP:10.2.0.10:22 2>/dev/null &
impostor=$!
within on test -S $S
hop jump ssh rtu18 hostname
check "... at the path" refused_as 'who listens there is no login of the device'
kill $impostor
on rm -f $S

# --- ProxyJump, the table, the gate -------------------------------------------------

# jumps: web1 answers by ProxyJump.
jumps() {
	run ssh -F "$C" -J jump -o HostKeyAlias=web1 -o ConnectTimeout=${1:-10} \
	    -p 2222 127.77.0.17 hostname </dev/null
}
jumped() {
	jumps
	gave 0 web1
}
muted() {
	on nft list counter inet jumphost impostors |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
online rtu17 rtu17 127.77.0.17:2222
check "forward: the device" within jumped
offline rtu17
within unbound 2222
listens 2002 127.77.0.17:2222
check "forward without the table: an impostor is not seen" jumped
echo 'set nft "/usr/sbin/nft"' >"$T/nft"
devices <"$T/nft"
jumps 2
check "forward with it: an impostor is mute" not gave 0 web1
check "... and counted" [ "$(muted)" -gt 0 ]
ask rtu17 2222
check "connect with it: refused, and nobody waits" refused_as "$foreign"
stop
# With a queue of one that is full the kernel answers in nobody's name (SYN
# cookies); an answer that is closed at once would be nobody's too.
cat >"$T/cookies.py" <<'END'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.77.0.17", 2222))
s.listen(0)
while True:
    c, _ = s.accept()
    c.sendall(b"taken in\n")
    c.close()
END
chmod 644 "$T/cookies.py"
$(as_uid 2002) python3 "$T/cookies.py" &
impostor=$!
within bound 2222
for _ in 1 2 3; do
	timeout 4 ssh -F "$C" -W 127.77.0.17:2222 jump </dev/null \
	    >>"$T/cookies" 2>/dev/null &
	asked="${asked:-} $!"
done
wait $asked
check "... with SYN cookies too" [ ! -s "$T/cookies" ]
stop
listens 0 0.0.0.0:2222
jumps 2
check "forward: root at all addresses is mute there" not gave 0 web1
run lab on jump nc -w 2 127.0.0.1 2222 </dev/null
check "... and nowhere else" printed '^SSH-2.0'
stop
jumps 2
check "forward: nobody there is refused at once" said 'Connection refused'
online rtu17 rtu17 127.77.0.17:2222
check "forward with it: the device" within jumped
check "connect with it: the device" within there rtu17 2222

# The gate, without the rule of the table, that it is its own check.
printf '%s\n' 'set nft "/usr/sbin/nft"' 'set gate 422' >"$T/gate"
check "the gate is up" gate_up
devices <"$T/gate"
check "gate: the device" within jumped
check "... by the gate" logged '"event.action":"open","event.outcome":"success".*"destination.address":"127.77.0.17".*"jump.road":"forward"'
offline rtu17
within unbound 2222
on nft delete rule inet jumphost output handle \
    "$(on nft -a list chain inet jumphost output |
	sed -n 's/.*device_places.* handle \([0-9]*\)$/\1/p')"
listens 2002 127.77.0.17:2222
jumps
check "gate: an impostor" not gave 0 web1
check "... is refused on record" logged "\"event.action\":\"open\",\"event.outcome\":\"failure\".*\"destination.address\":\"127.77.0.17\".*\"jump.road\":\"forward\".*\"jump.reason\":\"$foreign\""
stop
jumps
check "gate: a device that is away" logged '"jump.road":"forward".*"jump.reason":"the device is offline"'
gate_down
finish
