#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of this folder: bodies of credentials, TBSCertificate.
good-... are as countersign-formats(5), section 7, has them; any-... are what
relying parties take of others, too, and are malformed where ours are read;
every other one differs in one thing, and its name begins with the reason for
which it is refused. Run by hand (python3-cryptography). Approvals are signed,
and signatures random: a vector that is there stays as it is."""

import importlib.util
import os
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
spec = importlib.util.spec_from_file_location(
    "credentials", os.path.join(HERE, "..", "credential", "make.py"))
m = importlib.util.module_from_spec(spec)
spec.loader.exec_module(m)
from der import integer, octets, oid, seq, set_of, take, tlv  # noqa: E402

own, ext, sha = m.own, m.ext, m.sha
URL = b"http://crl.corp.example/crl/3f"
CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
P384_ALG = seq(oid("1.2.840.10045.4.3.3"))
RSA_ALG = seq(oid("1.2.840.113549.1.1.11"), tlv(0x05))


def name_of(cn):
    return seq(set_of(seq(oid("2.5.4.3"), tlv(0x0C, cn))))


def key_id(spki):
    """RFC 7093, method 1."""
    whole = take(spki)[1]
    string = take(take(whole)[3])[1]
    return sha(string[1:])[:20]


def policies(*tails):
    return ext("2.5.29.32", seq(*(seq(own("5.%d" % t)) for t in tails)))


def point(url):
    return ext("2.5.29.31", seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, url))))))


PROOF = m.full()
ALL = b"\x04\xb0"
STRONG = m.binding(m.approval(m.tbs()), assurance=ALL)


def extensions(bindings, spki, agent, change=None, url=URL, held=(1,)):
    """In their order, by name; `change` edits the dict."""
    each = {
        "usage": ext("2.5.29.15", tlv(0x03, b"\x07\x80"), True),
        "basic": ext("2.5.29.19", seq(), True),
        "uses": ext("2.5.29.37", seq(oid(CLIENT), oid(SERVER))),
        "subject-key": ext("2.5.29.14", octets(key_id(spki))),
        "issuer-key": ext("2.5.29.35", seq(tlv(0x80, b"\x3f" * 20))),
        "names": ext("2.5.29.17", seq(tlv(0x86, agent)), True),
        "policies": policies(*held),
        "point": point(url) if url else b"",
        "bindings": ext(own_text("3.1"), seq(*bindings)),
    }
    if change:
        change(each)
    return tlv(0xA3, seq(*each.values()))


def own_text(tail):
    return m.ARC + "." + tail


def body(*bindings, spki=None, agent=m.AGENT, version=2, serial=b"\x5a" * 16,
         alg=m.ECDSA, issuer=name_of(b"corp.example CA"),
         start=(0x17, b"261121115900Z"), end=(0x17, b"261121125900Z"),
         subject=seq(), tail=b"", **of_extensions):
    spki = spki or m.spki(m.SUBJECT)
    parts = [
        tlv(0xA0, integer(version)) if version else b"", tlv(0x02, serial),
        alg, issuer, seq(tlv(*start), tlv(*end)), subject, spki,
        extensions(bindings or (PROOF,), spki, agent, **of_extensions), tail]
    return seq(*parts)


def put(name, *bindings, **fields):
    path = os.path.join(HERE, name + ".der")
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(body(*bindings, **fields))


def without(part):
    return lambda each: each.pop(part)


def to(part, value):
    return lambda each: each.update({part: value})


def before(part, value):
    """One more, in front of it."""
    return lambda each: each.update({part: value + each[part]})


def swapped(one, other):
    def change(each):
        each[one], each[other] = each[other], each[one]
    return change


def public(k):
    return k.public_bytes(serialization.Encoding.DER,
                          serialization.PublicFormat.SubjectPublicKeyInfo)


def good():
    put("good")
    put("good-no-url", url=None)
    put("good-digest", m.binding(t=m.tbs()))
    put("good-two", m.full(),
        m.full(k=m.OTHER, owner=m.BOB, ident=b"\x02" * 16))
    put("good-strong", STRONG, held=(1, 2, 3, 4))
    put("good-strong-and-present", STRONG, m.binding(
        m.approval(m.tbs(k=m.OTHER, owner=m.BOB, ident=b"\x02" * 16),
                   m.OTHER),
        owner=m.BOB, k=m.OTHER, ident=b"\x02" * 16, assurance=b"\x05\x20"),
        held=(1, 3))
    put("good-asserted", m.binding(t=m.tbs(), assurance=b"\x06\x40"))
    put("good-grant", *m.grant())
    put("good-spiffe", m.binding(t=m.tbs()),
        agent=b"spiffe://corp.example/agent/alice")
    put("good-key-p384", m.binding(t=m.tbs()), spki=public(
        ec.derive_private_key(7, ec.SECP384R1()).public_key()))
    put("good-key-ed25519", m.binding(t=m.tbs()), spki=public(
        ed25519.Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        .public_key()))
    put("good-key-rsa", m.binding(t=m.tbs()), spki=public(
        rsa.RSAPublicNumbers(65537, (1 << 2047) + 1).public_key()))
    put("good-ca-p384", m.binding(t=m.tbs()), alg=P384_ALG)
    put("good-ca-rsa", m.binding(t=m.tbs()), alg=RSA_ALG)
    put("good-2049", m.binding(t=m.tbs()), start=(0x17, b"491231235900Z"),
        end=(0x17, b"491231235959Z"))
    put("good-2050", m.binding(t=m.tbs()), start=(0x17, b"491231235959Z"),
        end=(0x18, b"20500101000000Z"))
    put("good-serial-first", m.binding(t=m.tbs()),
        serial=b"\x01" + b"\x00" * 15)
    put("good-serial-last", m.binding(t=m.tbs()), serial=b"\x7f" * 16)


def bad_fields():
    d = m.binding(t=m.tbs())
    put("malformed-version-1", d, version=0)
    put("malformed-version-2", d, version=1)
    put("malformed-version-4", d, version=3)
    put("malformed-serial-15", d, serial=b"\x5a" * 15)
    put("malformed-serial-17", d, serial=b"\x5a" * 17)
    put("malformed-serial-negative", d, serial=b"\x80" + b"\x5a" * 15)
    put("malformed-serial-zero-first", d, serial=b"\x00\x80" + b"\x5a" * 14)
    put("unsupported-alg-ed25519", d, alg=seq(oid("1.3.101.112")))
    put("unsupported-alg-sha1", d, alg=seq(oid("1.2.840.10045.4.1")))
    put("unsupported-alg-null", d,
        alg=seq(oid("1.2.840.10045.4.3.2"), tlv(0x05)))
    put("malformed-issuer-empty", d, issuer=seq())
    put("malformed-times-equal", d, end=(0x17, b"261121115900Z"))
    put("malformed-times-swapped", d, end=(0x17, b"261121115800Z"))
    put("malformed-gentime-before-2050", d, end=(0x18, b"20261121125900Z"))
    put("malformed-subject", d, subject=name_of(b"alice"))
    put("malformed-unique-id", d, tail=tlv(0x82, b"\0\1"))
    put("unsupported-key", d, spki=public(
        ec.derive_private_key(7, ec.SECP521R1()).public_key()))


def bad_extensions():
    d = m.binding(t=m.tbs())
    parts = ("usage", "basic", "uses", "subject-key", "issuer-key", "names",
             "policies", "bindings")
    for part in parts:
        put("malformed-no-" + part, d, change=without(part))
    for one, other in zip(parts, parts[1:]):
        put("any-swapped-" + one, d, change=swapped(one, other))
    put("any-point-last", d, change=swapped("point", "bindings"))
    for part, name, critical in (
            ("usage", "2.5.29.15", False), ("basic", "2.5.29.19", False),
            ("uses", "2.5.29.37", True), ("subject-key", "2.5.29.14", True),
            ("issuer-key", "2.5.29.35", True), ("names", "2.5.29.17", False),
            ("policies", "2.5.29.32", True), ("point", "2.5.29.31", True),
            ("bindings", own_text("3.1"), True)):
        put("malformed-critical-" + part, d, change=flipped(part, name,
                                                            critical))
    for part in parts + ("point",):
        put("malformed-twice-" + part, d, change=doubled(part))
    more = ext("1.3.6.1.5.5.7.1.1", seq())
    for part in parts:
        put("malformed-more-before-" + part, d, change=before(part, more))
    put("malformed-more-last", d, change=lambda each: each.update(
        {"last": more}))
    put("malformed-copied-nonce", d, change=lambda each: each.update(
        {"last": ext("1.3.6.1.4.1.32473.9", b"\x05\x00", True)}))


def orders():
    """As Go's crypto/x509 has them, and any other way round."""
    put("any-go", PROOF, change=lambda each: each.update(
        {"basic": ext("2.5.29.37", seq(oid(SERVER), oid(CLIENT))),
         "uses": ext("2.5.29.19", seq(), True),
         "subject-key": ext("2.5.29.14", octets(b"\x11" * 20))}))
    put("any-reversed", STRONG, held=(4, 3, 2, 1), change=reverse)
    d = m.binding(t=m.tbs())
    for part in ("names", "bindings", "usage"):
        put("malformed-twice-apart-" + part, d, change=apart(part))
    put("malformed-unknown-critical", d, change=lambda each: each.update(
        {"names": ext("1.3.6.1.4.1.32473.9", b"\x05\x00", True)
         + each["names"]}))


def reverse(each):
    turned = dict(reversed(each.items()))
    each.clear()
    each.update(turned)


def apart(part):
    """At the one end, and at the other."""
    def change(each):
        one = each.pop(part)
        rest = b"".join(each.values())
        each.clear()
        each.update({"first": one, "rest": rest, "last": one})
    return change


def flipped(part, name, critical):
    def change(each):
        whole = take(each[part])[1]
        rest = take(whole)[3]
        if rest[0] == 0x01:
            rest = take(rest)[3]
        each[part] = ext(name, take(rest)[1], critical)
    return change


def doubled(part):
    return lambda each: each.update({part: each[part] * 2})


def bad_values():
    d = m.binding(t=m.tbs())
    put("malformed-usage-more", d, change=to("usage", ext(
        "2.5.29.15", tlv(0x03, b"\x02\x84"), True)))
    put("malformed-usage-cert-sign", d, change=to("usage", ext(
        "2.5.29.15", tlv(0x03, b"\x02\x04"), True)))
    put("malformed-ca", d, change=to("basic", ext(
        "2.5.29.19", seq(tlv(0x01, b"\xff")), True)))
    put("malformed-ca-path", d, change=to("basic", ext(
        "2.5.29.19", seq(tlv(0x01, b"\xff"), integer(0)), True)))
    put("any-uses-swapped", d, change=to("uses", ext(
        "2.5.29.37", seq(oid(SERVER), oid(CLIENT)))))
    for name, uses in (
            ("client", (CLIENT,)), ("server", (SERVER,)),
            ("twice", (CLIENT, CLIENT)),
            ("twice-server", (SERVER, SERVER)),
            ("any", (CLIENT, SERVER, "2.5.29.37.0")),
            ("code", (CLIENT, SERVER, "1.3.6.1.5.5.7.3.3")),
            ("ours", (CLIENT, own_text("6.1")))):
        put("malformed-uses-" + name, d, change=to("uses", ext(
            "2.5.29.37", seq(*map(oid, uses)))))
    for name, octet_string in (
            ("any-subject-key-other", b"\x11" * 20),
            ("any-subject-key-sha256", sha(m.spki(m.SUBJECT))),
            ("any-subject-key-short", b"\x11"),
            ("malformed-subject-key-empty", b""),
            ("malformed-subject-key-long", b"\x11" * 33)):
        put(name, d, change=to("subject-key", ext(
            "2.5.29.14", octets(octet_string))))
    put("malformed-issuer-key-long", d, change=to("issuer-key", ext(
        "2.5.29.35", seq(tlv(0x80, b"\x3f" * 33)))))
    put("malformed-issuer-key-empty", d, change=to("issuer-key", ext(
        "2.5.29.35", seq(tlv(0x80)))))
    put("malformed-issuer-key-serial", d, change=to("issuer-key", ext(
        "2.5.29.35", seq(tlv(0x80, b"\x3f" * 20), tlv(0x82, b"\1")))))
    names()
    for name, held in (("none", ()), ("hardware", (1, 2)), ("only-2", (2,)),
                       ("twice", (1, 1)), ("presence", (1, 3))):
        put("malformed-policies-" + name, d, held=held)
    put("malformed-policies-any", d, change=to("policies", ext(
        "2.5.29.32", seq(seq(own("5.1")), seq(oid("2.5.29.32.0"))))))
    put("malformed-policies-qualified", d, change=to("policies", ext(
        "2.5.29.32", seq(seq(own("5.1"), seq())))))
    put("any-policies-order", STRONG, held=(1, 3, 2, 4))
    put("malformed-policies-twice-apart", STRONG, held=(1, 2, 3, 4, 1))
    put("malformed-policies-too-few", STRONG, held=(1, 2, 3))


def names():
    d = m.binding(t=m.tbs())
    uri = tlv(0x86, m.AGENT)
    for name, listed in (
            ("two", (uri, tlv(0x86, b"wimse://corp.example/b"))),
            ("dns", (uri, tlv(0x82, b"corp.example"))),
            ("dns-first", (tlv(0x82, b"corp.example"), uri)),
            ("mail", (uri, tlv(0x81, b"alice@corp.example"))),
            ("only-dns", (tlv(0x82, b"corp.example"),)),
            ("empty", ())):
        put("malformed-names-" + name, d, change=to("names", ext(
            "2.5.29.17", seq(*listed), True)))
    put("bad-identifier-upper", d, agent=b"wimse://corp.example/%41")
    put("bad-identifier-https", d, agent=b"https://corp.example/agent")
    put("bad-identifier-no-path", d, agent=b"wimse://corp.example")


def bad_points():
    d = m.binding(t=m.tbs())
    uri = tlv(0x86, URL)
    full = tlv(0xA0, tlv(0xA0, uri))
    for name, points in (
            ("none", ()), ("two", (seq(full), seq(full))),
            ("two-uris", (seq(tlv(0xA0, tlv(0xA0, uri, uri))),)),
            ("reasons", (seq(full, tlv(0x81, b"\x01\x02")),)),
            ("issuer", (seq(full, tlv(0xA2, tlv(0xA4, seq()))),)),
            ("dns", (seq(tlv(0xA0, tlv(0xA0, tlv(0x82, URL)))),)),
            ("ldap", (seq(tlv(0xA0, tlv(0xA0, tlv(
                0x86, b"ldap://corp.example/")))),))):
        put("malformed-point-" + name, d, change=to("point", ext(
            "2.5.29.31", seq(*points))))
    put("bad-identifier-point", d, url=b"http://crl.corp.example/ ")


def bad_bindings():
    put("malformed-bindings-empty", change=to("bindings", ext(
        own_text("3.1"), seq())))
    put("malformed-bindings-text", change=to("bindings", ext(
        own_text("3.1"), tlv(0x0C, b"alice"))))
    put("not-der-bindings-behind", change=to("bindings", ext(
        own_text("3.1"), seq(PROOF) + b"\0")))
    put("bad-identifier-owner", m.binding(t=m.tbs(), owner=b"Alice"))
    put("wrong-owner-binding", m.binding(m.approval(m.tbs(owner=m.BOB))))
    put("binding-mismatch-id", m.binding(m.approval(m.tbs()),
                                         ident=b"\x09" * 16))
    put("binding-mismatch-denied", m.full(decision=0, lifetime=1,
                                          issuances=1))
    grant, use = m.grant()
    put("grant-invalid-use-bits", grant, regrown(use))
    put("unsupported-binding-version", m.binding(t=m.tbs(), version=2))
    put("too-large-bindings", *[m.full(
        ident=bytes([i]) * 16, purpose=b"\xc3\xbc" * 420,
        extensions=[ext("1.3.6.1.4.1.32473.%d" % j, b"x" * 800)
                    for j in range(9, 12)]) for i in range(1, 17)])


def regrown(use):
    """The same use, with a presence of its own."""
    parts, rest = [], take(use)[1]
    while rest:
        parts.append(take(rest)[2])
        rest = take(rest)[3]
    parts[3] = tlv(0x03, b"\x05\x20")
    return seq(*parts)


if __name__ == "__main__":
    good()
    bad_fields()
    bad_extensions()
    orders()
    bad_values()
    bad_points()
    bad_bindings()
