# SPDX-License-Identifier: ISC
"""badfiles.py HOW: loads while the policy changes or loads are killed.

Inside of a lab, on the jump host.  Exits 1, with the reason, at the first load
that put something in force that nobody wrote.
"""
import os, random, re, signal, subprocess, sys, threading, time

ETC, STATE = "/etc/jump/", "/var/lib/jump/"
BODY = "".join("user u%d\nhost h%d 10.77.%d.%d ssh 22\n" %
               (i, i, i // 250, i % 250 + 1) for i in range(400))
SAID = re.compile("changed while it was read|No such file|"
                  "expected .version|the last line has no end|"
                  "another load is under way|no tag named|not an address")


def die(why):
    print(why)
    sys.exit(1)


def write(path, text):
    with open(path + ".tmp~", "w") as f:
        f.write(text)
    os.rename(path + ".tmp~", path)


def load(said=SAID):
    got = subprocess.run(["jumpctl", "load"], capture_output=True, text=True)
    if got.returncode not in (0, 1, 75):
        die("exit %d: %s" % (got.returncode, got.stderr))
    if got.returncode != 0 and not said.search(got.stderr):
        die("unexpected: " + got.stderr)
    return got.returncode


def image():
    with open(STATE + "policy.db", "rb") as f:
        return f.read()


def whole():
    """The image in force is one that can be used."""
    got = subprocess.run(["jumpctl", "export", "hosts"], capture_output=True)
    if got.returncode != 0:
        die("the image is unusable: %r" % got.stderr)


def while_writing(change, good, loads=60, said=SAID):
    """Load while change() runs again and again; good() after each load."""
    stop, counts = threading.Event(), {0: 0, 1: 0}

    def writer():
        n = 0
        while not stop.is_set():
            change(n)
            n += 1

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(loads):
            code = load(said)
            counts[code] += 1
            if code == 0:
                good()
    finally:
        stop.set()
        thread.join()
    print("%d loaded, %d refused" % (counts[0], counts[1]))


def policy(mark):
    return "version 1\n%s%sallow last-%s: any to any\n" % (
        "deny mark-%s: any to h1\n" % mark, BODY, mark)


def same_marks():
    marks = re.findall(rb"(?:mark|last)-([ab])\0", image())
    if len(marks) != 2 or marks[0] != marks[1]:
        die("a mixture: %r" % marks)


def grow():
    """A comment is appended, in two writes, the first without its end."""
    write(ETC + "policy", policy("a"))

    def change(n):
        with open(ETC + "policy", "a", buffering=1) as f:
            f.write("# more")
            f.write(" and more\n")
        if n % 50 == 49:
            write(ETC + "policy", policy("a"))
    while_writing(change, same_marks)


def rewrite():
    """The file is truncated and written again, a page at a time: what is read
    may have been cut anywhere, and is found to be by its last line."""
    def change(n):
        fd = os.open(ETC + "policy", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(fd, policy("ab"[n % 2]).encode())
        os.close(fd)
    while_writing(change, same_marks, said=re.compile("error:|changed"))


def replace():
    while_writing(lambda n: write(ETC + "policy", policy("ab"[n % 2])),
                  same_marks)


def kept():
    if b"never-lost\0" not in image():
        die("the deny of a fragment is lost")


def rename():
    """A fragment changes its name all the time; its deny is never lost."""
    write(ETC + "policy", policy("a"))
    for i in range(60):
        write(ETC + "policy.d/40-%02d.conf" % i, "version 1\n")
    names = [ETC + "policy.d/" + n for n in ("30-x.conf", "50-x.conf")]
    write(names[0], "version 1\ndeny never-lost: any to h2\n")

    def change(n):
        os.rename(names[n % 2], names[1 - n % 2])
        time.sleep(random.random() / 200)
    while_writing(change, kept)


def vanish():
    write(ETC + "policy", policy("a"))
    name = ETC + "policy.d/30-x.conf"

    def change(n):
        write(name, "version 1\ndeny never-lost: any to h2\n")
        time.sleep(random.random() / 200)
        os.unlink(name)
        time.sleep(random.random() / 200)
    while_writing(change, lambda: None)


def pair():
    """Two files that belong together are replaced, one after the other."""
    def change(n):
        mark = "ab"[n % 2]
        write(ETC + "policy", "version 1\n" + BODY +
              "host t 10.78.0.1 ssh 22 tag tag-%s\n" % mark)
        write(ETC + "policy.d/30-x.conf",
              "version 1\ndeny d: any to @tag-%s\n" % mark)
        time.sleep(random.random() / 100)
    while_writing(change, lambda: None)


def files():
    return sorted(os.listdir(STATE))


def kill():
    rng, killed = random.Random(7), 0
    write(ETC + "policy", policy("a"))
    load()
    start = time.monotonic()
    load()
    takes = time.monotonic() - start
    for n in range(200):
        write(ETC + "policy", policy("ab"[n % 2]))
        p = subprocess.Popen(["jumpctl", "load"], stderr=subprocess.PIPE)
        time.sleep(rng.random() * takes * 1.3)
        p.kill()
        p.communicate()
        if p.returncode == -signal.SIGKILL:
            killed += 1
            takes *= 1.05  # how long it takes, on this machine, now
        else:
            takes *= 0.95
        whole()
        same_marks()
        if not {"policy.db"} <= set(files()) <= {
                "policy.db", "policy.db.1", "policy.db.new",
                "policy.db.1.new"}:
            die("files: %s" % files())
    if load() != 0:
        die("the lock is held after all are gone")
    if not set(files()) <= {"policy.db", "policy.db.1"}:
        die("files: %s" % files())
    if killed < 50:
        die("only %d of 200 were killed" % killed)
    print("%d of 200 killed before their end" % killed)


def together():
    codes = {}
    for n in range(10):
        write(ETC + "policy", policy("ab"[n % 2]))
        running = [subprocess.Popen(["jumpctl", "load"],
                                    stderr=subprocess.DEVNULL)
                   for _ in range(6)]
        for p in running:
            code = p.wait()
            codes[code] = codes.get(code, 0) + 1
        whole()
        same_marks()
    if set(codes) - {0, 75} or codes.get(0, 0) < 10:
        die("exit codes: %s" % codes)
    if not set(files()) <= {"policy.db", "policy.db.1"}:
        die("files: %s" % files())
    print("%d loaded, %d had to wait" % (codes[0], codes.get(75, 0)))


def clean():
    for name in os.listdir(ETC + "policy.d"):
        os.unlink(ETC + "policy.d/" + name)


clean()
globals()[sys.argv[1]]()
clean()
