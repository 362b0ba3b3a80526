# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""The same as assertion.js, as python3-fido2 judges it.

usage: assertion.py <LIST, with tests/reference in the path
"""
import base64
import hashlib
import sys

from asn1crypto import pem
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fido2 import client, cose, ctap2, server, utils, webauthn

import der as d

LABEL = b"countersign owner approval v1\0"


def judge(spki, rp_id, expected, name):
    with open(name, "rb") as file:
        tbs, authenticator_data, client_data, signature = (
            d.contents(one) for one in d.children(
                d.children(pem.unarmor(file.read())[2])[1]))
    key = load_der_public_key(base64.b64decode(spki))
    kind = cose.ES256 if isinstance(key, ec.EllipticCurvePublicKey) else \
        cose.EdDSA
    credential = ctap2.AttestedCredentialData.create(
        bytes(16), b"key", kind.from_cryptography_key(key))
    state = {"challenge": utils.websafe_encode(hashlib.sha256(
        LABEL + tbs).digest()), "user_verification": "required"}
    server.Fido2Server(
        webauthn.PublicKeyCredentialRpEntity(rp_id, "Approvals"),
        verify_origin=lambda origin: origin == expected).authenticate_complete(
        state, [credential], b"key", client.ClientData(client_data),
        ctap2.AuthenticatorData(authenticator_data), signature)


for line in sys.stdin:
    *how, approval = line.split()
    try:
        judge(*how, approval)
        print(approval, "verified")
    except (ValueError, InvalidSignature) as error:
        print(approval, "refused:", error)
