# SPDX-License-Identifier: ISC
# dist/ansible: the role takes back what it has done, or nothing.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/ansible.lib.sh"

# There is no sweep of cron's here, and members have a shell.
shell() {
	lab on jump usermod -s "$1" alice
}

echo "jump_install: source" >>"$T/vars.yml"
echo "jump_source: $LAB_REPO" >>"$T/vars.yml"
echo "jump_make: [-o, all, 'BUILD=$LAB_BUILD']" >>"$T/vars.yml"
more <<END
jump_policy:
  10-people: |
    version 1
    set nft "/usr/sbin/nft"
    user alice
    key alice "$(key alice)"
    host web1 10.2.0.10 ssh 22
    allow web: alice to web1
END
cp "$T/more.yml" "$T/nft.yml"
cp "$J/etc/hosts" "$T/hosts"
play
check "the role" gave 0
printf 'version 1\n' >"$J/etc/jump/policy.d/50-hand.conf"
as alice ssh -F "$C" -J jump web1 'echo here; sleep 300' >"$T/open" 2>/dev/null &
open=$!
until grep -q here "$T/open"; do sleep 0.1; done
run lab on jump nft list table inet jumphost
check "there is a table" gave 0

more <<'END'
jump_policy: {}
END
refused_play "an inventory that gives no policy" 'all of /etc/jump/policy.d/10-people.conf'
echo "jump_policy_folder: $T/misspelt" | more
refused_play "a folder that is not there" 'misspelt: no policy.d/[*].conf is there'

# --- what keeps it from going ------------------------------------------------------

echo 'jump_state: absent' | more
refused_play "a member with a shell" 'Would be plain users of sshd: alice'
shell /usr/local/libexec/jump/jump-shell
cp "$J/local/share/jump/50-jump-shared.conf" "$J/etc/ssh/sshd_config.d/"
echo 'jump_state: absent' | more
refused_play "a snippet of others" '50-jump-shared.conf is not the role'
rm "$J/etc/ssh/sshd_config.d/50-jump-shared.conf"
lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'

# --- it goes -------------------------------------------------------------------------

printf 'jump_state: absent\njump_purg: true\n' | more
refused_play "a variable that is misspelt" 'jump_purg: no variable'
printf 'jump_state: absent\njump_members: [alice, admin, nobodyhere]\n' | more
check "check mode: nothing" untouched play --check
check "check mode: well" gave 0
play
check "away" gave 0
wait $open
check "what was open has ended" [ $? -eq 255 ]
run lab on jump nft list table inet jumphost
check "the table has gone" not gave 0
check "its files" not grep -rlF "$mark" "$J/etc"
check "its lines for cron" [ ! -e "$J/etc/cron.d/jump-sweep" ]
check "/etc/hosts is what it was" cmp "$T/hosts" "$J/etc/hosts"
check "what others made stays" [ -e "$J/etc/jump/policy.d/50-hand.conf" ]
check "the policy that was in force stays" [ -e "$J/var/lib/jump/policy.db" ]
check "the programs have gone" [ ! -e "$J/local/sbin/jumpctl" ]
check "alice is a member" grep -q '^jump:.*alice' "$J/etc/group"
as alice run ssh -F "$C" -o BatchMode=yes jump true
check "who does not get in" gave 255
play
check "once is enough" well 0
cp "$T/nft.yml" "$T/more.yml"
play
check "and back" gave 0
as alice run ssh -F "$C" -J jump web1 hostname
check "a ProxyJump" gave 0 web1
finish
