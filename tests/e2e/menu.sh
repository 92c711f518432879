# SPDX-License-Identifier: ISC
# The menu, through real terminals: what it shows, what is typed, what ends it.
. "$(dirname "$0")/lib.sh"

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/alice"
LC_ALL=C
export LC_ALL LAB_USER=alice TERM=xterm
p='q > '

# term STEP... -- COMMAND...: in a terminal of 80x24, see term.py; a dot is a
# newline too.
term() {
	for word; do
		shift
		case $word in
		"?"*) set -- "$@" "?(?s)${word#?}" ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	run python3 "$LAB_REPO/tests/e2e/term.py" "$@"
}

# menu STEP...: in a menu that is there, which is left in the end.
SSH="ssh -tt -F $C -A -o IdentityAgent=$LAB/tmp/agent"
menu() {
	term "?$p" "$@" '>q\r' -- $SSH ${option:-} jump
}

host_key() {
	printf 'hostkey %s "%s"\n' "$1" "$(cut -d' ' -f1,2 "$LAB/keys/$2.pub")"
}

rules() {
	cat >"$T/policy" <<-END
		version 1
		set contact "ot-access@example.com"
		user alice
		key alice "ssh-ed25519 AAAA"
		user carol account jump
		key carol "ssh-ed25519 AAAA"
		host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80 agent
		host db1 10.2.0.11 ssh 22 tcp 5432
		socket metr "/run/metrics/api.sock"
		user bob
		group @boss bob
		user vend1 until 2099-01-01T00:00Z
		key vend1 "ssh-ed25519 AAAA"
		host slow1 10.2.0.10 ssh 2223
		host dead1 10.2.0.99 ssh 22
		host two1 10.2.0.12 ssh { 22 2222 } agent tag prod
		host plc7 10.50.1.7 tcp 502 tag ot comment "pump of Zürich"
		host later1 10.50.1.8 tcp 3389
		host secret 10.66.0.1 ssh 22 tag prod
		net lab 10.9.0.0/16 tcp 8080
		$(host_key web1 host_web1)
		$(host_key slow1 host_web1)
		$(host_key dead1 host_web1)
		$(host_key two1 host_web2)
		$(host_key db1 host_db1)
		window later $(day 3) 08:00-09:00
		allow web: { alice carol vend1 } to web1:22 record
		allow two: alice to two1 via shell as { alice bob }
		allow slow: alice to { slow1 dead1 } via shell
		allow lab: alice to { lab metr }
		allow plc: alice to plc7 approve @boss 2h
		allow sql: alice to db1:5432 ticket "CHG*"
		allow late: alice to later1 when later
	END
	run lab load "$T/policy"
	check "the policy loads" gave 0
}
rules

# left: no process of alice's is left on the jump host but those of the lab.
left() {
	! lab on jump pgrep -u 2001 >/dev/null
}

# --- what it shows ------------------------------------------------------------

menu
check "it is left in good order" gave 0
check "it says who and where" printed '^ jump - alice - key SHA256:....\.\.\..{4}'
tr -d '\r' <"$T/out" | sed -n '/^ *#/,/number/p' >"$T/table"
cat >"$T/want" <<END
 #  target       ports    note             state
 1  db1          5432     ticket needed    ask
 2  dead1        22                        open
 3  later1       3389                      outside hours until $(day 3) 08:00
 4  metr         -                         open
 5  plc7         502      approval needed  ask
 6  slow1        2223                      open
 7  two1         22 2222                   open
 8  web1         22       recorded         open
 9  10.9.0.0/16  8080                      open
 number, /search, ?help, $p
END
sed 's/\x1b\[[0-9]*m//g; s/q > .*/q > /' "$T/table" >"$T/plain"
check "the table" diff "$T/want" "$T/plain"
check "colours, on a terminal" printed "$(printf '\033')\\[33mask"
option="-o SendEnv=NO_COLOR"
export NO_COLOR=1
menu
check "none with NO_COLOR" not printed "$(printf '\033')"
unset NO_COLOR
option=
TERM=dumb
menu '>/plc\r' "?plc7.*$p"
check "none on a dumb terminal" not printed "$(printf '\033')"
TERM=xterm
term "?$p" '>/@ot\r' "?plc7.*" "?$p" '>q\r' -- \
    sh -c "stty iutf8; exec $SSH jump"
check "a terminal of UTF-8" printed "^ jump $(printf '\302\267') alice"
check "... and its comments" printed 'approval needed, pump of'
menu '>/z\xfcr\r' "? 1  plc7.*$p" '>/x\xfcr\r' "?Nothing is called.*$p" '>/pump\r' "? 1  plc7.*$p" \
    '>/@prod\r' "? 1  two1.*$p" '>/@none\r' "?Nothing.*$p" '>/\r' "? 8  web1.*$p"
check "searches" gave 0
check "and nothing of others" not printed secret
LAB_USER=carol
term "?$p" '>1\r' "?jump: .*$p" '>q\r' -- ssh -tt -F "$C" jump
check "a shared account: who it is" printed '^ jump - carol'
LAB_USER=vend1
menu
check "until when" printed 'rights until 2099-01-01'
LAB_USER=alice
run ssh -F "$C" jump </dev/null
check "without a terminal it is the list" printed '^web1	22	ssh'

# --- small --------------------------------------------------------------------

# narrow COLUMNS: nothing that it has shown is as wide.
narrow() {
	tr -d '\r' <"$T/out" | sed 's/\x1b\[[0-9]*m//g; s/q > .*/q > /' |
	    awk -v w="$1" 'length($0) >= w { bad = 1; print > "/dev/stderr" }
		END { exit bad }'
}
term "?Enter: more.*$p" '>\r' '? 9  10\.9.*q > ' '>p\r' "? 1  db1.*$p" \
    '>?\r' "?other req.*$p" '>3\r' "?outside.*$p" '=80x24' '>\r' \
    "? 7  two1.*$p" '>q\r' -- sh -c "stty cols 40 rows 10; exec $SSH jump"
check "40x10: pages, and another size" gave 0
sed '/^.*ssh jump help/q' "$T/out" >"$T/first"
check "no line wraps" eval 'mv "$T/first" "$T/out"; narrow 40'
term "?$p" '>q\r' -- sh -c "stty cols 20 rows 3; exec $SSH jump"
check "20x3" narrow 40

# --- choices ------------------------------------------------------------------

menu '>8\r' '?recorded' '?\$ $' '>id -un; tty\r' '?/dev/pts' '?\$ $' \
    '>exit\r' "? 8  web1.*$p"
check "a session, and the menu again" eval 'gave 0 && printed "^alice.$"'
check "it is audited" logged \
    '"event.action":"open".*"destination.address":"web1".*"jump.road":"shell"'
menu '>7\r' '?port \(22 2222\): ' '>22\r' '?\$ $' '>id -un\r' '?alice' '?\$ $' \
    '>exit\r' "?web1.*$p" '>bob@7:22\r' '?\$ $' '>id -un\r' '?bob' '?\$ $' \
    '>exit\r' "?web1.*$p"
check "a port and a login" gave 0
menu '>carol@7:22\r' '?not open to you' "?web1.*$p" '>7:80\r' \
    "?no such port.*$p" '>10\r' "?no number 10.*$p"
check "what is not to be had costs only that choice" gave 0
menu '>1\r' "?ticket:.*connect --ticket ID db1:5432.*$p" \
    '>5\r' "?ssh jump request plc7:502 REASON.*$p" '>3\r' \
    "?outside its hours until $(day 3) 08:00.*$p" '>4\r' \
    "?ssh -T jump connect -U /run/metrics.*$p" \
    '>9\r' '?host in 10.9.0.0/16: ' '>10.9.0.2\r' \
    "?ssh -T jump connect 10.9.0.2 8080.*$p" \
    '>9\r' '?host in .*: ' '>10.66.0.1\r' "?not open to you now.*$p" \
    '>9\r' '?host in .*: ' '>\x03' "?$p" '>9\r' '?: ' '>a;b\r' "?no name.*$p"
check "others are told what to do" gave 0

# --- what it does not wait for ------------------------------------------------

lab on web1 socat TCP-LISTEN:2223,fork,reuseaddr SYSTEM:'sleep 60' &
socat=$!
menu '>6\r' '!sleep 1' '>\x03' "? 8  web1.*$p"
check "a target that says nothing: Ctrl-C" gave 0
menu '>2\r' '!sleep 1' '>\x03' "? 8  web1.*$p"
check "a dead one" gave 0
menu '>junk\x03' "?$p" '>\x03' "?$p"
check "Ctrl-C at the prompt" gave 0
term "?$p" '>\x04' -- $SSH jump
check "Ctrl-D" gave 0
check "nothing is left" within left

# hung_up NAME STEP...: the client is killed then.
hung_up() {
	name=$1
	shift
	term "?$p" "$@" '!kill -9 $(cat '"$T"'/ssh)' -- \
	    sh -c "echo \$\$ >$T/ssh; exec $SSH jump"
	check "hung up $name: nothing is left" within left
}
hung_up "at the prompt"
hung_up "at a question" '>7\r' '?port'
hung_up "in a session" '>8\r' '?\$ $'
hung_up "before a target answers" '>6\r' '!sleep 1'
kill "$socat"

# --- junk ---------------------------------------------------------------------

python3 - >"$T/junk" <<'END'
import os, sys
w = sys.stdout.buffer.write
w(b"x" * 1000000 + b"\n")
w(b"8" * 5000 + b"\n")
w(bytes(range(5, 16)) + b"\x00\x0e\xff\xfe\xc3(\n")
w(b"/\xff\xfe\x1b[2J\n/\xf0\x9f\x98\x80\n")
w(b"1\x002\n-1\n99999999999999999999\n;id\n`id`\n../../etc\n")
w(b"q\n")
END
run $SSH jump <"$T/junk"
check "junk is junk" gave 0
check "... and says so" printed 'not understood'
check "... no command of it ran" not printed 'uid='
check "nothing is left" within left

# --- afresh -------------------------------------------------------------------

cat >"$T/more" <<END
#!/bin/sh
$(command -v lab) load $T/policy.more >/dev/null 2>&1
END
sed 's/^host later1/host new1 10.50.1.9 tcp 23\nallow new: alice to new1\n&/' \
    "$T/policy" >"$T/policy.more"
menu "!sh $T/more" '>r\r' '? 5  new1' "?$p"
check "another policy is seen when it is shown again" gave 0
rules
brief() {
	sed "s/^user alice$/user alice until $ends/" "$T/policy" \
	    >"$T/policy.end"
	run lab load "$T/policy.end"
	: >"$T/out"
	{
		term "?rights until.*$p" '?rights on this host have ended' \
		    -- $SSH jump
		gave 0
	} &
	rights=$!
	within printed 'rights until'
}
check "rights that are to end" in_time 10 brief
check "rights end" wait "$rights"
check "nothing is left" within left

# --- many ---------------------------------------------------------------------

python3 - >"$T/many" <<'END'
print("""version 1
user alice
key alice "ssh-ed25519 AAAA"
window later mon-sun 00:00-00:01
allow all: alice to @all via { connect shell }
allow some: alice to @some via { connect shell } when later""")
for i in range(10000):
    print("host h%d 10.%d.%d.9 ssh 22 tcp { 80 443 } tag %s comment \"rack %d\""
          % (i, 100 + i // 250, i % 250, "all" if i % 2 else "some", i % 99))
END
run lab load "$T/many"
# cpu STEP...: how much a menu and all its pages take, in ms.
cpu() {
	lab on -u alice jump env TERM=xterm python3 - "$@" <<-'END'
		import os, resource, sys
		pid, fd = os.forkpty()
		if pid == 0:
		    os.execv("/usr/local/libexec/jump/jump-shell", ["jump-shell"])
		for step in sys.argv[1:]:
		    seen = b""
		    while not seen.endswith(b"q > "):
		        seen += os.read(fd, 4096)
		    os.write(fd, step.encode() + b"\n")
		os.waitpid(pid, 0)
		used = resource.getrusage(resource.RUSAGE_CHILDREN)
		print(round(1000 * (used.ru_utime + used.ru_stime)))
	END
}
one=$(cpu q)
found=$(cpu /h9999 q)
none=$(cpu /nothing q)
echo "# 10,000 targets: $one ms, with a search $found ms, in vain $none ms"
check "10,000 targets: quick" [ "$one" -lt 500 ]
check "... a search too" [ "$found" -lt 1000 ]
finish
