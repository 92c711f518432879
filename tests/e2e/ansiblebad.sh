# SPDX-License-Identifier: ISC
# dist/ansible: the role, with what is wrong: each is refused before anything of
# the machine is changed, or all of it is put back.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/ansible.lib.sh"

play
check "the role" gave 0

# --- what is wrong ----------------------------------------------------------------

more <<'END'
jump_policy: {20-web: "version 1\nallow web: alice to nowhere"}
END
refused_play "a bad fragment" '20-web.conf:3:21: error: '
more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups many"}
END
refused_play "a bad snippet" 'sshd refuses this configuration'
more <<END
jump_policy:
  10-people: |
    version 1
    user alice
    key alice "$(key alice)"
    host web1 10.2.0.10 ssh 22
    test alice to web1 = allow
END
refused_play "a test that fails" 'test fails: alice to web1'
printf 'version 1\n' >"$J/etc/jump/policy.d/50-hand.conf"
more <<'END'
jump_policy: {50-hand: "version 1\nset contact \"x@example.com\""}
END
refused_play "somebody's fragment" 'Not made by this role: /etc/jump/policy.d/50-hand.conf'
more <<'END'
jump_policy: {../20-web: "version 1"}
END
refused_play "a name that leaves the folder" 'not the name of a fragment'
more <<'END'
jump_sshd_snippets: []
END
refused_play "users without 60-jump.conf" 'The group jump has members'
more <<'END'
jump_sshd: /usr/sbin/nosuch
END
refused_play "an sshd that is not there" '/usr/sbin/nosuch: no sshd is there'
more <<'END'
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
jump_load_options: [--never-heard-of]
jump_policy:
  30-people: |
    version 1
    user alice
    key alice "AAAA"
END
sed -i "s,AAAA,$(key alice)," "$T/more.yml"
play
check "a load that fails: it fails" [ "$status" -eq 2 ]
check "a load that fails: and says so" printed 'all files are as they were'
check "its fragment is not there" [ ! -e "$J/etc/jump/policy.d/30-people.conf" ]
check "the one before is" ours jump/policy.d/20-web.conf
check "its snippet is not there" [ ! -e "$J/etc/ssh/sshd_config.d/10-site.conf" ]
plain
sed -i 's,^Include.*,#&,' "$J/etc/ssh/sshd_config"
refused_play "no Include" 'does not Include'
sed -i 's,^#Include,Include,' "$J/etc/ssh/sshd_config"
alice_gets() {
	as alice run ssh -F "$C" -J jump web1 hostname
	gave 0 web1
}
check "after all of that, a ProxyJump" alice_gets

# --- what somebody else does to the machine ------------------------------------------

printf 'Match User alice\n    AllowTcpForwarding yes\n' \
    >"$J/etc/ssh/sshd_config.d/00-cis.conf"
play
check "the doctor has the last word" [ "$status" -eq 2 ]
check "and says what is wrong" printed 'AllowTcpForwarding is yes, want local'
rm "$J/etc/ssh/sshd_config.d/00-cis.conf"
echo '# by hand' >>"$J/etc/jump/policy.d/20-web.conf"
play
check "what is changed by hand is lost" gave 0
check "as it says" not grep -q 'by hand' "$J/etc/jump/policy.d/20-web.conf"
lab on jump jumpctl load --previous
play
check "what is not in force is loaded" gave 0
finish
