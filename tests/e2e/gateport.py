# SPDX-License-Identifier: ISC
"""What tests/e2e/gateport.sh runs on the jump host.

  gateport.py crowd ADDRESS PORT FROM TO
      connects from each source port of FROM to TO, which need not be answered,
      prints the number of sockets, and stays
  gateport.py collide BUSY PORT ADDRESS PORT FROM TO
      from each source port, first to BUSY, then to ADDRESS; prints each answer
      that came from there
"""
import errno, select, socket, sys, time


def start(address, port, source):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    s.bind(("10.2.0.1", source))
    if s.connect_ex((address, port)) not in (0, errno.EINPROGRESS):
        return None
    return s


def crowd(address, port, first, last):
    held = [start(address, int(port), n) for n in range(int(first), int(last))]
    print(sum(s is not None for s in held), flush=True)
    time.sleep(600)


def answer(s):
    if not select.select([], [s], [], 2)[1]:
        return b""
    try:
        s.send(b"it is me\n")
        return s.recv(64) if select.select([s], [], [], 5)[0] else b""
    except OSError:
        return b""


def collide(busy, busy_port, address, port, first, last):
    held = [start(busy, int(busy_port), n)
            for n in range(int(first), int(last))]
    time.sleep(1)
    for n in range(int(first), int(last)):
        s = start(address, int(port), n)
        text = answer(s) if s else b""
        if text:
            print(n, text.decode(errors="replace").strip(), flush=True)
    print("done", len([s for s in held if s]), flush=True)


{"crowd": crowd, "collide": collide}[sys.argv[1]](*sys.argv[2:])
