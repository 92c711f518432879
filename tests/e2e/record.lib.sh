# SPDX-License-Identifier: ISC
# record.lib.sh: sessions in terminals of jump-record, started by hand as alice
# on the jump host, who has an agent there.  Read by the record*.sh.
R=/usr/local/libexec/jump/jump-record
casts=$LAB/hosts/jump/var/log/jump
home=$LAB/hosts/jump/home/alice
cp "$LAB_REPO"/tests/e2e/term.py "$LAB_REPO"/tests/e2e/tamper.py "$LAB/tmp/"
chmod 1777 "$LAB/tmp" "$T"

# The inner ssh is of the version of sshd.
install -m 600 -o 2001 "$LAB/keys/alice" "$home/key"
lab on -u alice jump sh -c 'ssh-agent -a ~/agent >/dev/null &&
    SSH_AUTH_SOCK=~/agent ssh-add -q ~/key'
newer=$LAB_REPO/.cache/client-newer/usr/bin/ssh
if [ "$LAB_SSHD" != "$LAB_STOCK" ] && [ -x "$newer" ]; then
	lab on jump mount --bind "$newer" /usr/bin/ssh
fi
lab on jump /usr/bin/ssh -V 2>&1 | sed 's/^/# the inner ssh: /'

# term STEP... -- COMMAND...: as alice, in a terminal on the jump host.
mkdir -p "$T/bin"
cat >"$T/bin/term" <<'END'
#!/bin/sh
exec lab on -u alice jump env TERM=xterm SSH_AUTH_SOCK=/home/alice/agent \
    python3 /run/lab/tmp/term.py "$@"
END
chmod +x "$T/bin/term"
PATH=$T/bin:$PATH

# id: another session id in $id.
id=aaaaaaaa
new_id() {
	id=$(echo "$id$id$id" | cksum | tr -d ' ' | tr 0-9 a-j | cut -c1-8)
}

# begin OPTION...: a session on web1 in the background, once its shell is
# there; it goes on after go, and says so.
begin() {
	new_id
	rm -f "$T/ready" "$T/go"
	term '?\$ $' '>stty -echo; echo rea""dy; read x; echo AFTER-$x\r' \
	    '?ready' '!touch /run/lab/tmp/e2e/ready' '@/run/lab/tmp/e2e/go' \
	    '>2\r' '?AFTER-2' '>exit 5\r' -- \
	    $R --session="$id" --login=alice --agent "$@" web1 22 \
	    >"$T/session.out" 2>"$T/session.err" &
	session=$!
	within test -e "$T/ready" && return
	cat "$T/session.out" "$T/session.err"
	return 1
}

# end: go on, and how it ended.
end() {
	touch "$T/go"
	wait "$session" && status=0 || status=$?
	last="the session $id"
	cp "$T/session.out" "$T/out"
	cp "$T/session.err" "$T/err"
}

# goes_on: it did.
goes_on() {
	[ "$status" -eq 5 ] && printed 'AFTER-2' && recorded 'AFTER-2'
}

# recorded REGEX: in the recording.
recorded() {
	grep -Eq -- "$1" "$casts/$id.cast"
}

# ended_by REGEX: it did not go on, its recording has no more, and the
# connection's record of its end says so.
ended_by() {
	[ "$status" -ne 5 ] && not printed 'AFTER-2' &&
	    not recorded 'AFTER-2' &&
	    logged "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"$1\""
}

pid_of() {
	pgrep -u 2001 -x "$1"
}

# gone: nothing of it is left.
gone() {
	! pid_of jump-record && ! pid_of ssh && ! pid_of jump-connect
} >/dev/null
