# SPDX-License-Identifier: ISC
# How sessions end: to the second when a right does, and at once when either
# side goes away.
. "$(dirname "$0")/lib.sh"

# brief: with a right that ends, a session that there is before it does; it is
# silent, and its input stays open.
mkfifo "$T/silent"
exec 8<>"$T/silent"
brief() {
	policy <<-END
		allow brief: { alice carol } to db1:5432 until $ends
	END
	ssh -F "$C" jump connect db1 5432 <"$T/silent" >"$T/brief" \
	    2>"$T/brief.err" 8<&- &
	session=$!
	within sessions 'alice .* db1:5432 +connect' 1
}
check "a session whose right is to end" in_time 6 brief
wait "$session" && status=0 || status=$?
check "a right that ends ends the session" gave 77
check "in time" past
check "and the log says so" logged '"event.action":"close".*"jump.end":"deadline"'
jump connect db1 5432
check "and it is not to be had again" gave 77 ""

policy <<'END'
allow quiet: { alice carol } to web1:80 via connect idle 2s
allow long:  { alice carol } to web2:80 via connect duration 3s
host app 10.2.0.10 tcp 8080
allow app:   { alice carol } to app
allow login: { alice carol } to web1:22
END

# held COMMAND...: run, with an input that stays open and silent; it is not the
# end of that which ends it.
held() {
	start=$(date +%s%3N)
	run "$@" <"$T/silent" 8<&-
	took=$(($(date +%s%3N) - start))
}

lasts() {
	[ "$took" -ge "$1" ]
}

held ssh -F "$C" jump connect web1 80
check "an idle session ends" gave 77
check "after its idle time" lasts 2000
check "and the log says so" logged '"event.action":"close".*"jump.end":"idle"'
held ssh -F "$C" jump connect web2 80
check "a session ends after its duration" gave 77
check "and not before" lasts 2000 # a deadline is a whole second

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
ssh -F "$C" jump connect web1 22 <"$T/silent" >/dev/null 2>&1 8<&- &
client=$!
check "a relay runs" within sessions 'web1:22 +connect' 1
kill -KILL "$client"
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
held ssh -F "$C" jump connect 10.2.0.10 8080
check "a target that breaks off ends its relay" gave 76
check "and the log says so" logged '"event.action":"close".*"jump.end":"reset"'
check "no relay is left at the end" no_relay
exec 8<&-
finish
