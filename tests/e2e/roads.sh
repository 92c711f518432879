# SPDX-License-Identifier: ISC
# Every spelling of the two roads, for an own and for a shared account.
. "$(dirname "$0")/lib.sh"

P="ssh -F $C jump connect %h %p"

forward() {
	run ssh -F "$C" -J jump web1 hostname </dev/null
	check "$u: ssh -J jump web1" gave 0 web1
	run ssh -F "$C" -J jump db1 'echo $SSH_CONNECTION' </dev/null
	check "$u: ssh -J jump db1" printed ' 22$'
	typed "" ssh -F "$C" -W 10.2.0.10:80 jump
	check "$u: ssh -W 10.2.0.10:80 jump" printed '^hello from web1$'
	typed "" ssh -F "$C" -W '[2001:db8::10]:80' jump
	check "$u: ssh -W [2001:db8::10]:80 jump" printed '^hello from web1$'
	run ssh -F "$C" -fNT -o ExitOnForwardFailure=yes -S "$T/control" -M \
	    -L 8001:web1:80 -D 8002 jump </dev/null
	run curl -s http://127.0.0.1:8001/
	check "$u: ssh -L 8001:web1:80 jump" gave 0 'hello from web1'
	run curl -s --socks5-hostname 127.0.0.1:8002 http://web2/
	check "$u: ssh -D 8002 jump, curl" gave 0 'hello from web2'
	run ssh -F "$C" -S "$T/control" -O exit jump
}

files() {
	head -c 3000000 /dev/urandom >"$T/data"
	run scp -q -F "$C" -J jump "$T/data" "web1:$u.scp"
	check "$u: scp through ProxyJump" same "$u.scp"
	run rsync -e "ssh -F $C -J jump" "$T/data" "web1:$u.rsync"
	check "$u: rsync through ProxyJump" same "$u.rsync"
	typed "put $T/data $u.sftp" sftp -q -b - -F "$C" -J jump web1
	check "$u: sftp through ProxyJump" same "$u.sftp"
	run scp -q -F "$C" -o "ProxyCommand=$P" "web1:$u.scp" "$T/back"
	check "$u: scp through ProxyCommand" cmp -s "$T/data" "$T/back"
}

# same NAME: the file of that name on web1 is what was sent.
same() {
	[ "$status" -eq 0 ] &&
	    lab on web1 cat "/home/$u/$1" | cmp -s - "$T/data"
}

connect() {
	run ssh -F "$C" -o "ProxyCommand=$P" web1 hostname </dev/null
	check "$u: ProxyCommand ssh jump connect %h %p" gave 0 web1
	for words in 'nc %h %p' 'netcat %h %p' 'jump-connect %h %p' \
	    'connect %h:%p' '/bin/nc -w 5 %h %p' 'nc -q 1 -4 %h %p' \
	    'nc -N -v -6 %h %p'; do
		run ssh -F "$C" -o "ProxyCommand=ssh -F $C jump $words" \
		    web1 hostname </dev/null
		check "$u: ProxyCommand ssh jump $words" gave 0 web1
	done
	for words in 'nc -U' 'connect -U' 'netcat -w 3 -U'; do
		typed hello ssh -F "$C" jump "$words /run/metrics/api.sock"
		check "$u: ssh jump $words PATH" gave 0 "metrics ok
hello"
	done
	typed "half of it" ssh -F "$C" jump connect db1 5432
	check "$u: the end of input is carried over" gave 0 "half of it"
}

as alice policy <<'END'
allow all: { alice carol } to { web1 web2 db1 }
allow sock: { alice carol } to metr via connect
END
for u in alice carol; do
	as $u forward
	as $u files
	as $u connect
done

for action in login decision open close; do
	check "the log has records of kind $action" \
	    logged "@cee: .*\"event.action\":\"$action\""
done
check "the log names who uses the shared account" \
    logged '"event.action":"close".*"user.name":"carol"'
check "the log has what sshd forwards" \
    logged 'server_request_direct_tcpip.*target web1 port 22'

# The plain netcat, on a workstation.
one_line() {
	gave 69 "" && silent && [ "$(grep -c . "$T/err")" -eq 1 ] && said "$1"
}

N="$LAB_BUILD/jump-connect"
run "$N" -n nosuch.invalid 1
check "jump-connect -n: a name that is none" one_line 'nosuch\.invalid cannot be looked up\.$'
run "$N" -n 192.0.2.1 1
check "jump-connect -n: nobody there" one_line 'cannot connect: '
run "$N" -n -U "$T/none"
check "jump-connect -n -U: nothing there" one_line 'cannot connect: '
typed "" "$N" -n 192.0.2.1 22
check "jump-connect -n: a server" printed '^SSH-2\.0-'
run "$N" --help
check "jump-connect --help" gave 0
check "jump-connect --help: the usage" printed '^usage: '
finish
