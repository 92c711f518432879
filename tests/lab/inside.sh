# SPDX-License-Identifier: ISC
# inside.sh: the first process of a lab (tests/lab/lab starts it), and, with
# the argument --host NAME (or --apart NAME), the first process of one of its
# hosts.
#
# This process and its children are the client.  Each other host is a process
# in mount, network and UTS namespaces of its own; its /etc, /run, /tmp, /var,
# /home, /root, /dev and /usr/local are folders of $LAB/hosts/NAME, bound over
# the machine's.
#
#      client              jump                    web1     web2     db1
#   192.0.2.10   --- 192.0.2.1     10.2.0.1 --- .10      .12      .11
#   198.51.100.10    198.51.100.1
#   2001:db8:1::10   2001:db8:1::1 2001:db8::1  ::10     ::12     ::11
#
# Further addresses: web1 10.8.0.10 (app1.dev.corp.example), web2 10.9.0.2 and
# 10.2.0.53 (where nothing answers the jump host's DNS queries, unless a test
# starts dns.py there), db1 10.50.1.7 (plc7).  The client has no route to any
# of them.
#
# With LAB_SECOND there is another jump host, jump2: 203.0.113.2, whose cable
# ends at the client's eth1, 203.0.113.10; and 10.2.0.2 and 2001:db8::2.
set -eu

USERS='alice bob vend1 carol'
HOSTS='web1 web2 db1'
JUMPS="jump ${LAB_SECOND:+jump2}"
LAB=/run/lab
# The password of every user of the jump host: lab-password
HASH='$6$lablablab$dvevp/2vKhTg8bqrdwaeM0bfDTT1lTcJGF2k4ftB3ov/1k5cZcKX.C2dYMblMvABmGDaCKFiaTg5fuivlFyJP/'

die() {
	printf 'lab: %s\n' "$*" >&2
	exit 1
}

# wait_for FILE: until it exists, at most about 10 s.
wait_for() {
	tries=0
	until [ -e "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || die "waited for $1 in vain"
		sleep 0.02
	done
}

# --- files -------------------------------------------------------------------

# In a chroot, / may be no mount point, and only the namespace's real root
# can be made private: setns(2) goes there.
private_mounts() {
	mount --make-rprivate / 2>/dev/null ||
	    nsenter --mount=/proc/self/ns/mnt mount --make-rprivate /
	mount -t proc -o nosuid,nodev,noexec proc /proc
	mount -t tmpfs -o mode=755 lab /run
}

# user NAME UID SHELL [GROUPS]: one account on the host being made ($H).
user() {
	echo "$1:x:$2:$2::/home/$1:$3" >>"$H/etc/passwd"
	echo "$1:$HASH:19000:0:99999:7:::" >>"$H/etc/shadow"
	echo "$1:x:$2:" >>"$H/etc/group"
	mkdir -p "$H/home/$1"
	chown "$2:$2" "$H/home/$1"
	chmod 700 "$H/home/$1"
}

system_accounts() {
	cat >"$H/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		sshd:x:105:65534::/run/sshd:/usr/sbin/nologin
		_jump:x:990:990::/nonexistent:/usr/sbin/nologin
		_jump-notify:x:991:991::/nonexistent:/usr/sbin/nologin
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
	END
	sed 's/:.*/:*:19000:0:99999:7:::/' "$H/etc/passwd" >"$H/etc/shadow"
	chmod 640 "$H/etc/shadow"
	cat >"$H/etc/group" <<-END
		root:x:0:
		tty:x:5:
		shadow:x:42:
		utmp:x:43:
		_jump:x:990:
		_jump-notify:x:991:
		_jump-ssh:x:992:
		nogroup:x:65534:
	END
}

# Own accounts are in the group jump, and so is the shared one; mallory is too,
# but no policy knows her.  Half of them have jump-shell as their login shell.
jump_accounts() {
	user alice 2001 /bin/sh
	user bob 2002 /usr/local/libexec/jump/jump-shell
	user vend1 2003 /usr/local/libexec/jump/jump-shell
	user mallory 2004 /bin/sh
	user jump 2010 /bin/sh
	user admin 3000 /bin/sh
	sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1,mallory/' "$H/etc/group"
	cat >>"$H/etc/group" <<-END
		jump-devices:x:2101:
		sysadmin:x:2102:
	END
	install -d -m 700 -o 3000 -g 3000 "$H/home/admin/.ssh"
	install -m 600 -o 3000 -g 3000 "$LAB/keys/admin.pub" \
	    "$H/home/admin/.ssh/authorized_keys"
}

target_accounts() {
	uid=2001
	for u in $USERS; do
		user "$u" $uid /bin/sh
		uid=$((uid + 1))
	done
	for u in $USERS; do
		cat "$LAB/keys/$u.pub"
	done >"$H/etc/ssh/authorized_keys"
}

# What programs need of the machine's /etc, and nothing that tells who it is.
common_etc() {
	mkdir -p "$H/etc/ssh"
	for f in /etc/ld* /etc/alternatives /etc/ssl /etc/pki /etc/protocols \
	    /etc/services /etc/localtime /etc/login.defs /etc/security \
	    /etc/crypto-policies /etc/python3*; do
		[ ! -e "$f" ] || cp -a "$f" "$H/etc/"
	done
	system_accounts
	cat >"$H/etc/nsswitch.conf" <<-END
		passwd: files
		group: files
		shadow: files
		hosts: files dns
	END
	echo "127.0.0.1 localhost" >"$H/etc/hosts"
	echo "::1 localhost" >>"$H/etc/hosts"
	: >"$H/etc/resolv.conf"
	echo "/bin/sh" >"$H/etc/shells"
}

folders() {
	mkdir -p "$H/etc" "$H/run/lab" "$H/run/sshd" "$H/home" "$H/local" \
	    "$H/var/log" "$H/var/lib" "$H/var/spool" "$H/var/empty" "$H/dev/pts" "$H/dev/shm"
	mkdir -p -m 700 "$H/root"
	mkdir -p -m 1777 "$H/tmp" "$H/var/tmp"
	ln -s /run "$H/var/run"
}

private_dev() {
	for f in null zero full random urandom tty; do
		: >"$H/dev/$f"
		mount --bind "/dev/$f" "$H/dev/$f"
	done
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 \
	    devpts "$H/dev/pts"
	ln -s pts/ptmx "$H/dev/ptmx"
	ln -s /proc/self/fd "$H/dev/fd"
	ln -s /proc/self/fd/0 "$H/dev/stdin"
	ln -s /proc/self/fd/1 "$H/dev/stdout"
	ln -s /proc/self/fd/2 "$H/dev/stderr"
	mount --rbind "$H/dev" /dev
}

# The host's folders take the place of the machine's, /run last: $LAB is in it.
take_folders() {
	private_dev
	for f in etc home tmp var root; do
		mount --bind "$H/$f" "/$f"
	done
	mount --bind "$H/local" /usr/local
	mount --rbind "$LAB" "$H/run/lab"
	mount --rbind "$H/run" /run
	cd /
}

# --- network -----------------------------------------------------------------

# link ADDRESS...: eth0 of this host, its other end on the jump host as PEER.
link() {
	ip link add eth0 type veth peer name "$PEER" netns \
	    "$(cat $LAB/hosts/jump/pid)"
	addresses eth0 "$@"
}

addresses() {
	device=$1
	shift
	ip link set "$device" up
	for a in "$@"; do
		case $a in
		*:*) ip addr add "$a" dev "$device" nodad ;;
		*) ip addr add "$a" dev "$device" ;;
		esac
	done
}

jump_network() {
	echo 0 2>/dev/null >/proc/sys/net/ipv4/ip_forward || :
	ip link set lo up
	ip link add targets type bridge forward_delay 0
	addresses targets 10.2.0.1/24 2001:db8::1/64
	for net in 10.8.0.0/16 10.9.0.0/16 10.50.1.0/24; do
		ip route add $net dev targets
	done
}

second_network() {
	ip link set lo up
	PEER=$NAME
	link 10.2.0.2/24 2001:db8::2/64
	for net in 10.8.0.0/16 10.9.0.0/16 10.50.1.0/24; do
		ip route add $net dev eth0
	done
	ip link add clients type veth peer name eth1 netns 1
	addresses clients 203.0.113.2/24
}

target_network() {
	ip link set lo up
	PEER=$NAME
	case $NAME in
	web1) link 10.2.0.10/24 2001:db8::10/64 10.8.0.10/32 ;;
	web2) link 10.2.0.12/24 2001:db8::12/64 10.9.0.2/32 10.2.0.53/32 ;;
	db1) link 10.2.0.11/24 2001:db8::11/64 10.50.1.7/32 ;;
	esac
}

client_network() {
	ip link set lo up
	PEER=clients
	link 192.0.2.10/24 198.51.100.10/24 2001:db8:1::10/64
}

# The ends of the cables in the jump host.
plug_in() {
	ip addr add 192.0.2.1/24 dev clients
	ip addr add 198.51.100.1/24 dev clients
	ip addr add 2001:db8:1::1/64 dev clients nodad
	ip link set clients up
	for h in $HOSTS ${JUMPS#jump}; do
		ip link set "$h" master targets up
	done
}

# --- servers -----------------------------------------------------------------

# start_sshd FOLDER OPTION...: of the OpenSSH in FOLDER.
start_sshd() {
	tree=$1
	shift
	lib=$tree/usr/lib/openssh
	[ ! -x "$lib/sshd-session" ] || set -- "$@" -o PerSourcePenalties=no \
	    -o "SshdSessionPath=$lib/sshd-session"
	[ ! -x "$lib/sshd-auth" ] || set -- "$@" -o "SshdAuthPath=$lib/sshd-auth"
	"$tree/usr/sbin/sshd" -t "$@" || die "$NAME: sshd refuses its files"
	${WRAP:-} "$tree/usr/sbin/sshd" "$@" -o PidFile=/run/sshd.pid
	wait_for /run/sshd.pid
}

host_key() {
	install -m 600 "$LAB/keys/host_$NAME" "$H/etc/ssh/ssh_host_ed25519_key"
	install -m 644 "$LAB/keys/host_$NAME.pub" \
	    "$H/etc/ssh/ssh_host_ed25519_key.pub"
}

target_servers() {
	cat >"$H/etc/ssh/sshd_config" <<-END
		HostKey /etc/ssh/ssh_host_ed25519_key
		AuthorizedKeysFile /etc/ssh/authorized_keys
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		LogLevel VERBOSE
		MaxStartups 200
		Subsystem sftp $LAB/stock/usr/lib/openssh/sftp-server
	END
	start_sshd "$LAB/stock" -E "$LAB/$NAME.log"
	case $NAME in
	web*) serve http TCP6-LISTEN:80,ipv6only=0 "$(http)" ;;
	db1)
		serve echo TCP6-LISTEN:5432,ipv6only=0 cat
		serve modbus TCP4-LISTEN:502,bind=10.50.1.7 cat
		;;
	esac
}

# A web server, in short: a request up to its empty line, and an answer.
http() {
	cat <<-END
		while read -r line && [ \${#line} -gt 1 ]; do :; done
		printf 'HTTP/1.0 200 OK\r\n\r\nhello from $NAME\n'
	END
}

# serve NAME LISTEN COMMAND: run COMMAND for each connection.
serve() {
	printf '%s\n' "$3" >"$H/serve-$1"
	socat "$2,fork" EXEC:"sh $H/serve-$1" >/dev/null 2>&1 &
}

# The syslog daemon of the distribution, on this host's own /dev/log.
start_syslog() {
	cat >/etc/rsyslog.conf <<-END
		module(load="imuxsock" SysSock.Name="/dev/log"
		    SysSock.RateLimit.Interval="0")
		*.* action(type="omfile" file="$LAB/$NAME.log"
		    template="RSYSLOG_FileFormat" fileCreateMode="0600")
	END
	daemon=$(command -v rsyslogd || :)
	modules=
	if [ -x "$LAB/rsyslog/usr/sbin/rsyslogd" ]; then
		daemon=$LAB/rsyslog/usr/sbin/rsyslogd
		modules=-M$(echo "$LAB"/rsyslog/usr/lib/*/rsyslog)
	fi
	[ -n "$daemon" ] || die "no rsyslogd here; run sudo ./bootstrap first"
	"$daemon" -n -iNONE $modules >"$LAB/rsyslogd.$NAME.err" 2>&1 &
	wait_for /dev/log
}

# Debian's own sshd_config, the shipped snippets, and what a lab needs.
jump_sshd_config() {
	mkdir -p "$H/etc/ssh/sshd_config.d"
	cp "$LAB_REPO"/sshd_config.d/*.conf "$H/etc/ssh/sshd_config.d/"
	cat >"$H/etc/ssh/sshd_config.d/10-lab.conf" <<-END
		HostKey /etc/ssh/ssh_host_ed25519_key
		MaxStartups 200
	END
	stock=$LAB_SSHD/usr/share/openssh/sshd_config
	if [ -f "$stock" ]; then
		cp "$stock" "$H/etc/ssh/sshd_config"
	else
		cat >"$H/etc/ssh/sshd_config" <<-END
			Include /etc/ssh/sshd_config.d/*.conf
			UsePAM yes
			AcceptEnv LANG LC_*
			Subsystem sftp /usr/lib/openssh/sftp-server
		END
	fi
}

# Debian's PAM rules for sshd, less what reaches beyond the lab.  Those of the
# machine are set aside, as /etc is the client's by now.
jump_pam() {
	mkdir -p "$H/etc/pam.d"
	rules=$LAB_SSHD/etc/pam.d/sshd
	[ "$LAB_SSHD" != / ] || rules=$LAB/pam.d/sshd
	if ! grep -qs common-auth "$rules"; then
		cp -a "$LAB/pam.d/." "$H/etc/pam.d/"
		return
	fi
	sed -e '/pam_loginuid\|pam_selinux\|pam_keyinit\|pam_env\|pam_motd\|pam_mail/d' \
	    "$rules" >"$H/etc/pam.d/sshd"
	for f in auth account session password; do
		echo "$f required pam_unix.so" >"$H/etc/pam.d/common-$f"
	done
	echo "auth required pam_deny.so" >"$H/etc/pam.d/other"
}

jump_servers() {
	host_key
	start_syslog
	[ -z "${LAB_NNP:-}" ] || WRAP="setpriv --no-new-privs"
	start_sshd "$LAB/openssh"
	mkdir -p /run/metrics
	serve metrics UNIX-LISTEN:/run/metrics/api.sock,mode=666 \
	    "echo metrics ok; cat"
}

# The programs go into the jump host's own /usr/local and /var.
jump_programs() {
	make -s -C "$LAB_REPO" -o all install owners BUILD="$LAB_BUILD" \
	    DESTDIR="$H/stage" >"$LAB/install.log" 2>&1 || {
		cat "$LAB/install.log" >&2
		die "make install failed"
	}
	cp -a "$H/stage/usr/local/." "$H/local/"
	cp -a "$H/stage/var/." "$H/var/"
	cp -a "$H/stage/run/." "$H/run/"
	mkdir -p "$H/etc/jump/policy.d"
}

# --- hosts -------------------------------------------------------------------

make_jump() {
	H=$LAB/hosts/$1 NAME=$1
	folders
	common_etc
	jump_accounts
	cat >>"$H/etc/hosts" <<-END
		192.0.2.1 jump
		10.8.0.10 app1.dev.corp.example
		10.2.0.11 stray.dev.corp.example
	END
	cp "$H/etc/hosts" "$H/etc/hosts.lab"
	echo "nameserver 10.2.0.53" >"$H/etc/resolv.conf"
	echo "options timeout:1 attempts:1" >>"$H/etc/resolv.conf"
	jump_sshd_config
	jump_pam
}

make_target() {
	H=$LAB/hosts/$1 NAME=$1
	folders
	common_etc
	target_accounts
	host_key
}

make_client() {
	H=$LAB/hosts/client NAME=client
	mkdir -p "$H"
	common_etc
	echo "192.0.2.1 jump" >>"$H/etc/hosts"
	echo 1 >"$H/pid"
	mount --bind "$H/etc" /etc
}

# The first process of a host: make it, say so, and stay.
host() {
	NAME=$1 H=$LAB/hosts/$1
	trap 'echo "$NAME failed" >"$LAB/ready"' EXIT
	hostname "$NAME"
	echo $$ >"$H/pid"
	case $NAME in
	jump) jump_network ;;
	jump2) second_network ;;
	*) target_network ;;
	esac
	take_folders
	case $NAME in
	jump*) [ -z "${LAB_SECOND:-}" ] ||
	    exec unshare --pid --fork --kill-child \
		sh "$LAB/bin/inside.sh" --apart "$NAME" ;;
	esac
	host_servers
}

# Of two jump hosts, neither may see the other's processes.
apart() {
	NAME=$1 H=$LAB/hosts/$1
	trap 'echo "$NAME failed" >"$LAB/ready"' EXIT
	mount -t proc -o nosuid,nodev,noexec proc /proc
	: >"$H/apart"
	host_servers
}

host_servers() {
	case $NAME in
	jump*) jump_servers ;;
	*) target_servers ;;
	esac
	trap - EXIT
	echo "$NAME up" >"$LAB/ready"
	exec sleep infinity
}

# boot NAME: in the background; come_up waits for it.
boot() {
	unshare --mount --propagation unchanged --net --uts \
	    sh "$LAB/bin/inside.sh" --host "$1" </dev/null 3>&- &
}

come_up() {
	for h in "$@"; do
		read -r line <&9
		case $line in *failed) die "$line to start" ;; esac
	done
}

# --- the client --------------------------------------------------------------

make_keys() {
	mkdir -p -m 700 "$LAB/keys"
	for k in $USERS admin mallory $(printf 'host_%s ' $JUMPS) host_web1 host_web2 host_db1; do
		ssh-keygen -q -t ed25519 -N '' -C "$k@lab" -f "$LAB/keys/$k" &
	done
	wait
	for h in $JUMPS $HOSTS; do
		printf '%s ' "$h"
		cut -d' ' -f1,2 "$LAB/keys/host_$h.pub"
	done >"$LAB/known_hosts"
}

# User depends on LAB_USER, and only "Match exec" can see that on 9.2.
ssh_config() {
	cat <<-END
		Host jump jump-elsewhere
		    HostName 192.0.2.1
		    HostKeyAlias jump
		Host jump-elsewhere
		    BindAddress 198.51.100.10
		Match host 192.0.2.1 exec "test \$LAB_USER = carol"
		    User jump
	END
	for u in $USERS admin mallory; do
		echo "Match exec \"test \$LAB_USER = $u\""
		echo "    User $u"
	done
	cat <<-END
		Host *
		    IdentityFile $LAB/keys/\${LAB_USER}
		    IdentitiesOnly yes
		    IdentityAgent none
		    UserKnownHostsFile $LAB/known_hosts
		    GlobalKnownHostsFile /dev/null
		    StrictHostKeyChecking yes
		    UpdateHostKeys no
		    KexAlgorithms curve25519-sha256
		    ControlPath none
		    BatchMode yes
		    ConnectTimeout 20
	END
	for h in $HOSTS; do
		echo "Host $h"
		echo "    HostKeyAlias $h"
	done
}

servers_of_lab() {
	mkdir -p "$LAB/openssh" "$LAB/stock" "$LAB/bin"
	mount --bind "$LAB_SSHD" "$LAB/openssh"
	mount --bind "$LAB_STOCK" "$LAB/stock"
	for d in rsyslog clients client-newer neighbours; do
		mkdir -p "$LAB/$d"
		[ ! -d "$LAB_REPO/.cache/$d" ] ||
		    mount --bind "$LAB_REPO/.cache/$d" "$LAB/$d"
	done
	cp "$LAB_REPO"/tests/lab/* "$LAB/bin/"
}

start() {
	private_mounts
	mkdir -p "$LAB/hosts" "$LAB/tmp"
	mkfifo "$LAB/ready"
	exec 9<>"$LAB/ready"
	make_keys
	mkdir -p "$LAB/pam.d"
	[ ! -d /etc/pam.d ] || cp -a /etc/pam.d/. "$LAB/pam.d/"
	make_client
	for h in $JUMPS; do make_jump "$h"; done
	for h in $HOSTS; do make_target "$h"; done
	servers_of_lab
	for h in $JUMPS; do
		H=$LAB/hosts/$h
		jump_programs
	done
	boot jump
	wait_for "$LAB/hosts/jump/pid"
	client_network
	for h in ${JUMPS#jump} $HOSTS; do boot "$h"; done
	come_up $JUMPS $HOSTS
	[ -z "${LAB_SECOND:-}" ] || addresses eth1 203.0.113.10/24
	"$LAB/bin/lab" on jump sh "$LAB/bin/inside.sh" --plug-in
	ssh_config >"$LAB/ssh_config"
}

# Its warnings are for those who write it, not for each who starts a lab.
first_policy() {
	lab load "$LAB_POLICY" 2>"$LAB/tmp/load.err" || {
		cat "$LAB/tmp/load.err" >&2
		die "the policy does not load"
	}
}

# The table of the first policy, which does not say that admin is exempt.
firewall() {
	lab on jump sh -c 'jumpctl export nft | nft -f -'
	lab on jump nft add element inet jumphost exempt '{ 3000 }'
}

main() {
	umask 022
	export LAB PATH
	start
	export SSH_CONFIG=$LAB/ssh_config LAB_USER="${LAB_USER:-alice}"
	export TMPDIR=$LAB/tmp PATH="$LAB/bin:$PATH"
	[ "$LAB_POLICY" = none ] || first_policy
	[ -z "${LAB_NFT:-}" ] || firewall
	exec 9<&-
	"$@" && status=0 || status=$?
	exit "$status"
}

case ${1:-} in
--host) host "$2" ;;
--apart) apart "$2" ;;
--plug-in) plug_in ;;
*) main "$@" ;;
esac
