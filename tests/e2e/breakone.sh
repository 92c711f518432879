# SPDX-License-Identifier: ISC
# Break any one thing: doctor names it and nothing else, with the line that did
# it and a remedy, and its status says so; mended, it is as quiet as before.  For
# the lines of the snippets, breakssh.sh does that.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

. "$(dirname "$0")/break.lib.sh"

# A clock that was ahead at the last load, and is set right.
cp "$LAB_BUILD/later" "$T/later"
later=/run/lab/tmp/e2e/later
export later
on sh -c "cp -p $db $db.x; $later $db 1 >/tmp/x; cat /tmp/x >$db"
doctor
check "a second is no difference" quiet
on mv $db.x $db

# Whether anybody keeps it is the kernel's, and so the machine's: it is only
# looked whether doctor says what the kernel does.
unsynchronised() {
	on python3 -c 'import ctypes, struct
t = ctypes.create_string_buffer(512)
state = ctypes.CDLL(None).adjtimex(t)
status = struct.unpack_from("i", t, 5 * struct.calcsize("l"))[0]
raise SystemExit(not (state == -1 or status & 0x40))'
}

warns_of_clock() {
	grep -q '^ warn  the kernel does not know of anybody who keeps the clock' \
	    "$T/quiet"
}

if unsynchronised; then
	check "nobody keeps the clock" warns_of_clock
else
	check "somebody keeps the clock" not warns_of_clock
fi

# Lines of PAM that are as they may be, and files that count for nobody.
cp -a "$J/etc/pam.d" "$T/pam.d"
cat >"$J/etc/pam.d/more" <<'END'
# account required pam_none.so
-session optional pam_none.so
-auth sufficient pam_none.so
session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_none.so
account required /lib/$ISA/security/pam_none.so
auth required pam_permit.so [x y]
AUTH [success=1 default=ignore] pam_unix.so \
	nullok
account substack more
@include more
END
echo '@include more' >>"$J/etc/pam.d/sshd"
echo 'auth required pam_none.so' >"$J/etc/pam.d/login"
echo 'auth required pam_none.so' >"$J/etc/pam.d/other"
doctor
check "PAM: lines that are as they may be, and include themselves" quiet
cp -p "$T/pam.d/sshd" "$J/etc/pam.d/sshd"
rm "$J/etc/pam.d/other" "$J/etc/pam.d/more"
doctor
check "PAM: no file of others" quiet
rm "$J/etc/pam.d/sshd"
echo 'UsePAM no' >"$ssh_d/00-pam.conf"
doctor
check "no PAM: no file of it is looked at" not printed 'PAM has|pam[.]d'
rm "$ssh_d/00-pam.conf"
cp -p "$T/pam.d/sshd" "$T/pam.d/other" "$J/etc/pam.d/"
rm "$J/etc/pam.d/login"
mended "PAM"

# --- each thing, broken and mended --------------------------------------------

# That sshd is built so is Debian's choice; of 10.0, sshd-session is, which is
# not where sshd -T says it is.
if grep -q libwrap "$LAB/openssh/usr/sbin/sshd"; then
	each 3<<-'END'
	FAIL|sshd lets no client in, administrators neither|/etc/hosts.deny:2|printf '# all\nALL: ALL\n' >/etc/hosts.deny|rm /etc/hosts.deny
	FAIL|sshd lets no client in, administrators neither|/etc/hosts.deny:1|echo 'sshd, in.telnetd : ALL' >/etc/hosts.deny|rm /etc/hosts.deny
	END
	on sh -c 'echo "ALL: ALL" >/etc/hosts.deny; echo "sshd: 192.0.2." >/etc/hosts.allow'
	mended "/etc/hosts.allow lets some in"
	on sh -c 'echo "sshd: 192.0.2.66" >/etc/hosts.deny; rm /etc/hosts.allow'
	mended "/etc/hosts.deny keeps one out"
	on rm /etc/hosts.deny
else
	skip "hosts_access(5)"
fi

each 3<<'END'
# sshd
FAIL|sshd refuses its configuration: /etc/ssh/sshd_config.d/00-cis.conf||echo Frob yes >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|alice, jump: kept out by AllowGroups|00-cis.conf:1|echo AllowGroups sysadmin root admin jump-devices >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|host: kept out by AllowGroups|00-cis.conf:1|echo AllowGroups jump root admin >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|alice: kept out by DenyUsers|00-cis.conf:1|echo DenyUsers alice >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|alice: no block of 60-jump.conf is in force||mv $D/60-jump.conf $D/x|mv $D/x $D/60-jump.conf
FAIL|no block of 70-jump-devices.conf is in force||mv $D/70-jump-devices.conf $D/x|mv $D/x $D/70-jump-devices.conf
warn|sshd tells clients apart by Address: what follows holds from 192.0.2.1||printf 'Match Address 10.7.0.0/16\n PermitTTY no\n' >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|UnusedConnectionTimeout is 600, want none|70-jump-devices.conf|sed -i.x 's/UnusedConnectionTimeout none/UnusedConnectionTimeout 600/' $D/70-jump-devices.conf|mv $D/70-jump-devices.conf.x $D/70-jump-devices.conf
warn|sshd tells clients apart by LocalAddress||printf 'Match LocalAddress 10.7.0.1\n PermitTTY no\n' >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|alice: ForceCommand is none, want|00-cis.conf:2|printf 'Match User alice LocalPort 2222\n ForceCommand none\n' >$D/00-cis.conf; printf 'Port 22\nPort 2222\n' >$D/01-port.conf|rm $D/00-cis.conf $D/01-port.conf
FAIL|sshd does not read its configuration to the end||mkfifo $D/99-x.conf|rm $D/99-x.conf
FAIL|alice, jump: PubkeyAcceptedAlgorithms has no ssh-ed25519|00-cis.conf:1|printf 'PubkeyAcceptedAlgorithms rsa-sha2-512\nMatch User host\n PubkeyAcceptedAlgorithms ssh-ed25519\n' >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|alice, jump: RevokedKeys is /etc/ssh/revoked, which cannot be read|00-cis.conf:2|printf 'Match Group jump\n RevokedKeys /etc/ssh/revoked\n' >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|host: RevokedKeys is /etc/ssh/revoked, which cannot be read|00-cis.conf:2|printf 'Match User host\n RevokedKeys /etc/ssh/revoked\n' >$D/00-cis.conf|rm $D/00-cis.conf
warn|root is the only administrator||printf 'Match User admin\n RevokedKeys /etc/ssh/revoked\n PasswordAuthentication no\n' >$D/00-cis.conf|rm $D/00-cis.conf
FAIL|60-jump.conf belongs to uid 2001||chown alice $D/60-jump.conf|chown root $D/60-jump.conf
FAIL|60-jump.conf is writable by group or others (mode 666)||chmod 666 $D/60-jump.conf|chmod 644 $D/60-jump.conf
FAIL|/etc/ssh/sshd_config is writable by group or others||chmod 666 $D/../sshd_config|chmod 644 $D/../sshd_config
FAIL|/etc/ssh/sshd_config.d is writable by group or others||chmod 777 $D|chmod 755 $D
FAIL|/etc/ssh/sshd_config.d belongs to uid 2001||chown alice $D|chown root $D
FAIL|/home/alice/x.conf belongs to uid 2001||chmod 755 /home/alice; chown root /home/alice; touch /home/alice/x.conf; chown alice /home/alice/x.conf; echo 'Include /home/alice/x.conf' >$D/99-x.conf|rm $D/99-x.conf; chown alice /home/alice
note|no process is that of PidFile||mv /run/sshd.pid /run/x; sleep 60 & echo $! >/run/sshd.pid; kill $!|mv /run/x /run/sshd.pid
warn|/etc/ssh/sshrc is there: sshd runs it in each session||echo 'echo welcome' >/etc/ssh/sshrc|rm /etc/ssh/sshrc
# PAM: sshd goes by its files, for administrators too
FAIL|there is no /etc/pam.d/sshd: in its place counts /etc/pam.d/other||mv /etc/pam.d/sshd /etc/pam.x|mv /etc/pam.x /etc/pam.d/sshd
FAIL|there is no /etc/pam.d/sshd: nobody gets in||mv /etc/pam.d /etc/pam.x; mkdir /etc/pam.d|rmdir /etc/pam.d; mv /etc/pam.x /etc/pam.d
FAIL|there is no /etc/pam.d/sshd: nobody gets in||mv /etc/pam.d /etc/pam.x; mkdir -p /etc/pam.d/sshd|rm -r /etc/pam.d; mv /etc/pam.x /etc/pam.d
FAIL|PAM has no file common-account: nobody gets in|/etc/pam.d/sshd:|mv /etc/pam.d/common-account /etc/pam.x|mv /etc/pam.x /etc/pam.d/common-account
FAIL|PAM has no file absent: whoever gets in is refused|/etc/pam.d/common-session:2|echo 'session include absent' >>/etc/pam.d/common-session|sed -i '$d' /etc/pam.d/common-session
FAIL|PAM has no file absent: no password and no code|/etc/pam.d/common-auth:2|echo 'auth substack absent' >>/etc/pam.d/common-auth|sed -i '$d' /etc/pam.d/common-auth
FAIL|PAM has no module pam_none.so: nobody gets in|/etc/pam.d/common-account:2|echo 'account required pam_none.so # here' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
FAIL|PAM has no module pam_none.so: nobody gets in|/etc/pam.d/common-account:2|echo '-Account REQUIRED pam_none.so' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
FAIL|PAM has no module /nowhere/pam_unix.so: nobody gets in|/etc/pam.d/common-account:2|echo 'account [default=bad success=ok] /nowhere/pam_unix.so x' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
FAIL|PAM has no module pam_none.so: nobody gets in|/etc/pam.d/x:3|cp -p /etc/pam.d/sshd /etc/pam.x; printf '# x\naccount \\\n required pam_none.so\nauth required pam_none.so\n' >/etc/pam.d/x; echo 'account include x' >>/etc/pam.d/sshd|mv /etc/pam.x /etc/pam.d/sshd; rm /etc/pam.d/x
FAIL|PAM has no module pam_none.so: whoever gets in is refused|/etc/pam.d/common-session:2|echo 'session requisite pam_none.so' >>/etc/pam.d/common-session|sed -i '$d' /etc/pam.d/common-session
FAIL|PAM has no module pam_none.so: no password and no code|/etc/pam.d/common-auth:2|echo 'auth required pam_none.so' >>/etc/pam.d/common-auth|sed -i '$d' /etc/pam.d/common-auth
warn|PAM has no module pam_none.so: nobody can change|/etc/pam.d/common-password:2|echo 'password required pam_none.so' >>/etc/pam.d/common-password|sed -i '$d' /etc/pam.d/common-password
warn|PAM has no module pam_none.so: it goes on without|/etc/pam.d/common-auth:2|echo 'auth sufficient pam_none.so' >>/etc/pam.d/common-auth|sed -i '$d' /etc/pam.d/common-auth
warn|PAM has no module pam_none.so: it goes on without|/etc/pam.d/common-account:2|echo 'account [success=1 new_authtok_reqd=done default=ignore] pam_none.so' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
note|PAM has no module pam_none.so: it goes on without|/etc/pam.d/common-session:2|echo 'session optional pam_none.so' >>/etc/pam.d/common-session|sed -i '$d' /etc/pam.d/common-session
FAIL|PAM does not understand this line: nobody gets in|/etc/pam.d/common-account:2|echo 'account requird pam_unix.so' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
FAIL|PAM does not understand this line: whoever gets in|/etc/pam.d/common-session:2|echo 'session required' >>/etc/pam.d/common-session|sed -i '$d' /etc/pam.d/common-session
FAIL|PAM does not understand this line: no password and no code|/etc/pam.d/common-account:2|echo 'acount required pam_unix.so' >>/etc/pam.d/common-account|sed -i '$d' /etc/pam.d/common-account
FAIL|/etc/pam.d/common-auth is writable by group or others||chmod 666 /etc/pam.d/common-auth|chmod 644 /etc/pam.d/common-auth
FAIL|/etc/pam.d/sshd belongs to uid 2001||chown alice /etc/pam.d/sshd|chown root /etc/pam.d/sshd
warn|another sshd listens, and whom it holds to what is not looked at||sed 's/^Include.*/Port 2222/' /etc/ssh/sshd_config >/etc/ssh/other; echo 'HostKey /etc/ssh/ssh_host_ed25519_key' >>/etc/ssh/other; $sshd -f /etc/ssh/other -o PidFile=/run/other.pid; until [ -s /run/other.pid ]; do sleep 0.1; done|kill $(cat /run/other.pid); while [ -e /run/other.pid ]; do sleep 0.1; done; rm /etc/ssh/other
# programs
FAIL|jump-shell is not setgid _jump||chmod 755 $l/jump-shell|chmod 2755 $l/jump-shell
FAIL|jump-connect is not setgid _jump||chmod 755 $l/jump-connect|chmod 2755 $l/jump-connect
FAIL|jump-record is not setgid _jump||chgrp root $l/jump-record; chmod 2755 $l/jump-record|chgrp _jump $l/jump-record; chmod 2755 $l/jump-record
FAIL|jump-ssh is not setgid _jump-ssh||chmod 755 $l/jump-ssh|chmod 2755 $l/jump-ssh
FAIL|jump-ssh is not setgid _jump-ssh||chgrp _jump $l/jump-ssh; chmod 2755 $l/jump-ssh|chgrp _jump-ssh $l/jump-ssh; chmod 2755 $l/jump-ssh
FAIL|jump-authkeys is setgid, and has no need of it||chmod 2711 $l/jump-authkeys|chmod 711 $l/jump-authkeys
warn|jump-authkeys can be read by others||chmod 755 $l/jump-authkeys|chmod 711 $l/jump-authkeys
FAIL|jump-shell is setuid||chmod 6755 $l/jump-shell|chmod 2755 $l/jump-shell
FAIL|jump-shell is writable by group or others||chmod 2775 $l/jump-shell|chmod 2755 $l/jump-shell
FAIL|jump-connect belongs to uid 2001||chown alice $l/jump-connect; chmod 2755 $l/jump-connect|chown root $l/jump-connect; chmod 2755 $l/jump-connect
FAIL|jump-authkeys cannot be run by everybody||chmod 700 $l/jump-authkeys|chmod 711 $l/jump-authkeys
FAIL|jump-record: No such file||mv $l/jump-record $l/../x|mv $l/../x $l/jump-record
FAIL|/usr/local/libexec/jump is writable by group||chmod 775 $l|chmod 755 $l
FAIL|other is setgid, and has no need of it||cp $l/jump-connect $l/other; chmod 2755 $l/other|rm $l/other
FAIL|/usr/local/libexec/jump is mounted nosuid||mount --bind $l $l; mount -o remount,bind,nosuid $l|umount $l
FAIL|/usr/local/libexec/jump is mounted noexec||mount --bind $l $l; mount -o remount,bind,noexec $l|umount $l
# the ssh of jump-record
FAIL|the ssh of jump-record: EscapeChar is ~, want none|/jump/ssh_config:|sed -i.x 's/^EscapeChar.*/EscapeChar ~/' $l/ssh_config|mv $l/ssh_config.x $l/ssh_config
FAIL|the ssh of jump-record: ForwardAgent is yes, want no|/jump/ssh_config:|sed -i.x 's/^ForwardAgent.*/ForwardAgent yes/' $l/ssh_config|mv $l/ssh_config.x $l/ssh_config
FAIL|the ssh of jump-record: ProxyCommand is evil, want none|/etc/jump/ssh_config.d/x.conf:2|mkdir /etc/jump/ssh_config.d; printf '\nProxyCommand evil\n' >/etc/jump/ssh_config.d/x.conf|rm -r /etc/jump/ssh_config.d
FAIL|the ssh of jump-record refuses its configuration|ssh_config|cp $l/ssh_config /tmp/x; echo Frob >>$l/ssh_config|cat /tmp/x >$l/ssh_config
FAIL|ssh_config belongs to uid 2001||chown alice $l/ssh_config|chown root $l/ssh_config
FAIL|ssh_config is writable by group or others||chmod 666 $l/ssh_config|chmod 644 $l/ssh_config
FAIL|ssh_config: No such file||mv $l/ssh_config $l/../x|mv $l/../x $l/ssh_config
FAIL|x.conf is writable by group or others||mkdir /etc/jump/ssh_config.d; : >/etc/jump/ssh_config.d/x.conf; chmod 666 /etc/jump/ssh_config.d/x.conf|rm -r /etc/jump/ssh_config.d
# groups and accounts
FAIL|there is no group _jump-ssh||sed -i.x /^_jump-ssh:/d /etc/group|mv /etc/group.x /etc/group
FAIL|alice: in the group _jump: reads the policy||cp -p /etc/group /etc/group.x; sed -i '/^_jump:/s/$/alice/' /etc/group|mv /etc/group.x /etc/group
FAIL|alice: in the group _jump-ssh||cp -p /etc/group /etc/group.x; sed -i '/^_jump-ssh:/s/$/alice/' /etc/group|mv /etc/group.x /etc/group
FAIL|alice: in the policy, but not in the group jump||sed -i.x 's/^jump:.*/jump:x:2010:/' /etc/group|mv /etc/group.x /etc/group
FAIL|alice: an administrator (group sudo) in the group jump: root is held to nothing||sed -i.x 's/^sudo:.*/&,alice/' /etc/group|mv /etc/group.x /etc/group
FAIL|host: account of devices, but not in the group jump-devices||sed -i.x 's/^jump-devices:.*/jump-devices:x:2101:/' /etc/group|mv /etc/group.x /etc/group
warn|alice: in the policy or the group jump, but no account||sed -i.x /^alice:/d /etc/passwd|mv /etc/passwd.x /etc/passwd
warn|host: account of devices in the policy, but not on this machine||sed -i.x /^host:/d /etc/passwd|mv /etc/passwd.x /etc/passwd
FAIL|admin: an administrator (group sudo) in the group jump: sshd keeps them out||cp -p /etc/group /etc/group.x; sed -i '/^jump:/s/$/,admin/; s/^sudo:.*/&,oper/' /etc/group; cp -p /etc/passwd /etc/passwd.x; cp -p /etc/shadow /etc/shadow.x; echo 'oper:x:2999:2999::/root:/bin/sh' >>/etc/passwd; echo 'oper:*:19000:0:99999:7:::' >>/etc/shadow|mv /etc/group.x /etc/group; mv /etc/passwd.x /etc/passwd; mv /etc/shadow.x /etc/shadow
FAIL|alice: the login shell /nowhere is not there||sed -i.x '/^alice:/s,/bin/sh,/nowhere,' /etc/passwd|mv /etc/passwd.x /etc/passwd
FAIL|host: the login shell /etc/hosts is not there, or cannot be run||sed -i.x '/^host:/s,[^:]*$,/etc/hosts,' /etc/passwd|mv /etc/passwd.x /etc/passwd
warn|alice: the login shell is /bin/bash||sed -i.x '/^alice:/s,/bin/sh,/bin/bash,' /etc/passwd|mv /etc/passwd.x /etc/passwd
FAIL|there is no account _jump-notify||sed -i.x /^_jump-notify:/d /etc/passwd|mv /etc/passwd.x /etc/passwd
warn|alice: the account has expired||sed -i.x '/^alice:/s/7::.*/7::10:/' /etc/shadow|mv /etc/shadow.x /etc/shadow
FAIL|alice: its password has expired||chage -d 0 alice|chage -d 19000 alice
FAIL|alice: its password has expired||sed -i.x '/^alice:/s/99999/365/' /etc/shadow|chage -M -1 -d $(date +%F) alice; chage -M 99999 alice; mv /etc/shadow.x /etc/shadow
FAIL|host: its password has expired||sed -i.x '/^host:/s/99999/365/' /etc/shadow|mv /etc/shadow.x /etc/shadow
warn|root is the only administrator||sed -i.x '/^admin:/s/99999/365/' /etc/shadow|mv /etc/shadow.x /etc/shadow
warn|root is the only administrator||sed -i.x '/^admin:/s/7::.*/7::10:/' /etc/shadow|mv /etc/shadow.x /etc/shadow
FAIL|alice: no line in /etc/shadow||sed -i.x '/^alice:/d' /etc/shadow|mv /etc/shadow.x /etc/shadow
FAIL|/etc/nologin is there: nobody but root gets in||touch /etc/nologin|rm /etc/nologin
FAIL|/run/nologin is there: nobody but root gets in||touch /run/nologin|rm /run/nologin
warn|alice: no home directory||mv /home/alice /home/x|mv /home/x /home/alice
warn|alice: its home directory /home/alice does not let it in||chmod 000 /home/alice|chmod 700 /home/alice
warn|alice: its home directory /home/alice does not let it in||chown root /home/alice|chown alice /home/alice
warn|alice, jump: in the group docker, whose members can become root||echo 'docker:x:998:alice,jump' >>/etc/group|sed -i '$d' /etc/group
warn|alice: in the group disk, whose members can become root||cp -p /etc/passwd /etc/passwd.x; echo 'disk:x:6:' >>/etc/group; sed -i 's/^alice:x:2001:2001:/alice:x:2001:6:/' /etc/passwd|sed -i '$d' /etc/group; mv /etc/passwd.x /etc/passwd
# the policy
FAIL|there is no /etc/jump/policy||mv /etc/jump/policy /etc/jump/x|mv /etc/jump/x /etc/jump/policy
note|alice is locked since||jumpctl lock alice|jumpctl unlock alice
warn|any is locked since||jumpctl lock any|jumpctl unlock any
FAIL|/etc/jump/policy is writable||chmod 666 /etc/jump/policy|chmod 644 /etc/jump/policy
FAIL|/etc/jump/policy belongs to uid 2001||chown alice /etc/jump/policy|chown root /etc/jump/policy
FAIL|/etc/jump/policy.d is writable||chmod 777 /etc/jump/policy.d|chmod 755 /etc/jump/policy.d
FAIL|the text of the policy has 1 error||cp /etc/jump/policy /tmp/x; echo frob >>/etc/jump/policy|cat /tmp/x >/etc/jump/policy
warn|the text of the policy is not what is in force||cp /etc/jump/policy /tmp/x; echo 'deny no: any to web1' >>/etc/jump/policy|cat /tmp/x >/etc/jump/policy
FAIL|notify-program: /usr/local/bin/tell is not an executable file of root's alone||chmod 777 /usr/local/bin/tell|chmod 755 /usr/local/bin/tell
FAIL|notify-program: /usr/local/bin/tell||mv /usr/local/bin/tell /usr/local/x|mv /usr/local/x /usr/local/bin/tell
# its image
FAIL|readable by everybody||chmod 644 $db|chmod 640 $db
FAIL|_jump cannot read /var/lib/jump/policy.db||chmod 600 $db|chmod 640 $db
FAIL|_jump cannot read /var/lib/jump/policy.db||chgrp root /var/lib/jump|chgrp _jump /var/lib/jump
warn|/var/lib/jump can be opened by others||chmod 750 /var/lib/jump|chmod 710 /var/lib/jump
FAIL|/var/lib/jump is writable by group||chmod 730 /var/lib/jump|chmod 710 /var/lib/jump
FAIL|policy.db: damaged||cp -p $db $db.x; truncate -s 9000 $db|mv $db.x $db
FAIL|made by another version||cp -p $db $db.x; printf '\377' >/tmp/x; dd if=/tmp/x of=$db bs=1 seek=8 conv=notrunc status=none|mv $db.x $db
FAIL|no policy is loaded||mv $db $db.x|mv $db.x $db
# names
warn|/etc/hosts has changed since the last load||touch /etc/hosts|jumpctl load
warn|ProxyJump reaches 1 target only by address||cp /etc/hosts /tmp/x; sed '/ web2/d' /tmp/x >/etc/hosts; jumpctl load|cat /tmp/x >/etc/hosts; jumpctl load
# folders
FAIL|/run/jump/sessions is not a folder of root and _jump with mode 1730||chmod 1770 /run/jump/sessions|chmod 1730 /run/jump/sessions
FAIL|alice: /run/jump/sessions/2001 is not as their sessions make it (uid 0, mode 644): they exit 73||echo x >$S/2001.x; mv -f $S/2001.x $S/2001|chown 2001:_jump $S/2001 && chmod 660 $S/2001
FAIL|alice: /run/jump/sessions/2001.5 is not as their sessions make it (uid 0, mode 644): they exit 73, and each sweep 70||: >$S/2001.5|chown 2001:_jump $S/2001.5 && chmod 600 $S/2001.5
FAIL|alice: /run/jump/sessions/2001.7 is not as their sessions make it (uid 2002||: >$S/2001.7; chown 2002:_jump $S/2001.7; chmod 600 $S/2001.7|chown 2001:_jump $S/2001.7 && chmod 600 $S/2001.7
FAIL|alice: /run/jump/sessions/2001.5 is not as their||mkdir $S/2001.5|rmdir $S/2001.5
FAIL|alice: /run/jump/sessions/2001 is not as their sessions make it||rm -f $S/2001; ln -s /etc/passwd $S/2001|rm $S/2001
FAIL|/run/jump/sessions/notes is no session's: each sweep exits 70||: >$S/notes|rm $S/notes
FAIL|/run/jump/logins is not a folder of root and _jump with mode 1770||chown _jump /run/jump/logins|chown root /run/jump/logins
FAIL|/run/jump/logins: No such file||mv /run/jump/logins /run/x|mv /run/x /run/jump/logins
FAIL|/var/log/jump is not a folder of root and _jump||chmod 755 /var/log/jump|chmod 1730 /var/log/jump
FAIL|/var/lib/jump/requests is not a folder of root and _jump||chmod 1777 /var/lib/jump/requests|chmod 3773 /var/lib/jump/requests
FAIL|/var/spool/jump/events is not a folder of root and _jump||chgrp root /var/spool/jump/events; chmod 3733 /var/spool/jump/events|chgrp _jump /var/spool/jump/events; chmod 3733 /var/spool/jump/events
FAIL|/run/jump/devices is not a folder of root and _jump||chmod 755 /run/jump/devices|chmod 2711 /run/jump/devices
FAIL|rtu1: its folder in /run/jump/devices is not as||chmod 755 /run/jump/devices/rtu1|chmod 2710 /run/jump/devices/rtu1
FAIL|/run/jump is writable||chmod 777 /run/jump|chmod 755 /run/jump
# what runs as _jump, or as a user
FAIL|_jump cannot pass /usr/local/libexec: Permission denied: nobody gets in||chmod 700 /usr/local/libexec|chmod 755 /usr/local/libexec
FAIL|_jump cannot pass /usr/local/libexec/jump: Permission denied: nobody||chmod 750 $l|chmod 755 $l
FAIL|_jump cannot pass /etc: Permission denied: nobody gets in||chmod 700 /etc|chmod 755 /etc
FAIL|_jump cannot read /etc/passwd: Permission denied: nobody gets in||chmod 600 /etc/passwd|chmod 644 /etc/passwd
FAIL|_jump cannot read /etc/group: Permission denied: nobody gets in||chmod 600 /etc/group|chmod 644 /etc/group
FAIL|_jump cannot write /dev/null: Permission denied: nobody gets in||echo >/run/x; mount --bind /run/x /dev/null|umount /dev/null
FAIL|_jump cannot write /dev/log: Permission denied: nobody gets in||chmod 600 /dev/log|chmod 666 /dev/log
FAIL|_jump cannot pass /run/jump: Permission denied: nobody gets in||chmod 700 /run/jump|chmod 755 /run/jump
FAIL|alice cannot write /run/jump/sessions: Read-only file system: sessions fail||kill $(cat /run/sshd.pid); while [ -e /run/sshd.pid ]; do sleep 0.1; done; unshare -m sh -c "mount --bind /run/jump/sessions /run/jump/sessions; mount -o remount,bind,ro /run/jump/sessions; exec $sshd -o PidFile=/run/sshd.pid"; until [ -s /run/sshd.pid ]; do sleep 0.1; done|kill $(cat /run/sshd.pid); while [ -e /run/sshd.pid ]; do sleep 0.1; done; $sshd -o PidFile=/run/sshd.pid; until [ -s /run/sshd.pid ]; do sleep 0.1; done
FAIL|_jump cannot write /run/jump/logins: Read-only file system: nobody||mount --bind /run/jump/logins /run/jump/logins; mount -o remount,bind,ro /run/jump/logins|umount /run/jump/logins
FAIL|alice cannot write /run/jump/sessions: Read-only file system: sessions||mount --bind /run/jump/sessions /run/jump/sessions; mount -o remount,bind,ro /run/jump/sessions|umount /run/jump/sessions
FAIL|the file system of /run/jump/sessions is full: sessions fail||mount -t tmpfs -o size=16k,mode=1730,gid=990 none /run/jump/sessions; head -c 16k /dev/zero >$S/2001.9; chown 2001:_jump $S/2001.9; chmod 600 $S/2001.9|umount /run/jump/sessions
FAIL|alice cannot pass /var/log: Permission denied: what is to be recorded||chmod 750 /var/log|chmod 755 /var/log
FAIL|the file system of /var/log/jump is full: what is to be recorded||mount -t tmpfs -o size=400k,mode=1730,gid=990 none /var/log/jump; head -c 384k /dev/zero >/var/log/jump/x|umount /var/log/jump
FAIL|alice cannot pass /var/spool: Permission denied: what somebody is||chmod 700 /var/spool|chmod 755 /var/spool
FAIL|alice cannot read /usr/local/libexec/jump/ssh_config: Permission||chmod 600 $l/ssh_config|chmod 644 $l/ssh_config
FAIL|alice cannot run /usr/bin/ssh: Permission denied: what needs the ssh||install -m 700 /usr/bin/ssh /run/x; mount --bind /run/x /usr/bin/ssh|umount /usr/bin/ssh
FAIL|alice cannot write /dev/ptmx: No such file or directory: nobody has a||mv /dev/ptmx /dev/x|mv /dev/x /dev/ptmx
FAIL|alice cannot read /etc/hosts: Permission denied: ProxyJump takes no||chmod 600 /etc/hosts; jumpctl load|chmod 644 /etc/hosts; jumpctl load
FAIL|alice cannot pass /proc/1: No such file or directory: whose a device's||mount -o remount,hidepid=2 /proc|mount -o remount,hidepid=0 /proc
FAIL|root cannot write /var/lib/jump: Read-only file system: no load and no||mount --bind /var/lib/jump /var/lib/jump; mount -o remount,bind,ro /var/lib/jump; mount -t tmpfs -o mode=3773,gid=990 none /var/lib/jump/requests|umount /var/lib/jump/requests; umount /var/lib/jump
FAIL|jump-authkeys is not what it should be: run as _jump it fails||cp /bin/true /run/x; chmod 711 /run/x; mount --bind /run/x $l/jump-authkeys|umount $l/jump-authkeys
FAIL|jump-connect is not what it should be: run as alice it fails||: >/run/x; chgrp _jump /run/x; chmod 2755 /run/x; mount --bind /run/x $l/jump-connect|umount $l/jump-connect
FAIL|jump-shell is not what it should be: run as alice it fails||head -c 20000 $l/jump-shell >/run/x; chgrp _jump /run/x; chmod 2755 /run/x; mount --bind /run/x $l/jump-shell|umount $l/jump-shell
FAIL|jump-record is not what it should be: run as alice it fails||cp /bin/true /run/x; echo >/run/y; dd if=/run/y of=/run/x bs=1 seek=18 conv=notrunc status=none; chgrp _jump /run/x; chmod 2755 /run/x; mount --bind /run/x $l/jump-record|umount $l/jump-record
# the machine
warn|no sweep in the last 90 seconds||touch -d @1 $SWEPT|jumpctl sweep
warn|no sweep in the last 90 seconds||chown alice $SWEPT|chown root $SWEPT
FAIL|/dev/log: No such file||mv /dev/log /dev/log.x|mv /dev/log.x /dev/log
FAIL|: windows and ends are judged wrongly||cp -p $db $db.x; $later $db 7200 >/tmp/x; cat /tmp/x >$db|mv $db.x $db
FAIL|fs.suid_dumpable is 1||echo 1 >/tmp/x; mount --bind /tmp/x /proc/sys/fs/suid_dumpable|umount /proc/sys/fs/suid_dumpable
warn|the firewall table is not loaded||nft delete table inet jumphost|jumpctl export nft >/tmp/x; nft -f /tmp/x
END

# --- notes: what has expired, or is of no use ---------------------------------

# unused NAME: TEXT|STATEMENT..., in the policy of this test, one after another.
policy <<END
set notify-program "/usr/local/bin/tell"
device rtu1 "/run/jump/devices/rtu1/ssh.sock" ssh account "host" tag all
$(device_key rtu1)
host old 10.2.0.13 ssh 22 agent tag all
allow all: { alice carol } to @all
allow rest: alice to { web1 web2 db1 metr }
END
cp "$J/etc/jump/policy" "$T/fine"
on jumpctl sweep
doctor
troubles >"$T/quiet"
check "nothing expired, nothing unused" printed \
    '^ ok    no entry of the policy has expired, or is unused'
hk='"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxbTMmsDHoGnmGqNn2JKXQlnnhYvQq8yqGlVOqxzr9Q"'
while IFS='|' read -r text statements <&3; do
	printf '%s\n' "$statements" | sed "s@KEY@$hk@g; s/; /\n/g" |
	    cat "$T/fine" - >"$J/etc/jump/policy"
	# Names in /etc/hosts, and accounts, are other checks.
	on sh -c 'jumpctl load --no-sweep; jumpctl sweep' 2>"$T/load.err" ||
	    check "loads: $statements" false
	doctor
	troubles | grep -v '| remedy: put what jumpctl export hosts\|but no account' >"$T/now"
	comm -13 "$T/quiet" "$T/now" >"$T/new"
	check "$statements" [ "$(cat "$T/new")" = " note  ${text%%#*} | remedy: ${text#*#}" ]
	sed 's/^/# new: /' "$T/new" | grep -vF "note  ${text%%#*} |"
done 3<<'END'
gone: a user who has expired#delete its lines, then jumpctl load|user gone until 2020-01-01T00:00Z; key gone KEY; allow more: gone to web1
bare: a user without a key: cannot log in#add a key line, or delete it|user bare; allow more: bare to web1
idler: a user whom no allow rule names, nor a group of it#give it a rule, or delete it|user idler; key idler KEY
idler: a user whom no allow rule names, nor a group of it#give it a rule, or delete it|user idler; key idler KEY; group @ops { idler }; deny more: @ops to web1
past: a rule that has expired#delete it, then jumpctl load|allow past: alice to web1 until 2020-01-01T00:00Z
past: a rule that has expired#delete it, then jumpctl load|deny past: alice to web1 until 2020-01-01T00:00Z
past: a rule that has expired#delete it, then jumpctl load|require past: alice to web1 idle 5m until 2020-01-01T00:00Z
spare: a target that no allow rule names, nor a tag of it#give it a rule, or delete it|host spare 10.2.0.99 ssh 22
spare: a target that no allow rule names, nor a tag of it#give it a rule, or delete it|host spare 10.2.0.99 ssh 22; hostkey spare KEY
spare: a target that no allow rule names, nor a tag of it#give it a rule, or delete it|net spare 10.77.0.0/16 ssh 22; deny more: any to spare
spare: a target that no allow rule names, nor a tag of it#give it a rule, or delete it|domain spare "*.spare.example" in 10.8.0.0/16 ssh 22
spare: a target that no allow rule names, nor a tag of it#give it a rule, or delete it|socket spare "/run/spare.sock"
label: a tag that no rule names#take it off its targets|host more 10.2.0.98 ssh 22 tag { all label }
plain: a host key, and no ssh: nobody looks at it#say ssh where its SSH server is, or delete it|host plain 10.2.0.97 tcp 80 tag all; hostkey plain KEY
unused: a group that nothing names#delete it|group @unused { alice }
nobody-is: a Unix group without members#usermod -a -G NAME USER, or delete it|allow more: %nobody-is to web1
never: a window that no rule names#delete it|window never mon 10:00-11:00
END
finish
