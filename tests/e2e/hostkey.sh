# SPDX-License-Identifier: ISC
# The host keys of the policy, as the relay of the road connect checks them:
# real sshds with every kind of key and every key exchange, and impostors.
. "$(dirname "$0")/lib.sh"

# web1's sshd of this lab has its key in the file; hk is another sshd on web1,
# with three keys and a certificate.
K=$LAB/tmp/hk
mkdir -m 700 "$K"
for type in ed25519 ecdsa rsa; do
	ssh-keygen -q -t $type -N '' -C x -f "$K/$type"
done
ssh-keygen -q -t ed25519 -N '' -f "$K/ca"
ssh-keygen -q -t ed25519 -N '' -C x -f "$K/certified"
ssh-keygen -q -s "$K/ca" -h -I web1 -n hk "$K/certified.pub"
{
	for type in ed25519 ecdsa rsa; do
		echo "hk $(cut -d' ' -f1,2 "$K/$type.pub")"
	done
	echo "@cert-authority hk $(cut -d' ' -f1,2 "$K/ca.pub")"
	echo "wrong $(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub")"
} >>"$LAB/known_hosts"
kex=$(ssh -Q kex | paste -sd, -)
case $LAB_SSHD in *newer*|*10.*) kex=$kex,mlkem768x25519-sha256 ;; esac
cat >"$K/sshd_config" <<END
Port 2222
PidFile none
$(printf "HostKey $K/%s\n" ed25519 ecdsa rsa certified)
HostCertificate $K/certified-cert.pub
KexAlgorithms $kex
HostKeyAlgorithms +ssh-rsa
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
END

# hostkeys NAME FILE...: lines of a policy.
hostkeys() {
	for f in $2 $3 $4; do
		printf 'hostkey %s "%s"\n' "$1" "$(cut -d' ' -f1,2 "$K/$f.pub")"
	done
}

policy <<END
host hk 10.2.0.10 ssh 2222
$(hostkeys hk ed25519 ecdsa rsa)
$(hostkeys hk certified '' '')
host wrong { 10.2.0.10 2001:db8::10 } ssh 22
$(hostkeys wrong rsa ed25519 '')
host page { 10.2.0.12 } ssh 80 tcp 8022
$(hostkeys page ed25519 '' '')
host odd 10.2.0.12 ssh { 8023 8024 8025 8026 }
$(hostkeys odd ed25519 '' '')
socket path "/run/metrics/path.sock" ssh
$(hostkeys path ed25519 '' '')
allow all: { alice carol } to { hk wrong page odd db1 path web2 }
END

sshd=$LAB/openssh/usr/sbin/sshd
lib=$LAB/openssh/usr/lib/openssh
set --
[ ! -x "$lib/sshd-session" ] || set -- "$@" -o "SshdSessionPath=$lib/sshd-session"
[ ! -x "$lib/sshd-auth" ] || set -- "$@" -o "SshdAuthPath=$lib/sshd-auth"
lab on web1 "$sshd" -f "$K/sshd_config" "$@"

# One login carries them all.
ssh -F "$C" -S "$T/control" -M -fNT jump </dev/null >/dev/null 2>&1
J="ssh -F $C -S $T/control jump connect %h %p"

# through HOST PORT OPTION...: a login there, to say its name.
through() {
	h=$1 p=$2
	shift 2
	run ssh -F "$C" -o "ProxyCommand=$J" -o KexAlgorithms=+diffie-hellman-group1-sha1 \
	    -p "$p" "$@" "$h" hostname </dev/null
}

for type in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-256 rsa-sha2-512 ssh-rsa \
    ssh-ed25519-cert-v01@openssh.com; do
	through hk 2222 -o "HostKeyAlgorithms=$type"
	check "a host key of $type passes" gave 0 web1
done
tried=
for kex in $(ssh -Q kex); do
	through hk 2222 -o "KexAlgorithms=$kex"
	check "key exchange by $kex passes" gave 0 web1
	tried="$tried $kex"
done
check "all kinds of key exchange were tried" [ "$(echo $tried | wc -w)" -ge 12 ]

# Bulk, and a new exchange of keys inside of the encryption.
head -c 20000000 /dev/urandom >"$T/bulk"
run ssh -F "$C" -o "ProxyCommand=$J" -o RekeyLimit=3M -p 2222 hk cat \
    <"$T/bulk"
check "all bytes pass, over new keys too" cmp -s "$T/bulk" "$T/out"
rm "$T/bulk"

# What nobody declared keys for is not looked at.
through web2 22
check "a host without keys in the policy passes" gave 0 web2
typed "no SSH at all" ssh -F "$C" -S "$T/control" jump connect web2 22
check "and whatever is said to it" gave 0
check "with its answer" printed 'Invalid SSH identification|SSH-2.0'

# Another key: it is in the log, and nothing of it at the client.
through wrong 22 -v
check "a wrong host key ends the connection" gave 255 ""
check "and the user is told" said '^jump: the host key of wrong:22 is not the one in the policy\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.'
check "the client sees nothing of the key" not said 'Server host key'
check "though it knows it and would accept it" grep -q '^wrong ' "$LAB/known_hosts"
key=$(cut -d' ' -f1,2 "$LAB/keys/host_web1.pub" | sed 's/+/\\+/g')
reference=$(sed -n 's/^jump: the host key.*reference \(........\)\..*/\1/p' "$T/err")
check "the log has the reason and the key seen" logged "\"event.action\":\"close\",\"event.outcome\":\"failure\".*\"jump.session\":\"$reference\".*\"jump.reason\":\"not a host key of the policy\",\"jump.key\":\"$key\".*\"jump.end\":\"hostkey\""
check "once" [ "$(count_log "event.action\":\"close\".*$reference")" -eq 1 ]
through 2001:db8::10 22 -o HostKeyAlias=wrong
check "the address is checked as the name is" said '^jump: the host key of \[?2001:db8::10\]?:22 is not the one in the policy'
through web1 22
check "a key of one of the names of an address is asked of all" said '^jump: the host key of web1:22 is not'
LAB_USER=carol
through wrong 22
check "on a shared account too" said '^jump: the host key of wrong:22 is not'
LAB_USER=alice

# forward is sshd's own: there the client checks, as ever.
run ssh -F "$C" -J jump wrong hostname </dev/null
check "the road forward is not checked" gave 0 web1

# exit code, and bytes that arrive one by one
printf 'SSH-2.0-slow\r\n' >"$T/hello"
cat >"$K/client.py" <<'END'
# A client that says its part of the key exchange one byte at a time, and
# prints which messages come back.
import os, struct, subprocess, sys, threading

def string(b):
    return struct.pack(">I", len(b)) + b

def packet(payload):
    pad = 8 - (len(payload) + 5) % 8
    pad += 8 if pad < 4 else 0
    return struct.pack(">IB", len(payload) + pad + 1, pad) + payload + bytes(pad)

kex, init, guess = sys.argv[1].encode(), int(sys.argv[2]), int(sys.argv[3])
lists = [kex, b"ssh-ed25519"] + 2 * [b"aes128-ctr"] + 2 * [b"hmac-sha2-256"] + \
    2 * [b"none"] + 2 * [b""]
hello = b"SSH-2.0-slow\r\n" + packet(
    b"\x14" + bytes(16) + b"".join(map(string, lists)) + bytes([guess]) + bytes(4))
if guess == 1:
    hello += packet(b"\x1e" + string(b"a wrong guess"))
hello += packet(b"\x1e" + string(bytes(init) + b"\x09" + bytes(31)))
p = subprocess.Popen(sys.argv[4:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for i in range(0, len(hello)):
    os.write(p.stdin.fileno(), hello[i:i + 1])
f = p.stdout
line = f.readline()
messages = []
while len(messages) < 2:
    head = f.read(4)
    if len(head) < 4:
        break
    body = f.read(struct.unpack(">I", head)[0])
    messages.append(body[1])
if len(messages) < 2:
    p.stdin.close()
    p.wait()
else:
    p.kill()
    p.wait()
print(*line.decode().split("-")[1:2], *messages, p.returncode if len(messages) < 2 else "")
END
slow() {
	run python3 "$K/client.py" "$@"
}

slow curve25519-sha256 0 0 ssh -F "$C" -S "$T/control" jump connect hk 2222
check "byte by byte: the key passes" gave 0 "2.0 20 31 "
slow curve25519-sha256 0 0 ssh -F "$C" -S "$T/control" jump connect wrong 22
# What came with the key in one read is not passed on either.
check "byte by byte: another does not, and the exit is 76" \
    printed '^(2\.0 )?(20 )?76$'
if grep -q mlkem768 "$K/sshd_config"; then
	slow mlkem768x25519-sha256 1184 0 ssh -F "$C" -S "$T/control" jump connect hk 2222
	check "a key passes in mlkem768x25519-sha256" gave 0 "2.0 20 31 "
	slow mlkem768x25519-sha256 1184 0 ssh -F "$C" -S "$T/control" jump connect wrong 22
	check "and another does not" printed '^(2\.0 )?(20 )?76$'
fi
slow curve99 0 0 ssh -F "$C" -S "$T/control" jump connect hk 2222
check "an unknown key exchange comes to nothing" \
    printed '^(2\.0 )?(20 )?76$'

# What is not SSH on a port that should be.
UNREAD='^jump: .* showed no host key that could be checked\. Ask ot-access@example\.com, reference [a-z2-7]{8}\.$'
typed "GET / HTTP/1.0" ssh -F "$C" -S "$T/control" jump connect page 80
check "a client that does not speak SSH is ended" gave 76
check "and told" said "$UNREAD"
check "and the log says so" logged '"jump.reason":"no host key was shown".*"jump.end":"hostkey"'
typed "anything" ssh -F "$C" -S "$T/control" jump connect page 8022
check "but not on a port that is not SSH" gave 69

# Servers that are not what they should be: each answers one connection.
cat >"$K/odd.py" <<'END'
import socket, struct, threading, time

def serve(port, *parts):
    s = socket.create_server(("10.2.0.12", port))
    while True:
        c, _ = s.accept()
        for part in parts:
            try:
                c.send(part)
            except OSError:
                break
            time.sleep(0.05)
        try:
            c.shutdown(socket.SHUT_WR)
            while c.recv(1000):
                pass
        except OSError:
            pass
        c.close()

def string(b):
    return struct.pack(">I", len(b)) + b

def packet(payload):
    pad = 8 - (len(payload) + 5) % 8
    pad += 8 if pad < 4 else 0
    return struct.pack(">IB", len(payload) + pad + 1, pad) + payload + bytes(pad)

lists = [b"curve25519-sha256", b"ssh-ed25519"] + 8 * [b"none"]
kexinit = b"\x14" + bytes(16) + b"".join(map(string, lists)) + bytes(5)
for args in ((8023, b"\x16\x03\x01\x00\x00"),
    (8024, b"SSH-2.0-odd\r\n", packet(kexinit[:-5] + b"\x01" + bytes(4)),
        packet(b"\x1f" + string(b"SECRET"))),
    (8025, b"busy, come back later\r\n"),
    (8026, b"SSH-1.5-old\r\n")):
    threading.Thread(target=serve, args=args).start()
END
lab on web2 python3 "$K/odd.py" &
for port in 8023 8024 8025 8026; do
	until lab on web2 ss -Hltn "sport = $port" | grep -q .; do sleep 0.1; done
done
for port in 8023 8024 8025 8026; do
	rm -f "$T/fifo"
	mkfifo "$T/fifo"
	{ cat "$T/hello"; sleep 5; } >"$T/fifo" &
	holder=$!
	run ssh -F "$C" -S "$T/control" jump connect odd $port <"$T/fifo"
	kill $holder 2>/dev/null
	check "odd server $port: ended" gave 76
	check "odd server $port: told" said "$UNREAD"
	check "odd server $port: no key passes" not printed SECRET
done

# A server at a UNIX socket.
lab on jump socat "UNIX-LISTEN:/run/metrics/path.sock,mode=666,fork" \
    TCP4:10.2.0.10:2222 >/dev/null 2>&1 &
until lab on jump test -S /run/metrics/path.sock; do sleep 0.1; done
P="ssh -F $C -S $T/control jump connect -U /run/metrics/path.sock"
run ssh -F "$C" -o "ProxyCommand=$P" -o HostKeyAlgorithms=ssh-ed25519 hk hostname </dev/null
check "a key passes at a UNIX socket" gave 0 web1
run ssh -F "$C" -o "ProxyCommand=$P" -o HostKeyAlgorithms=rsa-sha2-256 hk hostname </dev/null
check "and another does not" said '^jump: the host key of /run/metrics/path\.sock is not'

# Nothing is left behind.
no_relay() {
	! lab on jump sh -c 'ls -l /proc/[0-9]*/exe 2>/dev/null' |
	    grep -q '/jump-connect$'
}
check "no relay is left" within no_relay
finish
