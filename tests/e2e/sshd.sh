# SPDX-License-Identifier: ISC
# The shipped snippets, on a stock sshd_config: what is in force for whom, and
# that a login without a key is no way in.
. "$(dirname "$0")/lib.sh"

sshd=$LAB/openssh/usr/sbin/sshd
policy <<'END'
allow web: { alice carol } to web1
END

# in_force USER LINE: sshd -T for this user prints LINE.
in_force() {
	lab on jump $sshd -T -C \
	    "user=$1,host=client,addr=192.0.2.10,laddr=192.0.2.1,lport=22" \
	    >"$T/out" 2>"$T/err"
	grep -qix -- "$2" "$T/out"
}

run lab on jump $sshd -t
check "sshd -t is silent" gave 0 ""
for u in alice bob jump; do
	while read -r line; do
		check "$u: $line" in_force $u "$line"
	done <<-'END'
		authenticationmethods publickey
		passwordauthentication no
		kbdinteractiveauthentication no
		hostbasedauthentication no
		authorizedkeysfile none
		trustedusercakeys none
		authorizedkeyscommand /usr/local/libexec/jump/jump-authkeys %u %t %k %f
		authorizedkeyscommanduser _jump
		allowtcpforwarding local
		allowstreamlocalforwarding no
		permitlisten none
		permittunnel no
		gatewayports no
		x11forwarding no
		permituserrc no
		loglevel verbose
	END
	check "$u: no variable of the client's" not in_force $u 'acceptenv LANG'
done
check "alice: agents, which key lines restrict" \
    in_force alice 'allowagentforwarding yes'
check "jump: no agents" in_force jump 'allowagentforwarding no'
check "alice: forced command" \
    in_force alice 'forcecommand /usr/local/libexec/jump/jump-shell'
check "jump: the command of the key line" in_force jump 'forcecommand none'
check "admin: plain sshd" in_force admin 'allowtcpforwarding yes'

# With a password that is right, and sshd willing to take one.
cat >"$T/askpass" <<'END'
#!/bin/sh
echo lab-password
END
chmod 755 "$T/askpass"
password() {
	run env SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=:0 \
	    ssh -F "$C" -o BatchMode=no -o PubkeyAuthentication=no \
	    -o NumberOfPasswordPrompts=1 \
	    -o PreferredAuthentications=password,keyboard-interactive "$@" \
	    </dev/null
}
wire_tap
password -o User=admin jump id -un
check "a password lets an administrator in" gave 0 admin
for u in alice jump; do
	wire_reset
	password -o "User=$u" jump list
	check "$u: no login by password" no_login
	password -o "User=$u" -W 10.2.0.10:22 jump
	check "$u: no open proxy by password" no_login
done

# A key of the user's own making is not asked for.
install -d -m 700 -o 2001 -g 2001 "$LAB/hosts/jump/home/alice/.ssh"
install -m 600 -o 2001 -g 2001 "$LAB/keys/mallory.pub" \
    "$LAB/hosts/jump/home/alice/.ssh/authorized_keys"
wire_reset
export LAB_USER=mallory
run ssh -F "$C" -o User=alice -W 10.2.0.10:22 jump </dev/null
check "alice's own authorized_keys has no effect" no_login
export LAB_USER=alice

# Nor is anything of the user's home run before jump-shell.
for f in .bashrc .profile .ssh/rc .ssh/environment; do
	echo "echo ran-$f; echo ran-$f >&2" >"$LAB/hosts/jump/home/alice/$f"
done
clean() {
	gave 0 && ! printed ran- && ! said ran-
}
jump list
check "no file of alice's home runs" clean
finish
