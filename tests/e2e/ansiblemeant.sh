# SPDX-License-Identifier: ISC
# dist/ansible: who is no user, and what cannot be meant: refused before anything
# of the machine is changed.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/ansible.lib.sh"

# --- who is no user ---------------------------------------------------------------

sudo='' doas=''
unfit() {
	run lab on jump env SUDO_USER="$sudo" DOAS_USER="$doas" \
	    sh "$T/ansible/roles/jump/files/machine.sh" unfit "$@"
}

bob=$(lab on jump id -u bob)
unfit 0 alice bob
check "users" gave 0 ""
unfit 0 alice root
check "root" gave 0 "root: has uid 0"
sed -i 's,^alice:.*,&\ntoor:x:0:0::/root:/bin/sh,' "$J/etc/passwd"
unfit 0 toor
check "whoever has its uid" gave 0 "toor: has uid 0"
sed -i '/^toor:/d' "$J/etc/passwd"
unfit 0 admin bob
check "sudo" gave 0 "admin: is in the group sudo"
unfit "$bob" alice bob
check "as whom Ansible logs in" gave 0 "bob: is who runs this"
sudo=bob
unfit 0 alice bob
check "who became root by sudo" gave 0 "bob: is who runs this"
sudo='' doas=bob
unfit 0 alice bob
check "or by doas" gave 0 "bob: is who runs this"
doas=''
echo 'wheel:x:3999:' >>"$J/etc/group"
lab on jump usermod -g wheel bob
unfit 0 bob
check "wheel, as the own group" gave 0 "bob: is in the group wheel"
unfit 0 nobodyhere "$bob"
check "no account" gave 0 "nobodyhere: has no account
$bob: has no account"

# Before anything is there.
more <<'END'
jump_members: [alice, admin]
END
refused_play "an administrator as user" 'Cannot be users.*admin: is in the group sudo'
more <<'END'
jump_members: [alice, nobodyhere]
END
refused_play "a member who is not there" 'Cannot be users.*nobodyhere: has no account'
play
check "the role" gave 0
lab on jump usermod -a -G jump admin
refused_play "an administrator who is in the group" 'admin: is in the group sudo'
lab on jump gpasswd -d admin jump >/dev/null
more <<'END'
jump_members: [alice, bob]
END
export SUDO_USER=bob
refused_play "who runs it" 'bob: is who runs this'
unset SUDO_USER

# --- what is misspelt ----------------------------------------------------------------

more <<'END'
jump_member: [bob]
jump_policy_fodler: /nowhere
END
refused_play "a variable" 'jump_member, jump_policy_fodler: no variable of this role'
mkdir -p "$T/git/policy.d"
printf 'version 1\n' >"$T/git/policy"
echo "jump_policy_folder: $T/git" | more
refused_play "a folder without a fragment" 'git: no policy.d/[*].conf is there'
cat >"$T/git/policy.d/20-web.conf" <<'END'
version 1
host web1 10.2.0.10 ssh 22
#user alice
set contact "100% user"
END
printf 'jump_policy_folder: %s\njump_policy: {}\n' "$T/git" | more
refused_play "a policy without users" 'nobody would be a user any more'
printf 'jump_policy_folder: %s\njump_policy: {}\n' "$T/git" | more
cat >>"$T/more.yml" <<'END'
jump_policy_empty: true
jump_server: 192.0.2.1
jump_others: [jump_server]
END
play --check
check "unless that is meant; nor a variable of others" gave 0
finish
