# SPDX-License-Identifier: ISC
# jumpctl doctor beside a user who would have it run their programs, hang, or
# say what is not so.
# runs: once
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/doctor.lib.sh"

: "${LAB:?}" "${T:?}" "${J:?}"
policy <<'END'
allow web: alice to web1
END

# sshd OPTION...: anew, as it was started, with these too.
words=$(on sh -c 'cat "/proc/$(cat /run/sshd.pid)/cmdline"' | tr '\0' ' ' |
    sed 's/^sshd: //; s/ \[listener\].*//')
sshd() {
	on sh -c 'kill "$(cat /run/sshd.pid)" && while [ -e /run/sshd.pid ]; do
	    sleep 0.1; done'
	on $words "$@"
	within on test -s /run/sshd.pid
}

# alice SECONDS SIGNAL: to each process that she may send it to.
signals() {
	lab on -u alice jump python3 -c '
import os, sys, time
end = time.time() + float(sys.argv[1])
while time.time() < end:
    try: os.kill(-1, int(sys.argv[2]))
    except ProcessLookupError: pass' "$@"
}

# visit: as root who looks once, in not too long.
visit() {
	run timeout 90 lab on jump jumpctl doctor -v --no-record \
	    --sshd "$LAB/openssh/usr/sbin/sshd"
}

# --- whose process it is -------------------------------------------------------

# alice has a program of hers in the place of ours, in mounts of her own, and
# the number of an sshd that is gone.
cat >"$J/tmp/hers" <<'END'
#!/bin/sh
id >>/tmp/ran
exit 64
END
chmod 755 "$J/tmp/hers"
on sh -c ': >/tmp/ran; chmod 666 /tmp/ran'
lab on -u alice jump unshare -Urm sh -c \
    "mount --bind /tmp/hers $l/jump-authkeys && exec sleep 300" &
hers=$!
sleeper() {
	pid=$(on sh -c 'grep -lz "^300$" /proc/[0-9]*/cmdline' 2>/dev/null |
	    sed -n '1s,/proc/\([0-9]*\)/.*,\1,p')
	[ -n "$pid" ] && [ "$(on cat "/proc/$pid/comm")" = sleep ]
}
check "she has her mounts" within sleeper
cp "$J/run/sshd.pid" "$T/sshd.pid"
echo "$pid" >"$J/run/sshd.pid"
visit
check "a number that is hers: doctor says that it is no sshd's" \
    printed '^ note  no process is that of PidFile'
check "... and runs nothing of hers" [ ! -s "$J/tmp/ran" ]
cp "$T/sshd.pid" "$J/run/sshd.pid"
sshd -o PidFile=/run/sshd.pid
kill "$hers" 2>/dev/null

echo "PidFile none" >"$J/etc/ssh/sshd_config.d/00-none.conf"
on mkfifo /home/alice/none
run timeout 60 lab on jump sh -c "cd /home/alice && exec jumpctl doctor -v \
    --no-record --sshd $LAB/openssh/usr/sbin/sshd"
check "PidFile none is no file of the folder where root stands" \
    printed '^ note  no process is that of PidFile none'
rm "$J/etc/ssh/sshd_config.d/00-none.conf" "$J/home/alice/none"
sshd

# --- what she may stop ------------------------------------------------------------

signals 20 19 & # SIGSTOP
stopper=$!
visit
check "whom she stops does not hold up doctor" [ "$status" -le 1 ]
check "... nor is anything said to be broken" not printed '^ FAIL .*it fails'
kill "$stopper" 2>/dev/null
wait "$stopper" 2>/dev/null
on sh -c 'for p in /proc/[0-9]*; do
	[ "$(stat -c %u "$p" 2>/dev/null)" = 2001 ] && kill -9 "${p#/proc/}"
done' 2>/dev/null
signals 12 9 & # SIGKILL
stopper=$!
visit
check "nor whom she kills" not printed '^ FAIL .*jump-'
wait "$stopper" 2>/dev/null

# --- what is said of her --------------------------------------------------------------

lab on -u alice jump python3 -c '
import os
r, w = os.pipe()
os.set_inheritable(r, True)
os.set_blocking(w, False)
try:
    while True: os.write(w, b"x" * 4096)
except BlockingIOError: pass
os.set_blocking(w, True)
os.dup2(w, 1)
os.dup2(w, 2)
os.execv("/usr/bin/su", ["sshd: what she likes [listener] 0", "--help"])' &
titled=$!
waits() {
	on sh -c 'grep -l "what she [l]ikes" /proc/[0-9]*/cmdline' |
	    grep -q '/proc/[0-9]'
}
check "a setuid program of hers waits" within waits
visit
check "a setuid program of hers with the title of an sshd is none" \
    not printed 'another sshd'
kill "$titled" 2>/dev/null

# --- what is easily taken for another --------------------------------------------------

sshd -E /run/other.log
visit
check "sshd -E: its log is elsewhere" printed \
    '^ FAIL  sshd was started with -E: what it says'
sshd
for line in 'ALL: ALL EXCEPT 10.0.0.0/255.0.0.0' 'ALL EXCEPT sshd: ALL'; do
	echo "$line" >"$J/etc/hosts.deny"
	visit
	check "hosts.deny, $line: not everybody" not printed 'lets no client in'
done
rm "$J/etc/hosts.deny"
sed -i.x '/^alice:/s/7::.*/7::0:/' "$J/etc/shadow"
visit
check "an account that chage -E 0 has closed" \
    printed '^ warn  alice: the account has expired'
mv "$J/etc/shadow.x" "$J/etc/shadow"
cp -p "$J/etc/group" "$T/group"
awk 'BEGIN { for (i = 0; i < 65700; i++)
	printf "g%d:x:%d:alice\n", i, 100000 + i }' >>"$J/etc/group"
visit
check "more groups than there may be" [ "$status" -le 1 ]
cp -p "$T/group" "$J/etc/group"
finish
