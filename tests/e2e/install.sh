# SPDX-License-Identifier: ISC
# make install and make uninstall: as a packager, as root on a machine with
# and without systemd's tools, over an installation, and back.
# runs: once
. "$(dirname "$0")/lib.sh"

# What install needs of the sources, readable by everybody.
S=$T/src
mkdir -p "$S/build"
(cd "$LAB_REPO" && cp -a Makefile VERSION README.md NEWS.md LICENSE dist docs \
    sshd_config.d "$S/")
for p in jump-authkeys jump-shell jump-connect jump-record jump-ssh jumpctl; do
	cp "$LAB_BUILD/$p" "$S/build/"
done
chmod -R a+rX "$S"

make_it() {
	run make -s -C "$S" -o all BUILD=build "$@"
}

# files DIR...: every file, with its owner, its mode and what is in it.
files() {
	find "$@" ! -type d -exec stat -c '%n %U:%G %a' {} + -exec cksum {} + |
	    sort
}

modes() {
	[ "$(stat -c '%U:%G %a' "$2")" = "$1" ]
}

# --- a packager, who is not root ---------------------------------------------

D=$T/stage
install -d -m 755 -o nobody "$D"
run setpriv --reuid 65534 --regid 65534 --clear-groups \
    make -s -C "$S" -o all BUILD=build install DESTDIR="$D"
check "install into DESTDIR as nobody" gave 0
check "it makes no setgid file" [ -z "$(find "$D" -perm /6000)" ]
check "it has the programs" [ -x "$D/usr/local/libexec/jump/jump-shell" ]
check "it has the folder of the policy" [ -d "$D/etc/jump/policy.d" ]
check "it puts nothing into /etc but that" [ -z "$(find "$D/etc" -type f)" ]
run setpriv --reuid 65534 --regid 65534 --clear-groups \
    make -s -C "$S" -o all BUILD=build uninstall DESTDIR="$D"
check "uninstall from DESTDIR" gave 0
check "and no file is left" [ -z "$(find "$D" ! -type d)" ]
check "and no folder of ours" [ -z "$(find "$D" -name '*jump*')" ]
run setpriv --reuid 65534 --regid 65534 --clear-groups \
    make -s -C "$S" -o all BUILD=build install
check "install without DESTDIR wants root" not gave 0
check "and says so" said 'accounts: must be root'

# Any folder for the packager's, relative too; uninstall leaves what is not its
# own, also where a part of that folder's name would be a path.
mkdir -p "$T/w" "$T/w/b/usr/local/sbin"
: >"$T/w/b/usr/local/sbin/jumpctl"
: >"$T/w/jumpctl"
beside() {
	find "$T/w" "$S/w" | grep -vF "$1/" | sort | cksum
}
for d in "$T/w/a b" "$T/w/it's \"\`touch $T/evil\`\" * ; \\&," w/rel 'w/r l'; do
	case $d in
	/*) to=$d ;;
	*) to=$S/$d ;;
	esac
	mkdir -p "$S/w"
	(cd "$T/w" && run make -s -C "$S" -o all BUILD=build install \
	    DESTDIR="$d"; echo "$status" >"$T/status")
	check "install into DESTDIR=$d" [ "$(cat "$T/status")" -eq 0 ]
	check "... it is there" [ -x "$to/usr/local/sbin/jumpctl" ]
	: >"$to/usr/local/sbin/other"
	before=$(beside "$to")
	(cd "$T/w" && run make -s -C "$S" -o all BUILD=build uninstall \
	    DESTDIR="$d"; echo "$status" >"$T/status")
	check "... and is removed" [ "$(cat "$T/status")" -eq 0 ]
	check "... with nothing of others" \
	    [ "$(find "$to" ! -type d)" = "$to/usr/local/sbin/other" ]
	check "... nor beside it" \
	    [ "$(beside "$to")" = "$before" ]
done
check "nothing of a name runs" [ ! -e "$T/evil" ]
# What is written into sshd_config and units has to be a plain path.
for word in PREFIX=usr "PREFIX=/opt/a b" "PREFIX=/a;b" "SYSCONFDIR=etc" \
    "SYSCONFDIR=" "STATEDIR=/var/lib/a'b" "LIBEXECDIR=/x,y" 'DATADIR=/a&b'; do
	for goal in install uninstall; do
		make_it $goal "$word" DESTDIR="$T/w/no"
		check "$goal $word: refused" not gave 0
		check "... in a word" said 'is not a plain path'
	done
done
check "and nothing was made" [ ! -e "$T/w/no" ]
make_it install PREFIX= DESTDIR="$T/w/root"
check "PREFIX= is the root" [ -x "$T/w/root/sbin/jumpctl" ]
make_it uninstall PREFIX= DESTDIR="$T/w/root"
check "... and back" [ -z "$(find "$T/w/root" ! -type d)" ]

U=$T/usr
(umask 077 && make_it install PREFIX=/usr STATEDIR=/srv/jump DESTDIR="$U")
run cat "$T/out"
check "texts have the paths of this installation" \
    not grep -rIq --exclude-dir=doc --exclude-dir=ansible \
    '/usr/local\|/var/lib/jump' "$U"
D=$U/usr/share/doc/jump
# What dist there leads to is below DESTDIR until then.
ln -sfn ../../jump "$D/dist"
for page in README.md NEWS.md docs/operations.md docs/migrate-nc.md \
    docs/fleet.md docs/controls.md dist/ansible/README.md; do
	check "$page is installed" [ -f "$D/$page" ]
done
run "$LAB_REPO/tests/links" "$D"
check "links in pages lead somewhere" gave 0 ""
check "pages have the paths of this installation" \
    not grep -rEq '/usr/local/(libexec|sbin|share)|/var/lib/jump' "$D"
check "so that a command there can be typed" \
    grep -q -- '-s /usr/libexec/jump/jump-shell alice' "$D/docs/operations.md"
check "the role is as in the sources" \
    diff -r -x '.*' "$S/dist/ansible" "$U/usr/share/jump/ansible"
check "the snippet has the programs' path" \
    grep -q 'ForceCommand /usr/libexec/jump/jump-shell' \
    "$U/usr/share/jump/60-jump.conf"
check "the unit has jumpctl's path" grep -qx \
    'ExecStart=/usr/sbin/jumpctl sweep' "$U/usr/lib/systemd/system/jump-sweep.service"
check "no umask makes folders that sshd cannot enter" \
    modes "root:root 755" "$U/usr/libexec/jump"

# What a package does on the machine that it comes to.
if command -v systemd-sysusers >/dev/null &&
    command -v systemd-tmpfiles >/dev/null; then
	run systemd-sysusers --root="$U" jump.conf
	check "systemd-sysusers" gave 0
	check "it makes _jump" grep -q '^_jump:' "$U/etc/passwd"
	for g in _jump _jump-ssh jump jump-devices; do
		check "it makes the group $g" grep -q "^$g:" "$U/etc/group"
	done
	chgrp -R 0 "$U"
	chmod 755 "$U/usr/libexec/jump/jump-authkeys"
	run systemd-tmpfiles --root="$U" --create jump.conf
	check "systemd-tmpfiles" gave 0
	gid=$(sed -n 's/^_jump:[^:]*:\([0-9]*\):.*/\1/p' "$U/etc/group")
	for p in jump-shell jump-connect jump-record; do
		check "it makes $p setgid _jump" [ "$gid 2755" = \
		    "$(stat -c '%g %a' "$U/usr/libexec/jump/$p")" ]
	done
	check "it makes the folder of live sessions" [ "$gid 1730" = \
	    "$(stat -c '%g %a' "$U/run/jump/sessions")" ]
	check "it makes the folder of logins" [ "0 $gid 1770" = \
	    "$(stat -c '%u %g %a' "$U/run/jump/logins")" ]
	check "it makes the folder of devices" [ "0 $gid 2711" = \
	    "$(stat -c '%u %g %a' "$U/run/jump/devices")" ]
	check "it makes the folder of notifications" [ "0 $gid 3733" = \
	    "$(stat -c '%u %g %a' "$U/var/spool/jump/events")" ]
	check "in one of its own" [ "0 $gid 710" = \
	    "$(stat -c '%u %g %a' "$U/var/spool/jump")" ]
	check "it makes the folder of requests" [ "0 $gid 3773" = \
	    "$(stat -c '%u %g %a' "$U/srv/jump/requests")" ]
	check "it makes jump-authkeys unreadable" [ "0 711" = \
	    "$(stat -c '%g %a' "$U/usr/libexec/jump/jump-authkeys")" ]
	check "it makes the state folder" [ "$gid 710" = \
	    "$(stat -c '%g %a' "$U/srv/jump")" ]
else
	skip "systemd-sysusers and systemd-tmpfiles"
fi

# --- root, on a machine of its own -------------------------------------------

# machine COMMAND...: with /usr/local, /etc, /var/lib, /var/spool and /var/log to be
# thrown away.
cat >"$T/machine" <<'END'
set -eu
etc=$(mktemp -d)
cp -a /etc/. "$etc/"
sed -i '/^_jump[:-]/d' "$etc/passwd" "$etc/group" "$etc/shadow"
mount --bind "$etc" /etc
mount -t tmpfs -o mode=755 none /usr/local
mount -t tmpfs -o mode=755 none /var/lib
mount -t tmpfs -o mode=755 none /var/spool
mount -t tmpfs -o mode=755 none /var/log
[ -z "${NO_SYSTEMD:-}" ] || ! s=$(command -v systemd-sysusers) ||
    mount --bind /dev/null "$s"
"$@"
END
machine() {
	run unshare --mount sh "$T/machine" "$@"
}

# Everything that root does there, a line of "ok" for each step.
cat >"$T/on_machine" <<'END'
set -eu
mk() {
	make -s -C "$S" -o all BUILD=build "$@" >>"$T/make.out" 2>&1
}
places='/usr/local /etc /var/lib /var/spool /var/log'
all() {
	find $places -exec stat -c '%n %U:%G %a' {} + | sort
}
mk accounts
getent passwd _jump | grep -q nologin
getent passwd _jump-notify | grep -q nologin
getent group jump-devices >/dev/null
echo ok accounts
all >"$T/before"
mk install
l=/usr/local/libexec/jump
[ "$(stat -c '%U:%G %a' $l/jump-shell)" = 'root:_jump 2755' ]
[ "$(stat -c '%U:%G %a' $l/jump-connect)" = 'root:_jump 2755' ]
[ "$(stat -c '%U:%G %a' $l/jump-authkeys)" = 'root:root 711' ]
[ "$(stat -c '%U:%G %a' /var/lib/jump)" = 'root:_jump 710' ]
[ "$(stat -c '%U:%G %a' /var/spool/jump)" = 'root:_jump 710' ]
[ "$(stat -c '%U:%G %a' /var/spool/jump/events)" = 'root:_jump 3733' ]
[ -x /usr/local/share/jump/examples/notify-mail ]
[ "$(stat -c '%U:%G %a' /var/log/jump)" = 'root:_jump 1730' ]
[ "$(stat -c '%U:%G %a' /etc/jump/policy.d)" = 'root:root 755' ]
echo ok install
all >"$T/installed"
echo '# mine' >/etc/jump/policy
echo image >/var/lib/jump/policy.db
mk install
grep -q 'correct this, then jumpctl load' "$T/make.out"
all | grep -v '/jump/policy \|/jump/policy.db ' >"$T/again"
diff "$T/installed" "$T/again"
[ "$(cat /etc/jump/policy)" = '# mine' ]
echo ok upgrade
# What is right is left alone: no login in between fails.
cat >"$T/owned" <<'SH'
#!/bin/sh
echo "$0 $*" >>"$T/owned.log"
SH
mkdir -p "$T/traps"
for p in chown chgrp chmod; do
	install -m 755 "$T/owned" "$T/traps/$p"
done
: >"$T/owned.log"
(PATH=$T/traps:$PATH; mk owners)
[ ! -s "$T/owned.log" ]
chgrp 0 $l/jump-shell
mk owners
[ "$(stat -c '%U:%G %a' $l/jump-shell)" = 'root:_jump 2755' ]
echo ok owners
# After a boot, /run is empty.
boot=$(sed -n 's/^@reboot  *root  *//p' /usr/local/share/jump/jump-sweep.cron)
mount -t tmpfs -o mode=755 none /run
env -i PATH=/usr/bin:/bin sh -c "$boot"
[ "$(stat -c '%U:%G %a' /run/jump)" = 'root:root 755' ]
[ "$(stat -c '%U:%G %a' /run/jump/sessions)" = 'root:_jump 1730' ]
[ "$(stat -c '%U:%G %a' /run/jump/logins)" = 'root:_jump 1770' ]
umount /run
echo ok boot
# Whoever can write to /var/log, as syslog can in Ubuntu, gets nothing changed.
mkdir -m 755 /var/log/else
mv /var/log/jump /var/log/jump.was
ln -s else /var/log/jump
! mk owners
[ "$(stat -c '%U:%G %a' /var/log/else)" = 'root:root 755' ]
rm /var/log/jump
mv /var/log/jump.was /var/log/jump
rmdir /var/log/else
echo ok owners follows no link
# Whoever starts or runs a program meanwhile is served.
(while [ -g $l/jump-shell ] && [ -x $l/jump-authkeys ]; do :; done
    echo "gone" >"$T/gone") &
watch=$!
ln $l/jump-shell $l/running
mk install
kill $watch
[ ! -e "$T/gone" ]
[ ! $l/jump-shell -ef $l/running ]
cmp $l/jump-shell $l/running
rm $l/running
[ -z "$(find $places -name '*.new')" ]
echo ok rename
: >"$T/make.out"
mk uninstall
grep -qx 'left: /etc/jump' "$T/make.out"
grep -qx 'left: /var/lib/jump' "$T/make.out"
[ "$(cat /etc/jump/policy /var/lib/jump/policy.db | wc -l)" -eq 2 ]
getent passwd _jump >/dev/null
echo ok uninstall keeps
rm /etc/jump/policy /var/lib/jump/policy.db
mk uninstall
all >"$T/after"
diff "$T/before" "$T/after"
[ -z "$(find $places -name jump)" ]
echo ok uninstall
END
export S T
for NO_SYSTEMD in '' 1; do
	export NO_SYSTEMD
	on=with${NO_SYSTEMD:+out}
	machine sh "$T/on_machine"
	for step in accounts install upgrade owners boot 'owners follows no link' \
	    rename 'uninstall keeps' uninstall; do
		check "$on systemd: $step" printed "^ok $step\$"
	done
	check "$on systemd: to the end" gave 0
done
finish
