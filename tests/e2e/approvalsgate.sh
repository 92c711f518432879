# SPDX-License-Identifier: ISC
# runs: once
# Access on request by plain ProxyJump through the gate, and past the firewall.
. "$(dirname "$0")/lib.sh"

rules() {
	{
		cat <<-'END'
			set nft "/usr/sbin/nft"
			set exempt admin
			user bob
			key bob "ssh-ed25519 AAAA"
			user vend1
			key vend1 "ssh-ed25519 AAAA"
			group @boss alice
			net dbs { 10.2.0.11/32 2001:db8::11/128 } tcp 5432
			allow dbs: { bob vend1 } to { dbs web1:80 } approve @boss 2h
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

sweep() {
	run lab on jump jumpctl sweep
}

id() {
	sed -n 's/^\([a-z2-7]\{6\}\): asked for .*/\1/p' "$T/out"
}

# to ADDRESS:PORT: by ProxyJump.
to() {
	as bob typed hello ssh -F "$C" -W "$1" jump
}

# granted TARGET [OPTION...]: bob asks, alice approves; $grant is its id.
granted() {
	as bob jump request "$@" for the gate
	grant=$(id)
	as alice jump approve "$grant"
	check "$1 is approved" gave 0
}

event() {
	logged "\"event.action\":\"$1\".*$2"
}

# --- the gate ----------------------------------------------------------------

rules <<'END'
set gate 422
END
check "the gate is up" gate_up
sweep
check "a sweep finds it" gave 0
to 10.2.0.11:5432
check "what must be approved: an open channel that ends" gave 0 ""
check "recorded: why" event decision '"user.name":"bob".*"jump.road":"forward","jump.verdict":"ask"'
ssh_master() {
	as bob ssh -F "$C" -M -S "$T/mux" -fN jump
}
ssh_master
granted 10.2.0.11:5432
to 10.2.0.11:5432
check "an address of a net, approved, by ProxyJump" gave 0 hello
check "recorded: who approved" event open "\"user.name\":\"bob\".*\"jump.approval\":\"$grant\",\"jump.approver\":\"alice\""
run timeout 10 ssh -F "$C" -S "$T/mux" -W 10.2.0.11:5432 jump <"$T/in"
check "in a login of before, too" gave 0 hello
to '[2001:db8::11]:5432'
check "no other address of it" gave 0 ""
as bob jump refuse "$grant"
check "given back" gave 0
brief() {
	granted 10.2.0.11:5432 --for ${seconds}s
	sleep 60 | as bob ssh -F "$C" -W 10.2.0.11:5432 jump \
	    >"$T/held.out" 2>&1 &
	held=$!
	within sessions 'bob .*5432 +forward' 1
}
check "one that stays" in_time 8 brief
ended() {
	! kill -0 "$held" 2>/dev/null
}
check "ends with its approval" within ended
check "to the second" event close '"user.name":"bob".*"jump.end":"deadline"'
to 10.2.0.11:5432
check "and is not to be had again" gave 0 ""
run ssh -F "$C" -S "$T/mux" -O exit jump

# --- the firewall, without the gate ------------------------------------------

rules </dev/null
sweep
rights() {
	run lab on jump nft list table inet jumphost
	printed '10\.2\.0\.10 \. 80'
}
check "the firewall has nothing that is not approved" not rights
granted web1:80
sweep
check "what is approved passes it after a sweep" rights
run lab on jump jumpctl requests --withdraw "$grant"
check "withdrawn" gave 0
check "it passes no more" not rights

finish
