# SPDX-License-Identifier: ISC
"""The heir of a session's leader: whoever has its pid, and leads a session.

    heir.py JUMP-RECORD JUMP-CONNECT ID

As root, in a pid namespace of its own.  Starts a recorded session as alice,
whose standard error takes nothing more, kills its ssh, and waits for
jump-record to hang in what it has to say about that.  If the pid of ssh is then
to be had, jump-connect -c is started with it, and what it says is printed;
else "still taken".
"""
import fcntl
import os
import pty
import select
import subprocess
import sys
import time

RECORD, CONNECT, ID = sys.argv[1:]
UID = 2001
PATIENCE = 20


def become_alice():
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)


def full_pipe():
    r, w = os.pipe()
    os.set_blocking(w, False)
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ if hasattr(fcntl, "F_SETPIPE_SZ")
                else 1031, 4096)
    for size in (4096, 1):
        try:
            while True:
                os.write(w, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(w, True)
    return r, w


def start(err):
    pid, fd = pty.fork()
    if pid == 0:
        os.fchown(0, UID, 5)
        os.dup2(err, 2)
        become_alice()
        os.execve(RECORD, [RECORD, "--session=" + ID, "--login=alice",
                           "--record", "--agent", "web1", "22"],
                  {"SSH_AUTH_SOCK": "/home/alice/agent", "TERM": "xterm"})
    return pid, fd


def wait_for(fd, text):
    seen = b""
    end = time.monotonic() + PATIENCE
    while text not in seen:
        if time.monotonic() > end:
            sys.exit("heir: no %r in %r" % (text, seen))
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 65536)


def waits_for_pipe(pid):
    with open("/proc/%d/wchan" % pid) as f:
        return "pipe" in f.read()


def inherit(leader):
    """A child with that pid, or None."""
    for _ in range(50):
        with open("/proc/sys/kernel/ns_last_pid", "w") as f:
            f.write(str(leader - 1))
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            if os.getpid() != leader:
                os._exit(0)
            os.dup2(w, 1)
            os.dup2(w, 2)
            become_alice()
            os.setsid()
            os.execv(CONNECT, ["jump-connect", "-c", "exec x"])
        os.close(w)
        if pid == leader:
            return pid, r
        os.waitpid(pid, 0)
        os.close(r)
    return None


def main():
    r, w = full_pipe()
    record, fd = start(w)
    os.close(w)
    wait_for(fd, b"$ ")
    with open("/proc/%d/task/%d/children" % (record, record)) as f:
        leader = int(f.read().split()[0])
    os.kill(leader, 9)
    end = time.monotonic() + PATIENCE
    while not waits_for_pipe(record):
        if time.monotonic() > end:
            sys.exit("heir: jump-record does not wait")
        time.sleep(0.05)
    heir = inherit(leader)
    subprocess.run(["jumpctl", "sweep"], check=False)
    if heir is None:
        print("still taken")
    else:
        print(os.read(heir[1], 4096))
        os.kill(heir[0], 9)
    os.kill(record, 9)


main()
