# SPDX-License-Identifier: ISC
# SSSD with a directory, on the host db1, behind it: whose keys and groups
# count, when they cease to, and what becomes of both when the directory, or
# SSSD, is away.
# runs: once
. "$(dirname "$0")/lib.sh"

if [ ! -x "$LAB/neighbours/usr/sbin/sssd" ] ||
    ! command -v openssl >/dev/null; then
	skip "no slapd and sssd here; run sudo ./bootstrap"
	exit 0
fi

export LAB_USER=nokey
K=$T/keys
host=$LAB/hosts/jump
directory=$LAB/hosts/db1
ROOT=dc=corp,dc=example
mkdir -p "$K"
for k in dora erin frank gina henk other; do
	ssh-keygen -q -t ed25519 -N '' -C "$k" -f "$K/$k"
done
ssh-keygen -q -t rsa -b 2048 -N '' -C rsa -f "$K/rsa"

# --- the directory -----------------------------------------------------------

# lay HOST: what bootstrap unpacked, over its /usr.
lay() {
	lab on "$1" sh -c 'mount -t overlay overlay /usr \
	    -o lowerdir=/run/lab/neighbours/usr:/usr &&
	    mount --bind "/run/lab/hosts/$1/local" /usr/local' sh "$1"
}

# An authority, and its certificate for the directory.
certificates() (
	cd "$K" || exit 1
	set -- openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
	echo "subjectAltName = DNS:ldap.corp.example" >ldap.ext
	"$@" -x509 -subj /CN=authority -days 2 -keyout ca.key -out ca.pem &&
	    "$@" -subj /CN=directory -keyout ldap.key -out ldap.csr &&
	    openssl x509 -req -in ldap.csr -CA ca.pem -CAkey ca.key \
		-CAcreateserial -extfile ldap.ext -days 2 -out ldap.pem
)

slapd_conf() {
	cat <<-END
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include /etc/ldap/schema/nis.schema
		attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13
		    NAME 'sshPublicKey' EQUALITY octetStringMatch
		    SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
		attributetype ( 1.2.840.113556.1.4.867
		    NAME 'altSecurityIdentities' EQUALITY caseIgnoreMatch
		    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
		objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0
		    NAME 'ldapPublicKey' SUP top AUXILIARY
		    MAY ( sshPublicKey \$ altSecurityIdentities ) )
		modulepath /usr/lib/ldap
		moduleload back_mdb
		TLSCACertificateFile /etc/ldap/ca.pem
		TLSCertificateFile /etc/ldap/ldap.pem
		TLSCertificateKeyFile /etc/ldap/ldap.key
		database mdb
		maxsize 16777216
		suffix "$ROOT"
		rootdn "cn=admin,$ROOT"
		rootpw secret
		directory /var/lib/ldap
	END
}

# person NAME UID FOLDER ATTRIBUTE KEY...
person() {
	echo "dn: uid=$1,$3"
	printf '%s\n' "objectClass: account" "objectClass: posixAccount" \
	    "objectClass: ldapPublicKey" "uid: $1" "cn: $1" "uidNumber: $2" \
	    "gidNumber: $2" "homeDirectory: /home/$1" "loginShell: /bin/sh"
	attribute=$4
	shift 4
	for k in "$@"; do
		echo "$attribute: $(cat "$K/$k.pub")"
	done
	echo
}

# unix_group NAME GID FOLDER MEMBER...
unix_group() {
	printf '%s\n' "dn: cn=$1,$3" "objectClass: posixGroup" "cn: $1" \
	    "gidNumber: $2"
	shift 3
	printf 'memberUid: %s\n' "$@"
	echo
}

entries() {
	people=ou=people,$ROOT
	ad=ou=ad,$ROOT
	printf '%s\n' "dn: $ROOT" "objectClass: domain" "dc: corp" ""
	for ou in people ad; do
		printf '%s\n' "dn: ou=$ou,$ROOT" \
		    "objectClass: organizationalUnit" "ou: $ou" ""
	done
	person dora 12001 "$people" sshPublicKey rsa dora
	person frank 12002 "$people" sshPublicKey frank
	person gina 12003 "$people" sshPublicKey gina
	person henk 12006 "$people" sshPublicKey henk
	person alice 12004 "$people" sshPublicKey other
	person vend1 12005 "$people" sshPublicKey other
	unix_group jump 2010 "$people" dora frank gina henk
	unix_group operators 13001 "$people" dora frank henk \
	    alice vend1
	unix_group contractors 13002 "$people" gina
	echo 'X509:<I>CN=authority<S>CN=erin' >"$K/x509.pub"
	person erin 22001 "$ad" altSecurityIdentities x509 erin
	unix_group 'domain admins' 23001 "$ad" erin
}

start_slapd() {
	lab on db1 /usr/sbin/slapd -h "ldaps:/// ldapi:///" \
	    -f /etc/ldap/slapd.conf -d 0 >"$T/slapd.err" 2>&1 &
	slapd=$!
	within lab on db1 ldapsearch -QLLL -Y EXTERNAL -H ldapi:/// -b '' \
	    -s base >/dev/null 2>&1
}

stop_slapd() {
	kill $slapd
	wait $slapd
}

directory_up() {
	certificates >"$T/openssl.err" 2>&1 && lay db1 || return 1
	mkdir -p "$directory/etc/ldap" "$directory/var/lib/ldap" \
	    "$directory/run/slapd"
	cp -a "$LAB/neighbours/etc/ldap/." "$directory/etc/ldap/"
	cp "$K/ca.pem" "$K/ldap.pem" "$K/ldap.key" "$directory/etc/ldap/"
	slapd_conf >"$directory/etc/ldap/slapd.conf"
	entries >"$T/entries"
	run lab on db1 slapadd -q -f /etc/ldap/slapd.conf <"$T/entries"
	[ "$status" -eq 0 ] && start_slapd
}

# changes: LDIF from standard input.
changes() {
	lab on db1 ldapmodify -x -D "cn=admin,$ROOT" -w secret -H ldapi:/// \
	    >"$T/ldapmodify.out" 2>&1
}

# --- SSSD --------------------------------------------------------------------

# domain NAME FOLDER: as a directory of one's own, and as one of AD's kind.
domain() {
	cat <<-END

		[domain/$1]
		id_provider = ldap
		auth_provider = none
		access_provider = simple
		simple_deny_users = henk
		ldap_uri = ldaps://ldap.corp.example
		ldap_search_base = $2
		ldap_tls_cacert = /etc/ssl/ca.pem
		ldap_network_timeout = 2
		ldap_search_timeout = 2
	END
}

sssd_conf() {
	printf '%s\n' '[sssd]' 'services = nss, pam, ssh' \
	    'domains = lab, corp.example' '[nss]' 'memcache_timeout = 2'
	domain lab "ou=people,$ROOT"
	domain corp.example "ou=ad,$ROOT"
	printf '%s\n' 'use_fully_qualified_names = True' \
	    'ldap_user_ssh_public_key = altSecurityIdentities'
}

start_sssd() {
	lab on jump /usr/sbin/sssd -i --logger=stderr >"$T/sssd.err" 2>&1 &
	sssd=$!
	within lab on jump sh -c \
	    'test -S /var/lib/sss/pipes/ssh && test -S /var/lib/sss/pipes/nss'
}

stop_sssd() {
	kill $sssd
	wait $sssd
	rm -f "$host/var/lib/sss/pipes/nss" "$host/var/lib/sss/pipes/ssh"
}

sssd_up() {
	lay jump || return 1
	mkdir -p "$host/etc/sssd" "$host/var/log/sssd"
	cp -a "$LAB/neighbours/var/lib/sss" "$host/var/lib/"
	cp "$K/ca.pem" "$host/etc/ssl/"
	sssd_conf >"$host/etc/sssd/sssd.conf"
	chmod 600 "$host/etc/sssd/sssd.conf"
	echo "10.2.0.11 ldap.corp.example" |
	    tee -a "$host/etc/hosts.lab" >>"$host/etc/hosts"
	sed -i 's/^\(passwd\|group\):.*/& sss/' "$host/etc/nsswitch.conf"
	start_sssd
}

# --- users -------------------------------------------------------------------

# with KEY USER ARGUMENT...: ssh to the jump host, with this key alone.
with() {
	key=$1 user=$2
	shift 2
	run ssh -F "$C" -o "User=$user" -o "IdentityFile=$K/$key" "$@" \
	    </dev/null
}

# reason TEXT: of the record that says why there was no line.
reason() {
	no_login && logged "\"user.name\":\"$user\".*\"jump.reason\":\"$1\""
}

# lists [TARGET...]: list succeeded, with these alone.
lists() {
	[ "$status" -eq 0 ] || return 1
	[ "$(cut -f1 "$T/out" | sort -u | tr '\n' ' ' | sed 's/ $//')" = "$*" ]
}

# alice, by her key of the policy.
alice() {
	LAB_USER=alice run ssh -F "$C" jump "$@" </dev/null
}

# stays USER: a login that stays, until sweep ends it.
stays() {
	ssh -F "$C" -o "User=$1" -o "IdentityFile=$K/$1" -M -S "$T/$1.mux" -fN \
	    jump </dev/null
}

lives() {
	ssh -F "$C" -S "$T/$1.mux" -O check jump 2>/dev/null
}

gone() {
	! lives "$1"
}

# gets_in KEY USER
gets_in() {
	with "$1" "$2" jump list
	[ "$status" -eq 0 ]
}

# forget: what SSSD has, as if its time were over.
forget() {
	lab on jump sss_cache -E
}

# --- who gets in, and what for ----------------------------------------------

check "a directory, over TLS" directory_up
check "SSSD" sssd_up
lab on jump gpasswd -a erin@corp.example jump >/dev/null
wire_tap
policy <<'END'
set keys-from "/usr/bin/sss_ssh_authorizedkeys"
user vend1
group @admins %"domain admins@corp.example"
allow web:    { alice vend1 %operators } to web1
allow all:    @admins to { web1 web2 db1 }
allow two:    alice to web2
deny  nobody: %contractors to web2
END
check "the policy loads, with groups that only SSSD knows" gave 0
check "and without a warning of them" not said 'operators|admins|keys-from'

with dora dora jump list
check "dora, by the second of her keys: what her group gives" lists web1
with rsa dora jump connect web1 22
check "dora, by the first: connect" printed '^SSH-2.0'
with dora dora -W 10.2.0.10:22 jump
check "dora: forward" printed '^SSH-2.0'
check "the record says who, by the number in the directory" logged \
    '"event.outcome":"success","user.name":"dora","user.id":"12001","jump.key":"SHA256:'
wire_reset
with dora dora -W 10.2.0.12:22 jump
check "dora: nothing else" forward_refused
with erin erin@corp.example jump list
check "erin, of AD's kind: a name with an @, a group with a space" \
    lists db1 web1 web2
with erin erin@corp.example -W 10.2.0.12:22 jump
check "erin: forward" printed '^SSH-2.0'
with erin erin@corp.example jump connect db1 5432
check "erin: connect" gave 0
check "the record has the whole name" logged \
    '"event.action":"open".*"user.name":"erin@corp.example"'
run lab on jump jumpctl explain erin@corp.example web2:22
check "explain knows the group" printed '^verdict: allow$'
with gina gina jump list
check "gina, in a group that only a deny names: nothing" lists

check "henk, whom SSSD's access_provider refuses, if anybody asks it" \
    gets_in henk henk
cat >>"$host/etc/pam.d/common-account" <<'END'
account sufficient pam_localuser.so
account [default=bad success=ok user_unknown=ignore] pam_sss.so
END
wire_reset
with henk henk jump list
check "pam_sss asks it: henk does not get in" [ "$status" -eq 255 ]
check "and sshd says so" logged \
    'Access denied for user henk by PAM account configuration'
check "dora does" gets_in dora dora
alice list
check "so does alice" lists web1 web2

# --- whom the directory does not speak for -----------------------------------

wire_reset
with other dora jump list
check "a key that is not hers" reason "keys-from has no such key"
with other alice jump list
check "alice has a user line: the key of her entry there is none" \
    reason "the policy has no such key for this account"
with other vend1 jump list
check "vend1 has a user line, if no key: nor is that of the directory" \
    reason "the policy has no such key for this account"
alice list
check "alice, by the key of the policy" lists web1 web2

# --- taken away --------------------------------------------------------------

check "dora is there" stays dora
changes <<END
dn: cn=operators,ou=people,$ROOT
changetype: modify
delete: memberUid
memberUid: dora
END
run lab on jump jumpctl sweep
check "out of the group: while SSSD has it in its cache, she stays" lives dora
forget
run lab on jump jumpctl sweep
check "then a sweep ends her login" printed '^ended: login of dora, '
check "and it is gone" within gone dora
wire_reset
with dora dora jump list
check "nor does she get in" reason "the policy has no such key for this account"

changes <<END
dn: cn=operators,ou=people,$ROOT
changetype: modify
add: memberUid
memberUid: dora

dn: uid=dora,ou=people,$ROOT
changetype: modify
delete: sshPublicKey
sshPublicKey: $(cat "$K/rsa.pub")

dn: cn=contractors,ou=people,$ROOT
changetype: modify
add: memberUid
memberUid: alice
END
forget
check "in the group again: she gets in" gets_in dora dora
wire_reset
with rsa dora jump list
check "but not by the key that was taken away" \
    reason "keys-from has no such key"
alice list
check "a deny for a group of the directory holds for alice" lists web1
changes <<END
dn: cn=contractors,ou=people,$ROOT
changetype: modify
delete: memberUid
memberUid: alice
END
forget
alice list
check "out of that group: no more" lists web1 web2

# --- away --------------------------------------------------------------------

check "dora is there" stays dora
stop_slapd
forget
check "no directory: who is in the cache gets in, expired or not" \
    gets_in dora dora
with erin erin@corp.example -W 10.2.0.11:22 jump
check "with the rights of the cache" printed '^SSH-2.0'
run lab on jump jumpctl sweep
check "and stays" lives dora
run lab on jump jumpctl lock dora
check "a lock ends that" within gone dora
wire_reset
with dora dora jump list
check "and keeps her out" no_login
run lab on jump jumpctl unlock dora
check "until unlock" stays dora
wire_reset
with frank frank jump list
check "who is not, does not" no_login
check "the directory again" start_slapd
kill -USR2 $sssd
check "and when SSSD sees it, so do all" within gets_in frank frank

lab on db1 nft -f - <<'END'
table inet hang {
	chain input {
		type filter hook input priority 0
		tcp dport 636 drop
	}
}
END
forget
check "a directory that hangs: by the cache" within gets_in dora dora
lab on db1 nft delete table inet hang

# What programs have mapped of SSSD's outlives it for memcache_timeout.
stop_sssd
wire_reset
with dora dora jump list
check "no SSSD: nobody of the directory gets in" no_login
alice_lists() {
	alice list
	lists "$@"
}
check "alice does, and what a group of it could deny is denied" \
    within alice_lists web1
sweep_ends() {
	run lab on jump jumpctl sweep
	printed '^ended: login of dora, .*: the account is gone'
}
check "a sweep ends what rests on it" within sweep_ends
check "and it is gone" within gone dora
check "SSSD again" start_sssd
check "she gets in" within gets_in dora dora

# --- doctor ------------------------------------------------------------------

doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
}

doctor
check "doctor sees members that /etc/group lists" \
    printed ' erin@corp.example: no home'
check "not those that only the directory's group lists" not printed ' dora: '
sed -i 's/^group:.*/group: files [SUCCESS=merge] sss/' "$host/etc/nsswitch.conf"
doctor
check "with SUCCESS=merge it does" printed ' dora: no home'
finish
