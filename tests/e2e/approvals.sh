# Access on request: asked for, seen, approved, used by each road, ended.
. "$(dirname "$0")/lib.sh"

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
user vend1
key vend1 "ssh-ed25519 AAAA"
group @boss { bob alice }
group @others carol
allow site: { vend1 carol } to { web1 db1:5432 } approve @boss 2h
allow free: { vend1 carol } to web2:80
allow wide: bob to web1
allow both: vend1 to metr approve @boss 1h
END

sweep() {
	run lab on jump jumpctl sweep "$@"
}

connect() {
	typed hello ssh -F "$C" jump connect "$@"
}

proxyjump() {
	run ssh -F "$C" -J jump "$1" echo hello </dev/null
}

# id: that of the request that the last run has made.
id() {
	sed -n 's/^\([a-z2-7]\{6\}\): asked for .*/\1/p' "$T/out"
}

folder=$LAB/hosts/jump/var/lib/jump/requests
check "the folder is as it is to be" [ "$(stat -c '%u %g %a' "$folder")" = \
    '0 990 3773' ]
sweep

# --- before ------------------------------------------------------------------

as vend1 connect db1 5432
check "what must be approved is not open" gave 77 ""
check "and the user is told how to ask" said "^jump: db1:5432 is open to you only with an approval \\(ask for one: request TARGET REASON\\)\\. Ask ot-access@example.com, reference [a-z2-7]{8}\\.\$"
as vend1 proxyjump web1
check "nor by ProxyJump" [ "$status" -eq 255 ]
as vend1 jump list
check "list shows that it can be asked for" printed '^db1	5432	tcp	both	ask	$'
as vend1 jump why db1:5432
check "why says how" gave 1
check "by either road" [ "$(grep -c "only with an approval" "$T/out")" -eq 2 ]

# --- asking ------------------------------------------------------------------

as vend1 jump request
check "a request without anything" gave 64 ""
check "is told how it goes" said '^jump: usage: request HOST'
as vend1 jump request db1:5432
check "a request without a reason" gave 64 ""
as vend1 jump request web2:80 please
check "what is open needs no request" gave 1 ""
check "and that is said" said 'web2:80 needs no approval'
wire_tap
as vend1 jump request nowhere:22 please
check "what is not there" refused
cp "$T/err" "$T/nowhere"
as vend1 jump request web2:22 please
check "and what no approval can open look the same" [ \
    "$(sed 's/web2/nowhere/; s/reference .*//' "$T/err")" = \
    "$(sed 's/reference .*//' "$T/nowhere")" ]
as vend1 jump request db1:5432 --for 3h please
check "longer than the rule has" gave 64 ""
check "is refused, and the most is told" said 'db1:5432 can be approved for 2h at most'
as vend1 jump request web1 please
check "a target with several ports" gave 77 ""
as vend1 jump request db1 --for 1h --ticket CHG7 'pump 3 stands <still>;' "\$(id) \`id\`"
check "a request is taken" gave 0
check "and says what it is, and who can approve" printed '^[a-z2-7]{6}: asked for db1:5432 for 1h; @boss can approve it until 20..-..-.. ..:.. UTC\.$'
one=$(id)
check "it is recorded" logged "\"event.action\":\"request\",\"event.outcome\":\"success\",\"user.name\":\"vend1\",\"user.id\":\"2003\",\"source.ip\":\"192.0.2.10\",\"destination.address\":\"db1\",\"destination.port\":5432,\"jump.session\":\"[a-z2-7]{8}\",\"jump.ticket\":\"CHG7\",\"jump.approval\":\"$one\",\"jump.seconds\":3600.*\"jump.note\":\"pump 3 stands <still>; \\\$\\(id\\) \`id\`\""
as vend1 jump requests
check "its author sees it" gave 0
check "with all that there is" printed "^$one	vend1	db1:5432	1h	20.*	waits	@boss	20.*	192\\.0\\.2\\.10	CHG7	pump 3 stands <still>; "
as vend1 connect db1 5432
check "it opens nothing yet" gave 77 ""
as carol jump requests
check "others do not see it" gave 0 ""
as carol jump approve "$one"
check "and cannot approve it" gave 77 ""
check "as if it was not there" said "there is no request $one that you can approve"
as vend1 jump approve "$one"
check "nobody approves their own" gave 77 ""
check "and is told" said 'somebody else has to approve'
as bob jump requests
check "who may approve sees it" printed "^$one	vend1	db1:5432	1h"
as bob run ssh -F "$C" -tt jump requests </dev/null
check "on a terminal as a table" printed '^ID +USER +TARGET +FOR +UNTIL +STATE +BY'
check "with the reason below" printed '^        asked ..-.. ..:.. from 192\.0\.2\.10, ticket CHG7: pump 3 stands <still>;'

# --- approved ----------------------------------------------------------------

as bob jump approve zzzzzz
check "an id that is nobody's" gave 77 ""
as bob jump approve "$(echo "$one" | tr a-z A-Z)"
check "it is approved" gave 0
check "and what was is said" printed '^approved: vend1 to db1:5432 for 1h, until 20..-..-.. ..:.. UTC; asked from 192\.0\.2\.10, ticket CHG7: pump 3 stands <still>;'
check "it is recorded" logged "\"event.action\":\"approve\",\"event.outcome\":\"success\",\"user.name\":\"bob\",.*\"destination.address\":\"db1\",\"destination.port\":5432.*\"jump.approval\":\"$one\".*\"jump.who\":\"vend1\""
check "the files are as they are to be" [ \
    "$(cd "$folder" && stat -c '%u %g %a %h' 200* | sort | tr '\n' ,)" = \
    '2002 990 640 1,2003 990 640 1,' ]
as vend1 connect db1 5432
check "it is open by connect at once" gave 0 hello
check "the record has on what it rests" logged "\"event.action\":\"open\",\"event.outcome\":\"success\",\"user.name\":\"vend1\".*\"jump.approval\":\"$one\",\"jump.approver\":\"bob\""
as vend1 jump list
check "list has it" printed '^db1	5432	tcp	both	open	$'
as vend1 jump why db1:5432
check "why tells until when" printed '^db1:5432 is open to you by ProxyCommand, until 20..-..-.. ..:.. UTC\.$'
as vend1 jump requests
check "requests tells who" printed "^$one	vend1	db1:5432	1h	20.*	open	bob	"
as vend1 typed hello ssh -F "$C" -W db1:5432 jump
check "and by ProxyJump with the next login" gave 0 hello
as vend1 proxyjump web1
check "nothing else is" [ "$status" -eq 255 ]
as vend1 connect web1 22
check "nor by connect" gave 77 ""
as carol connect db1 5432
check "nor for anybody else" gave 77 ""

as vend1 jump request web1:22 look
as alice jump approve "$(id)"
as vend1 proxyjump web1
check "ssh through it, by name" gave 0 hello

# --- what ends it ------------------------------------------------------------

# live ROAD: something of vend1's is open by that road.
hold_open() {
	sleep 60 | as vend1 ssh -F "$C" "$@" >"$T/held.out" 2>"$T/held.err" &
	held=$!
}
ended() {
	! kill -0 "$held" 2>/dev/null
}
is_open() {
	sessions "vend1 .*db1:5432 .*|vend1 .*10.2.0.11:5432 " 1
}

as vend1 jump request db1:5432 --for 6s short
check "a short one" gave 0
two=$(id)
as vend1 jump refuse "$one"
check "what is granted can be given back" gave 0 "$one is taken back."
check "and that is recorded" logged "\"event.action\":\"withdraw\".*\"jump.approval\":\"$one\""
as vend1 connect db1 5432
check "then it is closed" gave 77 ""
as bob jump approve "$two"
hold_open jump connect db1 5432
check "a relay" within is_open
check "ends by itself" within ended
check "with its approval" logged '"event.action":"close".*"jump.end":"deadline"'
as vend1 connect db1 5432
check "it opens nothing any more" gave 77 ""

as vend1 jump request db1:5432 again
three=$(id)
as bob jump approve "$three"
hold_open -W db1:5432 jump
check "a forward" within is_open
as bob jump refuse "$three"
check "who approved can refuse" gave 0
check "and that is said" printed '^refused: vend1 to db1:5432; asked from'
check "it is recorded" logged "\"event.action\":\"refuse\".*\"user.name\":\"bob\".*\"jump.approval\":\"$three\""
as vend1 jump requests
check "its author sees that" printed "^$three	vend1	db1:5432	2h	20.*	refused	bob	"
sweep
check "the next sweep ends the forward" printed '^ended: login of vend1.*no right to 10.2.0.11:5432 any more$'
check "which is gone" within ended
as alice jump approve "$three"
as vend1 connect db1 5432
check "what one has refused another does not approve" gave 77 ""

# --- a shared account --------------------------------------------------------

as carol jump request db1:5432 mine
check "people of a shared account ask" gave 0
as bob jump approve "$(id)"
check "and are approved" printed '^approved: carol to db1:5432'
as carol connect db1 5432
check "each for themselves" gave 0 hello

finish
