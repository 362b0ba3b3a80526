# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Judges what tests/host/issue wrote to a folder, as python3-cryptography
does. usage: issued.py DIR OID, the OID of id-pe-ownerBindings"""
import base64
import hashlib
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID as Use

DIR, BINDINGS = sys.argv[1:]


def read(name):
    with open(os.path.join(DIR, name), "rb") as file:
        return file.read()


def cert(name):
    return x509.load_pem_x509_certificate(read(name))


def check_signed(c, ca):
    key, how = ca.public_key(), c.signature_hash_algorithm
    args = (ec.ECDSA(how),) if isinstance(
        key, ec.EllipticCurvePublicKey) else (padding.PKCS1v15(), how)
    key.verify(c.signature, c.tbs_certificate_bytes, *args)


def value(c, kind):
    return c.extensions.get_extension_for_class(kind)


def check_leaf(c, ca):
    check_signed(c, ca)
    assert c.issuer == ca.subject and len(c.subject.rdns) == 0
    names = value(c, x509.SubjectAlternativeName)
    assert names.critical and len(list(names.value)) == 1
    assert set(value(c, x509.ExtendedKeyUsage).value) == {
        Use.CLIENT_AUTH, Use.SERVER_AUTH}
    assert not value(c, x509.BasicConstraints).value.ca
    assert value(c, x509.KeyUsage).value.digital_signature
    assert value(c, x509.AuthorityKeyIdentifier).value.key_identifier == \
        value(ca, x509.SubjectKeyIdentifier).value.digest
    value(c, x509.CRLDistributionPoints)
    value(c, x509.CertificatePolicies)
    found = c.extensions.get_extension_for_oid(
        x509.ObjectIdentifier(BINDINGS))
    assert not found.critical and found.value.value == read("bindings.der")
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)[0]


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(jwk, name):
    return int.from_bytes(unbase64(jwk[name]), "big")


def check_token(agent, certificate):
    header, payload, signature = read("wit.jwt").decode().split(".")
    head, said = (json.loads(unbase64(one)) for one in (header, payload))
    jwk, = (one for one in json.loads(read("bundle.json"))["keys"]
            if one["use"] == "wit-svid" and one["kid"] == head["kid"])
    thumb = hashlib.sha256(json.dumps(
        {k: jwk[k] for k in ("crv", "kty", "x", "y")}, sort_keys=True,
        separators=(",", ":")).encode()).digest()
    assert unbase64(head["kid"]) == thumb
    assert (head["typ"], head["alg"]) == ("wit+jwt", "ES256")
    raw = unbase64(signature)
    assert len(raw) == 64
    key = ec.EllipticCurvePublicNumbers(
        number(jwk, "x"), number(jwk, "y"), ec.SECP256R1()).public_key()
    key.verify(utils.encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
        (header + "." + payload).encode(), ec.ECDSA(hashes.SHA256()))
    assert said["sub"] == agent and said["iat"] < said["exp"]
    assert "act" not in said and "aud" not in said
    own = certificate.public_key().public_numbers()
    if isinstance(own, ec.EllipticCurvePublicNumbers):
        assert number(said["cnf"]["jwk"], "x") == own.x
    owners = said["https://corp.example/claims/owners"]
    assert owners[0]["sub"].encode() in read("bindings.der")
    assert bytes.fromhex(owners[0]["approval"]["id"]) in read("bindings.der")


def check_list(ca, leaf, ended):
    crl = x509.load_der_x509_crl(read("crl.der"))
    assert crl.is_signature_valid(ca.public_key())
    find = crl.get_revoked_certificate_by_serial_number
    assert find(ended.serial_number) and not find(leaf.serial_number)


ca, leaf, ended = cert("ca.pem"), cert("leaf.pem"), cert("ended.pem")
check_signed(ca, ca)
agent = check_leaf(leaf, ca)
check_list(ca, leaf, ended)
check_token(agent, leaf)
assert pkcs7.load_der_pkcs7_certificates(read("certs.p7")) == [leaf]
anchor, = (one for one in json.loads(read("bundle.json"))["keys"]
           if one["use"] == "x509-svid")
assert base64.b64decode(anchor["x5c"][0]) == ca.public_bytes(
    Encoding.DER)
print("read", agent)
