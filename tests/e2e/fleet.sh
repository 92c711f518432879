# SPDX-License-Identifier: ISC
# Two jump hosts behind one name, as docs/fleet.md has it, with each command of
# that page; and one of them loses its power.
# lab: LAB_SECOND=1
# runs: once
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guide.lib.sh"

if [ ! -x "$LAB/neighbours/usr/sbin/haproxy" ]; then
	skip "no haproxy here; run sudo ./bootstrap"
	exit 0
fi
if [ ! -e "$(echo "$LAB"/rsyslog/usr/lib/*/rsyslog/lmnsd_ossl.so)" ] &&
    [ ! -e "$(echo /usr/lib/*/rsyslog/lmnsd_ossl.so)" ]; then
	skip "no rsyslog-openssl here; run sudo ./bootstrap"
	exit 0
fi

J2=$LAB/hosts/jump2
A=$T/adm
mkdir -p "$A/policy"
chmod 755 "$T"

# --- stand-ins ---------------------------------------------------------------

# A service manager, for each of the hosts that has something to restart.
managers() {
	cat >"$T/stub/systemctl" <<-'STUB'
		#!/bin/sh
		lab=/run/lab
		case $* in
		'reload ssh')
			pid=$(cat /run/sshd.pid)
			rm /run/sshd.pid
			kill -HUP "$pid"
			until [ -s /run/sshd.pid ]; do sleep 0.1; done ;;
		'restart haproxy')
			haproxy -db -f /etc/haproxy/haproxy.cfg \
			    >$lab/tmp/e2e/haproxy.out 2>&1 &
			until ss -Hltn src 192.0.2.100 | grep -q :22; do
				sleep 0.1
			done ;;
		'restart rsyslog')
			d=$lab/rsyslog/usr/sbin/rsyslogd
			[ -x "$d" ] || d=/usr/sbin/rsyslogd
			m=$(echo $lab/rsyslog/usr/lib/*/rsyslog)
			[ ! -d "$m" ] || set -- "-M$m"
			mkdir -p /var/spool/rsyslog
			"$d" -n -iNONE -f /etc/rsyslog.new "$@" \
			    >/run/rsyslogd.err 2>&1 &
			until [ -S /dev/log ]; do sleep 0.1; done ;;
		*) exit 1 ;;
		esac
	STUB
	cat >"$T/stub/haproxy" <<-'STUB'
		#!/bin/sh
		n=/run/lab/neighbours/usr
		LD_LIBRARY_PATH=$(echo $n/lib/*/libopentracing-c-wrapper.so.0 |
		    sed 's,/[^/]*$,,') exec $n/sbin/haproxy "$@"
	STUB
	chmod +x "$T"/stub/*
}

# --- people and machines -----------------------------------------------------

# The client is everybody's workstation, 198.51.100.10, and the balancer, whose
# own connections come from 192.0.2.10 and 203.0.113.10.
names() {
	ip addr add 192.0.2.100/24 dev eth0
	cat >>/etc/hosts <<-'END'
		192.0.2.100 jump.example.com
		192.0.2.1 jump1.example.com
		203.0.113.2 jump2.example.com
		203.0.113.2 any.example.com
		192.0.2.1 any.example.com
	END
	echo 'multi on' >/etc/host.conf
	mkdir -p /etc/haproxy /run/haproxy
	mount -t tmpfs -o mode=700 tmp /root || exit 1
	{
		cat <<-'END'
			Host jump
			    HostName jump.example.com
			Host jump1 jump2 any
			    HostName %h.example.com
			Host collector
			    HostName 10.2.0.11
			    ProxyJump jump1
			    HostKeyAlias db1
			Host jump jump1 any
			    BindAddress 198.51.100.10
			Host any
			    HostKeyAlias jump.example.com
			    ServerAliveInterval 1
			    ConnectTimeout 2
			Match exec "test $LAB_USER = root"
			    User root
		END
		grep -v '^ *\(HostName 192\|HostKeyAlias jump\)' "$C"
	} >/etc/ssh/ssh_config
	cp "$LAB/keys/admin" "$LAB/keys/root"
	for h in "$J" "$J2" "$LAB/hosts/db1"; do
		install -d -m 700 "$h/root/.ssh"
		cp "$LAB/keys/admin.pub" "$h/root/.ssh/authorized_keys"
		sed -i "s,^Subsystem.*,Subsystem sftp internal-sftp," \
		    "$h/etc/ssh/sshd_config"
	done
	cat "$LAB/keys/admin.pub" >>"$LAB/hosts/db1/etc/ssh/authorized_keys"
	mkdir "$LAB/hosts/db1/etc/rsyslog.d"
	cat >"$LAB/hosts/db1/etc/rsyslog.new" <<-'END'
		module(load="imuxsock" SysSock.Name="/dev/log")
		include(file="/etc/rsyslog.d/*.conf")
	END
}

# hosts_of_fleet: their own keys, of which nobody has certificates yet.
hosts_of_fleet() {
	for h in jump jump2; do
		lab on $h "$T/stub/systemctl" reload ssh
		lab on $h ln -s "$LAB/openssh/usr/sbin/sshd" \
		    /usr/local/sbin/sshd
		cp "$LAB/keys/host_$h.pub" "$A/jump${h#jump}.pub"
	done
	mv "$A/jump.pub" "$A/jump1.pub"
	# For the first login of root, before there are certificates.
	sed -n 's/^jump /jump1.example.com /p
	    s/^jump2 /jump2.example.com /p' "$LAB/known_hosts" >"$A/before"
	cat "$A/before" >>"$LAB/known_hosts"
}

# One text for both: the lab puts it in force on the first.
fleet_policy() {
	policy <<-'END'
		user bob
		key bob "ssh-ed25519 AAAA"
		user vend1
		key vend1 "ssh-ed25519 AAAA"
		group @boss alice
		allow web:  { alice bob } to { web1 db1 }
		allow near: alice to web2 from 198.51.100.10/32
		allow pump: vend1 to db1:5432 approve @boss 2h
	END
	cp "$J/etc/jump/policy" "$A/policy/"
	mkdir "$A/policy/policy.d"
	cp "$J/etc/hosts" "$J2/etc/hosts"
}

# shipping HOST: its rsyslog is started by the page, on its own /dev/log.
shipping() {
	mkdir -p "$LAB/hosts/$1/etc/rsyslog.d"
	{
		echo 'module(load="imuxsock" SysSock.Name="/dev/log" SysSock.Annotate="on" SysSock.ParseTrusted="on")'
		echo '$WorkDirectory /var/spool/rsyslog'
		echo 'include(file="/usr/local/share/jump/rsyslog.conf")'
		echo 'include(file="/etc/rsyslog.d/*.conf")'
	} >"$LAB/hosts/$1/etc/rsyslog.new"
	lab on "$1" mv /dev/log /dev/log.before
}

# --- the page ----------------------------------------------------------------

# perform STEP PROMPT
perform() {
	sed -f "$T/names" "$T/steps/$1" >"$T/step"
	last=$(head -n 1 "$T/step")
	case $2 in
	jump1#) set -- lab on jump ;;
	jump2#) set -- lab on jump2 ;;
	collector#) set -- lab on db1 ;;
	adm#) set -- env LAB_USER=root ;;
	*) set -- env LAB_USER="${2%?}" ;;
	esac
	(cd "$A" && "$@" env PATH="$T/stub:/usr/local/sbin:$PATH" timeout 60 \
	    sh -c "$(cat "$T/step")") >"$T/out" 2>"$T/err" </dev/null &&
	    status=0 || status=$?
	cat "$T/err" >>"$T/out"
}

saw() {
	sed -f "$T/names" "$T/steps/$1.seen" >"$T/seen"
	python3 "$LAB_REPO/tests/e2e/commands.py" seen "$T/seen" "$T/out" \
	    "$T/names" >"$T/err" 2>&1
}

# page FROM TO: the commands of these sections, FROM and on until TO.
page() {
	from=$(grep -n "^##* $1" "$LAB_REPO/docs/fleet.md" | cut -d: -f1)
	to=$(grep -n "^##* ${2:-$}" "$LAB_REPO/docs/fleet.md" | cut -d: -f1)
	while read -r step line _ prompt wanted _ <&7; do
		[ "$line" -gt "$from" ] && [ "$line" -lt "${to:-9999}" ] ||
		    continue
		perform "$step" "$prompt"
		check "fleet.md:$line: $prompt $last" [ "$status" -eq "$wanted" ]
		[ ! -s "$T/steps/$step.seen" ] ||
		    check "fleet.md:$line: is as it says" saw "$step"
	done 7<"$T/steps/list"
}

# --- sessions ------------------------------------------------------------------

# begin NAME DESTINATION OPTION...: alice at db1, until its fifo is closed.
begin() {
	mkfifo "$T/$1.in"
	ssh "$2" connect db1 5432 <"$T/$1.in" >"$T/$1.out" 2>"$T/$1.err" &
	echo $! >"$T/$1.pid"
	case $1 in
	one) exec 4>"$T/one.in" ;;
	two) exec 5>"$T/two.in" ;;
	esac
	within holds "$1" "$3"
}

# holds NAME HOST: there is one there.
holds() {
	lab on "$2" jumpctl who --user alice >"$T/$1.who" 2>/dev/null
	grep -q 'db1:5432' "$T/$1.who"
}

# answers NAME: what goes in comes back.
answers() {
	echo "$1 $(date +%N)" >"$T/$1.line"
	case $1 in
	one) cat "$T/$1.line" >&4 ;;
	two) cat "$T/$1.line" >&5 ;;
	esac
	within grep -qxFf "$T/$1.line" "$T/$1.out"
}

close_both() {
	exec 4>&- 5>&-
}

ended() {
	! kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

# jumps DESTINATION: a new session by ProxyJump.
jumps() {
	run ssh -J "$1" web1 hostname </dev/null
	[ "$status" -eq 0 ] && [ "$(cat "$T/out")" = web1 ]
}

nobody_on_jump2() {
	[ -z "$(lab on jump2 jumpctl who 2>/dev/null)" ]
}

# logged_since REGEX: by the first jump host, in the course of the last run.
logged_since() {
	tail -n +"$((before + 1))" "$J/var/log/jump.log" | grep -q "$1"
}

# backend WHAT: tell the balancer, of jump1 or jump2.
backend() {
	echo "set server jump/$1 state $2" | socat - /run/haproxy/admin.sock |
	    grep . && return 1
	return 0
}

managers
names
hosts_of_fleet
fleet_policy
: >"$T/names"
check "each command of docs/fleet.md is one that is run" steps docs/fleet.md
page 'One host key' 'One policy'
sed -i '/^jump/d' "$LAB/known_hosts"
cat "$A/known_hosts" >>"$LAB/known_hosts"
page 'One policy' HAProxy
shipping jump
shipping jump2
page Logs 'One list'
page HAProxy 'When one dies'
page 'Sessions and locks' Approvals

# --- approvals -----------------------------------------------------------------

cp "$LAB/keys/alice" "$A/key"
export LAB_USER=vend1
run ssh jump2 connect db1 5432 </dev/null
check "vend1 needs an approval" gave 77 ""
page Approvals 'Logs'
for h in jump1 jump2; do
	run ssh $h connect db1 5432 </dev/null
	check "signed once, it opens on $h" gave 0
done

# A fleet of its own, that calls another machine so: what alice has signed is
# not of that one, and vend1 asked for nothing there.
other_fleet() {
	sed "$1" "$J/etc/jump/policy" >"$J2/etc/jump/policy"
	rm -f "$J2"/var/lib/jump/requests/[0-9]*
	run lab on jump2 jumpctl load
}
refused_there() {
	run ssh jump2 approve --signed <"$A/signed"
	cp "$T/err" "$T/why"
	gave 77 "" && run ssh jump2 connect db1 5432 </dev/null && false
	gave 77 "" && lab on jump2 sh -c '[ -z "$(ls /var/lib/jump/requests |
	    grep "^[0-9]*\.[ra]\.")" ]'
}
other_fleet 's/^host db1.*/host db1 10.2.0.12 ssh 22 tcp 5432/'
check "another policy, on another host" gave 0
check "what was signed for this db1 is not for that" refused_there
check "in one line" [ "$(wc -l <"$T/why")" -eq 1 ]
check "which says so" grep -q '^jump: this approval is of db1 at 10\.2\.0\.11 2001:db8::11, which db1 is not here\. ' "$T/why"
check "and is on record" within grep -q \
    '"jump-shell".*vend1.*"jump.reason":"an approval of another address"\|jump.reason.*an approval of another address' "$J2/var/log/jump.log"
other_fleet 's/^set contact/set realm other\n&/'
check "nor is it for one of another realm" refused_there
check "which is said" grep -q '^jump: this approval is of a policy without realm' "$T/why"
other_fleet 's/^//'
run ssh jump2 approve --signed <"$A/signed"
check "with one policy, it is good again" gave 0

# --- a session on each host ----------------------------------------------------

export LAB_USER=alice
backend jump2 drain
check "a session by the one name, on the one host" begin one jump jump
backend jump2 ready
backend jump1 drain
check "another, on the other" begin two jump jump2
check "a drained host: what is there goes on" answers one
backend jump1 ready
check "the jump host knows the balancer's address only" \
    grep -q 'alice *192\.0\.2\.10 ' "$T/one.who"
check "the other answers" answers two
run ssh jump1 connect web2 22 </dev/null
check "a rule with from, by the host's own name" gave 0
backend jump2 drain
before=$(wc -l <"$J/var/log/jump.log")
run ssh jump connect web2 22 </dev/null
check "not by way of the balancer" gave 77 ""
check "and the record has the address of the balancer" within logged_since \
    'jump-connect.*source.ip[^,]*192\.0\.2\.10'
backend jump2 ready

# --- one loses its power -------------------------------------------------------

start=$(date +%s)
lab on jump2 ip link set clients down
lab on jump2 ip link set eth0 down
gone_and_out() {
	ended two && jumps jump && jumps jump
}
within gone_and_out || within gone_and_out
check "power off: its session has ended, new ones work" gone_and_out
check "in less than a minute ($(($(date +%s) - start)) s)" \
    [ $(($(date +%s) - start)) -lt 60 ]
check "the session on the other goes on" answers one
before=$(wc -l <"$J/var/log/jump.log")
run ssh -v any list </dev/null
check "without a balancer: the client goes on to the next address" gave 0
check "after the first has failed" \
    said 'connect to address 203\.0\.113\.2 port 22: '
check "and the jump host knows the user's own address" within logged_since \
    'Accepted publickey for alice from 198\.51\.100\.10 '
lab on jump2 ip link set clients up
lab on jump2 ip link set eth0 up
check "back again: it has the half that nobody has the other of" \
    holds two jump2
run lab on jump2 jumpctl kick alice
check "kick ends that" within nobody_on_jump2
back() {
	jumps jump && jumps jump2
}
check "and it serves" within back

# --- one list ------------------------------------------------------------------

# of_host ADDRESS REGEX: sooner or later, the collector has that from it.
of_host() {
	grep -q "^{\"host\":\"$1\",.*$2" "$LAB/hosts/db1/var/log/jump.log"
}

# as_list ARGUMENT...: what the collector has, where the accounts are.
as_list() {
	run lab on jump jumpctl log --file - "$@" \
	    <"$LAB/hosts/db1/var/log/jump.log"
}

# evil HOST: it sends what another would, in each way there is to send it.
evil() {
	lab on "$1" python3 - <<-'END'
		import json, socket, ssl, time
		def line(pid, msg, **more):
		    return json.dumps({**more,
		        "time": time.strftime("%FT%T+00:00", time.gmtime()),
		        "uid": "0", "pid": str(pid), "exe": "/usr/sbin/sshd",
		        "program": "sshd", "procid": str(pid), "msg": msg})
		def login(pid, user):
		    return [line(pid, " Accepted publickey for " + user +
		        " from 192.0.2.66 port 9 ssh2: ED25519 SHA256:x"),
		        line(pid, " User child is on pid %d" % (pid + 1))]
		t = "/etc/rsyslog.tls/"
		tls = ssl.create_default_context(cafile=t + "ca.pem")
		tls.check_hostname = False
		tls.load_cert_chain(t + "cert.pem", t + "key.pem")
		s = tls.wrap_socket(socket.create_connection(("10.2.0.11", 6514)))
		def send(text):
		    s.sendall(text.encode() + b"\n")
		def frame(text):
		    s.sendall(b"%d %s" % (len(text), text.encode()))
		for l in login(60001, "bob"):
		    send(l)
		for l in login(60011, "carol"):
		    send(l.replace('{"time"', '{"host":"10.2.0.1", "time"'))
		    send('{"host":"10.2.0.1",' + l[1:])
		    send("x" + l)
		    frame("{}\n" + '{"host":"10.2.0.1",' + l[1:])
		    frame("{\n" + '{"host":"10.2.0.1",' + l[1:])
		    frame("{\0\n" + '{"host":"10.2.0.1",' + l[1:])
		    send('x": {"a\\\\", "host":"10.2.0.1",' + l[1:])
		send(line(60021, " the end"))
		time.sleep(1)  # closed with a ticket unread, it would be reset
		s.close()
	END
}

# stranger HOW: who has no rights sends the first session of alice again, as one
# to web2: from the jump host, by TCP, by TLS, and with a certificate of theirs.
stranger() {
	lab on -u mallory jump timeout 20 python3 - "$1" "$T/forged" "$T/own" <<-'END'
		import socket, ssl, sys, time
		how, lines, own = sys.argv[1:]
		s = socket.create_connection(("10.2.0.11", 6514))
		try:
		    if how != "tcp":
		        tls = ssl._create_unverified_context()
		        if how == "own":
		            tls.load_cert_chain(own)
		        s = tls.wrap_socket(s)
		    s.sendall(open(lines, "rb").read())
		    time.sleep(1)
		    s.close()
		except (OSError, ssl.SSLError) as e:
		    print(e)
	END
}

evil_came() {
	grep -q 'pid":"60021"\|"pid": "60021"' "$LAB/hosts/db1/var/log/jump.log"
}
check "the collector has what the one did" within of_host 10.2.0.1 \
    '"jump-connect".*event.action.*open.*alice.*10.2.0.11'
check "and the other, cut off or not" within of_host 10.2.0.2 \
    'event.action.*close.*alice.*10.2.0.11.*kick'
page 'One list'
as_list --json
check "as JSON" gave 0
sort "$T/out" >"$T/list"
has() {
	grep "\"host\":\"$2\"" "$T/list" | grep -q "$1"
}
check "has the session on the one" has \
    '"outcome":"open".*"user":"alice".*"target":"db1","port":5432' 10.2.0.1
check "and the end of that on the other" has \
    '"outcome":"close".*"user":"alice".*"end":"kick"' 10.2.0.2
check "who wrote a line is as its host said" not grep -q \
    '"trust":"\(kernel\|uid\)"' "$T/list"
as_list --json --attested
check "unless the way is trusted" printed '"trust":"kernel"'
as_list --host 10.2.0.1
check "of one host, there is no column HOST" not printed '^ TIME +HOST'
check "and nothing of the other" not printed '10\.2\.0\.2|  kick, '
as_list --host 10.2.0.3
check "nothing of a host that is none" gave 1 ""
check "old lines have none, and no column" lab on jump sh -c \
    'jumpctl log | head -n 1 | grep -q "^ TIME     OUTCOME"'

# --- somebody who only runs there ------------------------------------------------

grep 'jump-connect' "$J/var/log/jump.log" |
    sed 's/db1/web2/g; s/10\.2\.0\.11/10.2.0.12/g; s/"time":"20../"time":"2199/' >"$T/forged"
openssl req -x509 -newkey ed25519 -nodes -days 9 -subj /CN=jump1 \
    -keyout "$T/own" -out "$T/own.pem" 2>/dev/null
cat "$T/own.pem" >>"$T/own"
chmod 644 "$T/forged" "$T/own"
check "there is something to forge" grep -q web2 "$T/forged"
run lab on -u mallory jump cat /etc/rsyslog.tls/key.pem
check "no user reads the key" [ "$status" -ne 0 ]
for how in tcp tls own; do
	stranger $how >"$T/stranger.$how" 2>&1
	check "sent by $how, it is not taken" not grep -q '"time":"2199' \
	    "$LAB/hosts/db1/var/log/jump.log"
done
run ssh jump1 connect web2 22 </dev/null
check "what happens is, after that" within of_host 10.2.0.1 \
    '"jump-connect".*event.action.*open.*alice.*10.2.0.12'

# Without TLS: the table of the page, at the port that is open here.
sed -n '/^table inet collector/,/^}/p' "$LAB_REPO/docs/fleet.md" |
    sed 's/514/6514/' >"$T/collector.nft"
reaches() {
	run lab on -u "$1" jump timeout 2 python3 -c \
	    'import socket; socket.create_connection(("10.2.0.11", 6514))'
	[ "$status" -eq 0 ]
}
check "anybody reaches the collector" reaches mallory
run lab on jump nft -f "$T/collector.nft"
check "the table of the page loads" gave 0
check "with it, they do not" not reaches mallory
check "and root does" reaches root
lab on jump nft delete table inet collector

# --- a host that lies ----------------------------------------------------------

evil jump2
check "a host says what it was not told" within evil_came
as_list --user bob
check "of itself" printed '10\.2\.0\.2 +login +bob +192\.0\.2\.66 '
as_list --host 10.2.0.1
check "and not of another" not printed '192\.0\.2\.66'
as_list
check "in whichever way it was sent" not printed 'carol'
lab on jump python3 - <<'END' >"$T/many"
for n in range(300):
    print('{"host":"h%d","time":"2026-11-20T10:00:00+00:00","uid":"0",'
        '"program":"sshd","procid":"7","msg":" Accepted publickey for alice '
        'from 192.0.2.%d port 9 ssh2: ED25519 SHA256:x"}' % (n, n % 250))
for n in range(300):
    print('{"host":"h%d","time":"2026-11-20T10:00:01+00:00","uid":"0",'
        '"program":"sshd","procid":"7","msg":" User child is on pid 8"}' % n)
END
run lab on jump jumpctl log --file - <"$T/many"
check "one process of many hosts is many" \
    [ "$(grep -c ' login ' "$T/out")" -eq 256 ]
check "each with its own address" printed ' h77 +login +alice +192\.0\.2\.77 '
check "and those that are too many are told of" \
    said '^jumpctl: more than 256 hosts: 88 lines are left out'
run lab on jump jumpctl log --file - --host h299 <"$T/many"
check "unless they are asked for" printed ' login +alice +192\.0\.2\.49 '
finish
