# SPDX-License-Identifier: ISC
# Devices: each logs in with its own key, and listens where the policy says, and
# nowhere else.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

device_account rtu17 2201
device_account rtu18 2202
device_account boxes 2203
LAB_USER=rtu17 # no key of anybody else is offered
export LAB_USER
J=$LAB/hosts/jump

statements='
device rtu17 127.77.0.17 ssh 2222 tcp 8080
device rtu18 127.77.0.18 ssh 2222 replace
device box1 127.77.0.21 ssh 2222 account boxes
device box2 127.77.0.22 ssh 2222 account boxes
device box3 "/home/boxes/box3.sock" ssh account boxes
allow all: alice to { web1 rtu17 }'
keys=$(for d in rtu17 rtu18 box1 box2 box3; do device_key $d; done)
in_force() {
	printf '%s\n' "$@" | policy
}
in_force "$statements" "$keys"

wire_tap

# listening: where processes of these accounts listen on the jump host, for TCP.
listening() {
	lab on jump ss -Hltne |
	    sed -n 's/^LISTEN *[0-9]* *[0-9]* *\([^ ]*\) .*uid:\(220[0-9]\).*/\2 \1/p' |
	    sort | tr '\n' ' '
}

listens() {
	[ "$(listening)" = "$1" ]
}

# answers ADDRESS PORT: an SSH server, to somebody on the jump host.
answers() {
	lab on jump sh -c "echo | nc -w 2 $1 $2" 2>/dev/null | grep -q '^SSH-2'
}

strict=yes
# try NAME ACCOUNT ARGUMENT...: run ssh as that device.
try() {
	key=$1 account=$2
	shift 2
	run ssh -F "$C" -i "$T/$key" -l "$account" \
	    -o ExitOnForwardFailure=$strict "$@" </dev/null
}

# up NAME ACCOUNT OPTION...: a connection that stays until down NAME.
up() {
	try "$@" -M -S "$T/s.$1" -fN jump
}

is_up() {
	ssh -F "$C" -S "$T/s.$1" -O check jump 2>/dev/null
}

is_down() {
	! is_up "$1"
}

down() {
	ssh -F "$C" -S "$T/s.$1" -O exit jump 2>/dev/null
	within listens "${2:-}"
}

# refused_listen NAME ACCOUNT FORWARD: the login is good, this is not.
refused_listen() {
	up "$1" "$2" -R "$3"
	[ "$status" -ne 0 ] && said 'remote port forwarding failed|Bad remote' &&
	    within listens ""
}

# record OUTCOME USER REGEX: of a login.
record() {
	logged "\"event.action\":\"login\",\"event.outcome\":\"$1\",\"user.name\":\"$2\".*$3"
}

# --- where it may ------------------------------------------------------------

up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22 -R 127.77.0.17:8080:10.2.0.10:22
check "a device listens at its address, on its ports" listens \
    "2201 127.77.0.17:2222 2201 127.77.0.17:8080 "
ssh-keyscan -t ed25519 10.2.0.10 >/dev/null 2>&1
check "on record" record success rtu17 '"user.id":"2201"'
check "sshd says where it listens" logged \
    'channel_setup_fwd_listener_tcpip.*listening on 127\.77\.0\.17 port 2222'
down rtu17

up box1 boxes -R 127.77.0.21:2222:10.2.0.10:22
up box2 boxes -R 127.77.0.22:2222:10.2.0.10:22
check "several on one account, by their keys" listens \
    "2203 127.77.0.21:2222 2203 127.77.0.22:2222 "
check "on record, with the account" record success box1 \
    '"jump.account":"boxes"'
down box1 "2203 127.77.0.22:2222 "
down box2

up box3 boxes -R /home/boxes/box3.sock:10.2.0.10:22
check "at a path" [ "$(lab on jump stat -c '%U %a' /home/boxes/box3.sock)" = \
    "boxes 660" ]
check "sshd says where" logged \
    'channel_setup_fwd_listener_streamlocal.*listening on path /home/boxes/box3'
down box3
up box3 boxes -R /home/boxes/box3.sock:10.2.0.10:22
check "what it left behind is no obstacle" gave 0
down box3
check "a path gives no address" refused_listen box3 boxes \
    127.77.0.21:2222:10.2.0.10:22
check "... nor that of the line" refused_listen box3 boxes \
    255.255.255.255:1:10.2.0.10:22

# --- where it may not --------------------------------------------------------

while read -r name place; do
	check "refused: $name" refused_listen rtu17 rtu17 "$place:10.2.0.10:22"
done <<'END'
another_device 127.77.0.18:2222
another_port 127.77.0.17:2223
0.0.0.0 0.0.0.0:2222
localhost localhost:2222
127.0.0.1 127.0.0.1:2222
no_address 2222
empty_address :2222
star *:2222
port_0 127.77.0.17:0
port_0_of_all 0
zeros 127.77.0.017:2222
ipv6_any [::]:2222
mapped [::ffff:127.77.0.17]:2222
END
check "on record" logged 'Received request from 192\.0\.2\.10 port [0-9]+ to remote forward to host 127\.77\.0\.18 port 2222, but the request was denied'
check "another's on one account" refused_listen box1 boxes \
    127.77.0.22:2222:10.2.0.10:22

# --- what else it may not ----------------------------------------------------

for key in rtu18 box1; do
	try $key rtu17 -N jump
	check "the key $key on another's account: no login" no_login
done
check "on record" record failure rtu17 \
    'the policy has no such key of a device for this account'
cp "$LAB/keys/alice" "$T/alice"
cp "$LAB/keys/alice.pub" "$T/alice.pub"
try alice rtu17 -N jump
check "a user's key on a device's account: no login" no_login
try rtu17 alice -N jump
check "a device's key on a user's account: no login" no_login

for group in jump jump-devices; do
	cp "$J/etc/group" "$T/group"
	case $group in
	jump) sed -i '/^jump:/s/$/,rtu17/; /^jump-devices:/s/rtu17,//' "$J/etc/group" ;;
	*) sed -i '/^jump:/s/alice,//; /^jump-devices:/s/$/,alice/' "$J/etc/group" ;;
	esac
	[ $group = jump ] && try rtu17 rtu17 -N jump ||
	    try alice alice jump list
	check "in the group $group by mistake: no login" no_login
	cp "$T/group" "$J/etc/group"
done
check "on record: a device" record failure rtu17 \
    "the key is a device's, which is served only with --devices"
check "on record: a user" record failure alice \
    'the policy has no such key of a device for this account'

# it_cannot OPTION...: the login is good, and it comes to nothing.
it_cannot() {
	try rtu17 rtu17 "$@" jump
	[ "$status" -ne 0 ] && wire_silent
}
check "-W: refused" it_cannot -W 10.2.0.10:22
check "... to itself, too" it_cannot -W 255.255.255.255:1
try rtu17 rtu17 -A jump 'echo $SSH_AUTH_SOCK; id'
check "a command: none but those of jump-shell" not gave 0
check "... and nothing comes of it" not printed 'uid='
check "-t: no terminal" sh -c 'ssh -F "$1" -i "$2" -l rtu17 -tt jump tty \
    </dev/null 2>&1 | grep -q "PTY allocation request failed"' - "$C" "$T/rtu17"
up rtu17 rtu17 -D 127.0.0.1:8401 -L 127.0.0.1:8402:10.2.0.10:22
check "-L: refused" [ "$(echo | nc -w 2 127.0.0.1 8402)" = "" ]
run socat -T 2 /dev/null SOCKS4A:127.0.0.1:10.2.0.10:22,socksport=8401
check "-D: refused" not gave 0
check "nothing went out" wire_silent
down rtu17
try rtu17 rtu17 -w any -N jump
check "-w: refused" not gave 0

# --- a hostile block before ours ---------------------------------------------

reload() {
	lab on jump sh -c 'p=$(cat /run/sshd.pid); rm /run/sshd.pid; kill -HUP $p
	    until [ -s /run/sshd.pid ]; do sleep 0.1; done'
}
hostile=$J/etc/ssh/sshd_config.d/20-hostile.conf
printf 'Match User rtu17\n    GatewayPorts no\n    AllowTcpForwarding yes\n    PermitOpen any\n' \
    >"$hostile"
reload
up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
check "GatewayPorts no: it listens elsewhere" listens \
    "2201 127.0.0.1:2222 2201 [::1]:2222 "
check "... where its name does not lead" not answers 127.77.0.17 2222
try rtu17 rtu17 -W 10.2.0.10:22 jump
check "AllowTcpForwarding yes: the line says no" not gave 0
down rtu17
rm "$hostile"
reload

# --- two logins --------------------------------------------------------------

up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
first=$status
try rtu17 rtu17 -M -S "$T/s.twin" -fN \
    -R 127.77.0.17:8080:10.2.0.10:22 jump
check "while one is live, another may not listen" \
    [ "$first $status" = "0 255" ]
check "... on record" record failure rtu17 \
    '"jump.reason":"another login of this device is live"'
check "... and only the first does" listens "2201 127.77.0.17:2222 "
strict=no
try rtu17 rtu17 -M -S "$T/s.twin" -fN \
    -R 127.77.0.17:8080:10.2.0.10:22 jump
strict=yes
check "it is no failed login" is_up twin
run lab on jump jumpctl sweep
check "a sweep ends it" printed \
    '^ended: login of rtu17, from 192.0.2.10: another login of this device was live before it$'
check "... it" within is_down twin
check "... and not the first" is_up rtu17
check "... on record" logged '"event.action":"sweep".*"jump.who":"rtu17"'
down rtu17

up rtu18 rtu18 -R 127.77.0.18:2222:10.2.0.10:22
strict=no
try rtu18 rtu18 -M -S "$T/s.twin" -fN \
    -R 127.77.0.18:2222:10.2.0.10:22 jump
strict=yes
check "with replace" is_up twin
run lab on jump jumpctl sweep
check "... the older is ended" printed \
    '^ended: login of rtu18, from 192.0.2.10: a newer login of this device replaces it$'
check "... that one" within is_down rtu18
check "... and not the newer" is_up twin
down twin
up rtu18 rtu18 -R 127.77.0.18:2222:10.2.0.10:22
check "whose place is free" listens "2202 127.77.0.18:2222 "
down rtu18

# Who has the public key alone keeps nobody out: these stay and never sign.
cp "$T/rtu17" "$T/thief"
cp "$T/rtu17.pub" "$T/thief.pub"
ssh-keygen -q -p -P '' -N secret -f "$T/thief" >/dev/null
printf '#!/bin/sh\nexec sleep 60\n' >"$T/askpass"
chmod 755 "$T/askpass"
for i in 1 2 3; do
	SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force ssh -F "$C" \
	    -i "$T/thief" -l rtu17 -o BatchMode=no -N jump 2>/dev/null &
done
entered() {
	[ "$(stat -c %s "$J/run/jump/logins/device.rtu17" 2>/dev/null)" = $(($1 * 4)) ]
}
check "some ask, and stay" within entered 3
up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
check "a public key alone keeps nobody out" listens "2201 127.77.0.17:2222 "

# --- what a sweep ends -------------------------------------------------------

up box1 boxes -R 127.77.0.21:2222:10.2.0.10:22
up box2 boxes -R 127.77.0.22:2222:10.2.0.10:22
run lab on jump jumpctl sweep
check "a sweep leaves alone what may be" gave 0 ""
check "... all of it" listens \
    "2201 127.77.0.17:2222 2203 127.77.0.21:2222 2203 127.77.0.22:2222 "
in_force "$(echo "$statements" | sed 's/127\.77\.0\.22/127.77.0.32/')" "$keys"
check "a load ends whose address has changed" within listens \
    "2201 127.77.0.17:2222 2203 127.77.0.21:2222 "
check "and says why" printed \
    '^ended: login of box2, from 192.0.2.10: where it may listen has changed$'
in_force "$(echo "$statements" | sed 's/127\.77\.0\.22/127.77.0.32/; /box1/d')" \
    "$(echo "$keys" | grep -v box1)"
check "... who is gone" within listens "2201 127.77.0.17:2222 "
check "and says why" printed \
    '^ended: login of box1, from 192.0.2.10: the device is of the policy no more$'
run lab on jump jumpctl lock rtu17
check "a lock ends a device's login" within listens ""
up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
check "... and there is no other" no_login
run lab on jump jumpctl unlock rtu17
in_force "$statements" "$keys"
up rtu17 rtu17 -R 127.77.0.17:2222:10.2.0.10:22
check "... until it is unlocked" listens "2201 127.77.0.17:2222 "
in_force "$statements" "$(echo "$keys" | grep -v rtu17)"
check "a load ends whose key is gone" within listens ""
check "and says why" printed \
    "^ended: login of rtu17, from 192.0.2.10: the key is the device's no more\$"
finish
