# SPDX-License-Identifier: ISC
# How sessions on the road shell end, and the one story that is left of each:
# limits, kick, a policy that changes, the login, records, who.
. "$(dirname "$0")/lib.sh"

take_dev_log
start_rsyslog
eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID" "$collector"' EXIT
ssh-add -q "$LAB/keys/alice"

host_key() {
	printf 'hostkey %s "%s"\n' "$1" "$(cut -d' ' -f1,2 "$LAB/keys/$2.pub")"
}

# rules: standard input, behind the hosts of this script, in force.
rules() {
	{
		cat <<-END
			version 1
			set contact "ot-access@example.com"
			user alice
			key alice "ssh-ed25519 AAAA"
			host web1 10.2.0.10 ssh 22 agent
			host web2 10.2.0.12 ssh 22 agent
			host db1 10.2.0.11 ssh 22 agent
			$(host_key web1 host_web1)
			$(host_key web2 host_web2)
			$(host_key db1 host_db1)
			allow one: alice to web1
		END
		cat
	} >"$T/rules"
	run lab load "$T/rules"
	[ "$status" -eq 0 ] || check "the policy loads" false
}

# hop REQUEST...
hop() {
	run ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" jump "$@" </dev/null
}

# begin NAME REQUEST...: in the background, in a terminal that says nothing,
# until it prints "begun"; its output is $T/NAME.
begin() {
	name=$1
	shift
	TERM_PATIENCE=60 python3 "$LAB_REPO/tests/e2e/term.py" '?begun' -- ssh -tt -F "$C" -A \
	    -o IdentityAgent="$LAB/tmp/agent" jump "$@" \
	    </dev/null >"$T/$name" 2>"$T/$name.err" &
	echo $! >"$T/$name.pid"
	within grep -q begun "$T/$name"
}

# ended NAME STATUS REGEX: it has ended so, and said so.
ended() {
	wait "$(cat "$T/$1.pid")" && status=0 || status=$?
	last="the session $1"
	cp "$T/$1" "$T/out"
	cp "$T/$1.err" "$T/err"
	[ "$status" -eq "$2" ] && printed "$3" # ssh's: 255
}

begun="echo begun; exec sleep 600"

rules <<END
allow short: alice to web2 via shell duration 3s
allow still: alice to db1 via shell idle 3s
END
hop ssh web2 "sleep 60"
check "duration ends it" eval '[ "$status" -ne 0 ] && said "your time is over"'
hop ssh db1 "sleep 60"
check "idle ends it" eval '[ "$status" -ne 0 ] && said "idle for too long"'

soon() {
	rules <<-END
		allow soon: alice to web2 via shell until $ends
	END
	begin soon ssh web2 "$begun"
}
check "one that is there before its rule ends" in_time 8 soon
check "the end of a rule ends it" ended soon 255 'your time is over'
hop ssh web2 id
check "and is then refused" gave 77

rules </dev/null
begin kicked ssh web1 "$begun"
check "one session of who" sessions ' web1:22 +shell ' 1
check "of one row" eval '[ "$(grep -c alice "$T/out")" -eq 1 ]'
id=$(awk '/web1:22/ { print $1 }' "$T/out")
hop who
check "which the user sees too" printed "$id .*web1:22 +shell"
kick "$id"
check "kick" gave 0
check "ends it" ended kicked 255 'an administrator has ended it'
check "who is empty" within sessions ' web1:22 ' 0

begin swept ssh web1 "$begun"
rules <<END
deny gone: alice to web1 via shell
END
check "a policy without the right ends it" ended swept 255 'not permitted any more'

rules <<END
allow rec: alice to web2 via shell record
END
begin stays ssh web2 "$begun"
pid=$(lab on jump pgrep -f 'jump-record --session' | head -n 1)
lab on jump kill -KILL "$pid"
wait "$(cat "$T/stays.pid")"
check "a terminal that is killed ends its session" \
    within sessions ' web2:22 ' 0
check "with all that was in it" eval \
    'within eval "! lab on jump pgrep -u alice -x ssh >/dev/null"'

hop ssh web2 id
check "recorded, without a terminal" gave 77
check "says what to do" said 'recorded sessions need a terminal: ssh -t\.'
begin told ssh web2 "echo begun; sleep 1; exit 4"
check "recorded, in a terminal" ended told 4 'this session is recorded'

ref=$(lab on jump ls -t /var/log/jump | sed -n 's/\.cast$//p' | head -n 1)
story() {
	run lab on jump jumpctl log "$1"
	printed "$2"
}
check "the log of the recorded one" within story "$ref" 'close .* shell '
check "is decided, open, close on the road shell" eval \
    '[ "$(grep -Ec "^ [0-9:]+ (decided|open|close) .* shell +$ref" "$T/out")" -eq 3 ]'
check "of the one that was kicked" within story "$id" 'kick'
finish
