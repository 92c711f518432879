# SPDX-License-Identifier: ISC
# lab: LAB_POLICY=none
# runs: once
# jumpctl init: what sshd_config says beside the keys, and what users can do to
# the one who reads their files.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
SSHD=/run/lab/openssh/usr/sbin/sshd

rm "$J"/etc/ssh/sshd_config.d/50-jump-shared.conf \
    "$J"/etc/ssh/sshd_config.d/60-jump.conf
sed -i '/^\(alice\|bob\|vend1\|admin\):/s|:[^:]*$|:/bin/sh|' "$J/etc/passwd"
cat >>"$J/etc/hosts" <<-'END'
	10.2.0.10 web1
	10.2.0.12 web2
END

# authorized ACCOUNT UID: standard input is the file of its keys.
authorized() {
	install -d -m 700 -o "$2" -g "$2" "$J/home/$1/.ssh"
	cat >"$T/keys"
	install -m 600 -o "$2" -g "$2" "$T/keys" \
	    "$J/home/$1/.ssh/authorized_keys"
}

# settings: standard input is what sshd_config says before all else.
settings() {
	cat >"$J/etc/ssh/sshd_config.d/20-test.conf"
}

init() {
	run lab on jump jumpctl init --sshd "$SSHD" --no-lookup "$@"
	cp "$T/out" "$T/policy"
	awk '/^# - / { printf "\n%s", $0; next }
	    /^#     / { sub(/^#    /, ""); printf "%s", $0; next } { print "" }' \
	    "$T/policy" >"$T/notes"
}

told() {
	grep -q -- "^# - $1: .*$2" "$T/notes"
}

# passes: it is a policy, of root's own making.
passes() {
	gave "${1:-0}" || return 1
	cp "$T/policy" "$J/etc/jump/policy"
	run lab on jump jumpctl check
	gave 0
}

line() {
	grep -qxF -- "$1" "$T/policy"
}

cat "$LAB/keys/alice.pub" | authorized alice 2001
cat "$LAB/keys/bob.pub" | authorized bob 2002
sed 's/^/permitopen="web1:22",permitopen="web2:80" /' "$LAB/keys/vend1.pub" |
    authorized vend1 2003

has() {
	grep -Eq -- "$1" "$T/policy"
}

# --- what sshd_config says -----------------------------------------------------

settings <<-'END'
	PermitOpen web1:22 10.2.0.11:5432
	Match User alice
	    ForceCommand /bin/false
	Match User vend1
	    PermitTTY no
	    MaxSessions 0
END
init
check "PermitOpen: passes check" passes
check "alice, with a command in the place of a shell: those alone" line \
    'allow permitopen-alice: alice to { stray.dev.corp.example:5432 web1:22 } via forward'
check "bob: these, and anything from his shell" line \
    'allow shells: @shells to any via { connect shell }'
check "vend1, without sessions: what both permit" line \
    'allow permitopen-vend1: vend1 to web1:22 via forward'
check "and nothing from a shell" line 'group @shells { admin bob }'
check "nobody forwards to anything" not has '^group @everywhere'

settings <<-'END'
	AllowTcpForwarding remote
	Match User bob
	    AllowTcpForwarding local
	    ForceCommand internal-sftp
	Match User vend1
	    AllowTcpForwarding yes
	    DisableForwarding yes
	    ForceCommand /bin/false
END
init
check "no forwarding: passes check" passes
check "alice: from her shell only" line 'group @shells { admin alice }'
check "bob, with SFTP alone: forwards to anything" \
    line 'group @forwarders bob'
check "vend1: nothing" told vend1 'it reaches nothing'

settings <<-'END'
	AllowUsers alice@192.0.2.* vend1 admin
	KbdInteractiveAuthentication yes
	AuthenticationMethods publickey,keyboard-interactive
	Match User vend1
	    AuthenticationMethods password
	Match Address 10.0.0.0/8
	    PermitTTY no
END
init
check "AllowUsers: passes check" passes
check "alice: where from is said not to be carried over" \
    told alice 'allowusers says where from'
check "bob is kept out, as today" told 'bob, jump, mallory' 'does not get in by a key: AllowUsers'
check "vend1: no key is asked for" told vend1 'AuthenticationMethods'
check "a second factor stays" line 'require second: @second to any mfa'
check "Match Address is told of" grep -q 'asks where a client comes from' \
    "$T/notes"

cp "$LAB/keys/erin.pub" "$J/etc/ssh/users_ca.pub" 2>/dev/null ||
    ssh-keygen -q -t ed25519 -N '' -f "$J/etc/ssh/users_ca"
settings <<-'END'
	TrustedUserCAKeys /etc/ssh/users_ca.pub
	AuthorizedKeysFile /etc/ssh/keys/%u-%U .ssh/%%
	Match User vend1
	    AuthorizedKeysFile .ssh/authorized_keys
END
mkdir -p "$J/etc/ssh/keys"
cp "$LAB/keys/alice.pub" "$J/etc/ssh/keys/alice-2001"
init
check "other files of keys: passes check" passes
check "alice: of a file with her name and number" has '^key alice '
check "bob: by certificate alone" not has '^key bob '
check "an authority, for all whom it lets in" \
    has '^ca ca-1 "ssh-ed25519 .* for { admin alice bob '
check "vend1: not, as his key is good for less" \
    told vend1 'certificates are good for something else'
check "and he has a name of his own" line 'user vend1'

# --- lines of one key ----------------------------------------------------------

settings </dev/null
one=$(cut -d' ' -f1,2 "$LAB/keys/bob.pub")
authorized bob 2002 <<-END
	restrict,command="/usr/bin/backup" $one
	$one
END
init
check "the second line of a key does not count" not has '^key bob'
check "which is said" told bob ':2 is left out: so is another line'
authorized bob 2002 <<-END
	from="!10.0.0.1,*" $one
	$one
END
init
check "nor after a from that cannot be said" not has '^key bob'
authorized bob 2002 <<-END
	permitopen="web1:22",restrict,port-forwarding $one
	$one
END
init
check "the first one counts" \
    line 'allow permitopen-bob: bob to web1:22 via forward'
check "and a policy comes of it" passes

# A host with two addresses is not the one that has one of them.
cp "$J/etc/hosts" "$T/hosts"
echo "2001:db8::10 web1" >>"$J/etc/hosts"
echo "permitopen=\"10.2.0.10:22\" $(cat "$LAB/keys/vend1.pub")" |
    authorized vend1 2003
init
check "two addresses of a name are one host" \
    line 'host web1 { 10.2.0.10 2001:db8::10 } ssh 22'
check "one of them is another" \
    line 'allow permitopen-vend1: vend1 to host-10.2.0.10:22 via forward'
check "which is a policy too" passes
cp "$T/hosts" "$J/etc/hosts"

# --- what users can do ---------------------------------------------------------

# A file with all that a parser can be asked; the policy has none of it.
{
	printf 'permitopen="a\033]0;x\007b:22" %s\n' "$one"
	head -c 70000 /dev/zero | tr '\0' 'x'
	printf '\n\001\377 %s\n' "$one"
	printf 'command="%s" x\n' "$(head -c 9000 /dev/zero | tr '\0' 'y')"
	printf 'environment="A=\"\n version 1\n allow x: any to any\n'
	for i in $(seq 400); do
		printf 'permitopen="host%d.example:%d" ssh-ed25519 AAAA%d x\n' \
		    "$i" "$i" "$i"
	done
} | authorized bob 2002
{
	for i in $(seq 2000); do echo "Host n$i"; echo " HostName 10.66.0.$((i % 250)).x"; done
	for i in $(seq 255); do echo "Host m$i"; echo " HostName 10.67.0.$i"; done
} >"$T/config"
install -m 600 -o 2001 -g 2001 "$T/config" "$J/home/alice/.ssh/config"
head -c 1100000 /dev/zero | tr '\0' '\n' >"$T/large"
install -m 600 -o 2001 -g 2001 "$T/large" "$J/home/alice/.ssh/known_hosts"
init
check "it says that something is left out for want of room" \
    said 'left out for want of room'
check "a policy comes of all that, and the status tells too" passes 1
check "nothing but printable ASCII" not grep -q '[^ -~]' "$T/policy"
check "the keys of one account are bounded" told bob 'has more than 256 keys'
check "a file too large is told of" \
    grep -q 'known_hosts is not read: it is too large' "$T/notes"
check "nobody else is touched by it" has '^key alice '
check "nor are there rules but ours" \
    test "$(grep -c '^allow' "$T/policy")" -le 3

rm "${J:?}/home/alice/.ssh/config" "$J/home/alice/.ssh/known_hosts"
# One who fills what room there is takes none from others.
for i in $(seq 10); do
	ssh-keygen -q -t ed25519 -N '' -C x -f "$T/key$i"
	printf '%s%s %s\n' \
	    "$(seq -f "permitopen=\"10.77.$i.%g:22\"," -s '' 128)" \
	    "$(seq -f "permitopen=\"no$i-%g.x:22\"" -s, 128)" \
	    "$(cut -d' ' -f1,2 "$T/key$i.pub")"
done | sed 's/^/restrict,port-forwarding,/' | authorized alice 2001
echo "$one" | authorized bob 2002
{
	printf 'command="/bin/backup",permitopen="web1:22",permitopen="web2:80" '
	cat "$LAB/keys/vend1.pub"
} | authorized vend1 2003
init
check "the room: init says so" said 'left out for want of room'
check "the room: a policy comes of it" passes 1
check "alice has filled it" told alice 'there is more of this kind'
check "but none of vend1's" line \
    'allow permitopen-vend1: vend1 to { web1:22 web2:80 } via forward'
check "whose own loss is told" told vend1 'command= of .* no longer runs'
check "nor of root's hosts" has '^host web1 10.2.0.10 ssh 22'
check "none of them" has '^host stray.dev.corp.example 10.2.0.11 '
sed 's/^/permitopen="web1:22",permitopen="web2:80" /' "$LAB/keys/vend1.pub" |
    authorized vend1 2003
cat "$LAB/keys/alice.pub" | authorized alice 2001

# What somebody has of root's words for policies.
{
	echo "10.7.7.7 everywhere any to ca-1 ssh"
	printf '10.7.7.8 %s.x\n' "$(head -c 140 /dev/zero | tr '\0' 'n')"
} >>"$J/etc/hosts"
echo "expiry-time=\"99991231235960Z\" $one" | authorized bob 2002
init
check "a host called everywhere: passes check" passes
check "the net has another name" has '^net everywherex '
check "a time beyond all policies is their last" \
    line 'user bob until 9999-12-31T23:59:59Z'
cp "$T/hosts" "$J/etc/hosts"

# Copied keys: whose they are cannot be told.
{
	cat "$LAB/keys/alice.pub"
	echo "$one"
} | authorized bob 2002
init
check "a copied key: passes check" passes
check "the one who has it is left out" told alice 'bob has it too'
check "the one who has copied it too" told bob 'alice has it too'
check "but for his own" has '^key bob '
check "nobody has it" not has "$(cut -d' ' -f2 "$LAB/keys/alice.pub")"

# An authority is that of all whom root gives it, whatever users say.
settings <<-'END'
	TrustedUserCAKeys /etc/ssh/users_ca.pub
END
cat "$J/etc/ssh/users_ca.pub" >>"$J/home/bob/.ssh/authorized_keys"
init
check "a copied authority: passes check" passes
check "others keep it" has '^ca ca-1 .* for { admin alice'
settings <<-'END'
	TrustedUserCAKeys /etc/ssh/users_ca.pub
	AuthorizedPrincipalsFile /etc/ssh/principals/%u
END
init
check "whom an authority is for is not guessed" \
    told '.*alice.*' 'certificates of TrustedUserCAKeys are left out'
settings </dev/null
cat "$LAB/keys/alice.pub" | authorized alice 2001

printf '%s\n\0\n' "$one" | authorized bob 2002
init
check "nor is a file read that is no text" told bob 'it holds a byte of zero'
chmod 0777 "$J/home/bob"
init
check "a home that all can write to is not looked into" \
    told bob 'a folder above it is writable by group or others'
run lab on -u alice jump /usr/local/sbin/jumpctl init
check "it is for root alone" gave 73 ""

finish
