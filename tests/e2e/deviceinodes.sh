# SPDX-License-Identifier: ISC
# A device makes sockets without end: run-jump-devices.mount keeps that among
# devices, and the others are served.
# lab: LAB_POLICY=none
# runs: once
. "$(dirname "$0")/lib.sh"
: "${LAB:?}" "${T:?}" "${C:?}"

unit=$LAB_REPO/dist/systemd/run-jump-devices.mount
d=/run/jump/devices

option() {
	sed -n "s/^$1=//p" "$unit"
}

# inodes FOLDER: how many of its file system are in use.
inodes() {
	lab on jump df --output=iused "$1" | tail -n 1
}

# tunnel NAME: it comes, and listens.
tunnel() {
	ssh -F "$C" -i "$T/$1" -o IdentitiesOnly=yes -o User="$1" \
	    -o ExitOnForwardFailure=yes -N -R "$d/$1/ssh.sock:192.0.2.1:22" \
	    jump >"$T/$1.log" 2>&1 &
	within lab on jump test -S "$d/$1/ssh.sock"
}

# fill NAME: as its account, until there is no place.
fill() {
	run lab on jump setpriv --reuid "$1" --regid "$1" --clear-groups \
	    python3 -c "
import errno, socket
for n in range(100000):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.bind('$d/$1/%d' % n)
        except OSError as e:
            print(n, errno.errorcode[e.errno])
            break"
}

for n in 1 2 3; do
	device_account rtu$n 220$n
done
policy <<END
device rtu1 "$d/rtu1/ssh.sock" ssh
device rtu2 "$d/rtu2/ssh.sock" ssh
device rtu3 "$d/rtu3/ssh.sock" ssh
$(device_key rtu1)
$(device_key rtu2)
$(device_key rtu3)
allow all: alice to { web1 rtu1 rtu2 rtu3 }
END
check "a device listens" tunnel rtu2
check "the unit mounts where devices have their folders" \
	[ "$(option Where)" = $d ]
lab on jump mount -t "$(option Type)" -o "$(option Options)" \
    "$(option What)" $d
check "what it mounts is as the folder was" \
	[ "$(lab on jump stat -c '%U:%G %a' $d)" = 'root:_jump 2711' ]
run lab on jump jumpctl sweep
check "sweep makes the folders in it" \
	[ "$(lab on jump stat -c '%U:%G %a' $d/rtu2)" = 'rtu2:_jump 2710' ]
jump connect rtu2 22
check "a device that listened before is covered" gave 69
run lab on jump jumpctl kick --device rtu2
check "... until it comes back" tunnel rtu2
jump connect rtu2 22
check "... and is reached" printed '^SSH-'

before=$(inodes /run)
fill rtu1
check "one fills it" printed '^[78][0-9]* ENOSPC$'
check "... with what its file system has" \
	[ "$(cut -d' ' -f1 "$T/out")" -lt "$(option Options |
	    sed 's/.*nr_inodes=\([0-9]*\).*/\1/')" ]
check "... and takes nothing of /run" [ $(($(inodes /run) - before)) -lt 8 ]
jump connect web1 22
check "users get in" printed '^SSH-'
jump connect rtu2 22
check "a device that listens is reached" printed '^SSH-'
check "one that comes now does not" not tunnel rtu3
check "... and is told" grep -q 'remote port forwarding failed' "$T/rtu3.log"
policy <<END
device rtu2 "$d/rtu2/ssh.sock" ssh
device rtu3 "$d/rtu3/ssh.sock" ssh
$(device_key rtu2)
$(device_key rtu3)
allow all: alice to { web1 rtu2 rtu3 }
END
check "out of the policy: what it has filled is gone" \
	[ "$(inodes $d)" -lt 10 ]
check "... and the other can come" tunnel rtu3
jump connect rtu3 22
check "... and is reached" printed '^SSH-'
finish
