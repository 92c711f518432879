# SPDX-License-Identifier: ISC
# The road shell on somebody's word: a ticket, an approval, the end of both.
. "$(dirname "$0")/lib.sh"

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/vend1"
wire_tap

# as USER VERB...: of jump.
as() {
	user=$1
	shift
	LAB_USER=$user run ssh -F "$C" jump "$@" </dev/null
}

# hop COMMAND...: on web1, by vend1, whose agent may serve there.
hop() {
	LAB_USER=vend1 run ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
	    jump ssh "$@" </dev/null
}

# term STEP... -- WORD...: vend1's session in a terminal, see term.py.
term() {
	for word; do
		shift
		[ "$word" != -- ] || word="-- ssh -tt -F $C -A \
		    -o IdentityAgent=$LAB/tmp/agent jump ssh"
		case $word in
		"-- "*) set -- "$@" $word ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	LAB_USER=vend1 run python3 "$LAB_REPO/tests/e2e/term.py" "$@"
}

cat >"$T/asks.policy" <<END
version 1
user bob
key bob "ssh-ed25519 AAAA"
user vend1
key vend1 "ssh-ed25519 AAAA"
group @boss bob
host web1 10.2.0.10 ssh 22 agent
hostkey web1 "$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")"
allow vend: vend1 to web1 via shell
require asked: any to web1 ticket "CHG*" approve @boss 2h record
END
run lab load "$T/asks.policy"
check "the policy loads" gave 0

term '?reference' -- web1
check "nobody has asked: refused" gave 77
as vend1 why web1
check "why tells what is missing" printed 'web1:22'
as vend1 request web1:22 --for 1h --ticket CHG7 pump 3 stands still
check "vend1 asks" gave 0
id=$(sed -n '1s/:.*//p' "$T/out")
term '?reference' -- --ticket CHG7 web1
check "it opens nothing yet" gave 77
as bob approve "$id"
check "bob approves" gave 0

hop --ticket CHG7 web1 id
check "without a terminal there is no recording: refused" gave 77 ""
check "which is said" said 'need a terminal'
term '?recorded' '?\$ $' '>id -un\r' '?vend1' '>exit\r' -- --ticket CHG7 web1
check "with all of it: a session" gave 0
check "the record has on what it rests" logged "\"event.action\":\"open\",\"event.outcome\":\"success\",\"user.name\":\"vend1\".*\"jump.road\":\"shell\".*\"jump.approval\":\"$id\",\"jump.approver\":\"bob\""
check "and the ticket" logged '"event.action":"open".*"jump.road":"shell".*"jump.ticket":"CHG7"'

term '?recorded' '?\$ $' '>exit\r' -- web1
check "the ticket of the request serves" gave 0

# It ends with the word that it rests on.
term '?\$ $' "!lab on jump jumpctl requests --withdraw $id" \
    '!lab on jump jumpctl sweep' '?not permitted any more' -- \
    --ticket CHG7 web1
check "withdrawn: it ends" gave 255
term '?reference' -- --ticket CHG7 web1
check "and no other begins" gave 77
check "each is a recording" [ \
    "$(find "$LAB/hosts/jump/var/log/jump" -name '*.cast' | wc -l)" -eq 3 ]
finish
