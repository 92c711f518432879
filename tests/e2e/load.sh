# SPDX-License-Identifier: ISC
# A policy that fails to load, in any way, changes nothing; with none, nobody
# gets in, and the log says why.
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"

db=/var/lib/jump/policy.db

works() {
	run ssh -F "$C" -J jump web1 hostname </dev/null
	gave 0 web1 || return 1
	run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump connect %h %p" \
	    web1 hostname </dev/null
	gave 0 web1
}

nobody() {
	for LAB_USER in alice carol; do
		export LAB_USER
		jump connect web1 22
		no_login || return 1
		run ssh -F "$C" -J jump web1 hostname </dev/null
		[ "$status" -eq 255 ] && wire_silent || return 1
	done
	export LAB_USER=alice
}

# still NAME: after a load that failed, with its reason on standard error.
still() {
	check "$1: does not load" not gave 0
	check "$1: says why" said .
	check "$1: the last good policy is in force" works
}

# bad NAME: standard input does not load.
bad() {
	cat >"$T/bad"
	run lab load "$T/bad"
	still "$1"
}

wire_tap
check "no policy: nobody gets in" nobody
check "no policy: the log says so" logged 'jump-authkeys.*polic'
export LAB_USER=admin
jump id -un
check "no policy: an administrator does" gave 0 admin
export LAB_USER=alice
run lab load /dev/null
check "an empty first policy does not load" not gave 0
check "and nobody gets in" nobody

policy <<'END'
allow web: { alice carol } to web1
END
check "a good policy: works" works

bad "an error of syntax" <<'END'
version 1
user alice
frobnicate
END
bad "an unknown name" <<'END'
version 1
user alice
allow all: alice to nowhere
END
bad "a test that fails" <<'END'
version 1
user alice
host web1 10.2.0.10 ssh 22
test alice to web1 = allow
END
bad "a byte that is not ASCII" <<'END'
version 1
user älice
END
head -c 100000 /dev/urandom >"$T/bad"
run lab load "$T/bad"
still "noise"

etc=$LAB/hosts/jump/etc/jump
lab load "$T/policy"
chmod 666 "$etc/policy"
run lab on jump jumpctl load
still "a file that others can write"
chmod 644 "$etc/policy"
lab on jump chown alice /etc/jump/policy
run lab on jump jumpctl load
still "a file of somebody else"
lab on jump chown root /etc/jump/policy
mv "$etc/policy" "$etc/real"
ln -s real "$etc/policy"
run lab on jump jumpctl load
still "a symbolic link"
rm "$etc/policy"
run lab on jump jumpctl load
still "no file"
mv "$etc/real" "$etc/policy"
mv "$etc/policy.d" "$etc/moved"
run lab on jump jumpctl load
still "no folder of fragments, whose denies may be under way"
mv "$etc/moved" "$etc/policy.d"
printf 'version 1\ndeny all: any to any\n' >"$etc/policy.d/10-deny.conf"
chmod 666 "$etc/policy.d/10-deny.conf"
run lab on jump jumpctl load
still "a fragment that others can write"
chmod 644 "$etc/policy.d/10-deny.conf"
run lab on jump jumpctl load
check "a fragment loads" gave 0
wire_reset
jump connect web1 22
check "and its deny holds" refused
rm "$etc/policy.d/10-deny.conf"
run lab on jump jumpctl load
check "without it, everything works again" works

lab on jump mount -t tmpfs -o size=4k,mode=750,gid=990 full /var/lib/jump
lab on jump sh -c 'head -c 4096 /dev/zero >/var/lib/jump/fill'
run lab on jump jumpctl load
check "a full disk: does not load" gave 73
lab on jump umount /var/lib/jump
check "a full disk: the last good policy is in force" works
run lab on -u alice jump jumpctl load
still "a load by somebody else"
run lab on jump sh -c 'ulimit -f 1; exec jumpctl load'
still "a file size limit"

# An image that was damaged behind jumpctl's back serves nobody.
lab on jump cp -p "$db" "$db.good"
for damage in 'truncate -s 100' 'truncate -s 0' 'truncate -s +1' \
    'dd if=/dev/urandom bs=1 seek=200 count=4 conv=notrunc of=/dev/stdout 1<>'
do
	lab on jump sh -c "$damage $db" 2>/dev/null
	wire_reset
	check "an image after '$damage': nobody gets in" nobody
	lab on jump cp -p "$db.good" "$db"
done
check "and the log says why" logged 'jump-authkeys.*polic'
check "the good image: works" works

policy <<'END'
allow none: alice to web2
END
wire_reset
jump connect web1 22
check "another policy: web1 is closed" refused
run lab on jump jumpctl load --previous
check "load --previous" gave 0
check "and web1 is open again" works

# A previous policy that is none changes nothing.
lab on jump cp -p "$db.1" "$db.1.good"
for damage in 'truncate -s 100' 'truncate -s 0' 'truncate -s +1' \
    'dd if=/dev/urandom bs=1 seek=200 count=4 conv=notrunc of=/dev/stdout 1<>' \
    'dd if=/dev/urandom bs=1 seek=5000 count=9 conv=notrunc of=/dev/stdout 1<>' \
    rm 'mkdir -p /tmp/empty; ln -sf /tmp/empty' 'chown alice'; do
	lab on jump sh -c "$damage $db.1" 2>/dev/null
	run lab on jump jumpctl load --previous
	check "previous after '$damage': exit 78" gave 78
	check "previous after '$damage': says why" said 'policy.db.1|no previous'
	lab on jump sh -c "rm -rf $db.1; cp -p $db.1.good $db.1"
done
lab on jump sh -c 'echo frobnicate >/var/lib/jump/locks'
run lab on jump jumpctl load --previous
check "locks that are none: not loaded" gave 1
check "locks that are none: says why" said '/var/lib/jump/locks'
lab on jump rm /var/lib/jump/locks
check "after all of it, everything works" works
for words in --next '--previous again'; do
	run lab on jump jumpctl load $words
	check "load $words: usage" gave 64
done
run lab on -u alice jump /usr/local/sbin/jumpctl load --previous
check "not by users" gave 73
finish
