# SPDX-License-Identifier: ISC
# What the recorded user can try from a second login with a full shell: it
# fails, or ends the session, and is on record.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/record.lib.sh"

policy <<'END'
hostkey web1 "ssh-ed25519 AAAA"
hostkey web2 "ssh-ed25519 AAAA"
allow one: alice to web1:22 record
allow two: alice to web2:22
END
cast=/var/log/jump/x.cast

# alice COMMAND...: her second login.
alice() {
	run lab on -u alice jump "$@"
}

# --- the file ------------------------------------------------------------------

begin --record
before=$(wc -c <"$casts/$id.cast")
f=/var/log/jump/$id.cast
for try in "rm -f $f" "mv $f $f.x" "mv /tmp/y $f" "ln $f /tmp/link" \
    "ln -s /tmp/y $f.2" "truncate -s 0 $f" "sh -c 'echo >$f'" \
    "sh -c 'echo >>$f'" "cat $f" "chmod 666 $f" "ls /var/log/jump" \
    "mv /var/log/jump /var/log/away" "mkdir /var/log/jump/d" \
    "chattr +i $f"; do
	alice sh -c "echo y >/tmp/y; $try"
	check "the file: $(echo "$try" | sed "s/$id/ID/g")" [ "$status" -ne 0 ]
done
check "is as it was" [ "$(stat -c '%s %h %a' "$casts/$id.cast")" = "$before 1 600" ]

# --- the processes -------------------------------------------------------------

pids="$(pid_of jump-record) $(pid_of ssh) $(pid_of jump-connect)"
check "three processes" [ "$(echo $pids | wc -w)" -eq 3 ]
alice python3 /run/lab/tmp/tamper.py $pids
check "nothing of them can be traced, read or taken" gave 0 "tried 3"
check "their /proc is root's" [ "$(for p in $pids; do
    stat -c %u "/proc/$p/mem"; done | sort -u)" = 0 ]
lab on -u alice jump sleep 60 &
within test -n "$(pid_of sleep)"
alice python3 /run/lab/tmp/tamper.py $(pid_of sleep)
check "which the same ways do with others" [ "$(wc -l <"$T/out")" -ge 7 ]
kill $(pid_of sleep)
# A group of one's own is of no use either.
cat >"$T/shell" <<END
#!/usr/bin/python3
import os, subprocess
os.write(2, b"gids %d %d\\n" % (os.getgid(), os.getegid()))
subprocess.run("python3 /run/lab/tmp/tamper.py $pids".split(), stdout=2)
END
chmod 755 "$T/shell"
alice sh -c 'SHELL=/run/lab/tmp/e2e/shell exec \
    /usr/local/libexec/jump/jump-ssh -F none -o ProxyCommand=x x 2>/tmp/said'
cp "$LAB/hosts/jump/tmp/said" "$T/err"
check "nor with the group of jump-ssh" said '^tried 3'
check "which it has" said '^gids 2001 992'
check "by any of these ways" not said '^(jump|ssh)[a-z-]*: '
alice python3 -c '
import os, sys
os.setresgid(992, 992, 992)' 
check "which is not to be had" [ "$status" -ne 0 ]
end
check "the session goes on" goes_on

# A tracer from the start: the bits do not count then.
alice python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
for program in sys.argv[1:]:
    pid = os.fork()
    if pid == 0:
        libc.ptrace(0, 0, None, None)
        os.execv(program, [program, "-V"])
    while True:
        _, s = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(s):
            break
        libc.ptrace(7, pid, None, None)
    print(os.WEXITSTATUS(s))' $R /usr/local/libexec/jump/jump-ssh \
    /usr/local/libexec/jump/jump-connect
check "whoever is traced from the start has no group" gave 0 "70
70
70"
for p in jump-record jump-ssh; do
	alice setpriv --no-new-privs /usr/local/libexec/jump/$p -V
	check "$p under no_new_privs" gave 70
	alice unshare -Ur /usr/local/libexec/jump/$p -V
	check "$p in a user namespace" gave 70
done

# Racing the start: whatever appears is tried at once.
lab on -u alice jump python3 /run/lab/tmp/tamper.py race 6 >"$T/race" 2>&1 &
race=$!
for _ in 1 2 3; do
	begin --record && end
done
check "a session while somebody races" goes_on
wait "$race"
check "who has not won" [ "$(grep -v tried "$T/race")" = "" ]
check "but has tried" [ "$(sed -n 's/tried //p' "$T/race")" -gt 100 ]

# --- limits ---------------------------------------------------------------------

begin --record
alice prlimit --pid "$(pid_of jump-record)" --fsize=100:100
end
check "RLIMIT_FSIZE ends it" ended_by '(client|done|terminal)'
check "with a line" printed \
    'jump: the session has ended: it cannot be recorded: File too large'
check "and a record" logged \
    "\"event.action\":\"recording\",\"event.outcome\":\"failure\".*\"jump.session\":\"$id\".*File too large"

# limited COMMAND: a session that begins under limits.
limited() {
	new_id
	run term '?(\$ $|jump: )' '>echo AFTER-$((1+1))\r' '>exit 5\r' -- \
	    sh -c "$1; exec $R --session=$id --login=alice --record --agent web1 22"
}
# All that a target has shown, the recording has.
shown_is_recorded() {
	not printed 'AFTER-2' || recorded 'AFTER-2'
}
for limit in '-f 0' '-n 3' '-n 6' '-v 4000' '-s 8' '-t 0'; do
	limited "ulimit $limit"
	check "ulimit $limit: what is shown is recorded, or nothing is" \
	    shown_is_recorded
done
limited 'ulimit -f 0'
check "no page, no session" printed 'cannot be registered: File too large'
check "and a record of it" logged "\"jump.session\":\"$id\".*File too large"

# --- the disk -------------------------------------------------------------------

lab on jump mount -t tmpfs -o size=2m,mode=1730,gid=990 tmpfs /var/log/jump
begin --record
lab on jump cp "/var/log/jump/$id.cast" /tmp/early
lab on jump sh -c 'head -c 1990000 /dev/zero >/var/log/jump/full'
end
full_cast() {
	lab on jump cat "/var/log/jump/$id.cast"
}
check "a file system that fills up is noticed, now or soon" \
    [ "$status" -eq 5 -o "$status" -eq 73 ]
lab on jump rm /var/log/jump/full
new_id
run term '?\$ $' '>head -c 3000000 /dev/zero | tr "\\0" x\r' '?it cannot be' -- \
    $R --session="$id" --login=alice --record --agent web1 22
check "more than fits ends it" gave 73
check "with the cause" printed 'it cannot be recorded: No space left on device'
check "on record" logged \
    "\"event.action\":\"recording\".*\"jump.session\":\"$id\".*No space left"
# A twentieth of it stays free: there is room for this one.
lab on jump sh -c 'rm -f /var/log/jump/*.cast
    head -c 2015232 /dev/zero >/var/log/jump/full'
new_id
run term -- $R --session="$id" --login=alice --record --agent web1 22
check "no new one begins" gave 73
check "and it is said why" printed 'cannot be recorded: No space left on device'
lab on jump umount /var/log/jump

# --- signals --------------------------------------------------------------------

begin --record
lab on -u alice jump kill -9 "$(pid_of jump-record)"
end
check "without jump-record there is no session" ended_by '(terminal|client|done)'
check "nothing stays" within gone
check "its recording has no good end" not recorded '"m", "end'

begin --record
ssh_pid=$(pid_of ssh) record_pid=$(pid_of jump-record)
lab on -u alice jump kill -STOP "$ssh_pid"
within halted "$ssh_pid"
lab on -u alice jump kill -9 "$record_pid"
check "a stopped ssh does not keep it" logged \
    "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"(terminal|client|done)\""
lab on -u alice jump kill -CONT "$ssh_pid" 2>/dev/null || :
end
check "nothing stays of that" within gone

begin --record
record_pid=$(pid_of jump-record)
lab on -u alice jump kill -STOP "$record_pid"
within halted "$record_pid"
touch "$T/go"
sleep 1
check "a stopped jump-record shows nothing" not grep -q AFTER-2 "$T/session.out"
lab on -u alice jump kill -CONT "$record_pid"
end
check "and goes on when it does" goes_on

for p in ssh jump-connect; do
	begin --record
	lab on -u alice jump kill -9 "$(pid_of $p)"
	end
	check "without $p it ends" [ "$status" -ne 5 ]
	check "without $p nothing stays" within gone
	check "what was recorded is whole" recorded '"m", "end: done"'
done
# A relay that is late finds both gone: nobody has killed jump-record.
begin --record
relay_pid=$(pid_of jump-connect)
lab on -u alice jump kill -STOP "$relay_pid"
within halted "$relay_pid"
lab on -u alice jump kill -9 "$(pid_of ssh)"
end
lab on -u alice jump kill -CONT "$relay_pid"
check "a relay that is late says who has gone" ended_by client
check "and nothing stays" within gone
# Without a terminal, nothing hangs ssh up: its relay watches on its own.
new_id
lab on -u alice jump env SSH_AUTH_SOCK=/home/alice/agent $R --session="$id" \
    --login=alice --agent web2 22 -- 'echo here; sleep 100' >"$T/here" &
within grep -q here "$T/here"
ssh_pid=$(pid_of ssh)
lab on -u alice jump kill -STOP "$ssh_pid"
within halted "$ssh_pid"
lab on -u alice jump kill -9 "$(pid_of jump-record)"
check "the relay ends with jump-record" logged \
    "\"event.action\":\"close\".*\"jump.session\":\"$id\".*\"jump.end\":\"terminal\""
lab on -u alice jump kill -CONT "$ssh_pid"
check "nothing stays of it either" within gone

for sig in HUP TERM INT USR1; do
	begin --record
	lab on -u alice jump kill -$sig "$(pid_of jump-record)"
	end
	check "SIG$sig ends it" ended_by '(terminal|client|done)'
	check "in good order ($sig)" recorded '"m", "end: signal"'
done

# --- other sessions -------------------------------------------------------------

begin --record
alice /usr/local/libexec/jump/jump-connect --session="$id" web1 22
check "a second connection by hand" gave 77
alice /usr/local/libexec/jump/jump-connect -c 'exec x'
check "one that claims the terminal" gave 77
alice setsid -w /usr/local/libexec/jump/jump-connect -c 'exec x'
check "one of another session" gave 77
end
check "the session is as it was" goes_on
begin --record
alice setsid -w $R --session="$id" --login=alice web1 22
check "its name does not help" [ "$status" -eq 255 ]
run term -- $R --session="$id" --login=alice --record --agent web1 22
check "nor can its recording be made again" printed 'cannot be recorded: File exists'
end
check "which is as it was" goes_on
new_id
run term '?\$ $' '>exit\r' -- $R --session="$id" --login=alice --record \
    --agent web2 22
check "a recorded session of another target" gave 0
run term -- $R --session="$id" --login=alice --agent web1 22
check "does not count for this one" printed 'this session is to be recorded'

# --- the terminal ---------------------------------------------------------------

begin --record
tty=$(lab on jump ps -o tty= -p "$(pid_of ssh)" | tr -d ' ')
alice sh -c "echo PAINTED >/dev/$tty"
end
check "who writes to the terminal writes into the recording" recorded PAINTED
check "which goes on" goes_on
begin --record
alice python3 -c "
import fcntl, sys, termios
fd = open('/dev/$tty')
for c in 'id\n':
    fcntl.ioctl(fd, termios.TIOCSTI, c)"
check "nobody types for the user" [ "$status" -ne 0 ]
end
check "a terminal with a stranger goes on" goes_on

# --- its environment ------------------------------------------------------------

cat >"$home/evil" <<'END'
#!/bin/sh
touch /tmp/evil
END
chmod 755 "$home/evil"
mkdir -p "$home/.ssh"
printf 'Host *\nProxyCommand /home/alice/evil\nLocalCommand /home/alice/evil\nPermitLocalCommand yes\n' \
    >"$home/.ssh/config"
new_id
run term '?\$ $' '>~C\r' '>~!\r' '>\r~C\r' '>exit 5\r' -- \
    env LD_PRELOAD=/home/alice/evil LD_AUDIT=/home/alice/evil \
    SSH_ASKPASS=/home/alice/evil SSH_ASKPASS_REQUIRE=force \
    SSH_SK_HELPER=/home/alice/evil HOME=/home/alice DISPLAY=:0 \
    SHELL=/home/alice/evil PATH=/home/alice BASH_ENV=/home/alice/evil \
    TERM='x; touch /tmp/evil' \
    $R --session="$id" --login=alice --record --agent web1 22
check "nothing of its environment, and no escape, counts" gave 5
check "nothing of the user's has run" [ ! -e "$LAB/hosts/jump/tmp/evil" ]
check "a terminal's odd name is none" recorded '"TERM": "dumb"'
alice sh -c "exec $R --session=$id --login=alice --record web1 22 0<&- 1>&- 2>&-"
check "closed files" gave 77
finish
