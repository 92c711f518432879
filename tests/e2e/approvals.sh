# SPDX-License-Identifier: ISC
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
group @adm { %sysadmin carol }
allow third: vend1 to web2:22 approve @adm 2h
require tick: any to web1:80 ticket "CHG*"
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
as vend1 jump request db1:22 please
check "and what no approval can open look the same" [ \
    "$(sed 's/db1/nowhere/; s/reference .*//' "$T/err")" = \
    "$(sed 's/reference .*//' "$T/nowhere")" ]
as vend1 jump request db1:5432 --for 3h please
check "longer than the rule has" gave 64 ""
check "is refused, and the most is told" said 'db1:5432 can be approved for 2h at most'
as vend1 jump request web1 please
check "a target with several ports" gave 77 ""
as vend1 jump request db1 --for 1h --ticket CHG7 'pump 3 stands <still>;' "\$(id) \`id\`"
check "a request is taken" gave 0
check "and says what it is, and who can approve" printed '^[a-z2-7]{6}: asked for db1:5432 for 1h, to be approved by @boss until 20..-..-.. ..:.. UTC\.$'
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
as vend1 jump request db1:5432 "'$(printf '%-120s' x)$one  vend9  web2:80   1m   01-01 00:00  waits  @boss'"
long=$(id)
as bob run ssh -F "$C" -tt jump requests </dev/null
check "where no terminal breaks it, and makes it another request" [ \
    "$(wc -L <"$T/out")" -le 80 ]
check "what it says stands further in" printed "^         *$one  vend9  web2:80"
as vend1 jump refuse "$long"

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

as vend1 jump request web1:80 without
check "where a ticket is wanted, it is wanted first" gave 64 ""
as vend1 jump request web1:80 --ticket XYZ another
check "and one that matches" said '^jump: this is no ticket for web1:80'
as vend1 jump request web1:80 --ticket CHG77 with
as bob jump approve "$(id)"
as vend1 typed '' ssh -F "$C" jump connect web1 80
check "which counts for what is approved" printed '^hello from web1'
check "and is in the record" logged '"event.action":"open","event.outcome":"success","user.name":"vend1".*"destination.port":80.*"jump.ticket":"CHG77"'

# --- who may approve, at each use --------------------------------------------

lab on jump sed -i 's/^sysadmin:.*/sysadmin:x:2102:alice/' /etc/group
as vend1 jump request web2:22 as others may see
third=$(id)
as bob jump approve "$third"
check "somebody of another group" gave 77 ""
as carol jump approve "$third"
check "somebody who shares an account, though of the group" gave 77 ""
as alice jump approve "$third"
check "a member of a Unix group" gave 0
as vend1 connect web2 22
check "it is open" printed '^SSH-2.0-'
lab on jump sed -i 's/^sysadmin:.*/sysadmin:x:2102:/' /etc/group
as vend1 connect web2 22
check "who has lost the role has approved nothing" gave 77 ""
lab on jump sed -i 's/^sysadmin:.*/sysadmin:x:2102:alice/' /etc/group
as vend1 connect web2 22
check "who has it again has" printed '^SSH-2.0-'
run lab on jump jumpctl lock alice
as vend1 connect web2 22
check "who is locked has not" gave 77 ""
run lab on jump jumpctl unlock alice
as vend1 connect web2 22
check "and then has again" printed '^SSH-2.0-'
run lab on -u vend1 jump sh -c 'cat /var/lib/jump/requests/* ||
    ls /var/lib/jump/requests || : >/var/lib/jump/requests/x'
check "no user gets into the folder" [ "$status" -ne 0 ]

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
brief() {
	as bob jump approve "$two"
	hold_open jump connect db1 5432
	within is_open && return
	as vend1 jump request db1:5432 --for $((2 * seconds))s less short
	two=$(id)
	return 1
}
check "a relay" in_time 6 brief
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

# --- what the name means -----------------------------------------------------

# moved FROM TO: the policy in force with that in place of the other.
moved() {
	sed -i "s/$1/$2/" "$T/policy"
	run lab load "$T/policy"
}

as vend1 jump request db1:5432 before the host moves
four=$(id)
as bob jump approve "$four"
hold_open jump connect db1 5432
check "a relay" within is_open
moved '10\.2\.0\.11 ' '10.2.0.10 '
check "a load that gives the target another address" gave 0
sweep
check "ends what was approved" within ended
check "recorded as what it is" logged '"event.action":"close".*"user.name":"vend1".*"jump.end":"(kick|sweep)"'
as vend1 connect db1 5432
check "the approval opens nothing there" gave 77 ""
as vend1 typed hello ssh -F "$C" -W db1:5432 jump
check "nor by ProxyJump" [ "$status" -eq 255 ]
as vend1 jump requests
check "it is void" printed "^$four	vend1	db1:5432	2h	20.*	void	"
as bob jump approve "$four"
check "and not to be approved again" gave 77 ""
moved '10\.2\.0\.10 2001:db8::11' '10.2.0.11'
as vend1 connect db1 5432
check "nor with one of its addresses" gave 77 ""
moved '^set contact' 'set realm north\nset contact'
moved 'host db1 { 10.2.0.11 }' 'host db1 { 10.2.0.11 2001:db8::11 }'
as vend1 connect db1 5432
check "nor with all, in another realm" gave 77 ""
moved '^set realm.*' ''
as vend1 connect db1 5432
check "what it meant it means again" gave 0 hello
as vend1 jump refuse "$four"

# --- the administrator -------------------------------------------------------

requests() {
	run lab on jump jumpctl requests "$@"
}

as vend1 jump request db1:5432 for the administrator
five=$(id)
as bob jump approve "$five"
requests
check "jumpctl lists requests" printed "^$five  vend1  db1:5432 .* open +bob\$"
check "with their reasons" printed '^        asked ..-.. ..:.. from 192\.0\.2\.10: for the administrator$'
requests --json
check "in JSON too" printed "^\{\"version\":1,\"id\":\"$five\",\"state\":\"open\",\"user\":\"vend1\",\"account\":\"vend1\",\"uid\":2003,\"realm\":null,\"target\":\"db1\",\"address\":\"10\.2\.0\.11 2001:db8::11\",\"port\":5432,\"login\":null,\"ticket\":null,\"from\":\"192\.0\.2\.10\",\"reason\":\"for the administrator\",\"seconds\":7200,\"asked\":\"20[^\"]*Z\",\"until\":\"20[^\"]*Z\",\"by\":\"bob\",\"waits\":null\}\$"
run lab on jump jumpctl explain vend1 db1:5432
check "explain has it" gave 0
check "by whom and until when" printed "^approve @boss: bob has, $five, until 20..-..-.. ..:.. UTC\$"
run lab on jump jumpctl explain vend1 metr
check "and who is still to be asked" printed '^approve @boss: nobody has; for 1h at most$'
hold_open jump connect db1 5432
check "a relay" within is_open
run lab on -u bob jump /usr/local/sbin/jumpctl requests
check "only root looks" gave 73 ""
requests --withdraw aaaaaa
check "one that is not there" gave 1 ""
requests --withdraw "$five"
check "is withdrawn" gave 0
check "and what is open is ended" printed '^ended: vend1 to db1:5432 by connect'
check "recorded as root's" logged "\"event.action\":\"withdraw\",\"event.outcome\":\"success\",\"user.name\":\"root.*\"jump.approval\":\"$five\".*\"jump.who\":\"vend1\""
check "at once" within ended
as vend1 connect db1 5432
check "and not to be had again" gave 77 ""
check "no file of it is left" [ -z "$(grep -l "$five" "$folder"/* 2>/dev/null)" ]

# What is over is taken away, and so is junk of some age.
as vend1 jump requests
check "what is over is listed no more after a sweep" not printed '	over	'
printf junk >"$folder/junk"
printf junk >"$folder/2003.t.aaaaaaaaaaaaaaaa"
sweep
check "a sweep leaves what is new" [ -e "$folder/junk" ]
requests
check "which grants nothing" gave 0

# --- many --------------------------------------------------------------------

# With the mode of the folder changed nothing is read or kept.
lab on jump chmod 3777 /var/lib/jump/requests
as vend1 jump request web1:22 in vain
check "a folder that others could read" gave 73 ""
check "is said" said '^jump: requests cannot be kept here\. Ask'
as carol jump requests
check "nothing is read of it" gave 0 ""
lab on jump chmod 3773 /var/lib/jump/requests

printf '%s\n' >"$T/many" '
for i in $(seq 80); do
	SSH_ORIGINAL_COMMAND="request web1:22 number $i" \
	    /usr/local/libexec/jump/jump-shell >/dev/null 2>&1 &
	pids="$pids $!"
done
full=0
for p in $pids; do
	wait "$p" || { [ $? -eq 75 ] && full=$((full + 1)); }
done
echo "$full"'
run lab on -u vend1 jump sh "/run/lab/tmp/e2e/many"
held_places=$(ls "$folder" | grep -c '^2003\.r\.')
check "of 80 requests at once, 64 are taken" [ "$held_places" -eq 64 ]
check "and the others are refused" [ "$(cat "$T/out")" -ge 16 ]
check "none is half written" [ -z "$(ls "$folder" | grep '\.t\.' |
    grep -v aaaaaaaa)" ]
as vend1 jump request web1:22 one more
check "one more is refused" gave 75 ""
check "and the user told what to do" said "^jump: you have 64 requests, as many as can be; .refuse ID. takes one back"
check "recorded" logged '"event.action":"request","event.outcome":"failure","user.name":"vend1".*"jump.reason":"too many requests".*"jump.note":"one more"'
as bob jump requests
check "who may approve sees all but one" [ \
    "$(grep -c '	vend1	' "$T/out")" -eq 63 ]

# --- a shared account --------------------------------------------------------

as carol jump request db1:5432 mine
check "people of a shared account ask" gave 0
as bob jump approve "$(id)"
check "and are approved" printed '^approved: carol to db1:5432'
as carol connect db1 5432
check "each for themselves" gave 0 hello

# --- several groups ------------------------------------------------------------

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
group @boss bob
group @owner bob
group @safety alice
allow site: carol to { db1:5432 web2:80 } approve @boss 2h
require own: carol to db1 approve @owner 2h
require safe: carol to web2 approve @safety 2h
END
as carol jump request db1:5432 two hands
as bob jump approve "$(id)"
as carol connect db1 5432
check "who is in both groups approves for both" gave 0 hello
as carol jump request web2:80 two people
as bob jump approve "$(id)"
as carol connect web2 80
check "who is in one of them does not for the other" gave 77 ""

finish
