#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of owners whom a pinned CA names: owners-ca, the CA's
certificate and the revocation lists that it asks for, and the credentials whose
names have -ca. As make.py, which it uses: by hand, only what is missing."""

import base64
import datetime
import hashlib
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import make as m

OURS = x509.ObjectIdentifier(m.ARC + ".6.1")
MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
START = datetime.datetime(2026, 1, 1)
END = datetime.datetime(2046, 1, 1)
NOON = datetime.datetime(2026, 11, 21, 12)
GONE = 0x600D  # the serial number that is revoked
CAROL = b"mailto:carol@corp.example"
K = {n: m.key(i) for i, n in enumerate(
    ("root", "cards", "other", "carol", "dave"), 201)}


def certificate(who, key, by, by_key, extensions, end=END, serial=None):
    name = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)])
            for n in (by, who)]
    b = x509.CertificateBuilder(*name, key.public_key(),
                                serial or x509.random_serial_number(), START,
                                end)
    extensions = [
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(
            K[by].public_key()), False), *extensions]
    for value, critical in extensions:
        b = b.add_extension(value, critical)
    return b.sign(by_key, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER)


def usage(*given):
    words = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{w: w in given for w in words})


def authority(who, by):
    return certificate(who, K[who], by, K[by], [
        (x509.BasicConstraints(True, None), True),
        (usage("key_cert_sign", "crl_sign"), True)])


def leaf(by="root", mail="Carol@Corp.Example", eku=OURS, key=None,
         signer=None, **kw):
    return certificate("leaf", key or K["carol"], by, K[signer or by], [
        (x509.SubjectAlternativeName([x509.RFC822Name(mail)]), False),
        (x509.ExtendedKeyUsage([eku]), False),
        (usage("digital_signature"), True)], **kw)


def crl(by, *serials):
    b = x509.CertificateRevocationListBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]), START, END,
        revoked_certificates=[x509.RevokedCertificateBuilder(s, START).build()
                              for s in serials])
    b = b.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
        K[by].public_key()), False)
    return b.sign(K[by], hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM)


def kept(name, make):
    """What the owners file has is made once."""
    path = os.path.join(m.HERE, name)
    if not os.path.exists(path):
        made = make()
        with open(path, "wb") as f:
            f.write(made)
    with open(path, "rb") as f:
        return f.read()


def signing_cert(der):
    """The attribute signingCertificateV2, RFC 5035, by SHA-256."""
    return m.seq(m.oid("1.2.840.113549.1.9.16.2.47"), m.set_of(m.seq(m.seq(
        m.seq(m.octets(hashlib.sha256(der).digest()))))))


def carol(*certs, key=None, **fields):
    fields.setdefault("owner", CAROL)
    return m.full(k=key or K["carol"], certs=certs, **fields)


def by_carol(*certs, forged=False, attrs=()):
    t = m.tbs(k=K["carol"], owner=CAROL)
    return m.binding(m.approval(t, K["carol"], forged, certs, attrs),
                     owner=CAROL, k=K["carol"])


def proven(good, cards):
    m.put("proven-ca", carol(good))
    m.put("proven-ca-key", carol(good, subjects=[m.by_key()]))
    m.put("proven-ca-intermediate", carol(leaf("cards"), cards))
    m.put("proven-ca-signing-cert", by_carol(good, attrs=[signing_cert(good)]))
    m.put("proven-ca-grant", *m.grant(k=K["carol"], owner=CAROL, certs=[good]))
    m.put("proven-ca-and-line", carol(good), m.full(
        k=m.OTHER, owner=m.BOB, ident=b"\x02" * 16))


def issuer_only(good, root, cards):
    m.put("issuer-only-ca-revoked", carol(leaf(serial=GONE)))
    m.put("issuer-only-ca-intermediate-revoked", carol(
        leaf("cards", serial=GONE), cards))
    m.put("issuer-only-ca-none", carol())
    m.put("issuer-only-ca-missing", carol(leaf("cards")))
    m.put("issuer-only-ca-other", carol(leaf("other")))
    m.put("issuer-only-ca-forged", carol(leaf(signer="other")))
    m.put("issuer-only-ca-expired", carol(leaf(
        end=NOON - datetime.timedelta(seconds=30))))
    m.put("issuer-only-ca-purpose", carol(leaf(eku=MAIL)))
    m.put("issuer-only-ca-domain", carol(
        leaf(mail="carol@corp.example.org"),
        owner=b"mailto:carol@corp.example.org"))
    m.put("issuer-only-ca-itself", carol(root, key=K["root"]))
    m.put("issuer-only-ca-itself-alone", carol(key=K["root"]))
    m.put("issuer-only-ca-others-leaf", carol(leaf(key=K["dave"])))
    m.put("issuer-only-ca-digest", m.binding(
        t=m.tbs(k=K["carol"], owner=CAROL), owner=CAROL, k=K["carol"]))
    m.put("issuer-only-ca-digest-itself", m.binding(
        t=m.tbs(k=K["root"], owner=CAROL), owner=CAROL, k=K["root"]))
    m.put("issuer-only-ca-one-of-two", carol(good), m.full(
        k=K["dave"], owner=b"mailto:dave@corp.example", ident=b"\x02" * 16))
    m.put("issuer-only-ca-grant", *m.grant(
        k=K["carol"], owner=CAROL, certs=[leaf("other")]))


def refused(good):
    m.put("wrong-owner-ca", carol(good, owner=m.BOB))
    m.put("signature-invalid-ca", by_carol(good, forged=True))
    m.put("signature-invalid-ca-unpinned", by_carol(forged=True))
    m.put("signature-invalid-ca-signing-cert", by_carol(
        good, attrs=[signing_cert(leaf())]))
    m.put("binding-mismatch-ca", carol(good, subjects=[
        m.request(k=m.STRANGER)]))
    agent = b"wimse://corp.example/ci/build"
    m.put("agent-not-allowed-ca", carol(good, subjects=[m.request(agent)]),
          agent=agent)
    m.put("wrong-authority-ca", carol(
        good, authority=b"https://other.example"))
    m.put("expired-ca", carol(good, na="20261121115859Z",
                              nb="20261121115000Z"))
    m.put("grant-invalid-ca", *m.grant(
        k=K["carol"], owner=CAROL, certs=[good], use=dict(lifetime=7201)))


OWNERS = """\
# Who is pinned in the vectors with -ca; make_ca.py
* agents="wimse://corp.example/agent",owner-san="email:*@corp.example",no-touch-required,grants,crl="ca.crl" x509-ca {root} cards
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required spki {bob}
"""


def main():
    root = kept("ca-root.crt", lambda: authority("root", "root"))
    cards = kept("ca-cards.crt", lambda: authority("cards", "root"))
    kept("ca.crl", lambda: crl("root", GONE) + crl("cards", GONE))
    text = {"root": root, "bob": m.spki(m.OTHER)}
    with open(os.path.join(m.HERE, "owners-ca"), "w", encoding="ascii") as f:
        f.write(OWNERS.format(**{n: base64.b64encode(v).decode()
                                 for n, v in text.items()}))
    good = leaf()
    proven(good, cards)
    issuer_only(good, root, cards)
    refused(good)


if __name__ == "__main__":
    main()
