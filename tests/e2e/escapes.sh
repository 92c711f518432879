# SPDX-License-Identifier: ISC
# What a user could bring to have the ssh of the road shell do something else.
# Each is tried once where it works, so that it would be seen, and then here.
. "$(dirname "$0")/lib.sh"

# The inner ssh is of the version of sshd.
newer=$LAB_REPO/.cache/client-newer/usr/bin/ssh
if [ "$LAB_SSHD" != "$LAB_STOCK" ] && [ -x "$newer" ]; then
	lab on jump mount --bind "$newer" /usr/bin/ssh
fi

eval "$(ssh-agent -a "$LAB/tmp/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
ssh-add -q "$LAB/keys/alice"
chmod 711 "$LAB" "$LAB/tmp"
home=$LAB/hosts/jump/home/alice
shell=/usr/local/libexec/jump/jump-shell
seen=/home/alice/seen

host_key() {
	printf 'hostkey %s "%s"\n' "$1" "$(cut -d' ' -f1,2 "$LAB/keys/$2.pub")"
}

cat >"$T/escapes.policy" <<END
version 1
set contact "ot-access@example.com"
user alice
key alice "ssh-ed25519 AAAA"
host web1 10.2.0.10 ssh 22 agent
host web2 10.2.0.12 ssh 22
host wrong 10.8.0.10 ssh 22 agent
$(host_key web1 host_web1)
$(host_key web2 host_web2)
$(host_key wrong host_db1)
allow one: alice to { web1 web2 wrong }
END
run lab load "$T/escapes.policy"
check "the policy loads" gave 0

# hop [OPTION...] REQUEST...: with the agent forwarded.
hop() {
	run ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" jump "$@" </dev/null
}

term() {
	run python3 "$LAB_REPO/tests/e2e/term.py" "$@"
}

# alice COMMAND...: on the jump host itself, as one who got out of jump-shell.
alice() {
	run lab on -u alice jump "$@" </dev/null
}

# has_seen, unseen: whether it ran; and forget it.
has_seen() {
	[ -e "$home/seen" ] && rm -f "$home/seen"
}

unseen() {
	! has_seen
}

# script NAME: one of alice's that leaves a trace.
script() {
	printf '#!/bin/sh\n: >%s\nexit 1\n' $seen >"$home/$1"
	chmod 755 "$home/$1"
}

# --- her files ----------------------------------------------------------------

install -d -m 700 -o 2001 -g 2001 "$home/.ssh"
script mark
cat >"$home/.ssh/config" <<END
Match exec "/home/alice/mark; true"
    ProxyCommand /home/alice/mark
    PermitLocalCommand yes
    LocalCommand /home/alice/mark
    KnownHostsCommand /home/alice/mark
    EscapeChar ~
    EnableEscapeCommandline yes
END
chown 2001:2001 "$home/.ssh/config"
alice ssh web1 true
check "control: ~/.ssh/config" has_seen
hop ssh web1 id -un
check "~/.ssh/config: it works" gave 0 alice
check "~/.ssh/config: no effect" unseen
rm "$home/.ssh/config"

cp "$home/mark" "$home/.ssh/rc"
install -m 755 -o 3000 "$home/mark" "$LAB/hosts/jump/home/admin/.ssh/rc"
chmod 777 "$home"
LAB_USER=admin
run ssh -F "$C" jump true </dev/null
LAB_USER=alice
check "control: ~/.ssh/rc" has_seen
chmod 755 "$home"
hop ssh web1 id -un
check "~/.ssh/rc: it works" gave 0 alice
check "~/.ssh/rc: no effect" unseen
rm "$home/.ssh/rc"

printf 'wrong,10.8.0.10 %s\n' "$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")" \
    >"$home/.ssh/known_hosts"
chown 2001:2001 "$home/.ssh/known_hosts"
alice ssh -o BatchMode=yes -o StrictHostKeyChecking=yes 10.8.0.10 true
check "control: ~/.ssh/known_hosts" said 'Permission denied'
hop ssh wrong id
check "~/.ssh/known_hosts: no effect" eval \
    '[ "$status" -ne 0 ] && silent && not said "Permission denied"'

# --- her environment ----------------------------------------------------------

cat >"$T/mark.c" <<END
#include <fcntl.h>
#include <unistd.h>
unsigned int la_version(unsigned int v) { return v; }
__attribute__((constructor)) static void mark(void)
{
	close(open("$seen", O_CREAT | O_WRONLY, 0644));
}
END
cc -shared -fPIC -o "$home/mark.so" "$T/mark.c"
chmod 777 "$home"

# tries NAME VALUE CONTROL...: a variable that the control heeds.
tries() {
	variable=$1 value=$2
	shift 2
	alice env "$variable=$value" "$@"
	check "control: $variable" has_seen
	alice env "$variable=$value" SSH_AUTH_SOCK="$LAB/tmp/agent" TERM=vt100 \
	    "$shell" -c 'ssh web1 id -un'
	check "$variable: it works" gave 0 alice
	check "$variable: no effect" unseen
}

# Her own agent: alice can reach the client's in this lab.
chmod 777 "$LAB/tmp/agent"
kill "$SSH_AGENT_PID"
rm -f "$LAB/tmp/agent"
chmod 1777 "$LAB/tmp"
lab on -u alice jump ssh-agent -D -a "$LAB/tmp/agent" >/dev/null 2>&1 &
SSH_AGENT_PID=$!
within test -S "$LAB/tmp/agent"
SSH_AUTH_SOCK=$LAB/tmp/agent ssh-add -q "$LAB/keys/alice"

tries LD_PRELOAD /home/alice/mark.so /bin/true
tries LD_AUDIT /home/alice/mark.so /bin/true
tries SHELL /home/alice/mark ssh -o ProxyCommand=true 10.2.0.10
tries BASH_ENV /home/alice/mark bash -c true
tries SSH_ASKPASS /home/alice/mark env SSH_ASKPASS_REQUIRE=force DISPLAY=:0 \
    ssh -o StrictHostKeyChecking=ask 10.2.0.10
tries SSH_SK_HELPER /home/alice/mark ssh-keygen -t ed25519-sk -N '' -f /tmp/sk
tries PATH /home/alice/bin:/usr/bin:/bin:/usr/sbin:/sbin sh -c \
    'cd /home/alice; mkdir -p bin; cp mark bin/ssh; ssh web1'
mkdir -p "$home/evil/.ssh"
alice env HOME=/home/alice/evil SSH_AUTH_SOCK="$LAB/tmp/agent" \
    "$shell" -c 'ssh web1 pwd'
check "HOME: no effect" gave 0 /home/alice
alice env SSH_AUTH_SOCK="$LAB/tmp/agent" "$shell" -c 'ssh web2 id'
check "SSH_AUTH_SOCK: not where the host does not say agent" eval \
    '[ "$status" -eq 255 ] && said "Permission denied"'
for junk in agent ../agent "$(printf '/tmp/a\nb')" "$(printf '/tmp/\033]0;x')" \
    "/$(head -c 4000 /dev/zero | tr '\0' a)" '${HOME}/x' SSH_AUTH_SOCK; do
	alice env SSH_AUTH_SOCK="$junk" "$shell" -c 'ssh web1 id'
	check "SSH_AUTH_SOCK: junk is none" eval \
	    '[ "$status" -eq 255 ] && silent && said "Permission denied"'
done
run env LD_PRELOAD= ssh -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
    -o SetEnv="LD_PRELOAD=/home/alice/mark.so" -o SendEnv=BASH_ENV \
    jump ssh web1 id -un </dev/null
check "variables that the client sends: it works" gave 0 alice
check "variables that the client sends: no effect" unseen

for t in vt100 xterm-256color; do
	run env TERM=$t ssh -tt -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
	    jump ssh web1 'echo "T=$TERM"' </dev/null
	check "control: TERM=$t" printed "^T=$t"
done
for t in "$(printf 'x\033]0;evil\007')" '$(touch /tmp/x)' '../../x' 'a b' \
    "$(head -c 33 /dev/zero | tr '\0' a)"; do
	run env TERM="$t" ssh -tt -F "$C" -A -o IdentityAgent="$LAB/tmp/agent" \
	    jump ssh web1 'echo "T=$TERM"' </dev/null
	check "TERM with junk is dumb" printed '^T=dumb'
done

# --- what is typed ------------------------------------------------------------

# The client's own escape character is off here; in the control it is on.
with() {
	outer=$1
	shift
	term '?begun' "$@" '>\x04' -- ssh -tt -e "$outer" -F "$C" -A \
	    -o IdentityAgent="$LAB/tmp/agent" jump ssh web1 \
	    'stty -echo; echo begun; sed "s/^/got /"'
}
with '~' '>\r~.'
check "control: ~." gave 255
with none '>\r~.\r' '?got ~\.'
check "~. is handed on" gave 0
with none '>\r~!\r' '?got ~!' '>\r~C\r' '?got ~C' '>\r~?\r' '?got ~\?' \
    '>\r~#\r' '?got ~#' '>\r~R\r' '?got ~R' '>\r~~\r' '?got ~~'
check "~! ~C ~? ~# ~R ~~ are handed on" gave 0

# --- what is asked for --------------------------------------------------------

asks() {
	hop "$@"
	check "refused: $(echo "$*" | LC_ALL=C tr -c '\n -~' '?' | tr '\n' ' ')" eval '{ [ "$status" -eq 64 ] ||
	    [ "$status" -eq 77 ]; } && silent && said "^jump: .*reference"'
	check "in one line that is safe" eval \
	    '[ "$(grep -c . "$T/err")" -eq 1 ] &&
	     [ -z "$(LC_ALL=C tr -d "\n\040-\176" <"$T/err")" ]'
	check "and nothing ran" unseen
}

asks ssh -oProxyCommand=/home/alice/mark@web1
asks ssh -oProxyCommand=/home/alice/mark web1
asks ssh -l root web1
asks ssh 'ro;ot@web1' id
asks ssh '%h@web1' id
asks ssh web1 -oProxyCommand=/home/alice/mark
asks ssh web1 -- -oLocalCommand=/home/alice/mark
asks ssh "$(printf 'web1\033[2J')"
asks ssh "$(printf 'web1\nid')"
asks ssh "web1 $(printf '\033]0;evil\007')"
asks ssh 'web1;/home/alice/mark'
asks ssh '$(/home/alice/mark)'
hop ssh web1 'x=1 -oProxyCommand=/home/alice/mark; echo $x'
check "options after the first word are the target's" unseen
hop ssh web1 '%h %d ~ $HOME; echo ~'
check "nothing is expanded on the way" said '%h'

# --- what the target says -----------------------------------------------------

title='for i in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do printf "\033]0;"; '
title="$title"'head -c 65530 /dev/zero | tr "\0" t; printf "\007"; done'
hop ssh web1 "$title"
check "1 MiB of titles" gave 0
check "arrives whole" eval '[ "$(wc -c <"$T/out")" -eq 1048560 ]'
term '?begun' '?over' -- ssh -tt -F "$C" -A \
    -o IdentityAgent="$LAB/tmp/agent" jump ssh web1 \
    "echo begun; $title; echo over; exit 3"
check "in a terminal too, and changes no status" gave 3
check "arrives whole there" eval \
    '[ "$(tr -cd t <"$T/out" | wc -c)" -ge 1048480 ]'
finish
