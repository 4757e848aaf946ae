"""Writes the PNGs beside this file: 5 x 7 pixels (width x height), R = 40 x, G = 30 y, B = 200 - 10 x y unless said otherwise."""
import pathlib
import struct
import zlib

W, H = 5, 7
HERE = pathlib.Path(__file__).parent


def rgb(x, y):
    return 40 * x, 30 * y, 200 - 10 * x * y & 255


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, depth, colour, rows, extra=b"", interlace=0, size=(W, H), end=True):
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlace)
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, 9))
    (HERE / name).write_bytes(content + (chunk(b"IEND", b"") if end else b""))


def rows(pixel):
    return [[b for x in range(W) for b in pixel(x, y)] for y in range(H)]


png("rgb.png", 8, 2, rows(rgb))
png("alpha.png", 8, 6, rows(lambda x, y: (*rgb(x, y), 50 * x)))  # alpha 0 to 200
png("rgb16.png", 16, 2, rows(lambda x, y: [b for v in rgb(x, y) for b in (v, 255 - v)]))
png("grey.png", 8, 0, rows(lambda x, y: (40 * x + y,)))  # R = G = B = 40 x + y, here and in the next two
png("grey16.png", 16, 0, rows(lambda x, y: (40 * x + y, 255)))
png("grey-alpha.png", 8, 4, rows(lambda x, y: (40 * x + y, 7 * y)))
palette = b"".join(bytes(rgb(i % W, i // W)) for i in range(W * H))
png("palette.png", 8, 3, rows(lambda x, y: (y * W + x,)), chunk(b"PLTE", palette) + chunk(b"tRNS", bytes(range(35))))
bits = [[sum((x + y & 1) << 7 - x for x in range(W))] for y in range(H)]
png("black-white.png", 1, 0, bits)  # a chessboard, black at (0, 0)
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]  # Adam7
adam7 = [
    [b for x in range(x0, W, dx) for b in rgb(x, y)]
    for x0, y0, dx, dy in passes
    if x0 < W
    for y in range(y0, H, dy)
]
png("interlaced.png", 8, 2, adam7, interlace=1)
png("huge.png", 8, 2, [[0]], size=(50_000, 50_000))  # claims 2.5 gigapixels
png("no-end.png", 8, 2, rows(rgb), end=False)
