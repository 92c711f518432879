# SPDX-License-Identifier: ISC
"""loads.py FOLDER LOADS USER TYPE KEY FINGERPRINT: load in turn, look up.

Inside of a lab, on the jump host.  One thread loads policy.a and policy.b in
turn, another asks jump-authkeys and jump-shell: each answer is that of one of
the two policies, and at the end both were seen.
"""
import collections, os, shutil, subprocess, sys, threading

FOLDER, LOADS, OFFER = sys.argv[1], int(sys.argv[2]), sys.argv[3:7]
LIBEXEC = "/usr/local/libexec/jump/"
ALICE = {"user": 2001, "group": 2001, "extra_groups": [2001, 2010]}
ENV = {"PATH": "/usr/bin:/bin", "USER": "alice", "HOME": "/home/alice",
       "SSH_CONNECTION": "192.0.2.10 40000 192.0.2.1 22"}
QUESTIONS = (([LIBEXEC + "jump-authkeys"] + OFFER, {}),
             ([LIBEXEC + "jump-shell", "-c", "list"], ALICE))
done, wrong = threading.Event(), []


def load(which):
    new = "/etc/jump/policy.new~"
    shutil.copyfile("%s/policy.%s" % (FOLDER, which), new)
    os.rename(new, "/etc/jump/policy")
    got = subprocess.run(["jumpctl", "load", "--no-sweep"],
                         capture_output=True)
    if got.returncode != 0:
        wrong.append("load: %d %r" % (got.returncode, got.stderr))


def ask(question):
    args, who = question
    got = subprocess.run(args, stdin=subprocess.DEVNULL, env=ENV,
                         capture_output=True, **who)
    return got.returncode, got.stdout, got.stderr


def loader():
    for n in range(LOADS):
        load("ab"[n % 2])
        if wrong:
            break
    done.set()


answers = {}
for which in "ab":
    load(which)
    answers[which] = [ask(q) for q in QUESTIONS]
for one, two in zip(answers["a"], answers["b"]):
    if one == two or one[0] != 0 or two[0] != 0 or not one[1] or not two[1]:
        wrong.append("the policies do not differ: %r %r" % (one, two))

seen = collections.Counter()
thread = threading.Thread(target=loader)
thread.start()
while not done.is_set() and not wrong:
    for n, question in enumerate(QUESTIONS):
        got = ask(question)
        which = [w for w in "ab" if answers[w][n] == got]
        seen[n, which[0] if which else "?"] += 1
        if not which:
            wrong.append("neither: %r" % (got,))
thread.join()
if not all(seen[n, w] for n in range(len(QUESTIONS)) for w in "ab"):
    wrong.append("not both were seen: %r" % seen)
print("\n".join(wrong) or "%d loads, %d look-ups" %
      (LOADS, sum(seen.values())))
sys.exit(bool(wrong))
