# SPDX-License-Identifier: ISC
# jumpctl log, doctor and check with the gate: one row for what two programs
# tell of one connection, by rsyslog and by files that say no sender.
. "$(dirname "$0")/lib.sh"

connect=/usr/local/libexec/jump/jump-connect

# gate_up: by socat, of which each address has its own to be ended.
gate_up() {
	for listen in TCP4-LISTEN:422,bind=127.0.0.1 'TCP6-LISTEN:422,bind=[::1]'; do
		lab on jump socat "$listen,fork,reuseaddr,backlog=512" \
		    "EXEC:setpriv --reuid _jump --regid _jump --clear-groups $connect -G,nofork" 2>/dev/null &
	done
	within lab on jump sh -c "ss -ltn | grep -q '127.0.0.1:422' &&
	    ss -ltn | grep -q '\[::1\]:422'"
}

# gate_down FAMILY: that listener; connections that stand go on.
gate_down() {
	lab on jump sh -c "ss -$1 -ltnp 'sport = 422' |
	    sed -n 's/.*pid=\([0-9]*\).*/\1/p' | xargs -r kill"
}

# to ADDRESS:PORT [SSH OPTION...]: by ProxyJump, with $T/in to it.
to() {
	where=$1
	shift
	run ssh -F "$C" "$@" -W "$where" jump <"$T/in"
}

list() {
	run lab on jump jumpctl log "$@" </dev/null
}

# lists REGEX ARGUMENT...: a line of the list, sooner or later.
lists() {
	regex=$1
	shift
	within lists_once "$@"
}

lists_once() {
	list "$@"
	printed "$regex"
}

# The columns of a line: OUTCOME USER FROM TARGET, by forward, and the rest.
line() {
	printf '^ ..:..:.. %s +%s +%s +%s +forward +' "$@"
}

# many REGEX N: so many lines of the list.
many() {
	[ "$(grep -Ec -- "$1" "$T/out")" -eq "$2" ]
}

HERE=192\\.0\\.2\\.10
ID='[a-z2-7]{8}'
export LAB_USER=bob
echo hello >"$T/in"

rules() {
	{
		cat <<-'END'
			user bob
			key bob "ssh-ed25519 AAAA"
			net lab2 10.2.0.12/32 ssh 22
			net dbs { 10.2.0.11/32 2001:db8::11/128 } tcp 5432
			host shut 10.8.0.10 tcp 81
			allow dbs: bob to { dbs lab2 web1 shut }
		END
		cat
	} | policy
}

with_gate() {
	rules <<-'END'
		set nft "/usr/sbin/nft"
		set gate 422
		set exempt admin
	END
}

# --- the list -------------------------------------------------------------------

with_gate
take_dev_log
start_rsyslog
check "the gate is up" gate_up
run lab on jump jumpctl sweep
to 10.2.0.11:5432
check "a net by ProxyJump" gave 0 hello
to 10.2.0.11:22
to 10.8.0.10:81
to 10.2.0.12:502
run ssh -F "$C" -J jump web1 hostname </dev/null
check "by name" gave 0 web1
check "an end, with its bytes, whence and by whom" \
    lists "$(line close bob $HERE 10.2.0.11:5432)$ID .*sent 6, received 6"
check "and one more" lists "$(line close bob $HERE web1:22)$ID .*sent [0-9.]+K"
cp "$T/out" "$T/list"
check "one opening" many ' open +bob .* 10\.2\.0\.11:5432 ' 1
check "with the reference of its end" \
    printed "$(line open bob $HERE 10.2.0.11:5432)$ID"
check "one end" many ' close +bob .* 10\.2\.0\.11:5432 ' 1
check "refused: one row, and why" \
    printed "$(line refused bob $HERE 10.2.0.11:22)$ID +no allow rule matches"
check "and no other of it" many ' 10\.2\.0\.11:22 ' 1
check "nobody answers: one row" \
    printed "$(line failed bob $HERE 10.8.0.10:81)$ID +Connection refused"
check "and no other of that" many ' 10\.8\.0\.10:81 ' 1
check "refused by sshd: one row" \
    printed "$(line refused bob $HERE 10.2.0.12:502)p[0-9]+ +policy now: "
check "by name: one opening, and one end" many ' (open|close) +bob .* web1:22 ' 2
check "all of it believed" not printed '^[!?~]'

# --- a story --------------------------------------------------------------------

list --outcome close --target 10.2.0.11 --json
id=$(sed -n 's/.*"ref":"\([a-z2-7]*\)".*/\1/p' "$T/out")
login=$(sed -n 's/.*"login":"\(p[0-9]*\)".*/\1/p' "$T/out")
check "--json: the login, and the address" \
    printed '"from":"192.0.2.10","target":"10.2.0.11","port":5432,"ip":"10.2.0.11"'
list "$id"
check "a reference: from login to end" [ "$(sed -n 's/^.*..:..:.. \([a-z]*\) .*/\1/p' "$T/out" | tr '\n' ' ')" = "login decided open close " ]
check "the login has its key" printed "login +bob +$HERE .* $login +key SHA256:"
check "the question" printed "^ask again: jumpctl explain bob 10.2.0.11:5432 --via forward --from 192.0.2.10 --at"
run lab on jump sh -c "$(sed -n 's/^ask again: //p' "$T/out")"
check "which can be asked" gave 0
list "$login"
check "the login's reference: what came by it, too" printed " close +bob .* $id "
list --outcome close --target web1 --json
check "by name: the address, too" printed '"target":"web1","port":22,"ip":"10.2.0.10"'

# --- a file that says no sender ---------------------------------------------------

list --file /var/log/auth.log
check "nothing attested: the same rows" \
    [ "$(grep -Ec '^\?..:..:.. (open|close|refused|failed) +bob .* forward ' "$T/out")" \
    -eq "$(grep -Ec '^ ..:..:.. (open|close|refused|failed) +bob .* forward ' "$T/list")" ]
check "whence, too" printed "^\?..:..:.. close +bob +$HERE +10.2.0.11:5432 +forward +$id .*sent 6"

# --- who is not the gate ------------------------------------------------------------

say() {
	lab on -u "$1" jump python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
s.send(sys.argv[1].encode())
time.sleep(0.5)' "$2"
}
record() {
	echo "<36>Nov 20 16:02:11 jump-connect[1]: @cee: {\"event.action\":\"open\",\"event.outcome\":\"success\",\"user.name\":\"bob\",\"user.id\":\"$(lab on jump id -u bob)\",\"destination.address\":\"10.6.6.6\",\"destination.port\":22,\"jump.session\":\"$1\",\"jump.road\":\"$2\"}"
}
say bob "$(record aaaaaaaa forward)"
check "a user claims the road: forged" \
    lists '^!..:..:.. forged +bob .*claims: .*10\.6\.6\.6'
say bob "$(record "$id" connect)"
check "or a session of the gate's: marked" lists "^!..:..:.. open +bob .* $id " "$id"

# A process of the user's, past sshd.
lab on -u bob jump nc -w 2 10.2.0.10 5432 </dev/null >/dev/null 2>&1
check "a shell of bob's: no login" lists '^ ..:..:.. refused +bob +- +10\.2\.0\.10:5432 +forward '

# --- ssh jump who -----------------------------------------------------------------------

# keep TEXT ADDRESS:PORT: a connection that stays, until 5 is closed.
keep() {
	rm -f "$T/fifo"
	mkfifo "$T/fifo"
	ssh -F "$C" -W "$2" jump <"$T/fifo" >"$T/kept" 2>/dev/null &
	exec 5>"$T/fifo"
	printf "$1" >&5
	within [ -s "$T/kept" ]
}

keep 'hello\n' 10.2.0.11:5432
jump who
check "who: by the gate" printed '^- +- +10\.2\.0\.11:5432 forward - +6 +6 +[0-9]+s open$'
check "and nothing else" [ "$(grep -c . "$T/out")" -eq 2 ]
jump who -v
check "who -v: not how far the gate is" \
    printed '^- +10\.2\.0\.11:5432 target open +- +0 '
as alice jump who
check "who: not another's" gave 0 ""
as carol jump who
check "who: nor on a shared account" gave 0 ""
export LAB_USER=bob
exec 5>&-
nothing() {
	jump who
	gave 0 ""
}
check "who: it ends" within nothing

# --- doctor, check, explain -----------------------------------------------------------

doctor() {
	run lab on jump jumpctl doctor </dev/null
}

# asks: about a net, which only the gate can hold.
asks() {
	run lab on jump jumpctl explain bob 10.2.0.11:5432 --via "${1:-forward}"
}

answers='^ ok    the gate answers, by port 422 of 127\.0\.0\.1 and ::1$'
doctor
check "doctor: it stands" printed "$answers"
run lab on jump jumpctl check
check "check: nothing to say of it" not said 'gate'
asks
check "explain: forward" gave 0
check "explain: nothing to say of it" not said 'gate'

lab on jump sysctl -q net.ipv4.ip_unprivileged_port_start=1000
doctor
check "doctor: a port that is anybody's" printed '^ FAIL  net\.ipv4\.ip_unprivileged_port_start is 1000: '
check "doctor: the remedy" printed 'remedy: sysctl net\.ipv4\.ip_unprivileged_port_start=1024$'
asks
check "explain: it is not asked then" said '^jumpctl: the gate does not answer here, so that forward '
lab on jump sysctl -q net.ipv4.ip_unprivileged_port_start=1024

lab on jump nft delete table inet jumphost
doctor
check "doctor: no table leads there" printed '^ FAIL  the firewall table is gone, or empty$'
run lab on jump jumpctl check
check "check: while it is in force, it is missed" said '^warning: the gate does not answer, so that ProxyJump$'
run lab on jump jumpctl explain bob web1:22 --via forward
check "explain: what sshd holds alone is not missed" not said gate
run lab on jump jumpctl sweep
doctor
check "doctor: the remedy helps" printed "$answers"

gate_down 6
doctor
check "doctor: IPv6 is missed" printed '^ FAIL  the gate: nobody listens on ::1, port 422$'
run lab on jump jumpctl check
check "check: what that means" said '^    to IPv6 is refused: see jumpctl doctor$'
lab on jump sysctl -qw net.ipv6.conf.lo.disable_ipv6=1
doctor
check "doctor: not where there is none" printed "$answers"
lab on jump sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
gate_down 4
doctor
check "doctor: nobody listens" printed '^ FAIL  the gate: nobody listens on 127\.0\.0\.1, port 422$'
check "doctor: how it is mended" printed 'remedy: systemctl enable --now jump-gate\.socket'
run lab on jump jumpctl check
check "check: nobody listens" said '^warning: the gate: nobody listens on 127\.0\.0\.1, port 422, so that ProxyJump$'
check "check: what that means" said '^    is refused: see jumpctl doctor$'
check "check: a warning" gave 0
asks
check "explain: forward gives nothing" said '^jumpctl: the gate does not answer here, so that forward '
run lab on jump jumpctl explain bob web1:22 --via forward
check "explain: nor what sshd could hold alone, while the table stands" \
    said 'so that forward reaches nothing: see jumpctl doctor$'
asks connect
check "explain: nor on another road" not said gate
LAB_USER=bob jump why web1
check "why: says that it may be refused" \
    said '^jump: the gate of this host does not answer: ProxyJump may be refused now\.$'
check "why: and the rest" printed '^web1:22 is open to you by ProxyJump\.$'
for at in 127.0.0.1 ::1; do
	lab on jump setpriv --reuid bob --clear-groups --inh-caps +net_bind_service \
	    --ambient-caps +net_bind_service nc -lk "$at" 422 >/dev/null 2>&1 &
done
taken() {
	doctor
	printed '^ FAIL  the gate: uid [0-9]+ listens on 127\.0\.0\.1, port 422, in its place$'
}
check "doctor: somebody else listens" within taken
gate_down 4
gate_down 6

rules </dev/null
doctor
check "doctor: no gate, no word of it" not printed 'gate'
check "doctor: a table that nobody keeps" printed '^ warn  the firewall table is that of an earlier policy$'
lab on jump nft delete table inet jumphost
keep '' web1:22
jump who
check "who: without a gate" printed '^- +- +10\.2\.0\.10:22 forward - +0 '
exec 5>&-
finish
