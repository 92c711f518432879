# SPDX-License-Identifier: ISC
# Break the log: doctor sends a record, looks for it where jumpctl log reads,
# and names what is between; mended, it is content.
# runs: once
# lab: LAB_POLICY=none
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/doctor.lib.sh"

: "${LAB:?}" "${T:?}" "${J:?}"
log=$J/var/log/jump.log
conf=/etc/rsyslog.d/00-jump.conf
shipped=/usr/local/share/jump/rsyslog.conf

# end_collector: of this script.
end_collector() {
	kill "$collector"
	wait "$collector" 2>/dev/null
}

# collect [SETTINGS [RULES]]: rsyslogd anew, with these settings of imuxsock and
# with the files of /etc/rsyslog.d, or other rules in their place.
collect() {
	[ -z "${collector:-}" ] || end_collector
	{
		echo "module(load=\"imuxsock\" SysSock.Name=\"${socket:-/dev/log}\""
		echo "    ${1:-$annotated} SysSock.RateLimit.Interval=\"0\")"
		echo 'include(file="/etc/rsyslog.d/*.conf" mode="optional")'
		echo "${2:-}"
	} >"$J/etc/rsyslog.conf"
	rm -f "$J/dev/log"
	lab on jump sh -c '
		d=$(command -v rsyslogd || echo /run/lab/rsyslog/usr/sbin/rsyslogd)
		m=$(echo /run/lab/rsyslog/usr/lib/*/rsyslog)
		[ -d "$m" ] && set -- "-M$m" || set --
		exec "$d" -n -iNONE "$@"' >"$T/rsyslogd.err" 2>&1 &
	collector=$!
	within on test -S "${socket:-/dev/log}"
}
annotated='SysSock.Annotate="on" SysSock.ParseTrusted="on"'

# found LEVEL TEXT [PLACE]: of the check named log, and of no other, as JSON.
found() {
	doctor --json
	python3 - "$T/out" "$@" <<'END'
import json, sys
found = [f for f in json.load(open(sys.argv[1]))["findings"]
    if f["check"] == "log"]
assert len(found) == 1, found
assert found[0]["level"] == sys.argv[2], found
assert sys.argv[3] in found[0]["what"], found
assert found[0]["level"] == "ok" or found[0]["remedy"], found
assert (sys.argv + [""])[4] in found[0]["set_by"], found
END
}

# as_before: rsyslogd as it is shipped, with an empty file.
as_before() {
	on sh -c "mkdir -p /etc/rsyslog.d; cp $shipped $conf"
	on sh -c 'rm -rf /var/log/jump.log* /var/log/auth.log'
	collect
}

steady
policy <<'END'
allow all: alice to any
END
on sh -c 'sed -i /web1/d /etc/hosts; jumpctl export hosts >>/etc/hosts
    jumpctl load --no-sweep; jumpctl sweep'

# --- nothing keeps the log ----------------------------------------------------

# The lab's own collector keeps its file elsewhere.
check "no file and no journal" found warn \
    'there is no journal and no file of the log'
take_dev_log
as_before
at_first
check "a file that is not there yet" [ -s "$log" ]
check "a record that has arrived" printed \
    '^ ok    a record has come to /var/log/jump.log, with its sender'
check "... is found by JSON" found ok 'a record has come to /var/log/jump.log'

# --- the record ----------------------------------------------------------------

records() {
	grep -c 'event.action[^,]*doctor' "$log"
}

before=$(records)
doctor
check "a visit leaves one record" [ "$(records)" -eq $((before + 1)) ]
doctor --no-record
check "none with --no-record" [ "$(records)" -eq $((before + 1)) ]
check "... which says so" printed 'whether records arrive was not asked$'
check "... and is content" gave 0
run lab on jump jumpctl log
check "jumpctl log has it as an administrator's act" \
    printed '^ ?..:..:.. admin +root +- +- +- +[a-z2-7]{8} +doctor, a record to look for'
check "... and as nobody else's" not printed 'doctor.*alice|alice.*doctor'
run lab on jump jumpctl log --refused
check "... and as no refusal" not printed doctor
run lab on jump jumpctl log --user alice
check "... and of no user" not printed doctor
record=$(on sed -n 's/.*"msg":" \(@cee: .*doctor.*\)"}$/\1/p' /var/log/jump.log |
    tail -n 1 | sed 's/\\"/"/g')
on setpriv --reuid 2001 --regid 2001 --clear-groups \
    logger -t jumpctl -p auth.notice -- "$record"
within grep -Eq '"uid":"?2001' "$log"
run lab on jump jumpctl log
check "a user's is forged" printed '^!.* forged .*alice.*claims: .*doctor'

# --- it does not arrive ---------------------------------------------------------

kill -STOP "$collector"
within halted "$collector"
broken FAIL 'a record has not come to /var/log/jump.log in 3 seconds' '' \
    "rsyslogd is stopped"
check "rsyslogd is stopped, as JSON" found fail 'in 3 seconds'
on python3 -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setblocking(False)
try:
    while True: s.sendto(b"<13>x", "/dev/log")
except BlockingIOError: pass'
broken FAIL '/dev/log: Resource temporarily unavailable' '' "... and its queue full"
kill -CONT "$collector"
mended "rsyslogd goes on"

socket=/run/elsewhere collect
lab on jump python3 -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
while True: s.recv(9000)' &
other=$!
within on test -S /dev/log
broken FAIL 'a record has not come to /var/log/jump.log in 3 seconds' '' \
    "rsyslogd reads another socket"
kill "$other"
wait "$other" 2>/dev/null
broken FAIL '/dev/log: Connection refused' '' "nobody reads it"
collect
mended "rsyslogd reads it again"
on mv /dev/log /dev/log.away
broken FAIL '/dev/log: No such file' '' "there is none"
doctor --no-record
check "... with --no-record too" printed '^ FAIL  /dev/log: No such file'
on mv /dev/log.away /dev/log
mended "there is one"

on rm -f $conf
collect "" '*.* action(type="omfile" file="/var/log/other")'
broken FAIL 'a record has not come to /var/log/jump.log in 3 seconds' '' \
    "rsyslogd writes to another file"
as_before
mended "rsyslogd writes to the file"

# halt: its end, so that what it writes to can be put aside.
halt() {
	end_collector
	collector=
}

halt
on sh -c 'mkdir -p /run/small; mount -t tmpfs -o size=64k,mode=755 none /run/small
    cp -a /var/log/. /run/small/; mount --bind /run/small /var/log
    truncate -s 8191 /var/log/jump.log; echo >>/var/log/jump.log
    dd if=/dev/zero of=/var/log/zeros bs=1k count=100 status=none' 2>/dev/null
collect
broken FAIL 'a record has not come to /var/log/jump.log: its file system is full' \
    '' "a full disk"
on rm /var/log/zeros
collect
mended "room on it"
halt
on umount /var/log
collect
mended "the disk of before"

on sh -c 'echo "*.=debug stop" >/etc/rsyslog.d/00-fine.conf'
collect
broken FAIL 'what sshd says of forwards does not come to /var/log/jump.log' '' \
    "a rule that drops debug"
check "... as JSON" found fail 'of the priority debug'
run ssh -F "$C" -W web1:22 jump </dev/null
run lab on jump jumpctl log --outcome open
check "... which hurts" not printed forward
run lab on jump jumpctl log --outcome admin
check "... is on record" printed 'admin +root .*doctor, none of the priority debug has come'
run lab on jump jumpctl log --refused
check "... and as no refusal" not printed doctor
on rm /etc/rsyslog.d/00-fine.conf
collect
mended "no such rule"

# --- it arrives, but ------------------------------------------------------------

collect 'SysSock.Annotate="off"'
broken warn 'a record comes to /var/log/jump.log without its sender' '' \
    "no annotation"
check "no annotation, as JSON" found warn 'without its sender'
collect 'SysSock.Annotate="on" SysSock.ParseTrusted="off"'
broken warn 'a record comes to /var/log/jump.log without its sender' '' \
    "an annotation in the text"
collect
mended "an annotation"
on sed -i 's/"$!exe"/"$!none"/' $conf
collect
broken warn 'a record comes to /var/log/jump.log without the program' '' \
    "a template without the program"
as_before
mended "the shipped template"

# A relay, which is all that the kernel can attest.
socket=/run/elsewhere collect
on chmod 666 /run/elsewhere
lab on jump python3 -c '
import os, socket
os.umask(0)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
t = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
while True: t.sendto(s.recv(9000), "/run/elsewhere")' &
other=$!
within on test -S /dev/log
broken warn "a record comes to /var/log/jump.log as another sender's" '' "a relay"
kill "$other"
wait "$other" 2>/dev/null
collect
mended "no relay"

on sh -c 'mv /var/log/jump.log /var/log/jump.log.1; : >/var/log/jump.log'
broken warn 'a record comes to a file that /var/log/jump.log was rotated to' '' \
    "rsyslogd does not know of a rotation"
kill -HUP "$collector"
mended "rsyslogd knows of it"
on rm -f /var/log/jump.log.1 /var/log/jump.log
broken FAIL 'a record has not come to its file in 3 seconds: there is none' \
    $conf "a file that somebody has removed"
kill -HUP "$collector"
mended "rsyslogd has made it again"
halt
on sh -c 'mv /var/log/jump.log /var/log/x; mkdir /var/log/jump.log'
collect
broken FAIL 'jumpctl log cannot read: jumpctl: /var/log/jump.log: not a regular file' \
    '' "a folder in its place"
on rmdir /var/log/jump.log
on mv /var/log/x /var/log/jump.log
collect
mended "a file in its place"

# --- Debian's own file, and others' ----------------------------------------------

on rm -f $conf /var/log/jump.log
collect "" '*.* action(type="omfile" file="/var/log/auth.log")'
broken warn 'a record comes to /var/log/auth.log without its sender' '' \
    "auth.log alone"
on rm -f /var/log/auth.log
for rule in 'action(type="omfwd" target="127.0.0.1" port="514")' \
    '*.* @@127.0.0.1:514' 'auth,authpriv.*  @127.0.0.1'; do
	collect "" "$rule"
	broken note 'records are sent on, and not kept here' /etc/rsyslog.conf:4 \
	    "$rule"
done
collect "" '*.* action(type="omfile" file="/var/log/other") # @@127.0.0.1:514'
broken warn 'there is no journal and no file of the log' '' "a comment"
as_before
mended "the shipped file"

# --- the journal -------------------------------------------------------------------

if ! on test -x /lib/systemd/systemd-journald -a -x /usr/bin/journalctl; then
	skip "the journal"
	finish
fi
halt
on rm -f /dev/log
start_journald
within on sh -c 'ls /run/log/journal | grep -q .'
doctor
check "the journal: a record that has arrived" printed \
    '^ ok    a record has come to the journal, with its sender'
check "the journal: nothing else" quiet
kill -STOP "$collector"
within halted "$collector"
broken FAIL 'a record has not come to the journal in 3 seconds' '' \
    "journald is stopped"
kill -CONT "$collector"
mended "journald goes on"
end_collector
on rm -rf /dev/log /run/log/journal
start_journald MaxLevelStore=info
within on sh -c 'ls /run/log/journal | grep -q .'
broken FAIL 'what sshd says of forwards does not come to the journal' '' \
    "journald: MaxLevelStore=info"
finish
