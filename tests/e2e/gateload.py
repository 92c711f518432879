#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""gateload: both ends of a load on the gate.

    gateload.py serve PORT SECONDS [PORT SECONDS]...
    gateload.py load RATE SECONDS PATIENCE ADDRESS PORT[*WEIGHT]... [uid=UID]...
    gateload.py judge LOG OFFSET POLICY...

serve answers each line, after so many seconds, and closes the connection.
load makes RATE connections a second, by turns to the ports, each of which says
a line and waits PATIENCE seconds for the same; it prints a line of JSON.
With uids, which root may give, the connections are theirs by turns.
judge reads the records of jump-connect behind OFFSET in LOG.  A POLICY is
HASH:RULE:PORT,PORT..., the rule and the ports that it allows.  It prints a
line of JSON too, with each record that agrees with no policy in "odd".
"""
import collections
import errno
import heapq
import itertools
import json
import os
import selectors
import socket
import sys
import time

LINE = b"a line of the load\n"


# --- the target ---------------------------------------------------------------

def serve(words):
    """One process for all: the selector, and a heap of answers that are due."""
    selector, due, n = selectors.DefaultSelector(), [], 0
    for port, seconds in zip(words[::2], words[1::2]):
        sock = socket.create_server(("", int(port)), backlog=4096)
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ, float(seconds))
    print("ready", flush=True)
    while True:
        wait = max(0, due[0][0] - time.monotonic()) if due else None
        for key, _ in selector.select(wait):
            if isinstance(key.data, float):
                try:
                    sock, _ = key.fileobj.accept()
                except OSError:
                    continue
                sock.setblocking(False)
                selector.register(sock, selectors.EVENT_READ, (key.data,))
                continue
            selector.unregister(key.fileobj)
            n += 1
            heapq.heappush(due, (time.monotonic() + key.data[0], n,
                                 key.fileobj))
        while due and due[0][0] <= time.monotonic():
            answer(heapq.heappop(due)[2])


def answer(sock):
    try:
        sock.send(sock.recv(100))
    except OSError:
        pass
    sock.close()


# --- the users ------------------------------------------------------------------

class Load:
    def __init__(self, patience, uids):
        self.patience = patience
        self.uids = itertools.cycle(uids)
        self.selector = selectors.DefaultSelector()
        self.open = collections.OrderedDict()  # socket: when it began, oldest first
        self.ends = collections.Counter()
        self.took = []

    def start(self, address, port):
        uid = next(self.uids, None)
        if uid is not None:
            os.seteuid(uid)
        sock = socket.socket()
        if uid is not None:
            os.seteuid(0)
        sock.setblocking(False)
        error = sock.connect_ex((address, port))
        self.open[sock] = time.monotonic()
        if error != errno.EINPROGRESS:
            return self.end(sock, errno.errorcode[error])
        self.selector.register(sock, selectors.EVENT_WRITE)

    def end(self, sock, how):
        began = self.open.pop(sock)
        self.ends[how] += 1
        if how == "answered":
            self.took.append(time.monotonic() - began)
        sock.close()

    def step(self, sock, events):
        how = None
        try:
            if events & selectors.EVENT_WRITE:
                sock.send(LINE)
                self.selector.modify(sock, selectors.EVENT_READ)
                return
            got = sock.recv(100)
            how = "answered" if got == LINE else "ended" if not got else "wrong"
        except ConnectionResetError:
            how = "ended"
        except OSError as e:
            how = errno.errorcode[e.errno]
        self.selector.unregister(sock)
        self.end(sock, how)

    def wait(self, until):
        """What happens until then, once at least."""
        left = True
        while left:
            wait = until - time.monotonic()
            left = wait > 0
            for key, events in self.selector.select(max(0, wait)):
                self.step(key.fileobj, events)
            while self.open:
                sock, began = next(iter(self.open.items()))
                if time.monotonic() - began < self.patience:
                    break
                self.selector.unregister(sock)
                self.end(sock, "waited")
            if not self.open and until - time.monotonic() > 100:
                return

    def run(self, rate, seconds, address, ports):
        begin, most = time.monotonic(), 0
        for i in range(int(rate * seconds)):
            self.start(address, ports[i % len(ports)])
            most = max(most, len(self.open))
            self.wait(begin + (i + 1) / rate)
        took = time.monotonic() - begin
        while self.open:
            self.wait(time.monotonic() + 0.1)
        self.took.sort()
        n = len(self.took)
        print(json.dumps({
            "started": sum(self.ends.values()), **self.ends, "at_once": most,
            "rate": round(sum(self.ends.values()) / took, 1),
            "ms": [round(self.took[int(n * q)] * 1e3, 1)
                   for q in (0.5, 0.99, 0.9999)] if n else []}))


def load(words):
    rate, seconds, patience, address, *ports = words
    turns, uids = [], []
    for word in ports:
        if word.startswith("uid="):
            uids.append(int(word[4:]))
            continue
        port, _, weight = word.partition("*")
        turns += [int(port)] * int(weight or 1)
    Load(float(patience), uids).run(float(rate), float(seconds), address, turns)


# --- the records ----------------------------------------------------------------

def records(path, offset):
    with open(path, errors="replace") as f:
        f.seek(int(offset))
        for line in f:
            if " jump-connect[" in line and "@cee:" in line:
                yield json.loads(line.partition("@cee:")[2])


def agrees(e, policies):
    """Whether a decision is the one of the policy that it names.  Without a
    target it is by none: the connection's maker could not be told."""
    if "destination.port" not in e:
        return e["jump.verdict"] == "deny"
    rule, ports = policies.get(e.get("jump.policy"), (None, ()))
    if e["destination.port"] in ports:
        return (e["jump.verdict"], e.get("jump.rule")) == ("allow", rule)
    return rule is not None and e["jump.verdict"] == "deny" and \
        "jump.rule" not in e


def judge(words):
    path, offset, *known = words
    policies = {}
    for word in known:
        name, rule, ports = word.split(":")
        policies[name] = rule, set(map(int, ports.split(",")))
    n, sessions, odd = collections.Counter(), {}, []
    for e in records(path, offset):
        kind, ref = e["event.action"], e["jump.session"]
        what = kind if kind != "decision" else e.get("jump.verdict", "?")
        if kind != "decision" and e["event.outcome"] == "failure":
            what += " failed"
        n[what] += 1
        if "jump.reason" in e:
            n[e["jump.reason"]] += 1
        if "jump.policy" in e and "destination.port" in e:
            n["by " + policies.get(e["jump.policy"], ("?",))[0]] += 1
        before = sessions.get(ref, [])
        order = {"allow": [], "deny": [], "open": ["allow"],
                 "open failed": ["allow"], "close": ["allow", "open"],
                 }.get(what)
        if kind == "decision" and not agrees(e, policies) or order != before:
            odd.append(e)
        if kind == "close":
            n["answers"] += e["destination.bytes"] == len(LINE)
            n["end " + e["jump.end"]] += 1
        sessions[ref] = before + [what]
    n["open now"] = sum(s[-1] == "open" for s in sessions.values())
    n["half"] = sum(s[-1] == "allow" for s in sessions.values())
    print(json.dumps({"decisions": n["allow"] + n["deny"], **n,
                      "odd": len(odd), "examples": odd[:3]}))


if __name__ == "__main__":
    verbs = {"serve": serve, "load": load, "judge": judge}
    verbs[sys.argv[1]](sys.argv[2:])
