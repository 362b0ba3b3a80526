# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Requests, approvals and authorities for both.py, signed in software."""
import datetime
import hashlib
from hashlib import sha256

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import der as d
import keys as k
import reference as r

OURS = x509.ObjectIdentifier(d.OURS + "6.1")
DAY = datetime.timedelta(days=1)


def scheme(key, name=None, pss=False):
    """Of what the key can sign with, the first that is wanted."""
    return next(
        (one, digest.name, how)
        for one, (kind, digest, how) in k.ALGORITHMS.items()
        if isinstance(key.public_key(), kind) and
        name in (None, digest.name) and
        pss == any(isinstance(part, padding.PSS) for part in how))


def set_of(tag, *values):
    return d.make(tag, *sorted(values))


def attribute(oid, *values):
    return d.make(0x30, oid, d.make(0x31, *values))


def request(key, agent, how=(), purpose=None, intended=None, approvals=()):
    name = d.make(0x30, d.make(0x86, agent.encode()))
    given = [attribute(d.REQUESTED, d.make(0x30, d.make(
        0x30, d.NAMES, d.make(4, name))))]
    if purpose:
        given.append(attribute(d.PURPOSE, d.make(12, purpose.encode())))
    if intended:
        given.append(attribute(d.OWNER, d.make(22, intended.encode())))
    if approvals:
        given.append(attribute(d.APPROVALS, d.make(0x30, *approvals)))
    info = d.make(0x30, b"\2\1\0", d.make(0x30), k.spki_of(key.public_key()),
                  set_of(0xa0, *given))
    algorithm, _, args = scheme(key, *how)
    return d.make(0x30, info, algorithm,
                  d.make(3, b"\0", key.sign(info, *args)))


def read_request(der):
    """What an approval binds of it."""
    info = d.children(der)[0]
    spki, given = d.children(info)[2:]
    names = d.extensions(d.attributes(given)[d.REQUESTED])[d.NAMES]
    return {"agentId": d.contents(d.children(names)[0]).decode(),
            "agentKeyHash": sha256(spki).digest(),
            "requestDigest": sha256(info).digest()}


def subject(kind, values):
    tag, table = next((tag, table) for name, tag, table in r.SUBJECTS
                      if name == kind)
    return d.make(tag, r.encode(table, values))


def tbs(**values):
    return d.make(0x30, r.encode(r.TBS, {
        "version": 1, "decision": 1} | values | {
        "subjects": d.make(0x30, *values["subjects"])}))


def cms(key, content, when, how=(), certificates=(), more=()):
    """OwnerApproval; more attributes may be signed."""
    algorithm, name, args = scheme(key, *how)
    digest = next(one for one, found in k.DIGESTS.items()
                  if found.name == name)
    hashed = hashlib.new(name, content).digest()
    given = [attribute(d.CONTENT_TYPE, d.OWNER_APPROVAL),
             attribute(d.DIGEST, d.make(4, hashed)),
             attribute(d.SIGNED_AT, core.UTCTime(when.replace(
                 tzinfo=datetime.timezone.utc)).dump()), *more]
    key_hash = sha256(k.spki_of(key.public_key())).digest()
    signer = d.make(0x30, b"\2\1\3", d.make(0x80, key_hash), digest,
                    set_of(0xa0, *given), algorithm,
                    d.make(4, key.sign(set_of(0x31, *given), *args)))
    return d.make(0x30, d.CMS, d.make(0x30, d.SIGNED_DATA, d.make(
        0xa0, d.make(
            0x30, b"\2\1\3", d.make(0x31, digest),
            d.make(0x30, d.OWNER_APPROVAL,
                   d.make(0xa0, d.make(4, content))),
            set_of(0xa0, *certificates) if certificates else b"",
            d.make(0x31, signer)))))


def named(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(key, name, by_key, by, now, ca=False, length=None,
                purposes=(), names=(), usage="digital_signature",
                start=-1, end=1, more=()):
    """Signed by the key of the name by; days from now."""
    words = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign",
             "crl_sign", "encipher_only", "decipher_only")
    builder = x509.CertificateBuilder(
        named(by), named(name), key.public_key(), x509.random_serial_number(),
        now + start * DAY, now + end * DAY)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(
            by_key.public_key()), False).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    if usage:
        given = ("key_cert_sign", "crl_sign") if ca else (usage,)
        builder = builder.add_extension(x509.KeyUsage(**{
            word: word in given for word in words}), True)
    if ca:
        builder = builder.add_extension(
            x509.BasicConstraints(True, length), True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names),
                                        False)
    for value, critical in more:
        builder = builder.add_extension(value, critical)
    return sign_x509(builder, by_key)


def sign_x509(builder, key):
    name = scheme(key)[1]
    return builder.sign(key, None if "curve" not in dir(key) and "25519" in
                        str(type(key)) else getattr(hashes, name.upper())()
                        ).public_bytes(serialization.Encoding.DER)


def revocations(name, key, now, serials=(), start=-1, end=1):
    builder = x509.CertificateRevocationListBuilder(
        named(name), now + start * DAY, now + end * DAY).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(
            key.public_key()), False).add_extension(x509.CRLNumber(1), False)
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder(serial, now - DAY).build())
    return sign_x509(builder, key)
