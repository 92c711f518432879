# SPDX-License-Identifier: ISC
# What the policy does not grant: the wrong user, target, port, source and
# time, on both roads, for an own and for a shared account.  The client sees
# one line and its exit code; the network sees nothing.
. "$(dirname "$0")/lib.sh"

later=$(day 3)
policy <<END
user bob
key bob "ssh-ed25519 AAAA"
user vend1 until 2020-01-01T00:00Z
key vend1 "ssh-ed25519 AAAA" from 198.51.100.0/24
window later $later 00:00-24:00
domain dev "*.dev.corp.example" in 10.8.0.0/16 ssh 22
allow web:     { alice carol vend1 } to web1:22
allow from-db: { alice carol } to db1:22 via connect from 198.51.100.0/24
allow tuesday: { alice carol } to web2:22 when later
allow gone:    { alice carol } to web2:80 until 2020-01-01T00:00Z
allow menu:    { alice carol } to db1:5432 via shell
allow dev:     { alice carol } to dev
END
wire_tap

# no REASON HOST PORT: refused on the road connect, as each command.
no() {
	for words in connect nc; do
		wire_reset
		jump "$words" "$2" "$3"
		check "$u: $words $2 $3 ($1)" refused
	done
}

# no_forward REASON HOST PORT
no_forward() {
	wire_reset
	run ssh -F "$C" -W "$2:$3" jump </dev/null
	check "$u: ssh -W $2:$3 ($1)" forward_refused
}

each() {
	no target db2 22
	no target 10.2.0.99 22
	no target never.example.com 22
	no target 2001:db8::99 22
	no port web1 80
	no port web1 2222
	no source db1 22
	no window web2 22
	no until web2 80
	no road db1 5432
	no never 127.0.0.1 22
	no never ::1 22
	no never 169.254.169.254 80
	no never 10.2.0.1 22
	no never ::ffff:127.0.0.1 22
	no_forward target nosuch.example.com 22
	no_forward target 10.2.0.11 22
	no_forward port web1 80
	no_forward port 10.2.0.10 80
	no_forward source db1 22
	no_forward window web2 22
	no_forward until web2 80
	no_forward road db1 5432
	no_forward never 127.0.0.1 22
	no_forward never localhost 22
	no_forward domain app1.dev.corp.example 22
	wire_reset
	jump nc -U /run/metrics/api.sock
	check "$u: nc -U of a socket that is not granted" refused
	jump nc -U /run/nosuch.sock
	check "$u: nc -U of a socket that does not exist" refused
	run ssh -F "$C" -fNT -S "$T/control" -M \
	    -L 8003:/run/metrics/api.sock jump </dev/null
	run nc -w 2 127.0.0.1 8003 </dev/null
	check "$u: no UNIX socket through sshd" silent
	run ssh -F "$C" -S "$T/control" -O exit jump
	run ssh -F "$C" -o ExitOnForwardFailure=yes -NT \
	    -R 9999:127.0.0.1:22 jump </dev/null
	check "$u: no ssh -R" gave 255 ""
	run ssh -F "$C" -o ExitOnForwardFailure=yes -NT \
	    -R "/tmp/$u.sock:127.0.0.1:22" jump </dev/null
	check "$u: no ssh -R of a UNIX socket" gave 255
}

# What is not granted and what does not exist are told in the same words.
same_words() {
	jump connect db1 22
	sed 's/db1/X/; s/reference .*//' "$T/err" >"$T/granted"
	jump connect nosuch 22
	sed 's/nosuch/X/; s/reference .*//' "$T/err" >"$T/unknown"
	check "$u: not granted and unknown look the same" \
	    cmp -s "$T/granted" "$T/unknown"
}

# Commands that are none of ours: one line each, and nothing runs.
commands() {
	for words in 'sh' 'cat /etc/passwd' 'connect web1 22; id' \
	    'nc -e /bin/sh web1 22' 'nc -l 2222' 'scp -t /tmp/x' \
	    '/usr/lib/openssh/sftp-server' 'ssh web1' 'connect web1 022' \
	    'connect web1 65558' 'connect web1 +22' 'connect $(id) 22' \
	    'list extra words'; do
		wire_reset
		jump "$words"
		check "$u: '$words' is refused" one_line
		check "$u: '$words' sends nothing" wire_silent
	done
	run sftp -q -F "$C" jump </dev/null
	check "$u: no sftp of the jump host" not gave 0
}

one_line() {
	case $status in 64|77) ;; *) return 1 ;; esac
	silent && [ "$(grep -c . "$T/err")" -eq 1 ] && said '^jump: '
}

for u in alice carol; do
	as $u each
	as $u same_words
	as $u commands
	wire_reset
	run ssh -F "$C" -J jump web1 hostname </dev/null
	check "$u: and what is granted works" gave 0 web1
	check "$u: with one SYN" [ "$(wire_count syn)" -eq 1 ]
done

export LAB_USER=bob u=bob
wire_reset
for host in web1 db2; do
	no user $host 22
	no_forward user $host 22
done
LAB_USER=mallory u=mallory
wire_reset
jump connect web1 22
check "mallory, whom no policy knows, does not log in" no_login
LAB_USER=vend1 u=vend1
jump connect web1 22
check "vend1 from a wrong address does not log in" no_login
run ssh -F "$C" jump-elsewhere connect web1 22 </dev/null
check "vend1, who has expired, gets nothing" not gave 0
check "vend1: nothing on the wire" wire_silent

export LAB_USER=alice
typed "" ssh -F "$C" jump-elsewhere connect db1 22
check "alice from the right source" printed '^SSH-2.0-'
finish
