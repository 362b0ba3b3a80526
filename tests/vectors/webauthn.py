#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: webauthn.py DIR
# Makes the approvals of tests/vectors/webauthn anew, with python3-fido2 and
# python3-cryptography: OwnerApproval around assertions, and key-*.der, the
# SubjectPublicKeyInfo of who signed. Authenticator data and CBOR are
# python3-fido2's, which also verifies what is good. The others have one fault
# each; the name begins with the reason that refuses it. RP ID and origin are
# approve.corp.example and its https.

import base64
import hashlib
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from fido2 import cbor
from fido2.cose import CoseKey, ES256, EdDSA, RS256
from fido2.ctap2 import AuthenticatorData

from der import ARC, integer, octets, oid, seq, take, tlv

out, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
RP_ID = b"approve.corp.example"
LABEL = b"countersign owner approval v1\0"
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


class Ec:
    def __init__(self, secret, curve, md, cose):
        self.private = ec.derive_private_key(secret, curve)
        self.md, self.cose = md, cose

    def sign(self, data):
        return self.private.sign(data, ec.ECDSA(self.md))


class Ed(Ec):
    def __init__(self, secret):
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
        self.cose = EdDSA

    def sign(self, data):
        return self.private.sign(data)


class Rsa(Ec):
    def __init__(self, path):
        with open(path, "rb") as f:
            self.private = serialization.load_pem_private_key(f.read(), None)
        self.cose = RS256

    def sign(self, data):
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())


KEYS = {
    "es256": Ec(4001, ec.SECP256R1(), hashes.SHA256(), ES256),
    "es384": Ec(4002, ec.SECP384R1(), hashes.SHA384(), None),
    "eddsa": Ed(b"\x40" * 32),
    "rs256": Rsa(os.path.join(here, "verdict", "agent-rsa.pem")),
}


def write(name, data):
    with open(os.path.join(out, name + ".der"), "wb") as f:
        f.write(data)


def spki(key):
    return key.private.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def tbs(key):
    subject = tlv(0xa0, tlv(0x16, b"wimse://corp.example/agent/alice"),
                  octets(b"\x22" * 32), octets(b"\x33" * 32))
    return seq(integer(1), octets(bytes(range(16))), tlv(0x0a, b"\1"),
               tlv(0x16, b"mailto:alice@corp.example"),
               octets(hashlib.sha256(spki(key)).digest()),
               tlv(0x16, b"https://corp.example"),
               tlv(0x18, b"20260101000000Z"), tlv(0x18, b"20260102000000Z"),
               seq(subject), integer(3600), integer(1))


def challenge(body):
    return hashlib.sha256(LABEL + body).digest()


def client_data(body, kind=b"webauthn.get", origin=b"https://" + RP_ID,
                cross=b"false", end=b"}", value=None):
    text = base64.urlsafe_b64encode(value or challenge(body)).rstrip(b"=")
    return (b'{"type":"' + kind + b'","challenge":"' + text +
            b'","origin":"' + origin + b'","crossOrigin":' + cross + end)


def auth_data(flags=UP | UV, counter=0x01020304, rp_id=RP_ID, more=b""):
    data = hashlib.sha256(rp_id).digest() + bytes([flags])
    return data + counter.to_bytes(4, "big") + more


def value(body, auth, client, sig):
    return seq(oid(ARC + ".4.2"), seq(*map(octets, (body, auth, client, sig))))


def approval(key, body=None, auth=None, client=None, mangle=bytes, signs=None):
    body = body or tbs(key)
    auth = auth_data() if auth is None else auth
    client = client_data(body) if client is None else client
    sig = (signs or key).sign(auth + hashlib.sha256(client).digest())
    return value(body, auth, client, mangle(sig))


def judged(name, key):
    """What is good, by python3-fido2 too."""
    der = approval(key)
    write(name, der)
    write("key-" + name, spki(key))
    if key.cose is None:
        return
    rest, parts = take(take(der)[1])[3], []
    rest = take(rest)[1]
    while rest:
        _, part, _, rest = take(rest)
        parts.append(part)
    auth = AuthenticatorData(parts[1])
    assert auth.is_user_present() and auth.is_user_verified()
    assert auth.counter == 0x01020304
    cose = key.cose.from_cryptography_key(key.private.public_key())
    cose.verify(parts[1] + hashlib.sha256(parts[2]).digest(), parts[3])


def good(key):
    body = tbs(key)
    write("es256-browser", approval(key, client=client_data(
        body, end=b',"other_keys_can_be_added_here":"do not compare '
        b'clientDataJSON against a template. See https://goo.gl/yabPex"}')))
    write("es256-browser-1024", approval(key, client=client_data(
        body, end=b',"pad":"' + b"x" * (1024 - len(client_data(body)) - 9) +
        b'"}')))
    write("es256-extensions", approval(key, auth=AuthenticatorData.create(
        hashlib.sha256(RP_ID).digest(), UP | ED, 7, b"",
        {"hmac-secret": b"s" * 32, "credBlob": b"", "appid": False})))
    write("es256-no-extension", approval(key, auth=auth_data(
        UP | ED, more=cbor.encode({}))))
    write("es256-synced", approval(key, auth=auth_data(UP | BE | BS, 0)))
    write("es256-untouched", approval(key, auth=auth_data(0)))


def malformed(key):
    def auth(name, data):
        write("malformed-" + name, approval(key, auth=data))

    auth("auth-empty", b"")
    auth("auth-36", auth_data()[:36])
    auth("auth-38", auth_data() + b"\0")
    auth("reserved-1", auth_data(UP | 0x02))
    auth("reserved-5", auth_data(UP | 0x20))
    auth("backup-not-eligible", auth_data(UP | BS))
    auth("credential-flag", auth_data(UP | AT))
    point = ES256.from_cryptography_key(key.private.public_key())
    auth("credential", auth_data(UP | AT, more=bytes(16) + b"\0\x10" +
                                 b"i" * 16 + cbor.encode(point)))
    auth("extensions-missing", auth_data(UP | ED))
    auth("extensions-unannounced", auth_data(UP, more=b"\xa0"))
    auth("extensions-array", auth_data(UP | ED, more=b"\x80"))
    auth("extensions-two", auth_data(UP | ED, more=b"\xa0\xa0"))
    auth("extensions-unsorted", auth_data(
        UP | ED, more=b"\xa2\x61b\xf5\x61a\xf5"))
    auth("extensions-twice", auth_data(
        UP | ED, more=b"\xa2\x61a\xf5\x61a\xf4"))
    auth("extensions-indefinite", auth_data(UP | ED, more=b"\xbf\xff"))
    auth("extensions-huge", auth_data(
        UP | ED, more=b"\xbb" + b"\x7f" + b"\xff" * 7))
    der, body = approval(key), tbs(key)
    write("malformed-more", seq(oid(ARC + ".4.2"), seq(
        *map(octets, (body, auth_data(), client_data(body), b"s", b"")))))
    write("malformed-less", seq(oid(ARC + ".4.2"), seq(
        *map(octets, (body, auth_data(), client_data(body))))))
    write("malformed-two", seq(take(der)[1], octets(b"")))
    write("too-large-client", approval(key, client=client_data(
        body, end=b',"pad":"' + b"x" * (1025 - len(client_data(body)) - 9) +
        b'"}')))
    write("too-large-signature", approval(key, mangle=lambda s: bytes(1025)))
    write("too-large-auth", approval(key, auth=auth_data(
        UP | ED, more=cbor.encode({"pad": bytes(4096 - 37 - 8 + 1)}))))
    write("es256-auth-4096", approval(key, auth=auth_data(
        UP | ED, more=cbor.encode({"pad": bytes(4096 - 37 - 8)}))))


def invalid(key):
    body = tbs(key)

    def client(name, **kw):
        write("signature-invalid-" + name, approval(
            key, client=client_data(body, **kw)))

    def text(name, data):
        write("signature-invalid-" + name, approval(key, client=data))

    client("create", kind=b"webauthn.create")
    client("payment", kind=b"payment.get")
    client("challenge", value=challenge(body + b"\0"))
    client("challenge-unlabelled", value=hashlib.sha256(body).digest())
    client("challenge-short", value=challenge(body)[:31])
    client("challenge-long", value=challenge(body) + b"\0")
    client("origin", origin=b"https://approve.corp.example.evil.example")
    client("origin-shorter", origin=b"https://approve.corp.exampl")
    client("origin-http", origin=b"http://approve.corp.example")
    client("origin-port", origin=b"https://approve.corp.example:8443")
    client("origin-escaped", origin=b"https:\\/\\/approve.corp.example")
    client("cross", cross=b"true")
    client("cross-string", cross=b'"false"')
    client("no-end", end=b"")
    client("behind", end=b"}\n")
    client("two-objects", end=b"}{}")
    client("blank", end=b" }")
    client("comma", end=b",")
    client("open", end=b',"a":1')
    client("nul", end=b',"a":"\0"}')
    client("latin1", end=b',"a":"\xe9"}')
    plain = client_data(body)
    text("no-client-data", b"")
    text("empty-object", b"{}")
    text("blanks", plain.replace(b'","', b'", "'))
    text("order", b'{"challenge":' + plain.split(b'"challenge":')[1][:-1] +
         b',"type":"webauthn.get"}')
    text("padded", plain.replace(b'","origin', b'=","origin'))
    text("bom", b"\xef\xbb\xbf" + plain)
    write("signature-invalid-rp", approval(key, auth=auth_data(
        rp_id=b"corp.example")))
    write("signature-invalid-key", approval(key, signs=Ec(
        4003, ec.SECP256R1(), hashes.SHA256(), ES256)))
    write("signature-invalid-empty", approval(key, mangle=lambda s: b""))
    write("signature-invalid-bit", approval(
        key, mangle=lambda s: s[:-1] + bytes([s[-1] ^ 1])))
    write("signature-invalid-other-auth", value(
        body, auth_data(UP), plain, key.sign(
            auth_data() + hashlib.sha256(plain).digest())))
    write("signature-invalid-client-itself", value(
        body, auth_data(), plain, key.sign(auth_data() + plain)))
    write("signature-invalid-tbs", value(
        body, auth_data(), plain, key.sign(body)))
    write("signature-invalid-es384-sha256", approval(
        KEYS["es384"], signs=Ec(4002, ec.SECP384R1(), hashes.SHA256(), None)))
    rsa = KEYS["rs256"]
    data = auth_data() + hashlib.sha256(client_data(tbs(rsa))).digest()
    write("signature-invalid-rs512", value(
        tbs(rsa), auth_data(), client_data(tbs(rsa)), rsa.private.sign(
            data, padding.PKCS1v15(), hashes.SHA512())))
    write("signature-invalid-ps256", value(
        tbs(rsa), auth_data(), client_data(tbs(rsa)), rsa.private.sign(
            data, padding.PSS(padding.MGF1(hashes.SHA256()), 32),
            hashes.SHA256())))


for each, k in KEYS.items():
    judged(each, k)
good(KEYS["es256"])
malformed(KEYS["es256"])
invalid(KEYS["es256"])
