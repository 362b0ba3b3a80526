#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of this folder: credentials with owner bindings, one for
each answer. The name begins with the answer: proven, issuer-only, or the
reason of a refusal. Written from countersign-formats(5) alone, sections 4, 5
and 7; run by hand (python3-cryptography). Signatures are random: a vector that
is there stays as it is, only missing ones are written."""

import base64
import hashlib
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from der import ARC, bits, integer, octets, oid, seq, set_of, tlv  # noqa: E402

NB, NA = "20261121115500Z", "20261121121500Z"
START, END = "261121115900Z", "261121125900Z"
AGENT = b"wimse://corp.example/agent/alice"
ALICE, BOB = b"mailto:alice@corp.example", b"mailto:bob@corp.example"
AUTHORITY = b"https://corp.example"
ECDSA = seq(oid("1.2.840.10045.4.3.2"))
SHA256 = seq(oid("2.16.840.1.101.3.4.2.1"))


def key(n):
    return ec.derive_private_key(n, ec.SECP256R1())


OWNER, OTHER, HOLDER, STRANGER, SUBJECT, ISSUER = (
    key(n) for n in (101, 102, 103, 104, 105, 106))


def spki(k):
    return k.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def sha(b):
    return hashlib.sha256(b).digest()


def sign(k, data):
    return k.sign(data, ec.ECDSA(hashes.SHA256()))


def own(tail):
    return oid(ARC + "." + tail)


def request(agent=AGENT, k=SUBJECT, digest=b"\x33" * 32):
    return tlv(0xA0, tlv(0x16, agent), octets(sha(spki(k))), octets(digest))


def by_key(agent=AGENT, k=SUBJECT):
    return tlv(0xA1, tlv(0x16, agent), octets(sha(spki(k))))


def grant_of(prefix=b"wimse://corp.example/agent", holder=HOLDER):
    return tlv(0xA2, tlv(0x16, prefix), spki(holder))


def tbs(k=OWNER, owner=ALICE, ident=b"\x01" * 16, decision=1,
        authority=AUTHORITY, nb=NB, na=NA, subjects=None, lifetime=3600,
        issuances=1, purpose=None, extensions=None, under=None):
    return seq(
        integer(1), octets(ident), tlv(0x0A, bytes([decision])),
        tlv(0x16, owner), octets(sha(spki(k))), tlv(0x16, authority),
        tlv(0x18, nb.encode()), tlv(0x18, na.encode()),
        seq(*(subjects or [request()])), integer(lifetime),
        integer(issuances),
        tlv(0x81, purpose) if purpose else b"",
        tlv(0xA2, *extensions) if extensions else b"",
        tlv(0x83, under) if under else b"")


def approval(t, k=OWNER, forged=False, certs=(), attrs=()):
    """OwnerApproval of type cms, RFC 5652."""
    attrs = set_of(
        *attrs,
        seq(oid("1.2.840.113549.1.9.3"), set_of(own("1.1"))),
        seq(oid("1.2.840.113549.1.9.5"), set_of(tlv(0x17, b"261121115500Z"))),
        seq(oid("1.2.840.113549.1.9.4"), set_of(octets(sha(t)))))
    signature = sign(k, attrs + (b"x" if forged else b""))
    signer = seq(integer(3), tlv(0x80, sha(spki(k))), SHA256,
                 b"\xa0" + attrs[1:], ECDSA, octets(signature))
    data = seq(integer(3), set_of(SHA256),
               seq(own("1.1"), tlv(0xA0, octets(t))),
               tlv(0xA0, *sorted(certs)) if certs else b"", set_of(signer))
    return seq(own("4.1"), seq(oid("1.2.840.113549.1.7.2"), tlv(0xA0, data)))


def binding(a=None, t=None, owner=ALICE, k=OWNER, ident=b"\x01" * 16,
            assurance=b"\x00", version=1):
    """`a` goes in whole, else the digest of `t` does."""
    carried = b"\xa0" + a[1:] if a else tlv(0x81, sha(t))
    return seq(integer(version), tlv(0x16, owner), spki(k),
               tlv(0x03, assurance), octets(ident), carried)


def full(k=OWNER, certs=(), **fields):
    t = tbs(k=k, **fields)
    kept = {n: fields[n] for n in ("owner", "ident") if n in fields}
    return binding(approval(t, k, certs=certs), k=k, **kept)


def ext(name, value, critical=False):
    return seq(oid(name), tlv(0x01, b"\xff") if critical else b"",
               octets(value))


def credential(*bindings, agent=AGENT, k=SUBJECT, start=START, end=END,
               more=(), names=None, ca=False):
    san = seq(*(names or [tlv(0x86, agent)]))
    listed = [
        ext("2.5.29.17", san, True),
        ext("2.5.29.15", tlv(0x03, b"\x07\x80"), True),
        ext("2.5.29.19", seq(tlv(0x01, b"\xff")) if ca else seq(), True),
        ext("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.2"),
                             oid("1.3.6.1.5.5.7.3.1"))),
        ext("2.5.29.35", seq(tlv(0x80, sha(spki(ISSUER))[:20]))),
        ext("2.5.29.14", octets(sha(spki(k))[:20])),
        ext("2.5.29.32", seq(seq(own("5.1")))), *more]
    if bindings:
        listed.append(ext(ARC + ".3.1", seq(*bindings)))
    body = seq(
        tlv(0xA0, integer(2)), integer(int.from_bytes(b"\x5a" * 16, "big")),
        ECDSA,
        seq(set_of(seq(oid("2.5.4.3"), tlv(0x0C, b"countersign test CA")))),
        seq(tlv(0x17, start.encode()), tlv(0x17, end.encode())), seq(),
        spki(k), tlv(0xA3, seq(*listed)))
    return seq(body, ECDSA, bits(sign(ISSUER, body)))


def put(name, *bindings, **fields):
    path = os.path.join(HERE, name + ".der")
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(credential(*bindings, **fields))


def proven():
    put("proven", full())
    put("proven-key", full(subjects=[by_key()]))
    put("proven-assurance", binding(approval(tbs()), assurance=b"\x04\xb0"))
    put("proven-purpose", full(purpose=b"reads the list"))
    put("proven-extension", full(extensions=[ext("1.3.6.1.4.1.32473.9", b"")]))
    put("proven-first-second", full(nb="20261121115900Z"))
    put("proven-last-second", full(na="20261121115900Z"))
    put("proven-two", full(), full(k=OTHER, owner=BOB, ident=b"\x02" * 16))
    put("proven-grant", *grant())


def issuer_only():
    put("issuer-only-digest", binding(t=tbs()))
    put("issuer-only-unpinned",
        full(k=STRANGER, owner=b"mailto:eve@corp.example"))
    put("issuer-only-one-of-two", full(),
        binding(t=tbs(k=OTHER, owner=BOB), owner=BOB, k=OTHER))
    put("issuer-only-grant-unpinned",
        *grant(k=STRANGER, owner=b"mailto:eve@corp.example"))
    put("issuer-only-digest-grant", *grant(digests="grant"))
    put("issuer-only-digest-use", *grant(digests="use"))
    # The holder has a line as an owner of his own.
    put("issuer-only-digest-holder", *grant(holder=OTHER, digests="use"))
    put("issuer-only-digest-pair", *grant(holder=OTHER, digests="grant use"))


def grant(k=OWNER, owner=ALICE, prefix=b"wimse://corp.example/agent",
          use=None, signer=HOLDER, certs=(), holder=HOLDER, digests="",
          bits=b"\x00", **of_grant):
    """Whichever of the two `digests` names is there as a digest alone."""
    g = tbs(k=k, owner=owner, subjects=[grant_of(prefix, holder)],
            issuances=500, lifetime=7200, nb="20261101000000Z",
            na="20261201000000Z", **of_grant)
    fields = dict(k=holder, owner=owner, ident=b"\x02" * 16, under=sha(g))
    fields.update(use or {})
    u = tbs(**fields)
    return (binding(None if "grant" in digests else
                    approval(g, k, certs=certs), g, owner=owner, k=k),
            binding(None if "use" in digests else approval(u, signer), u,
                    owner=fields["owner"], k=fields["k"], ident=b"\x02" * 16,
                    assurance=bits))


def refused():
    t = tbs()
    put("signature-invalid", binding(approval(t, forged=True)))
    put("signature-invalid-other-key", binding(approval(t, OTHER)))
    put("signature-invalid-unpinned", binding(
        approval(tbs(k=STRANGER), STRANGER, forged=True), k=STRANGER))
    put("signature-invalid-second", full(), binding(
        approval(tbs(k=OTHER, owner=BOB), OTHER, forged=True), owner=BOB,
        k=OTHER))
    put("binding-mismatch-denied", full(
        decision=0, lifetime=1, issuances=1))
    put("wrong-owner", binding(approval(tbs(owner=BOB)), owner=ALICE))
    put("wrong-owner-anchor", full(owner=BOB))
    put("wrong-owner-digest", binding(t=t, owner=BOB))
    put("wrong-owner-digest-use",
        *grant(holder=OTHER, digests="use", bits=b"\x05\x20"))
    put("wrong-owner-digest-alone",
        grant(holder=OTHER, digests="grant use")[1])
    put("binding-mismatch-owner-key", binding(approval(t), k=OTHER))
    put("binding-mismatch-id", binding(approval(t), ident=b"\x09" * 16))
    put("wrong-authority", full(authority=b"https://other.example"))
    put("binding-mismatch-key", full(subjects=[request(k=STRANGER)]))
    put("binding-mismatch-agent",
        full(subjects=[request(b"wimse://corp.example/agent/bob")]))
    put("binding-mismatch-by-key", full(subjects=[by_key(k=STRANGER)]))
    put("unsupported-critical",
        full(extensions=[ext("1.3.6.1.4.1.32473.9", b"", True)]))
    put("unsupported-certificate-critical", full(),
        more=[ext("1.3.6.1.4.1.32473.9", b"", True)])
    put("unsupported-authority", full(), ca=True)
    put("not-yet-valid", full(nb="20261121115901Z"))
    put("expired", full(na="20261121115859Z", nb="20261121115000Z"))
    put("lifetime-exceeded", full(lifetime=3599))
    put("duplicate", full(), full())
    put("malformed-batch", full(subjects=[
        request(), request(b"wimse://corp.example/agent/bob")]))
    put("malformed-large", full(
        subjects=[request()], extensions=[
            ext("1.3.6.1.4.1.32473.9", bytes(4096))]))
    put("no-approval", names=None)
    put("bad-identifier-two", full(), names=[
        tlv(0x86, AGENT), tlv(0x86, AGENT)])
    put("bad-identifier-beside", full(), names=[
        tlv(0x86, AGENT), tlv(0x82, b"corp.example")])
    put("bad-identifier-dns", full(), names=[tlv(0x82, b"corp.example")])
    put("bad-identifier", full(), agent=b"https://corp.example/x")


def refused_grants():
    g, u = grant()
    put("grant-invalid-no-use", g)
    put("grant-invalid-no-grant", u)
    put("grant-invalid-two-uses", g, u, grant(use=dict(
        ident=b"\x02" * 16, lifetime=60))[1])
    put("grant-invalid-prefix", *grant(prefix=b"wimse://corp.example/ci"))
    put("grant-invalid-itself", *grant(prefix=AGENT))
    put("grant-invalid-owner", *grant(use=dict(owner=BOB)))
    put("wrong-authority-grant",
        *grant(authority=b"https://other.example"))
    put("grant-invalid-lifetime", *grant(use=dict(lifetime=7201)))
    put("grant-invalid-issuances", *grant(use=dict(issuances=501)))
    put("grant-invalid-window", *grant(use=dict(na="20261202000000Z")))
    put("grant-invalid-early", *grant(use=dict(nb="20261031000000Z")))
    put("grant-invalid-other", *grant(use=dict(under=b"\x77" * 32)))
    put("signature-invalid-use", *grant(signer=STRANGER))
    # Who is not the holder, under his own name
    put("signature-invalid-holder", *grant(
        use=dict(k=STRANGER), signer=STRANGER))
    put("binding-mismatch-use", *grant(bits=b"\x07\x80"))


def anchors():
    path = os.path.join(HERE, "owners")
    with open(path, "w", encoding="ascii") as f:
        for owner, k, more in ((ALICE, OWNER, ",grants"), (BOB, OTHER, "")):
            f.write('%s agents="wimse://corp.example/agent",no-touch-required'
                    "%s spki %s\n" % (owner.decode(), more, base64.b64encode(
                        spki(k)).decode()))


if __name__ == "__main__":
    proven()
    issuer_only()
    refused()
    refused_grants()
    anchors()
