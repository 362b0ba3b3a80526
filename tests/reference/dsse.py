# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""usage: dsse.py KEY.pem CREDENTIAL <ENVELOPES

Checks DSSE envelopes around in-toto statements with python3-cryptography, by
their specifications alone: each is signed by the key, and is about the
credential in the file.  Prints how many."""
import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

PAYLOAD = "application/vnd.in-toto+json"


def pae(kind, body):
    """https://github.com/secure-systems-lab/dsse/blob/master/protocol.md"""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def verify(key, signature, data):
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, data)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(
            hashes.SHA256() if key.key_size == 256 else hashes.SHA384()))
    else:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())


def check(line, key, spki, credential):
    envelope = json.loads(line)
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    assert envelope["payloadType"] == PAYLOAD
    (one,) = envelope["signatures"]
    body = base64.b64decode(envelope["payload"], validate=True)
    verify(key, base64.b64decode(one["sig"], validate=True),
           pae(PAYLOAD, body))
    assert one["keyid"] == hashlib.sha256(spki).hexdigest()
    statement = json.loads(body)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = statement["subject"]
    assert subject["digest"] == {
        "sha256": hashlib.sha256(credential).hexdigest()}
    claimed = statement["predicate"]["claimed"]
    issued = statement["predicate"]["issued"]
    assert subject["name"] == claimed["agent"]
    assert issued["claim"] == claimed["sequence"]
    assert statement["predicateType"] == "urn:oid:1.3.6.1.4.1.32473.53.7.1"


def main(key, credential):
    with open(key, "rb") as f:
        key = serialization.load_pem_public_key(f.read())
    spki = key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)
    with open(credential, "rb") as f:
        credential = f.read()
    lines = sys.stdin.read().splitlines()
    for line in lines:
        check(line, key, spki, credential)
    print(len(lines))


main(*sys.argv[1:])
