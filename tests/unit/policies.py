#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Random policies for test_print: policies.py SEED COUNT

Each policy is the number of its files and a newline, and for each file its
size, a newline, and its text.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "reference"))
import generate             # noqa: E402


def main(seed, count):
    out = sys.stdout.buffer
    zones = generate.zones()
    for number in range(int(count)):
        files = generate.World(seed, number, zones).texts()
        out.write(b"%d\n" % len(files))
        for text in files:
            data = text.encode()
            out.write(b"%d\n" % len(data) + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
