# SPDX-License-Identifier: ISC
# Second factors: one-time codes that sshd asks for through PAM, security keys
# that ask for a PIN, and what only looks like one.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
K=$T/keys
oath=$LAB_REPO/.cache/oath
module=$(find "$oath" -name pam_oath.so 2>/dev/null)
if [ -z "$module" ]; then
	skip "no one-time codes on this system"
	finish
fi
SECRET=3132333435363738393031323334353637383930
wire_tap

# --- the machine ---------------------------------------------------------------

cp "$module" "$J/local/pam_oath.so"
sed -i 's|^@include common-auth|auth required /usr/local/pam_oath.so usersfile=/etc/users.oath window=4 digits=6|' \
    "$J/etc/pam.d/sshd"
cat >"$T/askpass" <<END
#!/bin/sh
echo asked >>$T/asked
cat $T/code
END
chmod 755 "$T/askpass"

# code [WRONG]: the next answer, and nobody has given one before.
code() {
	for u in alice bob jump; do
		echo "HOTP/T30/6 $u - $SECRET"
	done >"$J/etc/users.oath"
	: >"$T/asked"
	echo "${1:-$("$oath/usr/bin/oathtool" --totp "$SECRET")}" >"$T/code"
}

# with OPTION...: ssh, by a person who has the code.
with() {
	wire_reset
	run env SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force \
	    ssh -F "$C" -o BatchMode=no -o NumberOfPasswordPrompts=1 "$@" \
	    </dev/null
}

asked() {
	[ "$(grep -c . "$T/asked")" -eq "$1" ]
}

# reload: and wait for it.
reload() {
	: >"$T/mark"
	lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'
	within test "$J/run/sshd.pid" -nt "$T/mark"
}

snippet=$J/etc/ssh/sshd_config.d/40-jump-mfa.conf
reached() {
	gave 0 && printed '^SSH-2\.0'
}

ASK='^jump: web2:22 is open to you only with a second factor \(log in again, by a second method or a key with a PIN\)\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.$'
asks() {
	gave 77 "" && said "$ASK" && wire_silent
}

MFA='
	user bob
	key bob "ssh-ed25519 AAAA"
	allow web: { alice bob carol } to { web1 web2 }
	require factor: any to web2 mfa'
policy <<-END
	$MFA
END

# --- a key alone ---------------------------------------------------------------

wire_reset
jump connect web2 22
check "a key alone: told what to do" asks
check "and the record says what was missing" \
    logged '"jump.verdict":"ask","jump.rule":"web","jump.reason":"something'
check "and names no factor" not logged '"jump.mfa"'
jump why web2:22
check "why: what is missing" \
    printed 'by ProxyCommand only with a second factor \(log in again, by a second method or a key with a PIN\)'
jump connect web1 22
check "what wants none is open" reached
wire_reset
run ssh -F "$C" -W 10.2.0.12:22 jump </dev/null
check "ProxyJump: closed" forward_refused
run lab on jump jumpctl explain alice web2:22
check "explain: what is missing, in words" \
    printed '^road    connect     ask    something is to be done first: mfa'
check "explain: and how to meet it" printed \
    '^mfa     factor      a key with verify-required \(0 of 1\), or a second method: jumpctl export sshd$'
run lab on jump jumpctl explain --mfa alice web2:22
check "explain: with one" gave 0
check "explain: with one, on all roads" not printed ' ask '

# --- a second method, and sshd does not say so ------------------------------------

cat >"$snippet" <<-'END'
	Match User alice
	    AuthenticationMethods publickey,keyboard-interactive:pam
	    KbdInteractiveAuthentication yes
END
reload
code 000000
with jump connect web2 22
check "a wrong code: refused by sshd" no_login
check "which has asked" asked 1
code
with jump connect web2 22
check "a code: open by connect" reached
check "was asked for once" asked 1
check "the decision says how" logged \
    '"event.action":"decision".*"jump.verdict":"allow".*"jump.mfa":"keyboard-interactive"'
check "and so does the opening" logged \
    '"event.action":"open".*"jump.mfa":"keyboard-interactive"'
code
with jump connect web1 22
check "where none is wanted, none is named" logged \
    '"event.action":"open".*"web1".*"jump.road":"connect","jump.policy"'
code
with -W 10.2.0.12:22 jump
check "ProxyJump: not by a method that sshd does not demand" forward_refused
code
with jump why web2:22
check "why: open by one road" printed '^web2:22 is open to you by ProxyCommand\.'
check "why: not by the other" printed \
    'by ProxyJump with a security key that asks for its PIN'
cp "$snippet" "$T/snippet"
cat >"$snippet" <<-'END'
	Match User alice
	    AuthenticationMethods publickey,password
	    PasswordAuthentication yes
END
reload
code
with jump connect web2 22
check "a password: open by connect" reached
check "a password: the record says so" \
    logged '"event.action":"open".*"jump.mfa":"password"'
cp "$T/snippet" "$snippet"
lab on jump sed -i 's/ExposeAuthInfo yes/ExposeAuthInfo no/' \
    /etc/ssh/sshd_config.d/60-jump.conf
reload
code
with jump connect web2 22
check "without ExposeAuthInfo nothing is known" asks
lab on jump sed -i 's/ExposeAuthInfo no/ExposeAuthInfo yes/' \
    /etc/ssh/sshd_config.d/60-jump.conf

# doctor: what it says of factors; nothing else is of interest here.
doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
}
reload
doctor
check "doctor: who can meet none" \
    printed '^ warn  bob, jump: a rule with mfa concerns it, and its keys meet none'
check "doctor: who can on one road" \
    printed '^ warn  alice: its second method meets mfa by ProxyCommand, and not'

# --- what jumpctl export sshd makes ----------------------------------------------

run lab on jump jumpctl export sshd
check "export sshd" gave 0
cp "$T/out" "$snippet"
check "for those whom the rule concerns" printed '^Match User alice,bob,jump$'
lab on jump sh -c "$LAB/openssh/usr/sbin/sshd -t" 2>"$T/err"
check "sshd takes it" gave 0
reload
code 123456
with jump connect web1 22
check "exported: a wrong code is refused by sshd" no_login
code
with jump connect web2 22
check "exported: connect" reached
check "exported: the record says that sshd demands it" \
    logged '"event.action":"open".*"jump.mfa":"sshd"'
code
with -W 10.2.0.12:22 jump
check "exported: ProxyJump" reached
code
with -o ProxyCommand="ssh -F $C -o BatchMode=no -W 10.2.0.12:22 jump" web2 true
check "exported: ProxyJump, all the way" gave 0
code
with -o User=jump -o IdentityFile="$LAB/keys/carol" jump connect web2 22
check "exported: a shared account" reached
code
with jump list
check "exported: the list says open" printed '^web2	22	ssh	both	open'
run ssh -F "$C" jump connect web1 22 </dev/null
check "exported: a key alone does not log in" no_login
doctor
check "exported: doctor is content" \
    printed '^ ok    whom a rule with mfa concerns can meet it$'
check "exported: no failure of a member" not printed 'FAIL.*alice'
printf 'Match User bob\n    AuthenticationMethods publickey\n' \
    >"$J/etc/ssh/sshd_config.d/30-site.conf"
doctor
check "doctor: --mfa without a second method is a failure" printed \
    '^ FAIL  bob: jump-authkeys has --mfa, but AuthenticationMethods is publickey'
check "doctor: and what has set it" printed '30-site\.conf:2'
rm "$J/etc/ssh/sshd_config.d/30-site.conf"

# --- a login shares its factor, and what comes after has none ------------------------

code
with -fN -o ControlMaster=yes -o ControlPath="$T/master" jump
: >"$T/asked"
with -o ControlPath="$T/master" jump connect web2 22
check "multiplexed: has the factor of its login" reached
check "multiplexed: nobody was asked" asked 0
with -o ControlPath="$T/master" -O exit jump
code 000000
with -o ControlPath="$T/master" jump connect web2 22
check "the login has ended, and its factor" no_login
check "the next one is asked" asked 1

# --- what is said to jump-shell by somebody else ---------------------------------

rm "$snippet"
sed -i 's/AcceptEnv .*/AcceptEnv */' \
    "$J/etc/ssh/sshd_config.d/60-jump.conf"
reload

# made FILE OWNER: what sshd writes after a one-time code.
made() {
	printf 'publickey ssh-ed25519 AAAA\nkeyboard-interactive/pam\n' \
	    >"$J/tmp/$1"
	chmod 600 "$J/tmp/$1"
	lab on jump chown "$2:$2" "/tmp/$1"
}

made sshauth.alices alice
wire_reset
run ssh -F "$C" -o "SetEnv=SSH_USER_AUTH=/tmp/sshauth.alices" jump \
    connect web2 22 </dev/null
check "AcceptEnv *: sshd's own word stands" asks

# told PATH: jump-shell, as sshd would start it.
told() {
	wire_reset
	run lab on -u alice jump env SSH_USER_AUTH="$1" \
	    SSH_CONNECTION="192.0.2.10 1 192.0.2.1 22" \
	    SSH_ORIGINAL_COMMAND="connect web2 22" \
	    /usr/local/libexec/jump/jump-shell </dev/null
}

told /tmp/sshauth.alices
check "control: a file as sshd makes it" reached
made sshauth.bobsown bob
told /tmp/sshauth.bobsown
check "a file of another" asks
lab on -u alice jump ln -s sshauth.alices /tmp/sshauth.symlink
told /tmp/sshauth.symlink
check "a symlink to one's own" asks
lab on -u alice jump ln /tmp/sshauth.alices /tmp/sshauth.second
told /tmp/sshauth.alices
check "a file of two names" asks
rm "$J/tmp/sshauth.second"
chmod 644 "$J/tmp/sshauth.alices"
told /tmp/sshauth.alices
check "a file that others read" asks
chmod 600 "$J/tmp/sshauth.alices"
lab on -u alice jump mkfifo -m 600 /tmp/sshauth.alicefifo
told /tmp/sshauth.alicefifo
check "a FIFO keeps nobody waiting" asks
lab on -u alice jump mkdir -m 700 /tmp/sshauth.alicedir
told /tmp/sshauth.alicedir
check "a folder" asks
lab on -u alice jump cp -p /tmp/sshauth.alices /tmp/sshauth.alicebig
lab on -u alice jump truncate -s 1T /tmp/sshauth.alicebig
told /tmp/sshauth.alicebig
check "a file without end" asks
lab on -u alice jump cp -p /tmp/sshauth.alices /tmp/alices
for path in /tmp/alices /tmp/./sshauth.alices /tmp/sshauth.alices/ '' \
    /proc/self/environ; do
	told "$path"
	check "another name: $path" asks
done
sed -i 's/^publickey.*/password/' "$J/tmp/sshauth.alices"
told /tmp/sshauth.alices
check "no key first" asks

# --- who has broken out -----------------------------------------------------------

# byhand OPTION...: no login of sshd's is above it.
byhand() {
	wire_reset
	run lab on -u alice jump /usr/local/libexec/jump/jump-connect "$@" \
	    </dev/null
}

byhand web2 22
check "by hand: there is no login" asks
byhand --mfa=keyboard-interactive web2 22
check "by hand: the second method is their word" reached
byhand --mfa=key web2 22
check "by hand: a key is not" gave 64 ""
byhand --mfa=sshd web2 22
check "by hand: nor what sshd demands" gave 64 ""

# --- security keys ------------------------------------------------------------------

sed -i 's/AcceptEnv .*/AcceptEnv JUMP_ACCEPTS_NO_VARIABLES/' \
    "$J/etc/ssh/sshd_config.d/60-jump.conf"
reload
SSH_SK_PROVIDER=$(find "$LAB_REPO/.cache/openssh-tests" -name sk-dummy.so \
    2>/dev/null)
if [ -z "$SSH_SK_PROVIDER" ]; then
	skip "no software security key on this system"
	finish
fi
export SSH_SK_PROVIDER
mkdir -p "$K"
ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -f "$K/touch"
ssh-keygen -q -t ed25519-sk -N '' -w "$SSH_SK_PROVIDER" -O verify-required \
    -f "$K/pin"
{
	echo "$MFA"
	echo "key alice \"$(cut -d' ' -f1,2 "$K/touch.pub")\""
	echo "key alice \"$(cut -d' ' -f1,2 "$K/pin.pub")\" verify-required"
} >"$T/with-keys"
policy <"$T/with-keys"

# key NAME OPTION...
key() {
	name=$1
	shift
	wire_reset
	run ssh -F "$C" -o SecurityKeyProvider="$SSH_SK_PROVIDER" \
	    -o IdentityFile="$K/$name" -o User=alice "$@" </dev/null
}
LAB_USER=nokey
export LAB_USER
key touch jump connect web2 22
check "a touch is no second factor" asks
key touch -W 10.2.0.12:22 jump
check "nor by ProxyJump" forward_refused
key pin jump connect web2 22
check "a PIN: connect" reached
check "a PIN: the record says by the key" \
    logged '"event.action":"open".*"jump.mfa":"key"'
run lab on jump jumpctl log --user alice --file "$LAB/jump.log"
check "a PIN: jumpctl log says so" printed 'web2:22.*mfa by key'
key pin -W 10.2.0.12:22 jump
check "a PIN: ProxyJump" reached
key pin jump why web2:22
check "a PIN: why" gave 0
check "a PIN: by both roads" not printed ' with '

# It is the note that says so, of this very login.
key pin -fN -o ControlMaster=yes -o ControlPath="$T/master" jump
key pin -o ControlPath="$T/master" jump connect web2 22
check "multiplexed: by the key of the login" reached
lab on jump sh -c 'rm /run/jump/logins/*'
key pin -o ControlPath="$T/master" jump connect web2 22
check "no note, no factor" asks
key pin -o ControlPath="$T/master" -O exit jump

# --- a rule that comes later ----------------------------------------------------------

policy <<-END
	$(sed /^require/d "$T/with-keys" | grep -v 'require factor')
END
mkfifo "$T/hold"
hold_by() {
	ssh -F "$C" -o SecurityKeyProvider="$SSH_SK_PROVIDER" \
	    -o IdentityFile="$K/$1" -o User=alice jump connect web2 22 \
	    <"$T/hold" >"$T/$1.out" 2>"$T/$1.err" &
}
exec 8<>"$T/hold"
hold_by touch
touch_pid=$!
hold_by pin
pin_pid=$!
within sessions 'web2:22' 2
check "two sessions" sessions 'web2:22' 2
policy <"$T/with-keys"
within sessions 'web2:22' 1
check "a new rule: who has no factor is swept" sessions 'web2:22' 1
wait "$touch_pid" || :
check "and the record says so" \
    logged '"event.action":"close".*"web2".*"jump.end":"sweep"'
check "who has one stays" kill -0 "$pin_pid"
exec 8>&-
kill "$pin_pid" 2>/dev/null || :

# --- who is concerned on one road only ---------------------------------------------

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
allow menu: bob to web1:22 via shell
require factor: any to web1 mfa
END
run lab on jump jumpctl export sshd
check "the road shell alone: export sshd" printed '^Match User bob$'
finish
