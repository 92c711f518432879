# SPDX-License-Identifier: ISC
"""What a user could try against their own processes.

    tamper.py PID...     each way to get into each of them
    tamper.py race S     the same, for S seconds, with each process of ours
                         that appears and is one of the road shell

prints a line for each way that succeeded, and "tried N" at the end.
"""
import ctypes
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, DETACH, SEIZE = 16, 17, 0x4206
PROGRAMS = {"jump-record", "jump-ssh", "ssh", "jump-connect"}


def syscall(*args):
    result = libc.syscall(*[ctypes.c_long(a) for a in args])
    return result


def trace(pid):
    if libc.ptrace(SEIZE, pid, None, None) == 0:
        return True
    if libc.ptrace(ATTACH, pid, None, None) == 0:
        os.waitpid(pid, 0)
        libc.ptrace(DETACH, pid, None, None)
        return True
    return False


def opens(path, flags):
    try:
        os.close(os.open(path, flags))
        return True
    except OSError:
        return False


def files(pid):
    try:
        return bool(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return any(opens("/proc/%d/fd/%d" % (pid, n), os.O_RDWR)
                   for n in range(32))


def take_fd(pid):
    pidfd = syscall(434, pid, 0)
    taken = [syscall(438, pidfd, n, 0) for n in range(32)]
    os.close(pidfd)
    return any(fd >= 0 for fd in taken)


def read_memory(pid):
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
    buf = ctypes.create_string_buffer(8)
    local = Part(ctypes.cast(buf, ctypes.c_void_p), 8)
    remote = Part(0x1000, 8)
    ctypes.set_errno(0)
    libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote),
                          1, 0)
    return ctypes.get_errno() != 1  # EPERM; EFAULT would mean it may


WAYS = [
    ("traced", trace),
    ("memory opened", lambda p: opens("/proc/%d/mem" % p, os.O_RDWR)),
    ("memory read", read_memory),
    ("files opened", files),
    ("files taken", take_fd),
    ("environment read", lambda p: opens("/proc/%d/environ" % p, os.O_RDONLY)),
    ("maps read", lambda p: opens("/proc/%d/maps" % p, os.O_RDONLY)
     and bool(open("/proc/%d/maps" % p).read())),
    ("folder entered", lambda p: opens("/proc/%d/cwd" % p, os.O_PATH)),
]


def tamper(pid, name):
    for what, way in WAYS:
        try:
            if way(pid):
                print("%s: %s" % (name, what))
        except OSError:
            pass


def comm(pid):
    try:
        with open("/proc/%s/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


def race(seconds):
    end = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < end:
        for pid in os.listdir("/proc"):
            if pid.isdigit() and comm(pid) in PROGRAMS:
                name = comm(pid)
                tried += 1
                if libc.ptrace(SEIZE, int(pid), None, None) == 0:
                    print("%s: traced" % name)
                    os.kill(int(pid), 9)
                if opens("/proc/%s/mem" % pid, os.O_RDWR):
                    print("%s: memory opened" % name)
    print("tried", tried)


if sys.argv[1] == "race":
    race(float(sys.argv[2]))
else:
    for p in sys.argv[1:]:
        tamper(int(p), comm(p))
    print("tried", len(sys.argv) - 1)
