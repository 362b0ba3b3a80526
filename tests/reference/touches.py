# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Approvals by security keys and OpenSSH's keys for both.py, as cases.py:
what a hostile one could sign, and what is signed well and then changed."""
import itertools
import random
import struct
from hashlib import sha256, sha512

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import cases as c
import der as d
import sshsig
import webauthn

RP = "approve.corp.example"
ORIGIN = "https://" + RP
FIDO, EDDSA = c.KEYS["bob"], c.KEYS["alice25519"]
IN = 'agents="wimse://corp.example/agent"'
string = sshsig.string
SK_NAME = b"sk-ssh-ed25519@openssh.com"
POINT = c.SPKI["alice25519"][-32:]
SK = string(SK_NAME) + string(POINT) + string(b"ssh:")
OWNERS = c.line(c.BOB, f'{IN},rp-id="{RP}"', c.SPKI["bob"], "fido2") + \
    c.line(c.ALICE, IN, SK, SK_NAME.decode())
HEAD = sha256(RP.encode()).digest()


def assertion(body, client=None, auth=HEAD + b"\1\0\0\0\5"):
    client = webauthn.head(body, ORIGIN) + b"}" if client is None else client
    signature = FIDO.sign(auth + sha256(client).digest(),
                          ec.ECDSA(hashes.SHA256()))
    return d.make(0x30, d.WEBAUTHN, d.make(0x30, *(
        d.make(4, part) for part in (body, auth, client, signature))))


def touched(body, flags=1, key=SK, name=b"owner-approval@countersign",
            reserved=b"", digest=b"sha512", more=b""):
    hashed = sha512(body).digest()
    data = b"SSHSIG" + b"".join(map(string, (name, b"", digest, hashed)))
    count = struct.pack(">BI", flags, 7)
    signature = string(SK_NAME) + string(EDDSA.sign(
        sha256(b"ssh:").digest() + count + sha256(data).digest())) + count
    blob = b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(string, (
        key, name, reserved, digest, signature))) + more
    return d.make(0x30, d.SSHSIG, d.make(0x30, d.make(4, body),
                                         d.make(4, blob)))


def bodies():
    return (c.tbs("bob", [c.subject(c.BASE)]),
            c.tbs("alice25519", [c.subject(c.BASE)]))


def case(expected, name, *approvals, **context):
    return expected, "touch: " + name, c.composite(*approvals), \
        {"owners": OWNERS} | context


def well():
    fido, sk = bodies()
    yield case("approved", "webauthn", assertion(fido))
    yield case("approved", "sshsig", touched(sk))
    yield case("approved", "both", assertion(fido), touched(sk), quorum=2)
    yield case("wrong-type", "crossed", touched(fido), assertion(sk))


def flags():
    """All of them, as signed."""
    for bits in range(256):
        fido, sk = bodies()
        for more in (b"", b"\xa0"):
            yield case(None, f"webauthn flags {bits:02x} and {len(more)}",
                       assertion(fido, auth=HEAD + bytes([bits]) +
                                 b"\0\0\0\5" + more))
        if bits.bit_count() < 3:
            yield case(None, f"sshsig flags {bits:02x}", touched(sk, bits))


def words():
    """Client data and terms that are signed, and not what they should be."""
    fido, sk = bodies()
    good = webauthn.head(fido, ORIGIN) + b"}"
    for at in range(0, len(good) + 1):
        for what, client in (("cut", good[:at]),
                             ("put", good[:at] + b" " + good[at:]),
                             ("turned", good[:at] + good[at:].swapcase())):
            if at % 3 == len(what) % 3:
                yield case(None, f"client data {what} at {at}",
                           assertion(fido, client))
    for tail in (b",}", b',"a":1}', b',"a":1', b",", b"}}", b"},", b"\n}",
                 b',"\xff"}', b',"\0"}', b',"\xc3\xa4"}', b"}\n", b'"}'):
        yield case(None, f"client data and {tail}",
                   assertion(fido, good[:-1] + tail))
    for name, more in (
            ("key", {"key": SK + b"\0"}), ("application", {"key": string(
                SK_NAME) + string(POINT) + string(b"ssh:x")}),
            ("plain", {"key": string(b"ssh-ed25519") + string(POINT)}),
            ("name", {"name": b"file"}), ("reserved", {"reserved": b"x"}),
            ("digest", {"digest": b"sha256"}), ("more", {"more": b"\0"})):
        yield case(None, "sshsig " + name, touched(sk, **more))


def faults():
    """One fault or one bit, somewhere, behind the signature."""
    fido, sk = bodies()
    for what, der in ("webauthn", assertion(fido)), ("sshsig", touched(sk)):
        for name, other in c.changed(der):
            yield case("refused", f"{what}: {name}", other)
        for _ in range(60):
            other = bytearray(der)
            at, bit = random.randrange(len(der)), 1 << random.randrange(8)
            other[at] ^= bit
            yield case("refused", f"{what}: byte {at} ^ {bit}", bytes(other))


ALL = itertools.chain(well(), flags(), words(), faults())
