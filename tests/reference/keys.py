# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 2, keys and algorithms."""
from asn1crypto import core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from der import check, fields, make, oid, otherwise

CURVE, EDWARDS, RSA = (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey,
                       rsa.RSAPublicKey)
P = 2 ** 255 - 19
Y8 = int.from_bytes(bytes.fromhex(  # of a point of order 8 under Ed25519
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    "little")


def spki_of(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


@otherwise("unsupported")
def public_key(spki):
    fields(spki, b"\x30\x03")
    key = serialization.load_der_public_key(spki)
    if isinstance(key, EDWARDS):
        y = int.from_bytes(spki[-32:], "little") % 2 ** 255
        again, fits = key, y < P and y not in (0, 1, P - 1, Y8, P - Y8)
    else:
        check(isinstance(key, (CURVE, RSA)), "unsupported")
        numbers = key.public_numbers()
        again, fits = numbers.public_key(), key.curve.name in (
            "secp256r1", "secp384r1") if isinstance(key, CURVE) else \
            2048 <= key.key_size <= 4096 and numbers.e == 65537
    check(fits and spki == spki_of(again), "unsupported")
    return key


PKCS1, NULL = "1.2.840.113549.1.1.", b"\5\0"


def identifier(dotted, *parameters):
    return make(0x30, oid(dotted), *parameters)


DIGESTS = {}  # AlgorithmIdentifier: hash
RSA_ALONE = identifier(PKCS1 + "1", NULL)  # names no hash, in cms alone
RSA_WITH = {}  # AlgorithmIdentifier of a hash: that of RSA with it
ALGORITHMS = {  # AlgorithmIdentifier: kind of key, hash, what verify() wants
    identifier("1.3.101.112"): (EDWARDS, hashes.SHA512(), ())}
for i, name in enumerate((hashes.SHA256(), hashes.SHA384(), hashes.SHA512())):
    sha2 = [identifier(f"2.16.840.1.101.3.4.2.{i + 1}", null)
            for null in (NULL, b"")]
    DIGESTS.update(dict.fromkeys(sha2, name))
    RSA_WITH.update(dict.fromkeys(sha2, identifier(f"{PKCS1}{i + 11}", NULL)))
    ALGORITHMS[identifier(f"1.2.840.10045.4.3.{i + 2}")] = \
        CURVE, name, (ec.ECDSA(name),)
    ALGORITHMS[RSA_WITH[sha2[0]]] = \
        RSA, name, (padding.PKCS1v15(), name)
    for salt in range(name.digest_size, 512):
        for one, two in ((one, two) for one in sha2 for two in sha2):
            ALGORITHMS[identifier(f"{PKCS1}10", make(
                0x30, make(0xa0, one),
                make(0xa1, identifier(f"{PKCS1}8", two)),
                make(0xa2, core.Integer(salt).dump())))] = \
                RSA, name, (padding.PSS(padding.MGF1(name), salt), name)


def is_signed(spki, algorithm, signature, data):
    key = public_key(spki)
    kind, _, how = ALGORITHMS.get(algorithm, (None, None, ()))
    check(kind and isinstance(key, kind), "unsupported")
    try:
        key.verify(signature, data, *how)
    except InvalidSignature:
        return False
    return True
