# SPDX-License-Identifier: ISC
"""Try to get a hold on processes of the same user: of each of the arguments,
which must not work, and first of a child of our own, which must."""
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, DETACH, SEIZE = 16, 17, 0x4206
PIDFD_OPEN, PIDFD_GETFD, READV, WRITEV, KCMP = 434, 438, 310, 311, 312


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def call(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def trace(pid, how):
    call(libc.ptrace(how, pid, None, None))
    if how == ATTACH:
        os.waitpid(pid, 0)
    else:
        call(libc.ptrace(0x4207, pid, None, None))  # PTRACE_INTERRUPT
        os.waitpid(pid, 0)
    call(libc.ptrace(DETACH, pid, None, None))


def memory(pid, mode):
    with open("/proc/%d/mem" % pid, mode, buffering=0):
        pass


def region(pid):
    with open("/proc/%d/maps" % pid) as maps:
        return int(maps.readline().split("-")[0], 16)


def vm(pid, number):
    own = ctypes.create_string_buffer(1)
    local = Vector(ctypes.addressof(own), 1)
    # Where it cannot be known, some address: the right is looked at first.
    try:
        there = Vector(region(pid), 1)
    except OSError:
        there = Vector(0x400000, 1)
    call(libc.syscall(number, pid, ctypes.byref(local), 1,
                      ctypes.byref(there), 1, 0))


def descriptor(pid):
    fd = call(libc.syscall(PIDFD_OPEN, pid, 0))
    call(libc.syscall(PIDFD_GETFD, fd, 0, 0))


WAYS = {
    "attach": lambda pid: trace(pid, ATTACH),
    "seize": lambda pid: trace(pid, SEIZE),
    "read its memory": lambda pid: memory(pid, "rb"),
    "write its memory": lambda pid: memory(pid, "r+b"),
    "process_vm_readv": lambda pid: vm(pid, READV),
    "take a descriptor": descriptor,
    "open a descriptor": lambda pid: os.close(
        os.open("/proc/%d/fd/0" % pid, os.O_RDWR)),
    "read its environment":
        lambda pid: open("/proc/%d/environ" % pid).read(),
    "see its maps": region,
    "see its root": lambda pid: os.readlink("/proc/%d/root" % pid),
    "set its limits":
        lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0)),
    "get its limits":
        lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE),
    "compare its descriptors":
        lambda pid: call(libc.syscall(KCMP, pid, os.getpid(), 0, 0, 0)),
}


def attempt(pid, way):
    try:
        WAYS[way](pid)
    except OSError as error:
        return error.strerror
    return "done"


def main():
    child = subprocess.Popen(["/bin/sleep", "60"])
    time.sleep(0.2)
    for way in WAYS:
        print("control: %s: %s" % (way, attempt(child.pid, way)))
    child.send_signal(signal.SIGKILL)
    held = 0
    for pid in map(int, sys.argv[1:]):
        for way in WAYS:
            result = attempt(pid, way)
            held += result == "done"
            print("%s: %d: %s: %s" % ("not" if result == "done" else "ok",
                                      pid, way, result))
    sys.exit(held != 0)


if __name__ == "__main__":
    main()
