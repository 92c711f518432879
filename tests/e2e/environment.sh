# SPDX-License-Identifier: ISC
# With AcceptEnv *, a client chooses the environment of jump-shell: it decides
# as ever, and loads nothing of the user's.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
user bob
key bob "ssh-ed25519 AAAA"
allow web: { alice bob carol } to web1:22 from 192.0.2.0/24
END

# A library that leaves a mark; a plain program shows that it would.
cat >"$T/mark.c" <<'END'
#include <fcntl.h>
__attribute__((constructor)) static void mark(void)
{ (void)open("/tmp/mark", O_CREAT | O_WRONLY, 0666); }
END
cc -shared -fPIC -o "$LAB/hosts/jump/local/mark.so" "$T/mark.c"
marked() {
	lab on jump test -e /tmp/mark
}
run lab on -u alice jump env LD_PRELOAD=/usr/local/mark.so true
check "control: a plain program is marked" marked
lab on jump rm -f /tmp/mark

# by NAME=VALUE REQUEST...: jump-shell as sshd would start it for alice.
by() {
	variable=$1
	shift
	run lab on -u alice jump env "$variable" \
	    SSH_CONNECTION="192.0.2.10 1 192.0.2.1 22" \
	    SSH_ORIGINAL_COMMAND="$*" \
	    /usr/local/libexec/jump/jump-shell </dev/null
}

for variable in LD_PRELOAD=/usr/local/mark.so LD_AUDIT=/usr/local/mark.so \
    LD_LIBRARY_PATH=/usr/local GCONV_PATH=/usr/local LOCPATH=/usr/local \
    NLSPATH=/usr/local/%N RES_OPTIONS=debug HOSTALIASES=/usr/local/x \
    LOCALDOMAIN=dev.corp.example BASH_ENV=/usr/local/x ENV=/usr/local/x \
    PATH=/usr/local TZ=/etc/passwd TZDIR=/usr/local MALLOC_CHECK_=3 \
    GLIBC_TUNABLES=glibc.malloc.check=3 TMPDIR=/usr/local \
    SSH_TTY=/dev/tty SSH_USER_AUTH=/etc/passwd JUMP_ID=carol \
    "LONG=$(head -c 100000 /dev/zero | tr '\0' x)"; do
	by "$variable" connect web1 22
	check "${variable%%=*}: what is granted is" printed '^SSH-2\.0-'
	by "$variable" connect db1 22
	check "${variable%%=*}: what is not is refused" gave 77 ""
done
check "nothing of the user's was loaded" not marked

# Through sshd: all that a client sends, over what sshd sets itself.
lab on jump sh -c "sed -i 's/AcceptEnv .*/AcceptEnv */' \
    /etc/ssh/sshd_config.d/60-jump.conf && kill -HUP \$(cat /run/sshd.pid)"
forged() {
	run ssh -F "$C" -o "SetEnv=LD_PRELOAD=/usr/local/mark.so \
SSH_ORIGINAL_COMMAND=help SSH_CONNECTION=10.0.0.1 JUMP_X=1 BASH_ENV=/x" \
	    jump "$@" </dev/null
}
for _ in 1 2 3 4 5; do
	forged connect web1 22
	! printed '^SSH-2' || break
	sleep 0.2
done
check "AcceptEnv *: connect, from sshd's own address" printed '^SSH-2\.0-'
forged connect db1 22
check "AcceptEnv *: refused" gave 77 ""

# bob's login shell is jump-shell: no program of theirs is in between, and so
# nothing at all may be loaded.
lab on jump rm -f /tmp/mark
all() {
	as bob run ssh -F "$C" -o "SetEnv=LD_PRELOAD=/usr/local/mark.so \
LD_AUDIT=/usr/local/mark.so LD_LIBRARY_PATH=/usr/local GCONV_PATH=/usr/local \
LOCPATH=/usr/local NLSPATH=/usr/local/%N RES_OPTIONS=debug \
HOSTALIASES=/usr/local/x LOCALDOMAIN=dev.corp.example RESOLV_HOST_CONF=/x \
BASH_ENV=/usr/local/x ENV=/usr/local/x SHELLOPTS=xtrace PS4=x IFS=e PATH=/x \
TZ=/etc/passwd TZDIR=/usr/local MALLOC_CHECK_=3 TMPDIR=/usr/local \
GLIBC_TUNABLES=glibc.malloc.check=3 SSH_TTY=/dev/tty JUMP_ID=carol \
SSH_USER_AUTH=/etc/passwd" jump "$@" </dev/null
}
all connect web1 22
check "AcceptEnv *, 24 variables: what is granted is" printed '^SSH-2\.0-'
all connect db1 22
check "AcceptEnv *, 24 variables: refused" gave 77 ""
all list
check "AcceptEnv *, 24 variables: the list" gave 0
check "AcceptEnv *, 24 variables: nothing was loaded" not marked
check "AcceptEnv *: the log has sshd's address" \
    logged '"source.ip":"192.0.2.10","destination.address":"db1"'
# sshd sets no SSH_ORIGINAL_COMMAND where there is none: the request is forged,
# by the user, as theirs would be.
forged
check "AcceptEnv *: a forged request is one like others" printed '^connect HOST'
run lab on -u alice jump env -i /usr/local/libexec/jump/jump-shell </dev/null
check "no variable at all: the list" gave 0
finish
