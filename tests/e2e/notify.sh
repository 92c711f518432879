# SPDX-License-Identifier: ISC
# Somebody is told of a session: what is left, by whom it is taken, and what
# happens where it cannot be.
. "$(dirname "$0")/lib.sh"

connect=/usr/local/libexec/jump/jump-connect
events=$LAB/hosts/jump/var/spool/jump/events
local=$LAB/hosts/jump/local
told=$LAB/hosts/jump/var/told
inside=/var/spool/jump/events
MARK='[a-z2-7]{8}'

on() {
	lab on jump "$@"
}

# rules: standard input, and sessions enough.
rules() {
	{
		cat <<-'END'
			set sessions 2000
			user bob
			key bob "ssh-ed25519 AAAA"
			net dbs { 10.2.0.11/32 2001:db8::11/128 } tcp 5432
		END
		cat
	} >"$T/rules"
	policy <"$T/rules"
}

WHO='{ alice bob } to { db1:5432 dbs }'

# program: standard input becomes the program of the policy.
program() {
	cat >"$local/libexec/tell.new"
	chmod 755 "$local/libexec/tell.new"
	mv "$local/libexec/tell.new" "$local/libexec/tell"
}

# ask USER: a session that says hello and ends.
ask() {
	run lab on -u "$1" jump sh -c "echo hello | $connect db1 5432"
}

waiting() {
	[ "$(find "$events" -type f -name '[0-9]*' | wc -l)" -eq "$1" ]
}

notify() {
	run lab on jump jumpctl notify "$@"
}

# due: as if the pauses were over.
due() {
	find "$events" -type f -name '[0-9]*' -exec touch {} +
}

# told N: lines of what the program was told.
told() {
	[ "$(cat "$told"/* 2>/dev/null | wc -l)" -eq "$1" ]
}

alive() {
	lab on jump kill -0 "$1" 2>/dev/null
}

forget() {
	find "$events" "$told" -mindepth 1 -delete
}

mkdir -p "$told"
chown 991:991 "$told"
echo hello >"$T/in"

# --- left, for whoever takes it ----------------------------------------------

rules <<END
allow dbs: $WHO notify
END
check "no program: a warning" said 'warning: notify tells nobody by itself'
run lab on jump jumpctl explain alice db1:5432
check "explain: connect holds it, forward does not" printed 'allow'
ask alice
check "a session" gave 0 hello
check "left" waiting 1
file=$(ls "$events")
check "by whom, of the group, for nobody else" \
    [ "$(stat -c '%u %g %a %h' "$events/$file")" = "2001 990 600 1" ]
check "it is the record" grep -Eqx \
    "\{\"@timestamp\":\"[-0-9T:.]*Z\",\"event.action\":\"open\",\"event.outcome\":\"success\",\"user.name\":\"alice\",\"user.id\":\"2001\",\"destination.address\":\"db1\",\"destination.ip\":\"(10.2.0.11|2001:db8::11)\",\"destination.port\":5432,\"jump.session\":\"$MARK\",\"jump.road\":\"connect\",\"jump.rule\":\"dbs\",\"jump.policy\":\"[0-9a-f]{16}\"\}" \
    "$events/$file"
id=$(grep -o "\"jump.session\":\"$MARK\"" "$events/$file")
check "of the session that the log has" logged "\"open\".*$id"
for what in "ls $inside" "ls /var/spool/jump" "cat $inside/$file" \
    "rm -f $inside/$file" "touch $inside/2001.9" "stat $inside/$file" \
    "ln $inside/$file /tmp/link" "mv $inside/$file /tmp/x"; do
	run lab on -u alice jump $what
	check "who owns it cannot: $what" not gave 0
done
check "it is still there" waiting 1
notify
check "no program: it stays" gave 0 ""
check "there" waiting 1
notify -n
check "-n: what waits" printed '^\{.*"user.name":"alice".*\}$'
run lab on -u alice jump /usr/local/sbin/jumpctl notify
check "for root only" gave 73
run lab on jump jumpctl notify -x
check "usage" gave 64

rules <<END
set notify-program "/usr/local/libexec/tell"
allow dbs: $WHO
allow web: alice to web1:80
END
check "a program, and no rule: a warning" said 'no rule says notify'
check "no such program: a warning" \
    said 'notify-program is not run: there is no such file'
forget
ask alice
check "nobody is to be told: nothing is left" waiting 0

# --- the program --------------------------------------------------------------

program <<'END'
#!/bin/sh
cat >>/var/told/$7
printf '%s|' "$@" >/tmp/arguments
id -nu >/tmp/who
END
chmod 1777 "$LAB/hosts/jump/tmp"
rules <<END
set notify-program "/usr/local/libexec/tell"
allow dbs: $WHO notify
END
check "the load warns of nothing" not said notif
run ssh -F "$C" jump connect db1 5432 <"$T/in"
check "a session through sshd" gave 0 hello
cp "$events"/* "$T/event"
notify
check "told" gave 0 ""
check "it is gone" waiting 0
check "on standard input" cmp "$T/event" "$(echo "$told"/*)"
tmp=$LAB/hosts/jump/tmp
check "with the essentials" grep -Eqx \
    "alice\|db1\|5432\|192.0.2.10\|connect\|dbs\|$MARK\|20[-0-9]*T[0-9:]*Z\|" "$tmp/arguments"
check "as an account of its own" grep -qx _jump-notify "$tmp/who"
check "recorded" logged '"event.action":"notify","event.outcome":"success","user.name":"root.*".*"user.id":"0","source.ip":"192.0.2.10","destination.address":"db1".*"jump.reason":"told".*"jump.who":"alice"'
run lab on jump jumpctl log --file "$LAB/jump.log"
check "in the log" printed 'told'
notify
check "told once" told 1
forget

program <<'END'
#!/bin/sh
echo "mail: no route" >&2
exit 75
END
ask alice
notify
check "it fails" gave 1
check "and says why" said "^jumpctl: $MARK: exit status 75: mail: no route\$"
check "recorded" logged '"event.action":"notify","event.outcome":"failure".*"jump.reason":"exit status 75".*"jump.note":"mail: no route"'
check "kept" waiting 1
notify
check "not tried at once again" gave 0
due
notify
check "later" gave 1
program <<'END'
#!/bin/sh
cat >>/var/told/$7
END
due
notify
check "when it works again" told 1
check "and gone" waiting 0
forget

# More than a day old: the last time.
ask alice
file=$(ls "$events")
old() {
	sed "s/20[0-9-]*T/2026-01-01T/" "$events/$file" >"$T/old"
	cat "$T/old" >"$events/$file"
	due
}
program <<'END'
#!/bin/sh
exit 1
END
old
notify
check "given up" said 'given up: exit status 1'
check "recorded" logged '"event.outcome":"failure".*"jump.reason":"given up: exit status 1"'
check "gone" waiting 0

# It hangs: that one, for 10 s; and nobody waits who wants a session.
program <<'END'
#!/bin/sh
trap '' HUP TERM
echo $$ >/var/told/pid
sleep 1000
END
ask alice
start=$(date +%s%N)
timeout 60 lab on jump jumpctl notify >"$T/hang.out" 2>"$T/hang.err" &
hanging=$!
within test -s "$told/pid"
ask bob
check "it hangs: a session all the same" gave 0 hello
# Not in this run too, for the time of this script.
find "$events" -name '2002.*' -exec touch -d '+1 hour' {} +
# The one that waits for it does so as long as it is stopped.
waits=$(pgrep -x jumpctl)
kill -STOP $waits
notify
check "another notify does not wait for it" gave 0 ""
kill -CONT $waits
wait "$hanging"
took=$((($(date +%s%N) - start) / 1000000))
check "ended by its time ($took ms)" [ "$took" -lt 45000 ]
check "says so" grep -q 'no end in 10 s' "$T/hang.err"
check "what hung is gone" not alive "$(cat "$told/pid")"
check "both wait" waiting 2
forget

# It is killed while it tells: told again, later.
program <<'END'
#!/bin/sh
echo $$ >/var/told/pid
exec sleep 1000
END
ask alice
on sh -c 'echo $$ >/tmp/notifier; exec jumpctl notify' >/dev/null 2>&1 &
within test -s "$told/pid"
on kill -9 "$(cat "$tmp/notifier")"
wait $!
check "jumpctl killed: its program is gone too" \
    within not alive "$(cat "$told/pid")"
check "it waits" waiting 1
forget

program <<'END'
#!/bin/sh
exec yes "$(printf 'a\033[31m\nb')"
END
ask alice
notify
check "output without end: broken off, and escaped" \
    said ': signal 13: a\\x1b\[31m$'
forget

# Whom nobody can run.
chmod 777 "$local/libexec/tell"
ask alice
notify
check "a program that others can change: not run" \
    said 'it is no executable file of root.s alone'
check "kept" waiting 1
chmod 755 "$local/libexec/tell"

# --- many ---------------------------------------------------------------------

forget
program <<'END'
#!/bin/sh
cat >>/var/told/$7
END
# burst N: so many sessions, 16 at once.
burst() {
	lab on -u alice jump sh -c "seq $1 | xargs -P 16 -I{} sh -c \
	    'echo hello | $connect db1 5432'" 2>"$T/err" | cat >"$T/burst"
	cp "$T/burst" "$T/out"
	[ "$(grep -c hello "$T/burst")" -eq "$1" ]
}
check "500 at once" burst 500
check "500 wait" waiting 500
on jumpctl notify >"$T/other" 2>&1 &
for _ in $(seq 20); do
	notify
	! waiting 0 || break
	sleep 0.5
done
wait $!
check "all are told of" waiting 0
check "of each once" told 500
check "each is another" [ "$(ls "$told" | wc -l)" -eq 500 ]
forget

# What a session takes of a processor, with somebody to tell and without.
per() {
	per=$(lab on -u alice jump python3 -c '
import resource, subprocess, sys
for i in range(100):
    if subprocess.run(sys.argv[1:], input=b"hello\n",
            stdout=subprocess.DEVNULL).returncode:
        sys.exit(1)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(round(10000 * (used.ru_utime + used.ru_stime)))' "$connect" db1 5432)
}
per
with=$per
check "they wait" waiting 100
sed -i 's/ notify$//' "$T/rules"
policy <"$T/rules"
per
check "for little (us a session: $with with, $per without)" \
    [ "$with" -lt $((2 * per + 5000)) ]
forget

# --- where it cannot be left --------------------------------------------------

rules <<END
set notify-program "/usr/local/libexec/tell"
allow dbs: $WHO notify
allow web: { alice bob } to web1:80
END
# refused_for REASON: exit 73, and recorded as an open that failed.
refused_for() {
	gave 73 "" && said "^jump: the notification cannot be left: $1\. Ask ot-access@example\.com, reference $MARK\.$" &&
	    logged "\"event.action\":\"open\",\"event.outcome\":\"failure\".*$(
	    sed 's/.*reference \(........\)\.$/\1/' "$T/err").*cannot be left: $1"
}
for i in $(seq 0 1023); do echo "$events/2001.$i"; done | xargs touch
ask alice
check "1024 wait: not one more" refused_for 'too many wait'
ask bob
check "others go on" gave 0 hello
run lab on -u alice jump sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | $connect web1 80"
check "and what nobody is told of" printed 'hello from web1'
notify
check "what is none of ours is removed" waiting 0
check "and said, and recorded" said 'removed: it is no notification of ours'
check "recorded" logged '"event.action":"notify","event.outcome":"failure".*"jump.reason":"not a notification"'
check "nobody was told of it, but of the last" told 1
ask alice
check "there is room again" gave 0 hello
forget

on mount -t tmpfs -o size=4k,mode=3733,gid=990 full "$inside"
on dd if=/dev/zero of=$inside/2002.7 bs=4096 count=1 2>/dev/null
ask alice
check "full" refused_for 'No space left on device'
on umount "$inside"
on mount --bind "$inside" "$inside"
on mount -o remount,bind,ro "$inside"
ask alice
check "read-only" refused_for 'Read-only file system'
on umount "$inside"
on mv "$inside" "$inside.away"
ask alice
check "missing" refused_for 'No such file or directory'
notify
check "jumpctl says so" said "^jumpctl: $inside: No such file"
check "and fails" gave 73
on ln -s /tmp "$inside"
ask alice
check "another folder in its place" refused_for '(Not a directory|Too many levels of symbolic links)'
on rm "$inside"
on mv "$inside.away" "$inside"
on chmod 700 "$inside"
ask alice
check "nobody may write" refused_for 'Permission denied'
on chmod 777 "$inside"
notify
check "everybody may: not read" said 'is not a folder of root with mode 3733'
run lab on jump jumpctl doctor
check "doctor: the folder" printed "FAIL  $inside is not a folder of root and _jump with mode 3733"
on chmod 3733 "$inside"
ask alice
check "all is well again" gave 0 hello
forget

# --- forged --------------------------------------------------------------------

ask alice
cp -p "$events/$(ls "$events")" "$T/good"
forget
program <<'END'
#!/bin/sh
cat >>/var/told/$7
END
# As if a user had found a way in.
forge() {
	cp -p "$T/good" "$events/2001.1"
	(cd "$events" && eval "$1")
	notify
	check "forged, $1: nobody is told" told 0
	check "and it is gone" not test -e "$events/2001.1"
	forget
}
forge 'chown 2002 2001.1'
forge 'chmod 644 2001.1'
forge 'chgrp 2001 2001.1'
forge 'ln 2001.1 ../link'
rm -f "$events/../link"
forge 'rm 2001.1; ln -s /etc/shadow 2001.1'
forge 'rm 2001.1; mkfifo -m 600 2001.1; chown 2001:990 2001.1'
forge 'head -c 1000000 /dev/zero >>2001.1'
forge 'sed s/2001/2002/ 2001.1 >../x; cat ../x >2001.1; rm ../x'
forge 'echo junk >2001.1'
cp -p "$T/good" "$events/2001.1"
mkdir "$events/2001.2"
touch "$events/notes"
notify
check "what cannot be removed holds up nobody" told 1
check "a folder in it" said '2001.2: cannot be removed: Is a directory'
check "other files" said '1 file in it is no notification$'
rmdir "$events/2001.2"
forget

# --- the gate -------------------------------------------------------------------

rules <<END
set notify-program "/usr/local/libexec/tell"
set nft "/usr/sbin/nft"
set gate 422
set exempt admin
allow dbs: $WHO notify
END
export LAB_USER=bob
run ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/in"
check "forward alone cannot" said 'administratively prohibited'
check "nothing is left" waiting 0
gate_up
run lab on jump jumpctl sweep
run ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/in"
check "by the gate" gave 0 hello
check "left by the gate, about bob" \
    [ "$(cd "$events" && stat -c '%u %g %a' 2002.*)" = "990 990 600" ]
check "who it is" grep -q '"user.name":"bob","user.id":"2002".*"jump.road":"forward"' "$events"/2002.*
notify
check "told" told 1
for i in $(seq 0 1023); do echo "$events/2002.$i"; done | xargs touch
run ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/in"
check "1024 of bob wait: not one more" [ ! -s "$T/out" ]
check "recorded" logged '"event.action":"open","event.outcome":"failure","user.name":"bob".*"jump.road":"forward".*too many wait'
LAB_USER=alice
run ssh -F "$C" -W 10.2.0.11:5432 jump <"$T/in"
check "alice goes on" gave 0 hello
forget
gate_down

# --- the mail ---------------------------------------------------------------------

mkdir -p "$local/libexec" "$local/sbin"
sed -e 's,^sendmail=.*,sendmail=/usr/local/sbin/sendmail,' \
    -e 's,^to=.*,to=noc@example.com,' \
    "$local/share/jump/examples/notify-mail" | program
cat >"$local/sbin/sendmail" <<'END'
#!/bin/sh
printf '%s ' "$@" >/var/told/options
exec cat >/var/told/mail
END
chmod 755 "$local/sbin/sendmail"
run ssh -F "$C" jump connect db1 5432 <"$T/in"
cp "$events"/2001.* "$T/event"
notify
check "mailed" gave 0
check "to whom the header says" [ "$(cat "$told/options")" = "-i -t " ]
awk '/^$/ { body = 1 } { print > (body ? "'"$T/body"'" : "'"$T/head"'") }' "$told/mail"
check "its headers" [ "$(cut -d: -f1 "$T/head" | tr '\n' ' ')" = \
    "From To Subject Auto-Submitted MIME-Version Content-Type " ]
check "to whom" grep -qx 'To: noc@example.com' "$T/head"
check "its subject" grep -qx 'Subject: jump host: alice to db1 port 5432' "$T/head"
check "what it says" grep -qx 'from     192.0.2.10' "$T/body"
check "and all of it" grep -qxF "$(cat "$T/event")" "$T/body"
check "no line is too long for mail" [ -z "$(grep -E '.{990}' "$told/mail")" ]
nl=$(printf 'x\nBcc: mallory@example.com\n\n.\nx')
cr=$(printf 'x\r\nBcc: mallory@example.com')
run lab on -u _jump-notify jump /usr/local/libexec/tell "$nl" "$cr" 22 "$nl" "$nl" "$nl" "$nl" "$nl" <"$T/in"
check "nobody adds a header" not grep -qE '^(Bcc|\.$)' "$told/mail"
check "it is there, within lines" grep -q '^from     x?Bcc: mallory' "$told/mail"
run lab on -u _jump-notify jump /usr/local/libexec/tell alice
check "usage" gave 64
cat >"$local/sbin/sendmail" <<'END'
#!/bin/sh
echo "sendmail: queue is full" >&2
exit 75
END
forget
ask alice
notify
check "sendmail fails: why" said 'exit status 75: sendmail: queue is full'
check "kept" waiting 1
run lab on jump jumpctl doctor
check "doctor: what waits a moment is no matter" \
    printed ' ok    whom notify tells are told'
file=$(ls "$events")
old
run lab on jump jumpctl doctor
check "doctor: it waits" printed ' warn  1 notification waits, since 2026-01-01'
finish
