# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Just enough DER to take good messages apart and put bad ones together; apart
# from the project's own reader and writer on purpose.

ARC = "1.3.6.1.4.1.32473.53"


def length(n):
    if n < 0x80:
        return bytes([n])
    b = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(b)]) + b


def tlv(tag, *parts):
    body = b"".join(parts)
    return bytes([tag]) + length(len(body)) + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def octets(b):
    return tlv(0x04, b)


def bits(b):
    return tlv(0x03, b"\0", b)


def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for v in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        part = [v & 0x7F]
        while v > 0x7F:
            v >>= 7
            part.append(0x80 | v & 0x7F)
        out += bytes(reversed(part))
    return tlv(0x06, out)


def take(b):
    """The first element of b: tag, body, the whole, what follows."""
    n, at = b[1], 2
    if n >= 0x80:
        at += n & 0x7F
        n = int.from_bytes(b[2:at], "big")
    return b[0], b[at : at + n], b[: at + n], b[at + n :]


def parts(b):
    """The elements within the first element of b, each whole."""
    out, rest = [], take(b)[1]
    while rest:
        _, _, whole, rest = take(rest)
        out.append(whole)
    return out
