# SPDX-License-Identifier: ISC
"""A terminal for a program, and hands for it.

    term.py [STEP...] -- COMMAND...

Runs COMMAND in a terminal of its own, of 80x24, and does the steps:

    ?REGEX     wait until what it has shown since the last step matches
    >TEXT      type TEXT; \\n \\t \\e \\xNN as in python, \\r is the return key
    =COLSxROWS another size
    !COMMAND   run a command of sh
    @FILE      wait until there is such a file

then waits for its end.  What it has shown goes to standard output, and its
status is ours (128 and the signal).  A step that takes over 40 seconds (or
TERM_PATIENCE) ends all with 99.
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

PATIENCE = float(os.environ.get("TERM_PATIENCE", 40))


class Terminal:
    def __init__(self, command):
        self.shown = b""
        self.open = True
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.fd = 0
            self.resize(80, 24)
            os.execvp(command[0], command)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.open = data != b""
        self.shown += data
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def expect(self, regex):
        end = time.monotonic() + PATIENCE
        pattern = re.compile(regex.encode())
        while True:
            found = pattern.search(self.shown)
            if found:
                self.shown = self.shown[found.end():]
                return
            if not self.open or time.monotonic() > end:
                print("term: no %r in %r" % (regex, self.shown[-500:]),
                      file=sys.stderr)
                os.kill(self.pid, signal.SIGKILL)
                sys.exit(99)
            self.read(0.2)

    def wait_for(self, path):
        end = time.monotonic() + PATIENCE
        while not os.path.exists(path) and time.monotonic() < end:
            if self.open:
                self.read(0.05)
            else:
                time.sleep(0.05)

    def do(self, step):
        kind, text = step[0], step[1:]
        if kind == "?":
            self.expect(text)
        elif kind == ">":
            text = text.replace("\\e", "\\x1b")
            try:
                os.write(self.fd,
                         text.encode().decode("unicode_escape").encode())
            except OSError:
                pass  # it has gone: what is expected next tells
        elif kind == "=":
            self.resize(*map(int, text.split("x")))
        elif kind == "@":
            self.wait_for(text)
        elif kind == "!":
            subprocess.run(["sh", "-c", text], check=False)
        else:
            sys.exit("term: what is %r?" % step)

    def wait(self):
        end = time.monotonic() + PATIENCE
        status = None
        while status is None and time.monotonic() < end:
            if self.open:
                self.read(0.1)
            else:
                time.sleep(0.05)
            pid, result = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                status = result
        if status is None:
            print("term: it does not end", file=sys.stderr)
            os.kill(self.pid, signal.SIGKILL)
            return 99
        while self.open and select.select([self.fd], [], [], 0)[0]:
            self.read(0)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


def main():
    at = sys.argv.index("--")
    terminal = Terminal(sys.argv[at + 1:])
    for step in sys.argv[1:at]:
        terminal.do(step)
    sys.exit(terminal.wait())


main()
