# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""What a SPIFFE bundle says of a credential, by python3-cryptography.

usage: trust.py BUNDLE CHAIN WIT: ends with 0 when a certificate of the bundle
has issued the first certificate of CHAIN, and one of its keys has signed WIT,
both of them for the same agent.
"""
import base64
import json
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def number(text):
    return int.from_bytes(unbase64(text), "big")


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public(key):
    assert key["kty"] == "EC" and key["crv"] == "P-256"
    return ec.EllipticCurvePublicNumbers(
        number(key["x"]), number(key["y"]), ec.SECP256R1()).public_key()


def is_signed(key, signature, data):
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def main():
    with open(sys.argv[1], encoding="ascii") as f:
        bundle = json.load(f)
    with open(sys.argv[2], "rb") as f:
        leaf = x509.load_pem_x509_certificate(f.read())
    with open(sys.argv[3], encoding="ascii") as f:
        head, body, sig = f.read().split(".")
    keys = bundle["keys"]
    cas = [key for key in keys if key["use"] == "x509-svid"]
    for key in cas:
        cert = x509.load_der_x509_certificate(base64.b64decode(key["x5c"][0]))
        assert cert.public_key().public_numbers() == \
            public(key).public_numbers()
    assert any(is_signed(public(key), leaf.signature,
                         leaf.tbs_certificate_bytes) for key in cas)
    head, claims = (json.loads(unbase64(part)) for part in (head, body))
    assert head["alg"] == "ES256" and head["typ"] == "wit+jwt"
    key, = (key for key in keys
            if key["use"] == "wit-svid" and key["kid"] == head["kid"])
    raw = unbase64(sig)
    assert len(raw) == 64
    if not is_signed(public(key), utils.encode_dss_signature(
            int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
            b".".join(open(sys.argv[3], "rb").read().split(b".")[:2])):
        return "the token's signature is wrong"
    uri, = leaf.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value.get_values_for_type(
            x509.UniformResourceIdentifier)
    assert uri == claims["sub"]
    assert public(claims["cnf"]["jwk"]).public_numbers() == \
        leaf.public_key().public_numbers()
    return 0


if __name__ == "__main__":
    sys.exit(main())
