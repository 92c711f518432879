# SPDX-License-Identifier: ISC
"""The world that the plug-ins are tried in, on the jump host of a lab.

Its log socket and its targets belong to this process: each run of a program
comes back with what it printed, what it recorded and what a target received.
judge() compares that with the same run in a world without faults.
"""

import ctypes
import glob
import hashlib
import json
import os
import pwd
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

LIBEXEC = "/usr/local/libexec/jump/"
LAB = os.environ["LAB"]
CAPTURES = "/var/log/jump"
CLONE_NEWNET = 0x40000000
BULK = 1 << 20
GATE = 422
HELLO = b"jump gate 1\n"
VISITOR = "alice"
PATIENCE = 20  # seconds for a run; the log has 1, jump-authkeys 10


def take_captures():
    """What was said by the records of sessions, which are removed.

    pcapng, of raw IPv4: in each packet block the two headers and what follows
    them."""
    said = b""
    for path in sorted(glob.glob(CAPTURES + "/**", recursive=True)):
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as f:
            text = f.read()
        os.unlink(path)
        while len(text) >= 28:
            kind, size, _, _, _, n = struct.unpack("6I", text[:24])
            if kind == 6:
                packet = text[28:28 + n]
                ip = (packet[0] & 15) * 4
                said += packet[ip + (packet[ip + 12] >> 4) * 4:]
            text = text[size:]
    return said


def pattern(size, seed):
    return hashlib.shake_128(seed).digest(size)


GREETING = pattern(BULK, b"target")


class Log:
    """/dev/log, in place of the log daemon's."""

    def __init__(self):
        os.rename("/dev/log", "/dev/log.away")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind("/dev/log")
        self.sock.setblocking(False)
        os.chmod("/dev/log", 0o666)

    def take(self):
        records = []
        while True:
            try:
                text = self.sock.recv(4096).decode("ascii")
            except BlockingIOError:
                return records
            if "{" in text:  # else it was cut short, and is none
                records.append(json.loads(text[text.index("{"):]))

    def close(self):
        self.sock.close()
        os.rename("/dev/log.away", "/dev/log")


class Conversation:
    """What a target got over one connection."""

    def __init__(self):
        self.received = b""
        self.over = threading.Event()


class Targets:
    """Servers: port 7001 and the UNIX socket echo, 7002 speaks first."""

    def __init__(self):
        self.conversations = []
        self.listeners = []
        self.lock = threading.Lock()
        self.serve(self.listen("web1", socket.AF_INET, ("10.2.0.10", 7001)),
                   self.echo)
        self.serve(self.listen("web1", socket.AF_INET, ("10.8.0.10", 7001)),
                   self.echo)
        self.serve(self.listen("web1", socket.AF_INET, ("10.2.0.10", 7002)),
                   self.greet)
        self.serve(self.listen("db1", socket.AF_INET, ("10.2.0.11", 7001)),
                   self.echo)
        self.serve(self.listen("jump", socket.AF_INET, ("10.2.0.1", 7001)),
                   self.echo)
        self.serve(self.listen("web1", socket.AF_INET, ("10.2.0.10", 7003)),
                   self.echo)
        self.serve(self.listen("web1", socket.AF_INET6, ("2001:db8::10", 7001)),
                   self.echo)
        self.serve(self.listen(None, socket.AF_UNIX, "/run/metrics/echo.sock"),
                   self.echo)
        os.chmod("/run/metrics/echo.sock", 0o666)

    @staticmethod
    def enter(host):
        pid = open(f"{LAB}/hosts/{host}/pid").read().strip()
        with open(f"/proc/{pid}/ns/net") as f:
            if ctypes.CDLL(None).setns(f.fileno(), CLONE_NEWNET) != 0:
                raise OSError("setns")

    def listen(self, host, family, address):
        if host:
            self.enter(host)
        elif os.path.exists(address):
            os.unlink(address)
        s = socket.socket(family, socket.SOCK_STREAM)
        if family != socket.AF_UNIX:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(address)
        s.listen(64)
        if host:
            self.enter("jump")
        return s

    def serve(self, listener, speak):
        self.listeners.append(listener)

        def loop():
            while True:
                select.select([listener], [], [])
                with self.lock:
                    s, _ = listener.accept()
                    c = Conversation()
                    self.conversations.append(c)
                threading.Thread(target=self.talk, args=(speak, s, c),
                                 daemon=True).start()
        threading.Thread(target=loop, daemon=True).start()

    @staticmethod
    def talk(speak, s, c):
        try:
            with s:
                speak(s, c)
        except OSError:
            pass
        c.over.set()

    @staticmethod
    def echo(s, c):
        while data := s.recv(65536):
            c.received += data
            s.sendall(data)
        s.shutdown(socket.SHUT_WR)

    @staticmethod
    def greet(s, c):
        s.sendall(GREETING)
        s.shutdown(socket.SHUT_WR)
        while data := s.recv(65536):
            c.received += data

    def take(self):
        """What was received, of each connection since the last call."""
        waiting = True
        while waiting:
            with self.lock:
                waiting = select.select(self.listeners, [], [], 0)[0]
                if not waiting:
                    taken, self.conversations = self.conversations, []
        for c in taken:
            c.over.wait(5)
        return [c.received for c in taken]


class Visit:
    """A connection of a user's own, and the gate's end of it.

    The firewall turns it around, as it has the user's uid and not the group of
    jump-connect; so has what is made with a file system uid."""

    def __init__(self, scenario):
        uid = pwd.getpwnam(VISITOR).pw_uid
        family = scenario.family
        here = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        with socket.create_server((here, GATE), family=family) as listener:
            listener.settimeout(PATIENCE)
            while not self.connect(family, uid, scenario.to):
                time.sleep(0.1)
            self.gate, _ = listener.accept()

    def connect(self, family, uid, to):
        """False if its port was another's a moment ago: the table refuses it."""
        ctypes.CDLL(None).setfsuid(uid)
        self.client = socket.socket(family)
        ctypes.CDLL(None).setfsuid(0)
        self.client.settimeout(PATIENCE)
        try:
            self.client.connect(to)
        except ConnectionRefusedError:
            self.client.close()
            return False
        return True

    def leave(self):
        """The user has it no more, while the gate still does."""
        self.client.shutdown(socket.SHUT_WR)
        self.client.close()

    def speak(self, text):
        try:
            self.client.sendall(text)
            self.client.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def hear(self):
        """What comes until the end, or TimeoutError."""
        out = b""
        try:
            while data := self.client.recv(65536):
                out += data
        except (ConnectionError, BrokenPipeError):
            pass
        return out

    def talk(self, p, given):
        """As Popen.communicate() does, over the connection."""
        self.gate.close()
        if self.client.fileno() == -1:
            return p.communicate(timeout=PATIENCE)
        speaker = threading.Thread(target=self.speak, args=(given,))
        speaker.start()
        try:
            out = self.hear()
        except TimeoutError:
            raise subprocess.TimeoutExpired(p.args, PATIENCE)
        finally:
            self.client.close()
            speaker.join()
        return out, p.communicate(timeout=PATIENCE)[1]


class Standing:
    """A gate that says hello to whoever comes, or none."""

    def __init__(self, wanted):
        self.listener = None
        if wanted:
            self.listener = socket.create_server(("127.0.0.1", GATE))
            threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        try:
            while True:
                with self.listener.accept()[0] as s:
                    s.sendall(HELLO)
        except OSError:
            pass

    def close(self):
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


class Scenario:
    """A program, its arguments, and what is to come of it.

    to: of the gate, where the connection was to go that it is started for;
    gone: and whose user has it no more.  stands: whoever asks for the gate
    hears that it stands.  captured: what both said, that is to be on disk."""

    def __init__(self, name, program, args, user, code, env=None, given=b"",
                 out=None, received=None, records=None, to=None, gone=False,
                 stands=False, captured=None):
        self.name = name
        self.argv = [LIBEXEC + program] + args
        self.user = user
        self.code = code
        self.env = env or {}
        self.given = given
        self.out = out
        self.received = received
        self.records = records
        self.to = to
        self.gone = gone
        self.stands = stands
        self.captured = captured

    @property
    def family(self):
        return socket.AF_INET6 if ":" in self.to[0] else socket.AF_INET

    @property
    def prints_keys(self):
        return self.argv[0].endswith("authkeys")


class Run:
    """What came of one run."""

    code = None     # exit code, or None
    signal = None   # that killed it, or None
    hung = False
    out = err = b""
    records = ()
    received = ()   # a string of bytes for each connection
    captured = b""  # the files of what has been said

    def outcomes(self):
        return [(r["event.action"], r["event.outcome"]) for r in self.records]

    def __str__(self):
        end = ("hung" if self.hung else f"signal {self.signal}"
               if self.signal else f"exit {self.code}")
        return (f"{end}, {len(self.out)} bytes of output, received "
                f"{[len(r) for r in self.received]}, records "
                f"{[a + ' ' + o for a, o in self.outcomes()]}, "
                f"said {self.err[-300:]!r}")


class World:
    def __init__(self):
        self.log = Log()
        self.targets = Targets()

    def run(self, scenario, argv=None, env=None, finish=None, **popen):
        """Run it; argv may put a program before it."""
        r = Run()
        self.log.take()
        standing = Standing(scenario.stands)
        visit = Visit(scenario) if scenario.to else None
        if scenario.gone:
            visit.leave()
        p = subprocess.Popen(argv or scenario.argv,
                             env=scenario.env if env is None else env,
                             stdin=visit.gate if visit else subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             **popen)
        try:
            if visit:
                r.out, r.err = visit.talk(p, scenario.given)
            else:
                r.out, r.err = p.communicate(scenario.given, PATIENCE)
        except subprocess.TimeoutExpired:
            p.kill()
            r.out, r.err = p.communicate()
            r.hung = True
        standing.close()
        if p.returncode < 0:
            r.signal = -p.returncode
        else:
            r.code = p.returncode
        if finish:
            finish(r)
        r.received = self.targets.take()
        r.captured = take_captures()
        r.records = self.log.take()
        return r

    def close(self):
        self.log.close()


# Those of the manuals, and 127 of ld.so, which found no memory for libc.
CODES = {0, 1, 64, 69, 70, 73, 75, 76, 77, 78, 127}


# Of jump-shell, beside what it was asked: here, none does but by Standing.
NO_GATE = b"jump: the gate of this host does not answer: " \
    b"ProxyJump may be refused now.\n"


def judge(scenario, base, r, silent=False, signals=()):
    """What is wrong with a run; nothing, if all is as it should be.

    silent: nobody could be told, as standard error was what failed."""
    wrong = []
    if r.hung:
        wrong.append("it hung")
    elif r.signal and r.signal not in signals:
        wrong.append(f"it was killed by signal {r.signal}")
    elif r.code is not None and r.code not in CODES:
        wrong.append(f"no exit code of ours: {r.code}")
    if r.code == 0 and base.code != 0:
        wrong.append("it succeeded where it should not")
    wrong += judge_keys(base, r) if scenario.prints_keys else \
        judge_answer(scenario, base, r)
    wrong += judge_records(r) + judge_person(base, r)
    said = r.err.replace(NO_GATE, b"", 1)
    lines = said.count(b"\n")
    if r.code not in (0, None) and not r.records and lines == 0 and \
            not silent and not scenario.prints_keys:
        wrong.append("it ended without a word")
    if lines > 1 and said.count(b"jump:") > 1:
        wrong.append("it said more than one line")
    return wrong


def narrower(line, whole):
    """Whether a key line is the same but for permitopen options it lacks.

    Names stand beside addresses only while /etc/hosts is known to be what
    it was; and a port of any address only while the gate is known to stand."""
    def split(text):
        words = text.split(b",")
        opens = {w for w in words if w.startswith(b"permitopen=")}
        return opens, [w for w in words if w not in opens]
    opens, rest = split(line)
    wide, whole_rest = split(whole)
    opens = {w for w in opens
             if b'permitopen="*' + w[w.rindex(b":"):] not in wide}
    return opens <= wide and rest == whole_rest


def judge_keys(base, r):
    if r.code == 0 and r.out and not narrower(r.out, base.out):
        return ["it printed another line"]
    if r.code == 0 and r.out and ("login", "success") not in r.outcomes():
        return ["a line without a record"]
    return []


def judge_answer(scenario, base, r):
    wrong = []
    if len(r.received) > len(base.received):
        wrong.append("it connected where it should not")
    if r.code == 0 and (r.out != base.out or r.received != base.received):
        wrong.append("bytes were lost, and it exits 0")
    if (base.received or r.code == 0) and not base.out.startswith(r.out):
        wrong.append("it printed something else")
    for got, sent in zip(r.received, base.received):
        if not sent.startswith(got):
            wrong.append("the target received something else")
    if scenario.captured:
        if len(r.captured) < len(b"".join(r.received) + r.out):
            wrong.append("bytes passed that are not on disk")
    if r.received and r.outcomes()[:1] != [("decision", "success")]:
        wrong.append("it connected without a decision")
    if base.received and (r.out or any(r.received)) and \
            r.outcomes()[:2] != [("decision", "success"),
                                 ("open", "success")]:
        wrong.append("bytes passed without a record")
    return wrong


def judge_records(r):
    failures = [o for o in r.outcomes() if o[1] == "failure"]
    kinds = [o[0] for o in r.outcomes()]
    if len(failures) > 1 or len(set(kinds)) != len(kinds):
        return ["it recorded something twice"]
    return []


def judge_person(base, r):
    """Nobody is permitted what is not theirs, or as somebody else."""
    def permitted(run):
        return {(x.get("user.name"), x.get("destination.address"),
                 x.get("destination.port")) for x in run.records
                if x["event.outcome"] == "success"}
    if not permitted(r) <= permitted(base):
        return ["somebody else was permitted something"]
    return []


# --- the scenarios -----------------------------------------------------------

ZONE = "Pacific/Kiritimati"  # 14 hours from UTC: Monday there is not here


def clock(hours):
    """The time of day so many hours from now, in UTC, as windows write it."""
    return time.strftime("%H:%M", time.gmtime(time.time() + hours * 3600))


def day(seconds):
    return time.strftime("%a", time.gmtime(time.time() + seconds)).lower()


def key_of(user):
    kind, blob = open(f"{LAB}/keys/{user}.pub").read().split()[:2]
    digest = hashlib.sha256(
        __import__("base64").b64decode(blob)).digest()
    text = __import__("base64").b64encode(digest).decode().rstrip("=")
    return kind, blob, "SHA256:" + text


def policy(hosts):
    """here is a window that is open in UTC, but not where the policy is."""
    key = " ".join(key_of("alice")[:2])
    bob = " ".join(key_of("bob")[:2])
    many = "\n".join(f"host many{i} 10.3.{i // 200}.{i % 200 + 1} tcp 1234"
                     for i in range(hosts))
    start, end = day(-7200), day(7200)
    return f"""version 1
set contact "ot-access@example.com"
set nft "/usr/sbin/nft"
set gate {GATE}
set timezone "{ZONE}"
user alice
key alice "{key}"
user bob until 2036-12-31T18:00+01:00
key bob "{bob}" from {{ 192.0.2.0/24 2001:db8:1::/64 }}
group @held %held
window here {start} {clock(-2)} - {end} {clock(2)}
host web1 {{ 10.2.0.10 }} tcp {{ 7001 7002 7003 7009 }}
host db1 10.2.0.11 tcp 7001
host six 2001:db8::10 tcp 7001
host web2 10.2.0.12 tcp 7001
host own 10.2.0.1 tcp 7001
domain dev "*.dev.corp.example" in 10.8.0.0/16 tcp 7001
socket echo "/run/metrics/echo.sock"
{many}
allow web: alice to {{ web1 six echo dev own db1 }}
deny  held: @held to db1
require taped: any to web1:7003 record
allow timed: alice to web2 when here
allow more: {{ alice bob }} to any:1234
"""


def scenarios():
    kind, blob, fingerprint = key_of("alice")
    bkind, bblob, bfingerprint = key_of("bob")
    some, bulk = b"hello\n", pattern(BULK, b"user")
    asked = "jump: %s is not open to you."
    return [
        Scenario("authkeys", "jump-authkeys",
                 ["alice", kind, blob, fingerprint], "_jump", 0,
                 out=rb"restrict,pty,command=.*port-forwarding .*\n",
                 records="login success"),
        Scenario("authkeys, from and an end", "jump-authkeys",
                 ["bob", bkind, bblob, bfingerprint], "_jump", 0,
                 out=rb"restrict,.*from=.*\n",
                 records="login success"),
        Scenario("authkeys, unknown key", "jump-authkeys",
                 ["alice", bkind, bblob, bfingerprint], "_jump", 0,
                 out=b"", records="login failure"),
        Scenario("authkeys, unknown user", "jump-authkeys",
                 ["eve", kind, blob, fingerprint], "_jump", 0,
                 out=b"", records="login failure"),
        Scenario("authkeys, the gate stands", "jump-authkeys",
                 ["alice", kind, blob, fingerprint], "_jump", 0,
                 out=rb'restrict,.*permitopen="\*:7001".*\n',
                 records="login success", stands=True),
        shell("list", "list", 0, out=rb"(?s).*web1\t7001.*"),
        shell("why", "why web1:7001", 0, out=rb"(?s)web1:7001 is open.*"),
        shell("why, refused", "why web2:7001", 77, out=b"",
              records="decision failure"),
        shell("unknown request", "scp -t x", 77, out=b"",
              records="decision failure"),
        shell("shell, refused", "connect web9 7001", 77, out=b"",
              records="decision failure"),
        shell("shell, connect", "connect web1 7001", 0, given=some,
              out=some, received=[some], records=CONNECTED),
        connect("connect, UNIX", ["-U", "/run/metrics/echo.sock"], 0,
                given=some, out=some, received=[some], records=CONNECTED),
        connect("connect, domain", ["app1.dev.corp.example", "7001"], 0,
                given=some, out=some, received=[some], records=CONNECTED),
        connect("connect, nobody there", ["web1", "7009"], 69, out=b"",
                records="decision success, open failure"),
        connect("connect, denied by Unix group", ["db1", "7001"], 77, out=b"",
                records="decision failure"),
        connect("connect, window closed", ["web2", "7001"], 77, out=b"",
                records="decision failure"),
        connect("connect, own address", ["own", "7001"], 77, out=b"",
                records="decision failure"),
        connect("connect, bulk", ["web1", "7001"], 0, given=bulk, out=bulk,
                received=[bulk], records=CONNECTED),
        connect("connect, target ends first", ["web1", "7002"], 0, given=bulk,
                out=GREETING, received=[bulk], records=CONNECTED),
        gate("gate", "10.2.0.10", 7001, 0, given=some, out=some,
             received=[some], records=CONNECTED),
        gate("gate, IPv6", "2001:db8::10", 7001, 0, given=some, out=some,
             received=[some], records=CONNECTED),
        gate("gate, bulk", "10.2.0.10", 7001, 0, given=bulk, out=bulk,
             received=[bulk], records=CONNECTED),
        gate("gate, recorded", "10.2.0.10", 7003, 0, given=some, out=some,
             received=[some], records=CONNECTED, captured=some + some),
        gate("gate, nobody there", "10.2.0.10", 7009, 69, out=b"",
             records="decision success, open failure"),
        gate("gate, denied by Unix group", "10.2.0.11", 7001, 77, given=some,
             out=b"", records="decision failure"),
        gate("gate, not turned around", "127.0.0.1", GATE, 77, given=some,
             out=b"", records="decision failure"),
        gate("gate, its user is gone", "10.2.0.10", 7001, 77, out=b"",
             records="decision failure", gone=True),
        gate("gate, probe", "127.255.255.254", 1, 0, out=HELLO),
    ]


# Of these, what the kernel tells the gate is wrong in each byte once.
FALSIFIED = ("gate", "gate, IPv6")
CONNECTED = "decision success, open success, close success"


def shell(name, request, code, **more):
    return Scenario(name, "jump-shell", [], "alice", code,
                    env={"SSH_ORIGINAL_COMMAND": request,
                         "SSH_CONNECTION": "192.0.2.10 1 192.0.2.1 22"},
                    **more)


def connect(name, args, code, **more):
    return Scenario(name, "jump-connect", args, "alice", code, **more)


def gate(name, address, port, code, **more):
    return Scenario(name, "jump-connect", ["-G"], "_jump", code,
                    to=(address, port), **more)


def as_expected(s, r):
    """Whether a run without faults is what the scenario is about."""
    out = re.fullmatch(s.out, r.out) if len(s.out) < 200 else s.out == r.out
    return r.code == s.code and bool(out) and \
        r.received == (s.received or []) and \
        r.captured == (s.captured or b"") and \
        ", ".join(f"{a} {o}" for a, o in r.outcomes()) == (s.records or "")
