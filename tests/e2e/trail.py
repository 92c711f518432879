#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""trail: whether the records of one row of trail.sh are what they must be.

    trail.py RAW LIST USER TARGET BYTES SECONDS RECORDS LISTED

RAW has the datagrams that came, LIST what `jumpctl log --json' makes of them.
Of USER in RAW are RECORDS, in this order, and no others: words such as
decision+ or close+:idle, with the outcome and the end.  So are LISTED in LIST,
as open or close:idle; and one logout, of a process of its own, so that it may
stand anywhere behind the login.  All of them speak of TARGET, and have one id; BYTES went
each way, if the road counts them, in at least SECONDS; "-": none did.
"""

import json
import re
import sys

HEADER = re.compile(
    r"<3[67]>[A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d "
    r"(jump-authkeys|jump-connect|jump-shell|jumpctl)\[\d+\]: @cee: (\{.*\})")
WRITERS = {"login": ["jump-authkeys"], "open": ["jump-connect"],
           "close": ["jump-connect"],
           "decision": ["jump-connect", "jump-shell"]}


def fail(what, *more):
    sys.exit(" ".join([what] + [repr(m) for m in more]))


def unique(pairs):
    if len(dict(pairs)) != len(pairs):
        fail("a key twice", pairs)
    return dict(pairs)


def record(line):
    """One datagram of ours; None if it is not."""
    if not re.match(rb"<\d+>.{15} jump(-authkeys|-connect|-shell|ctl)\[", line):
        return None
    if len(line) > 1024 or re.search(rb"[^ -~]|#[0-3][0-7][0-7]", line):
        fail("not clean", line)
    m = HEADER.fullmatch(line.decode())
    if not m:
        fail("no record", line)
    r = json.loads(m[2], object_pairs_hook=unique)
    if any(isinstance(v, (dict, list)) for v in r.values()):
        fail("not flat", r)
    if m[1] not in WRITERS.get(r["event.action"], ["jumpctl"]):
        fail("written by", m[1], r)
    return r


def mine(r, user):
    return user in (r.get("user.name"), r.get("jump.who"))


def is_of(r, target):
    return "%s:%s" % (r["destination.address"], r["destination.port"]) \
        == target


def word(r):
    end = ":" + r["jump.end"] if "jump.end" in r else ""
    return r["event.action"] + "-+"[r["event.outcome"] == "success"] + end


def raw(name, user):
    lines = open(name, "rb").read().split(b"\n")[:-1]
    return [r for r in map(record, lines) if r and mine(r, user)]


def check_records(records, want, target, count, seconds):
    if [word(r) for r in records] != want.split():
        fail("records", [word(r) for r in records])
    rest = [r for r in records if r["event.action"] != "login"]
    if not all(is_of(r, target) for r in rest
               if "destination.address" in r or r["event.action"] != "sweep"):
        fail("another target", rest)
    if any(r["source.ip"] != "192.0.2.10" for r in rest):
        fail("another source", rest)
    if len({r.get("jump.session") for r in rest}) > 1:
        fail("several ids", rest)
    if sorted(r["@timestamp"] for r in records) \
            != [r["@timestamp"] for r in records]:
        fail("not in order", records)
    for r in rest:
        if r["event.action"] == "close":
            got = r["source.bytes"], r["destination.bytes"]
            if count == "-" or got != (int(count), int(count)):
                fail("bytes", got, count)
            if not seconds * 10**9 <= r["event.duration"] < 90 * 10**9:
                fail("duration", r["event.duration"])
    return {r["jump.session"] for r in rest if "jump.session" in r}


def check_list(rows, want, target, count, ids):
    got = [r["outcome"] + (":" + r["end"] if "end" in r else "")
           for r in rows if r["outcome"] != "logout"]
    if got != want.split():
        fail("list", got)
    if [r["outcome"] for r in rows[1:]].count("logout") != 1:
        fail("no logout", rows)
    if any(r["trust"] not in ("kernel", "uid") for r in rows):
        fail("not attested", rows)
    rest = [r for r in rows if r["outcome"] not in ("login", "logout", "admin")]
    if any("%s:%s" % (r["target"], r["port"]) != target for r in rest):
        fail("another target in the list", rest)
    for r in rows:
        if r["outcome"] == "close" and ids and \
                (str(r["sent"]), str(r["received"])) != (count, count):
            fail("bytes in the list", r)
    refs = {r["ref"] for r in rest}
    if ids and refs != ids:
        fail("ids of the list", refs, ids)
    if not ids:  # all is one login of sshd's
        refs |= {r["ref"] for r in rows if r["outcome"] in ("login", "logout")}
        if any(r.get("sent") for r in rest):
            fail("bytes that nobody counted", rest)
    if len(refs) != 1:
        fail("several ids in the list", refs)


def main():
    rawname, listname, user, target, count, seconds, want, listed = sys.argv[1:]
    ids = check_records(
        raw(rawname, user), want, target, count, int(seconds))
    rows = [json.loads(line) for line in open(listname)]
    rows = [r for r in rows if user in (r.get("user"), r.get("who"))]
    check_list(rows, listed, target, count, ids)


if __name__ == "__main__":
    main()
