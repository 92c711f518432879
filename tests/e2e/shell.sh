# SPDX-License-Identifier: ISC
# The road shell: ssh jump ssh NAME, judged, answered or refused, to real
# targets, with and without a terminal.
. "$(dirname "$0")/lib.sh"

# The inner ssh is of the version of sshd.
newer=$LAB_REPO/.cache/client-newer/usr/bin/ssh
if [ "$LAB_SSHD" != "$LAB_STOCK" ] && [ -x "$newer" ]; then
	lab on jump mount --bind "$newer" /usr/bin/ssh
fi

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/alice"

# hop [OPTION...] HOST...: with the agent forwarded.
hop() {
	run ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" "$@" </dev/null
}

# term STEP... -- COMMAND...: in a terminal, see term.py.
term() {
	run python3 "$LAB_REPO/tests/e2e/term.py" "$@"
}

# A second sshd of web2 takes passwords.
lab on web2 "$LAB/stock/usr/sbin/sshd" -f /etc/ssh/sshd_config -p 2222 \
    -o PasswordAuthentication=yes -o PidFile=none -o MaxAuthTries=2 \
    -o AuthorizedKeysFile=none

host_key() {
	printf 'hostkey %s "%s"\n' "$1" "$(cut -d' ' -f1,2 "$LAB/keys/$2.pub")"
}

cat >"$T/shell.policy" <<END
version 1
set contact "ot-access@example.com"
user alice
key alice "ssh-ed25519 AAAA"
user bob
key bob "ssh-ed25519 AAAA"
user carol account jump
key carol "ssh-ed25519 AAAA"
host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80 agent alias www
host web2 { 10.2.0.12 } ssh { 22 2222 }
host db1 10.2.0.11 ssh 22 tcp 5432 agent
host mfa1 10.50.1.7 ssh 22 agent
host bare 10.9.0.2 ssh 22 agent
host wrong 10.8.0.10 ssh 22 agent
host secret 10.2.0.53 ssh 22
$(host_key web1 host_web1)
$(host_key web2 host_web2)
$(host_key db1 host_db1)
$(host_key mfa1 host_db1)
$(host_key wrong host_web2)
$(host_key secret host_web2)
allow one: alice to { web1 mfa1 bare wrong }
allow pass: alice to web2 via shell as { alice bob }
allow db: alice to db1:22 via shell as bob
allow carol: carol to { web1:22 web2:2222 } as { bob vend1 }
allow bob: bob to web1:22 via connect
require more: any to mfa1 mfa
END
run lab load "$T/shell.policy"
check "the policy loads" gave 0
check "and check warns of the host keys that only the shell road misses" \
    not said 'bare'
wire_tap

# --- open ---------------------------------------------------------------------

hop jump ssh web1 id -un
check "a command" gave 0 alice
check "says nothing else" eval '[ ! -s "$T/err" ]'
hop jump ssh bob@web1 id -un
check "another login, where no rule says as" gave 0 bob
hop jump ssh www:22 'exit 7'
check "the status of the command" gave 7
hop jump ssh 10.2.0.10 "echo 'a  b' | cat; echo c >&2; kill -TERM \$\$"
check "the text of a command is the user's" printed '^a  b$'
check "its standard error too" said '^c$'
check "the status of one that was killed" gave 255
hop jump ssh db1 id -un
check "the single login of as" gave 0 bob
hop jump ssh ghost@web1 id
check "the target says who may log in" gave 255
check "and the user is told" said 'ghost@web1: Permission denied'

head -c 3000000 /dev/urandom >"$T/blob"
ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" jump ssh web1 'cat' \
    <"$T/blob" >"$T/copy"
check "3 MB there and back, byte for byte" cmp "$T/blob" "$T/copy"
run rsync -e "ssh -F $C -A -o IdentityAgent=$LAB/tmp/agent jump ssh" \
    "$T/blob" web1:/home/alice/blob
check "rsync" gave 0
run sftp -D "ssh -F $C -A -o IdentityAgent=$LAB/tmp/agent jump ssh web1 /run/lab/stock/usr/lib/openssh/sftp-server" \
    <<END
get /home/alice/blob $T/got
END
check "sftp" cmp "$T/blob" "$T/got"

term '?\$ ' '>tty; stty size\r' '?/dev/pts/[0-9]+\r\n24 80' '=100x30' \
    '>until stty size | grep "^30"; do sleep .1; done\r' '?30 100' \
    '>exit 5\r' -- \
    ssh -tt -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" jump ssh web1
check "a terminal, its size, and the status of the shell" gave 5
term '?up' -- ssh -tt -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
    jump ssh web1 uptime
check "a command in a terminal" gave 0

# --- who the user is there ----------------------------------------------------

term '?alice@web2.s password: ' '>wrong\r' '?password: ' '>lab-password\r' \
    '?\$ ' '>id -un\r' '?alice' '>exit\r' -- \
    ssh -tt -F "$C" jump ssh web2:2222
check "a password is typed at the target's prompt" gave 0
check "and is not shown" not printed lab-password
hop jump ssh web2 id
check "no agent where the host does not say so" gave 255
check "and the user is told" said 'alice@web2: Permission denied'
jump ssh web1 id
check "nor one that is not forwarded" gave 255
lab on jump sh -c 'ls /tmp/ssh-*/agent.* /home/*/.ssh/agent/* 2>/dev/null' >"$T/out"
check "no agent stays behind" silent
LAB_USER=bob hop jump list
check "who reaches no such host" gave 0
check "has none forwarded" not logged 'User bob .*agent'
run env LAB_USER=carol python3 "$LAB_REPO/tests/e2e/term.py" \
    '?bob@web2.s password: ' '>lab-password\r' '?\$ ' '>id -un\r' '?bob' \
    '>exit\r' -- ssh -tt -F "$C" jump ssh bob@web2:2222
check "somebody on a shared account" gave 0
LAB_USER=carol hop jump ssh bob@web1 id
check "whose agents are never forwarded" gave 255

ssh_d=$LAB/hosts/jump/etc/ssh/sshd_config.d
agents() {
	printf 'Match User %s\n AllowAgentForwarding %s\n' $1 $2 >"$ssh_d/00-cis.conf"
	run lab on jump jumpctl doctor --sshd /run/lab/openssh/usr/sbin/sshd
	rm "$ssh_d/00-cis.conf"
}
agents alice no
check "doctor misses what the policy needs" printed \
    'warn .*alice.*AllowAgentForwarding is no, want yes'
agents jump yes
check "doctor: no agents on a shared account" printed \
    'FAIL .*jump.*AllowAgentForwarding is yes, want no'
agents alice yes
check "doctor: nothing else" not printed AllowAgentForwarding

# --- refused ------------------------------------------------------------------

wire_reset
for name in secret nosuch web1:80 plc7:502 10.2.0.53 web1:23; do
	hop jump ssh $name id
	check "refused: $name" refused
done
LAB_USER=bob hop jump ssh web1 id
check "refused: by connect only" refused
hop jump ssh root@web2 id
check "a login that no rule has" refused
LAB_USER=carol hop jump ssh web1 id
check "not one login of several" gave 77
check "says which there are" said \
    '^jump: web1:22 is open to you by login bob or vend1: say LOGIN@web1:22\.'
hop jump ssh mfa1 id
check "ask" gave 77
check "says for what" said \
    '^jump: mfa1:22 is open to you only with a second factor .*reference'
check "and is on record as ask" logged \
    '"jump.verdict":"ask".*"jump.road":"shell"|"jump.road":"shell".*"jump.verdict":"ask"'
hop jump ssh bare id
check "no host key" gave 77
check "says so" said '^jump: bare:22 has no host key in the policy'
check "and is on record" logged 'no host key in the policy'
check "nothing was on the wire" wire_silent
hop jump ssh wrong id
check "the wrong host key" not gave 0
check "says so" said 'host key'
check "and nothing ran" silent

hop jump why web1
check "why tells what to type" printed \
    '^web1:22 is open to you by ssh from here: ssh -t JUMPHOST ssh alice@web1\.$'
hop jump list
check "list: only from here" printed '^db1	22	ssh	shell	open	'
hop jump known_hosts web1
check "known_hosts of one target" gave 0 \
    "web1 $(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")"
wire_reset
hop jump known_hosts secret
check "and of nothing that no rule names" refused
finish
