#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""forged: what users and targets can say, in each field of a record.

Run on the jump host by forged.sh, as root.  Each attempt makes exactly as many
records as it must, whole ones, and what was said is in its field, escaped and
perhaps cut, and nowhere else.
"""

import os
import pwd
import socket
import struct
import subprocess
import sys
import threading
import time

import trail

LIBEXEC = "/usr/local/libexec/jump/"
CONNECT, SHELL, KEYS = (LIBEXEC + n for n in (
    "jump-connect", "jump-shell", "jump-authkeys"))
CTL = "/usr/local/sbin/jumpctl"
RAW = "/var/log/raw"
RECORD = '<36>Nov 20 16:02:11 jump-connect[1]: @cee: {"event.action":"open"}'
KEY, USAGE = sys.argv[1], 64
EXPECTED = [("decision", "failure"), ("login", "failure"), ("kick", "failure"),
            ("lock", "failure"), ("lock", "success")]  # of a name of nobody

WORDS = [
    b"x\n" + RECORD.encode(), b"\r\n" + RECORD.encode() + b"\n", b"@cee: {}",
    b"\x1b]0;x\x07\x1b[2J", b'","event.outcome":"success","x":"', b'"}',
    b'\\', b'\\"', b"\\u0000\\x0a", b"\t\x7f\x01", b"%s%n%100000d",
    "\u00e4\u202e\u2028".encode(), b"\xff\xfe\xc0\xaf", b"'$(id)`id`",
    b"a" * 10240, b"\x1b" * 10240, b'"' * 10240, b"\\" * 10240,
    b"\n" * 10240, b"@cee: " * 1700]


def escaped(word):
    return "".join(chr(b) if 32 <= b < 127 else "\\x%02x" % b for b in word)


def says(record, field, word):
    """Whether the field is the word, or as much of it as there is room for."""
    value, whole = record.get(field, ""), escaped(word)
    return value == whole or (
        value.endswith("...") and len(value) > 10
        and whole.startswith(value[:-3]))


class Log:
    """What has come to the log since it was asked last."""

    def __init__(self):
        self.file = open(RAW, "rb")
        self.marks = 0
        self.new()

    def new(self):
        self.marks += 1
        mark = b"a mark: %d." % self.marks
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.sendto(b"<38>Nov 20 16:02:11 forged: " + mark, "/dev/log")
        lines, end = [], time.monotonic() + 20
        while not lines or mark not in lines[-1]:
            line = self.file.readline()
            if line.endswith(b"\n"):
                lines.append(line[:-1])
            elif line:
                self.file.seek(-len(line), os.SEEK_CUR)
            elif time.monotonic() > end:
                sys.exit("the log does not go on")
            else:
                time.sleep(0.002)
        return [r for r in map(trail.record, lines) if r]


def attempt(user, argv, env):
    who = pwd.getpwnam(user)
    return subprocess.run(
        argv, env={b"PATH": b"/usr/bin:/bin", **env}, user=who.pw_uid,
        group=who.pw_gid, extra_groups=[], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)


def certificate(key_id):
    """A key that somebody has signed under that key id, in base64."""
    key = "/tmp/forged"
    if not os.path.exists(key):
        subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", key],
                       check=True)
    subprocess.run(["ssh-keygen", "-qs", key, "-I", key_id, "-n", "alice",
                    key + ".pub"], check=True)
    return open(key + "-cert.pub").read().split()[1]


def cases(w):
    """Name, user, arguments, environment, and a field with what it says."""
    def connect(*args):
        return "alice", [CONNECT, *args]

    none = None, b""
    yield "host", *connect(b"--", w, "22"), {}, "destination.address", w
    yield "port", *connect("--", "web9", w), {}, *none
    yield "path", *connect(b"-U", b"/" + w), {}, "destination.address", b"/" + w
    yield "from", *connect(b"--from=" + w, "web9", "22"), {}, *none
    yield "session", *connect(b"--session=" + w, "web9", "22"), {}, *none
    yield "id", *connect(b"--id=" + w, "web9", "22"), {}, *none
    yield "source", *connect("web9", "22"), {
        b"SSH_CONNECTION": w + b" 1 192.0.2.1 22"}, *none
    yield "words", "alice", [SHELL, "-c", w], {}, "jump.request", w
    line = b"connect " + w + b" 22"
    yield "target", "alice", [SHELL, "-c", line], {}, "jump.request", line
    yield "request", "alice", [SHELL, "-c", SHELL], {
        b"SSH_ORIGINAL_COMMAND": w}, "jump.request", w
    yield "user", "_jump", [KEYS, w, "ssh-ed25519", KEY, "SHA256:x"], {}, \
        "user.name", w
    yield "type", "_jump", [KEYS, "alice", w, KEY, "SHA256:x"], {}, *none
    yield "key", "_jump", [KEYS, "alice", "ssh-ed25519", w, "SHA256:x"], {}, \
        *none
    yield "print", "_jump", [KEYS, "alice", "ssh-ed25519", KEY, w], {}, *none
    yield "key id", "_jump", [
        KEYS, "alice", "ssh-ed25519-cert-v01@openssh.com", certificate(w),
        "SHA256:x"], {}, "jump.certificate", w[:128]
    yield "kick", "root", [CTL, "kick", "--user", w], {}, "jump.request", w
    yield "reason", "root", [CTL, "kick", "nobody", w], {}, "jump.note", w
    yield "lock", "root", [CTL, "lock", w], {}, "jump.who", w


def check(name, log, done, field, word):
    records = log.new()
    what = "%s, %r" % (name, word[:40])
    if len(records) != (done.args[0] == SHELL or done.returncode != USAGE):
        sys.exit("%s: exit %d, %r: %r" % (
            what, done.returncode, done.stderr[:200], records))
    for r in records:
        if (r["event.action"], r["event.outcome"]) not in EXPECTED:
            sys.exit("%s: %r" % (what, r))
        if field and not says(r, field, word):
            sys.exit("%s: not in %s: %r" % (what, field, r))
    return len(records)


def words(log):
    count = {}
    for word in WORDS:
        for name, user, argv, env, field, text in cases(word):
            n = check(name, log, attempt(user, argv, env), field, text)
            count[name] = count.get(name, 0) + n
        attempt("root", [CTL, "unlock", word], {})
        log.new()
    return count


# --- targets -----------------------------------------------------------------

def string(b):
    return struct.pack(">I", len(b)) + b


def packet(payload):
    pad = 8 - (len(payload) + 5) % 8
    pad += 8 if pad < 4 else 0
    return struct.pack(">IB", len(payload) + pad + 1, pad) + payload + \
        bytes(pad)


LISTS = b"".join(map(string, [b"curve25519-sha256", b"ssh-ed25519"]
                     + 8 * [b"none"]))
INIT = packet(b"\x14" + bytes(16) + LISTS + bytes(5))
HELLO = b"SSH-2.0-y\r\n" + INIT + packet(b"\x1e" + string(b"e" * 32))


def greetings(word):
    """What a server may say that has it in its banner, or its host key."""
    blob = string(word) + string(b"k" * 32)
    yield word + b"\r\n" + word
    yield b"SSH-2.0-" + word + b"\r\n" + INIT
    yield b"SSH-2.0-x\r\n" + INIT + packet(
        b"\x1f" + string(blob) + string(b"e" * 32) + string(b"s"))


def targets(log):
    """The close of each session with such a target is one record."""
    seen = 0
    for word in WORDS:
        for greeting in greetings(word):
            open("/run/lab/tmp/e2e/greeting.new", "wb").write(greeting)
            os.rename("/run/lab/tmp/e2e/greeting.new",
                      "/run/lab/tmp/e2e/greeting")
            who = pwd.getpwnam("alice")
            p = subprocess.Popen(
                [CONNECT, "odd", "2222"], user=who.pw_uid, group=who.pw_gid,
                extra_groups=[], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:  # it may have ended before it was told
                os.write(p.stdin.fileno(), HELLO)
            except BrokenPipeError:
                pass
            try:
                code = p.wait(20)
            except subprocess.TimeoutExpired:
                sys.exit("%r: no end" % greeting[:60])
            text = p.stderr.read()
            p.stdin.close()
            records = log.new()
            got = [trail.word(r) for r in records]
            if got != ["decision+", "open+", "close-:hostkey"] or code != 76:
                sys.exit("%r: exit %d, %r: %r" % (
                    greeting[:60], code, text, records))
            if text.count(b"\n") != 1 or not text[:-1].decode().isprintable():
                sys.exit("%r: says %r" % (greeting[:60], text))
            if len({r["jump.session"] for r in records}) != 1:
                sys.exit("%r: several ids: %r" % (greeting[:60], records))
            seen += "jump.key" in records[2]
    return seen


def main():
    log = Log()
    count = words(log)
    for name, n in count.items():
        print("%s: %d of %d recorded" % (name, n, len(WORDS)))
    print("host keys seen: %d of %d" % (targets(log), len(WORDS)))


main()
