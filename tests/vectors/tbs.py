#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: tbs.py DIR
# Makes the OwnerApprovalTBS of tests/vectors/tbs anew. The good ones are
# written by `openssl asn1parse -genconf`; tests/unit/fmt_tbs.c fills the same
# fields in. The others have one fault each, by an edit of the bytes; the name
# begins with the reason that refuses it.

import os
import subprocess
import sys

from der import integer, octets, oid, parts, seq, take, tlv

POINT = ("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")

out = sys.argv[1]


def write(name, data):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(data)


# openssl asn1parse -genconf: a section for each constructed element.


def hexed(octet, n):
    return "FORMAT:HEX,OCTETSTRING:" + "%02x" % octet * n


class Conf:
    def __init__(self):
        self.text = ""
        self.n = 0

    def seq(self, fields):
        """A section with these fields; its name for a SEQUENCE."""
        self.n += 1
        name = "s%d" % self.n
        self.text += "[%s]\n" % name
        self.text += "".join("f%d = %s\n" % f for f in enumerate(fields))
        return name

    def der(self, fields):
        top = self.seq(fields)
        conf = "asn1 = SEQUENCE:%s\n%s" % (top, self.text)
        path = os.path.join(out, "tmp.cnf")
        with open(path, "w") as f:
            f.write(conf)
        subprocess.run(["openssl", "asn1parse", "-noout", "-genconf", path,
                        "-out", path + ".der"], check=True)
        with open(path + ".der", "rb") as f:
            made = f.read()
        os.remove(path)
        os.remove(path + ".der")
        return made


def request(c, agent="wimse://corp.example/agent/alice", key=0x22,
            digest=0x33):
    return "IMPLICIT:0,SEQUENCE:" + c.seq(
        ["IA5STRING:" + agent, hexed(key, 32), hexed(digest, 32)])


def key(c, agent="wimse://corp.example/agent/alice", hash=0x22):
    return "IMPLICIT:1,SEQUENCE:" + c.seq(
        ["IA5STRING:" + agent, hexed(hash, 32)])


def grant(c):
    alg = c.seq(["OID:id-ecPublicKey", "OID:prime256v1"])
    spki = c.seq(["SEQUENCE:" + alg, "FORMAT:HEX,BITSTRING:" + POINT])
    return "IMPLICIT:2,SEQUENCE:" + c.seq(
        ["IA5STRING:wimse://corp.example/ci", "SEQUENCE:" + spki])


def extension(c, last, critical):
    fields = ["OID:1.3.6.1.4.1.32473.1.%d" % last]
    if critical:
        fields.append("BOOLEAN:true")
    return "SEQUENCE:" + c.seq(fields + ["FORMAT:HEX,OCTETSTRING:0500"])


def extensions(*critical):
    def make(c):
        return "IMPLICIT:2,SEQUENCE:" + c.seq(
            [extension(c, i, yes) for i, yes in enumerate(critical)])
    return make


def approval(name, subjects, decision=1, lifetime=3600, issuances=1,
             options=()):
    c = Conf()
    each = "SEQUENCE:" + c.seq([make(c) for make in subjects])
    write(name, c.der([
        "INTEGER:1",
        "FORMAT:HEX,OCTETSTRING:000102030405060708090a0b0c0d0e0f",
        "ENUMERATED:%d" % decision,
        "IA5STRING:mailto:alice@corp.example",
        hexed(0x11, 32),
        "IA5STRING:https://corp.example",
        "GENERALIZEDTIME:20260101000000Z",
        "GENERALIZEDTIME:20260102000000Z",
        each,
        "INTEGER:%d" % lifetime,
        "INTEGER:%d" % issuances,
    ] + [make(c) if callable(make) else make for make in options]))


NONCE = "IMPLICIT:0," + hexed(0x44, 16)
PURPOSE = "IMPLICIT:1,FORMAT:UTF8,UTF8String:reads \u20ac weekly"
UNDER = "IMPLICIT:3," + hexed(0x55, 32)


def good():
    approval("request", [request])
    approval("key", [key], lifetime=31536000, issuances=1000000)
    approval("grant", [grant], issuances=500)
    approval("deny", [request], decision=0, lifetime=1)
    approval("nonce", [request], options=[NONCE])
    approval("nonce-64", [request], options=["IMPLICIT:0," + hexed(0x44, 64)])
    approval("purpose", [request], options=[PURPOSE])
    approval("extensions", [request], options=[extensions(False, False)])
    approval("extensions-critical", [request],
             options=[extensions(False, True)])
    approval("under-grant", [request], options=[UNDER])
    approval("everything", [request],
             options=[NONCE, PURPOSE, extensions(False), UNDER])
    approval("batch-requests", [
        lambda c, i=i: request(c, "wimse://corp.example/agent/n%d" % i, i,
                               255 - i) for i in range(64)])
    approval("batch-keys", [
        lambda c, i=i: key(c, "wimse://corp.example/agent/n%d" % i, i)
        for i in range(64)])
    approval("batch-one-agent", [
        lambda c, i=i: request(c, digest=i) for i in range(2)])


# The faults. Fields of the SEQUENCE by number, as section 4 lists them.

ID, DECISION, OWNER, OWNER_HASH, AUTHORITY, NOT_BEFORE, NOT_AFTER, SUBJECTS, \
    LIFETIME, ISSUANCES, OPTIONS = range(1, 12)
VERSION = 0


def fields(name="request"):
    with open(os.path.join(out, name + ".der"), "rb") as f:
        return parts(f.read())


def edit(name, field, value, of="request"):
    all = fields(of)
    all[field] = value
    write(name, seq(*all))


def more(name, *options, of="request"):
    write(name, seq(*fields(of), *options))


def ia5(text):
    return tlv(0x16, text)


def time(text):
    return tlv(0x18, text)


def agent(n):
    return ia5(b"wimse://corp.example/agent/n%d" % n)


def one_request(n):
    return tlv(0xA0, agent(n), octets(bytes(32)), octets(bytes(32)))


def one_key(n):
    return tlv(0xA1, agent(n), octets(bytes(32)))


def malformed():
    batch = fields("batch-requests")[SUBJECTS]
    the_grant = parts(fields("grant")[SUBJECTS])[0]

    def subjects(name, *each, of="request"):
        edit(name, SUBJECTS, seq(*each), of=of)

    subjects("malformed-no-subject")
    subjects("malformed-two-alike", one_request(1), one_request(2),
             one_request(1))
    subjects("malformed-two-keys-alike", one_key(1), one_key(1))
    subjects("malformed-mixed", one_request(1), one_key(2))
    subjects("malformed-request-without-digest",
             tlv(0xA0, agent(1), octets(bytes(32))))
    subjects("malformed-key-with-digest",
             tlv(0xA1, agent(1), octets(bytes(32)), octets(bytes(32))))
    subjects("malformed-subject-more", tlv(
        0xA0, agent(1), octets(bytes(32)), octets(bytes(32)), b"\x05\0"))
    subjects("malformed-key-hash-31", tlv(0xA1, agent(1), octets(bytes(31))))
    subjects("malformed-key-hash-33", tlv(0xA1, agent(1), octets(bytes(33))))
    subjects("malformed-digest-31", tlv(
        0xA0, agent(1), octets(bytes(32)), octets(bytes(31))))
    subjects("malformed-agent-utf8", tlv(
        0xA1, tlv(0x0C, b"wimse://corp.example/a"), octets(bytes(32))))
    subjects("malformed-grant-more", tlv(
        0xA2, take(the_grant)[1], b"\x05\0"))
    edit("malformed-deny-batch", SUBJECTS, batch, of="deny")
    subjects("malformed-deny-key", one_key(1), of="deny")
    subjects("malformed-deny-grant", the_grant, of="deny")
    edit("malformed-deny-lifetime", LIFETIME, integer(2), of="deny")
    edit("malformed-deny-issuances", ISSUANCES, integer(2), of="deny")
    edit("malformed-nonce-batch", SUBJECTS, batch, of="nonce")
    edit("malformed-id-15", ID, octets(bytes(15)))
    edit("malformed-id-17", ID, octets(bytes(17)))
    edit("malformed-owner-hash-31", OWNER_HASH, octets(bytes(31)))
    edit("malformed-decision-2", DECISION, b"\x0a\x01\x02")
    edit("malformed-decision-integer", DECISION, b"\x02\x01\x01")
    edit("malformed-decision-negative", DECISION, b"\x0a\x01\xff")
    edit("malformed-version-negative", VERSION, b"\x02\x01\xff")
    edit("malformed-year-1999", NOT_BEFORE, time(b"19991231235959Z"))
    edit("malformed-month-13", NOT_AFTER, time(b"20261301000000Z"))
    edit("malformed-window", NOT_BEFORE, time(b"20260102000001Z"))
    edit("malformed-utctime", NOT_BEFORE, tlv(0x17, b"260101000000Z"))
    edit("malformed-owner-printable", OWNER,
         tlv(0x13, b"mailto:alice@corp.example"))
    for name, n in ("0", 0), ("31536001", 31536001), ("huge", 1 << 63):
        edit("malformed-lifetime-" + name, LIFETIME, integer(n))
    for name, n in ("0", 0), ("1000001", 1000001), ("huge", 1 << 64):
        edit("malformed-issuances-" + name, ISSUANCES, integer(n))
    malformed_options()


def malformed_options():
    def extension(last, *rest):
        return seq(oid("1.3.6.1.4.1.32473.1.%d" % last), *rest)

    more("malformed-nonce-15", tlv(0x80, bytes(15)))
    more("malformed-nonce-65", tlv(0x80, bytes(65)))
    more("malformed-nonce-explicit", tlv(0xA0, octets(bytes(16))))
    more("malformed-purpose-empty", tlv(0x81))
    more("malformed-purpose-1025", tlv(0x81, b"x" * 1025))
    more("malformed-purpose-control", tlv(0x81, b"a\nb"))
    more("malformed-purpose-bidi", tlv(0x81, b"a\xe2\x80\xaeb"))
    more("malformed-purpose-latin1", tlv(0x81, b"caf\xe9"))
    more("malformed-under-grant-31", tlv(0x83, bytes(31)))
    more("malformed-order", tlv(0x81, b"x"), tlv(0x80, bytes(16)))
    more("malformed-nonce-twice", tlv(0x80, bytes(16)), tlv(0x80, bytes(16)))
    more("malformed-unknown-field", tlv(0x84, b""))
    more("malformed-extensions-empty", tlv(0xA2))
    more("malformed-extensions-alike", tlv(
        0xA2, extension(1, octets(b"")), extension(1, octets(b"x"))))
    more("malformed-extension-without-value", tlv(0xA2, extension(1)))
    more("malformed-extension-more", tlv(
        0xA2, extension(1, octets(b""), octets(b""))))
    more("not-der-critical-false", tlv(
        0xA2, extension(1, b"\x01\x01\0", octets(b""))))
    more("too-large-33-extensions", tlv(
        0xA2, *[extension(i, octets(b"")) for i in range(33)]))


def other_reasons():
    the_grant = parts(fields("grant")[SUBJECTS])[0]
    _, point = parts(parts(the_grant)[1])
    under = fields("under-grant")[-1]
    other_key = seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")), point)

    edit("grant-invalid-two", SUBJECTS, seq(the_grant, the_grant))
    more("grant-invalid-under-grant-of-grant", under, of="grant")
    more("grant-invalid-under-grant-of-deny", under, of="deny")
    more("grant-invalid-under-grant-of-key", under, of="key")
    more("grant-invalid-under-grant-of-batch", under, of="batch-requests")
    edit("unsupported-version-0", VERSION, integer(0))
    edit("unsupported-version-2", VERSION, integer(2))
    edit("unsupported-subject", SUBJECTS, seq(tlv(0xA3, agent(1))))
    edit("unsupported-subject-primitive", SUBJECTS, seq(tlv(0x80, b"x")))
    edit("unsupported-holder-key", SUBJECTS, seq(
        tlv(0xA2, ia5(b"wimse://corp.example/ci"), other_key)))
    edit("too-large-65-subjects", SUBJECTS,
         seq(*[one_key(i) for i in range(65)]))
    edit("bad-identifier-owner", OWNER, ia5(b"mailto:Alice@corp.example"))
    edit("bad-identifier-owner-agent", OWNER, ia5(b"wimse://corp.example/a"))
    edit("bad-identifier-authority", AUTHORITY, ia5(b"https://Corp.example"))
    edit("bad-identifier-agent", SUBJECTS, seq(tlv(
        0xA1, ia5(b"wimse://corp.example/a/"), octets(bytes(32)))))
    edit("bad-identifier-prefix", SUBJECTS, seq(tlv(
        0xA2, ia5(b"wimse://corp.example"), parts(the_grant)[1])))
    whole = seq(*fields())
    write("not-der-trailing", whole + b"\0")
    write("not-der-lifetime-padded", seq(
        *fields()[:LIFETIME], b"\x02\x03\0\x0e\x10", fields()[ISSUANCES]))
    write("not-der-long-length", b"\x30\x82\0" + whole[2:])


os.makedirs(out, exist_ok=True)
good()
malformed()
other_reasons()
