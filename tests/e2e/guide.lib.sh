# SPDX-License-Identifier: ISC
# guide.lib.sh: a machine that has no jump host yet, and people who read how to
# make one of it.  Read by readme.sh and guides.sh.
J=$LAB/hosts/jump
mkdir -p "$T/stub" "$T/steps"

# --- nothing -----------------------------------------------------------------

# nothing: the jump host is as before the installation, with two
# administrators, and accounts for nobody else.
nothing() {
	for f in passwd shadow group; do
		sed -i '/^\(alice\|bob\|vend1\|mallory\|jump\|jump-devices\|_jump\):/d' \
		    "$J/etc/$f"
	done
	rm -rf "$J"/local/* "$J"/home/[b-z]* "$J/home/alice" \
	    "$J/var/lib/jump" "$J/etc/jump" "$J"/etc/ssh/sshd_config.d/[4-7]0-*
	grep -q '^sudo:' "$J/etc/group" ||
	    echo 'sudo:x:27:admin,root' >>"$J/etc/group"
	install -d -m 700 "$J/root/.ssh"
	cp "$LAB/keys/admin.pub" "$J/root/.ssh/authorized_keys"
	lab on jump mkdir -p /usr/local/sbin
	lab on jump ln -s "$LAB/openssh/usr/sbin/sshd" /usr/local/sbin/sshd
}

# source_tree DIR: what is in the repository, and nothing that was built.
source_tree() {
	mkdir -p "$1"
	(cd "$LAB_REPO" && tar -cf - --exclude='./build*' --exclude=./.cache \
	    --exclude=./.git .) | tar -xf - -C "$1"
}

# --- stand-ins ---------------------------------------------------------------

# What the lab has not got: a package manager that may change the machine, and
# a service manager.  Who reloads ssh has it reloaded, though.
stubs() {
	cat >"$T/stub/apt-get" <<-'STUB'
		#!/bin/sh
		[ "$1" = install ]
	STUB
	cat >"$T/stub/systemctl" <<-'STUB'
		#!/bin/sh
		[ "$*" = 'reload ssh' ] || exit 1
		pid=$(cat /run/sshd.pid)
		rm /run/sshd.pid
		kill -HUP "$pid"
		until [ -s /run/sshd.pid ]; do sleep 0.1; done
	STUB
	chmod +x "$T"/stub/*
}

# --- the commands of a document ------------------------------------------------

# steps FILE [HEADING]: its commands, in $T/steps, and the list of them there.
steps() {
	python3 "$LAB_REPO/tests/e2e/commands.py" list "$LAB_REPO/$1" \
	    "$T/steps" ${2:+"$2"} >"$T/steps/list"
}

# block N: the commands of the Nth block, each as it stands.
block() {
	awk -v n="$1" '$3 == n { print $1 }' "$T/steps/list" |
	    while read -r step; do cat "$T/steps/$step"; done
}

# how_many N...: commands in these blocks.
how_many() {
	awk -v blocks=" $* " 'index(blocks, " " $3 " ") { n++ }
	    END { print n + 0 }' "$T/steps/list"
}
