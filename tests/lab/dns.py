# SPDX-License-Identifier: ISC
"""dns.py ADDRESS ZONE LOG: a name server that answers as it is told, UDP and
TCP, and writes each query to LOG.

A line of ZONE, which is read again for each query, is

    NAME A|AAAA ADDRESS... [/ ADDRESS...]...     at each query the next part
    NAME CNAME NAME
    NAME do MANNER [SECONDS]

Every other name does not exist.  Manners:

    nxdomain servfail refused    that answer code
    silent                       none
    slow                         the addresses, after SECONDS
    noquad                       AAAA fails
    tcp                          UDP answers are truncated, TCP is good
    udp                          UDP answers are truncated, TCP says nothing
    garbage short zeros          bytes that are no answer
    cut                          an answer that ends too early
    loop                         a name that points to itself
    longname                     a name without end
    size                         an address of three bytes
    badid                        to another query
    other                        the address of another name
    question                     to another question
    flood                        65,000 bytes of addresses, over TCP
"""
import ipaddress
import socket
import socketserver
import struct
import sys
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28}
CODES = {"servfail": 2, "nxdomain": 3, "refused": 5}
turns = {}
lock = threading.Lock()


def encode(name):
    labels = [x.encode() for x in name.rstrip(".").split(".")]
    return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"


def decode(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack("!H", packet[at + 1:at + 3])[0]


def read_zone():
    zone = {}
    with open(sys.argv[2]) as lines:
        for words in map(str.split, lines):
            if words and words[0] != "#":
                zone.setdefault(words[0], {})[words[1]] = words[2:]
    return zone


def turn(name, kind, words):
    """The part of the list whose turn it is."""
    parts = " ".join(words).split("/")
    with lock:
        n = turns.get((name, kind), 0)
        turns[name, kind] = n + 1
    return parts[n % len(parts)].split()


def record(name, kind, data):
    return encode(name) + struct.pack("!HHIH", TYPES[kind], 1, 0, len(data)) + data


def records(zone, name, qtype):
    """The answer section: a chain of aliases, then addresses."""
    found, seen = [], set()
    while "CNAME" in zone.get(name, {}) and name not in seen:
        seen.add(name)
        target = zone[name]["CNAME"][0]
        found.append(record(name, "CNAME", encode(target)))
        name = target
    for kind in ("A", "AAAA"):
        if TYPES[kind] == qtype and kind in zone.get(name, {}):
            for address in turn(name, kind, zone[name][kind]):
                data = ipaddress.ip_address(address).packed
                found.append(record(name, kind, data))
    return found, name in zone


def message(query, found, code=0, flags=0x8580):
    """An answer to the query; its question ends where the query does."""
    return (query[:2] + struct.pack("!HHHHH", flags | code, 1, len(found), 0, 0)
            + query[12:] + b"".join(found))


def answer(query, udp):
    """The bytes to send, or None."""
    name, qtype = decode(query)
    with open(sys.argv[3], "a") as log:
        log.write(f"{'udp' if udp else 'tcp'} {name} {qtype}\n")
    zone = read_zone()
    manner, *seconds = zone.get(name, {}).get("do", ["well"])
    found, exists = records(zone, name, qtype)
    one = [record(name, "A", bytes([10, 8, 0, 10]))] if qtype == 1 else []
    if manner in CODES:
        return message(query, [], CODES[manner])
    if manner == "silent" or (manner == "udp" and not udp):
        return None
    if manner == "noquad" and qtype == TYPES["AAAA"]:
        return message(query, [], CODES["servfail"])
    if manner in ("tcp", "udp", "flood") and udp:
        return message(query, [], 0, 0x8780)
    if manner == "slow":
        time.sleep(float(seconds[0]))
    if manner == "garbage":
        return query[:2] + b"\xa7" * 60
    if manner == "short":
        return query[:2] + b"\x85"
    if manner == "zeros":
        return query[:2] + bytes(40)
    if manner == "cut":
        return message(query, one)[:-2]
    if manner == "loop":
        at = struct.pack("!H", 0xc000 + len(query))
        return message(query, [at + struct.pack("!HHIH", qtype, 1, 0, 4) + bytes(4)])
    if manner == "longname":
        return message(query, [b"\x3f" + b"x" * 63] * 8)
    if manner == "size":
        return message(query, [record(name, "A", bytes([10, 8, 0]))])
    if manner == "badid":
        return bytes([query[0] ^ 1]) + message(query, one)[1:]
    if manner == "other":
        return message(query, [record("other.example", "A", bytes([10, 8, 0, 10]))])
    if manner == "question":
        fake = query[:12] + encode("other.example") + query[-4:]
        return message(fake, [record("other.example", "A", bytes([10, 8, 0, 10]))])
    if manner == "flood":
        return message(query, one * (65000 // max(1, len(one[0]))) if one else [])
    return message(query, found, 0 if exists or found else CODES["nxdomain"])


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        reply = answer(query, True)
        if reply is not None:
            if len(reply) > 512:
                reply = message(query, [], 0, 0x8780)
            sock.sendto(reply, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while size := self.rfile.read(2):
            reply = answer(self.rfile.read(struct.unpack("!H", size)[0]), False)
            if reply is None:
                time.sleep(60)
                return
            self.wfile.write(struct.pack("!H", len(reply)) + reply)
            self.wfile.flush()


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    udp = UdpServer((sys.argv[1], 53), Udp)
    tcp = TcpServer((sys.argv[1], 53), Tcp)
    open(sys.argv[3], "w").close()
    threading.Thread(target=udp.serve_forever, daemon=True).start()
    tcp.serve_forever()


main()
