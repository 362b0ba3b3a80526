#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of this folder: certificates of CAs, good-... and others
that are refused for the reason that their name begins with. Their signatures
are none: who reads one trusts it, or checks it elsewhere. Run by hand
(python3-cryptography)."""

import os
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from der import ARC, bits, integer, octets, oid, seq, set_of, tlv  # noqa: E402

ECDSA = seq(oid("1.2.840.10045.4.3.2"))
NAME = seq(set_of(seq(oid("2.5.4.3"), tlv(0x0C, b"corp.example CA"))))
TIMES = seq(tlv(0x17, b"261121120000Z"), tlv(0x17, b"361121120000Z"))
CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"


def spki(k):
    return k.public_bytes(serialization.Encoding.DER,
                          serialization.PublicFormat.SubjectPublicKeyInfo)


P256 = spki(ec.derive_private_key(7, ec.SECP256R1()).public_key())


def rsa_of(n):
    return spki(rsa.RSAPublicNumbers(65537, (1 << n - 1) + 1).public_key())


def ext(name, value, critical=False):
    return seq(oid(name), tlv(0x01, b"\xff") if critical else b"",
               octets(value))


def usage(value):
    return ext("2.5.29.15", tlv(0x03, value), True)


def uses(*names):
    return ext("2.5.29.37", seq(*map(oid, names)))


BASIC = ext("2.5.29.19", seq(tlv(0x01, b"\xff")), True)
USAGE = usage(b"\x01\x06")
KEY_ID = ext("2.5.29.14", octets(b"\x3f" * 20))


def put(name, key=P256, subject=NAME, basic=BASIC, use=USAGE, key_id=KEY_ID,
        more=(), version=tlv(0xA0, integer(2))):
    body = seq(version, integer(7), ECDSA, NAME, TIMES, subject, key,
               tlv(0xA3, seq(basic, use, key_id, *more)))
    with open(os.path.join(HERE, name + ".der"), "wb") as f:
        f.write(seq(body, ECDSA, bits(b"none")))


def good():
    put("good")
    put("good-path", basic=ext("2.5.29.19", seq(
        tlv(0x01, b"\xff"), integer(0)), True))
    put("good-p384", spki(ec.derive_private_key(
        7, ec.SECP384R1()).public_key()))
    put("good-rsa-3072", rsa_of(3072))
    put("good-signs", use=usage(b"\x01\x86"))
    put("good-uses", more=(uses(CLIENT, SERVER),))
    put("good-any-use", more=(uses("2.5.29.37.0"),))
    put("good-long-id", key_id=ext("2.5.29.14", octets(b"\x3f" * 32)))
    put("good-unknown", more=(ext("1.3.6.1.5.5.7.1.1", seq()),))


def bad():
    put("unsupported-ed25519", spki(
        ed25519.Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        .public_key()))
    put("unsupported-rsa-2048", rsa_of(2048))
    put("unsupported-version", version=b"")
    put("malformed-no-basic", basic=b"")
    put("malformed-no-ca", basic=ext("2.5.29.19", seq(), True))
    put("malformed-no-usage", use=b"")
    put("malformed-no-cert-sign", use=usage(b"\x01\x02"))
    put("malformed-no-crl-sign", use=usage(b"\x02\x04"))
    put("malformed-no-key-id", key_id=b"")
    put("malformed-key-id-empty", key_id=ext("2.5.29.14", octets(b"")))
    put("malformed-key-id-long", key_id=ext("2.5.29.14", octets(
        b"\x3f" * 33)))
    put("malformed-key-id-text", key_id=ext("2.5.29.14", tlv(0x0C, b"x")))
    put("malformed-no-subject", subject=seq())
    put("unsupported-uses-client", more=(uses(CLIENT),))
    put("unsupported-uses-code", more=(uses("1.3.6.1.5.5.7.3.3"),))
    put("unsupported-critical", more=(ext("2.5.29.30", seq(), True),))
    put("unsupported-bindings", more=(ext(ARC + ".3.1", seq()),))


if __name__ == "__main__":
    good()
    bad()
