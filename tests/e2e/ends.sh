# SPDX-License-Identifier: ISC
# How sessions end: to the second when a right does, and at once when either
# side goes away.
. "$(dirname "$0")/lib.sh"

policy <<END
allow brief: { alice carol } to db1:5432 until $(date -u -d '+9 seconds' +%Y-%m-%dT%H:%M:%SZ)
allow quiet: { alice carol } to web1:80 via connect idle 2s
allow long:  { alice carol } to web2:80 via connect duration 3s
host app 10.2.0.10 tcp 8080
allow app:   { alice carol } to app
allow login: { alice carol } to web1:22
END

# held SECONDS COMMAND...: run, with an input that stays open and silent.
held() {
	seconds=$1
	shift
	mkfifo "$T/held.$$"
	sleep "$seconds" >"$T/held.$$" &
	start=$(date +%s)
	run "$@" <"$T/held.$$"
	took=$(($(date +%s) - start))
	rm "$T/held.$$"
}

between() {
	[ "$took" -ge "$1" ] && [ "$took" -le "$2" ]
}

held 20 ssh -F "$C" jump connect db1 5432
check "a right that ends ends the session" gave 77
check "on time" between 3 10
check "and the log says so" logged '"event.action":"close".*"jump.end":"deadline"'
jump connect db1 5432
check "and it is not to be had again" gave 77 ""

held 10 ssh -F "$C" jump connect web1 80
check "an idle session ends" gave 77
check "after its idle time" between 2 5
check "and the log says so" logged '"event.action":"close".*"jump.end":"idle"'
held 10 ssh -F "$C" jump connect web2 80
check "a session ends after its duration" gave 77
check "on time" between 3 6

relays() {
	for p in /proc/[0-9]*/exe; do
		readlink "$p" 2>/dev/null
	done | grep -c '/jump-connect$'
}

some_relays() {
	[ "$(relays)" -eq "$1" ]
}

no_relay() {
	within some_relays 0
}

check "no relay is left" no_relay
sleep 30 | timeout 30 ssh -F "$C" jump connect web1 22 >/dev/null 2>&1 &
check "a relay runs" within some_relays 1
for p in /proc/[0-9]*; do
	case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
	"ssh -F $C jump connect web1 22 ") kill -KILL "${p#/proc/}" ;;
	esac
done
check "a killed client ends its relay" no_relay
check "and the log says so" logged '"event.action":"close".*"jump.end":"client"'

# A server that takes a connection, waits, and resets it.
lab on web1 python3 -c '
import socket, struct, time
s = socket.create_server(("10.2.0.10", 8080))
c, _ = s.accept()
time.sleep(1)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
c.close()' &
within lab on web1 grep -q ':1F90 ' /proc/net/tcp
held 20 ssh -F "$C" jump connect 10.2.0.10 8080
check "a target that breaks off ends its relay" gave 76
check "at once" between 0 4
check "and the log says so" logged '"event.action":"close".*"jump.end":"reset"'
check "no relay is left at the end" no_relay
finish
