# SPDX-License-Identifier: ISC
# The gate takes nobody for somebody else whose connection has the source port
# that the kernel has given the one that it turned around.
# runs: once
. "$(dirname "$0")/lib.sh"

cp "$LAB_REPO/tests/e2e/gateport.py" "$T/"
py="python3 $T/gateport.py"

policy <<'POLICY'
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
user bob
key bob "ssh-ed25519 AAAA"
net dbs { 10.2.0.11/32 2001:db8::11/128 } tcp 5432
allow dbs: bob to dbs
allow web: alice to web1
POLICY
event_close() {
	grep -q '"event.action":"close".*"user.name":"bob"' "$LAB/jump.log"
}

echo 'it is me' >"$T/in"
check "the gate is up" gate_up

# What relays of bob's look like: many, to where alice may not.  They need no
# answer; the gate's own connections come from other ports.
lab on db1 nft -f - <<'NFT'
table inet deaf {
	chain input {
		type filter hook input priority 0;
		tcp dport 5432 tcp sport 1024-19999 drop
	}
}
NFT
lab on jump sh -c "ulimit -n \$(ulimit -H -n)
    exec setpriv --reuid bob --regid _jump --clear-groups \
    $py crowd 10.2.0.11 5432 1024 20000" >"$T/crowd" 2>&1 &
crowd=$!
until grep -q '^[0-9]' "$T/crowd" || ! kill -0 "$crowd"; do
	sleep 0.2
done
check "bob has many relays" grep -Eq '^1[0-9]{4}$' "$T/crowd"

run lab on -u bob jump nc -N 10.2.0.11 5432 <"$T/in"
check "bob's own pass" gave 0 'it is me'
within event_close
before=$(grep -c '"user.name":"bob"' "$LAB/jump.log")
run lab on -u alice jump $py collide 10.2.0.10 80 10.2.0.11 5432 50000 50040
check "each was tried" printed '^done 40$'
check "alice is not taken for bob" not printed 'it is me'
check "nor does the gate see it" [ "$(grep -c '"user.name":"bob"' "$LAB/jump.log")" \
    -eq "$before" ]

# A port is free for another connection as soon as it is for the socket.
tracked() {
	lab on jump cat /proc/net/nf_conntrack |
	    grep -Eq "^$1 .*(TIME_WAIT|CLOSE) .* dport=422|^$1 .*(TIME_WAIT|CLOSE) .*sport=422"
}
for a in 10.2.0.11 2001:db8::11; do
	run lab on -u bob jump nc -N $a 5432 <"$T/in"
	check "$a: passes" gave 0 'it is me'
	[ $a = 10.2.0.11 ] && family=ipv4 || family=ipv6
	tracked $family && echo "# $family: tracked"
	check "$a: is forgotten at once" within not tracked $family
done
kill $crowd

# A socket that is bound to an interface takes the way to the gate along, to
# whoever says there that the gate's address is theirs.
lab on db1 sysctl -qw net.ipv4.conf.all.route_localnet=1
lab on db1 nft -f - <<'NFT'
table inet outside {
	counter came { }
	chain input {
		type filter hook prerouting priority -400
		iif != "lo" ip daddr 127.0.0.0/8 counter name "came"
	}
}
NFT
came() {
	lab on db1 nft list counter inet outside came |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
run lab on -u alice jump socat -T 2 - \
    TCP:10.2.0.11:80,so-bindtodevice=targets,connect-timeout=2 </dev/null
check "nothing for the gate leaves this host" [ "$(came)" -eq 0 ]
gate_down
finish
