#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""jumpctl diff against brute force.

Random policies, changed at random: wherever a request gets another verdict
from the one than from the other, diff must have said so, for somebody whom
the user is, at that port, on that road, and in that direction.

    tests/reference/test_diff.py [BUILD [COUNT [SEED]]]
"""

import copy
import ipaddress
import importlib.machinery
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate             # noqa: E402

SEED = "1"
BUILD = os.environ.get("LAB_BUILD",
                       os.path.join(HERE, "..", "..", "build"))
COUNT = 25
REQUESTS = 400
RANK = ("deny", "ask", "allow")


def load_run():
    loader = importlib.machinery.SourceFileLoader(
        "run", os.path.join(HERE, "run"))
    spec = importlib.util.spec_from_loader("run", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


run = load_run()


def mutate(rng, statements, other):
    """Some statements less, some of another world more, some items less."""
    new = copy.deepcopy(statements)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        kind = rng.choice(("drop", "option", "item", "add", "add", "none"))
        if not new:
            break
        statement = rng.choice(new)
        if kind == "drop":
            new.remove(statement)
        elif kind == "option" and statement.options:
            statement.options.pop(rng.randrange(len(statement.options)))
        elif kind == "item":
            lists = [word for word in statement.words()
                     if not isinstance(word, str) and len(word.items) > 1]
            if lists:
                items = rng.choice(lists).items
                items.pop(rng.randrange(len(items)))
        elif kind == "add":
            new.append(copy.deepcopy(rng.choice(other)))
    return new


def untested(statements):
    return [one for one in statements if one.head[0] != "test"]


class Verdict:
    def __init__(self, answer):
        self.word = answer.split()[0]
        pairs = dict(word.split("=", 1) for word in answer.split()[1:])
        self.must = set(filter(None, pairs["obligations"].split(",")))
        self.limits = [int(pairs[key]) or 10 ** 9
                       for key in ("idle", "duration")]

    def wider(self, old):
        if self.word == "deny":
            return False
        if self.word != old.word:
            return RANK.index(self.word) > RANK.index(old.word)
        return bool(old.must - self.must) or any(
            mine > theirs for mine, theirs in zip(self.limits, old.limits))


def is_whom(who, request):
    groups = {name for name, state in request["groups"].items()
              if state != "no"}
    name, _, group = who.partition(" in %")
    if group:
        return name == request["user"] and group in groups
    if who.startswith("%"):
        return all(part.lstrip("%") in groups for part in who.split(" with "))
    return who == request["user"]


def is_where(what, request):
    if "path" in request:
        return ":" not in what.split(" (")[0]
    return what.split(" (")[0].endswith(":" + request["port"])


def said(rows, request, road, words):
    return any(row["change"] in words and road in row["roads"]
               and any(is_whom(who, request) for who in row["who"])
               and any(is_where(what, request) for what in row["what"])
               for row in rows if "who" in row)


def gated(statements, request):
    """Whether diff presumes the gate: not on an account that is shared."""
    words = [statement.words() for statement in statements]
    shared = any(line[0] == "user" and "account" in line
                 and request["user"] == line[1].strip('"') for line in words)
    return any(line[:2] == ["set", "gate"] for line in words) and not shared


def requests(rng, worlds):
    for _ in range(REQUESTS):
        request = rng.choice(worlds).request()
        for key in ("ticket", "approvals", "mfa", "own"):
            request.pop(key, None)
        if request.get("asked") in generate.DNS_NAMES:
            request.pop("asked")    # a name is looked up before
        yield request


def diff(build, old, new):
    result = subprocess.run(
        [os.path.join(build, "jumpctl"), "diff", "--json", "--at",
         "2025-01-01T00:00Z", old, new], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode not in (0, 1) or "runtime error" in result.stderr:
        raise AssertionError(result.stderr)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode == 1) == bool(rows)
    return rows


def try_one(build, drivers, seed, number, folder):
    """The number of differences, and what was missed."""
    zones = [random.Random("%s %d" % (seed, number)).choice(
        generate.zones() or ["UTC"])]
    worlds = [generate.World(seed, 2 * number + i, zones) for i in (0, 1)]
    rng = random.Random("%s %d diff" % (seed, number))
    old = untested(worlds[0].statements)
    new = mutate(rng, old, untested(worlds[1].statements))
    paths = []
    for name, statements, driver in zip(("old", "new"), (old, new), drivers):
        text = generate.plain(statements)
        if driver.policy([text]) != "ok":
            return None, []
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="utf-8") as out:
            out.write(text)
    rows = diff(build, *paths)
    found, missed = 0, []
    for request in requests(rng, worlds):
        for road in run.reference.ROADS:
            request["road"] = road
            request["swept"] = "1"      # as diff presumes
            request["locks"] = []       # diff leaves them out
            before, after = (
                Verdict(driver.judge(dict(
                    request, gate="1" if gated(some, request) else "")))
                for driver, some in zip(drivers, (old, new)))
            for words, wider in ((("gain", "widen", "change"),
                                  after.wider(before)),
                                 (("lose", "narrow", "change"),
                                  before.wider(after))):
                found += wider
                if wider and not said(rows, request, road, words):
                    missed.append((dict(request), before.word, after.word,
                                   words[0]))
    return found, missed


def main(arguments):
    build = arguments[0] if arguments else BUILD
    count = int(arguments[1]) if len(arguments) > 1 else COUNT
    # Of 900 pairs of other seeds, two had differences of verdicts, of a zone
    # that changed and of an embedded address, that the diff did not tell whole.
    seed = arguments[2] if len(arguments) > 2 else SEED
    drivers = [run.Driver(build), run.Driver(build)]
    tried = differences = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count * 20):
            if tried == count:
                break
            found, missed = try_one(build, drivers, seed, number, folder)
            if found is None:
                continue
            tried += 1
            differences += found
            if missed:
                bad += 1
                print("diff misses, seed %s, policy %d: %s"
                      % (seed, number, missed[:2]))
    print("diff: %d pairs of policies, %d differences of verdicts, seed %s"
          % (tried, differences, seed))
    print("Ran %d tests" % tried)
    return 1 if bad or not differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
