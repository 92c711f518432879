# SPDX-License-Identifier: ISC
"""What a program of a user on the jump host gets through to.

  reach.py FILE   prints each of its KIND ADDRESS PORT, one a line, that
                  answered, in whatever way: also a refusal says that a packet
                  arrived
KIND is tcp, mptcp, udp or icmp.  Nothing is printed for what no packet of
ours reached, or none of whose packets came back.
"""
import errno, os, socket, sys, threading

MPTCP = 262
WAIT = 1.5


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def stream(address, port, protocol):
    with socket.socket(family(address), socket.SOCK_STREAM, protocol) as s:
        s.settimeout(WAIT)
        s.connect((address, port))


def udp(address, port):
    with socket.socket(family(address), socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.connect((address, port))
        s.send(b"x")
        s.recv(1)


def icmp(address, port):
    v6 = ":" in address
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family(address), socket.SOCK_DGRAM, protocol) as s:
        s.settimeout(WAIT)
        s.connect((address, 0))
        s.send(bytes([128 if v6 else 8, 0, 0, 0, 0, 1, 0, 1]))
        s.recv(64)


KINDS = {
    "tcp": lambda a, p: stream(a, p, 0),
    "mptcp": lambda a, p: stream(a, p, MPTCP),
    "udp": udp,
    "icmp": icmp,
}


def attempt(kind, address, port, found):
    try:
        KINDS[kind](address, port)
    except ConnectionRefusedError:
        pass
    except (TimeoutError, socket.timeout):
        return
    except OSError as e:
        if e.errno not in (errno.EHOSTUNREACH, errno.EPERM, errno.ENETUNREACH,
                           errno.EACCES):
            print(f"{kind} {address} {port}: {os.strerror(e.errno)}",
                  file=sys.stderr)
        return
    found.append(f"{kind} {address} {port}")


def main():
    found, threads = [], []
    for line in open(sys.argv[1]):
        kind, address, port = line.split()
        threads.append(threading.Thread(
            target=attempt, args=(kind, address, int(port), found)))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(sorted(found)))


main()
