#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Windows, where clocks change: a table of instants.

What is expected stands here by hand.  The programs' answer comes from libc,
which reads the zone files; the reference's, and the moment when an open window
closes, from Python's zoneinfo, which reads them on its own.
"""

import collections
import datetime
import importlib.machinery
import importlib.util
import os
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
LOADER = importlib.machinery.SourceFileLoader("run", os.path.join(HERE, "run"))
run = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("run", LOADER))
LOADER.exec_module(run)
reference = run.reference

BUILD = os.environ.get("LAB_BUILD",
                       os.path.join(HERE, "..", "..", "build"))
AMS, NYC, UTC = "Europe/Amsterdam", "America/New_York", "UTC"
DAYS = 16               # after which what is still open stays open

# Zone, window, and instants: open (+) or closed (-).
TABLE = (
    # The clock skips 02:00 to 03:00 on 29 March 2026.
    (AMS, "sun 02:00-03:00", """
        + 2026-03-22T02:30+01:00    - 2026-03-28T02:30+01:00
        - 2026-03-29T01:59:59+01:00 - 2026-03-29T03:00+02:00
        - 2026-03-29T03:59:59+02:00 + 2026-04-05T02:00+02:00
        + 2026-04-05T02:59:59+02:00 - 2026-04-05T03:00+02:00"""),
    (AMS, "sun 01:30-03:30", """
        - 2026-03-29T01:29:59+01:00 + 2026-03-29T01:30+01:00
        + 2026-03-29T01:59:59+01:00 + 2026-03-29T03:00+02:00
        + 2026-03-29T03:29:59+02:00 - 2026-03-29T03:30+02:00"""),
    # A start that is skipped: open as soon as the clock is past it.
    (AMS, "sun 02:30-03:30", """
        - 2026-03-29T01:59:59+01:00 + 2026-03-29T03:00+02:00
        + 2026-03-29T03:29:59+02:00 - 2026-03-29T03:30+02:00"""),
    # An end that is skipped: closed as soon as the clock is past it.
    (AMS, "sun 01:00-02:30", """
        - 2026-03-29T00:59:59+01:00 + 2026-03-29T01:00+01:00
        + 2026-03-29T01:59:59+01:00 - 2026-03-29T03:00+02:00"""),
    (AMS, "sat 22:00 - sun 04:00", """
        - 2026-03-28T21:59:59+01:00 + 2026-03-28T22:00+01:00
        + 2026-03-29T01:59:59+01:00 + 2026-03-29T03:59:59+02:00
        - 2026-03-29T04:00+02:00"""),
    (AMS, "sat 22:00-04:00", """
        + 2026-03-29T03:59:59+02:00 - 2026-03-29T04:00+02:00
        - 2026-03-29T22:00+02:00"""),
    # The clock shows 02:00 to 03:00 twice on 25 October 2026.
    (AMS, "sun 02:00-03:00", """
        - 2026-10-25T01:59:59+02:00 + 2026-10-25T02:00+02:00
        + 2026-10-25T02:59:59+02:00 + 2026-10-25T02:00+01:00
        + 2026-10-25T02:59:59+01:00 - 2026-10-25T03:00+01:00"""),
    (AMS, "sun 02:30-02:45", """
        - 2026-10-25T02:29:59+02:00 + 2026-10-25T02:30+02:00
        - 2026-10-25T02:45+02:00    - 2026-10-25T02:29:59+01:00
        + 2026-10-25T02:30+01:00    + 2026-10-25T02:44:59+01:00
        - 2026-10-25T02:45+01:00"""),
    (AMS, "sun 01:00-02:30", """
        + 2026-10-25T01:00+02:00    + 2026-10-25T02:29:59+02:00
        - 2026-10-25T02:30+02:00    - 2026-10-25T02:59:59+02:00
        + 2026-10-25T02:00+01:00    - 2026-10-25T02:30+01:00"""),
    (AMS, "sat 22:00 - sun 04:00", """
        + 2026-10-25T02:30+02:00    + 2026-10-25T02:30+01:00
        + 2026-10-25T03:59:59+01:00 - 2026-10-25T04:00+01:00"""),
    # Nearly a week: closed for a quarter of an hour, twice that night.
    (AMS, "sun 02:30 - sun 02:15", """
        - 2026-10-25T02:20+02:00    + 2026-10-25T02:30+02:00
        - 2026-10-25T02:20+01:00    + 2026-10-25T02:14:59+01:00
        + 2026-10-25T02:30+01:00    - 2026-11-01T02:15+01:00"""),
    # Two hours after midnight there: 02:00 to 03:00 on 8 March 2026 is not.
    (NYC, "sun 02:00-03:00", """
        + 2026-03-01T02:30-05:00    - 2026-03-08T01:59:59-05:00
        - 2026-03-08T03:00-04:00    + 2026-03-15T02:00-04:00
        - 2026-03-15T03:00-04:00"""),
    (NYC, "sun 01:30-03:30", """
        + 2026-03-08T01:30-05:00    + 2026-03-08T01:59:59-05:00
        + 2026-03-08T03:00-04:00    - 2026-03-08T03:30-04:00"""),
    (NYC, "sun 02:30-03:30", """
        - 2026-03-08T01:59:59-05:00 + 2026-03-08T03:00-04:00
        - 2026-03-08T03:30-04:00"""),
    (NYC, "sat 20:00 - sun 02:30", """
        + 2026-03-07T20:00-05:00    + 2026-03-08T01:59:59-05:00
        - 2026-03-08T03:00-04:00"""),
    # 01:00 to 02:00 twice on 1 November 2026.
    (NYC, "sun 01:00-02:00", """
        - 2026-11-01T00:59:59-04:00 + 2026-11-01T01:00-04:00
        + 2026-11-01T01:59:59-04:00 + 2026-11-01T01:00-05:00
        + 2026-11-01T01:59:59-05:00 - 2026-11-01T02:00-05:00"""),
    (NYC, "sun 00:00-01:30", """
        + 2026-11-01T00:00-04:00    - 2026-11-01T01:30-04:00
        + 2026-11-01T01:00-05:00    + 2026-11-01T01:29:59-05:00
        - 2026-11-01T01:30-05:00"""),
    (NYC, "sat-sun 22:00-04:00", """
        + 2026-11-01T01:30-04:00    + 2026-11-01T01:30-05:00
        + 2026-11-01T03:59:59-05:00 - 2026-11-01T04:00-05:00
        + 2026-11-01T22:00-05:00    + 2026-11-02T03:59:59-05:00
        - 2026-11-02T04:00-05:00"""),
    # The zone is of the policy, whatever offset a time is written with.
    (NYC, "mon-fri 08:00-18:00", """
        + 2026-11-20T14:00+01:00    - 2026-11-20T13:59:59+01:00
        + 2026-11-20T22:59:59Z      - 2026-11-20T23:00Z"""),
    (UTC, "sun 01:00-02:00", """
        + 2026-03-29T01:30Z         - 2026-03-29T02:00Z
        + 2026-10-25T01:59:59Z      - 2026-10-25T00:59:59Z"""),
    # Weeks that wrap.
    (AMS, "fri 18:00 - mon 08:00", """
        - 2026-11-20T17:59:59+01:00 + 2026-11-20T18:00+01:00
        + 2026-11-22T23:59:59+01:00 + 2026-11-23T00:00+01:00
        + 2026-11-23T07:59:59+01:00 - 2026-11-23T08:00+01:00"""),
    (AMS, "sat-mon 23:00-01:00", """
        - 2026-11-21T00:30+01:00    + 2026-11-21T23:00+01:00
        + 2026-11-22T00:59:59+01:00 - 2026-11-22T01:00+01:00
        + 2026-11-22T23:30+01:00    + 2026-11-23T00:30+01:00
        + 2026-11-24T00:59:59+01:00 - 2026-11-24T23:30+01:00"""),
    (AMS, "sun-mon 20:00-06:00", """
        + 2026-11-23T05:59:59+01:00 - 2026-11-23T06:00+01:00
        + 2026-11-23T20:00+01:00    + 2026-11-24T05:59:59+01:00
        - 2026-11-25T05:00+01:00"""),
    (NYC, "mon 00:00 - sun 24:00", """
        + 2026-11-22T23:59:59-05:00 + 2026-11-23T00:00-05:00
        + 2026-03-08T03:00-04:00    + 2026-11-01T01:30-05:00"""),
    (AMS, "mon-sun 00:00-24:00", """
        + 2026-10-25T02:30+01:00    + 2026-12-31T23:59:59+01:00"""),
    # Ends of months and of years.
    (NYC, "mon-sun 23:00-01:00", """
        + 2026-01-31T23:00-05:00    + 2026-02-01T00:59:59-05:00
        - 2026-02-01T01:00-05:00    + 2026-04-30T23:59:59-04:00
        + 2026-05-01T00:00-04:00    + 2026-12-31T23:59:59-05:00
        + 2027-01-01T00:00-05:00    - 2027-01-01T01:00-05:00"""),
    (AMS, "thu 23:00-01:00", """
        + 2026-12-31T23:00+01:00    + 2027-01-01T00:59:59+01:00
        - 2027-01-01T01:00+01:00    - 2026-12-30T23:30+01:00"""),
    # 29 February: a Tuesday in 2000 and 2028; in 2027 and 2100 there is none.
    (AMS, "tue 00:00-24:00", """
        - 2028-02-28T23:59:59+01:00 + 2028-02-29T00:00+01:00
        + 2028-02-29T23:59:59+01:00 - 2028-03-01T00:00+01:00
        + 2000-02-29T12:00+01:00    - 2000-03-01T00:00+01:00"""),
    (NYC, "tue 23:00-01:00", """
        + 2028-02-29T23:00-05:00    + 2028-03-01T00:59:59-05:00
        - 2028-03-01T01:00-05:00    - 2028-02-29T00:30-05:00"""),
    (AMS, "sun 23:00-01:00", """
        + 2027-02-28T23:59:59+01:00 + 2027-03-01T00:30+01:00
        - 2027-03-01T01:00+01:00    + 2100-02-28T23:59:59+01:00
        + 2100-03-01T00:59:59+01:00 - 2100-03-01T01:00+01:00"""),
    # Beyond the changes that zone files list one by one.
    (AMS, "sun 02:00-03:00", """
        - 2060-03-28T03:00+02:00    + 2060-10-31T02:30+02:00
        + 2060-10-31T02:30+01:00    - 2060-10-31T03:00+01:00"""),
    (NYC, "sun 01:00-02:00", """
        + 2060-11-07T01:30-04:00    + 2060-11-07T01:30-05:00
        - 2060-11-07T02:00-05:00    + 2060-03-14T01:59:59-05:00
        - 2060-03-14T03:00-04:00"""),
)


def cases():
    for zone, window, text in TABLE:
        words = text.split()
        for sign, when in zip(words[::2], words[1::2]):
            now = datetime.datetime.fromisoformat(when.replace("Z", "+00:00"))
            yield zone, window, when, int(now.timestamp()), sign == "+"


def policy(zone, window):
    return ("version 1\nset timezone \"%s\"\nuser alice\n"
            "host web1 10.2.0.10 ssh 22\nwindow w %s\n"
            "allow x: alice to web1 when w\n" % (zone, window))


def request(road, now):
    return {"user": "alice", "asked": "web1", "addr": "10.2.0.10",
            "port": "22", "road": road, "swept": "1", "now": str(now),
            "groups": {}, "approvals": [], "own": [], "locks": []}


def is_open(parsed, now):
    return reference.judge(parsed, reference.Request(
        request("connect", now))).word == "allow"


def closes(parsed, now):
    """The first minute at which it is closed; 0 if there is none."""
    for when in range(now - now % 60 + 60, now + DAYS * 86400, 60):
        if not is_open(parsed, when):
            return when
    return 0


class Windows(unittest.TestCase):
    pass


def test_of(zone, window, when, now, opens):
    def test(self):
        text = policy(zone, window)
        parsed = reference.Policy([text], collections.Counter())
        self.assertEqual(is_open(parsed, now), opens, "zoneinfo")
        self.assertEqual(self.driver.policy([text]), "ok")
        for road in ("connect", "forward"):
            answer = self.driver.judge(request(road, now))
            self.assertEqual(answer.split()[0],
                             "allow" if opens else "deny", road)
            if opens:
                end = int(answer.partition(" end=")[2].split()[0])
                self.assertEqual(end, closes(parsed, now), road + " closes")
    test.__doc__ = "%s, %s: %s" % (zone, window, when)
    return test


for number, case in enumerate(cases()):
    setattr(Windows, "test_%03d" % number, test_of(*case))


def setUpModule():
    Windows.driver = run.Driver(BUILD)


def tearDownModule():
    Windows.driver.process.stdin.close()
    Windows.driver.process.wait()
    Windows.driver.process.stdout.close()


if __name__ == "__main__":
    assert len(list(cases())) >= 100
    unittest.main()
