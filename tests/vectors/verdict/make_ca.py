#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of x509-ca lines: owners-ca, expect-ca, and the messages
whose names have -ca. As make.py, which it uses: by hand, and only what is
missing; the CAs' certificates stay, too."""

import base64
import datetime
import hashlib
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import make as m
import matrix

OURS = x509.ObjectIdentifier("1.3.6.1.4.1.32473.53.6.1")
MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
START = datetime.datetime(2026, 1, 1)
END = datetime.datetime(2046, 1, 1)
CURLY = b"https://corp.example/people/bob"

K = {n: m.ec_key(i) for i, n in enumerate(
    ("root", "cards", "other", "deep1", "deep2", "deep3", "deep4", "leaf",
     "lost", "late", "mislaid", "firm"),
    5001)}


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*given):
    words = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{w: w in given for w in words})


def certificate(who, key, by, by_key, extensions, start=START, end=END,
                md=hashes.SHA256()):
    b = x509.CertificateBuilder(name(by), name(who), key.public_key(),
                                x509.random_serial_number(), start, end)
    b = b.add_extension(x509.SubjectKeyIdentifier.from_public_key(
        key.public_key()), False)
    b = b.add_extension(x509.AuthorityKeyIdentifier
                        .from_issuer_public_key(by_key.public_key()), False)
    for value, critical in extensions:
        b = b.add_extension(value, critical)
    return b.sign(by_key, md).public_bytes(serialization.Encoding.DER)


def authority(who, by, more=()):
    return certificate(who, K[who], by, K[by], [
        (x509.BasicConstraints(True, None), True),
        (usage("key_cert_sign", "crl_sign"), True), *more])


def names(*given):
    return x509.SubjectAlternativeName(
        [x509.RFC822Name(g) if "@" in g else
         x509.UniformResourceIdentifier(g) for g in given])


def leaf(by="root", san=("Alice@Corp.Example",), eku=(OURS,), key=None,
         use="digital_signature", more=(), signer=None, **kw):
    extensions = list(more)
    if san:
        extensions.append((names(*san), False))
    if eku:
        extensions.append((x509.ExtendedKeyUsage(eku), False))
    if use:
        extensions.append((usage(use), True))
    return certificate("leaf", key or K["leaf"], by, K[signer or by],
                       extensions, **kw)


def kept(file, make):
    """A certificate that the owners file has is made once."""
    if not os.path.exists(file):
        with open(file, "wb") as f:
            f.write(make())
    with open(file, "rb") as f:
        return f.read()


def message(req, certs, key=None, attrs=(), **kw):
    inside = m.tlv(0xa0, *sorted(certs)) if certs else b""
    return req.composite(m.approve(
        req, key or K["leaf"], cms_kw={"certs": inside, "attrs": attrs}, **kw))


def issuer_serial(der, issuer=None):
    """IssuerSerial of RFC 5035: one directoryName, and the number."""
    c = x509.load_der_x509_certificate(der)
    by = name(issuer) if issuer else c.issuer
    return m.seq(m.seq(m.tlv(0xa4, by.public_bytes())),
                 m.integer(c.serial_number))


def ess_cert(der, md=hashlib.sha256, alg=b"", tail=b""):
    return m.seq(alg, m.octets(md(der).digest()), tail)


def signing_cert(*certs, tail=b""):
    """RFC 5035: of ESSCertIDv2, or of a certificate by SHA-256."""
    certs = [c if len(c) < 200 else ess_cert(c) for c in certs]
    return m.attr(m.oid(1, 2, 840, 113549, 1, 9, 16, 2, 47), m.seq(m.seq(
        *certs), tail))


OWNERS = """\
# CAs of the verdict vectors; the private halves are small numbers (make_ca.py).
mailto:alice@corp.example agents="wimse://corp.example/agent",no-touch-required,revoked=20261101000000Z spki {gone}
* agents="wimse://corp.example/agent",owner-san="email:*@corp.example",no-touch-required,no-revocation,grants x509-ca {root} cards
* agents="wimse://corp.example/agent",owner-san="uri:https://corp.example/people",no-touch-required,no-revocation,eku=1.3.6.1.5.5.7.3.4 x509-ca {cards}
* agents="wimse://corp.example/agent",owner-san="email:*@corp.example",no-touch-required,no-revocation,revoked=20261101000000Z x509-ca {lost} cards, before
mailto:cards@corp.example revoked=20261101000000Z spki {mislaid} cards, before those
* owner-san="email:*@corp.example",no-revocation,revoked=20261121120001Z x509-ca {late} until the next second
* agents="wimse://corp.example/agent",owner-san="email:*@firm.example",max-lifetime=10m,no-revocation x509-ca {firm}
"""


def main():
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    root = kept("ca-root.der", lambda: authority("root", "root"))
    cards = kept("ca-cards.der", lambda: authority("cards", "root"))
    lost = kept("ca-lost.der", lambda: authority("lost", "root"))
    late = kept("ca-late.der", lambda: authority("late", "root"))
    text = {"root": root, "cards": cards, "gone": m.spki(m.K["revoked"]),
            "lost": lost, "late": late, "mislaid": m.spki(K["mislaid"]),
            "firm": kept("ca-firm.der", lambda: authority("firm", "firm"))}
    with open("owners-ca", "w", encoding="ascii") as f:
        f.write(OWNERS.format(**{n: base64.b64encode(v).decode()
                                 for n, v in text.items()}))
    r = m.Request(m.AGENT_KEY)

    def write(what, *certs, options="-", **kw):
        m.write(what, message(kw.pop("req", r), certs, **kw), options)

    good = leaf()
    write("approved-ca", good)
    write("approved-ca-beside", good, root, cards)
    m.write("approved-ca-bundle", r.beside(m.approve(r, K["leaf"], cms_kw={
        "certs": m.tlv(0xa0, *sorted((leaf("cards"), cards)))})))
    write("approved-ca-uri", leaf("cards", (CURLY.decode(), "a@b.example"),
                                  (MAIL,)), owner=CURLY)
    write("approved-ca-intermediate", leaf("cards"), cards)
    write("approved-ca-signing-cert", good, attrs=[signing_cert(good)])
    mid = authority("deep1", "root", [(x509.ExtendedKeyUsage([OURS]), False)])
    write("approved-ca-purposes", leaf("deep1"), mid)
    write("path-invalid-ca-purposes", leaf("deep1"), authority(
        "deep1", "root", [(x509.ExtendedKeyUsage([MAIL]), False)]),
          options="text=other+purposes")
    write("path-invalid-ca-stranger", leaf("other"),
          options="text=unable+to+get+local+issuer")
    write("path-invalid-ca-forged", leaf("root", signer="other"))
    write("path-invalid-ca-expired", leaf(end=datetime.datetime(2026, 11, 1)),
          options="text=expired")
    m.write("path-invalid-ca-before-signature", r.composite(m.approve(
        r, K["leaf"], cms_kw={"break": True, "certs": m.tlv(0xa0, leaf(
            end=datetime.datetime(2026, 11, 1)))})))
    write("path-invalid-ca-early", leaf(start=datetime.datetime(2026, 12, 1)),
          options="text=not+yet+valid")
    write("path-invalid-ca-missing", leaf("deep1"))
    deep = [authority(f"deep{i}", "root" if i == 1 else f"deep{i - 1}")
            for i in range(1, 5)]
    write("approved-ca-deep", leaf("deep3"), *deep[:3])
    write("path-invalid-ca-deep", leaf("deep4"), *deep,
          options="text=too+long")
    for what, eku in (("none", ()), ("any", (ANY,)), ("mail", (MAIL,))):
        write(f"path-invalid-ca-eku-{what}", leaf(eku=eku),
              options="text=extended+key+usage")
    write("path-invalid-ca-usage", leaf(use="key_agreement"),
          options="text=digitalSignature")
    write("path-invalid-ca-no-usage", leaf(use=None),
          options="text=digitalSignature")
    write("path-invalid-ca-is-ca", leaf(more=[
        (x509.BasicConstraints(True, None), True)]))
    write("path-invalid-ca-agent", leaf(san=(
        "alice@corp.example", "wimse://corp.example/agent/alice")),
          options="text=wimse")
    write("path-invalid-ca-bindings", leaf(more=[(x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.3.6.1.4.1.32473.53.3.1"), b"0\0"), False)]),
          options="text=ownerBindings")
    write("path-invalid-ca-critical", leaf(more=[(x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.2.3"), b"\5\0"), True)]))
    write("path-invalid-ca-two-names", leaf(san=(
        "alice@corp.example", "bob@corp.example")), options="text=several")
    write("path-invalid-ca-no-name", leaf(san=()), options="text=rfc822Name")
    write("path-invalid-ca-two-leaves", good, leaf(), options="text=differ")
    write("path-invalid-ca-many", good, *[authority("other", "other")
                                          for _ in range(8)])
    write("path-invalid-ca-itself", root, key=K["root"])
    write("wrong-owner-ca", good, owner=b"mailto:bob@corp.example")
    write("wrong-owner-ca-domain", leaf(san=("alice@corp.example.org",)),
          owner=b"mailto:alice@corp.example.org", options="text=owner-san")
    write("wrong-owner-ca-segment", leaf(
        "cards", ("https://corp.example/people2",), (MAIL,)),
          owner=b"https://corp.example/people2")
    write("unknown-owner-key-ca")
    m.write("unknown-owner-key-ca-itself", r.composite(m.webauthn(m.tbs(
        r, K["root"]))))
    write("unknown-owner-key-ca-other", leaf(key=K["other"]))
    write("signature-invalid-ca-signing-cert", good,
          attrs=[signing_cert(leaf())], options="text=signingCertificateV2")
    write("revoked-ca-line-first", leaf(key=m.K["revoked"]),
          key=m.K["revoked"])
    write("revoked-ca-between", leaf("lost"), lost)
    write("path-invalid-ca-revoked-key", leaf("mislaid"), authority(
        "mislaid", "root"), options="text=above+the+owner's:+its+key+is+revoked")
    write("approved-ca-before-revoked", leaf("late"), late)
    write("path-invalid-ca-key", leaf(key=K["root"]), key=K["root"],
          options="text=the+key+of+a+CA")
    write("path-invalid-ca-key-revoked", leaf(key=K["lost"]), key=K["lost"],
          options="text=the+key+of+a+CA")
    write("key-reuse-ca-between", leaf("deep2"), *deep[:2],
          req=m.Request(K["deep1"]), options="text=leads+to")
    for what, life in (("touch-missing", 600), ("lifetime-exceeded", 601)):
        write(what + "-ca", leaf("firm", ("alice@firm.example",)),
              owner=b"mailto:alice@firm.example", lifetime=life)
    write("agent-not-allowed-ca", good,
          req=m.Request(m.AGENT_KEY, agent=b"wimse://corp.example/other"))
    write("key-reuse-ca", good, req=m.Request(K["root"]))
    write("key-reuse-ca-leaf", good, req=m.Request(K["leaf"]))
    for what, holder, options in (
            ("approved-ca-pair", matrix.HOLDER, "roles=gu"),
            ("grant-invalid-ca-own-key", K["leaf"], "text=signed+the+grant")):
        g = matrix.grant(K["leaf"], holder=holder)
        m.write(what, r.composite(m.cms(K["leaf"], g, certs=m.tlv(
            0xa0, good)), matrix.under(g, holder=holder)), options)
    sha = [m.seq(m.oid(2, 16, 840, 1, 101, 3, 4, 2, i)) for i in range(9)]
    number = issuer_serial(good)
    for what, attr in (
            ("approved-ca-signing-cert-issuer", signing_cert(
                ess_cert(good, tail=number))),
            ("approved-ca-signing-cert-sha512", signing_cert(
                ess_cert(good, hashlib.sha512, sha[3], number))),
            ("signature-invalid-ca-signing-cert-sha384", signing_cert(
                ess_cert(good, hashlib.sha256, sha[2]))),
            ("signature-invalid-ca-signing-cert-issuer", signing_cert(
                ess_cert(good, tail=issuer_serial(good, "cards")))),
            ("signature-invalid-ca-signing-cert-serial", signing_cert(
                ess_cert(good, tail=issuer_serial(leaf())))),
            ("unsupported-ca-signing-cert-two", signing_cert(good, root)),
            ("unsupported-ca-signing-cert-policy", signing_cert(
                good, tail=m.seq(m.seq(m.oid(1, 2, 3))))),
            ("unsupported-ca-signing-cert-sha3", signing_cert(
                ess_cert(good, hashlib.sha3_256, sha[8]))),
            ("not-der-ca-signing-cert-default", signing_cert(
                ess_cert(good, alg=sha[1]))),
            ("malformed-ca-signing-cert-more", signing_cert(
                ess_cert(good, tail=number + b"\5\0"))),
            ("malformed-ca-signing-cert-none", signing_cert())):
        write(what, good, attrs=[attr], options="text=signingCertificateV2"
              if "approved" not in what else "-")
    with open("expect-ca", "w", encoding="ascii") as f:
        f.write("# as expect, by owners-ca\n")
        for what, options in m.EXPECT:
            f.write(f"{what} {options}\n")


if __name__ == "__main__":
    main()
