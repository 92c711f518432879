# SPDX-License-Identifier: ISC
# Break the gate, or the firewall table: doctor names it and nothing else;
# mended, it is as quiet as before.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/doctor.lib.sh"

# listener NAME ADDRESS [SETPRIV...]: somebody on the gate's port there, who
# takes what comes and says nothing; ended by: kill $(cat /run/NAME.pid).
cat >"$T/listener" <<'END'
#!/bin/sh
name=$1 address=$2
shift 2
case $address in *:*) kind=AF_INET6 ;; *) kind=AF_INET ;; esac
setpriv --no-new-privs "$@" python3 -c "
import socket
s = socket.socket(socket.$kind)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('$address', 422))
s.listen()
while True: s.accept()" >/dev/null 2>&1 </dev/null &
echo $! >/run/$name.pid
for i in $(seq 150); do
	ss -ltn | grep -q "$address\]*:422" && exit
	sleep 0.2
done
exit 1
END
# gate ADDRESS...: the gate by inetd, on these addresses alone.
cat >"$T/gate" <<'END'
#!/bin/sh
[ ! -e /run/inetd.pid ] || kill $(cat /run/inetd.pid)
: >/run/inetd.conf
for a in "$@"; do
	grep -F "$a:422 " /run/lab/tmp/e2e/inetd.conf >>/run/inetd.conf
done
while ss -ltn | grep -q :422; do sleep 0.1; done
[ $# -gt 0 ] || { rm -f /run/inetd.pid; exit 0; }
/run/lab/tmp/e2e/inetd -i /run/inetd.conf >/dev/null 2>&1 </dev/null &
echo $! >/run/inetd.pid
for a in "$@"; do
	while ! ss -ltn | grep -Fq "$a:422"; do sleep 0.1; done
done
END
cp "$LAB_REPO/.cache/inetd/usr/sbin/inetd" "$T/inetd"
sed -n '/stream tcp6* nowait/p' "$LAB_REPO/docs/jumpctl.8" >"$T/inetd.conf"
# handle WORD: of the rule with it.
cat >"$T/handle" <<'END'
#!/bin/sh
nft -a list chain inet jumphost people | sed -n "s/.*$1.*# handle //p"
END
chmod 755 "$T/listener" "$T/gate" "$T/handle"
both="/run/lab/tmp/e2e/gate 127.0.0.1 '[::1]'"
listener=/run/lab/tmp/e2e/listener
gate=/run/lab/tmp/e2e/gate
handle=/run/lab/tmp/e2e/handle
swept='jumpctl sweep'
export both listener gate handle swept

steady
on sh -c "$both"
policy <<'END'
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
net lan 10.2.0.0/24 ssh 22
allow all: alice to { web1 lan }
END
on sh -c 'sed -i /web1/d /etc/hosts; jumpctl export hosts >>/etc/hosts
    jumpctl load --no-sweep; jumpctl sweep'
at_first
check "the gate answers" printed '^ ok    the gate answers, by port 422'
check "the table is loaded" printed '^ ok    the firewall table is loaded$'

# The systemd socket unit stopped is the gate stopped.
each 3<<'END'
# the gate
FAIL|the gate: nobody listens on 127.0.0.1, port 422||$gate|sh -c "$both"
FAIL|the gate: nobody listens on ::1, port 422||$gate 127.0.0.1|sh -c "$both"
FAIL|the gate: nobody listens on 127.0.0.1, port 422||$gate '[::1]'|sh -c "$both"
FAIL|the gate: uid 2001 listens on 127.0.0.1, port 422, in its place||$gate '[::1]'; $listener x 127.0.0.1 --reuid 2001 --inh-caps +net_bind_service --ambient-caps +net_bind_service|kill $(cat /run/x.pid); sh -c "$both"
FAIL|the gate does not answer||$gate '[::1]'; $listener x 127.0.0.1|kill $(cat /run/x.pid); sh -c "$both"
FAIL|net.ipv4.ip_unprivileged_port_start is 400: users can listen||sysctl -q net.ipv4.ip_unprivileged_port_start=400|sysctl -q net.ipv4.ip_unprivileged_port_start=1024
# the table
FAIL|the firewall table is gone||nft delete table inet jumphost|$swept
FAIL|the firewall table is gone||nft flush ruleset|$swept
FAIL|the firewall table is gone, or empty||nft flush chain inet jumphost output|$swept
FAIL|somebody has changed it||nft delete rule inet jumphost people handle $($handle lsrr)|$swept
FAIL|somebody has changed it||nft add rule inet jumphost people tcp dport 9999 accept|$swept
FAIL|somebody has changed it||nft insert rule inet jumphost people tcp dport 9999 accept|$swept
FAIL|somebody has changed it||nft delete rule inet jumphost people handle $($handle lsrr); nft insert rule inet jumphost people ip option lsrr exists counter name refused drop|$swept
FAIL|somebody has changed it||nft add element inet jumphost exempt '{ 2001 }'|$swept
FAIL|somebody has changed it||nft add chain inet jumphost output '{ policy drop; }'|$swept
FAIL|the firewall table is not the one||rm /run/jump/jumphost.listed|$swept
# other tables
warn|table ip cis, chain out, leads elsewhere what users connect to||nft 'table ip cis { chain out { type nat hook output priority -150; ip daddr 10.2.0.0/24 tcp dport 22 redirect to :2222; }; }'|nft delete table ip cis
warn|table inet cis, chain out, leads elsewhere||nft 'table inet cis { chain out { type nat hook output priority 50; tcp dport 22 dnat ip to 10.9.0.2; }; }'|nft delete table inet cis
warn|table ip6 cis, chain out, leads elsewhere||nft 'table ip6 cis { chain on { tcp dport 80 redirect to :81; }; chain out { type nat hook output priority -100; goto on; }; }'|nft delete table ip6 cis
# who is exempt
warn|the firewall table holds admin, who connects to nothing||sed -i.x '/^set exempt/d' /etc/jump/policy; jumpctl load|mv /etc/jump/policy.x /etc/jump/policy; jumpctl load
warn|nobody-is: in `set exempt', but no account of this machine||sed -i.x 's/^set exempt.*/set exempt { admin nobody-is }/' /etc/jump/policy; jumpctl load|mv /etc/jump/policy.x /etc/jump/policy; jumpctl load
END

# One who is exempt and a user: what a user is comes first, and is said twice.
on sh -c "sed -i 's/^jump:.*/jump:x:2010:alice,admin/' /etc/group; jumpctl sweep" \
    2>/dev/null
doctor
check "exempt, and in the group jump" printed \
    "^ warn  admin: in .set exempt', but in the group jump, and so held"
on sh -c "sed -i 's/^jump:.*/jump:x:2010:alice/' /etc/group"
mended "not in the group"
on sh -c "sed -i 's/^set exempt.*/set exempt { admin alice }/' /etc/jump/policy"
doctor
check "exempt, and a user: the text has an error" printed \
    '^ FAIL  the text of the policy has 1 error'
on sh -c "sed -i 's/^set exempt.*/set exempt admin/' /etc/jump/policy"
mended "no user is exempt"

# What others accept, ours drops all the same; and Docker's chain is no trouble.
# tries [UID]: a user, or this uid, reaches db1.
tries() {
	echo word | on setpriv --reuid "${1:-2001}" --regid 2001 --clear-groups \
	    timeout 5 socat -t 2 - TCP4:10.2.0.11:5432 2>&1 | grep -q word
}

check "an administrator's own connection" tries 3000
check "a user's own connection" not tries
on nft 'table inet open { chain out { type filter hook output priority -300; accept; }; }'
check "... that another table accepts" not tries
doctor
check "... which is no trouble" quiet
on nft delete table inet open
on nft 'table ip nat { chain DOCKER { tcp dport 8080 dnat to 172.17.0.2:80; }
    chain OUTPUT { type nat hook output priority -100;
    ip daddr != 127.0.0.0/8 fib daddr type local counter jump DOCKER; }; }'
doctor
check "what is for this host's own addresses is no trouble" quiet
on nft delete table ip nat

# Without set nft, it is an administrator's.
on sh -c "sed -i '/^set nft/d; /^set gate/d; /^set exempt/d' /etc/jump/policy
    nft delete table inet jumphost; rm -f /run/jump/jumphost.*; jumpctl load" \
    2>/dev/null
doctor
check "none, and none was to be" printed \
    '^ warn  the firewall table is not loaded: who breaks out'
on sh -c 'jumpctl export nft | nft -f -'
doctor
check "one by hand" printed '^ ok    the firewall table is loaded; without set nft'
on nft 'table ip cis { chain out { type nat hook output priority 0; tcp dport 22 redirect to :23; }; }'
doctor
check "... and another beside it" printed '^ warn  table ip cis, chain out, leads'
finish
