# SPDX-License-Identifier: ISC
# Each command of the guides in docs, as it stands, in the order of the page.
# lab: LAB_POLICY=none
# runs: once
#
# How a guide is written, so that this can run it:
#
# - Commands stand in blocks of code that are called console, behind a prompt,
#   with what is to be seen below them: commands.py says how it is compared.
# - "jump#" is root on the jump host, "NAME#" root on the target or device of
#   that name, and "NAME$" the user NAME on a workstation, whose ~/.ssh/config has the
#   jump host as "jump".  Each command begins in the home folder, in a shell
#   of its own.
# - "# exit N" behind a command is how it ends; otherwise that is 0.
# - An id that the page shows is that of the lab from there on.
# - A block "console unrun: REASON" is not run.  Each is told of, and LIMIT
#   says how many there may be.
# - make (what it would build is there already), rsyslogd and systemctl are
#   stand-ins: stubs here and in guide.lib.sh.
# - Each page but controls.md begins on a machine without a jump host, in a state
#   that the function of its name makes here.
#
# GUIDES="PAGE..." runs these alone; SHOW=1 prints what each command shows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guide.lib.sh"
LIMIT=0

# --- people --------------------------------------------------------------------

# Each has a workstation: an account of the client, with a key and an agent.
person() {
	home=$T/home/$1
	echo "$1:x:$2:$2::$home:/bin/sh" >>/etc/passwd
	echo "$1:x:$2:" >>/etc/group
	install -d -m 700 -o "$2" "$home" "$home/.ssh"
	install -m 600 -o "$2" "$LAB/keys/$1" "$home/.ssh/id_ed25519"
	install -m 644 -o "$2" "$LAB/keys/$1.pub" "$home/.ssh/id_ed25519.pub"
	workstation "$1" sh -c 'ssh-agent -a ~/agent && ssh-add' \
	    >"$T/agent.out" 2>&1 || cat "$T/agent.out"
}

# workstation NAME COMMAND...
workstation() {
	who=$1
	shift
	setpriv --reuid "$who" --regid "$who" --clear-groups env -i \
	    PATH="$T/bin:/usr/local/bin:/usr/bin:/bin" USER="$who" LOGNAME="$who" \
	    HOME="$T/home/$who" SSH_AUTH_SOCK="$T/home/$who/agent" TERM=xterm \
	    sh -c 'cd && exec "$@"' sh "$@"
}

people() {
	mkdir -p "$T/home"
	chmod 755 "$T" "$T/home"
	uid=2001
	for who in alice bob carol vend1; do
		person $who $uid
		uid=$((uid + 1))
	done
	person admin 3000
	echo 192.0.2.1 jump.example.com >>/etc/hosts
	sed 's/^jump /&,jump.example.com /; s/ ,/,/' "$LAB/known_hosts" \
	    >/etc/ssh/ssh_known_hosts
	printf '%s\n' 'Host *' KexAlgorithms=curve25519-sha256 BatchMode=yes \
	    UpdateHostKeys=no ConnectTimeout=20 >/etc/ssh/ssh_config
}

# ssh_config: the ~/.ssh/config of everybody, from standard input.
ssh_config() {
	cat >"$T/config"
	for who in alice bob carol vend1 admin; do
		install -m 600 -o $who "$T/config" "$T/home/$who/.ssh/config"
	done
}

# --- the machine ---------------------------------------------------------------

# More stand-ins: make, which installs what was built already; and a service
# manager that sweeps, and restarts the log daemon.
more_stubs() {
	cat >"$T/stub/make" <<-STUB
		#!/bin/sh
		PATH=${PATH#*:} exec make -s -o all "\$@" BUILD=$J/built
	STUB
	cat >"$T/stub/rsyslogd" <<-'STUB'
		#!/bin/sh
		d=/run/lab/rsyslog/usr/sbin/rsyslogd
		[ -x "$d" ] || d=/usr/sbin/rsyslogd
		m=$(echo /run/lab/rsyslog/usr/lib/*/rsyslog)
		[ ! -d "$m" ] || set -- "-M$m" "$@"
		exec "$d" "$@"
	STUB
	mv "$T/stub/systemctl" "$T/stub/reload"
	cat >"$T/stub/systemctl" <<-'STUB'
		#!/bin/sh
		here=${0%/*}
		case $* in
		'reload ssh') exec "$here/reload" "$@" ;;
		'restart rsyslog')
			pkill -x rsyslogd
			while pgrep -r R,S,D -x rsyslogd; do sleep 0.1
			done >/dev/null
			rm -f /dev/log
			"$here/rsyslogd" -n -iNONE >/run/rsyslogd.err 2>&1 &
			until [ -S /dev/log ]; do sleep 0.1; done ;;
		'enable --now jump-sweep.timer')
			sweep=$(sed -n s/^ExecStart=//p \
			    /usr/local/lib/systemd/system/jump-sweep.service)
			$sweep
			setsid sh -c "while sleep 30; do $sweep; done" \
			    >/dev/null 2>&1 & echo $! >/run/sweeper ;;
		'disable --now jump-sweep.timer')
			kill -- "-$(cat /run/sweeper)" && rm /run/sweeper ;;
		'enable --now jump-gate.socket')
			"$here/../inetd" -i "$here/../inetd.conf" >/dev/null 2>&1 &
			echo $! >/run/gate
			until ss -Hltn 'sport = 422' | grep -q '\[::1\]'; do
				sleep 0.1
			done ;;
		'disable --now jump-gate.socket') kill "$(cat /run/gate)" ;;
		*) exit 1 ;;
		esac
	STUB
	chmod +x "$T"/stub/*
	gate_lines
	mkdir -p "$J/built"
	for f in jumpctl jump-authkeys jump-shell jump-connect jump-record \
	    jump-ssh; do
		cp -p "$LAB_BUILD/$f" "$J/built/"
	done
}

# again: as before any installation, with Debian's rsyslog.conf, the keys that
# users have sent, and the source.
again() {
	[ ! -s "$J/run/sweeper" ] || lab on jump sh -c 'kill -- -$(cat /run/sweeper)'
	nothing
	rm -f "$J/etc/gshadow" "$J/root/.ssh/id_ed25519"
	: >"$LAB/jump.log"
	rm -rf "$J"/var/log/jump* "$J/var/log/auth.log" "$J"/run/jump "$J"/run/sweeper "$J"/root/keys
	mkdir -p "$J/etc/rsyslog.d" "$J/etc/logrotate.d" \
	    "$J/var/spool/rsyslog" "$J/root/keys"
	rm -f "$J"/etc/rsyslog.d/* "$J"/etc/logrotate.d/*
	sed '/dev\.corp/d' "$J/etc/hosts.lab" >"$J/etc/hosts"
	cat >"$J/etc/rsyslog.conf" <<-'END'
		module(load="imuxsock") # provides support for local system logging
		$WorkDirectory /var/spool/rsyslog
		$IncludeConfig /etc/rsyslog.d/*.conf
		*.* /run/lab/jump.log
		auth,authpriv.* /var/log/auth.log
	END
	for who in alice bob carol vend1; do
		sed 's/@lab$/@laptop/' "$LAB/keys/$who.pub" >"$J/root/keys/$who.pub"
	done
	source_tree "$J/local/src/jump"
	lab on jump "$T/stub/systemctl" restart rsyslog
	lab on jump "$T/stub/systemctl" reload ssh
}

# --- steps ---------------------------------------------------------------------

# perform STEP PROMPT: its command, with the ids of this lab.
perform() {
	sed -f "$T/names" "$T/steps/$1" >"$T/step"
	chmod 644 "$T/step"
	last=$(head -n 1 "$T/step")
	set -- "${2%?}" "$(cat "$T/step")"
	case $1,$2 in
	jump,*) ;;
	*,'ssh '*' -t '*) set -- "$1" "$(terminal "$2")" ;;
	esac
	case $1 in
	jump) timeout 60 lab on jump env HOME=/root PATH="$T/stub:$PATH" \
	    sh -c "cd; $2" ;;
	collector) timeout 30 lab on db1 sh -c "$2" ;;
	rtu17) timeout 30 lab on web1 env HOME=/root sh -c "cd; $2" ;;
	rtu18) timeout 30 lab on web2 env HOME=/root sh -c "cd; $2" ;;
	rtu19) timeout 30 lab on db1 env HOME=/root sh -c "cd; $2" ;;
	web1|web2|db1) timeout 30 lab on "$1" sh -c "$2" ;;
	*) timeout 60 setpriv --reuid "$1" --regid "$1" --clear-groups env -i \
	    PATH=/usr/local/bin:/usr/bin:/bin USER="$1" LOGNAME="$1" \
	    HOME="$T/home/$1" SSH_AUTH_SOCK="$T/home/$1/agent" TERM=xterm \
	    sh -c "cd; $2" ;;
	esac >"$T/out" 2>"$T/err" </dev/null && status=0 || status=$?
	cat "$T/err" >>"$T/out"
}

# terminal COMMAND: the same, in a terminal.
terminal() {
	printf "script -qec '%s' /dev/null" "$1"
}

# saw STEP: what the page says is to be seen.
saw() {
	sed -f "$T/names" "$T/steps/$1.seen" >"$T/seen"
	python3 "$LAB_REPO/tests/e2e/commands.py" seen "$T/seen" "$T/out" \
	    "$T/names" >"$T/err" 2>&1
}

# again_and_seen STEP PROMPT: of what comes over the network, sooner or later.
again_and_seen() {
	saw "$1" || { perform "$@"; saw "$1"; }
}

# guide FILE: all of it.
guide() {
	rm -f "$T"/steps/*
	: >"$T/names"
	check "docs/$1: each command is one that is run" steps "docs/$1"
	check "docs/$1 has commands" [ -s "$T/steps/list" ]
	while read -r step line block prompt wanted unrun <&7; do
		if [ "$unrun" != - ]; then
			skip "docs/$1:$line: $unrun"
			unruns=$((unruns + 1))
			continue
		fi
		perform "$step" "$prompt"
		[ "$prompt" != 'collector#' ] ||
		    within again_and_seen "$step" "$prompt" || :
		[ -z "${SHOW:-}" ] || { echo "--- $1:$line: $prompt $last"; cat "$T/out"; }
		check "docs/$1:$line: $prompt $last" [ "$status" -eq "$wanted" ]
		[ ! -s "$T/steps/$step.seen" ] ||
		    check "docs/$1:$line: is as it says" saw "$step"
	done 7<"$T/steps/list"
}

# --- the guides ----------------------------------------------------------------

operations() {
	ssh_config <<-'END'
		Host jump
		    HostName jump.example.com
	END
	cp -a "$J/local/src/jump" "$J/local/src/jump-new"
	install -m 600 -o alice "$LAB/keys/mallory" "$T/home/alice/.ssh/id_2027"
	sed 's/ .*@lab$/& alice@2027/; s/ mallory@lab//' "$LAB/keys/mallory.pub" \
	    >"$J/root/keys/alice-2027.pub"
	install -m 600 "$LAB/keys/alice" "$J/root/.ssh/id_ed25519"
	sed -n 's/^db1 /collector /p' "$LAB/known_hosts" >"$J/root/.ssh/known_hosts"
	printf 'Host collector\nHostName 10.2.0.11\nHostKeyAlias collector\n' \
	    >"$J/root/.ssh/config"
	lab on db1 socat -u TCP-LISTEN:514,fork \
	    OPEN:/var/log/jump.log,creat,append >/dev/null 2>&1 &
}

# before NAME [KEY...]: an account with a shell, and these people's keys.
before() {
	account=$1
	shift
	lab on jump useradd -m -p '*' -s /bin/sh "$account"
	home=$J/home/$account
	install -d -m 700 "$home/.ssh"
	for who; do
		cat "$J/root/keys/$who.pub"
	done >"$home/.ssh/authorized_keys"
	lab on jump chown -R "$account" "/home/$account/.ssh"
}

# controls: on the machine that operations.md has left.
controls() {
	:
}

# names: what people type leads there without us.
names() {
	printf '%s\n' '10.2.0.10 web1' '10.2.0.12 web2' '10.2.0.11 db1' \
	    >>"$J/etc/hosts"
}

migrate_proxyjump() {
	names
	before alice alice
	before bob bob
	ssh_config <<-'END'
		Host jump
		    HostName jump.example.com
	END
}

migrate_nc() {
	names
	before jump alice carol
	ssh_config <<-'END'
		Host jump
		    HostName jump.example.com
		    User jump
		Host web1 db1
		    ProxyCommand ssh jump nc %h %p
	END
}

# Devices on web1 and web2 with one account, whose tunnels come back by
# themselves, and sockets that everybody on the jump host can connect to.
migrate_tunnels() {
	before alice alice
	before host
	chmod 711 "$J/home/host"
	printf 'StreamLocalBind%s\n' 'Unlink yes' 'Mask 0111' \
	    >"$J/etc/ssh/sshd_config.d/90-old.conf"
	lab on jump "$T/stub/reload" reload ssh
	device rtu17 web1
	device rtu18 web2
	new_device rtu19 db1
	ssh_config <<-'END'
		Host jump
		    HostName jump.example.com
		Host rtu17 rtu18
		    ProxyCommand ssh jump nc -U /home/host/%h.sock
	END
	within test -S "$J/home/host/rtu17.sock" -a -S "$J/home/host/rtu18.sock"
}

# new_device NAME HOST: its key, on HOST and with the administrator.
new_device() {
	root=$LAB/hosts/$2/root
	lab on "$2" hostname "$1"
	install -d -m 700 "$root/.ssh"
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$root/$1.key"
	cp "$root/$1.key.pub" "$J/root/keys/$1.pub"
	sed 's/^jump /&,jump.example.com /; s/ ,/,/' "$LAB/known_hosts" \
	    >"$root/.ssh/known_hosts"
	echo '10.2.0.1 jump.example.com' >>"$LAB/hosts/$2/etc/hosts"
	sed -n "s/^$2 /$1,[$1]:2222 /p" "$LAB/known_hosts" \
	    >>/etc/ssh/ssh_known_hosts
}

device() {
	new_device "$@"
	cat "$J/root/keys/$1.pub" >>"$J/home/host/.ssh/authorized_keys"
	lab on "$2" sh -c 'cd; while :; do
		ssh -i "$1.key" -o BatchMode=yes -o ExitOnForwardFailure=yes -N \
		    -R "/home/host/$1.sock:localhost:22" host@jump.example.com
		sleep 0.5
	done' - "$1" >"$T/$1.log" 2>&1 &
}

people
stubs
more_stubs
unruns=0
pages="operations controls migrate-proxyjump migrate-nc"
if [ -e "$LAB_REPO/sshd_config.d/70-jump-devices.conf" ]; then
	pages="$pages migrate-tunnels"
else
	skip "docs/migrate-tunnels.md: this version serves no devices"
fi
for page in ${GUIDES:-$pages}; do
	[ "$page" = controls ] || again
	"$(echo "$page" | tr - _)"
	guide "$page.md"
	check "docs/$page.md: nobody but root reads a backup" \
	    [ -z "$(find "$J/root" -name '*.tgz' -perm /077)" ]
done
check "$unruns commands are not run, $LIMIT at most" [ "$unruns" -le "$LIMIT" ]
finish
