# SPDX-License-Identifier: ISC
# ansible.lib.sh: a jump host on which the role of dist/ansible is new, and the
# words of the scripts that run it there; or they end here, with a check skipped.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
unpacked=$LAB_REPO/.cache/ansible/usr
if [ ! -x "$unpacked/bin/ansible-playbook" ]; then
	skip "no Ansible here; run sudo ./bootstrap ansible"
	finish
fi

# --- a machine with the programs, and nothing else ----------------------------

# What bootstrap has unpacked lies over its /usr, and its /usr/local over that.
lab on jump mount -t overlay -o "lowerdir=$unpacked:/usr" overlay /usr || exit 1
lab on jump mount --bind "$J/local" /usr/local || exit 1
cp -a "$LAB_REPO/dist/ansible" "$T/ansible"
rm "$J"/etc/ssh/sshd_config.d/*jump*.conf
sed -i 's/^jump:.*/jump:x:2010:/' "$J/etc/group"
sed -i '/^jump:/d' "$J/etc/passwd" "$J/etc/shadow"
echo 'sudo:x:27:admin,root' >>"$J/etc/group"
mkdir -p "$J/etc/cron.d"
install -d -m 700 "$J/root/.ssh"
cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"
lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'

# --- words --------------------------------------------------------------------

cat >"$T/site.yml" <<'END'
---
- name: Jump hosts
  hosts: all
  gather_facts: false
  roles:
    - role: jump
END
cat >"$T/ansible.cfg" <<END
[defaults]
roles_path = $T/ansible/roles
nocolor = true
retry_files_enabled = false
pipelining = true
END

# play [OPTION...]: run the role with the variables in $T/vars.yml, and those in
# $T/more.yml, until then none.  It takes longer than what run is for.
play() {
	last="play $*"
	lab on jump env ANSIBLE_CONFIG="$T/ansible.cfg" LC_ALL=C.UTF-8 \
	    HOME=/root PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
	    timeout 120 /usr/bin/ansible-playbook -i jump, -c local \
	    -e ansible_python_interpreter=/usr/bin/python3 \
	    -e "@$T/vars.yml" -e "@$T/more.yml" "$@" "$T/site.yml" \
	    >"$T/out" 2>"$T/err" && status=0 || status=$?
}

more() {
	cat >"$T/more.yml"
}

plain() {
	echo '{}' >"$T/more.yml"
}

# recap FIELD: its number of the last line.
recap() {
	sed -n "s/^jump .* $1=\([0-9]*\) .*/\1/p" "$T/out" | tail -n 1
}

# well CHANGED: without an error, and with so many changes.
well() {
	gave 0 && [ "$(recap changed)" -eq "$1" ]
}

# machine: every file that is the role's to change, or could be.
machine() {
	find "$J/etc" "$J/local" "$J/var/lib/jump" "$J/tmp" "$J/root/.ssh" \
	    \( -name '*.pid' -o -name 'swept' \) -o \
	    -printf '%p %y %u:%g %m %s %T@ %l\n' | sort
}

# untouched COMMAND...: by it, all of the machine.
untouched() {
	machine >"$T/before"
	"$@"
	machine >"$T/after"
	cmp -s "$T/before" "$T/after" && return
	diff "$T/before" "$T/after" >>"$T/err"
	return 1
}

# refused_play NAME TEXT: the role fails, says so, and has touched nothing.
refused_play() {
	check "$1: nothing is changed" untouched play
	check "$1: it fails" [ "$status" -eq 2 ]
	check "$1: and says why" printed "$2"
	plain
}

mark="# Made by Ansible, role jump: what is changed here is lost."
ours() {
	[ "$(head -n 1 "$J/etc/$1")" = "$mark" ]
}

key() {
	cut -d' ' -f1,2 "$LAB/keys/$1.pub"
}

cat >"$T/vars.yml" <<END
jump_sshd: $LAB/openssh/usr/sbin/sshd
jump_sshd_reload: [sh, -c, 'kill -HUP \$(cat /run/sshd.pid)']
jump_members: [alice]
jump_sweep: cron
jump_policy:
  10-people: |
    version 1
    user alice
    key alice "$(key alice)"
  20-web.conf: |
    version 1
    host web1 10.2.0.10 ssh 22
    allow web: alice to web1
END
plain

