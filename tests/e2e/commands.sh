# SPDX-License-Identifier: ISC
# What can be typed after `ssh jump`, and is not to be done: each string with
# its exit code, its exact text and its one record, over one connection.
. "$(dirname "$0")/lib.sh"

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
domain dev "*.dev.corp.example" in 10.8.0.0/16 ssh 22
allow web: { alice bob carol } to web1:22
allow dev: carol to dev
END
wire_tap

master() {
	ssh -F "$C" -fNM -S "$T/$LAB_USER" jump </dev/null >/dev/null 2>&1
}

# send OPTION... -- COMMAND...: over the connection that is there.
send() {
	run ssh -F "$C" -S "$T/$LAB_USER" jump "$@" </dev/null
}

# told CODE TEXT REASON: so it ended, with this very text and nothing else.
# The records are looked at later, all at once.
told() {
	[ "$status" -eq "$1" ] && silent || return 1
	line='' more=''
	{ IFS= read -r line; IFS= read -r more; } <"$T/err"
	reference=${line%.} reference=${reference##* }
	echo "$reference	$3	$2" >>"$T/told"
	[ -z "$more" ] && [ "$line" = \
	    "jump: $2 Ask ot-access@example.com, reference $reference." ]
}

# recorded: everything that was told so, once, as a refusal, for that reason.
recorded() {
	logged "$reference" || return 1
	awk -F'\t' '
	    NR == FNR { reason[$1] = $2; text[$1] = $3; next }
	    match($0, /"jump.session":"[a-z2-7]*"/) {
		id = substr($0, RSTART + 16, RLENGTH - 17)
		if (!(id in reason))
			next
		if (++n[id] > 1 ||
		    !index($0, "\"jump.reason\":\"" reason[id] "\"") ||
		    !index($0, "\"decision\",\"event.outcome\":\"failure\""))
			print "# " text[id] ": " $0
	    }
	    END {
		for (id in reason)
			if (!(id in n))
				print "# " text[id] ": no record"
	    }' "$T/told" "$LAB/jump.log" >"$T/wrong"
	head -n 5 "$T/wrong"
	[ "$(grep -c . "$T/told")" -eq "$1" ] && [ ! -s "$T/wrong" ]
}

# each: what standard input says, KIND WORD COMMAND with tabs between, COMMAND
# as printf %b writes it.
tests=0
each() {
	while IFS='	' read -r kind word command; do
		send -- "$(printf '%b ' "$command")"
		tests=$((tests + 1))
		case $kind in
		unknown) set -- 77 "$unknown" 'no such request' ;;
		option) set -- 77 \
		    'this option is not permitted here; -4, -6, -w, -U and --ticket are.' \
		    'option not permitted' ;;
		usage) set -- 64 "$(usage "$word")" 'malformed request' ;;
		port) set -- 64 "$word is no port (1 to 65535)." 'no port' ;;
		closed) set -- 77 "$word is not open to you." \
		    'no allow rule matches' ;;
		never) set -- 77 "$word is not open to you." \
		    'an address that is never reached' ;;
		esac
		check "$LAB_USER: $kind: $command" told "$@"
	done
}

unknown="only what \`help' lists can be run here; use scp, sftp and rsync through this host with ProxyJump."

usage() {
	case $1 in
	connect) echo 'usage: connect [-46] [-w SECONDS] [--ticket ID] HOST PORT, HOST:PORT or -U PATH.' ;;
	why) echo 'usage: why [--ticket ID] HOST, HOST PORT, HOST:PORT or -U PATH.' ;;
	who) echo 'usage: who [-v].' ;;
	ssh) echo 'usage: ssh [--ticket ID] [LOGIN@]HOST[:PORT] [COMMAND]; a LOGIN is 1 to 32 letters, digits and . _ -.' ;;
	config) echo 'usage: config [--format openssh|ansible] [--jump NAME].' ;;
	who) echo 'usage: who [-v].' ;;
	*) echo "usage: $1." ;;
	esac
}

master
each <<'END'
unknown	-	sh
unknown	-	id; touch /tmp/pwned
unknown	-	/bin/sh -c "touch /tmp/pwned"
unknown	-	bash -i
unknown	-	-c id
unknown	-	-oProxyCommand=id
unknown	-	--help
unknown	-	--id=bob
unknown	-	$(touch /tmp/pwned)
unknown	-	`touch /tmp/pwned`
unknown	-	;touch /tmp/pwned
unknown	-	list;touch /tmp/pwned
unknown	-	list\ntouch /tmp/pwned
unknown	-	list\r
unknown	-	\nlist
unknown	-	connect web1 22\n
unknown	-	connect web1 22\r\n
unknown	-	connect\tweb1\t22
unknown	-	connect web1\t22
unknown	-	connect web1 22\t
unknown	-	list \t
unknown	-	\tlist
unknown	-	\0013\0014list
unknown	-	list\0177
unknown	-	list\0010\0010\0010\0010
unknown	-	\0033]52;c;cHduZWQ=\0007
unknown	-	\0033[2J\0033[H\0033[31mlist
unknown	-	\0033P+q6e616d65\0033\\\\
unknown	-	\0233\063\061mlist
unknown	-	\0007list
unknown	-	l\0303\0256st
unknown	-	\0377\0376list
unknown	-	connect \0300\0256\0300\0256 22
unknown	-	connect \0342\0200\0256web1 22
unknown	-	connect\0302\0240web1\0302\024022
unknown	-	connect we\0342\0200\0213b1 22
unknown	-	connect web1 \0357\0274\0222\0357\0274\0222
unknown	-	connect \0320\0265web1 22
unknown	-	LIST
unknown	-	Connect web1 22
unknown	-	WHY web1
unknown	-	NC web1 22
unknown	-	"list"
unknown	-	'connect' web1 22
unknown	-	l\\ist
unknown	-	exec nc web1 22
unknown	-	command connect web1 22
unknown	-	env nc web1 22
unknown	-	PATH=/tmp nc web1 22
unknown	-	LD_PRELOAD=/tmp/x.so connect web1 22
unknown	-	sudo connect web1 22
unknown	-	nohup connect web1 22 &
unknown	-	| touch /tmp/pwned
unknown	-	&& touch /tmp/pwned
unknown	-	> /tmp/pwned
unknown	-	* 22
unknown	-	~
unknown	-	#list
unknown	-	!list
unknown	-	%s%n%x
unknown	-	\\x0alist
unknown	-	./nc web1 22
unknown	-	../../bin/nc web1 22
unknown	-	/bin/../bin/nc web1 22
unknown	-	//bin/nc web1 22
unknown	-	/sbin/nc web1 22
unknown	-	/bin/nc.openbsd web1 22
unknown	-	/bin/connect web1 22
unknown	-	/usr/bin/list
unknown	-	/bin/ssh web1
unknown	-	/usr/local/libexec/jump/jump-connect web1 22
unknown	-	/usr/local/libexec/jump/jump-shell
unknown	-	/usr/local/libexec/jump/jump-shell --id=bob
unknown	-	jump-shell -c list
unknown	-	ncat web1 22
unknown	-	socat - TCP:web1:22
unknown	-	telnet web1 22
unknown	-	python3 -c "import os"
unknown	-	scp -t /tmp/x
unknown	-	scp -f /etc/passwd
unknown	-	scp -r -p -d -t -- /tmp
unknown	-	internal-sftp
unknown	-	sftp-server
unknown	-	/usr/lib/openssh/sftp-server -d /
unknown	-	rsync --server -vlogDtpre.iLsfxCIvu . /tmp/
unknown	-	rsync --server --sender -e.LsfxC . /etc
unknown	-	git-upload-pack '/srv/repo.git'
unknown	-	git-receive-pack '/srv/repo.git'
unknown	-	svnserve -t
unknown	-	borg serve
unknown	-	mosh-server new -s
unknown	-	cat /etc/passwd
unknown	-	exit
unknown	-	listlist
unknown	-	lis
unknown	-	register
option	-	connect -e /bin/sh web1 22
option	-	nc -e /bin/sh web1 22
option	-	nc -c id web1 22
option	-	nc -l 2222
option	-	nc -lp 2222
option	-	nc -x proxy:1080 web1 22
option	-	nc -X connect web1 22
option	-	nc -s 127.0.0.1 web1 22
option	-	nc -u web1 53
option	-	nc -z web1 22
option	-	nc -F web1 22
option	-	jump-connect -n web1 22
option	-	connect -oProxyCommand=id 22
option	-	connect --id=bob web1 22
option	-	connect --from=10.0.0.1 web1 22
option	-	connect --session=aaaaaaaa web1 22
option	-	connect --web1 22
option	-	connect web1 -22
option	-	connect web1 22 --help
option	-	connect ---
option	-	why -e web1
usage	connect	connect
usage	connect	connect web1
usage	connect	connect 22
usage	connect	connect web1:
usage	connect	connect :22
usage	connect	connect web1 22 23
usage	connect	connect web1:22 22
usage	connect	connect web1:22:23
usage	connect	connect - web1 22
usage	connect	connect web1 22 -
usage	connect	connect -- - 22
usage	connect	connect a b c d e f g h
usage	connect	connect -4 -4 -4 -4 -4 -4 web1 22
usage	connect	connect web1 22 -4 -4 -4 -4 -4 -4
usage	connect	connect -- -web1 22
usage	connect	connect -- -- web1 22
usage	connect	connect -46 web1 22
usage	connect	connect -w
usage	connect	connect -w 0 web1 22
usage	connect	connect -w -1 web1 22
usage	connect	connect -w 1s web1 22
usage	connect	connect -w 4294967297 web1 22
usage	connect	connect -q -2 web1 22
usage	connect	connect web1 22 -w
usage	connect	connect user@web1 22
usage	connect	connect user@web1:22
usage	connect	connect ssh://web1:22
usage	connect	connect web1/22
usage	connect	connect web1. 22
usage	connect	connect .web1 22
usage	connect	connect web1.:22
usage	connect	connect web1%eth0 22
usage	connect	connect fe80::1%eth0 22
usage	connect	connect [fe80::1%2]:22
usage	connect	connect [web1]:22
usage	connect	connect [10.2.0.10]:22
usage	connect	connect [2001:db8::10 22
usage	connect	connect 2001:db8::10]:22
usage	connect	connect [2001:db8::10]22
usage	connect	connect [2001:db8::10]:
usage	connect	connect [] 22
usage	connect	connect 2001:db8:::10 22
usage	connect	connect 2001:db8::10:22
usage	connect	connect 012.2.0.10 22
usage	connect	connect 10.2.0.010 22
usage	connect	connect 0x0a.2.0.10 22
usage	connect	connect 0xa02000a 22
usage	connect	connect 0x16x 22
usage	connect	connect 10.0x2.0.10 22
usage	connect	connect 10.2.0xa 22
usage	connect	connect 0XA02000A 22
usage	connect	connect 167903242 22
usage	connect	connect 01200400012 22
usage	connect	connect 10.2.10 22
usage	connect	connect 127.1 22
usage	connect	connect 0 22
usage	connect	connect 10.2.0.10. 22
usage	connect	connect 10.2.0.256 22
usage	connect	connect 10.2.0.10/32 22
usage	connect	connect 10.2.0.10,web1 22
usage	connect	connect "web1" 22
usage	connect	connect 'web1' 22
usage	connect	connect web\\1 22
usage	connect	connect $(hostname) 22
usage	connect	connect `hostname` 22
usage	connect	connect ${HOME} 22
usage	connect	connect web1;id 22
usage	connect	connect web1|id 22
usage	connect	connect web* 22
usage	connect	connect web? 22
usage	connect	connect {web1,db1} 22
usage	connect	connect ~ 22
usage	connect	connect *.dev.corp.example 22
usage	connect	connect web1 22 ; touch /tmp/pwned
usage	connect	connect web1 22 && touch /tmp/pwned
usage	connect	connect web1 22 | touch /tmp/pwned
usage	connect	connect web1 22 > /tmp/pwned
usage	connect	connect web1 22 # comment
usage	connect	connect /run/metrics/api.sock
usage	connect	connect -U
usage	connect	connect -U metr
usage	connect	connect -U run/metrics/api.sock
usage	connect	connect -U /run/metrics/api.sock 22
usage	connect	connect -4U /run/metrics/api.sock
usage	why	why
usage	why	why web1 22 23
usage	why	why $(id)
usage	list	list all
usage	list	list -l
usage	who	who alice
usage	ssh	ssh
usage	ssh	ssh @web1
usage	ssh	ssh a@b@web1
usage	ssh	ssh ro;ot@web1
usage	ssh	ssh web1 -oProxyCommand=id
port	99999	ssh root@web1:99999 id
usage	help	help connect
usage	config	config web1
usage	config	config --format putty
port	0	connect web1 0
port	00	connect web1 00
port	65536	connect web1 65536
port	65558	connect web1 65558
port	4294967318	connect web1 4294967318
port	18446744073709551638	connect web1 18446744073709551638
port	+22	connect web1 +22
port	022	connect web1 022
port	22x	connect web1 22x
port	0x16	connect web1 0x16
port	22.0	connect web1 22.0
port	22,80	connect web1 22,80
port	ssh	connect web1 ssh
port	22;id	connect web1 22;id
port	$(id)	connect web1 $(id)
port	`id`	connect web1 `id`
port	"22"	connect web1 "22"
port	%s%n	connect web1 %s%n
port	\x1b[31m	connect web1 \\x1b[31m
port	65536	connect web1:65536
port	0	why web1:0
port	22]	connect [::1]:22]
closed	db1:22	connect db1 22
closed	db1:22	connect DB1:22
closed	db1:22	   connect     db1     22    
closed	db1:22	nc db1 22
closed	db1:22	netcat -N -v -q -1 db1 22
closed	db1:22	/bin/nc -w 3 db1 22
closed	db1:22	/usr/local/bin/netcat -q5 -w9 -- db1 22
closed	db1:22	jump-connect -4 db1 22
closed	db1:22	/usr/bin/jump-connect db1 -6 22
closed	db1:22	connect db1 22 --
closed	db1	why db1
closed	nosuch	why nosuch
closed	nosuch:22	connect nosuch 22
closed	localhost:22	connect localhost 22
closed	jump:22	connect jump 22
closed	web1:2222	connect web1 2222
closed	web1:80	connect web1 80
closed	web1.example:22	connect web1.example 22
closed	xn--web1-.example:22	connect xn--web1-.example 22
closed	a_b:22	connect a_b 22
closed	app1.dev.corp.example:22	connect app1.dev.corp.example 22
closed	nosuch.dev.corp.example:22	connect nosuch.dev.corp.example 22
closed	10.2.0.11:22	connect 10.2.0.11 22
closed	[::ffff:10.2.0.11]:22	connect ::ffff:10.2.0.11 22
closed	[::FFFF:0a02:000b]:22	connect ::FFFF:0a02:000b 22
closed	[2001:db8::11]:22	connect [2001:db8::11]:22
closed	[2001:DB8:0::11]:22	connect 2001:DB8:0::11 22
closed	203.0.113.1:22	connect 203.0.113.1 22
closed	/run/metrics/api.sock	connect -U /run/metrics/api.sock
closed	/run/metrics/api.sock	nc -U /run/metrics/api.sock
closed	/run/metrics/../metrics/api.sock	nc -U /run/metrics/../metrics/api.sock
closed	/dev/log	nc -U /dev/log
closed	/$(id)	nc -U /$(id)
closed	/	nc -U /
never	127.0.0.1:22	connect 127.0.0.1 22
never	0.0.0.0:22	connect 0.0.0.0 22
never	10.2.0.1:22	connect 10.2.0.1 22
never	169.254.169.254:80	connect 169.254.169.254 80
never	224.0.0.1:22	connect 224.0.0.1 22
never	255.255.255.255:22	connect 255.255.255.255 22
never	[::]:22	connect :: 22
never	[::1]:22	connect ::1 22
never	[::ffff:127.0.0.1]:22	connect ::ffff:127.0.0.1 22
never	[::ffff:7f00:1]:22	connect [::ffff:7f00:1]:22
never	[::127.0.0.1]:22	connect ::127.0.0.1 22
never	[64:ff9b::7f00:1]:22	connect 64:ff9b::7f00:1 22
never	[2002:7f00:1::]:22	connect 2002:7f00:1:: 22
never	[fe80::1]:22	connect fe80::1 22
END
check "nothing was dialled or looked up" wire_silent
check "each has one record" recorded $tests

# By login shell and forced command, and by the command of a key.
for LAB_USER in bob carol; do
	export LAB_USER
	master
	each <<'END'
unknown	-	id; touch /tmp/pwned
unknown	-	list\n\0033[31m
unknown	-	-c list
unknown	-	/usr/local/libexec/jump/jump-shell --id=alice
option	-	connect --id=alice db1 22
usage	connect	connect user@web1 22
port	65558	connect web1 65558
closed	db1:22	connect db1 22
closed	nosuch:22	connect nosuch 22
END
	check "$LAB_USER: each has one record" recorded $tests
	send -- connect web1 22
	check "$LAB_USER: and what is granted works" printed '^SSH-2\.0-'
done
export LAB_USER=alice
check "nothing was run" not lab on jump test -e /tmp/pwned
LC_ALL=C grep -E ' jump-(shell|connect)\[[0-9]*\]: ' "$LAB/jump.log" >"$T/records"
check "the log has printable characters only" \
    not env LC_ALL=C grep -q '[^ -~]' "$T/records"
check "and rsyslog had nothing to escape" not grep -Eq '#[0-3][0-7]{2}' "$T/records"
check "what was typed is in it, escaped" \
    logged '"jump.request":"\\\\x1b\]52;c;cHduZWQ=\\\\x07 "'

# --- lengths -----------------------------------------------------------------

# bytes N CHARACTER
bytes() {
	head -c "$1" /dev/zero | tr '\0' "$2"
}

send -- list "$(bytes 1019 ' ')"
check "1024 bytes are a request" gave 0
send -- list "$(bytes 1020 ' ')"
check "1025 bytes are none" told 77 "$unknown" 'no such request'
tests=$((tests + 1))
for n in 102400 130999; do
	send -- "$(bytes $((n - 30000)) a)" "$(bytes 29999 '\033')"
	check "$n bytes are none" told 77 "$unknown" 'no such request'
	check "$n bytes are recorded" logged "\"$reference\".*\.\.\.\"}"
	tests=$((tests + 1))
done
check "and the records are short" [ "$(sed -n \
    's/.* jump-shell\[.*@cee: //p' "$LAB/jump.log" | wc -L)" -le 1024 ]
before=$(count_log '"event.action"')
for n in 131072 200000; do
	send -- "$(bytes $((n - 100000)) a)" "$(bytes 99999 a)"
	check "$n bytes are not started" not gave 0
	check "$n bytes: nothing is answered" silent
done
check "and not recorded, since nothing was" \
    [ "$(count_log '"event.action"')" -eq "$before" ]

# --- what is answered --------------------------------------------------------

send -- list
cp "$T/out" "$T/list"
check "list" printed '^web1	22	ssh	both	open'
for words in '' ' ' '     ' '  list  '; do
	send -- "$words"
	check "'$words' is list" cmp -s "$T/out" "$T/list"
done
send -- help
check "help" gave 0
send -- why web1
check "why" gave 0
for words in 'connect web1 22' 'connect web1:22' 'connect WEB1 22' \
    'nc web1 22' '/usr/bin/nc -w 5 web1 22' 'jump-connect web1 22' \
    'connect 10.2.0.10 22' 'connect ::ffff:10.2.0.10 22' \
    'connect [2001:db8::10]:22' 'connect -6 web1 22' 'nc -4Nvw9 web1 22' \
    'connect web1 22 -4 -4 -4 -4 -4'; do
	send -- "$words"
	check "$words" printed '^SSH-2\.0-'
done

# --- with a terminal ---------------------------------------------------------

send -tt -- list
check "a terminal gets headings" printed '^TARGET +PORT'
send -tt -- "$(printf 'connect \033]0;x\007 22')"
check "a terminal gets no escape" not grep -q "$(printf '[\033\007]')" "$T/out"
check "but the refusal" printed '^jump: only what'
send -T
check "without one: tabs" cmp -s "$T/out" "$T/list"
printf '\0\0\001\002\0\r\n' >"$T/in"
{ cat "$T/in"; sleep 2; } | timeout 20 ssh -F "$C" -S "$T/alice" -tt jump \
    connect web1 22 >"$T/out" 2>"$T/err"
check "NUL from a terminal" printed '^SSH-2\.0-'
check "is not in the log" not env LC_ALL=C grep -q "$(printf '[\001-\010]')" \
    "$LAB/jump.log"

# --- what is no command ------------------------------------------------------

before=$(count_log '"no such request"')
send -s -- sftp
check "the subsystem sftp says nothing" silent
check "and is refused" gave 77
check "with a record" logged '"jump.request":"/usr/lib/openssh/sftp-server"'
check "and one only" [ "$(count_log '"no such request"')" -eq $((before + 1)) ]
send -s -- nosuch
check "another subsystem does not exist" gave 255 ""
eval "$(ssh-agent -s)" >/dev/null
mkfifo "$T/hold"
DISPLAY=:0 timeout 20 ssh -F "$C" -A -X jump connect web1 22 \
    <"$T/hold" >"$T/out" 2>"$T/err" &
exec 7>"$T/hold"
for _ in $(seq 100); do
	! printed '^SSH-2\.0-' || break
	sleep 0.1
done
check "with -A and -X, connect works" printed '^SSH-2\.0-'
check "but no agent comes with it" \
    not lab on jump sh -c 'ls -d /tmp/ssh-* 2>/dev/null'
check "and no display" not lab on jump nc -z 127.0.0.1 6010
exec 7>&-
wait
kill "$SSH_AGENT_PID"

# --- many sessions, and a policy that changes --------------------------------

for n in 1 2 3 4 5 6 7 8; do
	ssh -F "$C" -S "$T/alice" jump connect web1 22 </dev/null \
	    >"$T/out.$n" 2>&1 &
done
wait
check "eight sessions at once" \
    [ "$(cat "$T"/out.[1-8] | grep -c '^SSH-2\.0-')" -eq 8 ]

# Existing and missing names take the same time: that of the processor, which
# does not depend on who else is busy; a look-up would wait for 1 s besides.
cat >"$T/time.py" <<'END'
import os, subprocess, sys, time
names = ("db1", "nosuch", "app1.dev.corp.example", "nosuch.dev.corp.example")
cpu = {name: [] for name in names}
wall = {name: [] for name in names}
for _ in range(25):
    for name in names:
        start = time.monotonic()
        child = subprocess.Popen([sys.argv[1], name, "22"],
                                 stdin=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        used = os.wait4(child.pid, 0)[2]
        wall[name].append(time.monotonic() - start)
        cpu[name].append(used.ru_utime + used.ru_stime)
for name in names:
    print(name, "%.2f ms, cpu %.2f ms" % (1000 * min(wall[name]),
                                          1000 * min(cpu[name])))
times = sorted(map(min, cpu.values()))
waits = sorted(map(min, wall.values()))
sys.exit(times[-1] > 1.5 * times[0] + 0.001 or waits[-1] > waits[0] + 0.5)
END
run lab on -u alice jump python3 "$T/time.py" \
    /usr/local/libexec/jump/jump-connect
check "what exists and what does not takes the same time" gave 0
sed 's/^/# /' "$T/out"

policy <<'END'
allow db: alice to db1:22
END
wire_reset
send -- connect web1 22
check "an open connection does not keep rights" refused
send -- connect db1 22
check "and gets new ones" printed '^SSH-2\.0-'

# --- jump-shell as login shell, and nothing else -----------------------------

lab on jump sh -c 'sed -i "/ForceCommand/d; /AuthorizedKeys/d" \
    /etc/ssh/sshd_config.d/60-jump.conf
    for u in alice bob; do
	install -d -m 700 -o $u -g $u /home/$u/.ssh
	install -m 600 -o $u -g $u "$LAB/keys/$u.pub" \
	    /home/$u/.ssh/authorized_keys
    done
    kill -HUP "$(cat /run/sshd.pid)"'
policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
allow web: { alice bob } to web1:22
END
export LAB_USER=alice
for _ in $(seq 50); do
	jump 'echo no forced command'
	! gave 0 'no forced command' || break
	sleep 0.1
done
check "(the forced command is gone)" gave 0 'no forced command'
LAB_USER=bob
ssh -F "$C" -S "$T/bob" -O exit jump 2>/dev/null
master
each <<'END'
unknown	-	id; touch /tmp/pwned
unknown	-	list\ntouch /tmp/pwned
unknown	-	/usr/local/libexec/jump/jump-shell x
unknown	-	scp -t /tmp/x
unknown	-	$(touch /tmp/pwned)
option	-	nc -e /bin/sh web1 22
usage	connect	connect web1 22 ; touch /tmp/pwned
port	022	connect web1 022
closed	db1:22	connect db1 22
END
send -- connect web1 22
check "login shell: connect" printed '^SSH-2\.0-'
send -T
check "login shell: a login is list" printed '^web1	22	ssh	'
send -tt -- list
check "login shell: with headings" printed '^TARGET +PORT'
send -s -- sftp
check "login shell: no sftp" gave 77 ""
check "login shell: each has one record" recorded $tests
check "login shell: nothing was run" not lab on jump test -e /tmp/pwned
for LAB_USER in alice bob carol; do
	ssh -F "$C" -S "$T/$LAB_USER" -O exit jump 2>/dev/null
done
finish
