#!/bin/sh
# SPDX-License-Identifier: ISC
# What happens on the machine of tests/booted/run: booted.service runs it at
# each boot, and /booted/boot says the how-manieth that is.  Lines of "ok" and
# "not ok" go to /booted/out; /booted/done says that it came to its end.
set -u
[ -e /booted/machine.sh ] && [ "$(cat /proc/1/comm)" = systemd ] &&
    grep -qz '^container=booted$' /proc/1/environ || exit 64
cd /booted
export DEBIAN_FRONTEND=noninteractive HOME=/booted
SSH="ssh -F /booted/config"
. /booted/lib.sh

# says TEXT COMMAND...: exactly that, and exit code 0.
says() {
	want=$1
	shift
	got=$("$@" 2>&1) || { echo "exit $?: $got"; return 1; }
	[ "$got" = "$want" ] || { echo "$got"; return 1; }
}

# has REGEX COMMAND...: a line of its output, whatever it exits with.
has() {
	want=$1
	shift
	"$@" >has 2>&1 || :
	grep -Eq -- "$want" has || { cat has; return 1; }
}

# --- a target at 10.2.0.10, which is the namespace of a process --------------

web1() {
	unshare --net sleep infinity &
	target=$!
	within 5 sh -c "[ \$(readlink /proc/$target/ns/net) != \
	    \$(readlink /proc/self/ns/net) ]"
	ip link add jump0 type veth peer name eth0 netns $target
	ip addr add 10.2.0.1/24 dev jump0
	ip link set jump0 up
	nsenter -t $target -n ip addr add 10.2.0.10/24 dev eth0
	nsenter -t $target -n ip link set eth0 up
	nsenter -t $target -n ip link set lo up
	nsenter -t $target -n /usr/sbin/sshd -f /booted/target.conf
}

keys() {
	chmod 755 /booted
	for k in alice bob late target; do
		ssh-keygen -q -t ed25519 -N '' -C $k -f $k
	done
	cat alice.pub bob.pub late.pub >authorized
	cat >target.conf <<-END
		HostKey /booted/target
		AuthorizedKeysFile /booted/authorized
		PidFile none
		StrictModes no
		UsePAM no
	END
	{
		for u in alice bob late; do
			printf '%s\n' "Host $u" "User $u" 'HostName 127.0.0.1' \
			    "IdentityFile /booted/$u" \
			    "Host web1-$u" 'HostName web1' 'User worker' \
			    "ProxyJump $u" "IdentityFile /booted/$u"
		done
		cat <<-END
			Host rtu17
			ProxyJump alice
			Port 2222
			Host rtu18
			ProxyCommand ssh -F /booted/config alice connect %h %p
			Host rtu17 rtu18
			User worker
			IdentityFile /booted/alice
			Host *
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			LogLevel ERROR
			BatchMode yes
		END
	} >config
}

accounts() {
	for u in chief deputy; do
		useradd -m -p '*' -G sudo -s /bin/sh $u
		install -d -m 700 -o $u -g $u /home/$u/.ssh
		install -m 600 -o $u -g $u alice.pub /home/$u/.ssh/authorized_keys
	done
	for u in alice bob late; do
		useradd -m -p '*' -G jump -s /usr/libexec/jump/jump-shell $u
	done
	for u in rtu17 rtu18; do
		useradd -m -p '*' -G jump-devices -s /bin/sh $u
	done
	useradd -m -p '*' -s /bin/sh worker
	install -d -m 700 -o worker /home/worker/.ssh
	install -m 600 -o worker authorized /home/worker/.ssh/authorized_keys
	# It runs as _jump-notify; the first time, it fails.
	printf '%s\n' '#!/bin/sh' 'cat >>/var/told/told' \
	    'exit "$(cat /var/told/exit)"' >tell
	chmod 755 tell
	install -d -o _jump-notify /var/told
	echo 1 >/var/told/exit
}

public() {
	cut -d' ' -f1,2 "$1"
}

# policy: the statements of standard input, and those for all.
policy() {
	{
		cat <<-END
			version 1
			set notify-program "/booted/tell"
			set nft  "/usr/sbin/nft"
			set gate 422
			set exempt { chief deputy }
			user alice
			key  alice "$(public alice.pub)"
			user bob
			key  bob "$(public bob.pub)"
			host web1 10.2.0.10 ssh 22 agent
			hostkey web1 "$(public target.pub)"
			device rtu17 127.77.0.17 ssh 2222
			device rtu18 "/run/jump/devices/rtu18/ssh.sock" ssh
			allow all: { alice bob } to { web1 rtu17 rtu18 }
			require watched: bob to { web1 rtu17 rtu18 } record notify via shell
		END
		for d in rtu17 rtu18; do
			[ ! -e /etc/jump-device/$d.key.pub ] || {
				echo "key $d \"$(public /etc/jump-device/$d.key.pub)\""
				echo "hostkey $d \"$(public /etc/ssh/ssh_host_ed25519_key.pub)\""
			}
		done
		cat
	} >/etc/jump/policy
	jumpctl load && named && jumpctl load
}

named() {
	sed -i '/^# jump begin/,/^# jump end/d' /etc/hosts
	{ echo '# jump begin'; jumpctl export hosts; echo '# jump end'; } \
	    >>/etc/hosts
}

# --- the first boot ----------------------------------------------------------

package() {
	check "dpkg -i" dpkg -i jump_*.deb
	check "sysusers: accounts" getent passwd _jump _jump-notify
	check "the sweep is enabled, and runs" \
	    systemctl is-enabled --quiet jump-sweep.timer
	check "... from now on" systemctl is-active --quiet jump-sweep.timer
	for u in jump-gate.socket jump-notify.path jump-notify.timer \
	    run-jump-devices.mount; do
		check "$u is not enabled" \
		    has '^disabled$' systemctl is-enabled $u
	done
	check "systemd has read the units" says no \
	    systemctl show -P NeedDaemonReload jump-sweep.service
	# What 252 does not know, jump-gate.socket tells of.
	systemd-analyze verify /lib/systemd/system/*jump-* 2>&1 |
	    grep -v PollLimitIntervalSec >last
	check "systemd-analyze verify has nothing to say" says '' cat last
	check "without a policy, a sweep is skipped" \
	    systemctl start jump-sweep.service
	check "... by its condition" says no \
	    systemctl show -P ConditionResult jump-sweep.service
}

# Time takes late's right away, and only the timer notices.
late() {
	until=$(date -u -d '+25 seconds' +%Y-%m-%dT%H:%M:%SZ)
	printf '%s\n' "user late until $until" \
	    "key late \"$(public late.pub)\"" 'allow late: late to web1'
}

# whole FILE: its lines, those that go on in the next one as one.
whole() {
	sed -e ':a' -e '/\\$/{N;s/\\\n[# ]*/ /;ta' -e '}' "$1"
}

# device NAME: as the head of its unit says, on this machine; what is for the
# policy of the jump host is left out, as policy has it.
device() {
	unit=/etc/systemd/system/jump-device@$1.service
	jumpctl export device "$1" --jump 127.0.0.1 --to localhost:22 >"$unit" ||
	    return
	whole "$unit" | sed -n '/^# Once/,/^# The host keys/s/^#     //p' |
	    grep -v '^key \|^hostkey ' >"$1.typed"
	! getent passwd jump-device >/dev/null ||
	    sed -i '/^useradd/d' "$1.typed"
	sh -e "$1.typed"
}

online() {
	[ "$(jumpctl devices | grep -c ' online ')" -eq 2 ]
}

devices() {
	for d in rtu17 rtu18; do
		check "$d: what the head of its unit says can be typed" \
		    device $d
	done
	late | policy >last 2>&1
	check "devices come online when their keys are in the policy" \
	    within 20 online
	check "... by their units" systemctl is-active --quiet \
	    jump-device@rtu17.service jump-device@rtu18.service
}

roads() {
	check "ProxyJump" says worker $SSH web1-alice id -un
	check "... by the gate, which counts bytes" within 5 \
	    has ' close .* forward .*sent [0-9]' jumpctl log --user alice
	check "... and is no unit that failed" has '^0 loaded' \
	    systemctl list-units --failed 'jump-gate@*'
	check "connect" says worker $SSH -o ProxyJump=none \
	    -o "ProxyCommand=$SSH alice connect %h %p" web1-alice id -un
	check "a list" has '^web1' $SSH alice list
	check "a device at an address" says worker $SSH rtu17 id -un
	check "a device at a path" says worker $SSH rtu18 id -un
	eval "$(ssh-agent)" >/dev/null
	ssh-add -q alice bob
	check "shell, recorded, to somebody who is to be told" \
	    has '^worker' $SSH -A -tt bob ssh worker@web1 id -un
}

# told N: how often the program was run.
told() {
	[ "$(cat /var/told/told 2>/dev/null | wc -l)" -eq "$1" ]
}

# Records of the journal, and whose they are.
journal() {
	check "the journal says who wrote each line" \
	    not has '^[~?!]' jumpctl log
	line=$(journalctl -o cat -t jump-connect | grep '"user.name":"alice"' |
	    tail -n 1)
	check "a record of alice's" test -n "$line"
	setpriv --reuid worker --regid worker --clear-groups \
	    logger -t jump-connect "$line"
	check "... that another account writes is forged" within 5 \
	    has '^!.* forged +worker' jumpctl log
}

all_ok() {
	jumpctl doctor >doctor 2>&1
	# That of the machine that this one is on, if any.
	! grep -v '^ ok \|^ note \|^       ' doctor |
	    grep -v '^ warn .* who keeps the clock right' || {
		cat doctor
		return 1
	}
}

# regular N: that many sweeps or more at the half minute, none left out.
regular() {
	journalctl -b -u jump-sweep.service -o short-unix |
	    awk -v want="$1" '
	    /: Starting / && $1 % 30 < 3 {
		t = int($1 / 30)
		if (n++ && t != last + 1)
			bad = 1
		last = t
	    }
	    END { exit bad || n < want }'
}

failed_units() {
	systemctl list-units --failed --plain --no-legend
}

first() {
	echo 127.0.0.1 localhost >>/etc/hosts
	package
	keys
	accounts
	web1
	check "the gate" systemctl enable --now jump-gate.socket
	check "a file system for devices" \
	    systemctl enable --now run-jump-devices.mount
	check "... which is as the folder was" says 'root:_jump 2711' \
	    stat -c '%U:%G %a' /run/jump/devices
	check "notify" systemctl enable --now jump-notify.path jump-notify.timer
	late | policy >last 2>&1
	install -m 644 /usr/share/jump/60-jump.conf \
	    /usr/share/jump/70-jump-devices.conf /etc/ssh/sshd_config.d/
	check "sshd takes the snippets" sh -c 'sshd -t && systemctl reload ssh'
	check "a sweep" systemctl start jump-sweep.service
	devices
	check "load" says '' jumpctl load
	$SSH -N late 2>late.err &
	login=$!
	roads
	check "jump-notify.path tells at once" within 5 told 1
	echo 0 >/var/told/exit
	journal
	check "doctor has nothing to say" all_ok
	check "late is in" kill -0 $login
	wait $login
	check "... until a sweep of the timer's" \
	    within 10 has 'sweep late, the user has expired' jumpctl log
	check "and seals recordings" within 10 has ' seal bob, sealed' jumpctl log
	check "what failed to tell is told again" within 60 told 2
	check "the timer sweeps every 30 seconds" regular 2
	check "no unit has failed" says '' failed_units
}

# --- the second boot ---------------------------------------------------------

modes() {
	cat >want <<-END
		/run/jump root:root 755
		/run/jump/devices root:_jump 2711
		/run/jump/logins root:_jump 1770
		/run/jump/sessions root:_jump 1730
	END
	stat -c '%n %U:%G %a' /run/jump $(cut -d' ' -f1 want | sed 1d) |
	    diff want -
}

# A session over what an administrator does to the machine.
session() {
	mkfifo in
	$SSH web1-alice cat <in >got 2>session.err &
	session=$!
	exec 9>in
	echo one >&9
	check "a session" within 10 grep -q one got
	check "daemon-reexec" systemctl daemon-reexec
	check "a new journald" systemctl restart systemd-journald
	check "a new sshd" systemctl restart ssh
	check "the package again" dpkg -i jump_*.deb
	check "its timer and socket go on" systemctl is-active --quiet \
	    jump-sweep.timer jump-gate.socket jump-notify.path jump-notify.timer
	echo two >&9
	exec 9>&-
	wait $session
	check "the session has seen none of it" says 'one
two' cat got
	check "its close is on record" within 5 \
	    has ' close .*web1:22 .*forward' jumpctl log --user alice
	check "ProxyJump" says worker $SSH web1-alice id -un
}

purge() {
	check "dpkg --purge" dpkg --purge jump
	check "no unit is left" says '' systemctl list-units --all --plain \
	    --no-legend 'jump-[gns]*' 'run-jump*'
	check "nothing of it listens" not has ':422 ' ss -Hltn
	check "/run/jump is gone" not test -e /run/jump
	check "no unit has failed" says '' failed_units
}

second() {
	check "/run/jump is there after a boot" modes
	check "the file system for devices" mountpoint -q /run/jump/devices
	check "the gate listens" systemctl is-active --quiet jump-gate.socket
	web1
	check "the first sweep loads the firewall table" \
	    within 35 has 'table inet jumphost' nft list tables
	check "devices come back by themselves" within 40 online
	check "ProxyJump" says worker $SSH web1-alice id -un
	check "a device at a path" says worker $SSH rtu18 id -un
	check "doctor has nothing to say" all_ok
	session
	check "no unit has failed" says '' failed_units
	purge
}

main() {
	boot=$(($(cat boot 2>/dev/null || echo 0) + 1))
	echo $boot >boot
	exec >>out 2>&1
	case $boot in
	1) first; again=reboot ;;
	*) second; again=poweroff; : >done ;;
	esac
	journalctl -b -o short-precise --no-pager >journal.$boot 2>&1
	systemctl $again
}

main
