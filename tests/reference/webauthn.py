# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: what section 5 says of an assertion, of its
own bytes and then of whose key made it."""
import base64
import re
from hashlib import sha256

import keys as k
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
    """Flags and counter of an assertion, when it has its shape."""
    check(len(client) <= 1024 and len(signature) <= 1024 and
          len(auth) <= 4096, "too-large")
    check(len(auth) >= 37, why="authenticator data")
    flags, more = auth[32], auth[37:]
    check(not flags & 0x62 and flags & 0x18 != 0x10, why="flags")
    if flags & 0x80:
        check(more[:1] and more[0] >> 5 == 5, why="extensions")
        more = cbor(more)
    check(not more, why="behind the authenticator data")
    return {"flags": flags, "counter": int.from_bytes(auth[33:37], "big"),
            "assertion": (auth, client, signature)}


ALGORITHMS = [k.identifier(dotted, *more) for dotted, *more in (
    ("1.2.840.10045.4.3.2",), ("1.2.840.10045.4.3.3",), ("1.3.101.112",),
    (k.PKCS1 + "11", k.NULL))]


def algorithm_of(spki):
    """The one that a kind of key has here."""
    es256, es384, eddsa, rs256 = ALGORITHMS
    key = k.public_key(spki)
    if isinstance(key, k.CURVE):
        return es256 if key.curve.key_size == 256 else es384
    return eddsa if isinstance(key, k.EDWARDS) else rs256


def head(tbs, origin):
    """Of the client data, up to where members may follow."""
    challenge = base64.urlsafe_b64encode(sha256(
        b"countersign owner approval v1\0" + tbs).digest()).rstrip(b"=")
    return b'{"type":"webauthn.get","challenge":"%s","origin":"%s",' \
        b'"crossOrigin":false' % (challenge, origin.encode())


def is_text(data):
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def is_signed(assertion, tbs, spki, rp_id, origins):
    auth, client, signature = assertion
    heads = b"|".join(re.escape(head(tbs, one)) for one in origins)
    return auth[:32] == sha256(rp_id.encode()).digest() and \
        re.fullmatch(b"(%s)(,.*)?}" % heads, client, re.DOTALL) and \
        is_text(client) and k.is_signed(
            spki, algorithm_of(spki), signature, auth + sha256(
                client).digest())


def own_terms(assertion, tbs):
    """RP ID and origin that it has itself: a host, or a domain of it."""
    auth, client, _ = assertion
    found = re.match(re.escape(head(tbs, "?")).replace(rb"\?", b'([^"]*)'),
                     client)
    origin = found[1].decode() if found else ""
    labels = re.sub("^[^/]*//|:.*", "", origin).split(".")
    names = [".".join(labels[i:]) for i in range(len(labels))]
    return next((name for name in names if sha256(
        name.encode()).digest() == auth[:32]), ""), origin
