# SPDX-License-Identifier: ISC
# Whatever users and targets say: one record of it each, clean and whole.
# runs: once
. "$(dirname "$0")/lib.sh"

policy <<'END'
host odd 10.2.0.12 ssh 2222
hostkey odd "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPjXIaR7ipQIWMGWn7MKEFEtGbhXNt3DzBi7fCnuvIt"
allow web: { alice carol } to { web1 odd }
END
take_dev_log
start_rsyslog
cat >"$T/odd.py" <<'END'
import socket
s = socket.create_server(("10.2.0.12", 2222))
while True:
    c, _ = s.accept()
    try:
        c.recv(10000)
        c.sendall(open("/run/lab/tmp/e2e/greeting", "rb").read())
        c.shutdown(socket.SHUT_WR)
        while c.recv(10000):
            pass
    except OSError:
        pass
    c.close()
END
lab on web2 python3 /run/lab/tmp/e2e/odd.py &
within lab on web2 grep -q ':08AE ' /proc/net/tcp
cp "$LAB_REPO/tests/e2e/forged.py" "$LAB_REPO/tests/e2e/trail.py" "$T/"
last=forged.py
status=0
lab on jump python3 -B /run/lab/tmp/e2e/forged.py \
    "$(cut -d' ' -f2 "$LAB/keys/bob.pub")" >"$T/out" 2>"$T/err" || status=$?
check "each word is in one record, or a usage" gave 0
for field in id source words target request user "key id" kick; do
	check "$field: always a record" printed "^$field: ([0-9]+) of \1 "
done
check "each host key that was shown is in a record" \
    printed '^host keys seen: ([0-9]+) of \1$'
sed 's/^/# /' "$T/out"
finish
