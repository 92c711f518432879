#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Random policies and requests for the independent reference.

A world is small: few names, addresses, ports and times, so that nearly all of
them meet.  Everything is drawn from one seed.

    generate.py SEED N       prints policy N of a seed, and its requests
"""

import base64
import datetime
import ipaddress
import random
import struct
import sys
import zoneinfo

import reference

ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata",
         "Australia/Lord_Howe", "Pacific/Apia", "UTC")

# The words of the language stand as names only in quotes.
RESERVED = set("""
    version set timezone contact never sessions keys-from ticket-program user
    until account comment key from verify-required group ca for host ssh tcp
    alias tag agent net domain in device socket hostkey window allow deny
    require replace to any via when as forward connect shell mfa ticket approve record
    consent notify max idle duration test at ask mon tue wed thu fri sat sun
    """.split())
BARE = set("abcdefghijklmnopqrstuvwxyz0123456789._-")

UNIX_GROUPS = ("sysadmin", "wheel", "domain admins@corp.example", "to")
USERS = ("alice", "bob@corp.example", "CORP\\dave", "vend1", "erin", "any")
SHARED = ("carol", "frank")                 # of the account jump
STRANGERS = ("gina", "hal", "jump", "root")
UNNAMED_GROUP = "contractors"               # only a lock may name it
DEVICE_ACCOUNTS = ("rtu-a", "rtu-b")
GROUPS = ("ops", "boss", "staff", "all", "host")
TAGS = ("web", "ot", "prod", "any")
WINDOWS = ("office", "night", "when", "w4")
LOGINS = ("root", "admin", "Operator.One", "svc.x")
TICKETS = ("CHG123456", "CHG12", "INC7", "chg.1", "")
TICKET_PATTERNS = ("CHG??????", "CHG*", "CHG12*", "????1", "INC?", "*", "*.*", "???.?", "INC7")
PORTS = (22, 80, 443, 2222)

IPV4 = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5", "10.0.1.1",
        "192.0.2.1")
IPV6 = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
NETS = ("10.0.0.0/30", "10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.2",
        "10.0.0.4/31", "10.0.1.0/24", "192.0.2.0/25", "2001:db8::/64",
        "2001:db8::/32", "::/0", "2001:db8::1", "64:ff9b::/96",
        "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:10.0.0.0/120",
        "::ffff:10.0.0.1", "128.0.0.0/1", "2000::/3", "127.0.0.0/8",
        "::ffff:0:0/96", "::/64", "::fffe:0:0/95", "fe80::/10",
        "10.0.0.2/32")
SOURCES = ("198.51.100.7", "198.51.100.200", "10.0.0.1", "2001:db8:f::9",
           "::ffff:198.51.100.7", "64:ff9b::c633:6407")
SOURCE_NETS = ("198.51.100.0/24", "198.51.100.0/25", "10.0.0.0/8",
               "2001:db8:f::/48", "::ffff:198.51.100.7", "::/0",
               "198.51.100.7", "0.0.0.0/0")
OWN = ("10.0.0.5", "2001:db8::2", "192.0.2.1", "::ffff:10.0.0.3")
NEVER_SETS = ("10.0.1.0/24", "192.0.2.0/24", "2001:db8:0:1::/64",
              "2002::/16", "127.77.0.0/24", "::ffff:10.0.0.3",
              "::fffe:0:0/95", "64:ff9b:1::/64", "10.0.0.3/32")
NEVER = ("127.0.0.1", "0.1.2.3", "169.254.169.254", "224.0.0.1",
         "255.255.255.255", "::1", "::", "::10.0.0.1", "fe80::1", "ff02::1",
         "fd00:ec2::254", "127.77.0.18", "239.1.1.1", "febf::1")
NEARLY_NEVER = ("1.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                "169.255.0.0", "223.255.255.255", "240.0.0.1",
                "255.255.255.254", "0:0:0:0:0:1::", "fec0::1", "fe7f::1",
                "fd00:ec2::253", "feff::1")
DEVICE_ADDRESSES = ("127.77.0.17", "127.77.0.18", "127.0.0.2",
                    "::ffff:127.77.0.17")
PATHS = ("/run/a.sock", "/run/b.sock", "/run/jump/dev-1/ssh.sock")
PATTERNS = ("*.dev.example", "db*.dev.example", "*.*.example",
            "db1.dev.example", "*-*.dev.example", "db1.*.example",
            "*b1.d*v.example",
            "*.db*.dev.example", "**.example", "1*1.dev.example")
DNS_NAMES = ("db1.dev.example", "db.dev.example", "a-b.dev.example",
             "x.db1.dev.example", "dev.example", "db1.qa.example",
             "db1.dev.example.org", "11.dev.example", "1.dev.example",
             "example")
COMMENTS = ("", " plain", ' an odd " quote', " { braces } and # more",
            " caf\u00e9 \u2603", " to any mfa")

EPOCHS = ("2026-11-03T10:00:00", "2026-03-29T01:00:00", "2026-10-25T01:00:00",
          "2026-03-08T07:00:00", "2026-01-01T00:00:00", "2028-02-29T12:34:56",
          "2026-04-04T15:00:00")


def zones():
    """The zones that this machine knows."""
    known = []
    for name in ZONES:
        try:
            zoneinfo.ZoneInfo(name)
            known.append(name)
        except zoneinfo.ZoneInfoNotFoundError:
            pass
    return known


class List:
    """A list of a statement: braces are optional around one."""

    def __init__(self, items):
        self.items = list(items)


class Statement:
    """What has a place in a statement, and its options, which have none."""

    def __init__(self, *head):
        self.head = list(head)
        self.options = []

    def option(self, *words):
        self.options.append(list(words))

    def words(self):
        return self.head + [word for option in self.options
                            for word in option]


def quoted(text):
    return '"%s"' % text


def plain(text):
    """The policy as text without any ornaments."""
    lines = ["version 1"]
    for statement in text:
        words = []
        for word in statement.words():
            words.append(word if isinstance(word, str)
                         else "{ %s }" % " ".join(word.items))
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def blob(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def embed(rng, ipv4):
    """An IPv6 address with the IPv4 address inside, of any form."""
    low = int(ipaddress.IPv4Address(ipv4))
    form = rng.choice(("64:ff9b::", "64:ff9b:1::", "64:ff9b:1:0:7::",
                       "2002::", "2001::", "::ffff:0:0"))
    number = int(ipaddress.IPv6Address(form))
    if form == "2002::":
        number |= low << 80 | rng.choice((0, 1, 0x10001))
    elif form == "2001::":
        number |= rng.choice((0, 0xc0000201 << 64)) | low ^ 0xffffffff
    else:
        number |= low
    return str(ipaddress.IPv6Address(number))


class World:
    """One policy (statements), its text in files, and requests."""

    def __init__(self, seed, number, zone_names):
        self.seed, self.number = seed, number
        self.rng = random.Random("%s/%s" % (seed, number))
        rng = self.rng
        # How demanding the policy is: so that each verdict is frequent.
        self.mood = rng.choice(("easy", "mfa", "mfa", "mfa", "mfa", "mfa",
                                "mixed", "strict"))
        # The first two have much that forward can hold.
        self.simple = self.mood in ("easy", "mfa")
        self.statements = []
        self.times = []                 # where something ends
        self.edges = []                 # of windows: minutes of the week
        self.zone = rng.choice(zone_names)
        self.epoch = int(datetime.datetime.fromisoformat(
            rng.choice(EPOCHS) + "+00:00").timestamp())
        self.users, self.groups, self.tags = [], [], []
        self.targets = []               # (kind, name, addresses, nets, ...)
        self.windows = []
        self.never = []
        self.members = {}               # people of a group, by name
        self.allows = []                # (people, (target, port)) to aim at
        self.settings()
        self.people()
        self.things()
        self.make_windows()
        self.rules()
        self.extras()
        self.crowds()
        self.locks = self.make_locks() if self.chance(0.2) else []
        rng.shuffle(self.statements)

    def chance(self, probability):
        return self.rng.random() < probability

    def some(self, items, most=3):
        """One to most different items."""
        count = self.rng.choice((1, 1, 1, 2, 2, 3))
        return self.rng.sample(items, min(count, most, len(items)))

    def add(self, *head):
        statement = Statement(*head)
        self.statements.append(statement)
        return statement

    def name(self, text):
        if text in RESERVED or not set(text) <= BARE or self.chance(0.05):
            return quoted(text)
        return text

    def time(self):
        """A time around now, written with any offset."""
        when = self.epoch + self.rng.choice(
            (-86400 * 3, -3600, -1, 0, 1, 3600, 86400 * 3))
        self.times.append(when)
        offset = self.rng.choice((0, 60, -330, 765))
        local = datetime.datetime.fromtimestamp(
            when, datetime.timezone(datetime.timedelta(minutes=offset)))
        text = local.strftime("%Y-%m-%dT%H:%M")
        if local.second or self.chance(0.5):
            text += local.strftime(":%S")
        if offset == 0 and self.chance(0.7):
            return text + "Z"
        return text + "%s%02d:%02d" % ("-" if offset < 0 else "+",
                                       abs(offset) // 60, abs(offset) % 60)

    def comment(self, statement, probability=0.15):
        if self.chance(probability):
            text = self.rng.choice(COMMENTS).replace('"', "'").strip()
            statement.option("comment", quoted(text or "none"))

    def key(self):
        """The text of a public key that nobody else has."""
        rng = self.rng
        kind = rng.choice(("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256",
                           "sk-ssh-ed25519@openssh.com"))
        name = kind.encode()
        if kind == "ssh-ed25519":
            data = blob(name, rng.randbytes(32))
        elif kind == "ssh-rsa":
            data = blob(name, b"\1\0\1", b"\0\x81" + rng.randbytes(255))
        elif kind == "ecdsa-sha2-nistp256":
            data = blob(name, b"nistp256", b"\4" + rng.randbytes(64))
        else:
            data = blob(name, rng.randbytes(32), b"ssh:")
        text = kind + " " + base64.b64encode(data).decode()
        return kind, quoted(text + rng.choice(("", " me@laptop", " a # b")))

    # SETTINGS and PEOPLE

    def settings(self):
        rng = self.rng
        if self.zone != "UTC" or self.chance(0.5):
            self.add("set", "timezone", quoted(self.zone))
        if self.chance(0.2):
            self.add("set", "contact", quoted("ot-access@example.com # 1"))
        if self.chance(0.3):
            self.never = self.some(NEVER_SETS)
            self.add("set", "never", List(self.never))
        if self.chance(0.1):
            self.add("set", "sessions", str(rng.randint(1, 10000)))
        if self.chance(0.05):
            self.add("set", "keys-from", quoted("/usr/bin/keys"))
        if self.chance(0.05):
            self.add("set", "ticket-program", quoted("/usr/bin/ticket"))
        if self.chance(0.1):
            self.add("set", "realm", "north")
        if self.chance(0.1):
            self.add("set", "notify-program", quoted("/usr/bin/notify"))
        if self.chance(0.3):
            self.add("set", "nft", quoted("/usr/sbin/nft"))
            if self.chance(0.7):
                self.add("set", "gate", str(rng.choice((1, 722, 1023))))
            if self.chance(0.3):
                self.add("set", "exempt", List(map(self.name, self.some(
                    ("root", "admin", "op-1@corp.example", "to")))))

    def people(self):
        rng = self.rng
        for name in rng.sample(USERS, rng.randint(1, 4)):
            self.user(name)
        for name in rng.sample(SHARED, rng.choice((0, 0, 1, 2))):
            self.user(name).option("account", "jump")
        names = rng.sample(GROUPS, rng.randint(1, 4))
        for i, name in enumerate(names):    # a group holds later ones
            members = [self.name(user) for user in self.some(self.users)]
            members += ["@" + self.name(other)
                        for other in names[i + 1:] if self.chance(0.4)]
            members += ["%" + self.name(group) for group in UNIX_GROUPS
                        if self.chance(0.2)]
            if len(members) > 1 and self.chance(0.5):
                members.pop(0)
            rng.shuffle(members)
            self.add("group", "@" + self.name(name), List(members))
            self.groups.append(name)
            self.members[name] = [user for user in self.users
                                  if self.name_is(user, members)]
        for name in ("corp", "lab")[:rng.choice((0, 0, 0, 1, 2))]:
            self.add("ca", name, self.key()[1], "for", self.who()[0])

    @staticmethod
    def name_is(name, words):
        return name in words or quoted(name) in words

    def user(self, name):
        self.users.append(name)
        statement = self.add("user", self.name(name))
        if self.chance(0.05):
            statement.option("until", self.time())
        self.comment(statement)
        for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
            kind, text = self.key()
            key = self.add("key", self.name(name), text)
            if self.chance(0.3):
                key.option("from", List(self.some(SOURCE_NETS)))
            if kind.startswith("sk-") and self.chance(0.5):
                key.option("verify-required")
        return statement

    # TARGETS

    def things(self):
        rng = self.rng
        self.aliases = ["h1.dev.example", "db1", "port-1", "set"]
        self.paths = list(PATHS)
        self.device_places = [(place, port) for place in DEVICE_ADDRESSES[:3]
                              for port in PORTS]
        few = (0, 0, 0, 1) if self.simple else (0, 1, 1, 2)
        for i in range(rng.randint(1, 3)):
            self.thing("host", rng.choice(("h%d", "web%d.corp")) % i)
        for i in range(rng.choice(few)):
            self.thing("net", "lab%d" % i)
        for i in range(rng.choice(few)):
            self.thing("domain", "dns%d" % i)
        for i in range(rng.choice((0, 0, 1, 2))):
            self.thing("device", rng.choice(("rtu%d", "%d-rtu")) % i)
        for i in range(rng.choice(few)):
            self.thing("socket", ("sock%d", "socket")[i % 2].replace(
                "%d", str(i)))

    def thing(self, kind, name):
        """A target; what it is stands in self.targets for the requests."""
        rng = self.rng
        thing = {"kind": kind, "name": name, "places": [], "ports": [],
                 "names": [name], "tags": []}
        head = [kind, self.name(name)]
        options = []
        if kind == "host":
            thing["places"] = rng.sample(self.reachable(IPV4 + IPV6),
                                         rng.choice((1, 1, 2, 3)))
            if self.chance(0.06):
                thing["places"] = [rng.choice(self.reachable(
                    ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1")))]
            head.append(List(thing["places"]))
        elif kind in ("net", "domain"):
            nets = self.some(NETS)
            thing["places"] = [self.inhabitant(net) for net in nets]
            if kind == "domain":
                patterns = self.some(PATTERNS)
                head.append(List(quoted(text) for text in patterns))
                head += ["in", List(nets)]
            else:
                head.append(List(nets))
        ports = rng.sample(PORTS, rng.choice((1, 2, 2, 3)))
        if kind == "device":
            ports = self.device(thing, head, ports)
        elif kind == "socket":
            path = self.path()
            if path is None:
                return
            thing["path"] = path
            head.append(quoted(path))
            ports = None
            if self.chance(0.4):
                options.append(["ssh"])
        if ports is not None:
            cut = max(rng.randint(0, len(ports)), rng.randint(0, len(ports)))
            for word, part in (("ssh", ports[:cut]), ("tcp", ports[cut:])):
                if part:
                    options.append([word, List(map(str, part))])
            thing["ports"] = ports
        statement = self.add(*head)
        statement.options = options
        self.adorn(kind, name, thing, statement)
        rng.shuffle(statement.options)
        self.targets.append(thing)

    def reachable(self, addresses):
        """Those that set never does not name: the others are errors."""
        nets = [reference.network(net) for net in self.never]
        return [text for text in addresses if not any(
            addr and reference.inside_any(addr, nets) for addr in
            (reference.address(text),
             reference.embedded(reference.address(text))[1]))]

    def path(self):
        if not self.paths:
            return None
        return self.paths.pop(self.rng.randrange(len(self.paths)))

    def device(self, thing, head, ports):
        """The place of a device: an address and ports, or a path."""
        path = self.path() if self.chance(0.3) else None
        if path is not None:
            thing["path"] = path
            head.append(quoted(path))
            head.append(self.rng.choice(("ssh", "tcp")))
            return None
        place, port = self.device_places.pop(
            self.rng.randrange(len(self.device_places)))
        ports = [port]
        if place == "127.77.0.17" and self.chance(0.1):
            place = "::ffff:127.77.0.17"
        thing["places"] = [place]
        head.append(place)
        return ports

    def adorn(self, kind, name, thing, statement):
        """Aliases, tags and what else has no part in what it covers."""
        rng = self.rng
        if kind in ("host", "device", "socket"):
            if self.aliases and self.chance(0.3):
                thing["names"].append(self.aliases.pop())
                statement.option("alias", List([self.name(
                    thing["names"][-1])]))
            for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 2))):
                self.add("hostkey", self.name(name), self.key()[1])
        if kind in ("host", "device") and self.chance(0.2):
            statement.option("agent")
        if kind == "device" and self.chance(0.2):
            statement.option("replace")
        if kind == "device" and self.chance(0.3):
            statement.option("account",
                             DEVICE_ACCOUNTS[len(self.targets) % 2])
        if kind == "device" and self.chance(0.3):
            self.add("key", self.name(name), self.key()[1])
        if self.chance(0.6):
            thing["tags"] = self.some(TAGS)
            statement.option("tag", List(map(self.name, thing["tags"])))
            self.tags += thing["tags"]
        self.comment(statement)

    def inhabitant(self, net):
        """An address in a network, one of the few if possible."""
        _, number, length = reference.network(net)
        known = [text for text in IPV4 + IPV6 + NEARLY_NEVER
                 if reference.inside(reference.address(text),
                                     reference.network(net))]
        if known and self.chance(0.8):
            return self.rng.choice(known)
        network = ipaddress.ip_network(net)
        last = network.num_addresses - 1
        if net.startswith(("64:", "2002:", "2001::/32")):
            number = int(ipaddress.IPv6Address(embed(
                self.rng, self.rng.choice(IPV4))))
            if ipaddress.IPv6Address(number) in network:
                return str(ipaddress.IPv6Address(number))
        return str(network[self.rng.choice((0, last, last // 3))])

    # WINDOWS

    def clock(self, low, high):
        minute = self.rng.choice((0, 0, 30, 59))
        hour = self.rng.randint(low, high)
        return hour * 60 + (0 if hour == 24 else minute)

    def make_windows(self):
        for name in self.rng.sample(WINDOWS, self.rng.choice((0, 1, 2, 3))):
            self.windows.append(name)
            if self.chance(0.5):
                self.daily(name)
            else:
                self.span(name)

    @staticmethod
    def hours(minute):
        return "%02d:%02d" % divmod(minute, 60)

    def daily(self, name):
        rng = self.rng
        start, end = self.clock(0, 23), self.clock(0, 24)
        if start == end:
            start, end = 0, 1440
        days, first = [], []
        for _ in range(rng.choice((1, 1, 2))):
            one, two = rng.sample(range(7), 2)
            if self.chance(0.5):
                text, covered = reference.DAYS[one], [one]
                if self.chance(0.2):
                    text += "-" + text
            else:
                text = reference.DAYS[one] + "-" + reference.DAYS[two]
                covered = [one, two]
            if not set(covered) & set(first):
                days.append(text)
                first += covered
        for day in first:
            self.edges += [day * 1440 + start, day * 1440 + end
                           + (1440 if end < start else 0)]
        self.add("window", self.name(name), List(days),
                 self.hours(start) + "-" + self.hours(end))

    def span(self, name):
        rng = self.rng
        one, two = rng.randrange(7), rng.randrange(7)
        start, end = self.clock(0, 23), self.clock(0, 24)
        if (one * 1440 + start) == (two * 1440 + end) % reference.WEEK:
            one, start, two, end = 0, 0, 6, 1440    # the whole week
        self.edges += [one * 1440 + start, two * 1440 + end]
        self.add("window", self.name(name), reference.DAYS[one],
                 self.hours(start), "-", reference.DAYS[two],
                 self.hours(end))

    # RULES

    def who(self):
        """A list of people, and some who are in it."""
        items, people = [], []
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            kind = self.rng.choice(("any", "any", "user", "user", "group",
                                    "group", "unix"))
            if self.simple and self.chance(0.4):
                kind = "any"
            if kind == "user":
                people.append(self.rng.choice(self.users))
                items.append(self.name(people[-1]))
            elif kind == "group":
                group = self.rng.choice(self.groups)
                people += self.members[group]
                items.append("@" + self.name(group))
            elif kind == "unix":
                items.append("%" + self.name(self.rng.choice(UNIX_GROUPS)))
            else:
                people += self.users
                items.append("any")
        return self.repeated(items), people

    def repeated(self, items):
        """A list may name a thing twice; mostly it does not."""
        if not self.chance(0.1):
            items = dict.fromkeys(items)
        return List(items)

    def what(self):
        """A list of targets and tags, and which (target, port) it means."""
        rng = self.rng
        items, places = [], []
        for _ in range(rng.choice((1, 1, 2, 3))):
            kind = rng.choice(("any", "tag", "target", "target"))
            if self.simple and self.chance(0.4):
                kind = "any"
            if kind == "tag" and self.tags:
                tag = rng.choice(self.tags)
                item = "@" + self.name(tag)
                things = [thing for thing in self.targets
                          if tag in thing["tags"]]
            elif kind == "target":
                things = [rng.choice(self.targets)]
                item = self.name(things[0]["name"])
            else:
                item = "any"
                things = self.targets
            meant = [(thing, port) for thing in things
                     for port in thing["ports"] or [None]]
            ports = [port for _, port in meant if port]
            if ports and self.chance(0.25):
                only = rng.choice(ports)
                item += ":%d" % only
                meant = [place for place in meant if place[1] == only]
            items.append(item)
            places += meant
        return self.repeated(items), places

    def rules(self):
        rng = self.rng
        harsh = {"easy": 0, "mfa": 1, "mixed": 1, "strict": 2}[self.mood]
        self.rule_names = ["r%d" % i for i in range(20)]
        self.rule_names[3:5] = ["allow", "web.1"]
        for _ in range(rng.randint(1, 3 + harsh)):
            rule = self.rule("allow")
            self.conditions(rule, 0.03 if self.simple else 0.12)
            if self.chance(0.1 * harsh):
                self.obligations(rule, 1)
        for _ in range(rng.choice((0, 0, 0, 0, 1, 1 + harsh // 2))):
            self.conditions(self.rule("deny"), 0.3)
        for _ in range(rng.choice((harsh, 2 * harsh))):
            self.require()
        if self.chance(0.02):               # a crowd
            self.rule_names += ["crowd%d" % i for i in range(80)]
            for _ in range(40):
                self.require()
                self.conditions(self.rule("allow"), 0.05)

    def require(self):
        rule = self.rule("require")
        self.conditions(rule, 0.1)
        self.obligations(rule, self.rng.choice((1, 1, 1, 2, 3)))

    def rule(self, verb):
        name = self.rule_names.pop(self.rng.randrange(len(self.rule_names)))
        who, people = self.who()
        what, places = self.what()
        if verb == "allow" and people and places:
            self.allows.append((people, places))
        return self.add(verb, self.name(name) + ":", who, "to", what)

    def conditions(self, rule, probability):
        rng = self.rng
        if self.chance(probability):
            rule.option("via", List(rng.sample(reference.ROADS,
                                               rng.choice((1, 2, 2, 3)))))
        if self.chance(probability):
            rule.option("from", List(self.some(SOURCE_NETS)))
        if self.windows and self.chance(probability):
            rule.option("when", List(map(self.name, self.some(self.windows))))
        if self.chance(probability):
            rule.option("until", self.time())
        if self.chance(probability):
            rule.option("as", List(self.name(login)
                                   for login in self.some(LOGINS)))
        rng.shuffle(rule.options)

    def obligations(self, rule, count):
        rng = self.rng
        words = {"easy": ("mfa",), "mfa": ("mfa",) * 9 + ("idle",),
                 "mixed": ("mfa", "mfa", "ticket", "approve", "idle",
                           "duration"),
                 "strict": reference.OBLIGATIONS}[self.mood]
        for word in set(rng.choice(words) for _ in range(count)):
            if word == "ticket":
                rule.option(word, List(quoted(text) for text
                                       in self.some(TICKET_PATTERNS)))
            elif word == "approve":
                rule.option(word, "@" + self.name(rng.choice(self.groups)),
                            self.duration())
            elif word == "max":
                rule.option(word, str(rng.choice((1, 2, 10000))))
            elif word in ("idle", "duration"):
                rule.option(word, self.duration())
            else:
                rule.option(word)
        rng.shuffle(rule.options)

    def duration(self):
        return self.rng.choice(("1s", "90s", "10m", "2h", "1d", "366d",
                                "600s", "120m"))

    # TESTS: these have a place here as syntax only

    def extras(self):
        rng = self.rng
        if not self.chance(0.2):
            return
        thing = rng.choice(self.targets)
        where = self.name(thing["name"])
        if thing["kind"] in ("net", "domain"):
            where = rng.choice((quoted("10.0.0.1"), quoted("2001:db8::1"),
                                quoted("db1.dev.example")))
        if "path" in thing:
            where = quoted(thing["path"])
        elif self.chance(0.5) and thing["ports"]:
            where += ":%d" % rng.choice(thing["ports"])
        test = self.add("test", self.name(rng.choice(self.users)), "to",
                        where)
        test.option("via", rng.choice(reference.ROADS))
        if self.chance(0.5):
            test.option("from", rng.choice(SOURCES))
        if self.chance(0.5):
            test.option("as", self.name(rng.choice(LOGINS)))
        test.option("at", self.time())
        rng.shuffle(test.options)
        test.option("=", rng.choice(("allow", "ask", "deny")))
        if self.chance(0.5):
            test.options[-1].append(List(self.some(reference.OBLIGATIONS)))

    # LIMITS: 256 targets, 1024 groups and 32 limits, and more

    def crowds(self):
        hosts = [thing for thing in self.targets if thing["kind"] == "host"]
        turn = self.number // 500 % 4
        if self.number % 500 == 250:
            thing = self.rng.choice(hosts)
            thing["places"] = thing["places"][:1]
            self.allows = [(self.users, [(thing, thing["ports"][0])])]
            for i in range((255, 256, 254, 300)[turn]):
                self.add("host", "twin%d" % i, List(thing["places"]),
                         "ssh", List(map(str, thing["ports"])))
        elif self.number % 250 == 125:
            thing = self.rng.choice(hosts)
            self.allows = [(self.users, [(thing, thing["ports"][0])])]
            for i in range((33, 31, 40, 32)[self.number // 250 % 4]):
                self.add("require", "cap%d:" % i, "any", "to",
                         self.name(thing["name"])).option("max", str(i + 1))
        elif self.number % 500 == 400:
            names = List([self.name(name) for name in self.users])
            for i in range((900, 1100)[turn % 2]):
                self.add("group", "@crowd%d" % i, names)

    # LOCKS: state beside the text

    def make_locks(self):
        """Who is locked, as jumpctl lock takes it."""
        rng = self.rng
        some = []
        for _ in range(rng.choice((1, 1, 2, 3))):
            kind = rng.choice(("user", "user", "group", "group", "unix",
                               "any", "nobody"))
            if kind == "user":
                some.append(rng.choice(USERS + SHARED + STRANGERS))
            elif kind == "group":
                some.append("@" + rng.choice(self.groups))
            elif kind == "unix":
                some.append("%" + rng.choice(UNIX_GROUPS + (UNNAMED_GROUP,)))
            elif kind == "any" and self.chance(0.3):
                some.append("any")
            else:
                some.append(rng.choice(("zoe", "@zoo", "ALICE", "ali")))
        return list(dict.fromkeys(some))

    # The text

    def texts(self):
        """The policy in one to three files, with all ornaments."""
        rng = random.Random(self.rng.random())
        count = rng.choice((1, 1, 2, 3))
        files = [[] for _ in range(count)]
        for statement in self.statements:
            rng.choice(files).append(self.line(rng, statement))
        texts = []
        for lines in files:
            texts.append(self.gap(rng) + "version 1\n"
                         + "\n".join(lines) + "\n")
        return texts

    def gap(self, rng):
        """Lines that say nothing."""
        if rng.random() < 0.8:
            return ""
        return rng.choice(("\n", " \t\n", "#%s\n" % rng.choice(COMMENTS)))

    def line(self, rng, statement):
        text = self.gap(rng) + rng.choice(("", "", "", "  ", "\t"))
        space = rng.choice((" ", " ", "\t", "  "))
        words = []
        for word in statement.words():
            words.append(word if isinstance(word, str)
                         else self.braces(rng, word.items))
        text += space.join(words)
        if rng.random() < 0.1:
            text += rng.choice((" #", "#")) + rng.choice(COMMENTS)
        return text + rng.choice(("", "", "", " ", "\t"))

    def braces(self, rng, items):
        if len(items) == 1 and rng.random() < 0.7:
            return items[0]
        if rng.random() < 0.8:
            glue = rng.choice((" ", " ", ""))
            return "{" + glue + " ".join(items) + glue + "}"
        inner = "\n"
        for item in items:
            inner += rng.choice(("", "\t", "  ")) + item + rng.choice(
                ("\n", " ", " #%s\n" % rng.choice(COMMENTS)))
        return "{" + inner + "}"

    # Requests

    def request(self):
        """A request without its road: a dictionary of texts and lists."""
        rng = self.rng
        request = {"now": str(self.now()),
                   "mfa": rng.choice("000001"),
                   "swept": rng.choice("01")}
        request["groups"] = {
            name: rng.choice(("yes", "no", "no", "failed"))
            for name in UNIX_GROUPS + (UNNAMED_GROUP,)}
        if self.chance(0.25):               # nobody's member for certain
            for name in UNIX_GROUPS:
                request["groups"][name] = rng.choice(("no", "failed"))
        if self.chance(0.8):
            request["from"] = rng.choice(SOURCES)
        if self.chance(0.8):
            request["as"] = rng.choice(LOGINS)
        if self.chance(0.6):
            request["ticket"] = rng.choice(TICKETS)
        request["approvals"] = [name for name in self.groups
                                if self.chance(0.4)]
        request["own"] = rng.sample(OWN, rng.choice((0, 0, 0, 0, 0, 1, 2)))
        people = self.users
        thing = rng.choice(self.targets)
        port = rng.choice(thing["ports"] or [None])
        if self.allows and self.chance(0.75):   # aim at an allow
            people, places = rng.choice(self.allows)
            thing, port = rng.choice(places)
        request["user"] = rng.choice(people)
        if self.chance(0.13):
            request["user"] = self.anybody()
        request["locks"] = self.locks if self.chance(0.5) else []
        locked = [who for who in request["locks"] if who in STRANGERS]
        if locked and self.chance(0.3):     # whom only a Unix group declares
            request["user"] = rng.choice(locked)
            request["groups"] = dict.fromkeys(request["groups"], "yes")
        request["account"] = request["user"]
        if request["user"] in SHARED and request["user"] in self.users:
            request["account"] = "jump"
        self.where(request, thing, port)
        return request

    def anybody(self):
        devices = [thing["name"] for thing in self.targets
                   if thing["kind"] == "device"]
        return self.rng.choice(USERS + SHARED + STRANGERS * 3
                               + tuple(devices * 2))

    def now(self):
        rng = self.rng
        kind = rng.choice(("epoch", "end", "edge", "week"))
        if kind == "end" and self.times:
            return rng.choice(self.times) + rng.choice((-1, 0, 1))
        if kind == "edge" and self.edges:
            zone = reference.time_zone(self.zone)
            day = datetime.datetime.fromtimestamp(self.epoch, zone)
            monday = day.replace(hour=0, minute=0, second=0, tzinfo=None)
            monday -= datetime.timedelta(days=day.weekday())
            edge = monday + datetime.timedelta(minutes=rng.choice(self.edges))
            edge = edge.replace(tzinfo=zone, fold=rng.choice((0, 1)))
            return int(edge.timestamp()) + rng.choice((-1, 0, 1, -60))
        if kind == "week":
            return self.epoch + rng.randint(-7 * 86400, 7 * 86400)
        return self.epoch

    def where(self, request, thing, port):
        """What was asked for, and the address or path really used."""
        rng = self.rng
        if "path" in thing or self.chance(0.02):
            path = thing.get("path", rng.choice(PATHS))
            request["path"] = path
            request["asked"] = rng.choice([path] + thing["names"])
            if request["asked"] != path and "path" in thing \
                    and self.chance(0.4):
                request["typed"] = str(rng.choice(PORTS))
            return
        if self.chance(0.08):
            port = rng.choice(PORTS + (23, 65535))
        request["port"] = str(port)
        # A name that nobody has looked up yet, and so without an address.
        if self.chance(0.3 if thing["kind"] == "domain" else 0.03):
            request["asked"] = rng.choice(DNS_NAMES)
            request["presume"] = "1"
            return
        places = thing["places"]
        if self.chance(0.08):
            places = IPV4 + IPV6 + NEARLY_NEVER
        if self.chance(0.04):
            places = NEVER + DEVICE_ADDRESSES
        place = rng.choice(places)
        if self.chance(0.03):
            place = embed(rng, rng.choice(("10.0.1.1", "10.0.0.3",
                                           "192.0.2.1")))
        if ":" not in place and self.chance(0.15):
            place = embed(rng, place)
        request["addr"] = place
        names = DNS_NAMES if thing["kind"] == "domain" else \
            tuple(thing["names"])
        request["asked"] = rng.choice(names)
        if self.chance(0.15):
            request["asked"] = rng.choice(DNS_NAMES + (place,))
        request["resolved"] = [place]
        if self.chance(0.2):                # a name with several addresses
            request["resolved"] += [rng.choice(tuple(places) + IPV4)
                                    for _ in range(2)]
            rng.shuffle(request["resolved"])


def main(arguments):
    world = World(arguments[0], int(arguments[1]), zones())
    for text in world.texts():
        print(text)
    for _ in range(10):
        print("#", world.request())


if __name__ == "__main__":
    main(sys.argv[1:])
