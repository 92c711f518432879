# SPDX-License-Identifier: ISC
# runs: once
# Whoever breaks off, is killed or stops, in every phase and with either end
# full: the relay ends or waits, rests meanwhile, goes on with every byte, and
# leaves one record and nobody behind.
. "$(dirname "$0")/lib.sh"

policy <<'END'
host app 10.2.0.10 tcp { 8081 8082 8083 8084 8085 8086 8090 }
allow app: { alice carol } to app
END

# The far end: a port for each thing that it does.
SIZE=20000000
cat >"$T/peer.py" <<'END'
import os, socket, struct, sys, threading, time

size = int(sys.argv[1])

def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()

def source(c):
    c.recv(100)
    c.sendall(bytes(size))
    c.close()

def sink(c):
    n = 0
    while True:
        b = c.recv(65536)
        if not b:
            break
        n += len(b)
    c.sendall(b"%d\n" % n)
    c.close()

def hold(c):
    while c.recv(1000):
        pass
    c.close()

def reset_at_once(c):
    time.sleep(1.5)
    reset(c)

def flood_and_reset(c):
    time.sleep(1)
    c.settimeout(1)
    try:
        c.sendall(bytes(size))
    except OSError:
        pass
    reset(c)

def half(c):
    c.shutdown(socket.SHUT_WR)
    time.sleep(2)
    reset(c)

def serve(port, what):
    s = socket.create_server(("10.2.0.10", port))
    while True:
        c, _ = s.accept()
        threading.Thread(target=what, args=(c,)).start()

for port, what in ((8081, source), (8082, sink), (8083, hold),
    (8084, reset_at_once), (8085, flood_and_reset), (8086, half)):
    threading.Thread(target=serve, args=(port, what)).start()
END
lab on web1 python3 "$T/peer.py" $SIZE >/dev/null 2>&1 &
until lab on web1 ss -Hltn 'sport = 8086' | grep -q .; do sleep 0.1; done
for p in /proc/[0-9]*; do
	case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
	"python3 $T/peer.py "*) peer=${p#/proc/} ;;
	esac
done
# A port from which nothing ever comes back.
lab on web1 nft -f - <<'END'
table inet silence {
	chain in {
		type filter hook input priority 0
		tcp dport 8090 drop
	}
}
END

# --- what is looked at -------------------------------------------------------

# The lab has a /proc of its own.
relays() {
	pgrep -x jump-connect
}

one_relay() {
	relay=$(relays)
	[ -n "$relay" ] && [ "$(echo "$relay" | wc -l)" -eq 1 ]
}

no_relay() {
	[ -z "$(relays)" ]
}

confined() {
	grep -q '^Seccomp:.2$' "/proc/$relay/status" 2>/dev/null
}

ticks() {
	sed 's/.*) //' "/proc/$relay/stat" | awk '{ print $12 + $13 }'
}

# It waits without using the processor, once pipes and sockets are full, and no
# sshd hangs in the kernel.
rests() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! rests_now || return 0
	done
	return 1
}

rests_now() {
	before=$(ticks) || return 1
	sleep 0.7
	after=$(ticks) || return 1
	[ $((after - before)) -le 2 ] && no_sshd_hangs
}

is_sshd() {
	case $(readlink "/proc/$1/exe" 2>/dev/null) in
	*/sshd|*/sshd-session) return 0 ;;
	esac
	return 1
}

no_sshd_hangs() {
	! ps -eo stat,comm | grep -q '^D.* sshd'
}

# closes: the close records so far.
closes() {
	grep -c '"event.action":"close"' "$LAB/jump.log"
}

one_more_close() {
	[ "$(closes)" -gt "$n" ]
}

# ended NAME REASON: one more record, with this reason, and no relay.
ended() {
	check "$1: no relay is left" within no_relay
	check "$1: a record of the end" within one_more_close
	check "$1: only one" [ "$(closes)" -eq $((n + 1)) ]
	last="ended $1: $(grep '"event.action":"close"' "$LAB/jump.log" |
	    tail -n 1 | sed 's/.*\("jump.end":"[a-z]*"\).*/\1/')"
	check "$1: with the reason $2" [ "${last##*: }" = "\"jump.end\":\"$2\"" ]
	check "$1: no sshd hangs" within no_sshd_hangs
}

# --- one connection at a time ------------------------------------------------

# begin PORT [OPTION...]: its standard input is $T/to (descriptor 8).
begin() {
	port=$1
	shift
	n=$(closes)
	rm -f "$T/to"
	mkfifo "$T/to"
	ssh -F "$C" "$@" jump connect app "$port" \
	    <"$T/to" >"$T/out" 2>"$T/err" &
	client=$!
	exec 8>"$T/to"
	within one_relay && within confined || {
		check "a relay to $port runs" false
		return
	}
	session=$relay
	until is_sshd "$session"; do
		session=$(sed 's/.*) //' "/proc/$session/stat" |
		    awk '{ print $2 }')
	done
}

# pour: into standard input, in the background, and its end.
pour() {
	head -c $SIZE /dev/zero >&8 2>/dev/null &
	pourer=$!
	exec 8>&-
}

finish_client() {
	wait "$client" && status=0 || status=$?
}

whom() {
	case $1 in
	client) echo "$client" ;;
	session) echo "$session" ;;
	peer) echo "$peer" ;;
	esac
}

received_all() {
	[ "$(wc -c <"$T/out")" -eq $SIZE ]
}

# --- resets ------------------------------------------------------------------

begin 8084
finish_client
check "reset before the first byte: exit 76" gave 76
exec 8>&-
ended "reset before the first byte" reset
begin 8085
finish_client
exec 8>&-
ended "reset amid a flood" reset
begin 8085
kill -STOP "$client"
sleep 2.5
kill -CONT "$client"
finish_client
exec 8>&-
ended "reset behind a full output" reset
begin 8086
exec 8>&-
finish_client
check "reset after the peer's own end: exit 0" gave 0
ended "reset after the peer's own end" done

# --- stops -------------------------------------------------------------------

for who in client session peer; do
	begin 8083
	kill -STOP "$(whom $who)"
	check "$who stops before the first byte: the relay rests" rests
	kill -CONT "$(whom $who)"
	exec 8>&-
	finish_client
	check "$who stops before the first byte: then the end is carried" gave 0
	ended "$who stops before the first byte" done

	begin 8082
	kill -STOP "$(whom $who)"
	pour
	sleep 0.5
	check "$who stops, the way to the target full: the relay rests" rests
	kill -CONT "$(whom $who)"
	finish_client
	check "$who stops, the way to the target full: all arrives" gave 0 $SIZE
	ended "$who stops, the way to the target full" done

	begin 8081
	if [ $who = peer ]; then
		kill -STOP "$peer"
		echo go >&8
	else
		echo go >&8
		kill -STOP "$(whom $who)"
	fi
	sleep 0.5
	check "$who stops, the way to the client full: the relay rests" rests
	kill -CONT "$(whom $who)"
	exec 8>&-
	finish_client
	check "$who stops, the way to the client full: all arrives" received_all
	ended "$who stops, the way to the client full" done

	begin 8081
	echo go >&8
	exec 8>&-
	kill -STOP "$(whom $who)"
	check "$who stops after one end: the relay rests" rests
	kill -CONT "$(whom $who)"
	finish_client
	check "$who stops after one end: all arrives" received_all
	ended "$who stops after one end" done
done

# --- kills -------------------------------------------------------------------

for who in client session; do
	begin 8083
	kill -KILL "$(whom $who)"
	finish_client 2>/dev/null
	ended "$who killed before the first byte" client
	exec 8>&-

	begin 8082
	kill -STOP "$peer"
	pour
	sleep 0.5
	kill -KILL "$(whom $who)"
	finish_client 2>/dev/null
	ended "$who killed, the way to the target full" client
	kill -CONT "$peer"
	kill "$pourer" 2>/dev/null

	begin 8081
	kill -STOP "$client"
	echo go >&8
	sleep 0.2
	[ $who = client ] || kill -STOP "$session"
	kill -CONT "$client"
	[ $who = client ] || sleep 0.5
	kill -KILL "$(whom $who)"
	finish_client 2>/dev/null
	ended "$who killed, the way to the client in use" client
	exec 8>&-

	begin 8082
	echo some >&8
	exec 8>&-
	finish_client
	check "$who: after an end of file, all as ever" gave 0 5
	ended "$who: end" done
done

# --- before there is a connection ---------------------------------------------

# opens: the records of connections that were made or came to nothing.
opens() {
	grep -c '"event.action":"open"' "$LAB/jump.log"
}

one_more_open() {
	[ "$(opens)" -gt "$n" ]
}

# The end of its input does not say that a client has gone.
for who in client session; do
	n=$(opens)
	ssh -F "$C" jump connect app 8090 </dev/null >/dev/null 2>&1 &
	client=$!
	check "$who: a dial is under way" within one_relay
	check "$who: it rests" rests
	session=$relay
	until is_sshd "$session"; do
		session=$(sed 's/.*) //' "/proc/$session/stat" |
		    awk '{ print $2 }')
	done
	kill -KILL "$(whom $who)"
	check "$who killed amid a dial: it ends" within no_relay
	check "$who killed amid a dial: a record" within one_more_open
	check "and one only" [ "$(opens)" -eq $((n + 1)) ]
	check "that says why" grep -q \
	    '"event.action":"open".*"jump.reason":"the client is gone"' \
	    "$LAB/jump.log"
	finish_client 2>/dev/null
done
lab on web1 nft delete table inet silence
check "no sshd hangs" within no_sshd_hangs
finish
