# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 10, attested enrolment.

Written from the page, not from countersign.  An offer is judged as a server
does before it makes a challenge, evidence as it does before it adds a line.
"""
import hashlib
import re

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

import der as d
import keys as k
import path
from der import check

NO, OCTETS, REFUSED = b"\2\1\0", b"\x04", "evidence-refused"
RSA, ECC, RSASSA, RSAPSS, ECDSA, AES, CFB, NULL = \
    1, 0x23, 0x14, 0x16, 0x18, 6, 0x43, 0x10
HASHES = {0x0b: hashes.SHA256(), 0x0c: hashes.SHA384(), 0x0d: hashes.SHA512()}
CURVES = {3: ec.SECP256R1(), 4: ec.SECP384R1()}
FIXED_TPM, FIXED_PARENT, ORIGIN, WITH_AUTH, WITH_POLICY, RESTRICTED, \
    DECRYPT, SIGN = (1 << bit for bit in (1, 4, 5, 6, 7, 16, 17, 18))
KNOWN = sum(1 << bit for bit in (1, 2, 4, 5, 6, 7, 10, 11, 16, 17, 18))
FIXED = FIXED_TPM | FIXED_PARENT | ORIGIN
EK_PURPOSE = x509.ObjectIdentifier("2.23.133.8.1")
NAMES = ["2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"]


class Octets:
    """What a TPM writes: big-endian, sizes before what has one."""

    def __init__(self, data, most=1024):
        check(0 < len(data) <= most, "too-large")
        self.data = data

    def take(self, n):
        check(n <= len(self.data))
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def number(self, n=2):
        return int.from_bytes(self.take(n), "big")

    def sized(self):
        return self.take(self.number())

    def end(self):
        check(not self.data, why="octets behind the end")


class Area:
    """TPMT_PUBLIC."""

    def __init__(self, data):
        o = Octets(data)
        kind, self.name_alg, self.attributes = \
            o.number(), o.number(), o.number(4)
        check(kind in (RSA, ECC) and self.name_alg in HASHES and
              not self.attributes & ~KNOWN, "unsupported")
        self.policy = o.sized()
        check(len(self.policy) in (0, HASHES[self.name_alg].digest_size))
        self.cipher = o.number()
        if self.cipher != NULL:
            self.cipher = self.cipher, o.number(), o.number()
            check(self.cipher[0] == AES and self.cipher[2] == CFB and
                  self.cipher[1] in (128, 192, 256), "unsupported")
        self.scheme = o.number()
        if self.scheme != NULL:
            self.scheme = self.scheme, o.number()
            check(self.scheme[1] in HASHES and self.scheme[0] in (
                (RSASSA, RSAPSS) if kind == RSA else (ECDSA,)), "unsupported")
        self.key = self.rsa(o) if kind == RSA else self.ecc(o)
        o.end()
        self.spki = k.spki_of(self.key)
        k.public_key(self.spki)
        self.name = self.name_alg.to_bytes(2, "big") + hashlib.new(
            HASHES[self.name_alg].name, data).digest()

    @staticmethod
    @d.otherwise("unsupported")
    def rsa(o):
        bits, exponent, modulus = o.number(), o.number(4), o.sized()
        check(exponent in (0, 65537), "unsupported")
        check(len(modulus) * 8 == bits)
        key = rsa.RSAPublicNumbers(
            65537, int.from_bytes(modulus, "big")).public_key()
        check(key.key_size == bits and modulus[-1] & 1, "unsupported")
        return key

    @staticmethod
    @d.otherwise("unsupported")
    def ecc(o):
        curve, kdf, x, y = o.number(), o.number(), o.sized(), o.sized()
        check(curve in CURVES and kdf == NULL, "unsupported")
        check(all(0 < len(one) * 8 <= CURVES[curve].key_size
                  for one in (x, y)))
        return ec.EllipticCurvePublicNumbers(
            *(int.from_bytes(one, "big") for one in (x, y)),
            CURVES[curve]).public_key()

    def check(self, has, has_not):
        check(self.attributes & has == has and
              not self.attributes & has_not, REFUSED, "attributes")

    def check_signer(self):
        """The AK's scheme."""
        known = {256: (ECDSA, 0x0b), 384: (ECDSA, 0x0c)}.get(
            self.key.key_size, (RSASSA, 0x0b))
        check(self.scheme == known and HASHES[self.name_alg].digest_size <=
              HASHES[known[1]].digest_size, REFUSED, "scheme")


class Offer:
    def __init__(self, der):
        self.der = der
        version, *octets, certs = d.fields(
            der, b"\x02" + 3 * OCTETS + b"\x30")
        check(version == NO, "unsupported")
        self.octets = [d.contents(one) for one in octets]
        self.certs = d.children(certs)
        check(1 <= len(self.certs) <= 9 and
              all(one[0] == 0x30 for one in self.certs))
        check(all(len(one) <= 8192 for one in self.certs), "too-large")
        check(all(0 < len(one) <= 1024 for one in self.octets))

    def judge(self, roots, now):
        """The manufacturer, when all is well."""
        self.key, self.ak, self.ek = (Area(one) for one in self.octets)
        self.key.check(FIXED | WITH_AUTH | SIGN, RESTRICTED | WITH_POLICY)
        self.ak.check(FIXED | WITH_AUTH | SIGN | RESTRICTED,
                      DECRYPT | WITH_POLICY)
        self.ek.check(FIXED | DECRYPT | RESTRICTED, SIGN)
        check(not self.key.policy + self.ak.policy, REFUSED, "policy")
        self.ak.check_signer()
        check(self.ek.cipher in ((AES, 128, CFB), (AES, 256, CFB)) and
              self.ek.name_alg in (0x0b, 0x0c) and
              self.ek.key.key_size in (256, 384, 2048), "unsupported")
        check(not any(is_weak(one.key)
                      for one in (self.key, self.ak, self.ek)), REFUSED)
        check(len({self.key.spki, self.ak.spki, self.ek.spki}) == 3, REFUSED)
        return self.manufacturer(roots, now)

    def manufacturer(self, roots, now):
        try:
            return self.named(roots, now)
        except (x509.DuplicateExtension, x509.InvalidVersion,
                x509.UnsupportedGeneralNameType) as error:
            raise d.Refused("malformed", repr(error)) from error

    @d.otherwise("malformed")
    def named(self, roots, now):
        ek, *pool = [path.Certificate(one) for one in self.certs]
        check(ek.x509.version == x509.Version.v3 and
              not (ek.basic and ek.basic.ca) and
              EK_PURPOSE in (ek.purposes or []) and
              ek.spki == self.ek.spki, REFUSED, "the EK's certificate")
        usage = ek.usage
        check(not usage or (usage.key_encipherment or usage.key_agreement) and
              not (usage.digital_signature or usage.content_commitment or
                   usage.data_encipherment or usage.key_cert_sign or
                   usage.crl_sign or usage.key_agreement and
                   (usage.encipher_only or usage.decipher_only)),
              REFUSED, "keyUsage")
        check(leads_up([ek], pool, roots, now), REFUSED, "no path")
        names = [one.value for one in ek.names or []
                 if isinstance(one, x509.DirectoryName)]
        check(len(names) == 1)
        found = [[one.value for one in names[0]
                  if one.oid.dotted_string == name] for name in NAMES]
        check([len(one) for one in found] == [1, 1, 1])
        check(re.fullmatch("id:[0-9A-Fa-f]{8}", found[0][0]))
        octets = bytes.fromhex(found[0][0][3:])
        word = octets.rstrip(b" \0")
        return word.decode() if re.fullmatch(rb"[A-Za-z0-9._-]+", word) \
            else octets.hex()


def is_weak(key):
    """CVE-2017-15361: a power of 65537 modulo each of these."""
    return isinstance(key, rsa.RSAPublicKey) and all(
        key.public_numbers().n % p in {pow(65537, i, p) for i in range(p)}
        for p in (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109,
                  127, 151, 157))


def leads_up(done, pool, roots, now):
    """RFC 5280, without names' constraints and policies."""
    last = done[-1]
    check(last.x509.not_valid_before <= now <= last.x509.not_valid_after,
          REFUSED, "time")
    last.check_critical(REFUSED)
    if last.der in [root.der for root in roots]:
        return True
    for ca in roots + [one for one in pool if one not in done]:
        basic, usage, below = ca.basic, ca.usage, len(done) - 1
        if last.x509.issuer == ca.x509.subject and basic and basic.ca and \
                (basic.path_length is None or basic.path_length >= below) \
                and (not usage or usage.key_cert_sign) and below <= 8 and \
                ca.has_signed(last.der) and \
                leads_up(done + [ca], pool, roots, now):
            return True
    return False


class Kept:
    """TPMChallengeSecret."""

    def __init__(self, der):
        d.walk(der)
        version, self.challenge, secret = d.fields(der, b"\x02\x30\x04")
        inner, offer, _, until, _, _ = d.fields(
            self.challenge, b"\x02\x04\x04\x18\x04\x04")
        check(version == inner == NO, "unsupported")
        self.offer, self.secret = d.contents(offer), d.contents(secret)
        self.until = core.load(until).native
        check(len(self.offer) == len(self.secret) == 32)

    def extra(self):
        return hashlib.sha256(b"countersign tpm evidence v1\0" +
                              self.challenge + self.secret).digest()


def name_of(o):
    name = o.sized()
    check(int.from_bytes(name[:2], "big") in HASHES and len(name) == 2 +
          HASHES[int.from_bytes(name[:2], "big")].digest_size)
    return name


def certified(octets):
    """TPMS_ATTEST: extraData and the Name."""
    o = Octets(octets)
    check(o.take(4) == b"\xffTCG")
    check(o.number() == 0x8017, "unsupported")
    name_of(o)
    extra = o.sized()
    o.take(16)
    check(o.take(1) in (b"\0", b"\1"))
    o.take(8)
    name = name_of(o)
    name_of(o)
    o.end()
    return extra, name


def is_signed(ak, attest, octets):
    o = Octets(octets)
    scheme = o.number(), o.number()
    check(scheme == ak.scheme, REFUSED, "another scheme")
    numbers = [o.sized() for _ in range(2 if scheme[0] == ECDSA else 1)]
    o.end()
    check(all(numbers))
    try:
        if scheme[0] == ECDSA:
            ak.key.verify(utils.encode_dss_signature(
                *(int.from_bytes(one, "big") for one in numbers)),
                attest, ec.ECDSA(HASHES[scheme[1]]))
        else:
            ak.key.verify(numbers[0], attest, padding.PKCS1v15(),
                          HASHES[scheme[1]])
    except InvalidSignature:
        return False
    return True


def judge_offer(der, roots, now):
    check(len(der) <= 65536, "too-large")
    d.walk(der)
    return Offer(der).judge(roots, now)


def judge(kept, evidence, roots, now):
    """`kept` is the server's own: a TPMChallengeSecret."""
    kept = Kept(kept)
    check(len(evidence) <= 65536, "too-large")
    d.walk(evidence)
    version, offer, *octets = d.fields(evidence,
                                       b"\x02\x30\x04\x04\x04")
    check(version == NO, "unsupported")
    challenge, attest, signature = (d.contents(one) for one in octets)
    offer = Offer(offer)
    manufacturer = offer.judge(roots, now)
    check(challenge == hashlib.sha256(kept.challenge).digest() and
          kept.offer == hashlib.sha256(offer.der).digest() and
          now <= kept.until.replace(tzinfo=None), REFUSED, "challenge")
    extra, name = certified(attest)
    check(is_signed(offer.ak, attest, signature) and
          extra == kept.extra() and name == offer.key.name, REFUSED)
    return manufacturer
