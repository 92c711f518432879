# SPDX-License-Identifier: ISC
# The folders of devices at a path: made and removed by load and by sweep, and
# nothing is touched that they have not made.
# lab: LAB_POLICY=none
# runs: once
. "$(dirname "$0")/lib.sh"

d=/run/jump/devices
D=$LAB/hosts/jump$d

# is FOLDER UID GID MODE
is() {
	[ "$(stat -c '%u %g %a' "$D/$1" 2>&1)" = "$2 $3 $4" ]
}

# devices STATEMENT...: a policy with these lines in force.
devices() {
	printf '%s\n' "$@" | policy
}

# sweeps: nothing was said.
sweeps() {
	run lab on jump jumpctl sweep
	gave 0 && silent && [ ! -s "$T/err" ]
}

for n in 1 2 3; do
	echo "rtu$n:x:210$n:210$n::/home/rtu$n:/bin/sh" \
	    >>"$LAB/hosts/jump/etc/passwd"
	echo "rtu$n:x:210$n:" >>"$LAB/hosts/jump/etc/group"
done

one="device rtu1 \"$d/rtu1/ssh.sock\" ssh"
two="device rtu2 \"$d/rtu2/ssh.sock\" ssh"
check "make owners made the folder above" is . 0 990 2711
devices "$one" "$two" 'device other "/home/other.sock" ssh account rtu3'
check "load makes the folder of a device" is rtu1 2101 990 2710
check "... and of another" is rtu2 2102 990 2710
check "... and of nobody else" [ "$(ls "$D" | wc -l)" -eq 2 ]

# What sshd will make there gets the group; others do not get in.
run lab on jump setpriv --reuid rtu1 --regid rtu1 --clear-groups python3 -c "
import os, socket
os.umask(0o117)
socket.socket(socket.AF_UNIX).bind('$d/rtu1/ssh.sock')"
check "a socket of the device has the group _jump" is rtu1/ssh.sock 2101 990 660
run lab on jump setpriv --reuid rtu2 --regid rtu2 --clear-groups ls $d/rtu1
check "another device does not get in" not gave 0
run lab on jump setpriv --reuid rtu2 --regid rtu2 --clear-groups ls $d
check "nor does it see who there is" not gave 0

# A folder that is as it must be stays, with what is in it.
inode=$(stat -c %i "$D/rtu1")
devices "$one" "$two"
check "a load leaves it" [ "$inode" = "$(stat -c %i "$D/rtu1")" ]
check "... and its socket" test -S "$D/rtu1/ssh.sock"

devices "$two"
check "a device that is gone: load removes socket and folder" \
    not test -e "$D/rtu1"

# After a boot /run is empty; tmpfiles.d may have made the one above or not.
rmdir "$D/rtu2"
run lab on jump jumpctl sweep -n
check "a dry sweep makes nothing" not test -e "$D/rtu2"
check "sweep makes what is missing" sweeps
check "... as load does" is rtu2 2102 990 2710
rmdir "$D/rtu2" "$D"
check "sweep makes the folder above too" sweeps
check "... as it must be" is . 0 990 2711
check "... with all in it" is rtu2 2102 990 2710

# With no more than what the unit of the sweep leaves it.
set -- $(sed -n 's/^CapabilityBoundingSet=//p' \
    "$LAB_REPO/dist/systemd/jump-sweep.service" | tr A-Z a-z)
bounds=-all
for c; do
	bounds=$bounds,+${c#cap_}
done
rmdir "$D/rtu2"
run lab on jump setpriv --bounding-set "$bounds" --no-new-privs jumpctl sweep
check "sweep as its unit runs it" gave 0
check "... makes it" is rtu2 2102 990 2710

# Half made, and of an account that has changed.
chown 0 "$D/rtu2"
check "what was half made is completed" sweeps
check "... for its account" is rtu2 2102 990 2710
devices "$two account rtu3"
check "another account: made again" is rtu2 2103 990 2710

# left NAME WORDS: said, and not touched.
left() {
	run lab on jump jumpctl load
	gave 0 && said "$d/$1: $2"
}

devices "$one"
touch "$D/rtu1/notes"
devices "$two"
check "a file in a folder that is to go: said" said "rtu1: not as jumpctl made"
check "... and left" test -f "$D/rtu1/notes"
rm "$D/rtu1/notes"
chmod 2750 "$D/rtu1"
check "another mode: said" left rtu1 "not as jumpctl made it"
check "... and left" is rtu1 2101 990 2750
rmdir "$D/rtu1"
mkdir "$LAB/hosts/jump/tmp/away"
chown 2101:990 "$LAB/hosts/jump/tmp/away"
chmod 2710 "$LAB/hosts/jump/tmp/away"
ln -s /tmp/away "$D/rtu1"
check "a link to a folder as we make them: said" \
    left rtu1 "not as jumpctl made it"
devices "$one" "$two"
check "... also where a folder belongs" said "rtu1: not as jumpctl made it"
check "... and not followed" test -L "$D/rtu1" -a -d "$LAB/hosts/jump/tmp/away"
rm "$D/rtu1"
echo >"$D/rtu1"
check "a file in its place: said" left rtu1 "not as jumpctl made it"
check "... and left" test -f "$D/rtu1"
rm "$D/rtu1"

devices "device rtu4 \"$d/rtu4/ssh.sock\" ssh"
check "no account: said" said "rtu4: the device's account is missing"
check "... no folder" not test -e "$D/rtu4"
devices "$one" "device twin \"$d/rtu1/x\" ssh account rtu2"
check "two accounts want one: said" said "rtu1: devices of different accounts"
devices "device rtu1 \"$d/ssh.sock\" ssh" \
    "device rtu2 \"$d/.rtu2/ssh.sock\" ssh" \
    "device rtu3 \"$d/a/b/ssh.sock\" ssh"
check "other paths: nothing is made" [ -z "$(ls -A "$D")" ]

chmod 777 "$D"
devices "$one"
check "a folder above that others write to: said" \
    said "$d: not root's, of the group _jump and mode 2711"
check "... nothing is made in it" not test -e "$D/rtu1"
rmdir "$D"
ln -s /tmp/away "$D"
run lab on jump jumpctl load
check "a link in its place: said" said "$d: Not a directory"
check "... and not followed" [ -z "$(ls -A "$LAB/hosts/jump/tmp/away")" ]
finish
