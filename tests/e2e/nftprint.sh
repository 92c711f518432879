# SPDX-License-Identifier: ISC
# What `jumpctl export nft' prints, whole: for each policy and machine below,
# the section of its name in nftprint.want.  nft(8) takes all of them.
# runs: once
#
# To write them anew, and read the difference: NFTPRINT_NEW=FILE, in the lab's
# folder, gets what was printed.
. "$(dirname "$0")/lib.sh"

J=$LAB/hosts/jump
want=$(dirname "$0")/nftprint.want
cp -p "$J/etc/passwd" "$T/passwd"
cp -p "$J/etc/group" "$T/group"
cp -p "$J/etc/resolv.conf" "$T/resolv"
: >"$T/new"

# account NAME UID [GROUP]
account() {
	echo "$1:x:$2:$2::/home/$1:/bin/sh" >>"$J/etc/passwd"
	[ $# -lt 3 ] || sed -i "s/^$3:.*[^:]\$/&,$1/" "$J/etc/group"
}

# one NAME: the policy on standard input, with what resolv.conf and the
# accounts say at the moment; then all is as before.
one() {
	{
		echo version 1
		cat
	} >"$T/policy"
	run lab load "$T/policy"
	check "$1: it loads" gave 0
	run lab on jump jumpctl export nft
	check "$1: it is printed" gave 0
	sed '1,/^$/d' "$T/out" >"$T/table"
	sed 's/^jumpctl: //' "$T/err" >"$T/said"
	{
		echo "=== $1"
		sed 's/^/! /' "$T/said"
		cat "$T/table"
	} >"$T/one"
	cat "$T/one" >>"$T/new"
	sed -n "/^=== $1\$/,/^=== /p" "$want" | sed '1!{/^=== /d}' >"$T/wanted"
	check "$1: as it is to be" cmp "$T/wanted" "$T/one"
	cp "$T/out" "$J/tmp/table"
	run lab on jump nft -c -f /tmp/table
	check "$1: nft takes it" gave 0
	cat "$T/passwd" >"$J/etc/passwd"
	cat "$T/group" >"$J/etc/group"
	cat "$T/resolv" >"$J/etc/resolv.conf"
}

sed -i 's/^jump:.*/jump:x:2010:/' "$J/etc/group"
one "nobody" <<'END'
host web1 10.2.0.10 ssh 22
END

one "a user without rights" <<'END'
user alice
host web1 10.2.0.10 ssh 22
END

one "members of the group, of whom the policy knows one" <<'END'
user bob
host web1 { 10.2.0.10 10.2.0.9 } ssh 22 tcp { 443 80 }
allow a: any to web1
END

one "IPv6 only" <<'END'
user alice
user bob
host web1 { 2001:db8::10 2001:db8:0:1:: } ssh 22
host web2 ::ffff:10.2.0.12 ssh 22
allow a: alice to web1
allow b: bob to { web1 web2 }
END

one "what forward holds" <<'END'
user alice
host web1 10.2.0.10 ssh 22 alias www
net lab 10.9.0.0/16 ssh 22
domain dev "*.dev.example" in 10.8.0.0/16 ssh 22
socket metr "/run/metrics/api.sock"
device rtu 127.77.0.17 ssh 2222
device box "/run/box.sock" ssh account boxes
host h1 10.3.0.1 tcp 1
host h2 10.3.0.2 tcp 2
host h3 10.3.0.3 tcp 3
window w mon-sun 00:00-24:00
allow a: alice to { web1 lab dev metr rtu box }
allow b: alice to h1 mfa
allow c: alice to h2 idle 5m
allow d: alice to h3 when w
END

account rtu17 5017
account boxes 5018
one "devices" <<'END'
user alice
device rtu17 127.77.0.17 ssh 2222 tcp { 502 80 }
device rtu2 127.77.0.2 ssh 2222 account boxes
device rtu1 127.77.0.2 ssh 2223 account boxes
device away 127.77.0.3 ssh 2222
device rooty 127.77.0.4 ssh 2222 account root
device box "/run/box.sock" ssh account boxes
allow a: alice to { rtu17:2222 box }
END

one "devices at paths alone" <<'END'
user alice
device box "/run/box.sock" ssh account boxes
allow a: alice to box
END

one "a shared account" <<'END'
user carol account jump
user dave account jump
host web1 10.2.0.10 ssh 22
host db1 10.2.0.11 tcp 5432
allow a: carol to { web1 db1 }
allow b: dave to { db1 web1:22 }
END

account anna 5000
account anton 5000
one "two accounts with one uid" <<'END'
user anna
user anton
host web1 10.2.0.10 ssh 22
host db1 10.2.0.11 tcp 5432
allow a: anna to web1
allow b: anton to { db1 }
END

account daemon1 500
account high 65535
account higher 65536
account last 4294967294
one "uids outside of the range" <<'END'
user daemon1
user high
user higher
user last
host web1 10.2.0.10 ssh 22
allow a: any to web1
END

one "root, and who has no account" <<'END'
user root
user nobody-there
host web1 10.2.0.10 ssh 22
allow a: any to web1
END

sed -i 's/^jump:.*/jump:x:2010:mallory/' "$J/etc/group"
account alicia 2001
one "accounts that are exempt" <<'END'
set exempt { admin nosuch mallory alicia root }
user alice
host web1 10.2.0.10 ssh 22
allow a: any to web1
END

cat >"$J/etc/resolv.conf" <<'END'
# nameserver 192.0.2.9
search corp.example
options timeout:1
END
one "no name servers" <<'END'
user alice
END

cat >"$J/etc/resolv.conf" <<'END'
nameserver 2001:db8::53
 nameserver 192.0.2.1
nameserver	fe80::53%eth0
nameserver 192.0.2.53 # the last
nameserver 192.0.2.54
END
one "name servers" <<'END'
user alice
END

cat >"$J/etc/resolv.conf" <<'END'
nameserver dns.example
nameserver
nameserver 192.0.2.53; flush ruleset
nameserver ::ffff:192.0.2.53
nameserver10.7.7.7
nameserver 192.0.2.60
END
one "name servers that are none" <<'END'
user alice
END

account anna 5000
one "a gate" <<'END'
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
user alice
user bob
user carol account jump
user anna
host web1 { 10.2.0.10 2001:db8::10 } ssh 22
net lab 10.9.0.0/16 ssh 22
allow a: any to { web1 lab }
END

account carla 2010
one "a gate, and one uid of a shared account and another" <<'END'
set nft "/usr/sbin/nft"
set gate 1
user carla
user carol account jump
host web1 10.2.0.10 ssh 22
host db1 10.2.0.11 tcp 5432
allow a: carla to web1
allow b: carol to db1
END

account zed 2010
one "a gate, and such a uid of a later name" <<'END'
set nft "/usr/sbin/nft"
set gate 1
user zed
user carol account jump
host web1 10.2.0.10 ssh 22
host db1 10.2.0.11 tcp 5432
allow a: zed to web1
allow b: carol to db1
END

one "a gate for nobody" <<'END'
set nft "/usr/sbin/nft"
set gate 422
END
[ -z "${NFTPRINT_NEW:-}" ] || cp "$T/new" "$NFTPRINT_NEW"
finish
