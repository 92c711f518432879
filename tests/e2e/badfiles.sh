# SPDX-License-Identifier: ISC
# Files of the policy and of the state that are not what they should be: the
# load says which, exits as jumpctl(8) says, and changes nothing.
# runs: once
. "$(dirname "$0")/lib.sh"

H=$LAB/hosts/jump
etc=$H/etc/jump
var=$H/var/lib/jump

policy <<'END'
allow web: { alice carol } to { web1 web2 }
END
printf 'version 1\ndeny kept: any to web2\n' >"$etc/policy.d/10-deny.conf"
run lab on jump jumpctl load
check "the policy with its fragment loads" gave 0
cp -p "$var/policy.db" "$T/image"

# refuses NAME CODE REGEX: a load does, and the image in force is the same.
refuses() {
	run lab on jump timeout 20 jumpctl load
	check "$1: exit $2" gave "$2"
	check "$1: says why" said "$3"
	check "$1: what was in force is" cmp -s "$T/image" "$var/policy.db"
	leftover=$(ls -A "$var" | grep -vx 'policy\.db\(\.1\)\?\|requests')
	check "$1: leaves nothing behind" [ -z "$leftover" ]
}

# long COMMAND...: run, but for longer.
long() {
	last=$*
	timeout 200 "$@" >"$T/out" 2>"$T/err" && status=0 || status=$?
}

# put_back FILE: as it was.
put_back() {
	rm -rf "$1"
	cp -p "$T/saved" "$1"
}

each_file() {
	f=$1 inside=/etc/jump/${1#"$etc/"}
	cp -p "$f" "$T/saved"
	for mode in 664 646 666; do
		chmod $mode "$f"
		refuses "${f##*/}, mode $mode" 1 'is writable by group or others'
	done
	chmod 644 "$f"
	chown 2001 "$f"
	refuses "${f##*/} of alice" 1 'is not owned by root'
	chown 0 "$f"
	mv "$f" "$f.real"
	ln -s "${f##*/}.real" "$f"
	refuses "${f##*/} is a symbolic link" 1 "$inside: is a symbolic link"
	ln -sf nowhere "$f"
	refuses "${f##*/} leads nowhere" 1 "$inside: is a symbolic link"
	rm -f "$f" "$f.real"
	mkfifo "$f"
	refuses "${f##*/} is a FIFO" 1 "$inside: is not a regular file"
	rm -f "$f"
	mknod "$f" c 1 5
	refuses "${f##*/} is a device" 1 "$inside: (is not a regular|Perm)"
	rm -f "$f"
	lab on jump python3 -c "import socket
socket.socket(socket.AF_UNIX).bind('$inside')"
	refuses "${f##*/} is a socket" 1 "$inside: is not a regular file"
	rm -f "$f"
	mkdir "$f"
	refuses "${f##*/} is a directory" 1 "$inside: is not a regular file"
	rmdir "$f"
	truncate -s 10G "$f"
	refuses "${f##*/} has 10 GiB" 1 "$inside: is too large"
	truncate -s 4M "$f"
	refuses "${f##*/} has 4 MiB of NUL" 1 'line longer than|NUL'
	: >"$f"
	refuses "${f##*/} is empty" 1 "expected .version"
	head -c $(($(wc -c <"$T/saved") - 1)) "$T/saved" >"$f"
	refuses "${f##*/} lacks its last byte" 1 'the last line has no end'
	put_back "$f"
}

each_file "$etc/policy"
each_file "$etc/policy.d/10-deny.conf"
rm "$etc/policy"
refuses "no policy" 1 '/etc/jump/policy: No such file.*; jumpctl init prints'
put_back "$etc/policy" && lab load "$T/policy" 2>/dev/null
cp -p "$var/policy.db" "$T/image"

# --- folders -----------------------------------------------------------------

for d in "$etc/policy.d" "$etc"; do
	inside=/etc/jump${d#"$etc"}
	chmod 775 "$d"
	refuses "$inside, mode 775" 1 "$inside: is writable by group"
	chmod 755 "$d"
	chown 2001 "$d"
	refuses "$inside of alice" 1 "$inside: is not owned by root"
	chown 0 "$d"
	mv "$d" "$d.real"
	refuses "no $inside" 1 "$inside: No such file"
	ln -s "${d##*/}.real" "$d"
	refuses "$inside is a symbolic link" 1 "$inside: is a symbolic link"
	rm "$d"
	: >"$d"
	refuses "$inside is a file" 1 "$inside: Not a directory"
	rm "$d"
	mv "$d.real" "$d"
done

# --- names -------------------------------------------------------------------

for odd in .conf .hidden.conf a.conf~ .x.conf.swp; do
	echo garbage >"$etc/policy.d/$odd"
done
run lab on jump jumpctl load
check "hidden files and backups of editors: play no part" gave 0
check "and are not mentioned" not said 'is not read'
rm -f "$etc/policy.d"/.[a-z]* "$etc/policy.d/a.conf~"
for odd in 10-deny.conf.dpkg-old README 20-deny.CONF conf; do
	echo garbage >"$etc/policy.d/$odd"
	run lab on jump jumpctl load
	check "$odd: plays no part" gave 0
	check "$odd: is told" said "policy.d/$odd is not read: its name"
	rm "$etc/policy.d/$odd"
done
cp -p "$var/policy.db" "$T/image"
nl='
'
for odd in "a${nl}b.conf" "a$(printf '\033')[31m.conf" 'a b.conf' \
    "$(printf '\377').conf"; do
	echo garbage >"$etc/policy.d/$odd"
	refuses "$(printf %s "$odd" | tr -c 'a-z .' _)" 1 'expected .version'
	LC_ALL=C tr -d '\040-\176\n' <"$T/err" >"$T/rest"
	check "its name is escaped" [ ! -s "$T/rest" ]
	check "and stands on one line" said '^/etc/jump/policy\.d/.*\.conf:1:1:'
	rm "$etc/policy.d/$odd"
done
ln "$etc/policy.d/10-deny.conf" "$etc/policy.d/20-again.conf"
refuses "a hard link declares all names twice" 1 'is declared already'
rm "$etc/policy.d/20-again.conf"

# --- the state directory -----------------------------------------------------

chmod 770 "$var"
refuses "a state directory that others may write" 73 'writable by others'
chmod 750 "$var"
run lab on jump sh -c 'ulimit -f 1; exec jumpctl load'
check "a file size limit: exit 73" gave 73
check "a file size limit: says why" said 'policy\.db: File too large'
check "a file size limit: leaves nothing behind" [ ! -e "$var/policy.db.new" ]
check "a file size limit: what was in force is" \
    cmp -s "$T/image" "$var/policy.db"
rejected=$(count_log '"jump.reason":"rejected"')
for options in ro rw,size=4k; do
	lab on jump mount -t tmpfs -o mode=750,gid=990,$options state \
	    /var/lib/jump
	lab on jump sh -c 'head -c 4096 /dev/zero >/var/lib/jump/fill' 2>/dev/null
	run lab on jump jumpctl load
	check "a state directory $options: exit 73" gave 73
	check "a state directory $options: says why" \
	    said 'policy\.db: (Read-only|No space)'
	run lab on jump sh -c 'ls -A /var/lib/jump | grep -vx fill'
	check "a state directory $options: nothing is left" gave 1 ""
	lab on jump umount /var/lib/jump
done
check "both are on record" \
    logged "$([ "$(count_log '"jump.reason":"rejected"')" -eq \
    $((rejected + 2)) ] && echo .)"

mkdir "$T/keep" && mv "$var"/* "$T/keep/"
mkdir "$var/policy.db"
run lab on jump jumpctl load
check "policy.db is a directory: exit 73" gave 73
check "policy.db is a directory: says so" said 'policy\.db: Is a directory'
check "policy.db is a directory: leaves nothing" [ ! -e "$var/policy.db.new" ]
rmdir "$var/policy.db"
echo precious >"$T/target"
ln -s "$T/target" "$var/policy.db"
run lab on jump jumpctl load
check "policy.db was a symbolic link: loads" gave 0
check "and its target is as it was" [ "$(cat "$T/target")" = precious ]
check "and it is a file now" [ ! -L "$var/policy.db" ]
chown 2001 "$var/policy.db"
run lab on jump jumpctl load
check "policy.db was alice's: loads" gave 0
check "and is root's now" [ "$(stat -c %u:%g:%a "$var/policy.db")" = 0:990:640 ]
mkdir "$var/policy.db.1"
cp -p "$var/policy.db" "$T/image"
printf 'version 1\ndeny more: any to db1\n' >"$etc/policy.d/30-more.conf"
run lab on jump jumpctl load
check "policy.db.1 is a directory: exit 73" gave 73
check "and what was in force is" cmp -s "$T/image" "$var/policy.db"
rmdir "$var/policy.db.1"
rm "$etc/policy.d/30-more.conf"
mkdir "$var/policy.db.new"
refuses2=$(lab on jump jumpctl load 2>&1)
check "policy.db.new is a directory: says so" \
    [ "${refuses2#*policy.db: }" = "Is a directory" ]
rmdir "$var/policy.db.new"

# --- while somebody writes ---------------------------------------------------

cp "$(dirname "$0")/badfiles.py" "$T/"
for what in grow rewrite replace rename vanish pair; do
	long lab on jump python3 "$T/badfiles.py" "$what"
	check "$what while it is read: whole policies only" gave 0
	sed 's/^/# /' "$T/out"
done
long lab on jump python3 "$T/badfiles.py" kill
check "200 loads that are killed: always a whole image" gave 0
sed 's/^/# /' "$T/out"
long lab on jump python3 "$T/badfiles.py" together
check "loads at once: each loads or is told to wait" gave 0
sed 's/^/# /' "$T/out"
finish
