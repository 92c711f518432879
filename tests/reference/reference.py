#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The independent reference: jump-policy(5), slow and obvious.

Written from the sentences of the manual, never from the C; the headings in
the comments are the manual's.  It assumes a valid policy: text that
`jumpctl check` refuses may mean anything here.

    reference.py FILE... -- KEY=VALUE...     judges one request
"""

import collections
import copy
import datetime
import ipaddress
import re
import sys
import zoneinfo

# Certain, uncertain, false.
FALSE, UNCERTAIN, TRUE = 0, 1, 2
TRUTH = ("false", "uncertain", "true")


def all_of(truths):
    """False if any is false; otherwise uncertain if any is; otherwise true."""
    truths = list(truths)
    if FALSE in truths:
        return FALSE
    if UNCERTAIN in truths:
        return UNCERTAIN
    return TRUE


def any_of(truths):
    """A list is an or."""
    truths = list(truths)
    if TRUE in truths:
        return TRUE
    if UNCERTAIN in truths:
        return UNCERTAIN
    return FALSE


def certain(condition):
    return TRUE if condition else FALSE


# ---------------------------------------------------------------------------
# Lexis
# ---------------------------------------------------------------------------

class Word:
    """A word: pieces of text, each from inside or from outside a string."""

    def __init__(self):
        self.pieces = []                # [text, quoted]

    def add(self, char):
        if not self.pieces or self.pieces[-1][1]:
            self.pieces.append(["", False])
        self.pieces[-1][0] += char

    def add_string(self, text):
        self.pieces.append([text, True])

    @property
    def text(self):
        return "".join(text for text, _ in self.pieces)

    @property
    def bare(self):
        """The text of a word without strings: a keyword, perhaps."""
        quoted = any(quoted for _, quoted in self.pieces)
        return None if quoted else self.text

    def split(self):
        """The sigil, the name, whether it is quoted, and what follows ':'."""
        pieces = [list(piece) for piece in self.pieces]
        sigil = ""
        if not pieces[0][1] and pieces[0][0][0] in "@%":
            sigil = pieces[0][0][0]
            pieces[0][0] = pieces[0][0][1:]
            if not pieces[0][0]:
                pieces.pop(0)
        name, quoted = pieces[0]
        rest = "".join(text for text, _ in pieces[1:])
        if not quoted:
            name, colon, after = name.partition(":")
            rest = colon + after + rest
        return sigil, name, quoted, rest[1:] if rest else None


def statements(text, seen):
    """Splits a file into statements: lists of words and of lists of words."""
    result = []
    statement, braces, word = [], None, None

    def end_of_word():
        nonlocal word
        if word is not None:
            (statement if braces is None else braces).append(word)
            word = None

    i = 0
    while i < len(text):
        char = text[i]
        if char == "#":                 # to the end of the line
            if braces is not None:
                seen["lexis: comment inside braces"] += 1
            elif word is not None or statement:
                seen["lexis: comment after a statement"] += 1
            else:
                seen["lexis: comment of its own"] += 1
            while i + 1 < len(text) and text[i + 1] != "\n":
                i += 1
            end_of_word()
        elif char == '"':               # to the next one, no escapes
            end = text.index('"', i + 1)
            word = word or Word()
            seen["lexis: string behind a sigil" if word.text in ("@", "%")
                 else "lexis: string"] += 1
            word.add_string(text[i + 1:end])
            if text[end + 1:end + 2] == ":":
                seen["lexis: string before a port"] += 1
            i = end
        elif char == "{":
            end_of_word()
            braces = []
        elif char == "}":
            end_of_word()
            seen["lexis: braces around one" if len(braces) == 1
                 else "lexis: braces around several"] += 1
            statement.append(braces)
            braces = None
        elif char == "\n" and braces is None:
            end_of_word()
            if statement:
                result.append(statement)
            statement = []
        elif char in " \t\n":
            if char == "\n":
                seen["lexis: list over several lines"] += 1
            end_of_word()
        else:
            word = word or Word()
            word.add(char)
        i += 1
    end_of_word()
    if statement:
        result.append(statement)
    return result


class Reader:
    """Walks along the words of one statement."""

    def __init__(self, words):
        self.words = list(words)

    def more(self):
        return bool(self.words)

    def item(self):
        item = self.words.pop(0)
        assert isinstance(item, Word), "a list where one item belongs"
        return item

    def list(self):
        item = self.words.pop(0)
        return item if isinstance(item, list) else [item]

    def text(self):
        return self.item().text

    def texts(self):
        return [item.text for item in self.list()]


# ---------------------------------------------------------------------------
# Names, numbers and times
# ---------------------------------------------------------------------------

def mapped(version, number):
    """IPv4-mapped addresses are the IPv4 address itself everywhere."""
    if version == 6 and number >> 32 == 0xffff:
        return 4, number & 0xffffffff
    return version, number


def address(text):
    """An address is what inet_pton(3) takes: a version and a number."""
    parsed = ipaddress.ip_address(text)
    return mapped(parsed.version, int(parsed))


def is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


def network(text):
    """A version, a number and a length; an address is a network of itself."""
    base, slash, length = text.partition("/")
    parsed = ipaddress.ip_address(base)
    length = int(length) if slash else parsed.max_prefixlen
    version, number = mapped(parsed.version, int(parsed))
    if version != parsed.version and length >= 96:
        length -= 96                    # ::ffff:10.0.0.0/104 is 10.0.0.0/8
    else:
        version, number = parsed.version, int(parsed)
    return version, number, length


def inside(addr, net):
    version, number, length = net
    if addr[0] != version:
        return False
    shift = (32 if version == 4 else 128) - length
    return addr[1] >> shift == number >> shift


def inside_any(addr, nets):
    return any(inside(addr, net) for net in nets)


def seconds(text):
    """A duration is a number and one of s m h d."""
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]


def time_zone(name):
    """UTC needs no table of the machine."""
    if name == "UTC":
        return datetime.timezone.utc
    return zoneinfo.ZoneInfo(name)


def moment(text):
    """YYYY-MM-DDTHH:MM[:SS] and Z or an offset, as seconds of the epoch."""
    form = r"(.{10})T(\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)"
    date, clock, second, zone = re.fullmatch(form, text).groups()
    zone = "+00:00" if zone == "Z" else zone
    iso = "%sT%s%s%s" % (date, clock, second or ":00", zone)
    return int(datetime.datetime.fromisoformat(iso).timestamp())


# ---------------------------------------------------------------------------
# The statements: SETTINGS, PEOPLE, TARGETS, WINDOWS, RULES
# ---------------------------------------------------------------------------

User = collections.namedtuple("User", "name until account")

# kind is host, net, domain, device or socket.
Target = collections.namedtuple(
    "Target", "kind name addresses nets patterns path ports ssh aliases tags")

# conditions and obligations: the word, and what stands behind it.
Rule = collections.namedtuple(
    "Rule", "verb name who what conditions obligations")

CONDITIONS = ("via", "from", "when", "until", "as")
OBLIGATIONS = ("mfa", "ticket", "approve", "record", "consent", "notify",
               "max", "idle", "duration")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7 * 24 * 60


class Policy:
    def __init__(self, texts, seen=None):
        self.seen = collections.Counter() if seen is None else seen
        self.zone = "UTC"
        self.never = []
        self.users = {}
        self.groups = {}
        self.unix_groups = set()        # every one that the policy names
        self.targets = {}
        self.hostkeys = {}              # base64, of a target's name
        self.authorities = {}           # who they may certify
        self.windows = {}               # lists of (start, length) in minutes
        self.rules = []
        for text in texts:
            for words in statements(text, self.seen):
                self.statement(Reader(words))

    def statement(self, reader):
        verb = reader.text()
        self.seen["statement: " + verb] += 1
        if verb in ("allow", "deny", "require"):
            self.rule(verb, reader)
        elif verb in ("host", "net", "domain", "device", "socket"):
            self.target(verb, reader)
        elif verb == "hostkey":
            name = reader.text()
            self.hostkeys.setdefault(name, set()).add(
                reader.text().split()[1])
        elif verb in ("version", "key", "test"):
            pass                        # no part of any verdict
        else:
            getattr(self, verb)(reader)

    def set(self, reader):
        word = reader.text()
        self.seen["statement: set " + word] += 1
        if word == "timezone":
            self.zone = reader.text()
        elif word == "never":
            self.never = [network(text) for text in reader.texts()]

    # PEOPLE

    def user(self, reader):
        name, until, account = reader.text(), None, None
        while reader.more():
            option = reader.text()
            self.seen["option: user " + option] += 1
            if option == "until":
                until = moment(reader.text())
            elif option == "account":
                account = reader.text()
            else:
                assert option == "comment"
                reader.text()
        self.users[name] = User(name, until, account)

    def person(self, item):
        """One item of MEMBERS or of WHO."""
        sigil, name, quoted, _ = item.split()
        if sigil == "@":
            return "group", name
        if sigil == "%":
            self.unix_groups.add(name)
            return "unix", name
        if name == "any" and not quoted:
            return "any", None
        return "user", name

    def group(self, reader):
        _, name, _, _ = reader.item().split()
        self.groups[name] = [self.person(item) for item in reader.list()]

    def ca(self, reader):
        name = reader.text()
        reader.text()
        assert reader.text() == "for"
        self.authorities[name] = [self.person(item)
                                  for item in reader.list()]

    # TARGETS

    def target(self, kind, reader):
        name = reader.text()
        addresses, nets, patterns, path = [], [], [], None
        if kind == "host":
            addresses = [address(text) for text in reader.texts()]
        elif kind == "net":
            nets = [network(text) for text in reader.texts()]
        elif kind == "domain":
            patterns = reader.texts()
        elif kind == "device":
            where = reader.text()
            if where.startswith("/"):
                path = where
            else:
                addresses = [address(where)]
        else:
            path = reader.text()
        ports, ssh, aliases, tags = set(), set(), [], []
        while reader.more():
            option = reader.text()
            self.seen["option: %s %s" % (kind, option)] += 1
            if option in ("ssh", "tcp"):
                some = {None}           # a path has no port
                if path is None:
                    some = {int(text) for text in reader.texts()}
                    ports |= some
                if option == "ssh":
                    ssh |= some
            elif option == "in":
                nets = [network(text) for text in reader.texts()]
            elif option == "alias":
                aliases = reader.texts()
            elif option == "tag":
                tags = reader.texts()
            elif option in ("account", "comment"):
                reader.text()
            else:
                assert option in ("agent", "replace"), option
        self.targets[name] = Target(kind, name, addresses, nets, patterns,
                                    path, ports, ssh, aliases, tags)

    # WINDOWS

    def window(self, reader):
        name = reader.text()
        days = []
        for text in reader.texts():
            first, dash, last = text.partition("-")
            first = DAYS.index(first)
            last = DAYS.index(last) if dash else first
            if last < first:            # may pass the end of the week
                self.seen["window: days pass the end of the week"] += 1
                last += 7
            days.extend(day % 7 for day in range(first, last + 1))
        clock = reader.text()
        if "-" in clock:
            start, end = (self.minutes(text) for text in clock.split("-"))
            if end < start:             # is on the next day
                self.seen["window: hours pass midnight"] += 1
                end += 1440
            spans = [(day * 1440 + start, end - start) for day in days]
        else:
            start = days[0] * 1440 + self.minutes(clock)
            assert reader.text() == "-"
            end = DAYS.index(reader.text()) * 1440
            end += self.minutes(reader.text())
            self.seen["window: one span"] += 1
            if end < start:             # may pass the end of the week
                self.seen["window: span passes the end of the week"] += 1
                end += WEEK
            spans = [(start, end - start)]
        self.windows[name] = spans

    @staticmethod
    def minutes(clock):
        hour, minute = clock.split(":")
        return int(hour) * 60 + int(minute)

    # RULES

    def rule(self, verb, reader):
        _, name, _, _ = reader.item().split()
        who = [self.person(item) for item in reader.list()]
        assert reader.text() == "to"
        what = []
        for item in reader.list():
            sigil, target, quoted, port = item.split()
            kind = "tag" if sigil else "target"
            if target == "any" and not sigil and not quoted:
                kind = "any"
            what.append((kind, target, int(port) if port else None))
        conditions, obligations = {}, {}
        while reader.more():
            option = reader.text()
            self.seen["%s with %s" % (verb, option)] += 1
            if option in ("via", "when", "as"):
                conditions[option] = reader.texts()
            elif option == "from":
                conditions[option] = [network(text)
                                      for text in reader.texts()]
            elif option == "until":
                conditions[option] = moment(reader.text())
            elif option == "ticket":
                obligations[option] = reader.texts()
            elif option == "approve":
                _, group, _, _ = reader.item().split()
                seconds(reader.text())
                obligations[option] = group
            elif option == "max":
                obligations[option] = int(reader.text())
            elif option in ("idle", "duration"):
                obligations[option] = seconds(reader.text())
            else:
                assert option in OBLIGATIONS, option
                obligations[option] = True
        self.rules.append(Rule(verb, name, who, what, conditions,
                               obligations))


# ---------------------------------------------------------------------------
# What the roads hold
# ---------------------------------------------------------------------------

ROADS = ("forward", "connect", "shell")

# Forward is of two kinds: with the gate, and without.
COLUMNS = ("forward", "gate", "connect", "shell")

HOLDS = {
    # need              forward gate   connect shell
    "hosts":            (True,  True,  True,  True),
    "nets":             (False, True,  True,  True),
    "domains":          (False, False, True,  True),   # sockets, paths
    "from":             (False, False, True,  True),
    "ends":             (False, True,  True,  True),   # forward: while swept
    "as":               (False, False, False, True),
    "mfa":              (True,  True,  True,  True),
    "ticket":           (False, False, True,  True),
    "approve":          (False, True,  True,  True),   # forward: while swept
    "record":           (False, True,  True,  True),   # but what SSH says
    "consent":          (False, False, False, True),
    "notify":           (False, True,  True,  True),
    "max":              (False, True,  True,  True),
    "idle":             (False, True,  True,  True),
    "duration":         (False, True,  True,  True),
}


def holds(column, need):
    return HOLDS[need][COLUMNS.index(column)]


# ---------------------------------------------------------------------------
# ADDRESSES THAT ARE NEVER REACHED
# ---------------------------------------------------------------------------

NEVER = [network(text) for text in (
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4",
    "255.255.255.255", "::/96", "fe80::/10", "ff00::/8", "fd00:ec2::254")]


def embedded(addr):
    """The name of the form and the IPv4 address inside an IPv6 address."""
    version, number = addr
    if version == 4:
        return None, None
    low = number & 0xffffffff
    if inside(addr, network("64:ff9b::/96")):
        return "NAT64", (4, low)
    if inside(addr, network("64:ff9b:1::/48")):
        return "local NAT64", (4, low)
    if inside(addr, network("2002::/16")):
        return "6to4", (4, number >> 80 & 0xffffffff)
    if inside(addr, network("2001::/32")):
        return "Teredo", (4, low ^ 0xffffffff)
    return None, None


# ---------------------------------------------------------------------------
# HOW A REQUEST IS JUDGED
# ---------------------------------------------------------------------------

Verdict = collections.namedtuple(
    "Verdict", "word step obligations unmet idle duration limits")


def matches(pattern, text):
    """'*' is any number of characters but a dot, '?' one but a dot."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        if matches(pattern[1:], text):
            return True
        return bool(text) and text[0] != "." and matches(pattern, text[1:])
    if not text:
        return False
    if pattern[0] == "?":
        return text[0] != "." and matches(pattern[1:], text[1:])
    return pattern[0] == text[0] and matches(pattern[1:], text[1:])


class Request:
    """KEY=VALUE as in the protocol of evaluate.c; see generate.py."""

    def __init__(self, pairs):
        self.user = pairs["user"]
        self.asked = pairs["asked"]
        self.addr = address(pairs["addr"]) if pairs.get("addr") else None
        self.path = pairs.get("path") or None
        self.presume = pairs.get("presume") == "1"
        self.port = int(pairs["port"]) if pairs.get("port") else None
        # What was typed with a name, though a path has no port.
        self.typed = int(pairs["typed"]) if pairs.get("typed") else self.port
        self.road = pairs["road"]
        gate = self.road == "forward" and pairs.get("gate") == "1"
        self.column = "gate" if gate else self.road
        self.source = address(pairs["from"]) if pairs.get("from") else None
        self.login = pairs.get("as") or None
        self.now = int(pairs["now"])
        self.groups = dict(pairs.get("groups") or {})
        self.mfa = pairs.get("mfa") == "1"
        self.swept = pairs.get("swept") == "1"
        self.ticket = pairs.get("ticket") or None
        self.approvals = list(pairs.get("approvals") or [])
        self.own = [address(text) for text in pairs.get("own") or []]
        self.account = pairs.get("account") or self.user
        self.locks = list(pairs.get("locks") or [])
        self.resolved = [address(text)
                         for text in pairs.get("resolved") or []]


class Judgement:
    """One request under one policy."""

    def __init__(self, policy, request, seen=None):
        self.policy = policy
        self.request = request
        self.seen = collections.Counter() if seen is None else seen

    def note(self, *words):
        self.seen[" ".join(words)] += 1

    # What covers it

    def covers_address(self, target, addr):
        """The cover of an address, taken as it stands."""
        if target.kind in ("host", "device"):
            return certain(addr in target.addresses)
        if target.kind == "net":
            return certain(inside_any(addr, target.nets))
        if target.kind == "domain":
            if not inside_any(addr, target.nets):
                return FALSE
            # An address is no name.
            if is_address(self.request.asked):
                return UNCERTAIN
            if any(matches(pattern, self.request.asked)
                   for pattern in target.patterns):
                return TRUE
            return UNCERTAIN
        return FALSE

    def covers(self, target):
        request = self.request
        if request.path is not None:
            cover = certain(target.path == request.path)
            self.note("cover:", target.kind, "by path", TRUTH[cover])
            return cover
        if request.port not in target.ports:
            self.note("cover:", target.kind, "not by its ports")
            return FALSE
        if request.presume:     # by the domains that its name matches alone
            cover = certain(target.kind == "domain" and any(
                matches(pattern, request.asked)
                for pattern in target.patterns))
            self.note("cover: before a look-up,", target.kind, TRUTH[cover])
            return cover
        cover = self.covers_address(target, request.addr)
        self.note("cover:", target.kind, TRUTH[cover])
        if cover == FALSE:
            # Any target that covers the IPv4 address inside is uncertain.
            form, within = embedded(request.addr)
            if within and self.covers_address(target, within) != FALSE:
                self.note("cover:", target.kind, "inside", form)
                cover = UNCERTAIN
        return cover

    def road_holds_target(self, target):
        if target.kind in ("host", "device") and target.path is None:
            return holds(self.request.column, "hosts")
        return holds(self.request.column,
                     "nets" if target.kind == "net" else "domains")

    # Certain, uncertain, false

    def unix_groups(self):
        """The user's membership in each Unix group of the policy."""
        return {name: self.unix_group(name)
                for name in self.policy.unix_groups}

    def unix_group(self, name):
        truth = {"yes": TRUE, "no": FALSE, "failed": UNCERTAIN}
        return truth[self.request.groups[name]]

    def anybody(self):
        """any, which means every account of the policy."""
        if self.request.user in self.policy.users:
            return TRUE
        # Nobody who is a certain member of one, but perhaps of another.
        return any_of(self.unix_groups().values())

    def person(self, kind, name):
        if kind == "user":
            return certain(name == self.request.user)
        if kind == "unix":
            return self.unix_groups()[name]
        if kind == "group":
            return any_of(self.person(*member)
                          for member in self.policy.groups[name])
        return self.anybody()

    def who(self, rule):
        truth = any_of(self.person(*item) for item in rule.who)
        for kind, name in rule.who:
            self.note(rule.verb, "who", kind,
                      TRUTH[self.person(kind, name)])
        return truth

    def what(self, rule, verb):
        """verb is that of the rule, or require for an allow's shorthand."""
        truths = []
        for kind, name, port in rule.what:
            if port is not None and port != self.request.port:
                self.note(verb, "what", kind, "of another port")
                continue
            for target in self.policy.targets.values():
                if kind == "target" and target.name != name:
                    continue
                if kind == "tag" and name not in target.tags:
                    continue
                cover = self.covers(target)
                if (verb == "allow" and cover == TRUE
                        and not self.road_holds_target(target)):
                    self.note("allow of a target not held:", target.kind,
                              "on", self.request.column)
                    cover = UNCERTAIN
                self.note(verb, "what", kind, TRUTH[cover])
                truths.append(cover)
        return any_of(truths)

    def holds_ends(self):
        """forward holds ends while jumpctl sweep runs."""
        return holds(self.request.column, "ends") or (
            self.request.road == "forward" and self.request.swept)

    def condition(self, rule, word, value):
        request = self.request
        if word == "via":
            return certain(request.road in value)
        if word == "from":
            if not holds(request.column, "from") or request.source is None:
                return UNCERTAIN
            return certain(inside_any(request.source, value))
        if word == "when":
            if not self.holds_ends():
                return UNCERTAIN
            return certain(any(self.open(name) for name in value))
        if word == "until":
            if request.now >= value:
                return FALSE
            return certain(True) if self.holds_ends() else UNCERTAIN
        assert word == "as"
        if not holds(request.column, "as") or request.login is None:
            return UNCERTAIN
        return certain(request.login in value)

    def open(self, name):
        """Compares the clock of the policy's zone with a window."""
        zone = time_zone(self.policy.zone)
        local = datetime.datetime.fromtimestamp(self.request.now, zone)
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        for start, length in self.policy.windows[name]:
            # The start is inside, the end is outside.
            if (minute - start) % WEEK < length:
                self.note("window: open")
                return True
        self.note("window: closed")
        return False

    def rule_truth(self, rule):
        truths = [self.who(rule), self.what(rule, rule.verb)]
        for word, value in rule.conditions.items():
            truth = self.condition(rule, word, value)
            self.note(rule.verb, word, TRUTH[truth], "on", self.request.column)
            truths.append(truth)
        truth = all_of(truths)
        self.note(rule.verb, TRUTH[truth], "on", self.request.column)
        return truth

    def rule_matches(self, rule):
        truth = self.rule_truth(rule)
        if rule.verb == "allow":
            return truth == TRUE
        return truth != FALSE

    def binding(self):
        """The rules whose obligations bind."""
        for rule in self.policy.rules:
            if rule.verb == "require" and self.rule_matches(rule):
                yield rule
            # Shorthand for a require with the same WHO and WHAT, and no
            # conditions.
            if rule.verb == "allow" and rule.obligations:
                if all_of([self.who(rule),
                           self.what(rule, "require")]) != FALSE:
                    self.note("obligations of an allow that",
                              "permits" if self.rule_matches(rule)
                              else "does not permit")
                    yield rule

    # The obligations, and whether the request meets them

    def met(self, word, value):
        request = self.request
        if word == "mfa":
            return request.mfa
        if word == "ticket":
            return (request.ticket is not None
                    and any(matches(pattern, request.ticket)
                            for pattern in value))
        if word == "approve":
            return value in request.approvals
        return True

    # Addresses that are never reached

    def never_reached(self):
        request = self.request
        if request.addr is None:
            return False
        for target in self.policy.targets.values():
            if (target.kind == "device" and request.addr in target.addresses
                    and request.port in target.ports):
                self.note("never: the exception of a device")
                return False
        if self.never(request.addr, "as it stands"):
            return True
        form, within = embedded(request.addr)
        return within is not None and self.never(within, "inside " + form)

    def never(self, addr, how):
        if inside_any(addr, NEVER):
            self.note("never: built in,", how)
            return True
        if addr in self.request.own:
            self.note("never: the jump host's own,", how)
            return True
        if inside_any(addr, self.policy.never):
            self.note("never: set never,", how)
            return True
        return False

    # What else follows from who, and from what covers it

    def reached(self):
        """The targets that an allow may have for the user on this road."""
        found = set()
        for rule in self.policy.rules:
            if rule.verb != "allow" or self.who(rule) == FALSE \
                    or self.request.road not in rule.conditions.get(
                        "via", ROADS):
                continue
            for kind, name, _ in rule.what:
                found |= {target.name
                          for target in self.policy.targets.values()
                          if kind == "any"
                          or kind == "target" and name == target.name
                          or kind == "tag" and name in target.tags}
        return found

    def more(self):
        """{KEY: words} of the driver's further answers."""
        covers = {target.name: self.covers(target)
                  for target in self.policy.targets.values()}
        covers = {name: truth for name, truth in covers.items()
                  if truth != FALSE}
        keys, authorities, reached = set(), set(), set()
        account = set()
        if not self.request.presume:
            for name in covers:
                if self.request.port in self.policy.targets[name].ssh:
                    keys |= self.policy.hostkeys.get(name, set())
        self.note("host keys:", "some" if keys else "none")
        if not self.is_device():
            for name, who in self.policy.authorities.items():
                truth = any_of(self.person(*item) for item in who)
                self.note("ca:", TRUTH[truth])
                authorities.add("%s:%s" % (name, TRUTH[truth]))
            reached = self.reached()
            account = {TRUTH[self.anybody()]}
        return {"covers": {name + ("" if truth == TRUE else "?")
                           for name, truth in covers.items()},
                "hostkeys": keys, "ca": authorities, "reach": reached,
                "account": account, "decide": {self.decision()}}

    def decision(self):
        """What a program makes of what was typed, and what it resolved to."""
        asked = self.request.asked
        found = [target for target in self.policy.targets.values()
                 if asked in [target.name, target.path] + target.aliases]
        how, some = "of none", []
        if is_address(asked):
            how, some = "an address", [{"addr": address(asked)}]
        elif found and found[0].addresses:
            how = "of addresses"
            some = [{"addr": addr} for addr in found[0].addresses]
        elif found and found[0].path and (
                self.request.typed is None or found[0].kind == "device"):
            if self.request.typed is not None:
                self.note("decide: of a path, with a port")
            how, some = "of a path", [{"path": found[0].path}]
        elif not found and not asked.startswith("/"):
            if not self.request.resolved:
                word = self.variant({"presume": True}).word
                self.note("decide: to look up,", word)
                return "%s:0:%d" % ("deny" if word == "allow" else word,
                                    word == "allow")
            if self.in_domain():
                how = "resolved"
                some = [{"addr": addr} for addr in self.request.resolved]
        words = [self.variant(one).word for one in some]
        word = min(words, key=("allow", "ask", "deny").index, default="deny")
        self.note("decide:", how, word)
        return "%s:%d:0" % (word, len(words))

    def in_domain(self):
        """Whether the name and all addresses are of one domain."""
        return any(target.kind == "domain"
                   and any(matches(pattern, self.request.asked)
                           for pattern in target.patterns)
                   and all(inside_any(addr, target.nets)
                           for addr in self.request.resolved)
                   for target in self.policy.targets.values())

    def variant(self, changes):
        """The verdict about another place under the same name."""
        other = copy.copy(self.request)
        other.addr = other.path = None
        other.presume = False
        for key, value in changes.items():
            setattr(other, key, value)
        return judge(self.policy, other)

    def is_device(self):
        target = self.policy.targets.get(self.request.user)
        return target is not None and target.kind == "device"

    # The verdict

    def limit_step(self):
        """At most 256 targets, 1024 groups, and 32 limits."""
        targets, groups = self.policy.targets, self.policy.groups
        if len(targets) > 256 and sum(
                self.covers(target) != FALSE
                for target in targets.values()) > 256:
            return "too many targets"
        if len(groups) > 1024 and sum(
                self.person("group", name) != FALSE
                for name in groups) > 1024:
            return "too many groups"
        if sum("max" in rule.obligations for rule in self.binding()) > 32:
            return "too many limits"
        return None

    def account_step(self):
        """The first reason for deny, or None."""
        name = self.request.user
        if self.is_device():
            return "the user is a device"
        if name not in self.policy.users:
            if self.anybody() == FALSE:
                return "no account"
            if self.anybody() == UNCERTAIN:
                return "uncertain account"
            self.note("account: by a Unix group")
        truths = [self.lock(who) for who in self.request.locks]
        return "locked" if any(truths) else None

    def lock(self, who):
        """Whether a lock binds: what is uncertain does."""
        kind, truth = "user", certain(who in (self.request.user,
                                              self.request.account))
        if who == "any":
            kind, truth = "any", TRUE
        elif who.startswith("%"):
            kind, truth = "unix", self.unix_group(who[1:])
        elif who.startswith("@"):
            kind, truth = "group", FALSE
            if who[1:] in self.policy.groups:
                truth = self.person("group", who[1:])
        if kind == "user" and truth == TRUE \
                and self.request.user not in self.policy.users:
            self.note("lock: user true, by a Unix group")
        self.note("lock:", kind, TRUTH[truth])
        return truth != FALSE

    def until_step(self):
        user = self.policy.users.get(self.request.user)
        if user is None or user.until is None:
            return None
        if self.request.now >= user.until:
            return "the user's until has come"
        if not self.holds_ends():
            return "the user's until is not held"
        return None

    def deny_step(self):
        """The first reason for deny before the obligations, or None."""
        step = (self.limit_step() or self.account_step()
                or self.until_step())
        if step:
            return step
        if self.never_reached():
            return "never reached"
        rules = self.policy.rules
        if any([self.rule_matches(rule) for rule in rules
                if rule.verb == "deny"]):
            return "a deny matches"
        if not any([self.rule_matches(rule) for rule in rules
                    if rule.verb == "allow"]):
            return "no allow matches"
        return None

    def road_holds(self, word):
        """What SSH says, and a UNIX socket, is recorded by shell alone."""
        request = self.request
        if (word == "record" and request.column != "shell"
                and (request.path is not None or any(
                    request.port in target.ssh
                    and self.covers(target) != FALSE
                    for target in self.policy.targets.values()))):
            return False
        if word == "approve" and self.holds_ends():
            return True
        return holds(request.column, word)

    def speaks_ssh(self):
        """A certain cover says that SSH speaks on the port."""
        if self.request.path is not None:
            return any(
                target.ssh and target.kind == "device"
                and self.covers(target) == TRUE
                for target in self.policy.targets.values())
        return any(
            self.request.port in target.ssh and self.covers(target) == TRUE
            for target in self.policy.targets.values())

    def verdict(self):
        step = self.deny_step()
        if step:
            self.note("verdict:", step)
            return Verdict("deny", step, set(), set(), 0, 0, [])
        words, unmet, limits = set(), set(), {"idle": [], "duration": []}
        places = []             # of each max that binds
        for rule in self.binding():
            if "max" in rule.obligations:
                places.append((rule.name, rule.obligations["max"]))
            for word, value in rule.obligations.items():
                words.add(word)
                self.note("binds:", word, "on", self.request.column)
                if not self.met(word, value):
                    unmet.add(word)
                if word in limits:
                    limits[word].append(value)
        idle = min(limits["idle"], default=0)       # the smallest wins
        duration = min(limits["duration"], default=0)
        if self.request.road == "shell" and not self.speaks_ssh():
            word, step = "deny", "no port of ssh"
        elif not all(self.road_holds(word) for word in words):
            word, step = "deny", "an obligation is not held"
        elif unmet:
            word, step = "ask", "an obligation is not met"
        else:
            word, step = "allow", "allow"
        self.note("verdict:", step)
        return Verdict(word, step, words, unmet, idle, duration, places)


# The numbers of the manual's list under "The verdict".
STEPS = {
    "too many targets": 0, "too many groups": 0, "too many limits": 0,
    "no account": 1, "the user is a device": 1, "uncertain account": 1,
    "locked": "1-locked",
    "the user's until has come": 2, "the user's until is not held": 2,
    "never reached": 3,
    "a deny matches": 4, "no allow matches": 4,
    "no port of ssh": 5,
    "an obligation is not held": 5,
    "an obligation is not met": 6,
    "allow": 7,
}


def judge(policy, request, seen=None):
    return Judgement(policy, request, seen).verdict()


def render(verdict):
    """The answer of evaluate.c."""
    def listed(words):
        return ",".join(word for word in OBLIGATIONS if word in words)

    return "%s obligations=%s unmet=%s idle=%d duration=%d limits=%s step=%s" % (
        verdict.word, listed(verdict.obligations), listed(verdict.unmet),
        verdict.idle, verdict.duration,
        ",".join("%s:%d" % place for place in verdict.limits),
        STEPS[verdict.step])


def main(arguments):
    cut = arguments.index("--")
    policy = Policy([open(name, encoding="utf-8").read()
                     for name in arguments[:cut]])
    pairs = dict(pair.split("=", 1) for pair in arguments[cut + 1:])
    pairs["groups"] = dict(pair.split(":") for pair
                           in pairs.get("groups", "").split(",") if pair)
    for key in ("approvals", "own", "locks", "resolved"):
        pairs[key] = [item for item in pairs.get(key, "").split(",") if item]
    verdict = judge(policy, Request(pairs))
    print(render(verdict), "(%s)" % verdict.step)


if __name__ == "__main__":
    main(sys.argv[1:])
