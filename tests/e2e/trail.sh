# SPDX-License-Identifier: ISC
# The trail: whatever happens on a road, the records say so, in order, with the
# right bytes and one id, and no others are there.
. "$(dirname "$0")/lib.sh"

# Two windows close with the minute, and there must be time to get in.
until [ "$(date +%S)" -lt 25 ]; do sleep 0.2; done
closes=$(($(date +%s) / 60 * 60 + 60))
minute() {
	LC_ALL=C date -u -d "@$1" +'%a %H:%M' | tr A-Z a-z
}

policy <<END
user bob
key bob "ssh-ed25519 AAAA"
host plain 10.2.0.11 tcp 6000
host quiet 10.2.0.11 tcp 6001
host brief 10.2.0.11 tcp 6002
host frail 10.2.0.11 tcp 6003
host shut  10.2.0.11 tcp 6004
window now $(minute $((closes - 120))) - $(minute $closes)
allow good:  alice to { plain frail shut }
allow still: alice to quiet idle 2s
allow short: alice to brief duration 3s
allow shift: { bob carol } to plain when now
END
run lab on jump jumpctl sweep # or no forward that ends is permitted

# Each gives back what it gets; frail breaks off when $T/break is there.
cat >"$T/echo.py" <<'END'
import os, selectors, socket, struct
s = selectors.DefaultSelector()
for port in 6000, 6001, 6002, 6003:
    s.register(socket.create_server(("10.2.0.11", port)), selectors.EVENT_READ)
def close(c):
    s.unregister(c)
    c.close()
while True:
    for key, _ in s.select(0.05):
        if key.data is None:
            s.register(key.fileobj.accept()[0], selectors.EVENT_READ, "echo")
            continue
        try:
            b = key.fileobj.recv(65536)
            key.fileobj.sendall(b)
        except OSError:
            b = b""
        if not b:
            close(key.fileobj)
    if not os.path.exists("/run/lab/tmp/e2e/break"):
        continue
    os.unlink("/run/lab/tmp/e2e/break")
    for key in list(s.get_map().values()):
        c = key.fileobj
        if key.data and c.getsockname()[1] == 6003:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                struct.pack("ii", 1, 0))
            close(c)
END
lab on db1 python3 /run/lab/tmp/e2e/echo.py &
within lab on db1 grep -q ':1773 ' /proc/net/tcp

take_dev_log
start_rsyslog

# --- sessions ----------------------------------------------------------------

# begin NAME USER ROAD TARGET PORT: a session; its ssh is $T/NAME.pid.
begin() {
	rm -f "$T/$1.fifo"
	mkfifo "$T/$1.fifo"
	if [ "$3" = connect ]; then
		set -- "$1" "$2" jump connect "$4" "$5"
	else
		set -- "$1" "$2" -W "$4:$5" jump
	fi
	name=$1
	LAB_USER=$2
	export LAB_USER
	shift 2
	ssh -F "$C" "$@" <"$T/$name.fifo" >"$T/$name.out" 2>"$T/$name.err" &
	echo $! >"$T/$name.pid"
	LAB_USER=alice
}

# feed NAME BYTES: so many there, and back, by 9.
feed() {
	exec 9>"$T/$1.fifo"
	head -c "$2" /dev/urandom >"$T/$1.data"
	cat "$T/$1.data" >&9
	within cmp -s "$T/$1.data" "$T/$1.out"
}

# over NAME: its ssh has ended.
over() {
	within not kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

# --- rows --------------------------------------------------------------------

# begun: what is in the log already is not of the next row.
begun() {
	raw=$(wc -l <"$LAB/hosts/jump/var/log/raw")
	listed=$(lab on jump jumpctl log --json </dev/null | wc -l)
}

# agrees USER TARGET BYTES SECONDS RECORDS LISTED
agrees() {
	tail -n +$((raw + 1)) "$LAB/hosts/jump/var/log/raw" >"$T/raw"
	lab on jump jumpctl log --json </dev/null 2>/dev/null |
	    tail -n +$((listed + 1)) >"$T/list"
	run python3 -B "$LAB_REPO/tests/e2e/trail.py" "$T/raw" "$T/list" "$@"
	[ "$status" -eq 0 ]
}

row=0
# row ROAD TARGET PORT EVENT SECONDS RECORDS LISTED: alice is connected, sends
# what comes back, and then there is the event.
row() {
	row=$((row + 1))
	bytes=$((100000 + row * 1237))
	begun
	begin row alice "$1" "$2" "$3"
	check "$1, $4: a session" feed row $bytes
	$4
	check "$1, $4: it ends" over row
	exec 9>&-
	check "$1, $4: its trail" within agrees alice "$2:$3" $bytes "$5" \
	    "$6" "$7"
}

# none ROAD TARGET PORT WHY RECORDS LISTED: alice is not.
none() {
	begun
	begin row alice "$1" "$2" "$3"
	exec 9>"$T/row.fifo"
	check "$1, $4: there is no session" over row
	exec 9>&-
	check "$1, $4: its trail" within agrees alice "$2:$3" - 0 "$5" "$6"
}

client_closes() {
	exec 9>&-
}

client_dies() {
	kill -KILL "$(cat "$T/row.pid")"
}

target_breaks() {
	: >"$T/break"
}

is_kicked() {
	kick --user alice
}

waits() {
	:
}

begun
window_raw=$raw window_listed=$listed
begin bob bob connect plain 6000
check "connect, window: a session" feed bob 54321
exec 7>&9
begin carol carol forward plain 6000
check "forward, window: a session" feed carol 65432
exec 6>&9 9>&-

ASKED='login+ login+ decision+'
row connect plain 6000 client_closes 0 "$ASKED open+ close+:done" \
    'login open close:done'
row connect plain 6000 client_dies 0 "$ASKED open+ close+:client" \
    'login open close:client'
row connect frail 6003 target_breaks 0 "$ASKED open+ close+:reset" \
    'login open close:reset'
row connect plain 6000 is_kicked 0 "$ASKED open+ kick+ close+:kick" \
    'login open admin close:kick'
row connect quiet 6001 waits 2 "$ASKED open+ close+:idle" \
    'login open close:idle'
row connect brief 6002 waits 2 "$ASKED open+ close+:deadline" \
    'login open close:deadline'
none connect db1 22 deny 'login+ login+ decision-' 'login refused'
none connect shut 6004 down "$ASKED open-" 'login failed'

row forward plain 6000 client_closes 0 'login+ login+' \
    'login open close:client'
row forward plain 6000 client_dies 0 'login+ login+' \
    'login open close:client'
# All that sshd says is that ssh -W went, as it does then.
row forward frail 6003 target_breaks 0 'login+ login+' \
    'login open close:client'
row forward plain 6000 is_kicked 0 'login+ login+ kick+' \
    'login open admin close:logout'
none forward quiet 6001 idle 'login+ login+' 'login refused'
none forward brief 6002 duration 'login+ login+' 'login refused'
none forward db1 22 deny 'login+ login+' 'login refused'
none forward shut 6004 down 'login+ login+' 'login failed'

# --- the windows close -------------------------------------------------------

until [ "$(date +%s)" -ge "$closes" ]; do sleep 0.2; done
check "connect, window: it ends by itself" over bob
run lab on jump jumpctl sweep
check "the sweep ends the forward" printed '^ended: carol to '
check "forward, window: it ends" over carol
raw=$window_raw listed=$window_listed
check "connect, window: its trail" within agrees bob plain:6000 54321 0 \
    "$ASKED open+ close+:deadline" 'login open close:deadline'
check "forward, window: its trail" within agrees carol plain:6000 65432 0 \
    'login+ login+ sweep+ sweep+' 'login open admin admin close:logout'
exec 6>&- 7>&-
finish
