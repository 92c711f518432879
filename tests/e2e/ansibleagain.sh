# SPDX-License-Identifier: ISC
# dist/ansible: what the role has failed to do, its next run does.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/ansible.lib.sh"

alice_gets() {
	as alice run ssh -F "$C" -J jump web1 hostname
	gave 0 web1
}

play
check "the role" gave 0
check "a ProxyJump" alice_gets

more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
jump_sshd_reload: ["false"]
END
play
check "a reload that fails: it fails" [ "$status" -eq 2 ]
more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
jump_sshd_reload: ["true"]
END
play
check "one that is none: it fails" [ "$status" -eq 2 ]
check "and says what sshd has not read" printed '/etc/ssh/sshd_config.d/10-site.conf'
more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
END
play
check "the reload is made up for" gave 0
check "it is one" [ "$(recap changed)" -gt 0 ]
# What sshd takes beside, and not in place.
cat >"$T/sshd" <<END
#!/bin/sh
[ "\$*" != -t ] || exit 255
exec $LAB/openssh/usr/sbin/sshd "\$@"
END
chmod 755 "$T/sshd"
more <<END
jump_sshd: $T/sshd
jump_sshd_own: {10-site.conf: "MaxStartups 200", 20-site.conf: "MaxStartups 300"}
END
play
check "sshd -t that fails in place: it fails" [ "$status" -eq 2 ]
check "and says so" printed 'all files are as they were'
check "the snippet is as it was" \
    grep -qx 'MaxStartups 100' "$J/etc/ssh/sshd_config.d/10-site.conf"
check "a new one has gone" [ ! -e "$J/etc/ssh/sshd_config.d/20-site.conf" ]
check "a ProxyJump" alice_gets
more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
END
play
check "a run after it" gave 0
sleep 1
touch "$J/etc/hosts"
play
check "names newer than the policy in force: another load" well 1
play
check "once" well 0

finish
