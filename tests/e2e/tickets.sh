# SPDX-License-Identifier: ISC
# Tickets: how they are given, what a rule makes of them, and what the log and
# a sweep know of them.  The program that is asked is in ticketprogram.sh.
. "$(dirname "$0")/lib.sh"

export LAB_USER=alice
# rules [RULE]
rules() {
	policy <<-END
		host plc7 10.50.1.7 tcp 502 alias pump.corp.example
		net lab 10.9.0.0/16 ssh 22
		domain dev "*.dev.corp.example" in 10.8.0.0/16 ssh 22
		allow web: { alice carol } to { web1 web2 plc7 metr lab dev }
		require change: any to { web1 plc7 metr lab dev } ticket "CHG????"
		${1:-}
	END
}

# with OPTION REQUEST...: ssh with that option, for the request to jump.
with() {
	option=$1
	shift
	run ssh -F "$C" -o "$option" jump "$@" </dev/null
}

# wants TEXT [REASON]: refused, for a sentence that begins so, with a reference
# that is in the log with this reason; and nothing on the wire.
wants() {
	[ "$status" -eq "${3:-77}" ] && silent && wire_silent &&
	    [ "$(grep -c . "$T/err")" -eq 1 ] && said "^jump: $1" || return 1
	reference=$(sed 's/.*reference \(........\)\.$/\1/' "$T/err")
	logged "\"jump.session\":\"$reference\".*\"jump.reason\":\"$2\""
}

connected() {
	printed '^SSH-2\.0-'
}

# Without a program, the pattern is all.
wire_tap
rules
not_done='something is to be done first'
missing='web1:22 is open to you only with a ticket \(--ticket ID, or SetEnv JUMP_TICKET=ID\)\.'
jump connect web1 22
check "none: refused, and told how" wants "$missing" "$not_done"
jump connect --ticket CHG1234 web1 22
check "by option" connected
check "the records have it" logged \
    '"event.action":"open".*"jump.session":"[a-z2-7]{8}".*"jump.ticket":"CHG1234"'
check "... the decision too" logged \
    '"event.action":"decision".*"jump.verdict":"allow".*"jump.ticket":"CHG1234"'
jump nc --ticket=CHG1234 -w 5 web1 22
check "by option of an old recipe" connected
with SetEnv=JUMP_TICKET=CHG1234 connect web1 22
check "by SetEnv" connected
run ssh -F "$C" -o "ProxyCommand=ssh -F $C -o SetEnv=JUMP_TICKET=CHG1234 jump connect %h %p" \
    -o User=alice web1 echo through </dev/null
check "by SetEnv, for a plain ProxyCommand" gave 0 through
wire_reset
with SetEnv=JUMP_TICKET=CHG1234 connect --ticket INC1 web1 22
check "the option wins over the variable" wants \
    'web1:22 is open to you only with another ticket than INC1\.' \
    'the ticket matches no pattern'
run lab on jump jumpctl log --file /run/lab/jump.log "$reference"
check "the log tells it" printed \
    'refused .*the ticket matches no pattern.* ticket INC1'
check "... and the question, again" printed \
    '^ask again: jumpctl explain alice web1:22 .*--ticket INC1 '
check "the refusal has it" logged '"jump.verdict":"ask".*"jump.ticket":"INC1"'
with SetEnv=JUMP_TICKET= connect web1 22
check "an empty variable is none" wants "$missing" "$not_done"
for bad in CHG123é 'CHG1;id' "$(printf %065d 1)" -CHG123 CHG%s 'CHG\x41'; do
	with "SetEnv=JUMP_TICKET=$bad" connect web1 22
	check "no ticket, by SetEnv: $bad" wants 'a ticket is 1 to 64' \
	    'not a ticket' 64
done
jump connect --ticket 'CHG*' web1 22
check "no ticket, by option" wants 'a ticket is 1 to 64' 'not a ticket' 64
jump connect web1 22 --ticket
check "no ticket at all" wants 'usage: connect ' 'malformed request' 64
with 'SetEnv=JUMP_TICKET=a;b' help
check "a request that has no use for it does not look at it" gave 0
with SetEnv=JUMP_TICKET=CHG1234 list
check "list is judged with it" printed '^web1	22	ssh	command	open'
jump list
check "list without" printed '^web1	22	ssh	command	ask'
jump why web1:22
check "why tells how" printed 'ProxyCommand only with a ticket \(--ticket ID'
jump why --ticket CHG1234 web1:22
check "why is judged with it" gave 0
jump connect web2 22
check "what wants none does not look at one" connected
jump connect --ticket NONE.1 web2 22
check "... and records it" eval 'connected && logged "\"jump.ticket\":\"NONE.1\""'
LAB_USER=carol
jump connect --ticket CHG1234 web1 22
LAB_USER=alice
check "on a shared account" connected
run lab on -u alice jump env JUMP_TICKET=CHG1234 \
    /usr/local/libexec/jump/jump-connect web1 22
check "jump-connect reads no variable" gave 77 ""
wire_reset
run ssh -F "$C" -o SetEnv=JUMP_TICKET=CHG1234 -W 10.2.0.10:22 jump </dev/null
check "ProxyJump knows of no ticket" forward_refused
run lab on jump jumpctl explain alice web1:22
check "explain tells the pattern, and how" printed \
    '^ticket  change .*CHG\?\?\?\?: connect --ticket ID, or SetEnv JUMP_TICKET=ID$'
run lab on jump jumpctl explain alice web1:22 --ticket CHG1234
check "explain --ticket" eval 'gave 0 && printed "^verdict: allow"'
run lab on jump jumpctl explain alice web1:22 --ticket 'CHG 1'
check "explain: no ticket" gave 64

# A snippet of before accepts no variable.
doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
}
no_variable='AcceptEnv has no JUMP_TICKET: a ticket counts by connect --ticket only'
doctor
check "doctor: the variable is accepted" not printed "$no_variable"
snippet=$LAB/hosts/jump/etc/ssh/sshd_config.d/60-jump.conf
sed -i 's/AcceptEnv .*/AcceptEnv JUMP_ACCEPTS_NO_VARIABLES/' "$snippet"
doctor
check "doctor: it is not" printed "warn .*alice.*$no_variable"
check "... which is no failure" not printed 'FAIL.*AcceptEnv'
sed -i 's/AcceptEnv .*/AcceptEnv JUMP_TICKET/' "$snippet"

# What is live keeps the ticket under which it began.
live() {
	sessions ' web1:22 ' "$1"
}
sleep 30 | ssh -F "$C" jump connect --ticket CHG1234 web1 22 >"$T/live" 2>&1 &
within live 1
rules
run lab on jump jumpctl sweep
check "a sweep lets it go on" live 1
rules 'require other: any to web1 ticket "INC*"'
check "until it would not serve" printed '^ended: .*web1:22'
check "so it ends" within live 0
run lab on jump jumpctl log --file /run/lab/jump.log
check "the log has it" printed ' open .* ticket CHG1234'
finish
