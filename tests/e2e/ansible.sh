# SPDX-License-Identifier: ISC
# dist/ansible: the role on a jump host, twice, in check mode, and with another
# policy; ProxyJump after each.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/ansible.lib.sh"

# --- it is well-formed ---------------------------------------------------------

lint() {
	run lab on jump env LC_ALL=C.UTF-8 HOME=/root PATH=/usr/bin:/bin \
	    sh -c 'cd "$1" && shift && exec "$@"' - "$T/ansible" "$@"
}

lint /usr/bin/yamllint -s .
check "yamllint" gave 0 ""
run lab on jump env LC_ALL=C.UTF-8 HOME=/root PATH=/usr/bin:/bin sh -c '
    cd "$1" && timeout 100 ansible-lint --offline --nocolor -p .' - "$T/ansible"
check "ansible-lint" gave 0 ""
play --syntax-check
check "ansible-playbook --syntax-check" gave 0

# --- from nothing ---------------------------------------------------------------

check "check mode, before anything is there: it changes nothing" \
    untouched play --check --diff
check "check mode: well" gave 0
check "check mode: and would change" [ "$(recap changed)" -gt 3 ]
check "check mode: shows what" printed '^\+allow web: alice to web1$'
as alice run ssh -F "$C" -o BatchMode=yes jump true
check "alice has no way in yet" gave 255
play
check "the role" gave 0
check "the doctor's warnings, and how many notes" \
    printed '[0-9] notes?: jumpctl doctor -v'
check "which are not shown" not printed 'note: '
check "the marks" ours jump/policy.d/10-people.conf
check "of snippets too" ours ssh/sshd_config.d/60-jump.conf
run lab on jump jumpctl explain alice web1:22
check "the policy is in force" gave 0
check "names" grep -q '^10.2.0.10  *web1' "$J/etc/hosts"
check "alice is a member" grep -q '^jump:.*alice' "$J/etc/group"
check "sweeps" [ -f "$J/etc/cron.d/jump-sweep" ]
check "nothing is left of it" [ -z "$(ls "$J/tmp")" ]
as alice run ssh -F "$C" -J jump web1 hostname
check "a ProxyJump" gave 0 web1
check "the second run changes nothing" untouched play
check "and says so" well 0
check "nor does check mode" untouched play --check
check "and says so" well 0

# --- something else --------------------------------------------------------------

printf 'version 1\n# Not as the others, which begin with:\n%s\n' "$mark" \
    >"$J/etc/jump/policy.d/50-hand.conf"
cp "$J/usr/local/share/jump/50-jump-shared.conf" "$J/etc/ssh/sshd_config.d/" \
    2>/dev/null || cp "$J/local/share/jump/50-jump-shared.conf" \
    "$J/etc/ssh/sshd_config.d/"
more <<END
jump_sshd_snippets: [50-jump-shared.conf, 60-jump.conf]
jump_sshd_own: {10-site.conf: "MaxStartups 100"}
jump_policy:
  10-people: |
    version 1
    user alice
    key alice "$(key alice)"
  30-web: |
    version 1
    host web2 10.2.0.12 ssh 22
    allow web: alice to web2
END
check "another policy in check mode: nothing" untouched play --check
check "but what changes for whom" printed 'alice gains'
play
check "another policy" gave 0
check "what is not wanted any more" \
    [ ! -e "$J/etc/jump/policy.d/20-web.conf" ]
check "but not what others made" [ -e "$J/etc/jump/policy.d/50-hand.conf" ]
check "what others made and says the same is taken over" \
    ours ssh/sshd_config.d/50-jump-shared.conf
as alice run ssh -F "$C" -J jump web2 hostname
check "its ProxyJump" gave 0 web2
as alice run ssh -F "$C" -J jump web1 hostname
check "and no other" gave 255

# A folder of a checkout.
mkdir -p "$T/git/policy.d"
printf 'version 1\nset contact "{{ nobody }}@example.com"\n' >"$T/git/policy"
printf 'version 1\nuser alice\nkey alice "%s"\n' "$(key alice)" \
    >"$T/git/policy.d/10-people.conf"
printf 'version 1\nhost web1 10.2.0.10 ssh 22\nallow web: alice to web1\n' \
    >"$T/git/policy.d/20-web.conf"
echo "jump_policy_folder: $T/git" | more
echo 'jump_policy: {}' >>"$T/more.yml"
play
check "a folder" gave 0
check "its policy, as it is" grep -qF '"{{ nobody }}@example.com"' "$J/etc/jump/policy"
check "its fragments" ours jump/policy.d/20-web.conf
check "what was not in it has gone" [ ! -e "$J/etc/jump/policy.d/30-web.conf" ]
check "its snippet too" [ ! -e "$J/etc/ssh/sshd_config.d/10-site.conf" ]
as alice run ssh -F "$C" -J jump web1 hostname
check "its ProxyJump" gave 0 web1
play
check "and nothing more" well 0

# --- the programs -------------------------------------------------------------

more <<END
jump_install: source
jump_source: $LAB_REPO
jump_prefix: "/usr/local; touch /tmp/prefix; :"
END
check "a prefix is no command" untouched play --check
rm "$J/local/sbin/jumpctl"
more <<END
jump_install: source
jump_source: $LAB_REPO
jump_make: [-o, all, "BUILD=$LAB_BUILD"]
END
play
check "make install" gave 0
run lab on jump jumpctl --version
check "has the programs" gave 0
play
check "and once is enough" well 0
as alice run ssh -F "$C" -J jump web1 hostname
check "a ProxyJump, in the end" gave 0 web1
finish
