# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: what section 5 says of an SSHSIG, of its
own bytes and then of whose key made it."""
import hashlib
import re
import struct

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils

import keys as k
from der import check

CURVES = {b"nistp256": 32, b"nistp384": 48}
TYPES = {  # of keys: curve (or none), a security key's
    b"ssh-ed25519": (None, False),
    b"ecdsa-sha2-nistp256": (b"nistp256", False),
    b"ecdsa-sha2-nistp384": (b"nistp384", False),
    b"ssh-rsa": (None, False),
    b"sk-ssh-ed25519@openssh.com": (None, True),
    b"sk-ecdsa-sha2-nistp256@openssh.com": (b"nistp256", True)}
RSA_TYPES = {b"rsa-sha2-256", b"rsa-sha2-512"}


class Reader:
    """Takes from the front; at the end of the `with` nothing may be left."""

    def __init__(self, data):
        self.data = data

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            check(not self.data, why="octets behind")

    def take(self, size):
        check(size <= len(self.data), why="octets missing")
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def number(self):
        return struct.unpack(">I", self.take(4))[0]

    def string(self):
        return self.take(self.number())

    def mpint(self):
        raw = self.string()
        value = int.from_bytes(raw, "big", signed=True)
        check(value > 0 and len(raw) == value.bit_length() // 8 + 1,
              why="mpint")
        return value


def read_key(blob):
    check(len(blob) <= 4096, "too-large", "key")
    with Reader(blob) as r:
        kind = r.string()
        check(kind in TYPES, "unsupported", "key type")
        curve, is_sk = TYPES[kind]
        key = {"type": kind, "blob": blob, "sk": is_sk}
        if kind == b"ssh-rsa":
            exponent, n = r.mpint(), r.mpint()
            check(exponent == 65537 and n % 2 and
                  2048 <= n.bit_length() <= 4096, "unsupported", "RSA key")
            key["n"] = n
        else:
            check(curve is None or r.string() == curve, why="curve")
            key["point"] = r.string()
            size = 2 * CURVES[curve] + 1 if curve else 32
            check(len(key["point"]) == size and
                  (not curve or key["point"][0] == 4), "unsupported", "point")
        if is_sk:
            key["application"] = r.string()
            check(re.fullmatch(rb"[ -~]{1,256}", key["application"]),
                  why="application")
    return key


def read_signature(data, key):
    with Reader(data) as r:
        kind = r.string()
        fits = kind in RSA_TYPES if "n" in key else kind == key["type"]
        known = RSA_TYPES | TYPES.keys() - {b"ssh-rsa"}
        check(fits, "malformed" if kind in known else "unsupported",
              "signature type")
        found = {"type": kind, "value": r.string(), "flags": None}
        curve = TYPES[key["type"]][0]
        if curve:
            with Reader(found["value"]) as pair:
                found["pair"] = pair.mpint(), pair.mpint()
            check(all(v.bit_length() <= 8 * CURVES[curve]
                      for v in found["pair"]), why="numbers")
        else:
            size = (key["n"].bit_length() + 7) // 8 if "n" in key else 64
            check(len(found["value"]) == size, why="signature")
        if key["sk"]:
            found["flags"], found["counter"] = r.take(1)[0], r.number()
            check(not found["flags"] & ~5, why="flags")
    return found


def read(blob):
    """The key, the hash's name and the signature."""
    check(len(blob) <= 8192, "too-large", "sshsig")
    with Reader(blob) as r:
        check(r.take(min(6, len(blob))) == b"SSHSIG", why="sshsig")
        check(r.number() == 1, "unsupported", "version")
        key = read_key(r.string())
        name, reserved, digest = r.string(), r.string(), r.string()
        check(name == b"owner-approval@countersign" and not reserved,
              why="namespace")
        check(digest in (b"sha256", b"sha512"), "unsupported", "hash")
        signature = r.string()
    return {"key": key, "hash": digest.decode(),
            "signature": read_signature(signature, key)}


def spki_of(key):
    """The SubjectPublicKeyInfo made of the key."""
    if "n" in key:
        made = rsa.RSAPublicNumbers(65537, key["n"]).public_key()
    elif len(key["point"]) == 32:
        made = ed25519.Ed25519PublicKey.from_public_bytes(key["point"])
    else:
        curve = ec.SECP256R1() if len(key["point"]) == 65 else ec.SECP384R1()
        made = ec.EllipticCurvePublicKey.from_encoded_point(
            curve, key["point"])
    return k.spki_of(made)


def string(data):
    return struct.pack(">I", len(data)) + data


ALGORITHMS = {kind: k.identifier(dotted, *more) for kind, dotted, *more in (
    (b"rsa-sha2-256", k.PKCS1 + "11", k.NULL),
    (b"rsa-sha2-512", k.PKCS1 + "13", k.NULL),
    (b"ssh-ed25519", "1.3.101.112"),
    (b"sk-ssh-ed25519@openssh.com", "1.3.101.112"),
    (b"ecdsa-sha2-nistp256", "1.2.840.10045.4.3.2"),
    (b"ecdsa-sha2-nistp384", "1.2.840.10045.4.3.3"),
    (b"sk-ecdsa-sha2-nistp256@openssh.com", "1.2.840.10045.4.3.2"))}


def is_signed(found, tbs):
    """By the key that is in it."""
    key, signature = found["key"], found["signature"]
    data = b"SSHSIG" + b"".join(string(one) for one in (
        b"owner-approval@countersign", b"", found["hash"].encode(),
        hashlib.new(found["hash"], tbs).digest()))
    if key["sk"]:
        data = hashlib.sha256(key["application"]).digest() + struct.pack(
            ">BI", signature["flags"], signature["counter"]) + \
            hashlib.sha256(data).digest()
    value = utils.encode_dss_signature(*signature["pair"]) \
        if "pair" in signature else signature["value"]
    return k.is_signed(spki_of(key), ALGORITHMS[signature["type"]], value,
                       data)
