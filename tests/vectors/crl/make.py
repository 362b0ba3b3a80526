#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of this folder: bodies of revocation lists, TBSCertList.
good-... are as an issuer of ours has them; every other one differs in one
thing, and its name begins with the reason for which it is refused. Run by
hand."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from der import integer, octets, oid, seq, set_of, tlv  # noqa: E402

ECDSA = seq(oid("1.2.840.10045.4.3.2"))
NAME = seq(set_of(seq(oid("2.5.4.3"), tlv(0x0C, b"corp.example CA"))))
THIS, NEXT = tlv(0x17, b"261121120000Z"), tlv(0x17, b"261122120000Z")
WHEN = tlv(0x17, b"261121110000Z")
KEY_ID = seq(tlv(0x80, b"\x3f" * 20))


def ext(name, value, critical=False):
    return seq(oid(name), tlv(0x01, b"\xff") if critical else b"",
               octets(value))


def entry(serial, when=WHEN, more=b""):
    return seq(tlv(0x02, serial), when, more)


ONE, TWO, LONG = (b"\x5a" * 16, b"\x5b" + b"\x00" * 15,
                  b"\x01" + b"\x00" * 19)
ISSUER_KEY, NUMBER = ext("2.5.29.35", KEY_ID), ext("2.5.29.20", integer(7))


def body(*entries, version=integer(1), alg=ECDSA, issuer=NAME, this=THIS,
         until=NEXT, extensions=(ISSUER_KEY, NUMBER), empty=b"", tail=b""):
    return seq(version, alg, issuer, this, until,
               seq(*entries) if entries else empty,
               tlv(0xA0, seq(*extensions)) if extensions else b"", tail)


def put(name, *entries, **fields):
    with open(os.path.join(HERE, name + ".der"), "wb") as f:
        f.write(body(*entries, **fields))


def good():
    put("good", entry(b"\x07"), entry(ONE), entry(TWO), entry(LONG))
    put("good-empty")
    put("good-one", entry(ONE))
    put("good-high-bit", entry(b"\x00\x80"))
    put("good-2050", entry(ONE), until=tlv(0x18, b"20500101000000Z"))
    put("good-number", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", integer((1 << 63) - 1))))
    put("good-rsa", alg=seq(oid("1.2.840.113549.1.1.11"), tlv(0x05)))


def bad():
    put("malformed-version", version=integer(0))
    put("malformed-no-version", version=b"")
    put("unsupported-alg", alg=seq(oid("1.3.101.112")))
    put("malformed-issuer", issuer=seq())
    put("malformed-no-next", until=b"")
    put("malformed-times", until=THIS)
    put("malformed-gentime", until=tlv(0x18, b"20261122120000Z"))
    put("malformed-empty-list", empty=seq())
    put("malformed-order", entry(TWO), entry(ONE))
    put("malformed-order-length", entry(ONE), entry(b"\x5b"))
    put("malformed-twice", entry(ONE), entry(ONE))
    put("malformed-zero", entry(b"\x00"))
    put("malformed-negative", entry(b"\x80"))
    put("not-der-padded", entry(b"\x00\x5a"))
    put("malformed-long", entry(b"\x01" + b"\x00" * 20))
    put("malformed-when", entry(ONE, when=tlv(0x0C, b"261121110000Z")))
    put("malformed-reason", entry(ONE, more=seq(ext(
        "2.5.29.21", tlv(0x0A, b"\x01")))))
    put("malformed-no-extensions", extensions=())
    put("malformed-no-number", extensions=(ISSUER_KEY,))
    put("malformed-no-key", extensions=(NUMBER,))
    put("malformed-swapped", extensions=(NUMBER, ISSUER_KEY))
    put("malformed-number-critical", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", integer(7), True)))
    put("malformed-number-zero", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", integer(0))))
    put("malformed-number-large", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", integer(1 << 63))))
    put("malformed-number-negative", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", tlv(0x02, b"\xff"))))
    put("not-der-number-behind", extensions=(ISSUER_KEY, ext(
        "2.5.29.20", integer(7) + integer(7))))
    put("malformed-delta", extensions=(ISSUER_KEY, NUMBER, ext(
        "2.5.29.27", integer(1), True)))
    put("malformed-point", extensions=(ISSUER_KEY, NUMBER, ext(
        "2.5.29.28", seq(), True)))
    put("malformed-twice-number", extensions=(ISSUER_KEY, NUMBER, NUMBER))
    put("malformed-tail", tail=integer(1))


if __name__ == "__main__":
    good()
    bad()
