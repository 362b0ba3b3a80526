#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: cert.py DIR
# Makes the certificates of tests/vectors/cert anew, with fresh keys. Good ones
# come from `openssl req -x509` (openssl-*) and python3-cryptography
# (python-*); the others are put together with one fault, which the name begins
# with. Signatures are of no meaning here. The tests read what is checked in.

import datetime
import os
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from der import bits, integer, octets, oid, seq, set_of, tlv

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
key = ec.generate_private_key(ec.SECP256R1())
SPKI = key.public_key().public_bytes(
    serialization.Encoding.DER,
    serialization.PublicFormat.SubjectPublicKeyInfo)
ECDSA = seq(oid("1.2.840.10045.4.3.2"))
NAME = seq(set_of(seq(oid("2.5.4.3"), tlv(0x0C, b"CA"))))
UTC = tlv(0x17, b"261121115900Z")
AGENT = b"wimse://corp.example/agent/alice"


def save(name, der):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(der)


def ext(name, value, critical=b""):
    return seq(oid(name), critical, octets(value))


YES = tlv(0x01, b"\xff")
SAN = ext("2.5.29.17", seq(tlv(0x86, AGENT)), YES)


def cert(name, exts=(SAN,), version=tlv(0xA0, integer(2)), serial=integer(5),
         inner=ECDSA, issuer=NAME, times=(UTC, UTC), subject=seq(), spki=SPKI,
         before=b"", box=None, after=b"", outer=ECDSA, sig=None):
    body = seq(version, serial, inner, issuer, seq(*times), subject, spki,
               before, tlv(0xA3, seq(*exts)) if box is None else box, after)
    save(name, seq(body, outer, bits(b"sig") if sig is None else sig))


def good():
    cert("plain")
    cert("no-extensions", box=b"")
    cert("serial-zero", serial=integer(0))
    cert("serial-20", serial=tlv(0x02, b"\x7f" * 20))
    cert("year-2050", times=(UTC, tlv(0x18, b"20500101000000Z")))
    cert("critical-unknown", [SAN, ext("1.3.6.1.4.1.32473.9", b"", YES)])
    cert("other-names", [ext("2.5.29.17", seq(
        tlv(0x81, b"a@corp.example"), tlv(0x82, b"corp.example"),
        tlv(0x86, AGENT), tlv(0x87, b"\x7f\0\0\1"), tlv(0xA4, NAME),
        tlv(0x86, b"https://corp.example/")))])
    cert("all-usage", [SAN, ext("2.5.29.15", tlv(0x03, b"\x07\xff\x80"))])
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(out, "openssl-ca.der")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", os.path.join(work, "key"), "-outform", "DER", "-out",
             path, "-subj", "/O=Example/CN=CA", "-days", "30", "-addext",
             "keyUsage=critical,keyCertSign,cRLSign", "-addext",
             "basicConstraints=critical,CA:TRUE,pathlen:1"],
            check=True, stderr=subprocess.DEVNULL)
    start = datetime.datetime(2026, 11, 21, 11, 59)
    save("python-leaf", x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")]),
        x509.Name([]), key.public_key(), 77, start,
        start + datetime.timedelta(hours=1),
    ).add_extension(x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(AGENT.decode())]), True,
    ).add_extension(x509.ExtendedKeyUsage(
        [x509.ExtendedKeyUsageOID.CLIENT_AUTH]), False,
    ).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def not_der():
    cert("not-der-critical-false", [ext(
        "2.5.29.17", seq(tlv(0x86, AGENT)), tlv(0x01, b"\0"))])
    cert("not-der-ca-false", [SAN, ext("2.5.29.19", seq(tlv(0x01, b"\0")))])
    cert("not-der-usage-zero-bit",
         [SAN, ext("2.5.29.15", tlv(0x03, b"\x06\x80"))])
    cert("not-der-san", [ext("2.5.29.17", b"\x30\x80\0\0")])
    cert("not-der-serial", serial=b"\x02\x02\x00\x05")


def malformed():
    def bad(name, *args, **fields):
        cert("malformed-" + name, *args, **fields)

    bad("repeated", [SAN, SAN])
    bad("empty-extensions", [])
    bad("behind-extensions", box=tlv(0xA3, seq(SAN), seq()))
    bad("behind-tbs", after=tlv(0x05))
    bad("algorithms", outer=seq(oid("1.2.840.10045.4.3.3")))
    bad("algorithm", inner=seq(), outer=seq())
    bad("negative-serial", serial=tlv(0x02, b"\x80"))
    bad("long-serial", serial=tlv(0x02, b"\x01" * 21))
    bad("times", times=(UTC, tlv(0x17, b"261121115859Z")))
    bad("three-times", times=(UTC, UTC, UTC))
    bad("general-time-2049", times=(UTC, tlv(0x18, b"20491231235959Z")))
    bad("month", times=(UTC, tlv(0x17, b"261321115859Z")))
    bad("issuer", issuer=seq(set_of(seq(oid("2.5.4.3")))))
    bad("subject", subject=seq(set_of()))
    bad("san-empty", [ext("2.5.29.17", seq())])
    bad("san-directory", [ext("2.5.29.17", seq(tlv(0xA4, seq(set_of()))))])
    bad("san-other", [ext("2.5.29.17", seq(tlv(0xA0, seq())))])
    bad("usage-empty", [ext("2.5.29.15", tlv(0x03, b"\0"))])
    bad("usage-ten", [ext("2.5.29.15", tlv(0x03, b"\x06\x80\x40"))])
    bad("uses-empty", [ext("2.5.29.37", seq())])
    bad("path-without-ca", [ext("2.5.29.19", seq(integer(1)))])
    bad("constraints-more", [ext("2.5.29.19", seq(YES, integer(1), YES))])
    bad("signature", sig=tlv(0x03, b"\x01\x80"))
    bad("no-signature", sig=b"")


def others():
    cert("unsupported-san-tag", [ext("2.5.29.17", seq(tlv(0x89, b"x")))])
    cert("unsupported-san-x400", [ext("2.5.29.17", seq(tlv(0xA3)))])
    cert("unsupported-version-1", version=b"", box=b"")
    cert("unsupported-version-2", version=tlv(0xA0, integer(1)))
    cert("unsupported-unique-id", before=tlv(0x81, b"\0x"))
    cert("unsupported-key", spki=seq(seq(oid("1.3.101.110")), bits(bytes(32))))
    cert("too-large-33-extensions", [
        ext("1.3.6.1.4.1.32473.9.%d" % i, b"") for i in range(33)])
    cert("too-large-9-uris", [ext("2.5.29.17", seq(
        *[tlv(0x86, AGENT)] * 9))])
    cert("too-large-17-uses", [ext("2.5.29.37", seq(
        *[oid("1.3.6.1.5.5.7.3.1")] * 17))])


good()
not_der()
malformed()
others()
