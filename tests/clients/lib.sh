# SPDX-License-Identifier: ISC
# lib.sh: the words of the scripts for real clients, beside those of e2e.
#
# alice sits at a workstation, which is the client of the lab: she has a home
# with her key, the host key of the jump host, and what `ssh jump config' wrote
# for her.  What `bootstrap clients' unpacked lies over /usr there, and on web1,
# web2 and db1, where the servers run as alice too.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../e2e/lib.sh"
HOME_ALICE=/home/alice

# alice COMMAND...: at her workstation; its status, output and errors are kept.
alice() {
	run lab on -u alice client sh -c 'cd && exec "$@"' - "$@"
	last=$*
}

# server HOST NAME COMMAND...: in the background on HOST, as alice, in her home.
server() {
	log=$T/$2.log
	on=$1
	shift 2
	lab on -u alice "$on" sh -c 'cd && exec "$@"' - "$@" >"$log" 2>&1 &
}

# listens HOST PORT
listens() {
	lab on "$1" ss -Hltn "sport = $2" | grep -q .
}

# tunnel HOST: the forwards of the generated file, in the background, as long
# as the policy lets them.
tunnel() {
	alice ssh -fN "$1+tunnel"
	check "ssh -fN $1+tunnel" gave 0
}

# at HOST PORT: where at the workstation that port of HOST is: "ADDRESS PORT".
at() {
	lab on -u alice client ssh -G "$1+tunnel" 2>/dev/null |
	    sed -n "s/^localforward \[\(127[0-9.]*\)\]:\([0-9]*\) .*:$2\$/\1 \2/p"
}

# any_port HOST: users may listen on any port there, and what the lab has
# listening is in nobody's way.
any_port() {
	lab on "$1" sysctl -qw net.ipv4.ip_unprivileged_port_start=0
	for port in 80 502 5432; do
		for pid in $(lab on "$1" ss -Hltnp "sport = $port" |
		    sed -n 's/.*pid=\([0-9]*\).*/\1/p'); do
			kill "$pid"
		done
	done
}

# lay HOST: what bootstrap unpacked, over its /usr; and what X11 programs look
# like.
lay() {
	lab on "$1" mount -t overlay -o "lowerdir=$LAB/clients/usr:/usr" \
	    overlay /usr && cp -a "$LAB/clients/etc/X11" "$LAB/hosts/$1/etc/"
}

# workstation: or the script ends here, with a check skipped.
workstation() {
	if [ ! -d "$LAB/clients/usr" ]; then
		skip "no clients here; run sudo ./bootstrap clients"
		exit 0
	fi
	cp "$here"/* "$T/"
	mount -t tmpfs -o mode=1777 tmp /tmp || exit 1
	mount -t tmpfs -o mode=1777 shm /dev/shm || exit 1
	mount -t tmpfs -o mode=755 home /home || exit 1
	for h in client web1 web2 db1; do
		lay $h || exit 1
	done
	any_port web1
	any_port web2
	any_port db1
	echo "alice:x:2001:2001::$HOME_ALICE:/bin/sh" >>/etc/passwd
	echo "alice:x:2001:" >>/etc/group
	install -d -o 2001 -g 2001 -m 700 "$HOME_ALICE" "$HOME_ALICE/.ssh"
	mine "$LAB/keys/alice" .ssh/id_ed25519
	mine "$LAB/keys/alice.pub" .ssh/id_ed25519.pub
	grep '^jump ' "$LAB/known_hosts" | written .ssh/known_hosts
}

# configured: what jump-shell(8) tells a new user to do, who has been told the
# host key of the jump host, and no other.
configured() {
	run lab on -u alice client sh -c 'cd ~/.ssh &&
	    ssh alice@jump known_hosts >jump_known_hosts &&
	    ssh alice@jump config >jump.conf && echo Include jump.conf >config'
	check "ssh jump config" gave 0
}

# picture FILE NAME: kept as NAME.png, for somebody who looks at it, in the
# folder PICTURES, if that is set.
picture() {
	[ -z "${PICTURES:-}" ] ||
	    python3 "$T/pictures.py" convert "$1" "$PICTURES/$2.png"
}

# share LEAST pictures.py-ARGUMENT...: that many percent, or more.
share() {
	least=$1
	shift
	python3 "$T/pictures.py" "$@" >"$T/out" 2>"$T/err" &&
	    awk -v least="$least" '{ exit !($1 >= least) }' "$T/out"
}

# mine FILE NAME: a copy for alice.
mine() {
	install -m 600 -o 2001 -g 2001 "$1" "$HOME_ALICE/$2"
}

# written NAME: standard input becomes a file of alice.
written() {
	cat >"$T/written"
	mine "$T/written" "$1"
}

# client_of VERSION: ssh, scp and sftp of alice from now on: stock, which are
# the machine's, or newer, and no connection of the other one.
client_of() {
	alice ssh -O exit jump
	! mountpoint -q /usr/local || umount /usr/local
	[ "$1" = newer ] || return 0
	[ -x "$LAB/client-newer/usr/bin/ssh" ] || return 1
	mount --bind "$LAB/client-newer/usr" /usr/local
}

# no_road HOST: the jump host said so, by the road that HOST is on; the second
# text is that of a connection shared by ControlMaster.
no_road() {
	case $1 in
	web1) said 'administratively prohibited|Session open refused by peer' ;;
	*) said "^jump: $1:22 is not open to you" ;;
	esac
}

# open_all: web1 by all roads, web2 by connect alone, so that its block in the
# generated configuration has a ProxyCommand; $1 in place of the rules.
open_all() {
	policy <<-END
		host plc7 10.50.1.7 tcp 502
		host hmi1 10.9.0.2 tcp { 3389 5900 }
		hostkey web1 "ssh-ed25519 AAAA"
		hostkey web2 "ssh-ed25519 AAAA"
		hostkey db1 "ssh-ed25519 AAAA"
		${1:-$RULES}
	END
}

RULES='allow forwards: alice to { web1 db1 plc7 hmi1 }
allow connects: alice to web2 via connect'
