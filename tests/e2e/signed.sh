# SPDX-License-Identifier: ISC
# Signed approvals: by the own key of one who shares an account, handed in by
# them or by who asked, and nothing that only looks like one.
. "$(dirname "$0")/lib.sh"

K=$T/keys
S=$T/signed
mkdir -p "$K" "$S"
for k in other agent vend bobs ca; do
	ssh-keygen -q -t ed25519 -N '' -C "$k" -f "$K/$k"
done
cp "$K/agent" "$K/certified"
cp "$K/agent.pub" "$K/certified.pub"
ssh-keygen -q -s "$K/ca" -I carol -n carol "$K/certified.pub"

SSH_SK_PROVIDER=$(find "$LAB_REPO/.cache/openssh-tests" -name sk-dummy.so \
    2>/dev/null)
security=
if [ -n "$SSH_SK_PROVIDER" ]; then
	export SSH_SK_PROVIDER
	ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -f "$K/touch"
	ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -f "$K/claimed"
	ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" \
	    -O no-touch-required -f "$K/silent"
	security="
key carol \"$(cut -d' ' -f1,2 "$K/touch.pub")\"
key carol \"$(cut -d' ' -f1,2 "$K/silent.pub")\"
key carol \"$(cut -d' ' -f1,2 "$K/claimed.pub")\" verify-required"
else
	unset SSH_SK_PROVIDER
fi

# load BOSSES [LINES]: the policy, with these as who approves.
load() {
	policy <<-END
		user bob
		key bob "ssh-ed25519 AAAA"
		key bob "$(cut -d' ' -f1,2 "$K/bobs.pub")"
		user vend1
		key vend1 "ssh-ed25519 AAAA"
		key vend1 "$(cut -d' ' -f1,2 "$K/vend.pub")"
		user dora account jump
		key dora "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
		group @boss { $1 }
		allow site: { vend1 bob } to { web1 db1:5432 } approve @boss 2h
		${2-key carol \"$(cut -d' ' -f1,2 "$K/agent.pub")\"}$security
	END
}

connect() {
	typed hello ssh -F "$C" jump connect db1 5432
}

opens() {
	as vend1 connect
	gave 0 hello
}

closed() {
	as vend1 connect
	gave 77 ""
}

# ask: vend1 asks; $id is its id.
ask() {
	as vend1 jump request db1:5432 --for "${1:-1h}" pump 3 stands still
	id=$(sed -n 's/^\([a-z2-7]\{6\}\): asked for .*/\1/p' "$T/out")
}

# text USER NAME: what there is to sign, as NAME.
text() {
	as "$1" jump approve --text "$id"
	cp "$T/out" "$S/$2"
}

# sign KEY NAME [NAMESPACE]: NAME.signed has both.
sign() {
	ssh-keygen -q -Y sign -n "${3:-jump-approval}" -f "$K/$1" \
	    <"$S/$2" >"$S/$2.sig" 2>"$S/err" </dev/null <"$S/$2" ||
	    cat "$S/err"
	cat "$S/$2" "$S/$2.sig" >"$S/$2.signed"
}

# hand USER NAME: in.
hand() {
	LAB_USER=$1 run ssh -F "$C" jump approve --signed <"$S/$2.signed"
}

run lab on jump jumpctl sweep
load 'alice carol'
check "who shares an account is warned of" \
    said "\`carol' of @boss shares an account, and so can approve by signature only$"

# --- the way it goes ---------------------------------------------------------

ask
as carol jump requests
check "who shares an account sees what they may sign" \
    printed "^$id	vend1	db1:5432	1h"
as carol jump approve "$id"
check "and cannot approve it without" gave 77 ""
check "which is said" said "with a signature: approve --text $id\\."
sleep 1 # so that the time in the text is not that of the request
text carol a
check "the text is to be had" gave 0
check "and is an approval by them" \
    [ "$(sed -n '1,4p' "$S/a" | sed 's/^at .*/at/' | tr '\n' ,)" = \
    'jump-approval 2,by carol,at,user vend1,' ]
check "of what the target is" [ "$(sed -n '6,9p' "$S/a" | tr '\n' ,)" = \
    'realm -,target db1,address 10.2.0.11 2001:db8::11,port 5432,' ]
check "of all that was asked for" grep -q '^reason pump 3 stands still$' "$S/a"
as vend1 jump approve --text "$id"
check "who asked has nothing to sign" gave 77 ""
as bob jump approve --text "$id"
check "nor has somebody else" gave 77 ""
cp "$S/a" "$S/a.signed"
hand carol a
check "a text without a signature" gave 64 ""
check "is none" said 'not what .approve --text. prints'
check "and opens nothing" closed

eval "$(ssh-agent -s)" >/dev/null
ssh-add -q "$K/agent" 2>/dev/null
mv "$K/agent" "$K/away"
sign agent.pub a
mv "$K/away" "$K/agent"
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK SSH_AGENT_PID
hand carol a
check "signed by a key in an agent, it is taken" gave 0
check "and that is said" printed '^approved: vend1 to db1:5432 for 1h, until '
check "and recorded" logged "\"event.action\":\"approve\",\"event.outcome\":\"success\",\"user.name\":\"carol\".*\"jump.approval\":\"$id\",\"jump.approver\":\"carol\""
check "it opens" opens
check "the record has on what it rests" logged "\"event.action\":\"open\",\"event.outcome\":\"success\",\"user.name\":\"vend1\".*\"jump.approval\":\"$id\",\"jump.approver\":\"carol\""
as vend1 typed hello ssh -F "$C" -W db1:5432 jump
check "and by ProxyJump with the next login" gave 0 hello
as vend1 jump list
check "list has it" printed '^db1	5432	tcp	both	open	$'
run lab on jump jumpctl requests
check "jumpctl requests has it" printed "^$id  vend1  db1:5432 .* open +carol\$"
run lab on jump jumpctl explain vend1 db1:5432
check "and explain" printed "^approve @boss: carol has, $id, until "
run lab on jump jumpctl sweep
check "a sweep leaves it" opens

# --- what ends it ------------------------------------------------------------

load 'alice carol' ''
check "without the key in the policy it counts no more" closed
as vend1 typed hello ssh -F "$C" -W db1:5432 jump
check "nor by ProxyJump" [ "$status" -eq 255 ]
run lab on jump jumpctl sweep
load 'alice carol'
check "it does with the key again, a sweep later" opens
load alice
check "nor of who has lost the role" closed
load 'alice carol'
run lab on jump jumpctl lock carol
check "nor of who is locked" closed
cp "$T/err" "$T/lock.err"
run lab on jump jumpctl unlock carol
check "else it does" opens

folder=$LAB/hosts/jump/var/lib/jump/requests
file=$(ls "$folder" | grep '^[0-9]*\.a\.2003\.')
cp -p "$folder/$file" "$T/kept"
# put: standard input, in its place.  No O_CREAT: fs.protected_regular.
put() {
	cat >"$T/forged"
	dd if="$T/forged" of="$folder/$file" conv=nocreat status=none
}
# forged SED: the file with that, in its place.
forged() {
	sed "$1" "$T/kept" | put
}
forged 's/^by carol/by dora/'
check "edited: by another of the account" closed
forged 's/^by carol/by alice/'
check "edited: by somebody of the group" closed
forged '/^by /d'
check "edited: by nobody" closed
forged 's/^seconds 3600/seconds 3601/'
check "edited: longer" closed
forged "s/^at .*/at $(($(sed -n 's/^at //p' "$T/kept") + 1))/"
check "edited: at another time" closed
forged 's/^U1NI/U1NJ/'
check "edited: what the signature is" closed
# The last line of the armour but its end is the signature itself.
flip() {
	awk '{ line[NR] = $0 }
	END {
		c = substr(line[NR - 1], 1, 1) == "A" ? "B" : "A"
		line[NR - 1] = c substr(line[NR - 1], 2)
		for (i = 1; i <= NR; i++)
			print line[i]
	}'
}
flip <"$T/kept" | put
check "edited: a bit of the signature" closed
forged '/^-----BEGIN/,$d'
check "the signature cut off" closed
{ cat "$T/kept"; sed -n '/^-----BEGIN/,$p' "$T/kept"; } | put
check "two signatures" closed
put <"$T/kept"
check "as it was, it opens" opens
as vend1 jump refuse "$id"

# --- forgeries, handed in ----------------------------------------------------

ask
sleep 1
text carol b
cat "$S/b" "$S/a.sig" >"$S/b.signed"
hand carol b
check "with the signature of another approval" gave 77 ""
check "opens nothing" closed
refused_as() {
	gave "$1" "" && closed
}
sign other b
hand carol b
check "by a key that nobody has" refused_as 77
hand carol b
check "is no good signature" said 'not a good signature of this text by a key of carol\.'
sign vend b
hand vend1 b
check "by a key of who asked" refused_as 77
sign bobs b
hand carol b
check "by another user's key" refused_as 77
sign agent b file
hand carol b
check "in another namespace" refused_as 77
sign certified-cert.pub b 2>/dev/null
cp "$K/certified" "$K/withcert"
cp "$K/certified-cert.pub" "$K/withcert.pub"
sign withcert b
hand carol b
check "by a certificate" refused_as 77
for edit in "s/^at .*/at $(sed -n 's/^from //p' "$S/b")/" 's/5432/22/' 's/db1/web1/' \
    's/10.2.0.11/10.2.0.12/' 's/^realm -/realm x/' 's/still/stiLl/' \
    's/^by carol/by alice/' 's/^by carol/by dora/' 's/^seconds 3600/seconds 7200/'; do
	sign agent b
	sed "$edit" "$S/b" | cat - "$S/b.sig" >"$S/b.signed"
	hand carol b
	check "edited after it was signed: $edit" refused_as 77
done
for edit in '/^by /d' 's/^by carol/by/' 's/jump-approval 2/jump-refusal 2/' \
    's/^at .*/at 0/'; do
	sed "$edit" "$S/b" >"$S/c"
	sign agent c
	hand carol c
	check "not an approval: $edit" refused_as 64
done
sed 's/^jump-approval 2/jump-approval 1/; /^realm/d; /^address/d' "$S/b" >"$S/c"
sign agent c
hand carol c
check "of an earlier version" gave 77 ""
check "which is said" said '^jump: this is an approval of an earlier version, '
check "and opens nothing" closed
sed 's/^at .*/at 1000000000/' "$S/b" >"$S/c"
sign agent c
hand carol c
check "of a time before the request" refused_as 77
sed 's/^user vend1/user bob/; s/^account vend1/account bob/' "$S/b" >"$S/c"
sign agent c
hand carol c
check "of what nobody asked for" refused_as 77
sign agent b
flip <"$S/b.signed" >"$S/c.signed"
hand carol c
check "a bit of the signature" refused_as 77
cat "$S/b" "$S/b.sig" "$S/b.sig" >"$S/b.signed"
hand carol b
check "two signatures behind it" refused_as 77
{ cat "$S/b"; echo '-----BEGIN SSH SIGNATURE-----'; echo '!!!!'
  echo '-----END SSH SIGNATURE-----'; } >"$S/b.signed"
hand carol b
check "junk in armour" refused_as 77
{ cat "$S/b"; head -c 100000 /dev/zero | tr '\0' a; } >"$S/b.signed"
hand carol b
check "huge" refused_as 64
sed 's/^by carol/by vend1/' "$S/b" >"$S/c"
sign vend c
hand vend1 c
check "one's own, signed" refused_as 77
sed 's/^by carol/by bob/' "$S/b" >"$S/c"
sign bobs c
hand bob c
check "of somebody who may not" refused_as 77
sign agent b
hand bob b
check "by a messenger who has no business with it" refused_as 77

# --- handed in by who asked --------------------------------------------------

hand vend1 b
check "a good one is taken from who asked" gave 0
check "and recorded as what it is" logged "\"event.action\":\"approve\",\"event.outcome\":\"success\",\"user.name\":\"vend1\".*\"jump.approval\":\"$id\",\"jump.approver\":\"carol\""
check "it opens" opens
cp "$S/b.signed" "$S/replay.signed"
as alice jump refuse "$id"
check "another's refusal stands above it" closed
hand vend1 replay
check "however often it is handed in" closed
as vend1 jump refuse "$id"
hand vend1 replay
check "what is taken back is not to be had again" refused_as 77
ask 3s
text carol b
sign agent b
hand carol b
check "a short one" gave 0
check "is over soon" within closed
hand carol b
check "and then not taken again" refused_as 77
as vend1 jump refuse "$id"

# --- another host -------------------------------------------

# other_host: nothing of what was asked for and approved is kept here.
other_host() {
	rm -f "$folder"/[0-9]*.r.[0-9]* "$folder"/[0-9]*.a.[0-9]*
}

ask
text carol b
sign agent b
hand carol b
check "approved on one host" opens
other_host
check "and not yet on another" closed
hand carol b
check "where who signed can do nothing" refused_as 77
hand bob b
check "nor somebody else" refused_as 77
sed 's/^seconds 3600/seconds 7200/' "$S/b" | cat - "$S/b.sig" >"$S/c.signed"
hand vend1 c
check "nor who asked, with another text" refused_as 77
check "which keeps nothing" [ -z "$(ls "$folder" | grep '^2003\.')" ]
hand vend1 b
check "who asked brings it there" gave 0
check "recorded as a request, too" logged "\"event.action\":\"request\",\"event.outcome\":\"success\",\"user.name\":\"vend1\".*\"jump.approval\":\"$id\""
check "and it opens" opens
hand vend1 b
check "twice is once" gave 0
for edit in '/^host db1/s/10.2.0.11/10.2.0.12/' 's/^set contact/set realm x\n&/'; do
	other_host
	sed "$edit" "$T/policy" >"$T/other"
	run lab load "$T/other"
	check "another policy loads: $edit" gave 0
	hand vend1 b
	cp "$T/err" "$S/$(expr "$edit" : '.*\(realm\|host\)')"
	check "which means another machine: refused" refused_as 77
	check "nothing is kept" [ -z "$(ls "$folder" | grep '^2003\.')" ]
done
check "which is said" grep -q '^jump: this approval is of db1 at 10\.2\.0\.11 2001:db8::11, which db1 is not here\. Ask ' "$S/host"
check "of a realm too" grep -q '^jump: this approval is of a policy without realm, which is not this one\. Ask ' "$S/realm"
check "recorded" logged '"event.action":"decision","event.outcome":"failure","user.name":"vend1".*"jump.reason":"an approval of another address"'
run lab load "$T/policy"
hand vend1 b
check "with the first policy it is good" gave 0
check "with one request" [ "$(ls "$folder" | grep -c '^2003\.r\.')" -eq 1 ]
as alice jump refuse "$id"
check "refused there" closed
other_host
hand vend1 b
check "it is not brought back" refused_as 77

ask
text carol b
sign agent b
hand vend1 b
run lab on jump jumpctl requests --withdraw "$id"
check "what the administrator has withdrawn" closed
hand vend1 b
check "is not brought back" refused_as 77
ask
text carol b
sign agent b
hand carol b
as vend1 jump refuse "$id"
hand vend1 b
check "nor what was approved and taken back" refused_as 77
run lab on jump jumpctl sweep
check "that is kept in mind" [ -e "$(echo "$folder/n.$id"*)" ]

# --- people of one account ---------------------------------------------------

load 'alice carol' "key carol \"$(cut -d' ' -f1,2 "$K/agent.pub")\"
allow team: carol to web2:80 approve @boss 1h"
as carol jump request web2:80 please
id=$(sed -n 's/^\([a-z2-7]\{6\}\): asked for .*/\1/p' "$T/out")
as carol jump approve --text "$id"
check "nobody signs their own" gave 77 ""

# --- security keys -----------------------------------------------------------

if [ -z "${SSH_SK_PROVIDER:-}" ]; then
	skip "no software security key on this system"
	finish
fi
ask
text carol b
sign claimed b
hand carol b
check "a security key without the PIN that it must have" refused_as 77
sign silent b
hand carol b
check "one that nobody has touched" refused_as 77
sign touch b
hand carol b
check "with a touch where that is enough" gave 0
check "opens" opens

finish
