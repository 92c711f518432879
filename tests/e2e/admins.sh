# SPDX-License-Identifier: ISC
# jumpctl doctor: who is an administrator that gets in without us, and what
# keeps an account of ours out.
# runs: once
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
ssh_d=$J/etc/ssh/sshd_config.d
keys=$J/home/admin/.ssh/authorized_keys

doctor() {
	run lab on jump jumpctl doctor --sshd "$LAB/openssh/usr/sbin/sshd"
}

# admin LINE...: in a block of its own, before the others.
admin() {
	{
		echo 'Match User admin'
		printf '    %s\n' "$@"
	} >"$ssh_d/00-admin.conf"
	doctor
	rm "$ssh_d/00-admin.conf"
}

# root LINE: outside of blocks.
root() {
	printf '%s\n' "$1" >"$ssh_d/00-root.conf"
	doctor
	rm "$ssh_d/00-root.conf"
}

# set_password USER HASH
set_password() {
	sed -i "s,^$1:[^:]*:,$1:$2:," "$J/etc/shadow"
}

in_order() {
	printed 'plain sshd: admin, root$'
}

only() {
	printed "^ warn *$1 is the only administrator by plain sshd"
}

nobody() {
	printed '^ FAIL *no administrator gets in'
}

# Two administrators with a key each, and no password.
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1/' "$J/etc/group"
echo 'wheel:x:27:admin,root' >>"$J/etc/group"
install -d -m 700 "$J/root/.ssh"
cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"
cp -p "$J/etc/passwd" "$T/passwd"
hash=$(sed -n 's/^admin:\([^:]*\):.*/\1/p' "$J/etc/shadow")
set_password admin '!'
set_password root '*'
cp -p "$J/etc/shadow" "$T/shadow"
doctor
check "keys: both" in_order

# --- keys ---------------------------------------------------------------------

admin 'PubkeyAuthentication no'
check "no keys for admin" only root
admin 'AuthorizedKeysFile none'
check "no file of keys" only root
admin 'AuthorizedKeysFile %h/.ssh/none %h/.ssh/authorized_keys'
check "a file below %h" in_order
admin 'AuthorizedKeysFile /home/%u/.ssh/authorized_keys'
check "a file with %u" in_order
admin 'AuthorizedKeysFile .ssh'
check "a folder is no file" only root
admin "AuthorizedKeysFile $(printf '/%0600d' 0)"
check "a path without end is none" only root
cp -p "$keys" "$T/keys"
: >"$keys"
doctor
check "an empty file of keys" only root
admin 'TrustedUserCAKeys /etc/ssh/ca.pub'
check "an authority" in_order
admin 'AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u' \
    'AuthorizedKeysCommandUser nobody'
check "keys from elsewhere" in_order
admin 'AuthorizedKeysCommand /usr/local/libexec/jump/jump-authkeys %u %t %k %f' \
    'AuthorizedKeysCommandUser _jump'
check "keys from the policy alone" only root
cp -p "$T/keys" "$keys"
admin 'AuthorizedKeysCommand /usr/local/libexec/jump/jump-authkeys %u %t %k %f' \
    'AuthorizedKeysCommandUser _jump'
check "keys from the policy, and a file" in_order

# --- what gives no shell ------------------------------------------------------

for line in 'ForceCommand internal-sftp' 'ChrootDirectory /srv' \
    'ForceCommand /usr/local/libexec/jump/jump-shell'; do
	admin "$line"
	check "$line: not admin" only root
	check "... which is said" printed "^ warn *admin: $(echo "$line" |
	    sed 's/ / is /'), which may leave an administrator no shell"
	check "... with the line" printed \
	    'set by /etc/ssh/sshd_config.d/00-admin.conf:2$'
done
admin 'ForceCommand /usr/local/bin/record'
check "what may be a shell: both" in_order
check "... which is said" printed '^ warn *admin: ForceCommand is /usr/local/bin'
root 'ForceCommand internal-sftp'
check "none outside of blocks: nobody" nobody
check "... with the line" printed 'set by /etc/ssh/sshd_config.d/00-root.conf:1$'
admin 'ForceCommand none' 'ChrootDirectory none'
check "none of these" in_order
check "... of which nothing is said" not printed 'administrator no shell'

# --- passwords ----------------------------------------------------------------

mv "$keys" "$keys.away"
doctor
check "nothing: not admin" only root
for word in '' '*' '!'; do
	set_password admin "$word"
	admin 'PasswordAuthentication yes'
	check "no password but '$word'" only root
done
set_password admin "$hash"
admin 'PasswordAuthentication yes'
check "a password" in_order
admin 'PasswordAuthentication no' 'KbdInteractiveAuthentication yes'
check "a password, by keyboard-interactive" in_order
admin 'PasswordAuthentication no' 'KbdInteractiveAuthentication no'
check "a password that sshd does not take" only root
sed -i '/^admin:/d' "$J/etc/shadow"
admin 'PasswordAuthentication yes'
check "no line in shadow" only root
mv "$keys.away" "$keys"
cp -p "$T/shadow" "$J/etc/shadow"

# --- root ---------------------------------------------------------------------

for word in no forced-commands-only; do
	root "PermitRootLogin $word"
	check "PermitRootLogin $word" only admin
done
mv "$J/root/.ssh/authorized_keys" "$T/root"
set_password root "$hash"
root 'PermitRootLogin prohibit-password'
check "root's password is not for prohibit-password" only admin
root "PermitRootLogin yes
PasswordAuthentication yes"
check "root's password" in_order
cp -p "$T/shadow" "$J/etc/shadow"
cp "$T/root" "$J/root/.ssh/authorized_keys"

# --- accounts -----------------------------------------------------------------

for shell in /usr/sbin/nologin /bin/false /nowhere/sh; do
	sed -i "/^admin:/s,[^:]*\$,$shell," "$J/etc/passwd"
	doctor
	check "admin with $shell" only root
	cp -p "$T/passwd" "$J/etc/passwd"
done
root 'DenyUsers admin'
check "kept out by DenyUsers" only root
cp -p "$J/etc/group" "$T/group"
for group in jump jump-devices; do
	sed -i "/^$group:/s/\$/,admin/; s/:,admin/:admin/" "$J/etc/group"
	doctor
	check "a member of $group" only root
	cp -p "$T/group" "$J/etc/group"
done
sed -i '/^wheel:/s/$/,ghost/' "$J/etc/group"
doctor
check "no account: not counted" in_order
cp -p "$T/group" "$J/etc/group"
mv "$keys" "$keys.away"
rm "$J/root/.ssh/authorized_keys"
doctor
check "neither" nobody
mv "$keys.away" "$keys"
cp "$T/root" "$J/root/.ssh/authorized_keys"

# --- what keeps an account of ours out ------------------------------------------

# kept LINE KEYWORD: alice is out, and why.
kept() {
	root "$1"
	check "$1" printed "^ FAIL *([a-z]*, )*alice(, [a-z0-9]*)*: kept out by $2"
}

# open LINE
open() {
	root "$1"
	check "$1: lets alice in" not printed 'alice.*: kept out'
}

kept 'DenyUsers alice' DenyUsers
kept 'DenyUsers b* a?ice' DenyUsers
kept 'AllowUsers admin root bob' AllowUsers
kept 'AllowGroups wheel' AllowGroups
kept 'DenyGroups wheel j*mp' DenyGroups
open 'DenyUsers alic alice2 bob'
open 'DenyUsers alice@10.9.0.0/16'
open 'AllowUsers admin root bob alice@10.9.0.0/16'
open 'AllowGroups wheel ju*'
open 'DenyGroups wheel nobody'
set_password alice '!'
root 'UsePAM yes'
check "locked: PAM may see it otherwise" not printed 'alice: locked'
root 'UsePAM no'
check "locked, and no PAM" printed '^ FAIL *alice: locked, which sshd without'
check "its remedy" printed "remedy: usermod -p '\*' NAME"
cp -p "$T/shadow" "$J/etc/shadow"
sed -i '/^alice:/s/:[^:]*:[^:]*$/:1:/' "$J/etc/shadow"
doctor
check "expired" printed '^ warn *alice: the account has expired'
sed -i '/^alice:/s/:[^:]*:[^:]*$/:99999:/' "$J/etc/shadow"
doctor
check "expires in 200 years" not printed 'alice: the account has expired'
sed -i '/^alice:/d' "$J/etc/shadow"
doctor
check "no line in shadow" printed '^ FAIL *alice: no line in /etc/shadow'
cp -p "$T/shadow" "$J/etc/shadow"
sed -i '/^alice:/s/:2001:/:901:/' "$J/etc/passwd"
doctor
check "a uid below 1000" printed '^ warn *alice: uid 901, which the firewall'
cp -p "$T/passwd" "$J/etc/passwd"
sed -i '/^bob:/s,/bin/[a-z]*$,/bin/dash,; /^alice:/s,[^:]*$,/bin/false,' \
    "$J/etc/passwd"
doctor
check "dash reads no files" not printed 'bob: the login shell'
check "false is no shell" printed 'alice: the login shell is /bin/false: ses'
sed -i '/^bob:/s,/home/bob,/etc/hosts,' "$J/etc/passwd"
doctor
check "a file is no home" printed 'bob: no home directory /etc/hosts'
cp -p "$T/passwd" "$J/etc/passwd"

# --- nobody at all ------------------------------------------------------------

cp -p "$J/etc/jump/policy" "$T/policy"
echo 'version 1' >"$J/etc/jump/policy"
run lab on jump jumpctl load
sed -i 's/^jump:.*/jump:x:2010:/' "$J/etc/group"
sed -i '/^jump:/d' "$J/etc/passwd"
doctor
check "nobody is a user" printed '^ warn *no user: the group jump is empty'
echo 'user alice' >>"$J/etc/jump/policy"
run lab on jump jumpctl load
sed -i 's/^jump:.*/jump:x:2010:alice/' "$J/etc/group"
doctor
check "one" printed '^ ok *1 account: sshd holds it to the policy'
finish
