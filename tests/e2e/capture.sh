# SPDX-License-Identifier: ISC
# Records of what is said on a port of tcp: by connect and by the gate.
. "$(dirname "$0")/lib.sh"

export LAB_USER=bob
folder=$LAB/hosts/jump/var/log/jump

rules() {
	{
		cat <<-'END'
			set nft "/usr/sbin/nft"
			set gate 422
			set exempt admin
			user bob
			key bob "ssh-ed25519 AAAA"
			allow web: bob to web1:22
			allow db: bob to db1:5432
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

# say: a thousand lines to db1, which says the same; by the arguments.
say() {
	seq 1000 >"$T/in"
	run "$@" <"$T/in"
}
by_connect() {
	say ssh -F "$C" jump connect db1 5432
}
by_gate() {
	say ssh -F "$C" -W 10.2.0.11:5432 jump
}

# opened: the session of the last record of its kind, in $id; "" if it is not
# recorded.
opened() {
	within more_opened
	id=$(grep '"event.action":"open"' "$LAB/jump.log" | tail -n 1 |
	    sed -n 's/.*"jump.session":"\([a-z2-7]*\)".*"jump.recording":"pcapng".*/\1/p')
}
opens=0
more_opened() {
	now=$(grep -c '"event.action":"open"' "$LAB/jump.log")
	[ "$now" -gt "$opens" ] && opens=$now
}

# payload SIDE: what tcpdump reads, of packets from or to port 5432.
payload() {
	tcpdump -Z root -r "$folder/$id.pcapng" -nn -x "tcp $1 port 5432" 2>/dev/null |
	    python3 -c '
import re, sys
packet, out = b"", b""
def flush():
    global out
    if packet:
        header = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
        out += packet[header + (packet[header + 12] >> 4) * 4:]
for line in sys.stdin:
    m = re.match(r"\s+0x[0-9a-f]+:\s+([0-9a-f ]+)", line)
    if m is None:
        flush()
        packet = b""
    else:
        packet += bytes.fromhex(m.group(1).replace(" ", ""))
flush()
sys.stdout.buffer.write(out)'
}
same() {
	payload "$1" >"$T/payload"
	cmp "$T/in" "$T/payload"
}
owner() {
	lab on jump stat -c '%U %a' "/var/log/jump/$id.pcapng"
}
files() {
	ls "$folder" | wc -l
}

rules <<'END'
require seen: any to db1 record
END
check "the load" gave 0
check "the gate is up" gate_up
run lab on jump jumpctl sweep

# --- both roads ---------------------------------------------------------------

by_connect
check "connect: as without" [ "$(cksum <"$T/out")" = "$(cksum <"$T/in")" ]
check "connect: the user reads that it is recorded" \
    said '^jump: this session is recorded\.$'
opened
check "connect: the record of the session says so" [ -n "$id" ]
check "connect: what the user said" same dst
check "connect: what the target said" same src
check "connect: the user's, and nobody reads it" [ "$(owner)" = "bob 600" ]
run lab on -u bob jump cat "/var/log/jump/$id.pcapng"
check "connect: nor does the user" said 'Permission denied'
run lab on -u bob jump sh -c ">/var/log/jump/$id.pcapng; rm -f /var/log/jump/*"
check "connect: or can be rid of it" same dst
run tcpdump -Z root -r "$folder/$id.pcapng" -nn
check "connect: a handshake" [ "$(head -n 3 "$T/out" | grep -Ec \
    'Flags \[(S|S\.|\.)\],')" -eq 3 ]
check "connect: and an end, both ways" [ "$(grep -c 'Flags \[F' "$T/out")" -eq 2 ]
check "connect: of the real addresses" printed \
    '^[0-9:.]* IP 10\.2\.0\.1\.[0-9]* > 10\.2\.0\.11\.5432: Flags'
check "connect: it says whose it is" grep -aFq \
    "session $id, bob to db1:5432 by connect" "$folder/$id.pcapng"

# Nor by the descriptor of the relay, whose uid is the user's.
mkfifo "$T/fifo"
ssh -F "$C" jump connect db1 5432 <"$T/fifo" >"$T/stays" 2>/dev/null &
exec 5>"$T/fifo"
echo hello >&5
check "connect: one stays" within grep -q hello "$T/stays"
lab on -u bob jump python3 -c '
import os, subprocess
found = opened = 0
for pid in subprocess.run(["pgrep", "-u", "bob", "-x", "jump-connect"],
                          capture_output=True, text=True).stdout.split():
    found += 1
    for fd in range(64):
        try:
            os.close(os.open("/proc/%s/fd/%d" % (pid, fd), os.O_WRONLY))
            opened += 1
        except OSError:
            pass
print("relays", found, "opened", opened)' >"$T/out"
check "connect: its descriptors are not the user's to open" \
    printed '^relays [1-9][0-9]* opened 0$'
exec 5>&-
wait $!
opened

by_gate
check "gate: as without" [ "$(cksum <"$T/out")" = "$(cksum <"$T/in")" ]
opened
check "gate: the record of the session says so" [ -n "$id" ]
check "gate: what the user said" same dst
check "gate: what the target said" same src
check "gate: the gate's" [ "$(owner)" = "_jump 600" ]

# --- what is not --------------------------------------------------------------

n=$(files)
run ssh -F "$C" jump connect web1 22 </dev/null
opened
check "another target is not recorded" [ -z "$id" ]
check "and makes no file" [ "$(files)" -eq "$n" ]
rules <<'END'
require seen: any to web1:22 record
END
check "what SSH says: the load warns" \
    said 'what SSH says is recorded on the road shell only'
run ssh -F "$C" jump connect web1 22 </dev/null
check "what SSH says: refused" gave 77
check "what SSH says: the record has the reason" within grep -q \
    '"jump.reason":"an obligation cannot be held on this road"' "$LAB/jump.log"

# --- where it cannot be -----------------------------------------------------------

rules <<'END'
require seen: any to db1 record
END
lab on jump chmod 0700 /var/log/jump
by_connect
check "no folder: refused" gave 73
check "no folder: in words" said 'the session cannot be recorded'
check "no folder: nothing is said" [ ! -s "$T/out" ]
opened
by_gate
check "no folder: nor by the gate" [ ! -s "$T/out" ]
check "no folder: with the reason" within grep -q \
    '"jump.reason":"the session cannot be recorded: Permission denied"' \
    "$LAB/jump.log"
run lab on jump jumpctl doctor
check "no folder: doctor says so" printed \
    '/var/log/jump is not a folder of root and _jump with mode 1730'
lab on jump chmod 1730 /var/log/jump

# A small file system, that fills while they talk.
lab on jump mount -t tmpfs -o size=1m,mode=1730,gid="$(
    lab on jump stat -c %g /var/log/jump)" none /var/log/jump
head -c 3000000 /dev/zero >"$T/in"
run ssh -F "$C" jump connect db1 5432 <"$T/in"
check "full: it ends" gave 73
check "full: in words" said 'the connection has ended: it cannot be recorded'
check "full: the record of the end says so" within grep -q \
    '"event.action":"close".*"jump.end":"capture"' "$LAB/jump.log"
sent=$(wc -c <"$T/out")
check "full: not much has been said" [ "$sent" -lt 1100000 ]
lab on jump umount /var/log/jump

# --- the keeper --------------------------------------------------------------------

# A user's own processes cannot get at who makes the file.
lab on -u bob jump python3 -c '
import ctypes, os, signal, subprocess, time
libc = ctypes.CDLL(None, use_errno=True)
traced = refused = 0
def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []
for i in range(200):
    p = subprocess.Popen(["/usr/local/libexec/jump/jump-connect", "db1",
                          "5432"], stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 0.1
    while time.monotonic() < until and not refused and not traced:
        for child in children(p.pid):
            if libc.ptrace(16, child, 0, 0) == 0:
                traced += 1
            elif ctypes.get_errno() == 1:
                refused += 1
    p.kill()
    p.wait()
    if traced or refused:
        break
print("traced", traced, "refused", refused)' >"$T/out" 2>"$T/err"
check "the keeper cannot be traced" printed '^traced 0 refused [1-9]'
processes() {
	! lab on jump pgrep -u bob -x jump-connect >/dev/null
}
check "none is left" within processes
gate_down
finish
