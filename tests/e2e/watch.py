# SPDX-License-Identifier: ISC
"""jumpctl who -w on a terminal: what it draws, and how it leaves.

Prints a line "ok - NAME" or "not ok - NAME" for each test.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
failed = False


class View:
    """A jumpctl who -w in a terminal of its own, as its session leader."""

    def __init__(self, columns=80, lines=24, arguments=(), colour=False):
        self.master, slave = pty.openpty()
        self.size(columns, lines)
        self.before = termios.tcgetattr(slave)
        environment = dict(os.environ, TERM="xterm", NO_COLOR="1")
        self.process = subprocess.Popen(
            ["jumpctl", "who", "-w", *arguments], stdin=slave, stdout=slave,
            stderr=slave, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave = slave
        self.text = b""

    def size(self, columns, lines):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, wanted, seconds=20):
        """Read until wanted (a regular expression) has come; what came."""
        end = time.monotonic() + seconds
        while not re.search(wanted, self.text):
            ready = select.select([self.master], [], [], end - time.monotonic()
                                  if time.monotonic() < end else 0)[0]
            if not ready:
                raise AssertionError(f"no {wanted}: {self.text[-300:]!r}")
            self.text += os.read(self.master, 65536)
        text, self.text = self.text, b""
        return text

    def picture(self):
        """The lines of the next whole picture."""
        self.text = b""
        text = self.read(rb"\x1b\[H[^\x1b]*(\x1b\[K\r\n[^\x1b]*)*\x1b\[K\x1b\[J")
        text = text[text.rindex(b"\x1b[H") + 3:]
        return re.sub(r"\x1b\[[KJ]", "", text.decode("ascii")).split("\r\n")

    def key(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Wait; what it printed, its status, and whether all is restored."""
        status = self.process.wait(20)
        text = self.text
        while select.select([self.master], [], [], 0.1)[0]:
            text += os.read(self.master, 65536)
        after = termios.tcgetattr(self.slave)
        restored = text.endswith(LEAVE) and after == self.before
        os.close(self.master)
        os.close(self.slave)
        return status, restored


def check(name, right, what=""):
    global failed
    failed = failed or not right
    print(f"{'ok' if right else 'not ok'} - {name}", *(
        [] if right else [f"\n# {what!r}"]), flush=True)


def ends(name, act, status):
    view = View()
    view.read(re.escape(ENTER))
    view.picture()
    act(view)
    got = view.end()
    check(f"{name}: ends", got[0] == status, got)
    check(f"{name}: the terminal is as it was", got[1], got)


def kill(number):
    return lambda view: os.kill(view.process.pid, number)


ends("q", lambda view: view.key(b"q"), 0)
ends("^C", lambda view: view.key(b"\x03"), 0)
for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    ends(sig.name, kill(sig), -sig)

view = View()
lines = view.picture()
check("the first line says how many", "33 sessions, in " in lines[0], lines)
check("the titles", lines[1].startswith("SESSION "), lines)
check("all rows that fit", len(lines) == 24, lines)
check("what does not fit", lines[-1] == "1 to 21 of 33: arrows, space", lines)
check("no line is too long", max(map(len, lines)) <= 80, lines)
moving = next(line for line in lines if "alice" in line)
while "-" in moving.split()[:-1]:  # hold's have no state
    lines = view.picture()
    moving = next(line for line in lines if "alice" in line)
rate = re.search(r"([0-9.]+)([KM]) +([0-9.]+)([KM]) +0s -$", moving)
check("rates", rate and rate.group(2) == "M" and rate.group(4) == "M" and
      1 <= float(rate.group(1)) <= 6, lines)
check("idle ones have none", re.search(r"^k3000000 .* 0 +0 +[0-9]+[sm] -$",
                                       "\n".join(lines), re.M), lines)
view.key(b" ")
lines = view.picture()
check("space", lines[-1] == "13 to 33 of 33: arrows, space", lines)
view.key(b"\x1b[A\x1bOA")
lines = view.picture()
check("arrows", lines[-1] == "11 to 31 of 33: arrows, space", lines)
view.key(b"b")
lines = view.picture()
check("b", lines[-1] == "1 to 21 of 33: arrows, space", lines)
view.key(b"v")
while "LEG" not in lines[1]:
    lines = view.picture()
check("v: connections", re.search(r"TARGET +LEG +STATE +RTT +RETR +QUEUE",
                                  lines[1]), lines)
check("v: how to turn back", "v: sessions" in lines[0], lines)
check("v: as many sessions", "33 sessions, in " in lines[0], lines)
check("v: no line is too long", max(map(len, lines)) <= 80, lines)
view.key(b"v")
while "LEG" in lines[1]:
    lines = view.picture()
check("v: and back", "IN/s" in lines[1] and "v: network" in lines[0], lines)
for columns, height in ((40, 10), (200, 40), (10, 3), (1, 1), (65535, 4000)):
    view.size(columns, height)
    os.kill(view.process.pid, signal.SIGWINCH)
    for _ in range(20):
        lines = view.picture()
        if len(lines) <= height and max(map(len, lines)) <= columns and (
                height < 40 or len(lines) > 33):
            break
    check(f"{columns} x {height}: fits", len(lines) <= height and
          max(map(len, lines)) <= columns, lines)
view.size(80, 24)
view.key(b"\x1a")
text = view.read(re.escape(LEAVE))
pid = view.process.pid
os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
check("^Z: the terminal is as it was",
      termios.tcgetattr(view.slave) == view.before)
os.kill(pid, signal.SIGCONT)
view.read(re.escape(ENTER))
check("on again", len(view.picture()) == 24)
view.key(b"q")
check("^Z: ends as ever", view.end() == (0, True))

view = View(arguments=["alice"])
check("a selection", " 2 sessions," in view.picture()[0])
os.close(view.slave)
os.close(view.master)
check("a terminal that is gone: ends", view.process.wait(20) != 0)
sys.exit(failed)
