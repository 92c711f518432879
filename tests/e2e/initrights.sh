# SPDX-License-Identifier: ISC
# lab: LAB_POLICY=none
# jumpctl init against sshd itself: accounts and keys of all kinds, what each
# reaches before, and what after.  Nothing is more than it was; what is less is
# said.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
SSHD=/run/lab/openssh/usr/sbin/sshd
version=$("$LAB/openssh/usr/sbin/sshd" -V 2>&1 |
    sed -n 's/^OpenSSH_\([0-9.]*\).*/\1/p')
people=
number=2600

# one NAME SHELL OPTIONS: an account whose key has these options.
one() {
	number=$((number + 1))
	people="$people $1"
	echo "$1:x:$number:$number::/home/$1:$2" >>"$J/etc/passwd"
	echo "$1:*:19000:0:99999:7:::" >>"$J/etc/shadow"
	echo "$1:x:$number:" >>"$J/etc/group"
	install -d -m 700 -o $number -g $number "$J/home/$1" "$J/home/$1/.ssh"
	ssh-keygen -q -t ed25519 -N '' -C "$1@lab" -f "$LAB/keys/$1"
	echo "${3:+$3 }$(cat "$LAB/keys/$1.pub")" >"$T/keys"
	install -m 600 -o $number -g $number "$T/keys" \
	    "$J/home/$1/.ssh/authorized_keys"
}

# add NAME OPTIONS: another line of the same key.
add() {
	echo "$2 $(cat "$LAB/keys/$1.pub")" >>"$J/home/$1/.ssh/authorized_keys"
}

# program NAME TEXT: in /usr/local/bin of the jump host.
program() {
	printf '%s\n' "$2" >"$T/program"
	install -m 755 "$T/program" "$J/local/bin/$1"
}

reload() {
	: >"$T/mark"
	lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'
	within test "$J/run/sshd.pid" -nt "$T/mark"
}

rm "$J"/etc/ssh/sshd_config.d/50-jump-shared.conf \
    "$J"/etc/ssh/sshd_config.d/60-jump.conf
# web1 is another host than webs, by one address less.
printf '10.2.0.10 webs web1\n2001:db8::10 webs\n10.2.0.11 db1\n' >>"$J/etc/hosts"
# A name of a port, for PermitOpen; not each machine has a list of them.
grep -q '^ssh[[:space:]]' "$J/etc/services" 2>/dev/null ||
    echo 'ssh 22/tcp' >>"$J/etc/services"
install -d "$J/local/bin"
program nc '#!/bin/sh
exec socat -t9 - "TCP:$1:$2"'
program git-shell '#!/bin/sh
echo "fatal: unrecognized command"; exit 128'
program menu '#!/bin/sh
echo "1) status"'
program rbash '#!/bin/bash
exec /bin/bash -r "$@"'

# --- who there is --------------------------------------------------------------

one plain /bin/sh ''
one git /usr/local/bin/git-shell restrict
one gitforward /usr/local/bin/git-shell ''
one rbash /usr/local/bin/rbash restrict
one menu /usr/local/bin/menu no-port-forwarding
one nologin /usr/sbin/nologin ''
one restrictpty /bin/bash restrict,pty
one nopty /bin/sh no-pty
one forced /bin/sh ''
one command /bin/sh 'command="/bin/true"'
one negated /bin/sh 'from="!192.0.2.9,*"'
one mapped /bin/sh 'from="::ffff:0.0.0.0/96"'
one badmask /bin/sh 'from="10.0.0.1/8,192.0.2.0/24"'
one expired /bin/sh 'expiry-time="20200101"'
one expires /bin/sh 'expiry-time="99991231235960Z"'
one wildport /usr/sbin/nologin 'permitopen="web1:*"'
one wildhost /usr/sbin/nologin 'permitopen="*:22"'
one glob /usr/sbin/nologin 'permitopen="10.2.0.*:22"'
one many /usr/sbin/nologin "$(seq -f 'permitopen="web1:%g"' -s, 1000 1300)"
add many no-pty
one open /usr/sbin/nologin ''
one jailed /bin/sh ''
one denied /bin/sh ''
one ingroup /bin/sh ''
one twokeys /bin/sh ''
one other /bin/sh ''
one loose /bin/sh ''
chmod 770 "$J/home/loose"
one rootonly /bin/sh ''
chown 0:0 "$J/home/rootonly/.ssh/authorized_keys"
one listens /bin/sh 'permitlisten="*:0"'
one variable /bin/sh 'environment="A B=c"'
one refused /bin/sh ''
one signed /bin/sh ''
sed -i 's/^/cert-authority /' "$J/home/signed/.ssh/authorized_keys"
ssh-keygen -q -s "$LAB/keys/signed" -I t -n signed "$LAB/keys/signed.pub"
one service /usr/sbin/nologin ''
one wide /usr/sbin/nologin ''
one outgroup /bin/sh ''
one inlist /bin/sh ''
one firstline /usr/sbin/nologin 'principals="x",permitopen="db1:5432"'
add firstline pty
one authority /usr/sbin/nologin \
    'cert-authority,from="192.0.2.0/24",permitopen="db1:5432"'
add authority cert-authority
ssh-keygen -q -s "$LAB/keys/authority" -I t -n authority \
    "$LAB/keys/authority.pub"
# trusted NAME LINE: by certificate only, of the CA in a file that begins so.
trusted() {
	one "$1" /bin/sh
	ssh-keygen -q -s "$LAB/keys/$1" -I t -n "$1" "$LAB/keys/$1.pub"
	: >"$J/home/$1/.ssh/authorized_keys"
	printf "$2" >"$J/etc/ssh/$1.ca"
	cat "$LAB/keys/$1.pub" >>"$J/etc/ssh/$1.ca"
}
trusted goodca '# CA\n\n'
trusted optionca 'cert-authority '
trusted wrongca 'ssh-ed25519 AAAA\n'
mkdir -p "$J/jail"

refuse='    PermitOpen none'
[ "${version%%.*}" -lt 10 ] || refuse='    RefuseConnection yes'
cat >"$J/etc/ssh/sshd_config.d/20-test.conf" <<-END
	StrictModes no
	DenyUsers denied
	DenyGroups ingroup
	Match User forced
	    ForceCommand /bin/true
	Match User open
	    PermitOpen web1:22
	Match User service
	    PermitOpen web1:ssh db1:5432
	Match User goodca
	    TrustedUserCAKeys /etc/ssh/goodca.ca
	Match User optionca
	    TrustedUserCAKeys /etc/ssh/optionca.ca
	Match User wrongca
	    TrustedUserCAKeys /etc/ssh/wrongca.ca
	Match User wide
	    PermitOpen $(seq -f '[2001:db8::10]:%g' -s' ' 10001 10450) web1:22
	Match User outgroup
	    AllowGroups [o]utgroup jailed
	Match User inlist
	    AllowGroups jailed in?is*
	Match User jailed
	    ChrootDirectory /jail
	Match User twokeys
	    AuthenticationMethods publickey,publickey
	Match User other
	    AuthenticationMethods password,publickey,hostbased
	Match User refused
	$refuse
END

# --- who reaches what ----------------------------------------------------------

printf 'SSH-2.0-probe\r\n\r\n' >"$T/request"

answers() {
	timeout 30 "$@" <"$T/request" >"$T/answer" 2>/dev/null || :
	grep -aq 'SSH-2\|HTTP/' "$T/answer" && echo yes || echo no
}

matrix() {
	for u in $people; do
		LAB_USER=$u
		export LAB_USER
		for p in web1:22 db1:5432; do
			echo "$u -W $p" "$(answers ssh -F "$C" -oUser="$u" \
			    -i "$LAB/keys/$u" -W $p jump)"
		done
		echo "$u nc" "$(answers ssh -F "$C" -oUser="$u" \
		    -i "$LAB/keys/$u" jump nc web1 22)"
	done
}

reload
matrix >"$T/before"
run cat "$T/before"
check "before: a shell and forwards reach all" \
    test "$(grep -c '^plain .* yes$' "$T/before")" -eq 3
check "before: git-shell reaches nothing, or forwards" \
    test "$(grep '^git' "$T/before" | grep -c 'yes$')" -eq 2
check "before: some keys are taken nowhere" \
    not grep -q '^\(mapped\|badmask\|expired\|denied\|ingroup\) .* yes$' \
    "$T/before"
check "nor these, which are wrong to sshd" \
    not grep -q '^\(rootonly\|listens\|variable\) .* yes$' "$T/before"
check "TrustedUserCAKeys: only where each line before is right" \
    test "$(grep 'ca .* yes$' "$T/before" | grep -c '^goodca ')" -eq 3
check "and no other" not grep -q '^\(option\|wrong\)ca .* yes$' "$T/before"
check "AllowGroups: one pattern matches, and brackets mean nothing" \
    test "$(grep '^\(outgroup\|inlist\) .* yes$' "$T/before" |
    grep -c '^inlist ')" -eq 3
check "AllowGroups: nothing for who is in none" \
    not grep -q '^outgroup .* yes$' "$T/before"
check "of two lines of a key the first counts" \
    test "$(grep '^authority .* yes$' "$T/before")" = \
    'authority -W db1:5432 yes'
check "but not one that sshd skips" grep -q '^firstline -W web1:22 yes$' \
    "$T/before"

# --- what init says ------------------------------------------------------------

run lab on jump jumpctl init --sshd "$SSHD" --no-lookup \
    --output /etc/jump/policy
check "a policy comes of it" gave 0
awk '/^# - / { printf "\n%s", $0; next }
    /^#     / { sub(/^#    /, ""); printf "%s", $0; next } { print "" }' \
    "$J/etc/jump/policy" >"$T/notes"
told() {
	grep -q -- "^# - \(.*, \)*$1\(,.*\)*: .*$2" "$T/notes"
}
check "git-shell: no shell" told git 'git-shell is no shell that init knows'
check "menu: no shell" told menu '/usr/local/bin/menu is no shell'
check "rbash: no shell" told rbash '/usr/local/bin/rbash is no shell'
check "from with an exception" told negated 'from= is not a list of networks'
check "from of mapped addresses" told mapped 'from= is not a list of networks'
check "from that sshd does not take" \
    told badmask 'from= is not a list of networks'
check "more places than init takes" told many 'so is another line of the same'
check "two keys of one" told twokeys 'AuthenticationMethods publickey,publickey'
check "three methods" told other \
    'AuthenticationMethods password,publickey,hostbased'
check "a home that others can write to" \
    told loose 'a folder above it is writable by group or others'
check "a file that only root may read" \
    told rootonly 'the account itself may not read it'
check "a port that sshd does not take" told listens 'none that sshd'
check "a variable that sshd does not take" told variable 'none that sshd'
check "PermitOpen with the name of a port" \
    told service 'may forward to web1:ssh of PermitOpen no more'
check "AllowGroups" told outgroup 'does not get in by a key: AllowGroups'
check "an authority with options" \
    told optionca 'optionca.ca:1 and what follows is left out'
check "an authority behind a line that is wrong" \
    told wrongca 'wrongca.ca:1 and what follows is left out'
check "principals of a key" told firstline 'principals= without cert-auth'
check "whose next line counts" \
    grep -q '^user firstline$' "$J/etc/jump/policy"
check "an authority with from" told authority 'so is another line of the same'

# --- and what holds then -------------------------------------------------------

run lab on jump jumpctl load
check "it loads" gave 0
run lab on jump jumpctl export sshd --openssh "$version"
cp "$T/out" "$J/etc/ssh/sshd_config.d/60-jump.conf"
# As the guides say: what was there before is read after ours.
mv "$J/etc/ssh/sshd_config.d/20-test.conf" \
    "$J/etc/ssh/sshd_config.d/90-test.conf"
sed -i "s/^jump:.*/jump:x:2010:$(awk '/^user / { printf "%s%s", s, $2; s = "," }' \
    "$J/etc/jump/policy")/" "$J/etc/group"
reload
lab on jump jumpctl sweep
matrix >"$T/after"
# Those who are left out are not members: what sshd gives them is as before.
diff "$T/before" "$T/after" >"$T/changes"
run cat "$T/changes"
check "after: nobody reaches more" not grep -q '^> .* yes$' "$T/changes"
grep '^<' "$T/changes" |
    grep -v ' -W db1:5432 yes$\|service -W web1:22 yes$' >"$T/out"
check "nor less, but for ports of anywhere that no file names" \
    test ! -s "$T/out"
finish
