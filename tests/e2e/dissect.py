# SPDX-License-Identifier: ISC
"""dissect.py serve ADDRESS: Modbus, telnet and VNC, on their ports.
dissect.py modbus|telnet|vnc COMMAND...: talk to it through that command.
"""
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

WIDTH, HEIGHT = 800, 600
FORMAT = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
IAC, DO, WILL, ECHO = b"\xff", b"\xfd", b"\xfb", b"\x01"


class Line:
    """Bytes both ways, of a socket or of a command's pipes."""

    def __init__(self, get, put):
        self.get, self.put = get, put

    def take(self, n):
        data = b""
        while len(data) < n:
            more = os.read(self.get, n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def give(self, data):
        while data:
            data = data[os.write(self.put, data):]


def serve_modbus(line):
    while True:
        head = line.take(12)
        count = struct.unpack(">H", head[10:])[0]
        line.give(head[:4] + struct.pack(">HBBB", 3 + 2 * count, head[6],
                                         head[7], 2 * count) +
                  b"".join(struct.pack(">H", i) for i in range(count)))


def talk_modbus(line):
    for n in range(20):
        line.give(struct.pack(">HHHBBHH", n, 0, 6, 1, 3, 0, 100))
        assert line.take(209)[9:] == struct.pack(">100H", *range(100))


def serve_telnet(line):
    line.give(IAC + WILL + ECHO + b"login: ")
    assert line.take(3) == IAC + DO + ECHO
    line.give(line.take(7) + b"Welcome\r\n")
    line.take(1)


def talk_telnet(line):
    line.take(10)
    line.give(IAC + DO + ECHO + b"pump4\r\n")
    assert line.take(16) == b"pump4\r\nWelcome\r\n"


def serve_vnc(line):
    line.give(b"RFB 003.008\n")
    line.take(12)
    line.give(b"\x01\x01")
    line.take(1)
    line.give(bytes(4))
    line.take(1)
    line.give(struct.pack(">HH", WIDTH, HEIGHT) + FORMAT +
              struct.pack(">I", 5) + b"pump4")
    line.take(10)
    line.give(struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0) +
              bytes(WIDTH * HEIGHT * 4))
    line.take(1)


def talk_vnc(line):
    line.give(line.take(12))
    line.take(2)
    line.give(b"\x01")
    line.take(4)
    line.give(b"\x01")
    line.take(29)
    line.give(struct.pack(">BBHHHH", 3, 0, 0, 0, WIDTH, HEIGHT))
    line.take(16 + WIDTH * HEIGHT * 4)


PORTS = {502: serve_modbus, 23: serve_telnet, 5900: serve_vnc}


def serve(address):
    listeners = {socket.create_server((address, p)): PORTS[p] for p in PORTS}

    def one(connection, protocol):
        try:
            protocol(Line(connection.fileno(), connection.fileno()))
        except EOFError:
            pass
        connection.close()

    while True:
        for s in select.select(list(listeners), [], [])[0]:
            threading.Thread(target=one, args=(s.accept()[0], listeners[s]),
                             daemon=True).start()


def talk(protocol, command):
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, bufsize=0) as p:
        line = Line(p.stdout.fileno(), p.stdin.fileno())
        globals()["talk_" + protocol](line)
        p.stdin.close()
        assert p.stdout.read() == b""
    print("talked", p.returncode, time.time())


if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    talk(sys.argv[1], sys.argv[2:])
