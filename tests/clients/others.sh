# SPDX-License-Identifier: ISC
# Clients that are not OpenSSH, or that drive it: paramiko, Ansible, and plink,
# pscp and psftp of PuTTY; to web1 by a forward, to web2 by connect.
. "$(dirname "$0")/lib.sh"

workstation
open_all
configured
head -c 4194304 /dev/urandom | written data

same() {
	cmp "$1" "$2" >"$T/out" 2>"$T/err"
}

# --- paramiko ----------------------------------------------------------------

paramiko() {
	alice python3 "$T/paramiko.py" "$1" data
}

paramiko web1
check "paramiko: web1 by direct-tcpip" gave 0 "direct-tcpip ok"
paramiko web2
check "paramiko: web2 by ProxyCommand" gave 0 "ProxyCommand ok"

# --- Ansible -----------------------------------------------------------------

ansible() {
	alice env ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 ANSIBLE_NOCOLOR=1 \
	    LC_ALL=C.UTF-8 ansible -i inventory "$@"
}

run lab on -u alice client sh -c 'cd && ssh jump config --format ansible >inventory'
check "ssh jump config --format ansible" gave 0
ansible all -m ping -o
check "ansible: ping" gave 0
check "ansible: web1" printed '^web1 \| SUCCESS => .*"ping": "pong"'
check "ansible: web2" printed '^web2 \| SUCCESS => .*"ping": "pong"'
ansible all -m copy -a "src=data dest=/home/alice/ansible" -o
check "ansible: copy" gave 0
for host in web1 web2; do
	check "ansible: copied to $host" \
	    same "$HOME_ALICE/data" "$LAB/hosts/$host/home/alice/ansible"
done
ansible all -m copy -a "src=data dest=/home/alice/ansible" -o
check "ansible: nothing to do again" printed '^web2 \| SUCCESS .*"changed": false'

# --- PuTTY -------------------------------------------------------------------

# print HOST: how PuTTY is told a host key.
print() {
	ssh-keygen -lf "$LAB/keys/host_$1.pub" | cut -d' ' -f2
}

alice puttygen .ssh/id_ed25519 -O private -o key.ppk
check "puttygen: the key" gave 0

# via HOST: the program at the jump host that makes the way: -nc, which is a
# forward, or connect.
via() {
	local="plink -batch -i key.ppk -hostkey $(print jump)"
	case $1 in
	web1) echo "$local -nc %host:%port alice@192.0.2.1" ;;
	*) echo "$local alice@192.0.2.1 connect %host %port" ;;
	esac
}

# putty PROGRAM HOST ARGUMENT...
putty() {
	program=$1 host=$2
	shift 2
	alice "$program" -batch -i key.ppk -hostkey "$(print "$host")" \
	    -proxycmd "$(via "$host")" "$@"
}

putties() {
	putty plink $1 alice@$1 hostname
	check "plink: $1" gave 0 $1
	putty plink $1 alice@$1 'exit 3'
	check "plink: $1: its exit status" [ "$status" -eq 3 ]
	putty pscp $1 -q data alice@$1:pscp
	check "pscp to $1" gave 0
	check "pscp: the same" \
	    same "$HOME_ALICE/data" "$LAB/hosts/$1/home/alice/pscp"
	printf 'put data psftp\nget psftp back.%s\n' $1 | written batch
	putty psftp $1 -b batch alice@$1
	check "psftp $1" gave 0
	check "psftp: the same" same "$HOME_ALICE/data" "$HOME_ALICE/back.$1"
}

# saved NAME: a session of PuTTY with the jump host as its SSH proxy, which
# PuTTY can do by itself from 0.77 on: 6 opens a forward, 7 runs a command.
saved() {
	mkdir -p "$HOME_ALICE/.putty/sessions"
	cat <<-END | written ".putty/sessions/$1"
		HostName=$1
		Protocol=ssh
		UserName=alice
		PublicKeyFile=/home/alice/key.ppk
		ProxyMethod=$2
		ProxyHost=jump
		ProxyPort=22
		ProxyUsername=alice
		ProxyTelnetCommand=connect %host %port
		SSHManualHostKeys=$(print "$1")
	END
	cat <<-END | written ".putty/sessions/jump"
		HostName=192.0.2.1
		Protocol=ssh
		UserName=alice
		PublicKeyFile=/home/alice/key.ppk
		SSHManualHostKeys=$(print jump)
	END
	chown -R 2001:2001 "$HOME_ALICE/.putty"
	alice plink -batch -load "$1" hostname
}

putties web1
putties web2
saved web1 6
check "plink: a saved session, its proxy by forward" gave 0 web1
saved web2 7
check "plink: a saved session, its proxy by connect" gave 0 web2

# --- and where the policy does not say so ------------------------------------

open_all "allow other: alice to db1:5432"
paramiko web1
check "closed: paramiko, direct-tcpip" said 'Administratively prohibited'
paramiko web2
check "closed: paramiko, ProxyCommand" [ "$status" -ne 0 ]
ansible all -m ping -o
for host in web1 web2; do
	check "closed: ansible, $host" printed "^$host \| UNREACHABLE"
done
# Without -v, plink does not show what its proxy says.
putty plink web1 -v alice@web1 hostname
check "closed: plink, -nc" said 'proxy: .*dministratively prohibited'
putty plink web2 -v alice@web2 hostname
check "closed: plink, connect" said 'proxy: jump: web2:22 is not open to you'
saved web1 6
check "closed: plink, a saved session by forward" \
    said 'dministratively prohibited'
saved web2 7
check "closed: plink, a saved session by connect" [ "$status" -eq 1 ]
finish
