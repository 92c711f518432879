# SPDX-License-Identifier: ISC
# A host with many addresses, most of them dead: the one that answers is found
# soon, through the firewall, and one record names it.
# lab: LAB_NFT=1
# runs: once
. "$(dirname "$0")/lib.sh"

# 10.2.0.240 and further: dropped without a word (nobody has them either).
# 10.2.0.250 and further: web1's, with nobody at the port.
dead=$(seq -f '10.2.0.%g' 240 249 | tr '\n' ' ')
refusing=$(seq -f '10.2.0.%g' 250 254 | tr '\n' ' ')
for a in $refusing; do
	lab on web1 ip addr add "$a/32" dev eth0
done
lab on web1 nft -f - <<'END'
table ip lab {
	chain in {
		type filter hook input priority 0
		ip daddr 10.2.0.250-10.2.0.254 tcp dport 22 reject with tcp reset
		ip daddr 10.2.0.10 tcp dport 81 drop
	}
}
END
lab on jump nft -f - <<'END'
table ip lab {
	chain out {
		type filter hook postrouting priority 300
		ip daddr 10.2.0.240-10.2.0.249 drop
	}
}
END

policy <<END
host one-dead { 10.2.0.240 10.2.0.12 } ssh 22
host dead6 { 2001:db8::dead 10.2.0.12 } ssh 22
host refusing { $refusing 2001:db8::12 } ssh 22
host sixteen { $dead $refusing 10.2.0.12 } ssh 22
host all-dead { 10.2.0.240 10.2.0.241 2001:db8::dead } ssh 22
host dead-and-refusing { 10.2.0.240 10.2.0.250 } ssh 22
host nobody { 10.2.0.250 10.2.0.251 } ssh 22
host no-way { 203.0.113.1 10.2.0.240 } ssh 22
host nowhere { 203.0.113.1 2001:db8:dead::1 } ssh 22
host partly { 10.2.0.240 10.2.0.10 10.2.0.12 } ssh 22
net shut 10.2.0.10 ssh 22
allow all: alice to { one-dead dead6 refusing sixteen all-dead
    dead-and-refusing nobody no-way nowhere partly }
deny shut: alice to shut
END
wire_tap
ssh -F "$C" -fNM -S "$T/control" jump </dev/null >/dev/null 2>&1

now() {
	date +%s%3N
}

# dial NAME [OPTION...]: and how long that took, in ms.
dial() {
	asked=$1
	shift
	wire_reset
	start=$(now)
	run ssh -F "$C" -S "$T/control" jump connect "$@" "$asked" 22 </dev/null
	took=$(($(now) - start))
	reference=$(sed -n 's/.*reference \(........\)\.$/\1/p' "$T/err")
}

# between MIN MAX: ms.
between() {
	[ "$took" -ge "$1" ] && [ "$took" -le "$2" ] && return
	echo "# took $took ms"
	return 1
}

# reaches NAME MIN MAX SYNS [OPTION...]: web2, in that time.
reaches() {
	opens=$(count_log "\"open\".*\"$1\"")
	dial "$1" ${5:-}
	check "$1 is reached" printed '^SSH-2\.0-'
	check "$1: between $2 and $3 ms" between "$2" "$3"
	check "$1: with $4 SYNs, or the same again" [ "$(wire_count syn)" -ge "$4" ]
	check "$1: one record, of the address used" logged \
	    "\"open\",.*\"success\".*\"$1\",\"destination.ip\":\"(10\.2\.0|2001:db8:)[.:]12\""
	check "$1: and no other" \
	    [ "$(count_log "\"open\".*\"$1\"")" -eq $((opens + 1)) ]
}

# fails NAME MIN MAX WHAT [OPTION...]: in that time, for that reason.
fails() {
	dial "$1" ${5:-}
	check "$1 is not reached: $4" gave 69 ""
	check "$1: between $2 and $3 ms" between "$2" "$3"
	check "$1: says so" \
	    said "^jump: $1:22 cannot be reached: $4\. Ask .*, reference"
	check "$1: one line" [ "$(grep -c . "$T/err")" -eq 1 ]
	check "$1: one record of it" logged \
	    "\"open\",.*\"failure\".*\"$1\".*\"$reference\".*\"$4\""
	check "$1: and one of the decision" [ "$(grep "$reference" \
	    "$LAB/jump.log" | grep -c '"event.action"')" -eq 2 ]
}

reaches one-dead 250 9000 2
reaches dead6 250 9000 2
reaches refusing 0 9000 2 # 10.2.0.250, and the other family's turn
reaches refusing 0 9000 1 -6
reaches sixteen 2500 20000 16
reaches partly 250 9000 2
fails all-dead 900 20000 'Connection timed out' '-w 1'
fails dead-and-refusing 900 20000 'Connection refused' '-w 1'
fails nobody 0 20000 'Connection refused'
fails no-way 900 20000 'Connection timed out' '-w 1'
fails nowhere 0 20000 'Network is unreachable'
fails refusing 0 20000 'Connection refused' -4

# A user's own sockets do not pass, those of the dial do.
check "the firewall is loaded" \
    not lab on -u mallory jump nc -w 1 10.2.0.12 22 </dev/null
ssh -F "$C" -S "$T/control" -O exit jump 2>/dev/null
finish
