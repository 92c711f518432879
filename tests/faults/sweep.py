#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sweep: fail every system call and every allocation of the plug-ins once.

    sweep.py INJECT PRELOAD [--all] [--gate | --no-gate] [SCENARIO...]

On the jump host of a lab, as root; --gate is for the scenarios of the gate,
--no-gate for the others.  Without --all, each call fails once with
one error, calls that repeat are thinned out, and so are allocations; with it,
each call fails with each error that it can give, and is cut short.  What the
kernel tells the gate is wrong once in each byte.
"""

import errno
import os
import re
import socket
import struct
import sys
import tempfile
import time

import world

HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
PLAN = "/run/alloc"
FEW = 3  # calls in a row of one kind that are not thinned out


def call_names():
    with open(HEADER) as f:
        return {int(n): name for name, n in
                re.findall(r"#define __NR_(\w+) (\d+)", f.read())}


NAMES = call_names()

# What else than EIO and ENOMEM a call may give.
FILES = ["EACCES", "EMFILE", "ENFILE", "EINTR", "ENOENT", "ENOMEM", "EIO"]
IO = ["EIO", "EINTR", "EAGAIN", "ENOMEM"]
ERRORS = {
    "open": FILES, "openat": FILES,
    "read": IO, "pread64": IO, "readv": IO,
    "write": IO + ["ENOSPC", "EPIPE"], "pwrite64": IO + ["ENOSPC"],
    "writev": IO + ["ENOSPC", "EPIPE"],
    "socket": ["EMFILE", "ENFILE", "ENOBUFS", "EACCES"],
    "connect": ["ECONNREFUSED", "EINTR", "EAGAIN", "ENETUNREACH", "EACCES"],
    "sendto": ["EAGAIN", "EINTR", "ENOBUFS", "ECONNREFUSED", "EACCES"],
    "sendmmsg": ["EAGAIN", "EINTR", "ENOBUFS"],
    "recvfrom": IO + ["ECONNRESET"], "recvmsg": IO + ["ENOBUFS"],
    "poll": ["EINTR", "ENOMEM"], "ppoll": ["EINTR", "ENOMEM"],
    "splice": ["EIO", "EINTR", "EAGAIN", "EINVAL", "ENOMEM", "EPIPE"],
    "getrandom": ["EINTR", "ENOSYS"],
    "mmap": ["ENOMEM", "EACCES", "EAGAIN"],
    "execve": ["ENOMEM", "EACCES", "ENOENT", "EIO", "ETXTBSY"],
    "fcntl": ["EPERM", "EBUSY", "EINTR"],
    "prctl": ["EPERM", "EINVAL"],
    "close": ["EIO", "EINTR"],
    "setresgid": ["EPERM", "EAGAIN"],
    "getpeername": ["ENOTCONN", "ENOBUFS"],
    "getsockname": ["ENOBUFS", "EINVAL"],
    "getsockopt": ["ENOENT", "ENOPROTOOPT", "EPERM"],
    "landlock_create_ruleset": ["ENOSYS", "EMFILE", "ENOMEM"],
    "shutdown": ["ENOTCONN", "ENOBUFS"],
}
OTHERS = ["ENOMEM", "EIO", "EPERM"]
SHORT = {"read", "write", "splice", "pread64", "sendto", "recvfrom"}
# What the gate goes by, of which it must not believe everything.
ANSWERS = {"getpeername", "getsockname", "getsockopt", "recvfrom"}
ANSWER = 120  # bytes; there are options that do not say how long theirs are
# Bytes of theirs with which it refuses, if they are wrong: family, port and
# address; size, type, both ports and the uid of linux/inet_diag.h.
ADDRESS = {socket.AF_INET: {*range(0, 8)},
           socket.AF_INET6: {*range(0, 4), *range(8, 24)}}
OWNER = {*range(0, 6), *range(20, 24), *range(80, 84)}
VITAL = {"getpeername": ADDRESS.get, "getsockopt": ADDRESS.get,
         "getsockname": lambda family: (),  # only to be another's than meant
         "recvfrom": lambda family: OWNER}
# Few, and each end or record hangs on one: all that they can do is tried.
WHOLE = {"shutdown", "sendto"} | ANSWERS
NETLINK = 20  # bytes of libc's requests, whose answer it waits for
# As in inject.c, which knows better which call it is.
NEVER = {"exit_group", "rt_sigreturn", "futex"}
# How ld.so may end for want of memory, and libc's look-ups.
LIBRARY = {6, 11}


def meddlings(name):
    """What can be done to a call: the names of errors, and "short"."""
    if name in NEVER:
        return []
    if name == "brk":
        return ["ENOMEM"]
    return ERRORS.get(name, OTHERS) + (["short"] if name in SHORT else [])


class Sweep:
    def __init__(self, inject, everything):
        self.world = world.World()
        self.inject = inject
        self.everything = everything
        self.report = tempfile.mktemp()
        self.failed = self.library = 0
        self.loaded = set()
        self.start = time.time()

    # --- system calls --------------------------------------------------------

    def traced(self, s, *options):
        """Run s under inject; the run and the calls of its report."""
        calls = []

        def finish(r):
            with open(self.report) as f:
                how, number, _ = f.readline().split()
                calls.extend(tuple(map(int, line.split())) for line in f)
            r.code = r.signal = None
            if how == "exit":
                r.code = int(number)
            else:
                r.signal = int(number)

        argv = [self.inject, "-u", s.user, *options, self.report] + s.argv
        if os.path.exists(self.report):
            os.unlink(self.report)
        r = self.world.run(s, argv, finish=lambda r: r.hung or finish(r))
        return r, calls

    def chosen(self, s, calls):
        """(k, name, what) for each fault that is to be tried.

        How a program is loaded is tried once for each, or always with --all."""
        row, before = 0, None
        known = s.argv[0] in self.loaded and not self.everything
        self.loaded.add(s.argv[0])
        for k, (nr, _, third) in enumerate(calls, 1):
            name = NAMES.get(nr, str(nr))
            row = row + 1 if name == before else 1
            before = name
            whats = meddlings(name)
            if name == "sendto" and third == NETLINK:
                whats.remove("short")
            if known and self.in_startup(calls, k):
                continue
            if self.everything or name in WHOLE or \
                    s.captured and name == "write":
                yield from ((k, name, what) for what in whats)
            elif whats and (row <= FEW or k % 16 == 0):
                yield k, name, whats[k % len(whats)]

    @staticmethod
    def in_startup(calls, k):
        """Whether call k is of ld.so and libc, before a main."""
        for nr, _, _ in reversed(calls[:k - 1]):
            if NAMES.get(nr) in ("execve", "close_range"):
                return NAMES[nr] == "execve"
        return True

    def calls(self, s):
        if s.to:  # the gate's files of the registry are there from now on
            self.traced(s)
        base, calls = self.traced(s)
        if not world.as_expected(s, base):
            self.verdict(f"{s.name}: without faults", [str(base)])
            return
        n, wrong = 0, []
        for k, name, what in self.chosen(s, calls):
            option = ["-s", "1"] if what == "short" else \
                ["-e", str(getattr(errno, what))]
            r, made = self.traced(s, "-k", str(k), *option)
            n += 1
            if made:  # nothing tells that this call is the same one
                name = NAMES.get(made[0][0], "?")
            if what not in meddlings(name):
                continue  # another call, which never gives that
            if s.name == "connect, target ends first" and what == "EPIPE":
                continue  # which says that it had ended both ways
            silent = bool(made) and self.nobody_told(s, name, made[0])
            wrong += [f"call {k}, {name} {made and made[0][1:]}, {what}: "
                      f"{w}: {r}" for w in world.judge(
                          s, base, r, silent,
                          LIBRARY if self.in_startup(calls, k) else ())]
        self.verdict(f"{s.name}: {len(calls)} calls, {n} faults", wrong)
        if s.name in world.FALSIFIED or s.to and self.everything:
            self.answers(s, base, calls)

    @staticmethod
    def nobody_told(s, name, call):
        """Whether without this call nobody can be told."""
        if s.to:  # by a record only: its words are for nobody
            return name in ("dup2", "getrandom", "sendto", "write") or \
                name == "openat" and call[2] == os.O_RDWR | os.O_CLOEXEC
        return name in ("write", "writev") and call[1] == 2

    def answers(self, s, base, calls):
        """What the kernel says is cut off, or wrong, at each byte."""
        n, wrong = 0, []

        def meddle(k, option, at, vital):
            r, made = self.traced(s, "-k", str(k), option, str(at))
            found = world.judge(s, base, r)
            if vital and r.outcomes() != [("decision", "failure")]:
                found.append("it believed that")
            if made:
                wrong.extend(f"call {k}, {option} {at}: {w}: {r}"
                             for w in found)
            return bool(made)

        for k, (nr, _, _) in enumerate(calls, 1):
            name, size = NAMES.get(nr), 0
            if name not in ANSWERS:
                continue
            vital = VITAL[name](s.family)
            while size < ANSWER and meddle(k, "-x", size, size in vital):
                size += 1
            n += size
            if name == "recvfrom":
                for cut in range(0, size, 8):
                    n += meddle(k, "-s", cut, True)
                break  # whose it is is the last thing that it asks for
        self.verdict(f"{s.name}: {n} wrong answers", wrong)

    # --- allocations ---------------------------------------------------------

    def allocating(self, s, first, last):
        with open(PLAN, "wb") as f:
            f.write(struct.pack("QQQQ", 0, first, last, 0))
        os.chmod(PLAN, 0o666)
        r = self.world.run(s, user=s.user, group=group_of(s.user),
                           extra_groups=[])
        with open(PLAN, "rb") as f:
            count, _, _, inside = struct.unpack("QQQQ", f.read(32))
        return r, count, inside

    def allocations(self, s):
        never = 2 ** 64 - 1
        base, count, _ = self.allocating(s, never, never)
        if not world.as_expected(s, base) or count == 0:
            self.verdict(f"{s.name}: without faults", [str(base)])
            return
        n, wrong = 0, []
        for k in range(1, count + 1):
            for last in (k, never - 1):  # this one, or all from this one on
                if not self.everything and (last == k) != (k % 2 == 0):
                    continue
                r, _, inside = self.allocating(s, k, last)
                n += 1
                # Of libraries, what nobody outside of them can mend.
                ends = LIBRARY if inside else ()
                if inside and r.signal in LIBRARY:
                    self.library += 1
                wrong += [f"allocation {k}{'' if last == k else ' and on'}: "
                          f"{w}: {r}" for w in world.judge(
                              s, base, r, signals=ends)]
        self.verdict(f"{s.name}: {count} allocations, {n} faults", wrong)

    def verdict(self, name, wrong):
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} - {name}", flush=True)
        print(f"# at {time.time() - self.start:.1f} s", flush=True)
        for line in wrong[:None if self.everything else 10]:
            print(f"# {line}", flush=True)


def group_of(user):
    import pwd
    return pwd.getpwnam(user).pw_gid


def main():
    args = sys.argv[1:]
    everything = "--all" in args
    args = [a for a in args if not a.startswith("--")]
    inject, preload, wanted = args[0], args[1], args[2:]
    sweep = Sweep(inject, everything)
    start = time.time()
    todo = [s for s in world.scenarios() if not wanted or s.name in wanted]
    if "--gate" in sys.argv or "--no-gate" in sys.argv:
        todo = [s for s in todo
                if s.name.startswith("gate") == ("--gate" in sys.argv)]
    for s in todo:
        if "--no-calls" not in sys.argv:
            sweep.calls(s)
    print(f"# {time.time() - start:.0f} s", flush=True)
    with open("/etc/ld.so.preload", "w") as f:
        f.write(preload + "\n")
    for s in todo:
        sweep.allocations(s)
    os.unlink("/etc/ld.so.preload")
    sweep.world.close()
    print(f"# {sweep.library} ended inside of a library", flush=True)
    print(f"# {time.time() - start:.0f} s", flush=True)
    sys.exit(sweep.failed > 0)


main()
