# SPDX-License-Identifier: ISC
# The firewall table: somebody with a shell of their own on the jump host
# reaches what the policy gives them by ProxyJump now, and nothing else.
. "$(dirname "$0")/lib.sh"


# Everything that there is to reach: what each user is tried with.
{
	for a in 10.2.0.10 10.2.0.11 10.50.1.7 2001:db8::10 2001:db8::11; do
		for port in 22 80 502 5432; do
			printf '%s\n' "tcp $a $port" "mptcp $a $port" "udp $a $port"
		done
		echo "icmp $a 0"
	done
	for a in 127.0.0.1 ::1 10.2.0.1; do
		for port in 22 7777; do
			printf '%s\n' "tcp $a $port" "udp $a $port"
		done
	done
	printf '%s\n' "udp 10.2.0.53 53" "tcp 10.2.0.53 53" "udp 10.2.0.10 53"
} >"$T/everything"
chmod 644 "$T/everything"
cp "$LAB_REPO/tests/e2e/reach.py" "$T/"
try="python3 $T/reach.py $T/everything"

on() {
	lab on jump "$@"
}

# reach USER: what a program of USER reaches; in $T/out.
reach() {
	run lab on -u "$1" jump $try
}

# reached TEXT: those, and the name server, and nothing else.
reached() {
	printf '%s\n' "$@" 'udp 10.2.0.53 53' 'tcp 10.2.0.53 53' |
	    sed '/^$/d' | sort >"$T/want"
	cmp -s "$T/want" "$T/out" || {
		diff "$T/want" "$T/out"
		return 1
	}
}

# A user's loopback listener; where nobody listens, the kernel answers.
lab on -u vend1 jump socat TCP-LISTEN:7777,fork,bind=127.0.0.1 EXEC:true 2>/dev/null &
# listens KIND PORT
listens() {
	on ss -Hln "-$1" "sport = $2" | grep -q .
}
check "somebody listens" within listens t 7777
# Echo requests are anybody's to send.
on sysctl -qw net.ipv4.ping_group_range='0 2147483647'

rules() {
	{
		cat <<-'END'
			set nft "/usr/sbin/nft"
			set exempt admin
			user bob
			key bob "ssh-ed25519 AAAA"
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

refused_count() {
	on nft list counter inet jumphost refused |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# --- without the table ------------------------------------------------------

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
allow web: { alice bob carol } to web1:22
END
reach bob
check "without the table, bob reaches other ports" printed '^tcp 10.2.0.11 5432$'
check "and other hosts by UDP" printed '^udp 10.2.0.10 502$'
check "and by IPv6" printed '^tcp 2001:db8::11 5432$'
check "and by another protocol" printed '^mptcp 10.2.0.11 5432$'
check "and by echo requests" printed '^icmp 10.2.0.11 0$'
check "and somebody's listener" printed '^tcp 127.0.0.1 7777$'
check "and by UDP" printed '^udp 127.0.0.1 7777$'
check "and sshd" printed '^tcp 127.0.0.1 22$'

# --- with it ------------------------------------------------------------------

rules <<'END'
allow web: { alice bob carol } to web1:22
allow db: carol to db1:5432
END
check "the load puts the table there" gave 0
reach bob
check "bob: his own, and names" reached 'tcp 10.2.0.10 22' 'tcp 2001:db8::10 22' \
    'mptcp 10.2.0.10 22' 'mptcp 2001:db8::10 22'
reach jump
check "a shared account: of all its people" reached 'tcp 10.2.0.10 22' \
    'tcp 2001:db8::10 22' 'mptcp 10.2.0.10 22' 'mptcp 2001:db8::10 22' \
    'tcp 10.2.0.11 5432' 'tcp 2001:db8::11 5432' \
    'mptcp 10.2.0.11 5432' 'mptcp 2001:db8::11 5432'
reach vend1
check "who has no such right: names only" reached ''
reach mallory
check "nor somebody whom the policy does not know" reached ''
run lab on jump setpriv --reuid 165536 --regid 165536 --clear-groups $try
check "nor the uids of a user namespace" reached ''
check "what was refused is counted" [ "$(refused_count)" -gt 0 ]
check "an exempt administrator passes" eval 'reach admin;
    printed "^tcp 10.2.0.11 5432$"'
run lab on jump $try
check "and root" printed '^tcp 10.2.0.11 5432$'
for u in alice carol; do
	export LAB_USER=$u
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    web1 hostname </dev/null
	check "$u: connect passes" gave 0 web1
	run ssh -F "$C" -J jump web1 hostname </dev/null
	check "$u: ProxyJump passes" gave 0 web1
done

# --- by way of a permitted address -----------------------------------------------

# detour: bob's packets to web2, with a header that leads them over web1; how
# many come to web1.
detour() {
	lab on -u bob jump python3 -c '
import socket
s = socket.socket(socket.AF_INET6)
s.settimeout(1)
via = socket.inet_pton(socket.AF_INET6, "2001:db8::10")
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RTHDR,
             bytes([0, 4, 4, 1, 1, 0, 0, 0]) + bytes(16) + via)
try:
    s.connect(("2001:db8::12", 22))
except OSError:
    pass'
	lab on web1 nft list table inet seen |
	    sed -n 's/.*rt exists counter packets \([0-9]*\).*/\1/p'
}
echo 'table inet seen { chain in { type filter hook prerouting priority -300
	exthdr rt exists counter; }; }' | lab on web1 nft -f -
check "a route of bob's own leads nowhere" [ "$(detour)" -eq 0 ]
on nft insert rule inet jumphost people exthdr rt exists accept
check "but for the table it would" [ "$(detour)" -gt 0 ]
run lab on jump jumpctl sweep

# --- a flood ------------------------------------------------------------------

# flood USER: how many of 1500 flows it gets to begin, and in how many seconds.
flood() {
	lab on -u "$1" jump python3 -c '
import socket, time
began, n = time.monotonic(), 0
for i in range(1500):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.sendto(b"x", ("10.2.0.53", 53))
        n += 1
    except PermissionError:
        pass
    s.close()
print(n, int(time.monotonic() - began) + 1)' >"$T/flood"
	read -r flows seconds <"$T/flood"
}
flood alice
check "a flood gets its burst" [ "$flows" -ge 500 ]
check "and a rate" [ "$flows" -le $((500 + 100 * seconds)) ]
run lab on jump jumpctl doctor
check "doctor: the table stands all the same" \
    printed ' ok    the firewall table is loaded'
before=$(on stat -c %i /run/jump/jumphost.nft)
run lab on jump jumpctl sweep
check "and a sweep does not load it anew" \
    [ "$before" = "$(on stat -c %i /run/jump/jumphost.nft)" ]
flood bob
check "others have theirs" [ "$flows" -ge 500 ]
run lab on -u alice jump nc -w 5 10.2.0.10 22 </dev/null
check "who waits a little gets through" printed '^SSH-2.0'

# A reverse path: two who connect to a listener of bob's.
lab on -u bob jump socat TCP-LISTEN:7778,fork EXEC:echo 2>/dev/null &
within listens t 7778
run lab on web1 timeout 3 nc -w 2 10.2.0.1 7778 </dev/null
check "bob answers nobody from elsewhere" [ ! -s "$T/out" ]
run lab on jump nc -w 2 127.0.0.1 7778 </dev/null
check "but root, on this host" [ -s "$T/out" ]

# UNIX sockets are a matter of modes: of a folder of the owner's alone.
device() {
	lab on -u "$1" jump socat -u "UNIX-CONNECT:/run/device$2/sock" - 2>/dev/null
}
for mode in 700 755; do
	on install -d -o vend1 -m $mode /run/device$mode
	lab on -u vend1 jump socat -U \
	    "UNIX-LISTEN:/run/device$mode/sock,fork,mode=666" EXEC:'echo device' \
	    2>/dev/null &
	within on test -S /run/device$mode/sock
done
check "a device's socket in a folder of its own is its own" \
    [ "$(device bob 700)" = "" ]
check "also for its owner it is there" [ "$(device vend1 700)" = device ]
check "in an open folder it is anybody's" [ "$(device bob 755)" = device ]

# --- in time ------------------------------------------------------------------

# A connection of bob's own, that stays.
hold() {
	: >"$T/hold"
	lab on -u bob jump python3 -c '
import socket, sys, time
s = socket.create_connection(("10.2.0.11", 5432))
for i in range(400):
    s.send(b"x")
    s.settimeout(1)
    try:
        s.recv(1)
        print("answered", flush=True)
    except Exception as e:
        print("not", flush=True)
    time.sleep(0.1)
' >"$T/hold" 2>&1 &
	holder=$!
	within grep -q answered "$T/hold"
}
last() {
	[ "$(tail -n 1 "$T/hold")" = "$1" ]
}
brief() {
	rules <<-END
		allow web: { alice bob } to web1:22
		allow brief: bob to db1:5432 until $ends
	END
	hold || return 1
	run lab on jump jumpctl sweep
	within last answered
}
check "bob has a connection, and a sweep changes nothing" in_time 6 brief
within past
run lab on jump jumpctl sweep
check "when the right ends, a sweep closes it" gave 0
check "also for a connection that stands" within last not
reach bob
check "and for new ones" reached 'tcp 10.2.0.10 22' 'tcp 2001:db8::10 22' \
    'mptcp 10.2.0.10 22' 'mptcp 2001:db8::10 22'
run lab on jump jumpctl lock bob
reach bob
check "who is locked reaches nothing" reached ''
run lab on jump jumpctl unlock bob
reach bob
check "unlocked: what was theirs, at once" reached 'tcp 10.2.0.10 22' \
    'tcp 2001:db8::10 22' 'mptcp 10.2.0.10 22' 'mptcp 2001:db8::10 22'
kill $holder

# --- it stands ------------------------------------------------------------------

stands() {
	run lab on jump nft list table inet jumphost
	gave 0
}
run lab on jump nft flush ruleset
check "flushed: gone" not stands
run lab on jump jumpctl doctor
check "flushed: doctor says so" printed 'FAIL .*the firewall table is gone'
powers=$(sed -n 's/^CapabilityBoundingSet=//p' \
    "$LAB_REPO/dist/systemd/jump-sweep.service" |
    sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
run lab on jump setpriv --no-new-privs --bounding-set="-all,$powers" \
    jumpctl sweep
check "flushed: a sweep of the timer's unit puts it back" stands
run lab on jump nft add element inet jumphost exempt '{ 2002 }'
run lab on jump jumpctl sweep
reach bob
check "changed: a sweep puts it right" reached 'tcp 10.2.0.10 22' \
    'tcp 2001:db8::10 22' 'mptcp 10.2.0.10 22' 'mptcp 2001:db8::10 22'
before=$(on stat -c %i /run/jump/jumphost.nft)
run lab on jump jumpctl sweep
check "as it is to be: it is left alone" \
    [ "$before" = "$(on stat -c %i /run/jump/jumphost.nft)" ]
run lab on jump jumpctl doctor
check "doctor: it stands" printed ' ok    the firewall table is loaded'
run lab on jump jumpctl export nft
check "export prints it" [ "$(cat "$T/out")" = "$(on cat /run/jump/jumphost.nft)" ]

# Administrators whom nobody has thought of.
echo 'sudo:x:27:admin' >>"$LAB/hosts/jump/etc/group"
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "doctor: an exempt administrator is free" not printed 'holds admin'
sed -i '/^set exempt/d' "$LAB/hosts/jump/etc/jump/policy"
run lab on jump jumpctl load
check "load: who is held too" said '^    does not name them: admin$'
run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
check "... with the remedy" printed 'remedy: add admin to .set exempt. in the policy'
check "doctor: another is named" printed \
    'the firewall table holds admin, who connects to nothing from here'

# Where it cannot be loaded.
cp "$LAB/hosts/jump/etc/jump/policy" "$T/good"
on rm -f /run/jump/swept
sed 's,/usr/sbin/nft,/usr/local/sbin/none,' "$T/good" >"$T/none"
run lab load "$T/none"
check "no such program: the check of it says so" \
    said '^warning: set nft: /usr/local/sbin/none is not there, or is not root'
check "no such program: the load says so" said 'set nft: /usr/local/sbin/none is not run'
check "no such program: exit 70" gave 70
run lab on jump jumpctl sweep
check "no such program: a sweep leaves no mark" not on test -e /run/jump/swept
printf '#!/bin/sh\necho no >&2\nexit 1\n' >"$LAB/hosts/jump/local/sbin/none"
chmod 755 "$LAB/hosts/jump/local/sbin/none"
run lab on jump jumpctl sweep
check "it fails: says what it said" said '/usr/local/sbin/none: no'
check "it fails: and what that means" said 'the table is not loaded, and the firewall as it was'
check "it fails: exit 70" gave 70
on chmod 775 /usr/local/sbin/none
run lab on jump jumpctl sweep
check "anybody's program is not run" said 'is not run: it is no executable'

# Without set nft nobody takes it away.
run lab load "$T/good"
sed '/^set nft/d' "$T/good" >"$T/without"
run lab load "$T/without"
check "an earlier policy's: the load says so" \
    said '^warning: the firewall table of an earlier policy stays as it is:$'
check "an earlier policy's: it stays" stands
on rm /run/jump/jumphost.listed
run lab on jump jumpctl check
check "the remedy: no more of it" not said 'earlier policy'
finish
