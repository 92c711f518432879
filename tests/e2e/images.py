# SPDX-License-Identifier: ISC
"""images.py HOW USER TYPE KEY FINGERPRINT: damage the image, ask the programs.

Inside of a lab, on the jump host, as root.
"""
import os, random, socket, struct, subprocess, sys

IMAGE = "/var/lib/jump/policy.db"
LIBEXEC = "/usr/local/libexec/jump/"
HOW, OFFER = sys.argv[1], sys.argv[2:6]
ALICE = {"user": 2001, "group": 2001, "extra_groups": [2001, 2010]}
UNUSABLE = 78
counts = {"refused": 0, "same": 0}


def authkeys():
    return [LIBEXEC + "jump-authkeys"] + OFFER, {}


def shell():
    return [LIBEXEC + "jump-shell", "-c", "list"], ALICE


def connect():
    return [LIBEXEC + "jump-connect", "web1", "80"], ALICE


PROGRAMS = (authkeys, shell, connect)
ENV = {"PATH": "/usr/bin:/bin", "USER": "alice", "HOME": "/home/alice",
       "SSH_CONNECTION": "192.0.2.10 40000 192.0.2.1 22"}


def ask(program):
    args, who = program()
    got = subprocess.run(args, stdin=subprocess.DEVNULL, env=ENV,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=30, **who)
    return got.returncode, got.stdout


def die(*why):
    print(*why)
    sys.exit(1)


def refused(program, what, image=None):
    code, out = ask(program)
    if (code, out) != (UNUSABLE, b""):
        die(what, program.__name__, "exits", code, out)
    counts["refused"] += 1


def put(data):
    """Into the file in force, which keeps its owner and mode."""
    fd = os.open(IMAGE, os.O_WRONLY | os.O_TRUNC)
    os.write(fd, data)
    os.close(fd)


def intact():
    for program in PROGRAMS:
        code, out = ask(program)
        # web1:80 is denied: connect is to be refused, whatever is damaged
        if code != (77 if program == connect else 0):
            die(program.__name__, "exits", code, out)
        if program != connect and not out:
            die(program.__name__, "says nothing")


def flips():
    """Each byte: jump-authkeys for all of them, the others for every 11th."""
    fd = os.open(IMAGE, os.O_WRONLY)
    rng = random.Random(1)
    for at, byte in enumerate(whole):
        os.pwrite(fd, bytes([byte ^ rng.randrange(1, 256)]), at)
        for program in PROGRAMS if at % 11 == 0 else (authkeys,):
            refused(program, "byte %d" % at)
        os.pwrite(fd, whole[at:at + 1], at)
    os.close(fd)


def cuts():
    sizes = list(range(0, len(whole), 17)) + [len(whole) - n
                                              for n in range(1, 17)]
    for size in sizes:
        put(whole[:size])
        for program in PROGRAMS if size % 10 == 0 else (authkeys,):
            refused(program, "%d bytes" % size)


def tails():
    for tail in (b"\0", b"x", b"\0" * 8, whole, b"x" * 8192, whole[:4096]):
        put(whole + tail)
        for program in PROGRAMS:
            refused(program, "%d bytes more" % len(tail))


def words():
    """Words that change places, and parts that do."""
    rng = random.Random(2)
    for size in (8,) * 60 + (64,) * 20 + (512,) * 20:
        a, b = rng.sample(range(len(whole) // size - 1), 2)
        one, two = (whole[n * size:n * size + size] for n in (a, b))
        if one == two:
            continue
        data = bytearray(whole)
        data[a * size:a * size + size] = two
        data[b * size:b * size + size] = one
        put(data)
        for program in PROGRAMS:
            refused(program, "swap")


def versions():
    version, = struct.unpack_from("<I", whole, 8)
    for other in (0, version - 1, version + 1, 255, 2**32 - 1):
        put(whole[:8] + struct.pack("<I", other) + whole[12:])
        for program in PROGRAMS:
            refused(program, "version %d" % other)
    for text in (b"", b"version 1\n", b"\0" * 8192, os.urandom(8192)):
        put(text)
        for program in PROGRAMS:
            refused(program, "no image")


def others():
    yield "alice's", lambda: os.chown(IMAGE, 2001, 990)
    yield "_jump's", lambda: os.chown(IMAGE, 990, 990)
    yield "mode 660", lambda: os.chmod(IMAGE, 0o660)
    yield "mode 642", lambda: os.chmod(IMAGE, 0o642)

    def instead(make):
        os.rename(IMAGE, IMAGE + ".real")
        make()

    def bind():
        socket.socket(socket.AF_UNIX).bind(IMAGE)
    yield "a link", lambda: instead(
        lambda: os.symlink("policy.db.real", IMAGE))
    yield "nowhere", lambda: instead(lambda: os.symlink("nowhere", IMAGE))
    yield "a FIFO", lambda: instead(lambda: os.mkfifo(IMAGE, 0o640))
    yield "a folder", lambda: instead(lambda: os.mkdir(IMAGE, 0o750))
    yield "a socket", lambda: instead(bind)
    yield "missing", lambda: instead(lambda: None)


def files():
    for what, make in others():
        make()
        for program in PROGRAMS:
            refused(program, what)
        if os.path.lexists(IMAGE + ".real"):
            if os.path.isdir(IMAGE) and not os.path.islink(IMAGE):
                os.rmdir(IMAGE)
            os.rename(IMAGE + ".real", IMAGE)
        os.chown(IMAGE, 0, 990)
        os.chmod(IMAGE, 0o640)


def large():
    """Of several chunks: a flip is refused, or plays no part."""
    good = {p: ask(p) for p in PROGRAMS}
    fd = os.open(IMAGE, os.O_WRONLY)
    rng = random.Random(3)
    for at in range(0, len(whole), 61):
        os.pwrite(fd, bytes([whole[at] ^ rng.randrange(1, 256)]), at)
        for program in PROGRAMS if at % 3 == 0 else (authkeys,):
            got = ask(program)
            if got == good[program]:
                counts["same"] += 1
            elif got[0] == UNUSABLE and got[1] == b"":
                counts["refused"] += 1
            else:
                die("byte", at, program.__name__, got)
        os.pwrite(fd, whole[at:at + 1], at)
    os.close(fd)
    if counts["same"] < 100 or counts["refused"] < 100:
        die(counts)


with open(IMAGE, "rb") as f:
    whole = f.read()
try:
    globals()[HOW]()
finally:
    if os.path.isfile(IMAGE):
        put(whole)
print("%d bytes, %d refused%s" % (
    len(whole), counts["refused"],
    ", %d the same answer" % counts["same"] if counts["same"] else ""))
