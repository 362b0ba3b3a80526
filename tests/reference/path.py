# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 8, owners whom a CA names.

A path of RFC 5280 without its name constraints and policies.
"""
import hashlib
import os

from asn1crypto import core, pem
from cryptography import x509

import der as d
import keys as k
import reference as r
from der import check

BINDINGS, OURS, ANY = (x509.ObjectIdentifier(dotted) for dotted in (
    d.OURS + "3.1", d.OURS + "6.1", d.X509 + "37.0"))
LINK = x509.UniformResourceIdentifier


class Certificate:
    """What is asked of one; an extension that is absent is None."""

    def __init__(self, der):
        self.der, self.x509 = der, x509.load_der_x509_certificate(der)
        self.spki = k.spki_of(self.x509.public_key())
        self.extensions = self.x509.extensions
        self.basic, self.usage, self.purposes, self.names = (
            next((one.value for one in self.extensions
                  if isinstance(one.value, kind)), None)
            for kind in (x509.BasicConstraints, x509.KeyUsage,
                         x509.ExtendedKeyUsage, x509.SubjectAlternativeName))

    def check_critical(self, reason):
        check(all(one.value in (self.basic, self.usage, self.purposes,
                                self.names)
                  for one in self.extensions if one.critical), reason)

    def has_signed(self, der):
        """A certificate or a CRL."""
        data, algorithm, signature = d.fields(
            der, b"\x30\x30\x03")
        unused, *octets = d.contents(signature)
        return not unused and k.is_signed(self.spki, algorithm, bytes(octets),
                                          data)


@d.otherwise("path-invalid")
def anchor_of(one, anchors, now):
    """The first line that a certificate of the key has a path to."""
    pool = [Certificate(der) for der in one.get("certificates", [])]
    check(len(pool) <= 8, "path-invalid", "many certificates")
    leaves = [cert for cert in pool if hashlib.sha256(
        cert.spki).digest() == one["ownerKeyHash"]]
    lines = [line for line in anchors if line["ca"]]
    check(lines and leaves, "unknown-owner-key")
    check(len(leaves) == 1, "path-invalid", "leaves differ")
    leaf, refused = leaves[0], None
    check(leaf.spki not in [line["spki"] for line in lines], "path-invalid")
    gone = [line["spki"] for line in anchors if is_revoked(line, now)]
    for anchor in lines:
        try:
            check_leaf(leaf, anchor)
            above = check_path(leaf, pool, anchor, now, gone)
        except d.Refused as reason:
            refused = reason
            continue
        check_signer(one, leaf)
        return anchor | {"owner": owner_of(leaf, anchor["owner-san"]),
                         "key": leaf.spki, "above": above}
    raise refused


def is_revoked(line, now):
    return "revoked" in line and now >= r.time(line["revoked"])


def check_leaf(leaf, anchor):
    wanted = x509.ObjectIdentifier(anchor.get("eku", OURS.dotted_string))
    check(not (leaf.basic and leaf.basic.ca) and
          leaf.usage and leaf.usage.digital_signature and
          wanted in (leaf.purposes or []) and
          BINDINGS not in [one.oid for one in leaf.extensions] and
          not any(name.value.lower().startswith(("wimse:", "spiffe:"))
                  for name in leaf.names or []
                  if isinstance(name, LINK)),
          "path-invalid", "leaf")


def check_signer(one, leaf):
    """signingCertificateV2, RFC 5035: of this certificate alone."""
    if d.CERTIFICATE not in one["values"]:
        return
    certs, *more = d.fields(one["values"][d.CERTIFICATE], b"\x30\x30?")
    check(d.children(certs))
    check(len(d.children(certs)) == 1 and not more, "unsupported")
    found = d.fields(d.children(certs)[0], b"\x30?\x04\x30?")
    name = "sha256"
    if found[0][0] == 0x30:
        check(found[0] in k.DIGESTS, "unsupported")
        name = k.DIGESTS[found.pop(0)].name
        check(name != "sha256", "not-der", "the default")
    digest, *number = found
    check(hashlib.new(name, leaf.der).digest() == d.contents(digest),
          "signature-invalid")
    for issuer, serial in (d.fields(part, b"\x30\x02") for part in number):
        check(d.contents(issuer) == d.make(
            0xa4, leaf.x509.issuer.public_bytes()) and serial ==
            core.Integer(leaf.x509.serial_number).dump(), "signature-invalid")


def owner_of(leaf, wanted):
    form, _, pattern = wanted.partition(":")
    names = leaf.names.get_values_for_type(
        x509.RFC822Name if form == "email" else LINK) if leaf.names else []
    check(len(names) == 1, "path-invalid", "names")
    if form == "uri":
        check((names[0] + "/").startswith(pattern + "/") and not
              {".", ".."} & set(names[0][len(pattern):].split("/")),
              "wrong-owner")
        return names[0]
    owner = names[0].lower()
    check(owner.split("@")[1:] == pattern.split("@")[1:], "wrong-owner")
    return "mailto:" + owner


def find_path(below, pool, root, left=3):
    """From below to the root, or nothing."""
    for ca in [root] + (pool if left else []):
        if below.x509.issuer == ca.x509.subject and \
                ca.basic and ca.basic.ca and \
                ca.usage and ca.usage.key_cert_sign and \
                ca.has_signed(below.der):
            above = [root] if ca is root else \
                find_path(ca, pool, root, left - 1)
            if above:
                return [below] + above
    return None


def check_path(leaf, pool, anchor, now, gone):
    """Gives the keys above the leaf."""
    found = find_path(leaf, pool, anchor["ca"])
    check(found, "path-invalid", "no path")
    for i, cert in enumerate(found):
        check(cert.x509.not_valid_before <= now < cert.x509.not_valid_after,
              "path-invalid", "time")
        cert.check_critical("path-invalid")
        if i > 0:
            length, uses = cert.basic.path_length, cert.purposes
            check((length is None or length >= i - 1) and
                  (uses is None or cert is found[-1] or OURS in uses or
                   ANY in uses), "path-invalid", "authority")
            if "no-revocation" not in anchor:
                check_revocation(found[i - 1], cert, anchor, now)
    keys = [cert.spki for cert in found[1:]]
    check(not set(keys[:-1]) & set(gone), "path-invalid", "revoked")
    return keys


def check_revocation(cert, ca, anchor, now):
    with open(os.path.join(anchor["folder"], anchor["crl"]), "rb") as file:
        data = file.read()
    for der in [der for _, _, der in pem.unarmor(data, True)] \
            if b"-----BEGIN" in data else [data]:
        crl = x509.load_der_x509_crl(der)
        if crl.issuer == ca.x509.subject and ca.has_signed(der) and \
                crl.last_update <= now < crl.next_update:
            check(not crl.get_revoked_certificate_by_serial_number(
                cert.x509.serial_number), "path-invalid", "revoked")
            return
    raise d.Refused("path-invalid", "no current CRL")
