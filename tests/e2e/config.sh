# SPDX-License-Identifier: ISC
# The files that config and known_hosts write, used as they are: each kind of
# block, by the stock ssh and by a newer one, which is never asked anything.
. "$(dirname "$0")/lib.sh"

device_account rtu17 2201
device_account rtu18 2202
device_account boxes 2203

HOME=$T/home H=$HOME
export HOME
J=$H/.ssh/jump.conf

key_of() {
	cut -d' ' -f1,2 "$LAB/keys/host_$1.pub"
}

# rules: the policy of this test, with what is given.
rules() {
	{
		cat <<-END
			hostkey web1 "$(key_of "${web1_key:-web1}")"
			hostkey db1 "$(key_of "${db1_key:-db1}")"
			host app { 10.2.0.12 } ssh 2022 alias { app.corp.example app2 }
			host both 10.2.0.99 tcp { 80 8080 5900 }
			host jump 10.2.0.77 ssh 22
			host secret 10.2.0.66 ssh 22 tcp 80 alias hidden comment "nobody"
			net lab 10.9.0.0/16 ssh 22 tcp 80
			net odd 10.96.0.0/13 ssh 22
			net wide 10.128.0.0/10 ssh 22
			net six 2001:db8:9::/48 ssh 22
			domain dev "*.dev.corp.example" in 10.8.0.0/16 ssh 22
			device rtu17 127.77.0.17 ssh 2222 tag ot-1 comment "pump house"
			$(device_key rtu17)
			hostkey rtu17 "$(key_of web1)"
			device rtu18 "/run/jump/devices/rtu18/ssh.sock" ssh tag ot-1
			$(device_key rtu18)
			device box1 "/run/jump/devices/box1/ssh.sock" ssh account boxes
			$(device_key box1)
			hostkey box1 "$(key_of web1)"
			hostkey rtu18 "$(key_of web1)"
			device evil "/run/a;touch\$IFS/tmp/pwned;" ssh
			hostkey evil "$(key_of web1)"
			host trap 10.2.0.44 ssh 22 comment "%h \$(id) ; Host * ! * Match exec id Ü"
			host term 10.2.0.53 ssh 22 alias t1 agent
			hostkey term "$(key_of web2)"
			allow term: alice to term via shell as { root deploy }
			host soft 10.2.0.12 ssh 22
			allow soft: { alice carol } to soft via shell
			hostkey soft "$(key_of web2)"
			host keyless 10.2.0.97 ssh 22
			allow keyless: alice to keyless via shell
			host bare 10.2.0.98 ssh 22
			hostkey bare "$(key_of web2)"
			allow trap: alice to trap
			allow jumps: alice to { web1 both }
			allow relays: alice to { db1 lab odd wide six dev rtu17 rtu18 box1 evil metr jump app } via connect
		END
		cat
	} >"$T/rules"
	as alice policy <"$T/rules"
}

# fetched [OPTION...]: both files as the manual has it, from the lab's ssh.
fetched() {
	run ssh -F "$C" jump known_hosts </dev/null
	[ "$status" -eq 0 ] && cp "$T/out" "$H/.ssh/jump_known_hosts" ||
		return 1
	run ssh -F "$C" jump config "$@" </dev/null
	[ "$status" -eq 0 ] && cp "$T/out" "$J"
}

# A user's machine: an Include, and what a user has without jump.
workstation() {
	mkdir -p -m 700 "$H" "$H/.ssh"
	sed -i "s,:/root:,:$H:," /etc/passwd
	cat >"$H/.ssh/config" <<-END
		Include jump.conf
		Host *
		    IdentityFile $LAB/keys/alice
		    IdentityAgent none
		    User alice
		    KexAlgorithms curve25519-sha256
		    UpdateHostKeys ask
		    ConnectTimeout 20
	END
	for k in jump web1; do
		lab on $k sh -c "cat >/etc/ssh/ssh_host_ed25519_key.pub" \
		    <"$LAB/keys/host_$k.pub"
	done
	lab on web2 socat TCP-LISTEN:2022,fork,reuseaddr TCP:127.0.0.1:22 &
}

# typing COMMAND...: on a terminal, where nobody answers.
cat >"$T/typing.py" <<'EOT'
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 4096), lambda fd: b"")))
EOT
typing() {
	run setsid python3 "$T/typing.py" "$@" </dev/null
	tr -d '\r' <"$T/out" >"$T/out.new"
	mv "$T/out.new" "$T/out"
}

unasked() {
	not printed 'yes/no|assword:|passphrase' && "$@"
}

blocks() {
	sed -n 's/^Host //p' "$J" | tr ' ' '\n' | grep -v '[*!]' | sort -u
}

# understood: ssh -G of each block is silent and fine.
understood() {
	for n in $(blocks); do
		run ssh -T -G "$n"
		gave 0 "$(cat "$T/out")" && [ ! -s "$T/err" ] || return 1
		printed '^stricthostkeychecking true' &&
		    printed '^updatehostkeys false' &&
		    not printed '^hostname .*[^-a-z0-9.:]' || return 1
	done
}

# config_of NAME KEY: what ssh makes of it.
config_of() {
	ssh -G "$1" 2>/dev/null | sed -n "s/^$2 //p"
}

alone() {
	[ "$(grep -c . "$T/out")" -eq "$1" ]
}

# tunnel NAME: in the background, $tunnel.
tunnel() {
	ssh "$1" >"$T/tunnel.out" 2>&1 </dev/null &
	tunnel=$!
	within ready "$2" "$3"
}

ready() {
	socat -u OPEN:/dev/null "TCP:$1:$2,connect-timeout=2" 2>/dev/null
}

uses() {
	check "$v: the name goes by ProxyJump" \
	    [ "$(config_of web1 proxyjump)" = jump ]
	typing ssh web1 hostname
	check "$v: ProxyJump" unasked gave 0 web1
	check "$v: a session on the jump host, for what has no other road" \
	    [ "$(config_of t1 remotecommand) $(config_of t1 requesttty) $(config_of t1 hostname)" \
	    = "ssh root@term true 192.0.2.1" ]
	check "$v: by any login" [ "$(config_of soft remotecommand)" = "ssh alice@soft" ]
	printf 'hostname\nexit\n' >"$T/in"
	run ssh -tt -o IdentityAgent="$T/agent" term <"$T/in"
	check "$v: ... as its block has it, by the agent" gave 0
	check "$v: ... there" printed 'web2'
	typing ssh www.corp.example true
	check "$v: a name that is not there" not gave 0
	typing ssh db1 hostname
	check "$v: ProxyCommand" unasked gave 0 db1
	typing ssh rtu17 hostname
	check "$v: a device at an address" unasked gave 0 web1
	typing ssh rtu18 hostname
	check "$v: a device at a socket" unasked gave 0 web1
	typing ssh box1 hostname
	check "$v: a device on an account of several" unasked gave 0 web1
	typing ssh evil true
	check "$v: a path with a shell's characters" unasked not gave 0
	check "$v: ... runs nothing" [ ! -e /tmp/pwned ]
	for n in app app.corp.example 10.9.0.2 app1.dev.corp.example; do
		: >"$H/.ssh/known_hosts"
		typing ssh "$n" hostname
		check "$v: $n, without a host key" unasked printed \
		    'host key is known for .* and you have requested strict'
		{
			echo "app $(key_of web2)"
			echo "10.9.0.2 $(key_of web2)"
			echo "app1.dev.corp.example $(key_of web1)"
		} >"$H/.ssh/known_hosts"
		typing ssh "$n" hostname
		check "$v: $n, with the user's own" unasked gave 0
	done
	rm "$H/.ssh/known_hosts"
	run scp -q "$T/data" "rtu18:rtu18.$v"
	check "$v: scp" gave 0
	check "$v: ... arrived" cmp -s "$T/data" \
	    "$LAB/hosts/web1/home/alice/rtu18.$v"
	tunnels
	helper
	run ssh -O exit jump
	check "$v: the connection was shared" gave 0
}

# helper: the line for a port that sshd does not forward, as it stands there.
helper() {
	line=$(sed -n 's/^#   \(socat TCP-LISTEN:5432,.*\)/\1/p' "$J")
	address=$(echo "$line" | sed 's/.*bind=\([0-9.]*\),.*/\1/')
	sh -c "exec $line" >/dev/null 2>&1 </dev/null &
	socat=$!
	within ready "$address" 5432
	run socat -t 20 - "TCP:$address:5432" <"$T/data"
	check "$v: the helper's line: 300,000 bytes there and back" \
	    cmp -s "$T/out" "$T/data"
	kill "$socat"
	wait "$socat" 2>/dev/null
}

tunnels() {
	set -- $(sed -n 's/.*LocalForward \(.*\):\([0-9]*\) 10.2.0.10:80$/\1 \2/p' "$J")
	check "$v: port 80 is 8080 of an address of its own" [ "$2" = 8080 ]
	tunnel web1+tunnel "$1" "$2"
	check "$v: SessionType none" \
	    [ "$(config_of web1+tunnel sessiontype)" = none ]
	run curl -s "http://$1:$2/"
	check "$v: HTTP through a LocalForward" gave 0 'hello from web1'
	run ssh web1+tunnel </dev/null
	check "$v: a second one says why it ends" said 'in use'
	kill "$tunnel"
	wait "$tunnel" 2>/dev/null
}

eval "$(ssh-agent -a "$T/agent")" >/dev/null
ssh-add -q "$LAB/keys/alice"
unset SSH_AUTH_SOCK
workstation
rules <<-'END'
	host shut 10.2.0.98 ssh 22 tcp 80
END
device_up rtu17 rtu17 -R 127.77.0.17:2222:localhost:22
device_up rtu18 rtu18 -R /run/jump/devices/rtu18/ssh.sock:localhost:22
device_up box1 boxes -R /run/jump/devices/box1/ssh.sock:localhost:22
head -c 300000 /dev/urandom >"$T/data"
check "config and known_hosts" fetched
check "known_hosts: ssh-keygen reads it" run ssh-keygen -lf "$H/.ssh/jump_known_hosts"
check "known_hosts: the jump host, and what is pinned" \
    [ "$(grep -c '^[^#]' "$H/.ssh/jump_known_hosts")" -eq 9 ]
check "known_hosts: its end" [ "$(tail -n1 "$H/.ssh/jump_known_hosts")" = "# end of the known hosts" ]
check "config: its end" [ "$(tail -n1 "$J")" = "# end of jump.conf" ]
check "config: nothing that the user may not know of" \
    not grep -E 'Host secret|secret[+]|hidden|nobody|keyless|bare|10\.2\.0\.66|shut' "$J"
check "config: a comment stays one" grep -Fqx \
    '# %h $(id) ; Host * ! * Match exec id \xc3\x9c' "$J"
check "config: a net as patterns" grep -Eq '^Host 10\.9\.\* !jump$' "$J"
check "config: a net of several" grep -Eq \
    '^Host 10\.96\.\* 10\.97\.\* .* 10\.103\.\* !jump$' "$J"
check "config: one too large is a comment" grep -Fqx \
    '# 10.128.0.0/10: ssh jump connect ADDRESS 22' "$J"
check "config: so is one of IPv6" grep -Fqx \
    '# 2001:db8:9::/48: ssh jump connect ADDRESS 22' "$J"
check "config: what is called as the jump host has another name" \
    grep -qx 'Host jump+22' "$J"
check "config: a port that is taken" grep -Eq \
    'LocalForward 127\.[0-9.]*:16080 10\.2\.0\.99:80$' "$J"
check "config: the same port" grep -Eq \
    'LocalForward 127\.[0-9.]*:5900 10\.2\.0\.99:5900$' "$J"
check "config: other logins" grep -Fqx \
    '# By other logins too: ssh -t jump ssh LOGIN@term' "$J"
check "config: a helper for what sshd does not forward" grep -Eq \
    "^#   socat TCP-LISTEN:5432,bind=127[0-9.]*,fork,reuseaddr 'EXEC:ssh jump connect db1 5432'" "$J"

for v in stock newer; do
	if [ $v = newer ]; then
		if [ ! -x "$LAB/client-newer/usr/bin/ssh" ]; then
			skip "a newer ssh; none is here"
			break
		fi
		mount --bind "$LAB/client-newer/usr/bin/ssh" /usr/bin/ssh ||
			exit 1
	fi
	check "$v: ssh -G understands each block" understood
	uses
done

# What a user says above the Include, as its comment has it, comes first.
mv "$H/.ssh/config" "$T/config"
printf 'Host jump\n\tHostName other\nMatch all\n' >"$H/.ssh/config"
cat "$T/config" >>"$H/.ssh/config"
check "above the Include: a value of the user's own" \
    [ "$(config_of jump hostname) $(config_of jump user)" = "other alice" ]
check "... and the rest is there" [ "$(config_of web1 proxyjump)" = jump ]
mv "$T/config" "$H/.ssh/config"

# Other jump hosts, other people, other forms.
run ssh -F "$C" jump config --jump gate-1 </dev/null
check "--jump: the host" printed '^Host gate-1 .*tunnel'
check "--jump: on the way" printed '^    ProxyJump gate-1$'
check "--jump: its files" printed '^    UserKnownHostsFile ~/.ssh/gate-1_known_hosts$'
check "--jump: nowhere the other" not printed '(ssh|ProxyJump) jump|jump_known|!jump'
check "--jump: a target may have that name" printed '^Host jump$'
run ssh -F "$C" jump config --jump gate.corp.example </dev/null
check "--jump: a name with a dot is an address" \
    printed '^    HostName gate\.corp\.example$'
as carol run ssh -F "$C" jump config </dev/null
check "a shared account: its name" printed '^    User jump$'
check "a shared account: whose it is" printed '^# ssh_config.* for carol,'
as carol run ssh -F "$C" jump known_hosts </dev/null
check "known_hosts of somebody with less" \
    [ "$(sed -n 's/^\([^#][^ ]*\) .*/\1/p' "$T/out" | tr '\n' ' ')" = "jump+host soft " ]
as alice run ssh -F "$C" jump config --format ansible </dev/null
check "ansible: a host" printed '^web1 ansible_host=web1 ansible_port=22$'
check "ansible: a device at a socket" printed '^rtu18 ansible_host=rtu18$'
check "ansible: a group" printed '^\[tag_ot_1\]$'
check "ansible: its end" [ "$(tail -n1 "$T/out")" = "# end of the inventory" ]
if command -v ansible-inventory >/dev/null; then
	cp "$T/out" "$T/inventory"
	run ansible-inventory -i "$T/inventory" --list
	check "ansible-inventory reads it" gave 0
	check "... with its groups" printed '"tag_ot_1"'
fi
for words in config known_hosts 'config --format ansible'; do
	run lab on -u alice jump sh -c "SSH_ORIGINAL_COMMAND='$words' \
	    /usr/local/libexec/jump/jump-shell >/dev/full"
	check "$words: what cannot be written is an error" \
	    said 'cannot write its answer'
	check "... with a status" gave 70
done

# By an administrator: the same, but for where it was reached.
fetched
strip() {
	grep -v '^# ssh_config\|^    HostName 192.0.2.1$\|^    HostName jump$\|^    Port 22$' "$1"
}
strip "$J" >"$T/theirs"
run lab on jump jumpctl export ssh_config --from 192.0.2.10 alice
strip "$T/out" >"$T/ours"
check "jumpctl export ssh_config" gave 0
check "... is what the user gets" cmp -s "$T/ours" "$T/theirs"
run lab on jump jumpctl export known_hosts alice
check "jumpctl export known_hosts USER" \
    gave 0 "$(cat "$H/.ssh/jump_known_hosts")"
run lab on jump jumpctl export known_hosts
check "jumpctl export known_hosts" printed '^bare ssh-ed25519 '
run lab on jump jumpctl export ssh_config --format ansible alice
check "jumpctl export ssh_config --format ansible" printed '^\[tag_ot_1\]$'
run lab on jump jumpctl export ssh_config nobody
check "jumpctl export ssh_config: nobody" gave 1 ""
run lab on jump jumpctl export ssh_config --jump 'a b' alice
check "jumpctl export ssh_config: no name" gave 64 ""
run lab on jump sh -c 'jumpctl export ssh_config alice >/dev/full'
check "jumpctl export ssh_config: what cannot be written" gave 70

# A thousand: the size, and the time that ssh takes with it.
for i in $(seq 1000); do
	echo "host h$i 10.3.$((i / 250)).$((i % 250 + 1)) ssh 22 tcp $((i % 4 * 400 + 80))"
	echo "allow a$i: alice to h$i via { connect }"
done >"$T/many"
rules <"$T/many"
check "1000 targets" fetched
check "1000 targets: as many blocks" \
    [ "$(grep -c '^Host h' "$J")" -eq 1000 ]
check "1000 targets: less than 512 KiB" [ "$(wc -c <"$J")" -lt 524288 ]
check "1000 targets: no address twice" [ -z "$(sed -n \
    's/.*bind=\(127[0-9.]*\),.*/\1/p' "$J" | sort | uniq -d)" ]
echo "# $(wc -c <"$J") bytes"
start=$(date +%s%N)
run lab on -u alice jump env SSH_ORIGINAL_COMMAND=config \
    /usr/local/libexec/jump/jump-shell
echo "# config: $((($(date +%s%N) - start) / 1000000)) ms"
start=$(date +%s%N)
run ssh -T -G h1000
echo "# ssh -G: $((($(date +%s%N) - start) / 1000000)) ms"
check "1000 targets: ssh -G" printed '^hostname h1000$'

db1_key=web1 web1_key=db1
rules </dev/null
check "with wrong host keys" fetched
for n in web1 db1; do
	typing ssh $n true
	check "$n: a wrong host key is refused" unasked not gave 0
	check "... by the client, or the relay" printed \
	    'IDENTIFICATION HAS CHANGED|host key'
done
kill "$SSH_AGENT_PID"
finish
