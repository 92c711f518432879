# SPDX-License-Identifier: ISC
# Certificates, by AuthorizedKeysCommand and by AuthorizedPrincipalsCommand:
# who gets in with which, with what rights, and who does not.
. "$(dirname "$0")/lib.sh"

export LAB_USER=nokey
K=$T/keys
etc=$LAB/hosts/jump/etc
mkdir -p "$K"
for k in corp lab rogue own vendorkey; do
	ssh-keygen -q -t ed25519 -N '' -C $k -f "$K/$k"
done

blob() {
	cut -d' ' -f1,2 "$K/$1.pub"
}

# cert NAME PRINCIPALS OPTION...: of the key own, or $key, by corp, or $ca.
cert() {
	name=$1 principals=$2
	shift 2
	cp "$K/${key:-own}" "$K/$name"
	cp "$K/${key:-own}.pub" "$K/$name.pub"
	ssh-keygen -q -s "$K/${ca:-corp}" -I "id-$name" \
	    ${principals:+-n "$principals"} -z 4711 "$@" "$K/$name.pub"
}

cert alice alice
cert both alice,bob
cert carol carol
cert dave dave
cert people carol,dave
cert none ''
cert account jump
cert gone gone
cert expired alice -V 20200101:20200102
cert future alice -V 20350101:20360101
cert forced alice -O force-command=/bin/sh
cert as-dave carol -O \
    'force-command=/usr/local/libexec/jump/jump-shell --id=dave'
cert elsewhere alice -O source-address=198.51.100.0/24
cert here alice -O source-address=192.0.2.0/24
cert unknown alice -O critical:x@example.com=y
cert clear alice -O clear
cert host alice -h
cert verify alice -O verify-required
ca=rogue cert rogue alice
ca=lab cert lab-alice alice
ca=lab cert lab-bob bob
key=vendorkey cert vendor vend1
key=vendorkey cert stolen alice

# The account bob has no user line; it is in the Unix group sysadmin.
sed -i 's/^sysadmin:.*/sysadmin:x:2102:bob/' "$etc/group"
rules() {
	policy <<-END
		user dave account jump
		user gone until 2026-01-01T00:00Z account jump
		user vend1
		key vend1 "ssh-ed25519 AAAA"
		key vend1 "$(blob vendorkey)" from 198.51.100.0/24
		group @ops { alice carol dave gone %sysadmin }
		ca corp "$(blob corp)" for { @ops vend1 }
		ca lab "$(blob lab)" for %sysadmin
		allow web: { @ops vend1 } to web1
		allow db: carol to db1
		allow factor: alice to web2 mfa
		$1
	END
}

# --- a second sshd, with more in its configuration ---------------------------

# second PORT CONFIGURATION: what it says goes before everything else.
second() {
	lib=$LAB/openssh/usr/lib/openssh
	printf '%s\n' "$2" >"$etc/ssh/sshd_config.d/05-test.conf"
	set -- "$LAB/openssh/usr/sbin/sshd" -o "Port=$1" \
	    -o "PidFile=/run/sshd.$1.pid"
	[ ! -x "$lib/sshd-session" ] || set -- "$@" -o PerSourcePenalties=no \
	    -o "SshdSessionPath=$lib/sshd-session"
	[ ! -x "$lib/sshd-auth" ] || set -- "$@" -o "SshdAuthPath=$lib/sshd-auth"
	run lab on jump "$@"
	check "sshd takes the configuration" gave 0 ""
	rm "$etc/ssh/sshd_config.d/05-test.conf"
	for _ in $(seq 100); do
		! grep -q "Server listening on 0.0.0.0 port ${2#*=}" \
		    "$LAB/jump.log" || break
		sleep 0.1
	done
}

# --- tests -------------------------------------------------------------------

port=22

# with CERTIFICATE USER ARGUMENT...: ssh to the jump host, with this alone.
with() {
	certificate=$1 user=$2
	shift 2
	before=$(wc -l <"$LAB/jump.log")
	run ssh -F "$C" -o "Port=$port" -o "User=$user" \
	    -o "IdentityFile=$K/$certificate" "$@" </dev/null
}

# reach CERTIFICATE USER ADDRESS: forward to its port 22.
reach() {
	wire_reset
	with "$1" "$2" -W "$3:22" jump
}

reached() {
	printed '^SSH-2.0'
}

# reason TEXT: why there was no line for this certificate.
reason() {
	no_login && logged \
	    "\"jump.reason\":\"$1\".*\"jump.certificate\":\"id-$certificate\""
}

# sshd_said TEXT: why sshd did not take the line, since the last with.
sshd_said() {
	no_login || return 1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! tail -n "+$before" "$LAB/jump.log" | grep -Eq -- "$1" ||
		    return 0
		sleep 0.2
	done
	return 1
}

gets_in() {
	with alice alice jump list
	check "$port: alice" gave 0
	reach alice alice 10.2.0.10
	check "$port: alice reaches what the policy says" reached
	reach alice alice 10.2.0.12
	check "$port: and nothing that wants a second factor" forward_refused
	reach verify alice 10.2.0.12
	check "$port: nor with verify-required on a key that has no PIN" \
	    forward_refused
	with both bob jump list
	check "$port: bob, by group, as one of two principals" gave 0
	with lab-bob bob jump connect web1 22
	check "$port: bob connects, by the other authority" reached
	with carol jump jump list
	check "$port: carol on the shared account sees db1" printed '^db1'
	reach carol jump 10.2.0.11
	check "$port: carol reaches db1" reached
	with dave jump jump list
	check "$port: dave on the shared account does not" not printed '^db1'
	reach dave jump 10.2.0.11
	check "$port: nor does he reach it" forward_refused
	with here alice jump list
	check "$port: source-address that is right" gave 0
	reach clear alice 10.2.0.10
	check "$port: no forward without its extension" forward_refused
	with clear alice -tt jump list
	check "$port: no terminal without its extension" \
	    said 'PTY allocation request failed'
	with vendor vend1 jump list
	check "$port: from on the key line holds for its certificate" \
	    sshd_said 'vend1.* not from a permitted'
	with vendor vend1 -o BindAddress=198.51.100.10 jump list
	check "$port: vend1 from where the key line says" gave 0
}

# held CERTIFICATE USER: a login that stays.
held() {
	ssh -F "$C" -o "Port=$port" -o "User=$2" -o "IdentityFile=$K/$1" \
	    -M -S "$T/$1.mux" -fN jump </dev/null
}

# A sweep knows the authorities too.
swept() {
	held alice alice
	held carol jump
	held lab-bob bob
	run lab on jump jumpctl sweep
	check "$port: a sweep ends nobody" gave 0 ""
	sed '/^ca lab/d' "$T/policy" >"$T/less"
	run lab load "$T/less"
	check "$port: an authority less" printed \
	    '^ended: login of bob, .*: the certificate.s authority is of the policy no more$'
	check "$port: ends nobody else" [ "$(grep -c . "$T/out")" -eq 1 ]
	rules ''
	for mux in alice carol; do
		run ssh -F "$C" -S "$T/$mux.mux" -O exit jump
		check "$port: $mux is there" gave 0
	done
}

policy_refuses() {
	wire_reset
	while read -r certificate user text; do
		with "$certificate" "$user" jump list
		check "$port: $certificate as $user: $text" reason "$text"
	done <<-'END'
		lab-alice alice the certificate's authority is not for this user
		alice bob the certificate names nobody of this account
		alice jump the certificate names nobody of this account
		carol alice the certificate names nobody of this account
		carol bob the certificate names nobody of this account
		account jump the certificate names nobody of this account
		none alice the certificate names nobody of this account
		none jump the certificate names nobody of this account
		people jump the certificate names several people of this account
		gone jump the user has expired
		stolen alice the key is somebody else's
	END
	with host alice jump list
	check "$port: a host certificate" no_login
	with alice mallory jump list
	check "$port: an account that is nobody's" no_login
	with corp alice jump list
	check "$port: an authority's key as it is" no_login
	with own alice jump list
	check "$port: a key whose certificate is not shown" no_login
}

sshd_refuses() {
	wire_reset
	while read -r certificate user text; do
		with "$certificate" "$user" jump list
		check "$port: $certificate: $text" sshd_said "$text"
	done <<-'END'
		expired alice Certificate invalid: expired
		future alice Certificate invalid: not yet valid
		forced alice forced command options do not match
		as-dave jump forced command options do not match
		elsewhere alice not from a permitted source address
		unknown alice "x@example.com" is not supported
	END
}

wire_tap
rules ''
check "the policy loads, and nobody is said to have no key" \
    not said 'certificate|has no key'
gets_in
swept
policy_refuses
sshd_refuses
wire_reset
with rogue alice jump list
check "an authority of nobody" \
    reason "the certificate's authority is not of the policy"

# What is recorded.
for text in '"user.name":"carol".*"jump.account":"jump".*"jump.ca":"corp","jump.certificate":"id-carol","jump.serial":"4711"' \
    '"user.name":"bob".*"jump.ca":"lab","jump.certificate":"id-lab-bob"' \
    '"user.name":"alice".*"jump.certificate":"id-rogue","jump.serial":"4711"' \
    "\"jump.key\":\"$(ssh-keygen -lf "$K/own.pub" |
	cut -d' ' -f2 | sed 's/+/\\+/g')\".*\"jump.certificate\":\"id-alice\""; do
	check "the record says $text" logged "$text"
done

# Where TrustedUserCAKeys is used: the same people, with the same rights.
cat "$K/corp.pub" "$K/lab.pub" "$K/rogue.pub" >"$etc/ssh/user_ca.pub"
program=/usr/local/libexec/jump/jump-authkeys
second 2222 "Match Group jump
    AuthorizedPrincipalsCommand $program --principals %u %t %k %f
    AuthorizedPrincipalsCommandUser _jump
    AuthorizedKeysCommand none
    TrustedUserCAKeys /etc/ssh/user_ca.pub
Match User jump
    AuthorizedPrincipalsCommand $program --principals %u %t %k %f
    AuthorizedPrincipalsCommandUser _jump
    AuthorizedKeysCommand none
    TrustedUserCAKeys /etc/ssh/user_ca.pub"
port=2222
gets_in
swept
sshd_refuses
wire_reset
with none alice jump list
check "$port: no principals" \
    reason "the certificate names nobody of this account"
with people jump jump list
check "$port: two people of a shared account" \
    reason "the certificate names several people of this account"
with rogue alice jump list
check "$port: the policy, not TrustedUserCAKeys, says who is an authority" \
    reason "the certificate's authority is not of the policy"

# Revoked.
echo 'id: id-alice' >"$T/krl"
ssh-keygen -q -k -f "$etc/ssh/krl" -s "$K/corp.pub" "$T/krl"
second 2223 'RevokedKeys /etc/ssh/krl'
port=2223
with alice alice jump list
check "a certificate in the KRL" sshd_said 'revoked by file /etc/ssh/krl'
with both alice jump list
check "one that is not" gave 0
finish
