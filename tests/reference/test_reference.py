#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The reference against the manual's own examples.

Takes each complete policy out of jump-policy(5), and expects of the reference
what the test lines in it say.
"""

import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
import reference            # noqa: E402

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "..", "..", "docs", "jump-policy.5")
BEST = ("deny", "ask", "allow")


def examples():
    """The policies that the manual shows in full."""
    with open(MANUAL, encoding="utf-8") as manual:
        blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", manual.read(),
                            re.DOTALL | re.MULTILINE)
    return [block.replace("\\(dq", '"').replace("\\e", "\\")
            for block in blocks if block.startswith("version 1\n")]


def tests(text):
    """The test statements: user, target, port, options, verdict, words."""
    for words in reference.statements(text, reference.collections.Counter()):
        reader = reference.Reader(words)
        if reader.text() != "test":
            continue
        user, to = reader.text(), reader.text()
        assert to == "to"
        _, target, _, port = reader.item().split()
        options = {}
        while (word := reader.text()) != "=":
            options[word] = reader.text()
        verdict = reader.text()
        exactly = set(reader.texts()) if reader.more() else None
        yield user, target, port, options, verdict, exactly


def best(policy, user, target, port, options):
    """The best verdict of its addresses and of the roads."""
    found = None
    roads = [options["via"]] if "via" in options else reference.ROADS
    for road in roads:
        for addr in target.addresses:
            request = reference.Request({
                "user": user, "asked": target.name, "road": road,
                "swept": "1",
                "port": port, "from": options.get("from"),
                "as": options.get("as"), "now": reference.moment(
                    options.get("at", "2026-11-03T12:00Z"))})
            request.addr = addr
            verdict = reference.judge(policy, request)
            if (found is None or BEST.index(verdict.word)
                    > BEST.index(found.word)):
                found = verdict
    return found


class Examples(unittest.TestCase):
    def test_there_are_some(self):
        self.assertGreaterEqual(len(examples()), 2)

    def test_they_say_what_the_reference_says(self):
        for text in examples():
            policy = reference.Policy([text])
            for user, name, port, options, word, exactly in tests(text):
                target = policy.targets[name]
                for one in [port] if port else target.ports:
                    with self.subTest(user=user, to=name, port=one):
                        verdict = best(policy, user, target, one, options)
                        self.assertEqual(verdict.word, word)
                        if exactly is not None:
                            self.assertEqual(verdict.obligations, exactly)


class Manual(unittest.TestCase):
    """Sentences that random requests meet seldom."""

    def judge(self, lines, **pairs):
        text = "version 1\nuser alice\nhost h 10.0.0.1 tcp 80\n" + lines
        request = {"user": "alice", "asked": "h", "addr": "10.0.0.1",
                   "port": "80", "road": "connect", "now": "0"}
        request.update(pairs)
        return reference.judge(reference.Policy([text]),
                               reference.Request(request))

    def test_obligations_of_an_allow_bind_always(self):
        lines = ("allow a: alice to h\n"
                 "allow b: alice to h via shell mfa idle 10m\n"
                 "require c: any to any idle 5m\n")
        verdict = self.judge(lines)
        self.assertEqual(reference.render(verdict),
                         "ask obligations=mfa,idle unmet=mfa idle=300"
                         " duration=0 limits= step=6")
        self.assertEqual(self.judge(lines, mfa="1").word, "allow")

    def test_embedded_addresses_bind_deny_but_not_allow(self):
        lines = "net n 64:ff9b::/96 tcp 80\nallow a: any to { n h }\n"
        inside = "64:ff9b::10.0.0.1"
        self.assertEqual(self.judge(lines, addr=inside).word, "allow")
        lines += "deny d: any to h\n"
        self.assertEqual(self.judge(lines, addr=inside).word, "deny")
        self.assertEqual(
            self.judge("allow a: any to h\n", addr=inside).word, "deny")

    def test_windows_pass_midnight_and_the_week(self):
        lines = "window w sun 22:00-06:00\nallow a: any to h when w\n"
        for at, word in (("2026-11-01T21:59:59Z", "deny"),
                         ("2026-11-01T22:00Z", "allow"),
                         ("2026-11-02T05:59:59Z", "allow"),
                         ("2026-11-02T06:00Z", "deny")):
            now = str(reference.moment(at))
            self.assertEqual(self.judge(lines, now=now).word, word, at)


if __name__ == "__main__":
    unittest.main()
