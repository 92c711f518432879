# SPDX-License-Identifier: ISC
# Names under a domain, and a name server that plays every trick: a name is
# looked up once, and nothing is dialled but an address that was checked.
# runs: once
. "$(dirname "$0")/lib.sh"

queries=$LAB/tmp/dns.queries
zone=$LAB/tmp/dns.zone
resolv=$LAB/hosts/jump/etc/resolv.conf
label63=$(printf '%063d' 0 | tr 0 x)
long="$label63.$label63.$label63.$(printf '%048d' 0 | tr 0 x).long.example"

policy <<END
domain dev "*.dev.corp.example" in { 10.8.0.0/16 2001:db8::10 } ssh 22
domain far "*.far.example" in 10.8.0.0/16 ssh 22
domain all "*.all.example" in { 0.0.0.0/0 ::/0 } ssh 22
domain long "*.*.*.*.long.example" in 10.8.0.0/16 ssh 22
allow dev: alice to { dev all long }
allow far: carol to far
END

# Every SYN of hers on any interface, but for questions over TCP.
lab on jump nft -f - <<'END'
table inet wire {
	counter syn { }
	chain output {
		type filter hook output priority -300
		meta skuid 2001 tcp dport != 53 tcp flags & (syn | ack) == syn counter name "syn"
	}
}
END

hundred=$(seq -f '10.8.1.%g' 100 | tr '\n' ' ')
{
	cat <<END
good.dev.corp.example A 10.8.0.10
a_b.dev.corp.example A 10.8.0.10
xn--bcher-kva.dev.corp.example A 10.8.0.10
$label63.dev.corp.example A 10.8.0.10
$long A 10.8.0.10
six.dev.corp.example AAAA 2001:db8::10
bad.dev.corp.example A 10.2.0.12
bad6.dev.corp.example AAAA 2001:db8::12
rebind.dev.corp.example A 10.8.0.10 / 10.2.0.12 / 127.0.0.1
mixed1.dev.corp.example A 10.8.0.10 10.2.0.12
mixed2.dev.corp.example A 10.2.0.12 10.8.0.10
mixed3.dev.corp.example A 10.8.0.10
mixed3.dev.corp.example AAAA 2001:db8::12
mixed4.dev.corp.example A 10.8.0.10 127.0.0.1
mixed5.dev.corp.example A 10.8.0.10 10.9.0.2
mixed6.dev.corp.example A 10.9.0.2 10.8.0.10
mapped.dev.corp.example AAAA ::ffff:10.8.0.10
mapped-bad.dev.corp.example AAAA ::ffff:10.2.0.12
alias.dev.corp.example CNAME good.dev.corp.example
alias-out.dev.corp.example CNAME good.elsewhere.example
alias-bad.dev.corp.example CNAME bad.elsewhere.example
good.elsewhere.example A 10.8.0.10
bad.elsewhere.example A 10.2.0.12
alias.elsewhere.example CNAME good.dev.corp.example
alias-nothing.dev.corp.example CNAME nothing.dev.corp.example
loop1.dev.corp.example CNAME loop2.dev.corp.example
loop2.dev.corp.example CNAME loop1.dev.corp.example
self.dev.corp.example CNAME self.dev.corp.example
chain20.dev.corp.example A 10.8.0.10
hundred.dev.corp.example A $hundred
seventeen.dev.corp.example A $(seq -f '10.8.1.%g' 16 | tr '\n' ' ') 10.8.0.10
text.dev.corp.example TXT
noquad.dev.corp.example A 10.8.0.10
noquad.dev.corp.example do noquad
tcp.dev.corp.example A 10.8.0.10
tcp.dev.corp.example do tcp
slow.dev.corp.example A 10.8.0.10
slow.dev.corp.example do slow 2
slower.dev.corp.example A 10.8.0.10
slower.dev.corp.example do slow 300
suffix.dev.corp.example.corp.example A 10.8.0.10
END
	seq 0 19 | while read -r n; do
		echo "chain$n.dev.corp.example CNAME chain$((n + 1)).dev.corp.example"
	done
	for manner in servfail refused silent udp garbage short zeros cut loop \
	    longname size badid other question flood; do
		echo "$manner.dev.corp.example do $manner"
	done
	n=0
	for a in 0.0.0.0 0.1.2.3 127.0.0.1 127.77.0.17 169.254.169.254 224.0.0.1 \
	    255.255.255.255 10.2.0.1 192.0.2.1 198.51.100.1; do
		n=$((n + 1))
		echo "never$n.all.example A $a"
	done
	for a in :: ::1 ::ffff:127.0.0.1 ::ffff:10.2.0.1 ::127.0.0.1 fe80::1 ff02::1 \
	    fd00:ec2::254 2001:db8::1 64:ff9b::7f00:1 64:ff9b::a02:1 \
	    64:ff9b:1::7f00:1 2002:7f00:1:: 2001:0:1:2:3:4:80ff:fffe; do
		n=$((n + 1))
		echo "never$n.all.example AAAA $a"
	done
	echo "both.all.example A 127.0.0.1 10.8.0.10"
} >"$zone"

lab on web2 python3 "$LAB/bin/dns.py" 10.2.0.53 "$zone" "$queries" &
for _ in $(seq 50); do
	[ ! -e "$queries" ] || break
	sleep 0.1
done

# patient SECONDS [LINE]: how long the jump host waits for an answer.
patient() {
	{
		echo "nameserver 10.2.0.53"
		echo "options timeout:$1 attempts:1"
		[ $# -eq 1 ] || echo "$2"
	} >"$resolv"
}

ssh -F "$C" -fNM -S "$T/control" jump </dev/null >/dev/null 2>&1

# ask NAME [OPTION...]
ask() {
	asked=$1
	shift
	: >"$queries"
	wire_reset
	run ssh -F "$C" -S "$T/control" jump connect "$@" "$asked" 22 </dev/null
	reference=$(sed -n 's/.*reference \(........\)\.$/\1/p' "$T/err")
}

# sent N: so many SYNs.
sent() {
	[ "$(wire_count syn)" -eq "$1" ]
}

asked_once() {
	printf 'udp %s 1\nudp %s 28\n' "$1" "$1" >"$T/want"
	sort "$queries" | cmp -s - "$T/want"
}

# one_line: of the text, and one record with the reason $1.
one_line() {
	gave "$1" "" && [ "$(grep -c . "$T/err")" -eq 1 ] &&
	    said "$2" && logged "\"jump.session\":\"$reference\"" &&
	    [ "$(count_log "\"jump.session\":\"$reference\"")" -eq 1 ] &&
	    logged "\"jump.session\":\"$reference\".*\"jump.reason\":\"$3\""
}

# yes NAME [IP]: connected, with one look-up and one SYN.
yes() {
	ask "$1"
	lower=$(echo "$1" | tr A-Z a-z)
	check "$1 is reached" printed '^SSH-2\.0-'
	check "$1: at ${2:-10.8.0.10}, and it is recorded" \
	    logged "\"open\",.*\"success\".*\"$lower\".*\"${2:-10.8.0.10}\""
	check "$1: one SYN" sent 1
}

# no NAME REASON: refused like a name that is not granted.
no() {
	ask "$1"
	check "$1 is refused: $2" one_line 77 "$REFUSAL" "$2"
	check "$1: nothing is dialled" sent 0
}

# nobody NAME [OPTION...]: the look-up fails.
nobody() {
	ask "$@"
	check "$1 cannot be looked up" one_line 69 \
	    "^jump: $1:22 cannot be looked up\. Ask .*, reference ........\.$" \
	    "the name cannot be looked up"
	check "$1: nothing is dialled" sent 0
}

none='the name has no address'
outside="the name's addresses are not its domain's"
never='an address that is never reached'
patient 5

yes good.dev.corp.example
check "with one question for each family" asked_once good.dev.corp.example
yes GOOD.Dev.corp.EXAMPLE
for host in a_b xn--bcher-kva "$label63" mapped alias alias-out chain0 tcp \
    noquad; do
	yes "$host.dev.corp.example"
done
yes "$long"
yes six.dev.corp.example 2001:db8::10
yes both.all.example

# Rebinding: each answer counts for its own connection only.
yes rebind.dev.corp.example
check "which asks once" asked_once rebind.dev.corp.example
no rebind.dev.corp.example "$outside"
no rebind.dev.corp.example "$outside"
yes rebind.dev.corp.example

for host in bad bad6 mixed1 mixed2 mixed3 mixed4 mixed5 mixed6 mapped-bad alias-bad \
    hundred seventeen flood; do
	no "$host.dev.corp.example" "$outside"
done
n=0
while [ $((n += 1)) -le 24 ]; do
	no "never$n.all.example" "$never"
done
for host in nosuch alias-nothing text loop1 self; do
	no "$host.dev.corp.example" "$none"
done
no "x$label63.dev.corp.example" "$none"
no "x$long" "$none"
no "xx$long" "$none"

# What is not granted is told in the same words, and is not looked up.
ask nosuch.dev.corp.example
sed 's/nosuch.dev.corp/X/; s/reference .*//' "$T/err" >"$T/nosuch"
ask bad.dev.corp.example
sed 's/bad.dev.corp/X/; s/reference .*//' "$T/err" >"$T/bad"
check "a name that is not and one that is forbidden look the same" \
    cmp -s "$T/nosuch" "$T/bad"
for host in good.far.example good.elsewhere.example alias.elsewhere.example \
    a.b.dev.corp.example dev.corp.example example a..dev.corp.example; do
	no "$host" 'no allow rule matches'
	check "$host is not looked up" [ ! -s "$queries" ]
done
sed 's/a\.\.dev.corp/X/; s/reference .*//' "$T/err" >"$T/other"
check "and so does one that is not granted" cmp -s "$T/nosuch" "$T/other"
ask good.dev.corp.example.
check "no dot at the end" gave 64
check "which is not looked up" [ ! -s "$queries" ]

# Slow, and bounded by -w.
yes slow.dev.corp.example
patient 30
sed -i 's/attempts:1/attempts:4/' "$resolv" # two minutes
start=$(date +%s)
nobody slower.dev.corp.example -w 1
nobody silent.dev.corp.example -w 1
check "-w bounds the look-up" [ $(($(date +%s) - start)) -le 25 ]
none_left() {
	! lab on jump pgrep -x jump-connect >/dev/null
}
is_asked() {
	[ -s "$queries" ]
}
check "nobody goes on looking it up" within none_left
: >"$queries"
lab on -u alice jump /usr/local/libexec/jump/jump-connect \
    slower.dev.corp.example 22 </dev/null >/dev/null 2>&1 &
within is_asked
check "a look-up is a child" \
    [ "$(lab on jump pgrep -c -x jump-connect)" -eq 2 ]
lab on jump pkill -KILL -o -x jump-connect
check "which ends with its parent" within none_left

# A client that is gone ends it too, and the plain netcat is bounded as well.
: >"$queries"
ssh -F "$C" jump connect slower.dev.corp.example 22 </dev/null \
    >/dev/null 2>&1 &
client=$!
within is_asked
kill -KILL $client
check "a look-up ends with its client" within none_left
check "with a record" logged \
    '"event.action":"decision".*"jump.reason":"the client is gone"'
cp "$LAB_BUILD/jump-connect" "$LAB/tmp/netcat"
netcat=$LAB/tmp/netcat
start=$(date +%s)
run lab on jump "$netcat" -n -w 1 silent.dev.corp.example 22 </dev/null
check "-n: a name server is silent" gave 69 ""
check "-n: -w bounds the look-up" [ $(($(date +%s) - start)) -le 25 ]
patient 1
for host in servfail refused silent badid question garbage short \
    zeros; do
	nobody "$host.dev.corp.example"
done
nobody udp.dev.corp.example -w 2
for host in cut loop longname size other; do
	no "$host.dev.corp.example" "$none"
done

# Neither the machine's search list nor the user's environment is used.
for line in 'search corp.example' 'options ndots:15'; do
	patient 5 'search corp.example' && echo "$line" >>"$resolv"
	no suffix.dev.corp.example "$none"
	check "$line: is not searched" asked_once suffix.dev.corp.example
	yes good.dev.corp.example
	check "$line: asks once" asked_once good.dev.corp.example
done
patient 5 'search dev.corp.example'
run lab on jump "$netcat" -n good 22 </dev/null
check "-n: the search list is the machine's" printed '^SSH-2\.0-'
run lab on jump "$netcat" -n nosuch 22 </dev/null
check "-n: no such name" gave 69 ""
patient 5
lab on jump sh -c 'echo "suffix good.dev.corp.example" >/tmp/aliases
    echo "suffix.dev.corp.example good.dev.corp.example" >>/tmp/aliases'
: >"$queries"
typed "" lab on -u alice jump env LOCALDOMAIN=corp.example \
    RES_OPTIONS='ndots:15 use-vc' HOSTALIASES=/tmp/aliases \
    RESOLV_ADD_TRIM_DOMAINS=.corp.example RESOLV_HOST_CONF=/tmp/aliases \
    /usr/local/libexec/jump/jump-connect suffix.dev.corp.example 22
check "the environment names nothing" gave 77 ""
check "and changes no question" asked_once suffix.dev.corp.example

# /etc/hosts counts as ever.
yes app1.dev.corp.example
no stray.dev.corp.example "$outside"
check "which the name server does not see" [ ! -s "$queries" ]
ssh -F "$C" -S "$T/control" -O exit jump 2>/dev/null
finish
