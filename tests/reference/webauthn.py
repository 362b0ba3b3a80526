# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: what section 5 says of an assertion's own
bytes, before it is known whose key made it."""
from der import check


def cbor(data, depth=4):
    """What stands behind one item of CTAP's canonical CBOR."""
    check(data, why="CBOR")
    major, low, data = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7:
        check(low in (20, 21, 22), why="simple value")
        return data
    check(low < 28 and major != 6, why="CBOR head")
    size = 1 << low - 24 if low > 23 else 0
    check(len(data) >= size, why="CBOR head")
    value = int.from_bytes(data[:size], "big") if size else low
    check(not size or value >= (24 if size == 1 else 1 << size * 4),
          why="long CBOR head")
    data = data[size:]
    if major in (2, 3):
        check(value <= len(data), why="CBOR string")
        with_text = data[:value] if major == 3 else b""
        try:
            with_text.decode("utf-8")
        except UnicodeDecodeError:
            check(False, why="CBOR text")
        return data[value:]
    if major < 2:
        return data
    check(depth and value * (major - 3) <= len(data), why="CBOR depth")
    last = b""
    for _ in range(value):
        if major == 5:
            check(data and data[0] >> 5 < 4, why="CBOR key")
            behind = cbor(data, 0)
            key = data[:len(data) - len(behind)]
            check(last < key, why="CBOR keys")
            last, data = key, behind
        data = cbor(data, depth - 1)
    return data


def read(auth, client, signature):
    """The flags of an assertion, when it has its shape."""
    check(len(client) <= 1024 and len(signature) <= 1024 and
          len(auth) <= 4096, "too-large")
    check(len(auth) >= 37, why="authenticator data")
    flags, more = auth[32], auth[37:]
    check(not flags & 0x62 and flags & 0x18 != 0x10, why="flags")
    if flags & 0x80:
        check(more[:1] and more[0] >> 5 == 5, why="extensions")
        more = cbor(more)
    check(not more, why="behind the authenticator data")
    return flags
