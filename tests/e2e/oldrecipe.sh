# SPDX-License-Identifier: ISC
# The old recipe: devices with one account that they share, each with
#     ssh -N -R /home/host/NAME.sock:localhost:22 host@SERVER
# and users with
#     ProxyCommand ssh SERVER nc -U /home/host/%h.sock
# Both stay as they are.  What the set-up lacks, check and doctor name, and what
# they say is done here to the letter; then it works, and no device of the
# account can stand in for another.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
ssh_d=$J/etc/ssh/sshd_config.d
home=$J/home/host

on() {
	lab on jump "$@"
}

# --- as it was, before there was a policy ------------------------------------

# The devices are web1 and web2, which reach the jump host at 10.2.0.1.
echo 'host:x:2203:2203::/home/host:/bin/sh' >>"$J/etc/passwd"
echo 'host:*:19000:0:99999:7:::' >>"$J/etc/shadow"
echo 'host:x:2203:' >>"$J/etc/group"
install -d -m 700 -o 2203 -g 2203 "$home" "$home/.ssh"
mkdir "$T/devices"
for n in web1 web2; do
	ssh-keygen -q -t ed25519 -N '' -C $n -f "$T/devices/$n"
	cat "$T/devices/$n.pub" >>"$home/.ssh/authorized_keys"
done
mv "$ssh_d/70-jump-devices.conf" "$T/"
echo 'StreamLocalBindUnlink yes' >"$ssh_d/90-old.conf"
reload() {
	kill -HUP "$(cat "$J/run/sshd.pid")"
	within on sh -c "ss -Hltn | grep -q ':22 '"
}
reload
sed "s/^jump /10.2.0.1 /" "$LAB/known_hosts" >"$T/devices/known_hosts"

# device NAME [KEY]: its loop, until stop NAME; with another's key, an impostor.
device() {
	name=$1 key=${2:-$1}
	lab on "$key" sh -c 'while :; do
		ssh -F none -i "$1" -o UserKnownHostsFile="$2" -o BatchMode=yes \
		    -o ExitOnForwardFailure=yes -N \
		    -R "/home/host/$3.sock:localhost:22" host@10.2.0.1 &
		echo $! >"$4.ssh"
		wait $!
		sleep 0.5
	done' - "$T/devices/$key" "$T/devices/known_hosts" "$name" \
	    "$T/$name.$key" >"$T/$name.$key.err" 2>&1 &
	echo $! >"$T/$name.$key.loop"
}

# stop NAME [KEY]
stop() {
	set -- "$T/$1.${2:-$1}"
	kill -STOP "$(cat "$1.loop")"
	kill "$(cat "$1.ssh")"
	kill -KILL "$(cat "$1.loop")"
}

# reach NAME: as users do.
reach() {
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump nc -U /home/host/%h.sock" \
	    "$1" hostname </dev/null
}

reaches() {
	reach "$1"
	gave 0 "$1"
}

# same NAME: the socket is not there, or another one than before.
before() {
	inode=$(stat -c %i "$home/$1.sock")
}

another() {
	[ -S "$home/$1.sock" ] && [ "$inode" != "$(stat -c %i "$home/$1.sock")" ]
}

device web1
device web2
check "as it was: the devices are online" within test -S "$home/web1.sock" -a \
    -S "$home/web2.sock"

# --- the policy ---------------------------------------------------------------

{
	cat <<-'END'
		version 1
		set contact "ot-access@example.com"
		user alice
		key alice "ssh-ed25519 AAAA"
		device web1 "/home/host/web1.sock" ssh account "host"
		device web2 "/home/host/web2.sock" ssh account "host"
		allow old: alice to { web1 web2 }
	END
	for n in web1 web2; do
		echo "key $n \"$(cut -d' ' -f1,2 "$T/devices/$n.pub")\""
	done
} >"$T/policy"
run lab load "$T/policy"
check "a policy that says so" gave 0
reach web1
check "without what it lacks, users do not get there" not gave 0

# hints: what check says is to be done, but for what is no command.
hints() {
	sed -n 's/^ *hint: //p' "$T/err" | grep -v '^end its login'
}

run lab on jump jumpctl check
check "check names the group of the account" \
    said 'warning: host: account of devices, but not in the group jump-devices'
check "... the group of the folder" \
    said 'warning: host: /home/host is not of the group _jump'
check "... its mode" said 'warning: host: /home/host has mode 700, want g\+xs'
check "... and the sockets" said \
    'warning: web1 and 1 more: its socket is not of the group _jump with mode 660'
hints >"$T/hints"
cp "$T/hints" "$T/out"
on sh -e "$T/hints"
run lab on jump jumpctl check
check "what check says is done: nothing is left but the sockets" \
    [ "$(grep -c 'warning: host: ' "$T/err")" -eq 0 ]

doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
}

doctor
check "doctor names the block that is missing" printed \
    'FAIL  host: no block of 70-jump-devices.conf is in force'
check "... and what to do" printed 'remedy: put /usr/local/share/jump/70-jump-devices.conf into /etc/ssh/sshd_config.d'
cp "$J/local/share/jump/70-jump-devices.conf" "$ssh_d/"
echo 'StreamLocalBindMask 0177' >>"$ssh_d/90-old.conf"
printf 'Match User host\n    StreamLocalBindMask 0111\n' >>"$ssh_d/90-old.conf"
doctor
check "doctor names another mask, and the line that won" printed \
    'FAIL  host: StreamLocalBindMask is 0111, want 0117'
check "... which is" printed 'set by /etc/ssh/sshd_config.d/90-old.conf:4'
sed -i '/Match/,$d' "$ssh_d/90-old.conf"
reload

# Their logins are of before; they come back by themselves.
before web1
on sh -c 'kill $(pgrep -u host)'
check "the devices come back" within another web1
check "... to their own sockets" [ "$(stat -c '%u %g %a' "$home/web1.sock")" = \
    "2203 990 660" ]
within test -S "$home/web2.sock"
doctor
check "doctor is content" printed '^ ok    2 devices: sshd holds each'
run lab on jump jumpctl check
check "so is check" not said 'warning: (host|web)'

# --- as it is now -------------------------------------------------------------

for n in web1 web2; do
	check "users reach $n as they did" within reaches $n
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump nc %h %p" $n hostname \
	    </dev/null
	check "... and by its name" gave 0 $n
done
run lab on jump jumpctl devices
check "both are online" [ "$(grep -c online "$T/out")" -eq 2 ]
as vend1 reach web1
check "who has no rights does not" not gave 0
LAB_USER=alice

# web2, with its own key, takes the socket of web1.
before web1
stop web2
device web1 web2
check "one device takes the socket of another" within another web1
reach web1
check "users are not led there" not gave 0
check "... nothing of it is heard" silent
check "it is on record, and why" logged \
    '"event.outcome":"failure".*who listens there is another device'
stop web1 web2
device web2
stop web1
before web1
device web1
check "the device comes back" within another web1
check "users reach it" within reaches web1
check "and the other one" within reaches web2
stop web1
stop web2
finish
