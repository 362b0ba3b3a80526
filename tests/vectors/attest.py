#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: attest.py ROOT FIDO PIV
# Makes attestations anew, with fresh keys and python3-cryptography, for the
# fuzz targets fido and piv, which begin with them: ROOT is the certificate of
# the one root, FIDO and PIV are folders. tests/fuzz/fido.c and piv.c say what
# an input is; what its name begins with is what it has to come to.

import datetime
import hashlib
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

NOW = datetime.datetime(2027, 1, 15, 8, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
RP_ID = b"approve.corp.example"
HASH = b"\x5a" * 32
MODEL = bytes(range(1, 17))
AAGUID = "1.3.6.1.4.1.45724.1.1.4"
YUBIKEY = "1.3.6.1.4.1.41482.3."
root_path, fido_dir, piv_dir = sys.argv[1:4]


def name(*parts):
    return x509.Name([x509.NameAttribute(o, v) for o, v in parts])


def certificate(subject, key, issuer, by, ca=None, extra=()):
    b = x509.CertificateBuilder(
        issuer_name=issuer, subject_name=subject, public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW - DAY, not_valid_after=NOW + DAY)
    if ca is not None:
        b = b.add_extension(x509.BasicConstraints(ca, None), True)
    for oid, value in extra:
        b = b.add_extension(x509.UnrecognizedExtension(
            x509.ObjectIdentifier(oid), value), False)
    return b.sign(by, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER)


def fresh():
    return ec.generate_private_key(ec.SECP256R1())


ROOT = name((NameOID.COMMON_NAME, "Attestation Root"))
root_key = fresh()
root = certificate(ROOT, root_key, ROOT, root_key, True)
with open(root_path, "wb") as f:
    f.write(x509.load_der_x509_certificate(root).public_bytes(
        serialization.Encoding.PEM))


def head(kind, n):
    if n < 24:
        return bytes([kind << 5 | n])
    if n < 256:
        return bytes([kind << 5 | 24, n])
    return bytes([kind << 5 | 25]) + struct.pack(">H", n)


def text(s):
    return head(3, len(s)) + s.encode()


def octets(b):
    return head(2, len(b)) + b


def number(n):
    return head(0, n) if n >= 0 else head(1, -1 - n)


def point(key):
    return key.public_key().public_bytes(
        serialization.Encoding.X962,
        serialization.PublicFormat.UncompressedPoint)


def cose(key):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        members = [(1, number(1)), (3, number(-8)), (-1, number(6)),
                   (-2, octets(raw))]
    else:
        p = point(key)
        members = [(1, number(2)), (3, number(-7)), (-1, number(1)),
                   (-2, octets(p[1:33])), (-3, octets(p[33:]))]
    return head(5, len(members)) + b"".join(number(k) + v
                                            for k, v in members)


def authdata(key, flags=0x41, model=MODEL, rp_id=RP_ID):
    return (hashlib.sha256(rp_id).digest() + bytes([flags]) + bytes(4) +
            model + struct.pack(">H", 10) + b"credential" + cose(key))


def signed(key, data):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def statement(sig, alg=None, certs=()):
    m = [(text("alg"), number(alg))] if alg is not None else []
    m.append((text("sig"), octets(sig)))
    if certs:
        m.append((text("x5c"), head(4, len(certs)) +
                  b"".join(octets(c) for c in certs)))
    return head(5, len(m)) + b"".join(k + v for k, v in m)


def put(folder, called, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, called), "wb") as f:
        f.write(data)


def fido(called, fmt, auth, stmt, flags=0):
    put(fido_dir, called, bytes([fmt, flags]) + struct.pack(">H", len(auth)) +
        auth + stmt)


def leaf(by_name, by, ca=False, subject=None, model=MODEL):
    key = fresh()
    subject = subject or name(
        (NameOID.COUNTRY_NAME, "SE"), (NameOID.ORGANIZATION_NAME, "Maker"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
        (NameOID.COMMON_NAME, "One"))
    extra = [(AAGUID, b"\x04\x10" + model)] if model else []
    return key, subject, certificate(subject, key, by_name, by, ca, extra)


own = fresh()
edwards = ed25519.Ed25519PrivateKey.generate()
leaf_key, _, cert = leaf(ROOT, root_key)
for called, key, flags in (("proven-p256", own, 0),
                           ("proven-ed25519", edwards, 1)):
    auth = authdata(key)
    fido(called, 0, auth, statement(signed(leaf_key, auth + HASH), -7,
                                    [cert]), flags)
auth = authdata(own, 0x45)
fido("proven-verified", 0, auth,
     statement(signed(leaf_key, auth + HASH), -7, [cert]), 2)
MIDDLE = name((NameOID.COMMON_NAME, "Middle"))
middle_key = fresh()
middle = certificate(MIDDLE, middle_key, ROOT, root_key, True)
k, _, c = leaf(MIDDLE, middle_key)
auth = authdata(own)
fido("proven-chain", 0, auth, statement(signed(k, auth + HASH), -7,
                                        [c, middle]))
k, _, c = leaf(ROOT, root_key, model=None)
fido("unattested-model", 0, auth, statement(signed(k, auth + HASH), -7, [c]))
k, _, c = leaf(ROOT, root_key, ca=True)
fido("unattested-ca", 0, auth, statement(signed(k, auth + HASH), -7, [c]))
fido("unattested-self", 0, auth, statement(signed(own, auth + HASH), -7))
fido("unattested-none", 2, auth, head(5, 0))
k, _, c = leaf(ROOT, root_key, model=bytes(16))
fido("refused-model", 0, auth, statement(signed(k, auth + HASH), -7, [c]))
fido("refused-signature", 0, auth,
     statement(signed(own, auth + HASH), -7, [cert]))
other = authdata(own, rp_id=b"other.corp.example")
fido("refused-rp-id", 0, other,
     statement(signed(leaf_key, other + HASH), -7, [cert]))
auth = authdata(own, model=bytes(16))
k, _, c = leaf(ROOT, root_key, None, name((NameOID.COMMON_NAME, "U2F")), None)
u2f = b"\0" + auth[:32] + HASH + b"credential" + point(own)
fido("proven-u2f", 1, auth, statement(signed(k, u2f), certs=[c]))
fido("refused-u2f", 1, auth, statement(signed(own, u2f), certs=[c]))


def piv(called, *certs):
    put(piv_dir, called, b"".join(struct.pack(">H", len(c)) + c
                                  for c in certs))


def slot(by_name, by, policy=b"\x02\x02", called="PIV Attestation 9c",
         firmware=b"\x05\x07\x04", key=None):
    extra = [(YUBIKEY + "3", firmware),
             (YUBIKEY + "7", b"\x02\x04\x01\x02\x03\x04"),
             (YUBIKEY + "8", policy), (YUBIKEY + "9", b"\x01")]
    key = key or fresh()
    subject = name((NameOID.COMMON_NAME, called))
    return key, subject, certificate(subject, key, by_name, by,
                                     extra=extra)


F9 = name((NameOID.COMMON_NAME, "PIV Attestation"))
f9_key = fresh()
f9 = certificate(F9, f9_key, ROOT, root_key, True,
                 [(YUBIKEY + "3", b"\x05\x07\x04")])
piv("proven-always", slot(F9, f9_key)[2], f9)
piv("proven-cached", slot(F9, f9_key, b"\x03\x03")[2], f9)
lower_key = fresh()
lower = certificate(F9, lower_key, MIDDLE, middle_key, True)
piv("proven-chain", slot(F9, lower_key)[2], lower, middle)
bare_key = fresh()
bare = certificate(F9, bare_key, ROOT, root_key, None,
                   [(YUBIKEY + "3", b"\x04\x03\x05")])
piv("proven-bare", slot(F9, bare_key)[2], bare)
key, subject, true = slot(F9, f9_key)
piv("refused-slot", slot(subject, key, called="PIV Attestation 9a")[2], true,
    f9)
piv("refused-policy", slot(F9, f9_key, b"\x06\x02")[2], f9)
piv("refused-alone", slot(F9, f9_key)[2])
piv("refused-order", f9, slot(F9, f9_key)[2])
