#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""crowd: many sessions of one user at once, on the jump host, as root.

    crowd.py USER HOST PORT MAX EACH ROUNDS

ROUNDS times, EACH processes of jump-connect start together; exactly MAX of
them connect, and all others exit 75.  Some of those who connected are then
killed, and as many get in at once, no more.
"""

import pwd
import signal
import subprocess
import sys
import time

CONNECT = "/usr/local/libexec/jump/jump-connect"
BUSY = 75


class Attempt:
    def __init__(self, who, target):
        self.p = subprocess.Popen(
            [CONNECT] + target, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, user=who.pw_uid, group=who.pw_gid,
            extra_groups=[])
        self.p.stdin.write(b"x")  # the target echoes it
        self.p.stdin.flush()

    def settle(self):
        """Whether it is connected; else it has been refused."""
        if self.p.stdout.read(1):
            return True
        code = self.p.wait()
        text = self.p.stderr.read()
        if code != BUSY or text.count(b"\n") != 1:
            sys.exit(f"exit {code}: {text!r}")
        return False

    def end(self, how):
        self.p.send_signal(how)
        self.p.communicate()


def crowd(who, target, each):
    attempts = []
    for _ in range(each):
        try:
            attempts.append(Attempt(who, target))
        except BrokenPipeError:  # refused before it was asked
            each -= 1
    return [a for a in attempts if a.settle()]


def main():
    who = pwd.getpwnam(sys.argv[1])
    target = sys.argv[2:4]
    most, each, rounds = map(int, sys.argv[4:])
    start = time.monotonic()
    for n in range(rounds):
        live = crowd(who, target, each)
        if len(live) != most:
            sys.exit(f"round {n}: {len(live)} of {most} connected")
        some = n % most + 1
        for a in live[:some]:
            a.end(signal.SIGKILL)
        more = crowd(who, target, each // 10)
        if len(more) != some:
            sys.exit(f"round {n}: {len(more)} of {some} came back")
        for a in live[some:] + more:
            a.end((signal.SIGKILL, signal.SIGTERM)[n % 2])
    print(f"{rounds} rounds of {each}: always {most}, "
          f"{time.monotonic() - start:.1f} s")


main()
