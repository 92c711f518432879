# SPDX-License-Identifier: ISC
# The life of a device: what jumpctl export device makes, really run; a device
# that vanishes without a word and comes back; two with the same key.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
: "${LAB:?}" "${T:?}" "${C:?}"

J=$LAB/hosts/jump
SOCK=/run/jump/devices/rtu18/ssh.sock
# sshd misses a client after INTERVAL * (COUNT + 1) s, that of 9.2 after twice
# that; the lines of the shipped snippet make one minute or two, these make it
# short.
INTERVAL=2 COUNT=1
BOUND=$((INTERVAL * (COUNT + 1)))
case $("$LAB/openssh/usr/sbin/sshd" -V 2>&1) in
*OpenSSH_9.*) BOUND=$((2 * BOUND)) ;;
esac
# A loop waits 1 s, a user who is not answered 3 s, and a login on a busy machine
# takes some more.
SLACK=25
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
device rtu20 127.77.0.20 ssh 2222 account boxes replace
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
	    grep -v '^useradd\|^adduser\|^addgroup\|^systemctl\|^rc-\|^key \|^hostkey ' |
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
	timeout 10 ssh -F "$C" jump connect "$1" 2222 </dev/null \
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
	echo "# $1 was reached after $(($(date +%s) - since)) s of $BOUND"
}

for d in "rtu17 systemd 9017" "rtu18 openrc 9018" "rtu19 systemd 9019"; do
	make_device $d
done
ssh-keygen -q -t ed25519 -N '' -C '' -f "$DEV/rtu20.key"
echo "key rtu20 \"$(cut -d' ' -f1,2 "$DEV/rtu20.key.pub")\"" >>"$T/keys"
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

# --- gone without a word, and back -------------------------------------------

for d in rtu17 rtu18 rtu19; do
	vanish $d
	start $d
done
check "rtu19 vanished and is served again" comes rtu19
check "... before sshd has missed it, with replace" not grep -q \
    'Timeout, client not responding from user boxes' "$LAB/jump.log"
check "... on record" logged \
    '"register","event.outcome":"success","user.name":"rtu19".*"process.pid":'

for d in rtu17 rtu18; do
	check "$d vanished and is served again" comes $d
	check "... since sshd has missed it" logged \
	    "Timeout, client not responding from user $d"
done

vanish rtu17
missed() {
	jump connect rtu17 2222
	[ "$status" -eq 69 ]
}
check "one that stays away is not reached" within missed
check "... and it says which" said 'rtu17'
echo "# $(cat "$T/err")"
start rtu17
check "... until it is back" comes rtu17

# --- two with one key --------------------------------------------------------

# device NAME ACCOUNT OPTION...: a login with its key.
device() {
	d=$1 account=$2
	shift 2
	run ssh -F "$C" -o IdentityFile=none -i "$DEV/$d.key" \
	    -l "$account" "$@" </dev/null
}

one_line='Ask ot-access@example\.com, reference [a-z2-7]{8}\.$'
device rtu17 rtu17 jump register
check "register, without replace: the other stays" gave 75 ""
check "... in one line" said \
    "^jump: rtu17 has another login, since 20[0-9: -]* UTC\. $one_line"
check "... on record" logged \
    '"user.name":"rtu17".*"jump.reason":"another login of this device is live".*"jump.request":"register"'
device rtu17 rtu17 -N -o ExitOnForwardFailure=yes \
    -R 127.77.0.17:2222:localhost:9018 jump
check "another tunnel, without replace: not made" gave 255 ""
check "... and the first goes on" answers rtu17

first=$(tunnel rtu19)
device rtu20 boxes jump register
check "register of another device of the same account" gave 0 \
    "jump: rtu20: listen at 127.77.0.20:2222"
check "... leaves the first alone" [ "$(tunnel rtu19)" = "$first" ]
for words in "-c register" "--id=rtu19 -c register"; do
	run lab on -u boxes jump /usr/local/libexec/jump/jump-shell $words
	check "by hand, without a login: $words" gave 77 ""
	check "... says so" said '^jump: this login is of no device\.'
done
check "... and ends nothing" kill -0 "$first"
device rtu19 boxes jump register
check "register, with replace" gave 0 \
    "jump: rtu19: listen at 127.77.0.19:2222"
ended() {
	! kill -0 "$first" 2>/dev/null
}
check "... the older login ends" within ended
check "... and comes back by itself" comes rtu19

# A connection of before the policy has another key does not register.
ssh -F "$C" -o IdentityFile=none -i "$DEV/rtu20.key" -l boxes \
    -M -S "$T/master" -fN jump </dev/null
run lab on jump jumpctl lock --no-sweep rtu20
run ssh -F "$C" -S "$T/master" -l boxes jump register </dev/null
check "register, of a device that is locked meanwhile" gave 77 ""
check "... says so" said '^jump: this device may not listen now\.'
run lab on jump jumpctl unlock rtu20
grep -v rtu20 "$T/keys" >"$T/fewer"
printf '%s\n' "$statements" "$(cat "$T/fewer")" |
    LAB_LOAD=--no-sweep policy
run ssh -F "$C" -S "$T/master" -l boxes jump register </dev/null
check "register, with a key that was taken away" gave 77 ""
check "... on record" logged "the key of the login is the device's no more"
ssh -F "$C" -S "$T/master" -O exit jump 2>/dev/null

vanish rtu17
alone() {
	device rtu17 rtu17 jump register
	[ "$status" -eq 0 ]
}
check "register alone" within alone
check "... says where to listen" gave 0 \
    "jump: rtu17: listen at 127.77.0.17:2222"
device rtu18 rtu18 jump help
check "help" gave 0
check "... has register" printed '^register '

# --- nothing else ------------------------------------------------------------

only="^jump: a device can only register here, and have sshd listen \(ssh -N -R\)\. $one_line"
while read -r words; do
	device rtu17 rtu17 jump $words
	check "a device: $words" gave 77 ""
	check "... in one line" said "$only"
	reference=$(sed 's/.*reference \(........\)\.$/\1/' "$T/err")
	check "... on record" logged "\"user.id\":\"2201\".*\"jump.session\":\"$reference\".*\"no request of a device\""
done <<-'END'

	id
	list
	connect web1 22
	ssh web1
	config
END
device rtu17 rtu17 -s jump sftp
check "a device: sftp" not gave 0
check "... on record" logged \
    '"user.id":"2201".*"no request of a device".*sftp'
device rtu17 rtu17 jump register rtu18
check "a device: register of another" gave 64 ""
jump register
check "a user has no register" gave 77 ""
check "... as they have nothing unknown" said "only what .help' lists"
as carol jump register
check "nor has one of a shared account" gave 77 ""
LAB_USER=alice

# --- cron --------------------------------------------------------------------

run lab on jump jumpctl export device rtu17 --init cron --jump jump \
    --to localhost:9017
check "rtu17: a table for cron" gave 0
cp "$T/out" "$T/rtu17.cron"
sed -n 's/^\* \* \* \* \* jump-device //p' "$T/rtu17.cron" >"$T/rtu17.minute"
check "... with one line each minute" \
    [ "$(grep -c . "$T/rtu17.minute")" -eq 1 ]
check "... and the same with the machine" grep -qF \
    "@reboot   jump-device $(cat "$T/rtu17.minute")" "$T/rtu17.cron"
check "... none too long for cron" not grep -q '.\{990\}' "$T/rtu17.cron"

# Its pause and its log are not of this test.
mkdir -m 755 "$T/stubs"
printf '#!/bin/sh\n:\n' >"$T/stubs/sleep"
printf '#!/bin/sh\nexec cat >/dev/null\n' >"$T/stubs/logger"
chmod 755 "$T/stubs/sleep" "$T/stubs/logger"
options=$(sed -n 's/^JUMP=//p' "$T/rtu17.cron")

# minute: what cron starts then.
minute() {
	setpriv --reuid 2300 --regid 2300 --clear-groups env -i \
	    PATH="$T/stubs:/usr/bin:/bin" JUMP="$options" \
	    sh "$T/rtu17.minute" >/dev/null 2>&1 &
}

one() {
	[ "$(tunnel rtu17 | grep -c .)" -eq 1 ]
}

for _ in 1 2 3; do
	minute
done
check "cron: it is served" comes rtu17
check "... by one ssh" one
first=$(tunnel rtu17)
minute
minute
wait $!
check "... and a later minute leaves it" [ "$(tunnel rtu17)" = "$first" ]
kill -KILL "$first"
within ended
minute
check "... and one after its end starts it again" comes rtu17
check "... by one ssh again" one

# --- the export itself -------------------------------------------------------

for words in rtu99 web1 alice "rtu17 --to 23=localhost:22" \
    "rtu17 --to localhost" "rtu18 --to 1=localhost:22"; do
	run lab on jump jumpctl export device $words
	check "export device $words: none" gave 1 ""
done
for words in "" "rtu17 rtu18" "rtu17 --init runit" "rtu17 --jump -oX=y"; do
	run lab on jump jumpctl export device $words
	check "export device $words: usage" gave 64 ""
done
run lab on jump jumpctl export device rtu17
check "this machine has no name for others: none" gave 1 ""
check "... which is said in one line" said \
    "^jumpctl: this machine's name, \`jump', leads nowhere from a device: say --jump HOST"
cp "$J/etc/hosts" "$T/hosts"
sed -i '1i 192.0.2.1 jump.example.com jump' "$J/etc/hosts"
run lab on jump jumpctl export ssh_config alice
check "its full name is in what users are given" \
    printed '^ *HostName jump\.example\.com$'
run lab on jump jumpctl export device rtu17
check "and in what devices are" printed 'rtu17@jump\.example\.com|jump\.example\.com'
cp "$T/hosts" "$J/etc/hosts"
run lab on jump jumpctl export device rtu17 --jump jump.example.com
cp "$T/out" "$T/jump-device@rtu17.service"
again=$(sed -n 's/^# Made by: jumpctl //p' "$T/out")
run lab on jump jumpctl $again
check "what it says of itself makes the same" \
    cmp "$T/out" "$T/jump-device@rtu17.service"
if command -v systemd-analyze >/dev/null; then
	run systemd-analyze verify --man=no "$T/jump-device@rtu17.service"
	check "systemd takes it" [ ! -s "$T/err" ]
	run systemd-analyze security --offline=true --threshold=20 \
	    "$T/jump-device@rtu17.service"
	check "... and finds it hardened" gave 0
else
	skip "systemd-analyze"
fi

for d in rtu18 rtu19; do
	stop $d
	kill $(tunnel $d)
done
kill $(tunnel rtu17) $servers
finish
