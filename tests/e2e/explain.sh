# SPDX-License-Identifier: ISC
# What an administrator asks: jumpctl explain, in text and in JSON, what it
# refuses to answer, and the words of check about rights that are too many.
# runs: once
. "$(dirname "$0")/lib.sh"

# explain ARGUMENT...
explain() {
	run lab on jump jumpctl explain "$@"
}

# answers STATUS VERDICT: the last line says so.
answers() {
	[ "$status" -eq "$1" ] && [ "$(tail -n 1 "$T/out")" = "verdict: $2" ]
}

# json EXPRESSION: is true of each line, which is v.
json() {
	python3 -c '
import json, sys
for line in sys.stdin:
    v = json.loads(line)
    assert eval("(" + sys.argv[1] + ")"), v
' "$1" <"$T/out"
}

# refuses WORDS: a usage error that says so, and nothing else.
refuses() {
	[ "$status" -eq 64 ] && silent && said "$1"
}

explain alice web1:22
check "allow: exit 0" answers 0 allow
check "allow: what was asked, first" eval \
    '[ "$(head -n 1 "$T/out")" = "alice to web1:22" ]'
check "allow: the rule and its place" printed \
    '^allow   web         policy:[0-9]+$'
check "allow: on which road" printed '^        forward: yes  connect: yes  shell: yes$'
check "allow: the road and its rule" printed '^road    forward     allow  allowed, by web$'
check "allow: by the shell road too" printed '^road    shell       allow  allowed, by web$'
explain alice 10.9.0.2:22 --via shell
check "the shell road refuses what has no host key" printed 'allowed, by ops, but refused: no hostkey$'
explain alice web1:80 --via shell
check "the shell road is for ssh" printed '^road    shell       deny   no port of ssh'
explain alice db1:5432
check "deny: exit 1" answers 1 deny
check "an end that has come: no deny matches" not printed 'a deny rule'
explain alice db1:5432 --at 2026-09-30T23:59Z
check "deny before its end" answers 1 deny
check "deny: the rule, its end and its truth" printed \
    '^deny    frozen .*until 2026-10-01 02:00 CEST$'
check "deny: why" printed 'a deny rule matches, by frozen$'
check "deny: forward too, while a sweep runs" printed 'forward: yes'
explain vend1 plc7:502 --at "sat 23:00"
check "ask: exit 1" answers 1 ask
check "ask: what is unmet, and what binds" printed \
    'connect     ask    something is to be done first: ticket, approve; binds: idle, duration$'
check "ask: a road that cannot hold it" printed \
    'forward     deny   an obligation cannot be held on this road'
check "windows and ends of a rule" printed 'when maint  until 2036-11-30'
check "ends are held on forward" printed 'forward: yes  connect: yes'
for at in "mon 12:00" 2026-11-18T12:00+01:00; do
	explain vend1 plc7:502 --at "$at"
	check "not in the window, $at" answers 1 deny
done
explain bob web1:22 --from 192.0.2.10
check "from that holds" answers 0 allow
check "conditions of a rule: via and from" printed \
    'policy:[0-9]+  via connect shell  from 192\.0\.2\.0/24$'
explain bob web1:22 --from 198.51.100.10
check "from that does not" answers 1 deny
explain bob web1:22
check "from that is not known" answers 1 deny
explain bob web2:22 --as root --via shell
check "--via prints one road" eval '[ "$(grep -c "^road" "$T/out")" -eq 1 ]'
check "the verdict of the shell road" answers 1 ask
check "as of a rule" printed 'as root deploy$'
explain bob db1:22 --via connect
check "not one rule" answers 1 deny
explain alice web1
check "no port: each one" eval '[ "$(grep -c "^verdict: allow" "$T/out")" -eq 2 ]'
explain alice metr
check "a socket" answers 0 allow
explain alice /run/metrics/api.sock
check "a path" answers 0 allow
explain alice 10.9.0.2:22
check "an address of a net" answers 0 allow
check "an address of a net: not by forward" printed '^road    forward     deny'
explain alice '[2001:db8::10]:22'
check "an IPv6 address" answers 0 allow
explain alice app1.dev.corp.example:22
check "a name under a domain" answers 0 allow
explain alice nowhere.example:22
check "a name of nobody: deny" answers 1 deny
check "a name of nobody: says so" said 'no target or domain of the policy has the name'
explain alice web1:23
check "a port that is not declared: says so" said 'does not declare port 23'
explain alice 127.0.0.1:22
check "never reached" printed 'an address that is never reached$'
explain nobody web1:22
check "nobody of the policy" gave 1
check "nobody of the policy has no rule" printed 'not an account of the policy'
explain rtu17 web1:22
check "a device is nobody" said 'is nobody of this policy'

explain alice any
check "a list: exit 0" gave 0
check "a list: its head" eval \
    'head -n 1 "$T/out" | grep -q "^WHO  *WHAT  *FORWARD  *CONNECT  *SHELL$"'
check "a list: a line" printed '^alice +web1:22 +allow +allow +allow$'
explain bob any --as root
check "a list: what only the road shell gives" \
    printed '^bob +web2:22 +deny +deny +ask$'
explain alice any
check "a list: what is missing" said '1 nets? and domains|2 nets and domains'
explain any web1:22
check "who reaches a target" printed '^carol '
check "who does not is not listed" not printed '^vend1 '
explain any plc7:22
check "nobody: exit 1" gave 1
check "nobody: says so" said 'nobody reaches anything'

explain vend1 plc7:502 --at "sat 23:00" --json
check "json: exit 1" gave 1
check "json: what it says" json 'v["version"] == 1 and v["who"] == "vend1"
and v["what"] == "plc7:502" and v["verdict"] == "ask"
and [r["road"] for r in v["roads"]] == ["forward", "connect", "shell"]
and v["roads"][1]["unmet"] == ["ticket", "approve"]
and v["roads"][1]["idle"] == 600 and v["roads"][1]["duration"] == 7200
and v["roads"][1]["rule"] == "ot-vend" and v["roads"][2]["verdict"] == "deny"
and v["rules"][0]["name"] == "ot-vend" and v["rules"][0]["line"] > 0'
explain any any --json
check "json: a line for each" eval '[ "$(grep -c . "$T/out")" -gt 10 ]'
check "json: each is whole" json 'v["verdict"] in ("allow", "ask")'
explain alice web1:22 --json --via forward
check "json: one road" json 'len(v["roads"]) == 1 and "lock" not in v'

# Wrong questions.
for arguments in '' 'alice' 'alice web1 more' 'alice web1 --nonsense' \
    'alice web1 --via'; do
	explain $arguments
	check "usage: $arguments" refuses 'usage: jumpctl explain'
done
explain alice web1 --via tunnel
check "no road" refuses '^jumpctl: --via takes .* not .tunnel'
explain alice web1 --from web1
check "no address" refuses '^jumpctl: --from takes'
for at in yesterday 'sat 24:00' 'sat 23:60' 'day 12:00' 'sat 12:00x' 12:00; do
	explain alice web1 --at "$at"
	check "no time: $at" refuses '^jumpctl: --at takes'
done
explain alice 'web1:070'
check "no target" refuses 'not a target'
explain alice 10.2.0.10
check "an address without a port" refuses 'ADDRESS:PORT$'
explain alice 2001:db8::10
check "an IPv6 address without a port" refuses '\[ADDRESS\]:PORT$'
run lab on jump jumpctl
check "no verb" gave 64
run lab on jump jumpctl frobnicate
check "an unknown verb" refuses 'unknown verb'
run lab on jump jumpctl explain --help
check "--help" gave 0
explain @ops web1
check "a group is nobody" refuses 'a user or any, not a group: .@ops'
explain %sysadmin web1
check "nor is a Unix group" refuses 'a user or any, not a group: .%sysadmin'
explain alcie web1
check "a typing error in a user" said 'no account of this machine has the name .alcie'
check "is nobody who gets in" answers 1 deny
explain alice app1.dev.corp.example
check "a DNS name without a port" refuses 'a DNS name needs a port: NAME:PORT'
run lab on jump jumpctl --version
check "--version" printed '^jumpctl [0-9]'
run lab on jump jumpctl export
check "export of nothing" gave 64
run lab on -u alice jump /usr/local/sbin/jumpctl explain alice web1
check "a user reads no policy" gave 78
check "a user is told why" said 'only root reads'

# Rights: a login must fit into one line of authorized_keys.
many() {
	echo "version 1"
	echo "user alice"
	echo "user bob"
	echo "group @some { alice %sysadmin }"
	for i in $(seq 1 20); do
		for j in $(seq 1 250); do
			echo "host h$i-$j 10.7.$i.$j ssh 22 tag t$((i / 18))"
		done
	done
	echo "$1"
}
many 'allow all: @some to any' >"$LAB/tmp/many"
run lab on jump jumpctl check "$LAB/tmp/many"
check "too many rights: an error" gave 1
check "too many rights: whose" said ':2: error: .alice. may forward to more than 4096'
check "too many rights: not bob's" not said '.bob. may'
many 'allow some: @some to @t0' >"$LAB/tmp/many"
run lab on jump jumpctl check "$LAB/tmp/many"
check "too many by 154" gave 1
many 'allow most: @some to @t1' >"$LAB/tmp/many"
run lab on jump jumpctl check "$LAB/tmp/many"
check "not too many" gave 0
{
	echo "version 1"
	seq 1500 | awk '{ printf "host h%d 10.9.%d.%d ssh 22 alias hh%d\n",
	    $1, $1 / 250, $1 % 250, $1 }'
	seq -f 'user u%g' 1 1200
	echo "group @g {" $(seq -f 'u%g' 1 1200) "}"
	echo "allow a: @g to any"
} >"$LAB/hosts/jump/tmp/slow"
run lab on jump script -qec 'jumpctl check /tmp/slow' /dev/null
check "a long count says how far it is" printed 'counting rights, [0-9]+ %'
many 'allow all: @some to any
deny most: alice to @t0' >"$LAB/tmp/many"
run lab on jump jumpctl check "$LAB/tmp/many"
check "too many but for a deny" gave 0
finish
