# SPDX-License-Identifier: ISC
# jumpctl export sshd --openssh: a file for each version, and what the sshd
# that is here says of its own.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump

policy <<-'END'
	user bob
	key bob "ssh-ed25519 AAAA"
	user dave account "Ops.Team"
	key dave "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH/CY1sIMcNGL4pu5Y+7E+Itt25VzO/3FETGYOhrHKIV"
	user erin account "Ops.Team"
	key erin "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEU0dF3XBL0MKEhZ6m3Xxl4E1AAeL10M7vFjQb3eCDta"
	allow web: { alice bob carol dave erin } to { web1 web2 }
	require factor: bob to web2 mfa
END

# export VERSION: to $T/conf.
export_for() {
	run lab on jump jumpctl export sshd --openssh "$1"
	cp "$T/out" "$T/conf"
}

# Keywords that each version from 8.7 on has in Match, by its servconf.c.
cat >"$T/keywords" <<-'END'
	acceptenv allowagentforwarding allowstreamlocalforwarding
	allowtcpforwarding authenticationmethods authorizedkeyscommand
	authorizedkeyscommanduser authorizedkeysfile authorizedprincipalsfile
	clientalivecountmax clientaliveinterval exposeauthinfo forcecommand
	gatewayports gssapiauthentication hostbasedauthentication
	kbdinteractiveauthentication loglevel logverbose match maxsessions
	passwordauthentication permitlisten permitopen permittty permittunnel
	permituserrc streamlocalbindmask streamlocalbindunlink
	trustedusercakeys x11forwarding
END

# unheard_of: the keywords of $T/conf that 8.7 has not got.
unheard_of() {
	tr 'A-Z \t' 'a-z\n\n' <"$T/keywords" | sort -u >"$T/known"
	sed 's/#.*//' "$T/conf" | tr 'A-Z' 'a-z' | awk 'NF { print $1 }' |
	    sort -u | comm -23 - "$T/known"
}

all_versions() {
	for v in 8.7 8.8 8.9 9.0 9.1 9.2 9.3 9.4 9.5 9.6 9.7 9.8 9.9 10.0 \
	    10.1 10.2 10.3 10.4 10.5; do
		export_for $v
		gave 0 && grep -q "for OpenSSH $v, made by" "$T/conf" || return
	done
}
check "each version from 8.7 to 10.5 has its file" all_versions

export_for 8.7
check "8.7 gets nothing that it has not heard of" test -z "$(unheard_of)"
check "what is to be known of it stands at the top" \
    grep -q '^# An AuthorizedPrincipalsCommand is ignored' "$T/conf"
blocks() {
	[ "$(grep '^Match' "$T/conf" | tr '\n' '|')" = "$1" ]
}
check "the blocks in the order they have to be read" \
    blocks 'Match User bob|Match User Ops.Team|Match User jump|Match Group jump|'
cp "$T/conf" "$T/conf.87"

run lab on jump jumpctl export sshd --openssh 9.2p1
check "a version with its p is one" gave 0
for v in 8.6 8.10 9.10 10.6 11.0; do
	export_for $v
	check "$v is refused with one line" gave 1 ""
	check "which says what is known" \
	    said "^jumpctl: OpenSSH $v is none of those .*: 8\.7 to 10\.5\$"
done
run lab on jump jumpctl export sshd --openssh 9.2x
check "what is no version is told so" said 'takes a version such as 9.2'
check "and is wrong usage" gave 64

# --- what sshd says ------------------------------------------------------------

# accepts TREE: sshd -t of this OpenSSH takes $T/conf as its one snippet.
accepts() {
	{
		echo "HostKey /etc/ssh/ssh_host_ed25519_key"
		cat "$T/conf"
	} >"$J/etc/ssh/sshd_test"
	set -- "$1" -t -f /etc/ssh/sshd_test
	if [ -x "$1/usr/lib/openssh/sshd-session" ]; then
		set -- "$@" -o "SshdSessionPath=$1/usr/lib/openssh/sshd-session"
	fi
	tree=$1
	shift
	run lab on jump "$tree/usr/sbin/sshd" "$@"
	gave 0
}

# holds TREE: what it does to a shared account and a member of the group.
value() {
	lab on jump "$1/usr/sbin/sshd" -T -f /etc/ssh/sshd_test \
	    -C "user=$2,host=h,addr=192.0.2.9" 2>/dev/null |
	    sed -n "s/^$3 //p"
}

tree=/run/lab/openssh
version=$("$LAB/openssh/usr/sbin/sshd" -V 2>&1 |
    sed -n 's/^OpenSSH_\([0-9.]*\).*/\1/p')
export_for "$version"
check "sshd $version takes the file of $version" accepts "$tree"
check "and holds a shared account to its key line" \
    test "$(value "$tree" jump forcecommand)" = none
check "another one too" \
    test "$(value "$tree" Ops.Team forcecommand)" = none
check "and a member of the group to jump-shell" \
    test "$(value "$tree" alice forcecommand)" = \
    /usr/local/libexec/jump/jump-shell
check "bob has a second step" \
    test "$(value "$tree" bob authenticationmethods)" = \
    publickey,keyboard-interactive:pam
cp "$T/conf.87" "$T/conf"
check "and takes the one of 8.7" accepts "$tree"

# --- devices -------------------------------------------------------------------

check "no device in the policy: no block for any" \
    not grep -q 'jump-devices' "$T/conf.87"
device_account rtu17 2201
device_account rtu18 2202
policy <<-END
	user bob
	key bob "ssh-ed25519 AAAA"
	device rtu17 127.77.0.17 ssh 2222
	device rtu18 "/run/jump/devices/rtu18/ssh.sock" ssh
	$(device_key rtu17)
	$(device_key rtu18)
	allow web: { alice bob carol } to { web1 web2 rtu17 rtu18 }
	require factor: bob to web2 mfa
END
check "devices: each version has its file" all_versions
export_for 8.7
check "8.7 gets nothing that it has not heard of" test -z "$(unheard_of)"
check "their block is the last" \
    blocks 'Match User bob|Match User jump|Match Group jump|Match Group jump-devices|'
check "a keyword of 9.2 is a comment" \
    grep -q '^ *# from 9\.2 on: UnusedConnectionTimeout none' "$T/conf"
check "sshd $version takes that" accepts "$tree"
# in_force: what stands in $T/conf.
in_force() {
	sed 's/#.*//; s/^ *//; /^$/d' "$T/conf"
}
in_force >"$T/lines.87"
only_that() {
	for v in 9.1 9.2 10.0 10.5; do
		export_for $v
		in_force | diff "$T/lines.87" - | sed -n 's/^[<>] //p'
	done >"$T/differs"
	[ "$(sort "$T/differs" | uniq -c | tr -s ' ')" = \
	    ' 3 UnusedConnectionTimeout none' ]
}
check "and is all that is different from 9.1, 9.2, 10.0 and 10.5" only_that
export_for "$version"
check "and the file of $version" accepts "$tree"
check "and asks for the rights of devices" \
    test "$(value "$tree" rtu17 authorizedkeyscommand)" = \
    "/usr/local/libexec/jump/jump-authkeys --devices %u %t %k %f"
check "who may listen, and forward nothing" test "$(value "$tree" rtu17 \
    allowtcpforwarding) $(value "$tree" rtu17 permitopen)" = "remote none"
check "of users it asks as before" \
    test "$(value "$tree" alice authorizedkeyscommand)" = \
    "/usr/local/libexec/jump/jump-authkeys %u %t %k %f"
for user in rtu17 alice bob jump; do
	lab on jump "$tree/usr/sbin/sshd" -T -f /etc/ssh/sshd_test \
	    -C "user=$user,host=h,addr=192.0.2.9" >"$T/$user.one" 2>/dev/null
done

# --- the shipped files, and export sshd before them, in one folder --------------

lab on jump mkdir /etc/ssh/test.d
lab on jump sh -c 'cp /usr/local/share/jump/[567]0-jump*.conf /etc/ssh/test.d'
run lab on jump jumpctl export sshd
cp "$T/out" "$J/etc/ssh/test.d/40-jump-mfa.conf"
[ "$(ls "$J/etc/ssh/test.d" | wc -l)" -eq 4 ] || check "four files" false
echo 'Include /etc/ssh/test.d/*.conf' >"$T/conf"
check "sshd $version takes the files in one folder" accepts "$tree"
for user in rtu17 alice bob jump; do
	lab on jump "$tree/usr/sbin/sshd" -T -f /etc/ssh/sshd_test \
	    -C "user=$user,host=h,addr=192.0.2.9" 2>/dev/null >"$T/$user.tree"
	check "they are to $user what the one file is" \
	    cmp "$T/$user.one" "$T/$user.tree"
	check "which is something" [ -s "$T/$user.tree" ]
done

lab on jump mkdir -p /usr/local/sbin
cp "$LAB/openssh/usr/sbin/sshd" "$J/local/sbin/sshd"
run lab on jump jumpctl export sshd --all
check "--all is for the sshd of this machine" \
    printed "for OpenSSH $version, made by"

finish
