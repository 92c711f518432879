# SPDX-License-Identifier: ISC
# lab: LAB_POLICY=none
# A machine that has been a jump host before: what jumpctl init makes of it, and
# that its users then reach what they reached, and nothing else.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
SSHD=/run/lab/openssh/usr/sbin/sshd
version=$("$LAB/openssh/usr/sbin/sshd" -V 2>&1 |
    sed -n 's/^OpenSSH_\([0-9.]*\).*/\1/p')

# --- the machine as it was -----------------------------------------------------

# account NAME UID SHELL
account() {
	echo "$1:x:$2:$2::/home/$1:$3" >>"$J/etc/passwd"
	echo "$1:*:19000:0:99999:7:::" >>"$J/etc/shadow"
	echo "$1:x:$2:" >>"$J/etc/group"
	install -d -m 700 -o "$2" -g "$2" "$J/home/$1"
}

key() {
	[ -f "$LAB/keys/$1" ] ||
	    ssh-keygen -q -t ed25519 -N '' -C "$1@lab" -f "$LAB/keys/$1"
	cat "$LAB/keys/$1.pub"
}

# authorized ACCOUNT: standard input is the file of its keys.
authorized() {
	uid=$(awk -F: -v n="$1" '$1 == n { print $3 }' "$J/etc/passwd")
	install -d -m 700 -o "$uid" -g "$uid" "$J/home/$1/.ssh"
	cat >"$T/keys"
	install -m 600 -o "$uid" -g "$uid" "$T/keys" \
	    "$J/home/$1/.ssh/authorized_keys"
}

reload() {
	: >"$T/mark"
	lab on jump sh -c 'kill -HUP $(cat /run/sshd.pid)'
	within test "$J/run/sshd.pid" -nt "$T/mark"
}

rm "$J"/etc/ssh/sshd_config.d/50-jump-shared.conf \
    "$J"/etc/ssh/sshd_config.d/60-jump.conf
sed -i 's/^jump:.*/jump:x:2010:/; $a sudo:x:27:admin' "$J/etc/group"
sed -i '/^bob:/s|:[^:]*$|:/usr/sbin/nologin|; /^\(alice\|vend1\|jump\):/s|:[^:]*$|:/bin/sh|' \
    "$J/etc/passwd"
cat >>"$J/etc/hosts" <<-'END'
	10.2.0.10 web1 www
	10.2.0.12 web2
	10.2.0.11 db1
END
printf '#!/bin/sh\nexec socat -t9 - "TCP:$1:$2"\n' >"$T/nc"
install -d "$J/local/bin"
install -m 755 "$T/nc" "$J/local/bin/nc"
account dave 2501 /bin/sh
account eve 2502 /bin/sh
account late 2503 /bin/sh
account web 2504 /usr/sbin/nologin

{
	key alice
	key twice
} | authorized alice
{
	printf '# at work only\nfrom="192.0.2.*",permitopen="web1:22",'
	printf 'permitopen="10.2.0.11:5432",permitopen="gone.example:22" '
	key bob
} | authorized bob
{
	printf 'restrict,port-forwarding,permitopen="web2:80",'
	printf 'expiry-time="20361231",command="/bin/false" '
	key vend1
} | authorized vend1
{
	printf 'restrict,port-forwarding,permitopen="web1:22",command="/bin/false" '
	key carol
	printf 'restrict,port-forwarding,permitopen="web2:22",command="/bin/false" '
	key erin
	printf 'restrict,command="/usr/bin/backup" '
	key backup
} | authorized jump
{
	printf 'no-port-forwarding '
	key dave
	key twice
} | authorized dave
{
	printf 'expiry-time="20200101" '
	key late
} | authorized late

# --- who reaches what ----------------------------------------------------------

# login USER: options of ssh for this person, and the way in.
login() {
	LAB_USER=$1
	export LAB_USER
	case $1 in
	carol | erin) echo "-oUser=jump" ;;
	*) echo "-oUser=$1" ;;
	esac
}

printf 'SSH-2.0-probe\r\n\r\n' >"$T/request"

# answers COMMAND...: something comes back.
answers() {
	timeout 30 "$@" <"$T/request" >"$T/answer" 2>/dev/null || :
	grep -aq 'SSH-2\|HTTP/' "$T/answer" && echo yes || echo no
}

# Every user, to every place, both ways; a line each.
matrix() {
	for u in alice bob vend1 carol erin dave; do
		LAB_USER=$u
		export LAB_USER
		o=$(login $u)
		for p in web1:22 web2:22 web2:80 10.2.0.11:5432; do
			echo "$u -W $p" "$(answers ssh -F "$C" "$o" -W $p jump)"
		done
		for p in "web1 22" "db1 5432" "10.9.0.2 22"; do
			echo "$u nc $p" \
			    "$(answers ssh -F "$C" "$o" jump nc $p)"
		done
		echo "$u elsewhere" \
		    "$(answers ssh -F "$C" "$o" -W web1:22 jump-elsewhere)"
	done
}

reload
matrix >"$T/before"
run cat "$T/before"
reaches() {
	[ "$(grep -c "^$1 .* yes$" "$T/before")" -eq "$2" ]
}
check "before: alice reaches all" reaches alice 8
check "before: bob reaches what his permitopen name" reaches bob 2
check "before: vend1 reaches one place" reaches vend1 1
check "before: dave has a shell, and no forwards" reaches dave 3
check "before: carol and erin share an account, not its rights" \
    test "$(grep -c '^\(carol\|erin\) .* yes$' "$T/before")" -eq 3

# --- files of users, made for root to read -------------------------------------

install -d -m 700 -o 2502 -g 2502 "$J/home/eve/.ssh"
ln -s /etc/shadow "$J/home/eve/.ssh/authorized_keys"
mkfifo "$J/home/eve/.ssh/known_hosts"
{
	printf 'Host a\033[31mb\nHost web1\n HostName 10.66.6.6\n'
	printf 'Host $(touch /tmp/ran) `id`\nHost any\n HostName any\n'
	printf 'Host "x\nHost hop\n ProxyJump web1\n'
	printf 'Host bank\n HostName 10.66.6.7\n'
} >"$T/config"
{
	printf 'web1 %s\n' "$(cut -d' ' -f1,2 "$LAB/keys/mallory.pub")"
	printf '10.9.0.2 %s\n' "$(cut -d' ' -f1,2 "$LAB/keys/mallory.pub")"
	printf '|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= %s\n' \
	    "$(cut -d' ' -f1,2 "$LAB/keys/mallory.pub")"
} >"$T/known"
install -m 600 -o 2501 -g 2501 "$T/config" "$J/home/dave/.ssh/config"
install -m 600 -o 2501 -g 2501 "$T/known" "$J/home/dave/.ssh/known_hosts"
install -d -m 700 -o 2504 -g 2504 "$J/home/web/.ssh"
install -m 666 -o 2504 -g 2504 "$LAB/keys/mallory.pub" \
    "$J/home/web/.ssh/authorized_keys"
printf 'web1 %s\n' "$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")" \
    >"$J/etc/ssh/ssh_known_hosts"

# --- what init says ------------------------------------------------------------

init() {
	run lab on jump jumpctl init --sshd "$SSHD" --no-lookup "$@"
}

# That of this machine, if it has one, is out of sight meanwhile.
installed=$(ls /usr/sbin/sshd /usr/bin/sshd 2>/dev/null)
for f in $installed; do
	lab on jump mount --bind /dev/null "$f"
done
run lab on jump jumpctl init
check "no sshd in the usual places: says so" \
    said '^jumpctl: no sshd here: say where, --sshd PATH$'
for f in $installed; do
	lab on jump umount "$f"
done
init -n
check "-n: what was found" printed '^6 users with 6 keys, '
check "and nothing of a policy" not printed '^version'
init
check "a policy is printed" gave 0
cp "$T/out" "$T/policy"
check "nothing but printable ASCII" \
    not grep -q '[^ -~]' "$T/policy"
check "administrators stay outside" \
    printed '^# Administrators, who stay outside: admin root$'

check "what all lose" \
    printed '^# What users lose in any case: a login without a key,'
check "this machine as a place among it" \
    printed '^# .* listening here \(-R\), forwards to this machine'

# told WHO TEXT: a comment, each of which is made one line.
awk '/^# - / { printf "\n%s", $0; next }
    /^#     / { sub(/^#    /, ""); printf "%s", $0; next } { print "" }' \
    "$T/policy" >"$T/notes"
told() {
	grep -q -- "^# - $1: .*$2" "$T/notes"
}
check "bob: a place without an address" \
    told bob 'may forward to gone.example:22 no more'
check "eve: a link is not followed" \
    told eve '/home/eve/.ssh/authorized_keys is not read: there is a symbolic'
check "web: a file that others can write to" \
    told web 'is not read: it is writable by group or others'
check "dave: a key that somebody else has too" told dave 'alice has it too'
check "alice: the same, as it cannot be told whose it is" \
    told alice 'dave has it too'
check "nobody has it" not printed "$(key twice | cut -d' ' -f2)"
check "late: an expired key" told late 'its expiry.time has passed'
check "jump: several users share the account" \
    told jump 'good for different things'
check "jump: a key that only runs a program" \
    told jump 'it reaches nothing, but may run a program'
check "hashed names are told of" \
    grep -q 'hashed names in known_hosts' "$T/notes"
check "the keys of dave's known_hosts are not believed" \
    not printed "$(cut -d' ' -f2 "$LAB/keys/mallory.pub")"
check "but a place they name is there" printed '^host host-10.9.0.2 '
check "nor is what he calls a host" \
    printed '^host host-10.66.6.6 10.66.6.6 ssh 22$'
check "whatever he calls it" \
    printed '^host host-10.66.6.7 10.66.6.7 ssh 22$'
check "root's known_hosts are" \
    grep -qxF "hostkey web1 \"$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")\"" \
    "$T/policy"
check "from is carried over" printed '^key bob .* from 192\.0\.2\.0/24$'
check "expiry-time is the end of the user" printed '^user vend1 until 2036-'
check "no command of a user has run" test ! -e "$J/tmp/ran"

# --- check, load, and the group ------------------------------------------------

init --output /etc/jump/policy
check "--output writes the file" gave 0 ""
init --output /etc/jump/policy
check "but not over another" gave 73 ""
check "which is root's alone" \
    test "$(stat -c '%a %u' "$J/etc/jump/policy")" = '600 0'
run lab on jump jumpctl check
check "it passes check" gave 0
run lab on jump jumpctl load
check "and loads" gave 0
run lab on jump jumpctl export sshd --openssh "$version"
cp "$T/out" "$J/etc/ssh/sshd_config.d/60-jump.conf"
sed -i 's/^jump:.*/jump:x:2010:alice,bob,vend1,dave/' "$J/etc/group"
reload
lab on jump jumpctl sweep # as its timer does: vend1 has an end
matrix >"$T/after"
run diff "$T/before" "$T/after"
check "after: each reaches exactly what they reached" gave 0 ""

# --- what it says of the rest --------------------------------------------------

as alice run ssh -F "$C" -oUser=alice -W 10.9.0.2:22 jump </dev/null
check "a host with a line is forwarded to" printed '^SSH-2\.0'
as alice run ssh -F "$C" -oUser=alice -W 10.8.0.10:80 jump </dev/null
check "another port is not, without a gate, as the comment says" \
    said 'administratively prohibited'

finish
