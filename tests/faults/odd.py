#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""odd: start the plug-ins with odd descriptors, limits, signals, arguments.

    odd.py descriptors|limits|signals

On the jump host of a lab, as root.  Each start is judged by world.judge(): it
works as ever, or it fails in a clear way and grants nothing.
"""

import ctypes
import os
import pwd
import resource
import signal
import socket
import sys

import world

SOME = ("authkeys", "list", "why, refused", "shell, connect",
        "connect, UNIX", "connect, denied by Unix group")
STARTUP = {9, 11, 6}  # execve(2) and ld.so, without stack or memory


class Odd:
    def __init__(self):
        self.world = world.World()
        self.failed = 0
        self.scenarios = [s for s in world.scenarios() if s.name in SOME]

    def start(self, s, prepare=lambda: None, argv=None):
        """A run of s by its user, after prepare() in the new process."""
        who = pwd.getpwnam(s.user)

        def become():
            os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
            os.setgroups([])
            os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
            prepare()
        return self.world.run(s, argv, preexec_fn=become)

    def each(self, what, prepare, signals=(), works=False, only=SOME,
             closed=(), argv=lambda s: None):
        """prepare() before each scenario; works: it then works as ever.

        closed: the descriptors that do not lead to the test."""
        wrong = []
        for s in self.scenarios:
            if s.name not in only:
                continue
            base = self.start(s)
            r = self.start(s, prepare, argv(s))
            if works and not world.as_expected(s, r):
                wrong.append(f"{s.name}: does not work: {r}")
            if 1 in closed:
                r.out = r.out or (base.out if r.code == 0 else b"")
            if 0 in closed and r.code == 0 and s.given:
                r.out, r.received = base.out, base.received
            for w in world.judge(s, base, r, 2 in closed, signals):
                wrong.append(f"{s.name}: {w}: {r}")
        self.verdict(what, wrong)

    def verdict(self, name, wrong):
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} - {name}", flush=True)
        for line in wrong[:6]:
            print(f"# {line}", flush=True)

    # --- descriptors ---------------------------------------------------------

    def descriptors(self):
        for mask in range(1, 8):
            closed = [fd for fd in range(3) if mask & 1 << fd]
            self.each(f"without descriptors {closed}",
                      lambda c=closed: [os.close(fd) for fd in c],
                      closed=closed)
        for fd in (0, 1, 2):
            for name, make in KINDS.items():
                if fd == 0 and name in ENDLESS:
                    continue
                self.each(f"descriptor {fd} is {name}",
                          lambda fd=fd, make=make: os.dup2(make(), fd),
                          closed=[fd])
        self.each("2,000 more descriptors, of files and sockets", more,
                  works=True)
        self.arguments()

    def arguments(self):
        for name, first in {"none": None, "empty": b"", "long": b"x" * 100000,
                            "with slashes": b"/../../bin/sh"}.items():
            self.each(f"argv[0] is {name}", lambda f=first: self.bare(f),
                      only=("list",))
        long = ["x" * 100000] * 10
        for s in self.scenarios:
            if s.name in ("authkeys", "connect, UNIX"):
                r = self.start(s, argv=s.argv + long)
                self.verdict(f"{s.name}: 1 MB of arguments", [] if
                             r.code == 64 and not r.out and not r.received
                             else [str(r)])

    def bare(self, first):
        """Be jump-shell with an odd argv; there is no way back."""
        argv = (ctypes.c_char_p * 2)(first, None)
        env = (ctypes.c_char_p * 3)(
            b"SSH_ORIGINAL_COMMAND=list",
            b"SSH_CONNECTION=192.0.2.10 1 192.0.2.1 22", None)
        ctypes.CDLL(None).execve(
            (world.LIBEXEC + "jump-shell").encode(), argv, env)
        os._exit(99)

    # --- limits --------------------------------------------------------------

    def limits(self):
        for n in range(65):
            self.limit("NOFILE", n)
        for n in (*range(17), 64, 1000):
            self.limit("FSIZE", n)
        for name in ("NPROC", "CORE", "MEMLOCK"):
            for n in (0, 1, 2, 3, 4, 8, 64):
                self.limit(name, n)
        for mb in (1, 2, 3, 4, 5, 6, 7, 8, 16, 64):
            for part in range(4 if mb < 8 else 1):
                self.limit("AS", (mb << 20) + part * (256 << 10))
        for kb in (0, 8, 16, 64, 128, 256, 512, 1024):
            self.limit("STACK", kb << 10)
        self.limit("DATA", 0)
        self.limit("DATA", 200 << 10)
        for mask in (0, 0o777):
            self.each(f"umask {mask:o}", lambda m=mask: os.umask(m),
                      works=True)
        self.each("nice 19", lambda: os.nice(19), works=True)
        self.each("a folder that is gone", gone, works=True)

    def limit(self, name, n):
        which = getattr(resource, "RLIMIT_" + name)
        started = name in ("AS", "STACK", "DATA", "NOFILE")
        self.each(f"RLIMIT_{name} {n}",
                  lambda: resource.setrlimit(which, (n, n)),
                  signals=STARTUP if started else (),
                  works=name in ("NPROC", "CORE", "MEMLOCK"))

    # --- signals -------------------------------------------------------------

    def signals(self):
        every = set(range(1, 65)) - {9, 19, 32, 33}
        for n in range(1, 32):
            if n in every:
                self.each(f"signal {n} ignored", lambda n=n: signal.signal(
                    n, signal.SIG_IGN), works=True,
                    only=("authkeys", "shell, connect"))
        self.each("all blocked", lambda: signal.pthread_sigmask(
            signal.SIG_BLOCK, every), works=True)
        self.each("all ignored", lambda: [signal.signal(
            n, signal.SIG_IGN) for n in every], works=True)
        self.each("an alarm under way", lambda: signal.setitimer(
            signal.ITIMER_REAL, 0.01), signals={14})
        self.each("a blocked signal waits", wait_for_term, signals={15})


def opened(path, flags):
    return lambda: os.open(path, flags)


def lone(end):
    def make():
        ends = os.pipe()
        os.close(ends[1 - end])
        return ends[end]
    return make


KINDS = {
    "/dev/full": opened("/dev/full", os.O_RDWR),
    "read-only": opened("/dev/null", os.O_RDONLY),
    "write-only": opened("/dev/null", os.O_WRONLY),
    "a folder": opened("/tmp", os.O_RDONLY),
    "a pipe without readers": lone(1),
    "a pipe without writers": lone(0),
    "a datagram socket": lambda: socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM).detach(),
    "a listening socket": lambda: socket.create_server(
        ("127.0.0.1", 0)).detach(),
}


# As an input: zeros without end, or a wait for somebody who may yet write.
ENDLESS = {"/dev/full", "a datagram socket", "a listening socket"}


def more():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    for n in range(2000):
        fd = os.open("/etc/passwd", os.O_RDONLY) if n % 2 else \
            socket.socket().detach()
        os.set_inheritable(fd, True)


def gone():
    os.mkdir("/tmp/gone-%d" % os.getpid())
    os.chdir("/tmp/gone-%d" % os.getpid())
    os.rmdir("/tmp/gone-%d" % os.getpid())


def wait_for_term():
    signal.pthread_sigmask(signal.SIG_BLOCK, {15})
    os.kill(os.getpid(), 15)


odd = Odd()
getattr(odd, sys.argv[1])()
odd.world.close()
sys.exit(odd.failed > 0)
