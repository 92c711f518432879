# SPDX-License-Identifier: ISC
"""pictures.py: what a screen shows, by numbers.

    pictures.py convert FILE PNG       FILE is a PNG, or a window dump of xwd
    pictures.py same FILE FILE         prints the share of equal pixels, in %
    pictures.py colour FILE RRGGBB     prints the share of that colour, in %
"""
import struct
import sys
import zlib


def xwd(data):
    """A dump of xwd(1), version 7, 32 bits a pixel: rows of RGB."""
    head = struct.unpack(">25I", data[:100])
    size, version, form, _, width, height = head[:6]
    order, bits, stride, colours = head[7], head[11], head[12], head[19]
    assert (version, form, bits) == (7, 2, 32), "not such a dump"
    at = size + 12 * colours
    r, g, b = (2, 1, 0) if order == 0 else (1, 2, 3)
    rows = []
    for y in range(height):
        row = data[at + y * stride:at + y * stride + 4 * width]
        out = bytearray(3 * width)
        out[0::3], out[1::3], out[2::3] = row[r::4], row[g::4], row[b::4]
        rows.append(bytes(out))
    return width, height, rows


def paeth(a, b, c):
    p = a + b - c
    d = abs(p - a), abs(p - b), abs(p - c)
    return (a, b, c)[d.index(min(d))]


def png(data):
    """A PNG of 8 bits, RGB or RGBA, not interlaced: rows of RGB."""
    at, packed = 8, b""
    while at < len(data):
        n, = struct.unpack(">I", data[at:at + 4])
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + n]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, lace = struct.unpack(
                ">IIBBBBB", body)
            assert depth == 8 and colour in (2, 6) and lace == 0, "not so a PNG"
        elif kind == b"IDAT":
            packed += body
        at += 12 + n
    n = 3 if colour == 2 else 4
    raw, rows, last = zlib.decompress(packed), [], bytearray(n * width)
    for y in range(height):
        start = y * (n * width + 1)
        how, row = raw[start], bytearray(raw[start + 1:start + 1 + n * width])
        for i in range(len(row) if how else 0):
            a = row[i - n] if i >= n else 0
            b, c = last[i], last[i - n] if i >= n else 0
            row[i] = row[i] + (0, a, b, (a + b) // 2, paeth(a, b, c))[how] & 255
        rgb = bytearray(3 * width)
        rgb[0::3], rgb[1::3], rgb[2::3] = row[0::n], row[1::n], row[2::n]
        rows.append(bytes(rgb))
        last = row
    return width, height, rows


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    return png(data) if data.startswith(b"\x89PNG") else xwd(data)


def write(path, width, height, rows):
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body +
                struct.pack(">I", zlib.crc32(kind + body)))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2,
                                           0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) +
                chunk(b"IEND", b""))


def pixels(row):
    return zip(row[0::3], row[1::3], row[2::3])


def same(one, two):
    """Pictures of different sizes have nothing in common."""
    width, height, rows = read(one)
    if (width, height) != read(two)[:2]:
        return 0.0
    n = sum(p == q for a, b in zip(rows, read(two)[2])
            for p, q in zip(pixels(a), pixels(b)))
    return 100 * n / (width * height)


def colour(path, want):
    width, height, rows = read(path)
    want = tuple(bytes.fromhex(want))
    return 100 * sum(p == want for r in rows for p in pixels(r)) / (width * height)


def main():
    verb, *args = sys.argv[1:]
    if verb == "convert":
        write(args[1], *read(args[0]))
    else:
        print(round({"same": same, "colour": colour}[verb](*args), 4))


main()
