# SPDX-License-Identifier: ISC
# The shipped example: each kind of rule and of target, as its users meet it.
. "$(dirname "$0")/lib.sh"

wire_tap

# opens WORDS...: the road connect leads to an sshd.
opens() {
	wire_reset
	typed "SSH-2.0-test" ssh -F "$C" jump connect "$@"
	check "$LAB_USER: connect $* is open" printed '^SSH-2\.0-'
}

closed() {
	wire_reset
	jump connect "$@"
	check "$LAB_USER: connect $* is closed" refused
}

export LAB_USER=alice
opens web1 22
opens -6 web1 22
opens www.corp.example:22
opens '[2001:db8::11]:22'
opens 10.9.0.2 22
opens app1.dev.corp.example 22
wire_reset
jump connect -4 2001:db8::11 22
check "alice: connect -4 to an IPv6 address cannot work" gave 69 ""
check "alice: and sends nothing" wire_silent
closed stray.dev.corp.example 22
closed db1 5432
closed plc7 502
closed 10.9.0.2 80
closed 100.64.0.1 22
run ssh -F "$C" -J jump db1.corp.example -o HostKeyAlias=db1 hostname </dev/null
check "alice: an alias by ProxyJump" gave 0 db1
run ssh -F "$C" -J jump 10.9.0.2 -o HostKeyAlias=web2 hostname </dev/null
check "alice: a net is closed to ProxyJump" not gave 0
jump list
check "alice: list" gave 0
check "alice: list names db1" printed '^db1	22	ssh	both	open	primary$'
check "alice: list does not name plc7" not printed plc7
check "alice: list names a network by what can be typed" \
    printed '^10\.9\.0\.0/16	22	ssh	command	open	$'
check "alice: list names a pattern" \
    printed '^\*\.dev\.corp\.example	22	ssh	command	open	$'
jump why web1:22
check "alice: why web1:22" gave 0
jump help
check "alice: help" gave 0

export LAB_USER=carol
opens web2 22
opens db1 22
closed db1 5432

export LAB_USER=bob
opens web1 22
closed web2 22
wire_reset
run ssh -F "$C" jump-elsewhere list </dev/null
check "bob: his key counts from its networks only" no_login

export LAB_USER=vend1
wire_reset
jump connect plc7 502
# On Saturday night its window is open, and a ticket is wanted.
check "vend1: plc7 is closed, or wants a ticket" eval 'gave 77 "" &&
    said "is not open to you|only with a ticket .* and an approval" && wire_silent'
closed web1 22
wire_reset
run ssh -F "$C" -W 10.2.0.12:80 jump </dev/null
check "vend1: rights that end are not forwarded" forward_refused
finish
