# The life of a device: what jumpctl export device makes, really run; a device
# that vanishes without a word and comes back; two with the same key.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
: "${LAB:?}" "${T:?}" "${C:?}"

J=$LAB/hosts/jump
SOCK=/run/jump/devices/rtu18/ssh.sock
# sshd misses a client after INTERVAL * (COUNT + 1) s; the lines of the shipped
# snippet make a minute, these make it short.
INTERVAL=15 COUNT=3
BOUND=$((INTERVAL * (COUNT + 1)))
# A loop waits 1 s, a login on a busy machine some more.
SLACK=8
servers=

# --- the jump host -----------------------------------------------------------

# reload: and wait for it.
reload() {
	: >"$T/mark"
	lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'
	within test "$J/run/sshd.pid" -nt "$T/mark"
}

device_account rtu17 2201
device_account rtu18 2202
device_account boxes 2203
cat >"$J/etc/ssh/sshd_config.d/05-lab.conf" <<-END
	Match Group jump-devices
	    ClientAliveInterval $INTERVAL
	    ClientAliveCountMax $COUNT
END
reload

statements="device rtu17 127.77.0.17 ssh 2222
device rtu18 \"$SOCK\" ssh
device rtu19 127.77.0.19 ssh 2222 account boxes replace
allow devices: alice to { rtu17 rtu18 rtu19 }"
printf '%s\n' "$statements" | policy

# --- the device: this host, as the head of the export says -------------------

DEV=/etc/jump-device
echo "jump-device:x:2300:2300::$DEV:/usr/sbin/nologin" >>"$LAB/hosts/client/etc/passwd"
echo "jump-device:x:2300:" >>"$LAB/hosts/client/etc/group"

# whole FILE: its lines, those that go on in the next one as one.
whole() {
	sed -e ':a' -e '/\\$/{N;s/\\\n[# ]*/ /;ta' -e '}' "$1"
}

# typed_of NAME: what its head says is to be typed on the device, with the file
# in $T, but for accounts and the init.
typed_of() {
	whole "$T/$1.unit" |
	    sed -n '/^# Once/,/^# The host keys/s/^#     //p' |
	    grep -v '^useradd\|^adduser\|^addgroup\|^systemctl\|^rc-\|^key ' |
	    sed "s,/etc/systemd/system/jump-device@$1.service,$T/$1.unit,
		s,/etc/init.d/jump-device\.$1,$T/$1.unit,"
}

# make_device NAME INIT PORT: its unit, key and known_hosts; what it forwards
# to says its name.
make_device() {
	run lab on jump jumpctl export device "$1" --init "$2" --jump jump \
	    --to "localhost:$3"
	check "$1: a unit of $2" gave 0
	cp "$T/out" "$T/$1.unit"
	typed_of "$1" >"$T/$1.typed"
	run sh -e "$T/$1.typed"
	check "$1: what its head says can be typed" gave 0
	check "$1: its key is its own" \
	    [ "$(stat -c '%U %a' "$DEV/$1.key")" = "jump-device 600" ]
	check "$1: it knows the jump host" \
	    grep -qF "jump+host $(cut -d' ' -f1,2 "$LAB/keys/host_jump.pub")" \
	    "$DEV/$1.known_hosts"
	echo "echo I am $1; cat" >"$T/$1.says"
	socat "TCP-LISTEN:$3,bind=127.0.0.1,fork,reuseaddr" \
	    EXEC:"sh $T/$1.says" >/dev/null 2>&1 &
	servers="$servers $!"
	echo "key $1 \"$(cut -d' ' -f1,2 "$DEV/$1.key.pub")\"" >>"$T/keys"
}

# What each init would run, as a script of its own.
systemd_command() {
	whole "$T/$1.unit" | sed -n 's/^ExecStartPre=-\(.*\)/\1 || :/p
	    s/^ExecStart=/exec /p' >"$T/$1.sh"
}

openrc_command() {
	(
		RC_SVCNAME=jump-device.$1
		. "$T/$1.unit"
		eval "set -- $command $command_args"
		[ "$1 $2" = "/bin/sh -c" ] && printf '%s\n' "$3"
	) >"$T/$1.sh"
}

# start NAME: what the init would do, with a second in place of its pause.
start() {
	setpriv --reuid 2300 --regid 2300 --clear-groups \
	    env -i PATH=/usr/bin:/bin sh -c \
	    'while :; do sh "$1"; sleep 1; done' loop "$T/$1.sh" \
	    >>"$T/$1.log" 2>&1 &
	echo $! >"$T/$1.loop"
}

# stop NAME: that, but not what it has started.
stop() {
	kill -KILL "$(cat "$T/$1.loop")"
	wait "$(cat "$T/$1.loop")" 2>/dev/null
}

# tunnel NAME: the process of its ssh that listens, or is to.
tunnel() {
	pgrep -u 2300 -f "^[^ ]*ssh -N .*/$1\\.key"
}

# What is sent by these ports, or to them, is lost.
nft -f - <<-'END'
	table inet vanished {
		set ports { type inet_service; }
		chain output {
			type filter hook output priority 0
			tcp sport @ports drop
		}
		chain input {
			type filter hook input priority 0
			tcp dport @ports drop
		}
	}
END

# vanish NAME: it is gone without a word, and nothing ever answers there again.
vanish() {
	stop "$1"
	for p in $(tunnel "$1"); do
		port=$(ss -Htnp dst 192.0.2.1 |
		    sed -n "s/.*:\([0-9]*\) *192\.0\.2\.1:22 .*pid=$p,.*/\1/p")
		[ -z "$port" ] ||
		    nft add element inet vanished ports "{ $port }"
		kill -KILL "$p"
	done
}

# answers NAME: a user reaches it.
answers() {
	timeout 3 ssh -F "$C" jump connect "$1" 2222 </dev/null \
	    >"$T/answer" 2>"$T/answer.err"
	grep -qx "I am $1" "$T/answer"
}

# comes NAME: the same, within the time of sshd; says after how long.
comes() {
	since=$(date +%s)
	while ! answers "$1"; do
		[ $(($(date +%s) - since)) -le $((BOUND + SLACK)) ] || return 1
		sleep 0.3
	done
	took=$(($(date +%s) - since))
	echo "# $1 was reached after $took s"
}

for d in "rtu17 systemd 9017" "rtu18 openrc 9018" "rtu19 systemd 9019"; do
	make_device $d
done
printf '%s\n' "$statements" "$(cat "$T/keys")" | policy
systemd_command rtu17
openrc_command rtu18
systemd_command rtu19
check "rtu17: it only listens" [ "$(grep -c . "$T/rtu17.sh")" -eq 1 ]
check "rtu19, which has replace, registers first" \
    grep -q ' register || :$' "$T/rtu19.sh"

# --- served ------------------------------------------------------------------

LAB_USER=alice
export LAB_USER
jump connect rtu17 2222
check "a device that never was there: not reached" gave 69 ""
check "... and it says which" said 'rtu17'
echo "# $(cat "$T/err")"
for d in rtu17 rtu18 rtu19; do
	start $d
done
for d in rtu17 rtu18 rtu19; do
	check "$d is served" comes $d
done


for d in rtu17 rtu18; do vanish $d; done
date -u +%H:%M:%S.%N
for d in rtu17 rtu18; do start $d; done
sleep 130
grep -a "Timeout\|istening\|denied\|remote forward" "$LAB/jump.log" | cut -c 12-210
kill -KILL $(pgrep -u 2300)
exit
